"""The command of paddle_mfs/cli/demo.py: `python tools/demo.py --help`."""

from paddle_mfs.cli.demo import main
from paddle_mfs.utils.errors import run_tool

if __name__ == "__main__":
    run_tool(main)
