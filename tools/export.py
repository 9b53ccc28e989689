"""The command of paddle_mfs/cli/export.py: `python tools/export.py --help`."""

from paddle_mfs.cli.export import main
from paddle_mfs.utils.errors import run_tool

if __name__ == "__main__":
    run_tool(main)
