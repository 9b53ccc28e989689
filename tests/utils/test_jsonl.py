"""Lines of JSON that a resumed run goes on with."""

from paddle_mfs.utils import jsonl


def test_lines_come_back_and_an_unfinished_one_does_not(tmp_path):
    path = tmp_path / "log.jsonl"
    assert jsonl.read(path) == []
    lines = [{"step": step, "loss": step / 3} for step in range(4)]
    for line in lines:
        jsonl.append(path, line)
    with open(path, "a") as file:
        file.write('{"step": 4, "lo')
    assert jsonl.read(path) == lines


def test_rewinding_drops_what_comes_after_the_step(tmp_path):
    path = tmp_path / "log.jsonl"
    jsonl.rewind(path, 3)
    assert not path.exists()
    for step in range(5):
        jsonl.append(path, {"step": step})
    jsonl.rewind(path, 2)
    jsonl.append(path, {"step": 3, "again": True})
    assert [line["step"] for line in jsonl.read(path)] == [0, 1, 2, 3] and jsonl.read(path)[-1]["again"]
