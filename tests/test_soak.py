"""Twenty random inputs through tools/swap.py; `make soak` runs two hundred (docs/video.md)."""

from tests.soak.inputs import Case, make
from tests.soak.run import judged, soak

SEED, COUNT = 3, 20


def test_each_becomes_a_right_result_or_one_line():
    outcomes, failures = soak(SEED, list(range(COUNT)))
    assert not failures, "\n".join(failures)
    assert outcomes["swapped"] >= COUNT // 2 and outcomes["refused"] >= 1


def test_a_case_can_be_made_again(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    one, other = (make(SEED, 5, tmp_path / name) for name in ("a", "b"))
    assert one.words == other.words and one.path.read_bytes() == other.path.read_bytes()


class Stub:
    """In place of the process that runs the tool: prints and leaves what it is told to."""

    def __init__(self, status=0, error="", printed="", told="", left=()):
        self.answer, self.printed, self.told, self.left = (status, error), printed, told, left

    def run(self, arguments, folder):
        (folder / "stdout").write_text(self.printed)
        (folder / "stderr").write_text(self.told)
        for name in self.left:
            (folder / "out" / name).write_bytes(b"x")
        return self.answer


def test_what_ends_wrongly_is_seen(samples, tmp_path):
    case = Case(samples / "target.jpg", "a picture that must be swapped")
    for number, (stub, wrong) in enumerate(
        [
            (Stub(error="Traceback"), "Traceback"),
            (Stub(2, told="error: one\nerror: two\n"), "exit status 2"),
            (Stub(1, told="error: one\n"), "exit status 1"),
            (Stub(2, told="error: one\n", left=["x.part-1.png"]), "x.part-1.png"),
            (Stub(0, printed="x\n"), "printed"),
            (Stub(2, told="error: x: no face\n"), "refused: error"),
        ]
    ):
        folder = tmp_path / str(number)
        for name in ("out", "tmp"):
            (folder / name).mkdir(parents=True)
        assert wrong in judged(case, stub, folder, folder / "tmp")[1]
