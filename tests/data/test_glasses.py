"""The list of faces with glasses: what it may look like, whom it names, and what is refused in one line."""

import numpy as np
import pytest

from paddle_mfs.data.aligned_face import face_members
from paddle_mfs.data.crops import Crops
from paddle_mfs.data.faces import ShardedFaces
from paddle_mfs.data.glasses import wearers
from paddle_mfs.data.make_pairs import PairJob, PairMaker
from paddle_mfs.data.shards import ShardWriter
from paddle_mfs.utils.errors import UserError

NAMES = ["generated/000007", "generated/000007/1", "generated/000008", "clip.mp4#000025"]
LABELS = ["generated/000007", "generated/000007", "generated/000008", "clip.mp4"]


@pytest.fixture
def faces():
    return Crops(np.zeros((4, 64, 64, 3), np.uint8), np.zeros((4, 468, 2), np.float32), NAMES, LABELS)


@pytest.mark.parametrize(
    "text, found",
    [
        ("generated/000008\n", {2}),
        ("generated/000008", {2}),
        ("name,score\r\ngenerated/000008,5.2\r\n\r\nclip.mp4#000025,-1\r\n", {2, 3}),
        ("generated/000007\n", {0, 1}),  # a person's label: all of their faces
        ("generated/000007/1\n", {1}),
        ("elsewhere.jpg\n clip.mp4#000025 \n", {3}),
    ],
)
def test_names_one_a_line_and_scores_beside_them(faces, tmp_path, text, found):
    (tmp_path / "glasses.csv").write_bytes(text.encode())
    assert wearers(tmp_path / "glasses.csv", faces) == found


@pytest.mark.parametrize(
    "data, told",
    [
        (None, "cannot be read"),
        (b"\n\n", "is empty"),
        (b"\xff\xfe\x00", "not a text file"),
        (b"7\n8\n", "none of its 2 names is one of data.faces, such as generated/000007"),
        ("\n".join(LABELS).encode(), "names all of data.faces"),
    ],
)
def test_wrong_lists_are_one_line(faces, tmp_path, data, told):
    path = tmp_path / "glasses.csv"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(UserError) as error:
        wearers(path, faces)
    assert str(error.value).startswith(f"data.glasses: {path}: ") and told in str(error.value)
    assert "\n" not in str(error.value)


def test_stored_pairs_are_made_without_them(faces, tmp_path, monkeypatch):
    with ShardWriter(tmp_path / "faces", "faces", {"size": 64}) as writer:
        for number, (name, label) in enumerate(zip(NAMES, LABELS)):
            writer.add(face_members(*faces.face(number), {}), {"file": name, "label": label})
        writer.finish()
    (tmp_path / "glasses.csv").write_text("generated/000007,3.1\n")
    monkeypatch.setattr(PairMaker, "_taught", lambda *arguments: b"")
    jobs = [
        PairJob(tmp_path / "faces", tmp_path / "pairs", {"name": "mesh"}, 10, targets=1, glasses=glasses)
        for glasses in (None, tmp_path / "glasses.csv")
    ]
    every, clear = ([PairMaker(job)(number) for number in range(30)] for job in jobs)
    assert {source for source, _ in every} == {0, 1, 2, 3} and {source for source, _ in clear} == {2, 3}
    assert {target for _, [(target, _)] in clear} == {0, 1, 2, 3}
    assert (
        jobs[0].settings(ShardedFaces(tmp_path / "faces")).keys()
        < jobs[1].settings(ShardedFaces(tmp_path / "faces")).keys()
    )  # going on with the other list is refused, and sets made before have the settings they had
