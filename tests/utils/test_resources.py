"""What comes with the package is found by its name, where nothing of that name lies."""

from pathlib import Path

from paddle_mfs.utils import resources
from paddle_mfs.utils.config import load_config
from paddle_mfs.utils.resources import find, resource


def test_there_is_what_the_commands_want():
    for name in ("weights/mfs_224.pdparams", "samples/source.jpg", "configs/smoke.yml"):
        assert resource(name).is_file()


def test_a_users_own_comes_first_and_what_is_nowhere_stays_as_it_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find("configs/smoke.yml") == resource("configs/smoke.yml")
    assert load_config("configs/smoke.yml")["run"]["steps"] == 20
    assert find("configs/none.yml") == Path("configs/none.yml")
    assert find("version.py") == Path("version.py") and find("") == Path()
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "smoke.yml").write_text("steps: 1\n")
    assert find("configs/smoke.yml") == Path("configs/smoke.yml")
    assert load_config("configs/smoke.yml") == {"steps": 1}


def test_an_installed_package_carries_them(tmp_path, monkeypatch):
    monkeypatch.setattr(resources, "_PACKAGE", tmp_path / "paddle_mfs")
    assert resource("weights") == tmp_path / "weights"
    (tmp_path / "paddle_mfs" / "resources").mkdir(parents=True)
    assert resource("weights") == tmp_path / "paddle_mfs" / "resources" / "weights"
