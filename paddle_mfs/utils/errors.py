"""The one exception a user is meant to read, and how the tools show it."""

import difflib
import io
import os
import sys
from collections.abc import Callable, Collection
from typing import NoReturn


class UserError(Exception):
    """Bad input. The message is one line that names the file (or key) and the remedy."""


def nearest(name: str, known: Collection[str]) -> str:
    """For a message about a name that is not known: "did you mean X?", or all that are."""
    near = difflib.get_close_matches(name, known, 1)
    return f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"


def run_tool(main: Callable[[], int | None]) -> NoReturn:
    """Call `main()`; show a UserError as one line on stderr and exit 2, Ctrl-C as exit 130.

    Where nobody reads the output any more (`| head`) it ends without a word, exit 1.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # names of files that are no UTF-8 can be told too
    try:
        status = main() or 0
        sys.stdout.flush()
        sys.exit(status)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter's own flush fails too
        sys.exit(1)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
