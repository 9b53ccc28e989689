"""Tables, as text for a terminal and as Markdown for the docs (by https://pypi.org/project/tabulate/)."""

from collections.abc import Iterable, Sequence
from typing import Any

from tabulate import tabulate


def text_table(headers: Sequence[str], rows: Iterable[Iterable[Any]]) -> str:
    """Columns aligned by spaces, the first at its left, the others at their right; cells are shown as they are."""
    return _table("plain", headers, rows)


def markdown_table(headers: Sequence[str], rows: Iterable[Iterable[Any]]) -> str:
    """The same as a Markdown table."""
    return _table("pipe", headers, rows)


def _table(kind, headers, rows):
    rows = [[str(cell) for cell in row] for row in rows]
    align = ["left"] + ["right"] * (len(headers) - 1)
    return tabulate(rows, headers, tablefmt=kind, disable_numparse=True, colalign=align if rows else None)


def word_table(headers: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Columns of words and paths, aligned by spaces, each at its left."""
    return tabulate(rows, headers, tablefmt="plain", disable_numparse=True)
