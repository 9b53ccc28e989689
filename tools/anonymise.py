"""The command of paddle_mfs/cli/anonymise.py: `python tools/anonymise.py --help`."""

from paddle_mfs.cli.anonymise import main
from paddle_mfs.utils.errors import run_tool

if __name__ == "__main__":
    run_tool(main)
