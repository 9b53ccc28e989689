"""The command of paddle_mfs/cli/make_forensics_set.py: `python tools/make_forensics_set.py --help`."""

from paddle_mfs.cli.make_forensics_set import main
from paddle_mfs.utils.errors import run_tool

if __name__ == "__main__":
    run_tool(main)
