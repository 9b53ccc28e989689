"""The command of paddle_mfs/cli/export_lite.py: `python tools/export_lite.py --help`."""

from paddle_mfs.cli.export_lite import main
from paddle_mfs.utils.errors import run_tool

if __name__ == "__main__":
    run_tool(main)
