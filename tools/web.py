"""The command of paddle_mfs/cli/web.py: `python tools/web.py --help`."""

from paddle_mfs.cli.web import main
from paddle_mfs.utils.errors import run_tool

if __name__ == "__main__":
    run_tool(main)
