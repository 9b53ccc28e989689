"""The command of paddle_mfs/cli/push_android.py: `python tools/push_android.py --help`."""

from paddle_mfs.cli.push_android import main
from paddle_mfs.utils.errors import run_tool

if __name__ == "__main__":
    run_tool(main)
