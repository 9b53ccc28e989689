"""Files that come with the package are found in a checkout and in an installed package."""

from pathlib import Path

from paddle_mfs.utils import resources


def test_a_checkout_has_them_at_its_top(root):
    assert resources.resource("weights") == root / "weights"
    for name in ("weights/check_faces.png", "configs/distill.yml", "samples"):
        assert resources.resource(name).exists()


def test_an_installed_package_carries_them(tmp_path, monkeypatch):
    monkeypatch.setattr(resources, "_PACKAGE", tmp_path / "paddle_mfs")
    assert resources.resource("weights") == tmp_path / "weights"
    (tmp_path / "paddle_mfs" / "resources").mkdir(parents=True)
    assert resources.resource("weights") == tmp_path / "paddle_mfs" / "resources" / "weights"


def test_a_shipped_name_is_found_anywhere_and_what_lies_here_comes_first(tmp_path, monkeypatch, root):
    monkeypatch.chdir(tmp_path)
    assert resources.find("configs/smoke.yml") == root / "configs" / "smoke.yml"
    for missing in ("configs/none.yml", "smoke.yml"):
        assert resources.find(missing) == Path(missing)
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "smoke.yml").touch()
    assert resources.find("configs/smoke.yml") == Path("configs/smoke.yml")
