"""Plain export against ours: what is counted and what is timed."""

import json

import pytest

from paddle_mfs.bench.export import compare_exports, markdown
from paddle_mfs.utils.tensor import to_batch


@pytest.mark.slow
def test_report_shows_what_plain_costs(swapper):
    report = compare_exports(swapper.identity.idn, to_batch(swapper.identity.crop), repeats=1)
    targets = report["targets"]
    assert set(targets) == {"arm fp32", "arm fp16", "gpu fp32", "npu fp32", "nnapi fp32", "x86 fp32"}
    assert all(
        both["ours"]["kernels"] < both["plain"]["kernels"] and both["ours"]["bytes"] < both["plain"]["bytes"]
        for both in targets.values()
    )
    assert targets["arm fp32"]["plain"]["kernels"] == 145 and targets["npu fp32"]["plain"]["subgraphs"] == 17
    assert set(report["ratios"]) >= {"Paddle-Lite x86", "Paddle Inference"}
    assert json.loads(json.dumps(report)) == report, "what --json prints"
    lines = markdown(report).splitlines()
    columns = [cell.strip() for cell in lines[0].strip("|").split("|")]
    arm = [cell.strip() for cell in lines[2].strip("|").split("|")]
    assert columns[:3] == ["`.nb`", "kernels, plain", "kernels"] and arm[:3] == ["arm fp32", "145", "56"]
    assert columns[-2:] == ["MB, plain", "MB"] and float(arm[-1]) < float(arm[-2])
    assert any(line.startswith("| Paddle-Lite x86 ") for line in lines)
