"""Convert third-party networks, given as folders of numbers or as PyTorch files, to weights/<name>.pdparams with a card each."""

import argparse
import difflib

from tqdm import tqdm

from paddle_mfs.convert.networks import GENERATOR, MOBILE, NETWORKS
from paddle_mfs.convert.teachers import TEACHER_NETWORKS
from paddle_mfs.utils.errors import UserError

EXAMPLES = (
    """examples:
  convert_weights.py --from ~/networks                          every network found in ~/networks, to weights/
  convert_weights.py mobilefacenet facemesh --from ~/networks   these two
  convert_weights.py squeezenet --from ~/networks/percep-squeezenet1_0 --out ~/mine
  convert_weights.py mfs_224 --from output/finetune_224         a training run's result, as float16
  convert_weights.py mfs_224_mobile --from output/mobile_224    of the mobile variant, what differs from mfs_224
  convert_weights.py simswap --from latest_net_G.pth --out output/teachers         a teacher, see docs/teachers.md
A network's folder holds weights.npz and graph.json (format: paddle_mfs/convert/graph.py). Folder names:
"""
    + "\n".join(f"  {name:14} {network.folder}" for name, network in NETWORKS.items())
    + f"\n  {GENERATOR:14} mfs_v0"
    + "\nThe files of teachers:\n"
    + "\n".join(f"  {name:20} {network.file}" for name, network in TEACHER_NETWORKS.items())
)


def parse(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="networks to convert; without any, all that the folder has"
    )
    parser.add_argument(
        "--from",
        dest="root",
        required=True,
        metavar="FOLDER",
        help="folder of the networks, or of the one named; of a teacher its PyTorch file",
    )
    parser.add_argument("--out", default="weights", metavar="FOLDER", help="where to write (default: weights)")
    parser.add_argument(
        "--faces",
        metavar="PICTURE",
        help="aligned square faces side by side, on which float16 is checked (default: the bundled check_faces.png)",
    )
    parser.add_argument("--float32", action="store_true", help="store float32 even where float16 loses nothing")
    return parser.parse_args(arguments)


def main():
    options = parse()
    known = [*NETWORKS, GENERATOR, MOBILE, *TEACHER_NETWORKS]
    for name in options.names:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            raise UserError(
                f"{name}: no such network; " + (f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}")
            )
    from paddle_mfs.convert.convert import convert_generator, convert_mobile, convert_network, present
    from paddle_mfs.convert.precision import read_faces
    from paddle_mfs.convert.teachers import convert_teacher

    names = options.names or present(options.root)
    faces = read_faces(options.faces)
    for name in (progress := tqdm(names, unit="network", disable=None)):
        progress.set_description(name)
        if name in (GENERATOR, MOBILE):
            convert = convert_generator if name == GENERATOR else convert_mobile
            path, card = convert(options.root, options.out, faces)
        elif name in TEACHER_NETWORKS:
            path, card = convert_teacher(name, options.root, options.out)
        else:
            path, card = convert_network(name, options.root, options.out, faces, half=not options.float32)
        tqdm.write(
            f"{path}: {card['parameters']:,} parameters, {card['stored_as']}, {path.stat().st_size / 1e6:.1f} MB"
        )
