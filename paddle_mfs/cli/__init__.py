"""The commands: `paddle-mfs swap ...` of an installed package is `python tools/swap.py ...` of a checkout."""

import importlib
import pkgutil
import sys
from types import ModuleType

from paddle_mfs.utils.errors import UserError, run_tool


def names() -> list[str]:
    """Every command, as it is typed: "swap", "export-lite"."""
    modules = (module.name for module in pkgutil.iter_modules(__path__))
    return sorted(name.replace("_", "-") for name in modules if not name.startswith("_"))


def main() -> int:
    """Run the command that the first argument names; without one (or with --help) list them."""
    known, words = names(), sys.argv[1:]
    if not words or words[0] in ("-h", "--help"):
        print("usage: paddle-mfs COMMAND ...\n\ncommands:")
        width = max(map(len, known))
        for name in known:
            summary, *_ = (_module(name).__doc__ or "").splitlines() or [""]
            print(f"  {name:{width}}  {summary}")
        print("\n`paddle-mfs COMMAND --help` tells more.")
        return 0
    name = words[0].replace("_", "-")
    if name not in known:
        raise UserError(f"paddle-mfs {words[0]}: no such command; choose {', '.join(known)}")
    sys.argv = [f"paddle-mfs {name}", *words[1:]]
    return _module(name).main() or 0


def console() -> None:
    """Entry point of the installed script."""
    run_tool(main)


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"{__name__}.{name.replace('-', '_')}")
