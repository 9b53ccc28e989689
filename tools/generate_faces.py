"""The command of paddle_mfs/cli/generate_faces.py: `python tools/generate_faces.py --help`."""

from paddle_mfs.cli.generate_faces import main
from paddle_mfs.utils.errors import run_tool

if __name__ == "__main__":
    run_tool(main)
