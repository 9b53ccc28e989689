"""Further views of generated people: whose they are, that they are repeatable, and which of them are left out."""

import numpy as np
import pytest

from paddle_mfs.data import synthetic
from paddle_mfs.data.examine import Examiner
from paddle_mfs.data.face_filter import Candidate, Limits, Rejected
from paddle_mfs.data.generated_views import SAME_PERSON, ViewGenerator
from paddle_mfs.data.inputs import Layout
from paddle_mfs.data.prepare import Job
from paddle_mfs.utils.errors import UserError

TURNED = np.full((8, 8, 3), 200, np.uint8)


def test_a_view_follows_its_face_and_has_its_label():
    inputs = list(Job([], "faces", range(7, 9), views=2).inputs())
    assert [one.name for one in inputs] == [
        *("generated/000007", "generated/000007/1", "generated/000007/2"),
        *("generated/000008", "generated/000008/1", "generated/000008/2"),
    ]
    assert [Layout().label(one) for one in inputs] == ["generated/000007"] * 3 + ["generated/000008"] * 3
    assert [one.name for one in Job([], "faces", range(7, 9)).inputs()] == ["generated/000007", "generated/000008"]


class Drawn:
    """Stands for both generators and notes what it is asked for."""

    def __init__(self):
        self.asked = []

    def face(self, index, size):
        self.asked.append(index)
        return np.full((8, 8, 3), index, np.uint8)

    def view(self, index, number, size):
        self.asked.append((index, number))
        return TURNED


def examine(monkeypatch, judge, inputs):
    """What an Examiner with that judge makes of inputs -> findings, what was drawn."""
    drawn = Drawn()
    monkeypatch.setattr("paddle_mfs.data.examine.FaceJudge", lambda *arguments: judge)
    monkeypatch.setattr(synthetic, "FaceGenerator", lambda: drawn)
    monkeypatch.setattr("paddle_mfs.data.examine.ViewGenerator", lambda generator: drawn)
    examiner = Examiner(8, Limits(), 1, 1)
    return [finding for one in inputs for finding in examiner(one._replace(label=one.label))], drawn.asked


def candidate(image, cosine=1.0):
    embedding = np.array([cosine, np.sqrt(1 - cosine**2)])
    return Candidate(image, np.zeros((468, 2)), np.zeros(32, np.uint8), {}, 1.0, embedding)


@pytest.mark.parametrize("cosine, is_kept", [(SAME_PERSON + 0.01, True), (SAME_PERSON - 0.01, False)])
def test_a_view_that_lost_its_person_is_left_out(monkeypatch, cosine, is_kept):
    def judge(image, with_embedding=False):
        assert with_embedding
        return candidate(image, cosine if (image == TURNED).all() else 1.0)

    inputs = list(Job([], "faces", range(3, 4), views=1).inputs())
    (face, view), drawn = examine(monkeypatch, judge, inputs)
    assert drawn == [3, (3, 1)] and face.candidate
    assert bool(view.candidate) == is_kept and view.reason == ("" if is_kept else "another person")
    assert is_kept or view.line["detail"] == "cosine 0.44 to the face, at least 0.45"
    [alone], drawn = examine(monkeypatch, judge, inputs[1:])  # its face was looked at by another process, or before
    assert drawn == [3, (3, 1)] and bool(alone.candidate) == is_kept


def test_who_looks_under_age_is_not_drawn_from_elsewhere_either(monkeypatch):
    def judge(image, with_embedding=False):
        if (image == 3).all():
            raise Rejected("looks under age", "20 years")
        return candidate(image)

    findings, drawn = examine(monkeypatch, judge, Job([], "faces", range(3, 5), views=2).inputs())
    assert [finding.reason for finding in findings] == [
        *("looks under age", "view of a face left out", "view of a face left out"),
        *("", "", ""),
    ]
    assert findings[1].detail == "looks under age" and findings[1].crop is None
    assert drawn == [3, 4, (4, 1), (4, 2)]


def test_a_view_is_judged_like_any_face(monkeypatch):
    def judge(image, with_embedding=False):
        if (image == TURNED).all():
            raise Rejected("looks under age", "20 years")
        return candidate(image)

    findings, _ = examine(monkeypatch, judge, Job([], "faces", range(3, 4), views=1).inputs())
    assert [finding.reason for finding in findings] == ["", "looks under age"]


@pytest.fixture(scope="module")
def generators():
    try:
        generator = synthetic.FaceGenerator()
    except UserError as error:
        pytest.skip(str(error))
    return generator, ViewGenerator(generator)


def test_both_compute_in_single_precision_on_whichever_core_is_free(generators):
    generator, views = generators
    for network in (generator._mapping, generator._synthesis, views._synthesis):
        assert network.get_property("INFERENCE_PRECISION_HINT").get_type_name() == "f32"
        assert network.get_property("ENABLE_CPU_PINNING") is False


def test_a_view_is_a_function_of_index_and_number(generators):
    generator, views = generators
    one, other = views.view(5, 1, 96), views.view(5, 2, 96)
    assert np.array_equal(one, views.view(5, 1, 96)) and np.abs(one.astype(int) - other).mean() > 2
    moved = [views.moved(index, number) - generator.style(index) for index, number in ((5, 1), (5, 2), (6, 1))]
    lengths = [np.linalg.norm(one) for one in moved]
    assert min(lengths) > 0.8 and max(lengths) < 8 and len(set(lengths)) == 3


def test_unmoved_it_is_the_face_itself(generators, monkeypatch):
    generator, views = generators
    monkeypatch.setattr(views, "moved", lambda index, number: generator.style(index))
    assert np.array_equal(views.view(5, 1, 96), generator.face(5, 96))


def test_a_view_shows_its_person_turned(generators):
    from paddle_mfs.data.face_filter import FaceJudge

    generator, views = generators
    judge = FaceJudge(224, Limits())
    face, stranger = (judge(generator.face(index, 512), with_embedding=True) for index in (5, 7))
    view = judge(views.view(5, 1, 512), with_embedding=True)
    assert view.embedding @ face.embedding > SAME_PERSON > stranger.embedding @ face.embedding
    assert abs(view.facts["yaw"] - face.facts["yaw"]) >= 5
