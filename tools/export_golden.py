"""The command of paddle_mfs/cli/export_golden.py: `python tools/export_golden.py --help`."""

from paddle_mfs.cli.export_golden import main
from paddle_mfs.utils.errors import run_tool

if __name__ == "__main__":
    run_tool(main)
