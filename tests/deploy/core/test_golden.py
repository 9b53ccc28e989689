"""The programs that hold the core against golden vectors fail where the two differ, and say what is missing."""

import json

import pytest


@pytest.fixture
def copied(golden, tmp_path):
    """Path of golden vectors, of which one array was moved a little: copied("turned", "pasted")."""

    def copy(case, name):
        for path in golden.iterdir():
            (tmp_path / path.name).symlink_to(path)
        path = tmp_path / json.loads((golden / "index.json").read_text())["cases"][case][name]["file"]
        values = bytearray(path.read_bytes())
        middle = len(values) // 2 // 12 * 12
        values[middle : middle + 400] = bytes(value ^ 8 for value in values[middle : middle + 400])
        path.unlink()
        path.write_bytes(values)
        return tmp_path

    return copy


@pytest.mark.parametrize(
    "program, case, name",
    [
        ("test_faces", "large", "detector_inputs"),
        ("test_faces", "two", "five"),
        ("test_pixels", "turned", "crop"),
        ("test_pixels", "small", "pasted"),
        ("test_pixels", "edge_yuv", "pasted_u"),
    ],
)
def test_a_difference_is_noticed(built, copied, program, case, name):
    done = built("g++").run(program, MFS_GOLDEN=str(copied(case, name)))
    assert done.returncode == 1 and f"{program}.cpp" in done.stderr, done.stderr[:2000]


def test_without_vectors_it_says_so(built):
    done = built("g++").run("test_faces", MFS_GOLDEN="/nowhere")
    assert done.returncode == 1 and done.stderr == "/nowhere/index.json: cannot be read\n"


def test_the_benchmark_names_every_step(built):
    done = built("g++").run("bench_pixels", 1)
    steps = [line.split("\t") for line in done.stdout.splitlines()]
    assert done.returncode == 0 and steps[-1][0] == "frame" and len(steps) == 9
    assert all(float(median) <= float(most) for _, median, most in steps)
