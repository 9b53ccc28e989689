"""The command of paddle_mfs/cli/convert_weights.py: `python tools/convert_weights.py --help`."""

from paddle_mfs.cli.convert_weights import main
from paddle_mfs.utils.errors import run_tool

if __name__ == "__main__":
    run_tool(main)
