"""The trainer: it learns instead of copying the target, resumes where it stopped, and keeps its books."""

import json
import os
import signal
import sys
import types

import numpy as np
import paddle
import pytest

from paddle_mfs.data.pairs import Batch
from paddle_mfs.engine.callback import Callback
from paddle_mfs.engine.callbacks import Checkpoints, LogLine, Preview, standard_callbacks
from paddle_mfs.engine.checkpoint import checkpoints, load_checkpoint, named_optimizer_state, save_checkpoint
from paddle_mfs.engine.trainer import Trainer
from paddle_mfs.models.mfs import load_mfs
from paddle_mfs.provenance import read_provenance
from paddle_mfs.utils import jsonl
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import sha256
from paddle_mfs.weights import read_card, save_state


def weights_of(trainer):
    return {name: value.numpy() for name, value in trainer.net.state_dict().items()}


def fixed_batch(trainer):
    """Each of the two faces on the other: always the same batch, taught by the mesh teacher."""
    row = trainer.sampler._row
    rows = row(0, 2, False), row(2, 0, False)
    targets, taught, background, core, same, real = (np.stack(column) for column in zip(*rows))
    shape = (2, 1, *targets.shape[1:3])
    arrays = (
        np.array([0, 2]),
        targets.transpose(0, 3, 1, 2).copy(),
        taught.transpose(0, 3, 1, 2).copy(),
        background.reshape(shape),
        core.reshape(shape),
        same,
        real,
        np.array([0, 2]),
    )
    return Batch(*(paddle.to_tensor(array) for array in arrays))


def assert_learned(result, batch):
    """In the face core, `result` (N, 3, S, S) in [0, 1] is nearer to the teacher than the target is, and has left
    it."""
    targets, taught, core = batch.targets.numpy() / 255, batch.taught.numpy() / 255, batch.core.numpy()
    miss, copying, moved = (
        np.abs((a - b) * core).sum() for a, b in ((result, taught), (targets, taught), (result, targets))
    )
    assert moved > 0.5 * copying, "the output collapsed to the target"
    assert miss < 0.85 * copying, f"{miss:.0f} from the teacher; copying the target costs {copying:.0f}"


@pytest.mark.slow
def test_overfits_two_faces_and_does_not_collapse_to_the_target(make_config):
    trainer = Trainer(
        make_config(
            "data.targets=1", "loss.weights.identity=0", "optimizer.lr=1e-3", "optimizer.warmup=10", "run.steps=150"
        )
    )
    batch = fixed_batch(trainer)
    targets, taught = (tensor.astype("float32") / 255 for tensor in (batch.targets, batch.taught))
    for collapsed in (targets, 0.9 * targets + 0.1 * taught):  # the judgement itself must be able to fail
        with pytest.raises(AssertionError):
            assert_learned(collapsed.numpy(), batch)
    for _ in range(110):  # the rate has not come down yet, but enough is learned
        record = trainer.train_step(batch)
    with paddle.no_grad():
        swap = trainer.ema(targets, *trainer.sampler.cache([0, 2]))
    assert_learned(swap.result.numpy(), batch)
    assert float(record["open"]) > 0.8 and float(record["copy"]) > 0.01
    path = trainer.export()
    card = read_card(path)
    assert (
        card["made"]["steps"] == 110
        and card["licence"]
        and card["sha256"] == sha256(path)
        and card["started_from"] is None
    )
    exported = load_mfs(path)  # what was exported is what was measured
    with paddle.no_grad():
        again = exported(targets, *trainer.sampler.cache([0, 2]))
    np.testing.assert_allclose(again.result.numpy(), swap.result.numpy(), atol=1e-5)


