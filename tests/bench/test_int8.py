"""Ways to choose 8-bit ranges: what is measured of each."""

import pytest

from paddle_mfs.bench.int8 import WAYS, chosen, compare_ways, markdown
from paddle_mfs.face.analysis import FaceAnalyser
from paddle_mfs.metrics.crop import load_crop
from paddle_mfs.utils.errors import UserError


def test_report_of_ways_to_calibrate(swapper, samples):
    analyser, paths = FaceAnalyser(), sorted((samples / "faces").glob("*.jpg"))[:4]
    faces = [crop.face for crop in (load_crop(path, analyser) for path in paths)]
    ways = chosen(["avg", "avg, one crop"])
    report = compare_ways(swapper.identity.idn, faces[0], faces[:2], faces[2:], ways)
    first, second = report["ways"].values()
    assert first["time"] == 1 and first["int8"] == second["int8"] == 32 and first["psnr_db"] != second["psnr_db"]
    assert set(report["targets"]) == {"arm", "npu"}
    assert report["targets"]["arm"]["psnr_db"] == round(first["psnr_db"], 2)
    table = markdown(report)
    assert "| avg, one crop " in table and "| npu " in table and "| calibrated on 2 crops, measured on 2 " in table


def test_ways_by_name():
    assert chosen([]) == WAYS and list(chosen(["KL", "avg"])) == ["KL", "avg"]
    with pytest.raises(UserError, match="'best'; choose among avg; avg, one crop"):
        chosen(["avg", "best"])
