"""The page: one HTML file that works without a network, its pictures in it, or beside it when they are too large."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

from paddle_mfs.apps.compare.items import Item, for_browser
from paddle_mfs.provenance import provenance
from paddle_mfs.utils.files import atomic_path, printable, writing
from paddle_mfs.version import __version__

HERE = Path(__file__).parent
PART = 3 * 2**16  # bytes written as base64 at a time; a multiple of 3, so that the parts join


def write_page(
    path: str | Path, labels: Sequence[str], items: Sequence[Item], left_out: Sequence[str] = (), max_mb: float = 60
) -> Path | None:
    """Write the page, its items from the one whose pictures differ most to the one whose differ least.

    Args:
        path: of the page (.html).
        labels: a name for each set, in the order of the items' files.
        left_out: why pictures are missing, a line each.
        max_mb: the most that the page with its pictures may come to; above it they are written beside it, into a
            folder called as the page with `_files`, named by their hashes. Other files there are left alone.
    Returns: that folder; None: the pictures are in the page.
    Raises: UserError when it cannot be written.
    """
    path = Path(path)
    size = sum(4 * len(for_browser(file)[0]) / 3 for item in items for file in item.files)
    beside = path.with_name(f"{path.stem}_files") if size > max_mb * 2**20 else None
    ranked = sorted(items, key=lambda item: (-item.difference, item.name))
    before, after = _frame(labels, items, left_out)
    with atomic_path(path) as temporary, open(temporary, "w", encoding="utf-8") as page:
        page.write(before)
        for rank, item in enumerate(ranked):
            for part in _figure(rank, item, labels, beside):
                page.write(part)
        page.write(after)
    return beside


def _frame(labels, items, left_out):
    """The page without its figures: what goes before them, and after."""
    synthetic = [sum(item.synthetic[number] for item in items) for number in range(len(labels))]
    record = provenance(
        content="results of several methods side by side",
        sets=[{"name": label, "pictures": len(items), "synthetic": count} for label, count in zip(labels, synthetic)],
    )
    if not any(synthetic):  # nothing says so, so neither does the page
        record = {key: value for key, value in record.items() if key not in ("synthetic", "digital_source_type")}
    lines = "".join(f"<li>{_safe(line)}</li>\n" for line in left_out)
    values = {
        "software": f"paddle_mfs {__version__}",
        "title": _safe(" | ".join(labels)),
        "style": (HERE / "page.css").read_text(encoding="utf-8"),
        "provenance": json.dumps(record).replace("<", "\\u003c"),
        "synthetic": _safe(_synthetic_text(labels, synthetic, len(items))),
        "measure": _safe(_measure_text(items)),
        "left_out": f'<details id="left-out"><summary>{len(left_out)} left out</summary><ul>\n{lines}</ul></details>\n'
        if left_out
        else "",
        "options": "".join(f"<option>{_safe(label)}</option>" for label in labels),
        "script": (HERE / "page.js").read_text(encoding="utf-8"),
    }
    before, after = (HERE / "page.html").read_text(encoding="utf-8").split("{pairs}")
    # in one pass: a value may hold what looks like the name of another
    names = re.compile("{(" + "|".join(values) + ")}")
    return tuple(names.sub(lambda found: values[found[1]], part) for part in (before, after))


def _figure(rank, item, labels, beside) -> Iterator[str]:
    width, height = item.sizes[0]
    name = _safe(item.name)
    yield (
        f'<figure data-rank="{rank}" data-name="{name}" data-difference="{item.difference:.4f}" '
        f'style="--w:{width};--h:{height};--split:50">\n<div class="view">\n'
    )
    for label, file in zip(labels, item.files):
        yield '<div class="half"><img src="'
        yield from _source(file, beside)
        yield f'" alt="{name}, {_safe(label)}" draggable="false" decoding="async"></div>\n'
    yield (
        '<span class="label of-left" aria-hidden="true"></span><span class="label of-right" aria-hidden="true"></span>'
        '<span class="edge"></span>\n</div>\n<input class="slider" type="range" min="0" max="100" step="0.5" '
        f'value="50" aria-label="{name}: how much of the left picture is shown">\n'
        f'<figcaption><span class="name">{name}</span>'
    )
    synthetic = [label for label, is_synthetic in zip(labels, item.synthetic) if is_synthetic]
    if synthetic:
        yield f' <span class="badge">synthetic: {_safe(", ".join(synthetic))}</span>'
    yield f'<br>\n<span class="more">{_safe(_caption(item, labels))}</span></figcaption>\n</figure>\n'


def _source(file, beside) -> Iterator[str]:
    """What stands in `src`: the picture itself, or where it was written."""
    data, kind = for_browser(file)
    if beside is None:
        yield f"data:{kind};base64,"
        for start in range(0, len(data), PART):
            yield base64.b64encode(data[start : start + PART]).decode("ascii")
        return
    copy = beside / f"{hashlib.sha256(data).hexdigest()[:24]}.{kind.removeprefix('image/')}"
    with atomic_path(copy) as temporary, writing(copy):
        temporary.write_bytes(data)
    yield quote(f"{printable(beside.name)}/{copy.name}")


def _caption(item, labels):
    parts = [
        f"{labels[a]} to {labels[b]}: {difference:.2f}" if len(labels) > 2 else f"difference {difference:.2f}"
        for (a, b), difference in item.differences.items()
    ]
    parts += [
        f"{label} is {size[0]} × {size[1]}, shown scaled to {item.sizes[0][0]} × {item.sizes[0][1]}"
        for label, size in zip(labels, item.sizes)
        if size != item.sizes[0]
    ]
    return "; ".join(parts)


def _measure_text(items):
    measured = sum(item.in_face for item in items)
    place = "in the oval of the first picture's largest face" if measured else "in the whole picture"
    if 0 < measured < len(items):
        place += f" ({len(items) - measured} without a face: in the whole picture)"
    return f"{len(items)} names. Difference: mean absolute difference of the pixels {place}, in levels of 255."


def _synthetic_text(labels, counts, total):
    said = [f"{label} ({count} of {total})" for label, count in zip(labels, counts) if count]
    if not said:
        return "No picture here carries a record of how it was made."
    return f"Synthetic pictures, faces swapped by a neural network, as their own records say: {', '.join(said)}."


def _safe(text):
    return html.escape(printable(text), quote=True)
