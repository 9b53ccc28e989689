"""A network that half precision could not hold is told of at export."""

import numpy as np
import paddle

from paddle_mfs.export.check import reference
from paddle_mfs.export.ranges import half_precision, largest_value, warn_of_overflow
from paddle_mfs.graph.nodes import read_idn
from paddle_mfs.graph.program import Program
from paddle_mfs.graph.rewrites import rewrite
from paddle_mfs.models.idn import IDN


def test_largest_value_is_found_where_it_is(lively_idn, picture, capsys):
    calm = largest_value(lively_idn, picture)
    names = [node.output for node in rewrite(read_idn(lively_idn))]
    values = Program(rewrite(read_idn(lively_idn)), picture.shape).run(picture, names)
    assert calm["node"] in names and calm["value"] >= float(f"{max(np.abs(value).max() for value in values):.4g}")

    loud = IDN()
    loud.set_state_dict(lively_idn.state_dict())
    loud.eval()
    layer = loud.encoder[4].pointwise
    layer.bias.set_value(paddle.full_like(layer.bias, 4e4))
    found = largest_value(loud, picture)
    assert found["node"].startswith(("encoder.4", "mask", "decoder")) and found["value"] >= 4e4

    warn_of_overflow("who.jpg", calm)
    assert capsys.readouterr().err == ""
    warn_of_overflow("who.jpg", found)
    told = capsys.readouterr().err
    assert told.startswith("warning: who.jpg: values reach") and told.count("\n") == 1 and "half precision" in told


def test_half_precision_is_near_and_not_the_same(lively_idn, picture):
    found = half_precision(lively_idn, picture, reference(lively_idn, picture))
    assert all(5e-5 < value < 5e-3 for value in found["largest_difference"].values()) and found["psnr_db"] > 55
    elsewhere = half_precision(lively_idn, picture, reference(lively_idn, picture[..., ::-1].copy()))
    assert elsewhere["largest_difference"]["result"] > 0.1 and elsewhere["psnr_db"] < 30
