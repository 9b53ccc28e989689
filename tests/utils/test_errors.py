"""How the tools show what went wrong."""

import subprocess
import sys

import pytest

PROGRAM = "from paddle_mfs.utils.errors import UserError, run_tool\n{}\nrun_tool(main)"


@pytest.mark.parametrize(
    "main, status, told",
    [
        ("main = lambda: None", 0, ""),
        ("main = lambda: 1", 1, ""),
        (
            "def main():\n    raise UserError('a.jpg: is empty; give another')",
            2,
            "error: a.jpg: is empty; give another\n",
        ),
        ("def main():\n    raise KeyboardInterrupt", 130, "interrupted\n"),
    ],
)
def test_one_line_and_an_exit_status(root, main, status, told):
    done = subprocess.run([sys.executable, "-c", PROGRAM.format(main)], cwd=root, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (status, told)


def test_a_reader_that_has_gone_is_no_trace(root):
    main = "def main():\n    for number in range(100_000):\n        print(number)"
    tool = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(main)], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert tool.stdout.readline() == b"0\n"
    tool.stdout.close()
    assert tool.stderr.read() == b"" and tool.wait(30) == 1
