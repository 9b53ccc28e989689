"""The command of paddle_mfs/cli/benchmark.py: `python tools/benchmark.py --help`."""

from paddle_mfs.cli.benchmark import main
from paddle_mfs.utils.errors import run_tool

if __name__ == "__main__":
    run_tool(main)