def test_resuming_restores_everything(make_config):
    stopped = Trainer(make_config("run.steps=3"))
    stopped.fit()
    resumed = Trainer(make_config("run.steps=5"), resume=stopped.output / "checkpoints")
    assert (resumed.step, resumed.seen) == (3, 12) and resumed.spent == stopped.spent > 0
    for name, value in weights_of(stopped).items():
        np.testing.assert_array_equal(weights_of(resumed)[name], value)
    kept = named_optimizer_state(stopped.optimizer, stopped.net)["predictor.first.weight/moment2_0"].numpy()
    resumed.fit()
    assert resumed.step == 5
    # Adam's second moment decays by beta2 a step at most: two steps on, it must still hold what the first run gathered
    gathered = named_optimizer_state(resumed.optimizer, resumed.net)["predictor.first.weight/moment2_0"].numpy()
    assert kept.max() > 0 and (gathered >= 0.99**2 * kept * 0.999).all()


def test_starting_from_the_bundled_weights_starts_from_them(make_config):
    trainer = Trainer(make_config("model.init=bundled"))
    bundled = load_mfs().state_dict()
    for name, value in weights_of(trainer).items():
        np.testing.assert_array_equal(value, bundled[name].numpy())


def test_callbacks_write_log_preview_curve_and_checkpoints(make_config, capsys):
    config = make_config("run.steps=4", "run.keep=1")
    trainer = Trainer(config, [LogLine(2), Preview(4), Checkpoints(0.0)])
    trainer.fit()
    lines = [json.loads(line) for line in (trainer.output / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [2, 4]
    assert {"rec", "copy", "raw", "id", "mask", "open", "alpha", "ips", "reader_cost"} <= lines[0].keys()
    printed = capsys.readouterr().out
    assert "alpha" in printed and "ips" in printed and "eta" in printed and "reader_cost" in printed
    from paddle_mfs.face.image import read_image

    assert read_image(trainer.output / "previews" / "00000004.png").shape == (6 * 64, 6 * 64, 3)
    assert read_provenance(trainer.output / "previews" / "00000004.png")["synthetic"]
    assert read_image(trainer.output / "curve.png").std() > 1
    assert [path.name for path in checkpoints(trainer.output / "checkpoints")] == ["step_00000004"]


def test_learning_rate_warms_up_and_falls(make_config):
    trainer = Trainer(make_config("run.steps=100", "optimizer.warmup=10", "optimizer.lr=1e-3", "optimizer.final=0.1"))
    rates = []
    for trainer.step in (0, 9, 50, 100):
        rates.append(trainer.learning_rate)
    assert rates[0] == pytest.approx(1e-4) and rates[1] == pytest.approx(1e-3, rel=0.03)
    assert rates[2] == pytest.approx(5.5e-4) and rates[3] == pytest.approx(1e-4)


def test_an_unfinished_checkpoint_is_never_resumed(tmp_path):
    for step in (1, 2, 3):
        save_checkpoint(tmp_path, {"net": {"a": paddle.ones([1]) * step}}, {"step": step}, keep=2)
    assert [path.name for path in checkpoints(tmp_path)] == ["step_00000002", "step_00000003"]
    (tmp_path / "step_00000003" / "progress.json").unlink()
    states, progress = load_checkpoint(tmp_path)
    assert progress == {"step": 2} and float(states["net"]["a"]) == 2


@pytest.mark.parametrize(
    "override, message",
    [
        ("data.faces=nowhere.npz", "nowhere.npz"),
        ("teacher.name=mush", "mesh"),
        ("model.init=nothing.pdparams", "nothing.pdparams"),
        ("loss.weights.perceptual=5.0", "no/squeezenet.pdparams"),
    ],
)
def test_bad_settings_are_one_line(make_config, override, message):
    with pytest.raises(UserError) as error:
        Trainer(make_config(override, "loss.perceptual_weights=no/squeezenet.pdparams"))
    assert message in str(error.value) and "\n" not in str(error.value)


def test_mobile_variant_is_trained_over_frozen_weights(make_config, root):
    from paddle_mfs.utils.config import load_config

    frozen = load_config(root / "configs" / "model" / "idn_mobile.yml").model.frozen
    trainer = Trainer(
        make_config("data.targets=1", "model.init=bundled", "model.mobile=true", f"model.frozen={frozen}")
    )
    before = weights_of(trainer)
    trainer.net.eval()
    trainer.net.train()  # as evaluation and previews do
    for _ in range(2):
        trainer.train_step(fixed_batch(trainer))
    after = weights_of(trainer)
    changed = {name for name in before if not np.array_equal(before[name], after[name])}
    assert trainer.net.mobile and "half_pixel" in after
    assert not [name for name in changed if any(name.startswith(f"{beginning}.") for beginning in frozen)]
    assert {"predictor.base_dec.0", "final.4.weight", "mask.2.2.weight", "DecoderModulation.1.weight"} <= changed


def test_an_ablation_begins_with_what_it_has_of_another_network(make_config, tmp_path):
    words = "model.prediction=false", "model.fusion_mask=false", "loss.weights.mask=0"
    net, whole = Trainer(make_config("model.init=bundled", *words)).net, load_mfs()
    state, given = net.state_dict(), whole.state_dict()
    assert (net.prediction, net.modulation, net.masked) == (False, True, False)
    assert 0 < len(state) < len(given) and all((state[name] == given[name]).all() for name in state)
    save_state(tmp_path / "part.pdparams", state)
    with pytest.raises(UserError, match="part.pdparams has no predictor.first.weight, which model.prediction"):
        Trainer(make_config(f"model.init={tmp_path / 'part.pdparams'}"))


def test_a_frozen_part_that_is_not_there_is_told(make_config):
    with pytest.raises(UserError, match="model.frozen: no part of the network is called predicter"):
        Trainer(make_config("model.frozen=[predicter]"))


class Told(Callback):
    """Remembers what callbacks tell each other."""

    def __init__(self):
        self.events = []

    def on_log(self, trainer, line):
        self.events.append(("log", line["step"]))

    def on_preview(self, trainer, picture):
        self.events.append(("preview", trainer.step))

    def on_evaluation(self, trainer, line):
        self.events.append(("evaluation", line["step"]))


def test_evaluation_keeps_the_best_weights_with_their_scores(make_config):
    config = make_config(
        "run.steps=3", "evaluation.every=2", "evaluation.pairs=2", "optimizer.lr=0.02", "optimizer.warmup=0"
    )
    told = Told()
    trainer = Trainer(config, [*standard_callbacks(config), told])
    trainer.output.mkdir()
    (trainer.output / "best.json").write_text('{"heldout": {}}')  # of a run that was killed early
    trainer.fit()
    assert told.events == [("evaluation", 2), ("preview", 3), ("evaluation", 3)]
    lines, card = jsonl.read(trainer.output / "evaluation.jsonl"), read_card(trainer.output / "best.pdparams")
    assert [line["step"] for line in lines] == [2, 3]
    assert {"distance", "below", "sharpness", "shape", "background"} < lines[0].keys()
    best = min(lines, key=lambda line: line["distance"])
    assert card["made"]["steps"] == best["step"] and card["heldout"]["pairs"]["count"] == 2
    assert card["heldout"]["methods"]["result"]["distance"]["value"] == pytest.approx(best["distance"], abs=1e-4)
    assert card["sha256"] == sha256(trainer.output / "best.pdparams") == card["heldout"]["weights"]["sha256"]


def test_evaluation_without_pairs_is_told_before_training(make_config, tmp_path):
    with pytest.raises(UserError, match="pairs.json: not found"):
        standard_callbacks(make_config("evaluation.every=1", f"evaluation.faces={tmp_path}"))


def test_visualdl_that_is_not_installed_is_told(make_config, monkeypatch):
    monkeypatch.setitem(sys.modules, "visualdl", None)
    with pytest.raises(UserError, match=r"run.visualdl: visualdl is not installed; pip install visualdl"):
        standard_callbacks(make_config("run.visualdl=true"))


def test_visualdl_gets_curves_and_previews(make_config):
    pytest.importorskip("visualdl")
    from visualdl import LogReader

    config = make_config("run.steps=2", "run.log_every=1", "run.preview_every=2", "run.visualdl=true")
    trainer = Trainer(config, standard_callbacks(config))
    trainer.fit()
    [file] = (trainer.output / "visualdl").glob("*.log")
    reader = LogReader(file_path=str(file))
    assert [point.id for point in reader.get_data("scalar", "train/loss")] == [1, 2]
    assert reader.get_data("image", "preview")


class StopAt(Callback):
    """Sends Ctrl-C after a step, or raises there."""

    def __init__(self, step, error=None):
        self.step, self.error = step, error

    def on_step(self, trainer, record):
        if trainer.step == self.step and self.error:
            raise self.error
        if trainer.step == self.step:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("error", (None, UserError("the disk is full")))
def test_callbacks_are_closed_however_the_run_ends(make_config, error):
    class Closed(Callback):
        def on_start(self, trainer):
            self.events.append("start")

        def on_end(self, trainer):
            self.events.append("end")

        def on_close(self, trainer):
            self.events.append("close")

    closed = Closed()
    closed.events = []
    trainer = Trainer(make_config("run.steps=9"), [StopAt(2, error), closed])
    with pytest.raises(type(error) if error else KeyboardInterrupt):
        trainer.fit()
    assert closed.events == ["start", "close"] and trainer.step < 9


def test_visualdl_is_closed_on_ctrl_c(make_config, monkeypatch):
    class Writer:
        """Stands in for visualdl.LogWriter, an optional package."""

        closed = 0

        def __init__(self, **options):
            pass

        def add_scalar(self, *point):
            pass

        def close(self):
            Writer.closed += 1

    monkeypatch.setitem(sys.modules, "visualdl", types.SimpleNamespace(LogWriter=Writer))
    config = make_config("run.steps=9", "run.log_every=1", "run.visualdl=true")
    trainer = Trainer(config, [*standard_callbacks(config), StopAt(2)])
    with pytest.raises(KeyboardInterrupt):
        trainer.fit()
    assert Writer.closed == 1


def test_a_run_without_a_budget_is_told(make_config):
    with pytest.raises(UserError, match="run.steps and run.minutes are both 0"):
        Trainer(make_config("run.steps=0")).fit()


def test_losses_are_not_read_but_where_a_line_is_logged(make_config):
    """A step's losses are scalar tensors cut off from the graph; LogLine reads their means."""
    kept = []

    class Keep(Callback):
        def on_step(self, trainer, record):
            kept.append(record)

    trainer = Trainer(make_config("run.steps=2", "loss.weights.texture=1"), [LogLine(2), Keep()])
    trainer.fit()
    losses = {name: [record[name] for record in kept] for name in kept[0] if not name.endswith("_cost")}
    assert {"loss", "rec", "texture", "grad", "alpha"} <= losses.keys()
    assert all(isinstance(value, paddle.Tensor) and value.stop_gradient for row in losses.values() for value in row)
    [line] = jsonl.read(trainer.output / "log.jsonl")
    for name, row in losses.items():
        assert line[name] == pytest.approx(sum(map(float, row)) / 2, rel=1e-6, abs=2e-6)


def test_a_term_that_is_registered_needs_its_weight_in_the_config_only(make_config, brightness, capsys):
    config = make_config("run.steps=1", "optimizer.warmup=0")
    config.loss.weights = dict.fromkeys(config.loss.weights, 0.0) | {"brightness": 2.0}
    trainer = Trainer(config, [LogLine(1)])
    before = weights_of(trainer)
    trainer.fit()
    [line] = jsonl.read(trainer.output / "log.jsonl")
    assert line["loss"] == pytest.approx(2 * line["bright"], abs=2e-6) and 0 < line["bright"] < 1
    assert f"bright {line['bright']:.4f}" in capsys.readouterr().out
    assert not np.array_equal(before["final.4.weight"], weights_of(trainer)["final.4.weight"])


def test_mixed_precision_is_left_out_on_a_cpu(make_config, capsys):
    config = make_config("run.steps=1", "run.amp=true")
    trainer = Trainer(config, [LogLine(1)])
    trainer.fit()
    assert not trainer.amp and trainer.step == 1
    assert "run.amp: left out, mixed precision needs a GPU" in capsys.readouterr().out
