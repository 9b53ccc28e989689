"""Kept programs: found again, never out of date, never half of one."""

import numpy as np
import paddle
import pytest

from paddle_mfs.runtime import make_runner, program_cache

FILES = program_cache.FILES


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("PADDLE_MFS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "programs"


@pytest.fixture
def save():
    """Writes a "program" that counts how often one was made."""

    def save(shape, folder):
        save.calls += 1
        for name in FILES:
            (folder / name).write_text(f"{name} {shape} {save.calls}")
        return folder / FILES[0]

    save.calls = 0
    return save


def make(save, folder, name="net", weights="a" * 64, shape=(1, 3, 8, 8)):
    """What the program says that a runner would read."""
    folder.mkdir(exist_ok=True)
    path = program_cache.cached(save, name, weights)(shape, folder)
    assert path.parent == folder  # a reader may write beside it
    return path.read_text(), path.with_suffix(".pdiparams").read_text()


def test_it_is_made_once(home, save, tmp_path):
    first = make(save, tmp_path / "a")
    assert make(save, tmp_path / "b") == first and save.calls == 1
    assert not [path for path in home.rglob("*") if path.name.startswith(program_cache.PART)]


@pytest.mark.parametrize("changed", [{"name": "other"}, {"weights": "b" * 64}, {"shape": (1, 3, 16, 16)}])
def test_another_network_is_another_program(changed, home, save, tmp_path):
    make(save, tmp_path / "a")
    make(save, tmp_path / "b", **changed)
    assert save.calls == 2


def test_changed_sources_make_it_anew_and_old_programs_go(home, save, tmp_path, monkeypatch):
    for version in range(program_cache.KEPT + 2):
        monkeypatch.setattr(program_cache, "_sources", lambda version=version: str(version))
        make(save, tmp_path / str(version))
    assert save.calls == program_cache.KEPT + 2
    [family] = home.iterdir()
    assert len(list(family.iterdir())) == program_cache.KEPT


@pytest.mark.parametrize("file", [*FILES, program_cache.SUMS])
@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(path.read_bytes()[:-1])])
def test_a_damaged_one_is_made_again(file, damage, home, save, tmp_path):
    make(save, tmp_path / "a")
    damage(next(home.rglob(file)))
    made = make(save, tmp_path / "b")
    assert save.calls == 2 and make(save, tmp_path / "c") == made and save.calls == 2


def test_without_a_place_to_write_nothing_is_kept(home, save, tmp_path):
    home.parent.write_text("a file where the folder should be")
    assert make(save, tmp_path / "a") != make(save, tmp_path / "b") and save.calls == 2


def test_a_runner_made_again_computes_the_same(home, monkeypatch):
    from paddle_mfs.runtime import trace

    def runner():
        return make_runner(layer, "paddle", name="conv", weights="c" * 64)

    layer = paddle.nn.Conv2D(3, 2, 3)
    picture = np.random.default_rng(0).random((1, 3, 6, 6), np.float32)
    [wanted] = runner()(picture)
    monkeypatch.setattr(trace, "save_layer", None)  # nothing is recorded any more
    [found] = runner()(picture)
    assert np.array_equal(found, wanted)
    with pytest.raises(TypeError):
        make_runner(layer, "paddle", name="conv", weights="d" * 64)(picture)
