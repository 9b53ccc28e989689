"""Detect and align every face below a folder into one file for training.

    python tools/prepare_faces.py photos/ --output data/faces.npz
    python tools/prepare_faces.py people/ --output data/people.npz      # people/<name>/*.jpg: several photos of a person

One sub-folder a person lets training use different photos of the same identity.
"""
import argparse
import sys

from paddle_mfs.errors import run_tool


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", help="pictures, searched recursively")
    parser.add_argument("--output", default="data/faces.npz", help="file to write (default: %(default)s)")
    parser.add_argument("--size", type=int, default=224, help="crop side in pixels (default: %(default)s)")
    args = parser.parse_args()
    from paddle_mfs.data.crops import prepare, save_crops
    skipped = []
    crops = prepare(args.folder, args.size, skipped)
    save_crops(args.output, crops)
    for line in skipped:
        print(f"left out: {line}", file=sys.stderr)
    print(f"{args.output}: {len(crops)} faces, {len(skipped)} pictures left out")


if __name__ == "__main__":
    run_tool(main)
