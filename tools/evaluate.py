"""The command of paddle_mfs/cli/evaluate.py: `python tools/evaluate.py --help`."""

from paddle_mfs.cli.evaluate import main
from paddle_mfs.utils.errors import run_tool

if __name__ == "__main__":
    run_tool(main)
