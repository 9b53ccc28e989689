"""The phone's budget, counted from the network as built; the time of the steps around it."""

from paddle_mfs.bench.swap import MAX_MACS, MAX_PARAMETERS, count_macs, count_parameters, measure, text
from paddle_mfs.face.image import read_image


def test_idn_stays_in_its_budget(swapper):
    parameters, macs = count_parameters(swapper.identity.idn), count_macs(swapper.identity.idn)
    assert 0.49e6 < parameters <= MAX_PARAMETERS
    assert 0.29e9 < macs["convolution"] < macs["total"] <= MAX_MACS
    assert macs["total"] == sum(value for kind, value in macs.items() if kind != "total")


def test_every_step_is_timed(swapper, samples):
    report = measure(swapper, read_image(samples / "target.jpg"), repeats=1)
    times, ratios = report["milliseconds"], report["ratio_to_idn"]
    assert set(times) == {"detection", "landmarks", "alignment", "paste", "IDN"}
    assert all(value > 0 for value in times.values()) and ratios["IDN"] == 1
    around = sum(times.values()) - times["IDN"]
    assert abs(ratios["all but the IDN"] * times["IDN"] - around) < 1e-6 * around
    assert len(text(report).splitlines()) == 3 + 1 + len(ratios)
