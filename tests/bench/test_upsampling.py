"""The table of ways to upsample: counts that can be checked, times for what runs."""

import numpy as np
import pytest

from paddle_mfs.bench.upsampling import FORMS, compare_upsampling, markdown


def test_costs_of_the_ways(lively_idn):
    rows = compare_upsampling(lively_idn, np.full((1, 3, 224, 224), 0.5, np.float32), repeats=1)
    assert [row["form"] for row in rows] == ["plain export", *(form for form, *_ in FORMS)]
    unshared, shared, operators, folded, copies, transposed, other = rows[1:]
    bottleneck = 512 * 14 * 14  # upsampled once less: 4 multiply-adds a value
    assert unshared["macs"] - shared["macs"] == 4 * bottleneck and 0.31e9 < shared["macs"] < 0.33e9
    assert unshared["bytes"] - shared["bytes"] == 4 * (bottleneck + 512 * 7 * 7)
    assert folded["macs"] == transposed["macs"] < shared["macs"] < operators["macs"]
    assert folded["macs"] < copies["macs"] < 1.02 * folded["macs"] and copies["bytes"] > folded["bytes"]
    assert transposed["bytes"] < 0.75 * folded["bytes"] and other["macs"] < 0.5 * folded["macs"]
    assert [row["milliseconds"] is None for row in rows] == [False] * 6 + [True, False]
    assert rows[0]["to_plain"] == 1 and all(
        row["to_plain"] == pytest.approx(row["milliseconds"] / rows[0]["milliseconds"])
        for row in rows
        if row["milliseconds"]
    )
    assert len(markdown(rows).splitlines()) == 2 + len(rows)
