"""Targets by their names, and which go with which precision."""

import pytest

from paddle_mfs.graph.targets import TARGETS, mobile_targets, parse_targets
from paddle_mfs.utils.errors import UserError


def test_targets():
    assert parse_targets("arm, x86,arm") == ["arm", "x86"] and parse_targets("opencl,gpu") == ["gpu"]
    assert parse_targets("all") == list(TARGETS) == ["arm", "gpu", "npu", "nnapi", "x86"]
    assert parse_targets("all", "fp16") == parse_targets("arm", "fp16") == ["arm"]
    for text in ("", "arm,cuda"):
        with pytest.raises(UserError, match="choose among arm, gpu, npu, nnapi, x86, all"):
            parse_targets(text)
    with pytest.raises(UserError, match="int4.*choose among fp32, fp16, int8"):
        parse_targets("arm", "int4")


@pytest.mark.parametrize(
    "target, reason", [("gpu", "at run time"), ("npu", "driver"), ("nnapi", "driver"), ("x86", "no fp16")]
)
def test_senseless_combinations_are_refused_with_the_reason(target, reason):
    with pytest.raises(UserError, match=f"target {target} with precision fp16: .*{reason}") as error:
        parse_targets(f"arm,{target}", "fp16")
    assert "\n" not in str(error.value)


def test_phones_get_the_mobile_variant():
    every = list(TARGETS)
    assert mobile_targets(every) == ["arm", "gpu"] and mobile_targets(["x86", "npu"]) == []
    assert mobile_targets(every, "aligned") == [] and mobile_targets(["x86", "arm"], "half-pixel") == ["x86", "arm"]
