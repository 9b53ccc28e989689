"""The command of paddle_mfs/cli/train_occlusion.py: `python tools/train_occlusion.py --help`."""

from paddle_mfs.cli.train_occlusion import main
from paddle_mfs.utils.errors import run_tool

if __name__ == "__main__":
    run_tool(main)
