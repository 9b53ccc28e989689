"""One rule for the numbers that users give."""

import math
from typing import Any

from paddle_mfs.utils.errors import UserError


def check_number(name: str, value: Any, least: float, most: float = math.inf, above: bool = False) -> None:
    """Nothing, or UserError "NAME VALUE: give a number from LEAST to MOST".

    Args:
        name: what the user calls it, "--end".
        value: what was given; not a number, a bool, nan and infinity are refused too.
        least, most: what is allowed, both included. above: `least` itself is not.
    """
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    if not is_number or not least <= value <= most or (above and value == least):
        shown = f"{value:g}" if isinstance(value, float) else f"{value!r}"
        begin = f"above {least:g}" if above else f"from {least:g}" if most < math.inf else f"of {least:g} or more"
        end = "" if most == math.inf else f"{', at most' if above else ' to'} {most:g}"
        raise UserError(f"{name} {shown}: give a number {begin}{end}")
