"""Files of the page: taken, kept apart, removed; and the limits on them. No browser is needed."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time

import av
import numpy as np
import pytest

from paddle_mfs.apps.web.sessions import UNTAKEN, Limits, Sessions
from paddle_mfs.apps.web.swap import Swaps, clip_seconds, preview
from paddle_mfs.face.image import read_image
from paddle_mfs.swap.options import SwapOptions
from paddle_mfs.utils.errors import UserError


@pytest.fixture
def sessions(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    sessions = Sessions()
    yield sessions
    sessions.close()
    assert not list(tmp_path.glob("paddle_mfs_web_*"))


def upload(sessions, name, content=b"words", folder="upload"):
    """A file as Gradio puts it: in a folder of its own in the root."""
    folder = sessions.root / folder
    folder.mkdir()
    (folder / name).write_bytes(content)
    return folder / name


def test_a_session_takes_and_loses_its_files(sessions):
    one, other = sessions.get("one"), sessions.get("other")
    first, second = one.take("target", upload(sessions, "a.jpg")), one.take("target", upload(sessions, "b.jpg"))
    theirs = other.take("target", upload(sessions, "a.jpg"))
    assert not (sessions.root / "upload").exists() and first.parents[1] == second.parents[1] != theirs.parents[1]
    one.tidy()
    assert not first.exists() and second.exists() and sessions.get("one") is one
    sessions.end("one")
    assert not second.exists() and theirs.exists()
    with pytest.raises(UserError, match="reload"), one.in_use():
        pass


def test_the_sum_of_uploads_has_a_limit(sessions):
    sessions.limits = Limits(session_mb=0.001)
    session = sessions.get("one")
    kept = session.take("source", upload(sessions, "a.jpg", bytes(600)))
    with pytest.raises(UserError, match="b.jpg: with it this page's uploads come to more than 0.001 MB; .*--max-sess"):
        session.take("target", upload(sessions, "b.jpg", bytes(600)))
    assert kept.exists() and not (sessions.root / "upload").exists() and set(session.files) == {"source"}
    assert sessions.get("other").take("source", upload(sessions, "c.jpg", bytes(600))).exists()


def test_only_uploads_are_taken(sessions, tmp_path):
    """The browser says where its upload is: what it names beside that stays where it is."""
    mine = tmp_path / "folder" / "mine.jpg"
    mine.parent.mkdir()
    mine.write_bytes(b"words")
    theirs = sessions.get("other").take("target", upload(sessions, "theirs.jpg"))
    session, link = sessions.get("one"), upload(sessions, "link.jpg")
    link.unlink()
    link.symlink_to(mine)
    for path in (mine, theirs, sessions.root / "alive", link, sessions.root / "gone" / "gone.jpg", sessions.root):
        with pytest.raises(UserError, match=f"{path.resolve().name}: did not arrive; choose it again"):
            session.take("source", path)
    assert mine.exists() and theirs.exists() and not session.files


def test_what_nobody_uses_is_removed(sessions):
    session, other = sessions.get("one"), sessions.get("other")
    path, theirs = (one.take("source", upload(sessions, "a.jpg")) for one in (session, other))
    left, begun, half = upload(sessions, "left.jpg"), upload(sessions, "begun.jpg", folder="begun"), sessions.root / "t"
    half.write_bytes(b"the first half")
    long_ago = time.time() - UNTAKEN - 1
    for one in (left, left.parent, half, begun.parent):
        os.utime(one, (long_ago, long_ago))
    with other.in_use():
        sessions.limits = Limits(idle_minutes=0)
        time.sleep(0.01)
        sessions.tidy()
    assert not path.exists() and theirs.exists() and session.is_ended and not other.is_ended
    assert not left.parent.exists() and not half.exists() and begun.exists()
    assert other.idle < 1 and (sessions.root / "alive").exists()
    with pytest.raises(UserError, match="was not used, and its files were removed; reload it"), session.in_use():
        pass


def test_the_end_waits_for_who_uses_the_files(sessions):
    session = sessions.get("one")
    path = session.take("source", upload(sessions, "a.jpg"))
    with session.in_use():
        ending = threading.Thread(target=sessions.end, args=["one"])
        ending.start()
        ending.join(0.2)
        assert ending.is_alive() and session.is_ended and path.exists()
    ending.join()
    assert not path.exists()


def test_kill_9_leaves_a_folder_that_the_next_start_removes(root, sessions):
    code = (
        "import time; from paddle_mfs.apps.web.sessions import UNTAKEN, Limits, Sessions; "
        "s = Sessions(); print(s.root, flush=True); time.sleep(600)"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(root), "TMPDIR": str(sessions.root.parent)},
    )
    left = sessions.root.parent / other.stdout.readline().strip()
    assert sessions.root.exists() and left != sessions.root  # one that runs is left alone
    other.send_signal(signal.SIGKILL)
    other.communicate()
    assert left.exists()
    Sessions().close()
    assert not left.exists() and sessions.root.exists()


def test_limits(tmp_path):
    clip = tmp_path / "clip.mp4"
    with av.open(str(clip), "w") as output:
        stream = output.add_stream("libx264", rate=10)
        stream.width = stream.height = 64
        for number in range(25):
            output.mux(stream.encode(av.VideoFrame.from_ndarray(np.full((64, 64, 3), number, np.uint8), "rgb24")))
        output.mux(stream.encode())
    assert abs(clip_seconds(clip) - 2.5) < 0.01
    assert preview(clip, 2.6) == clip
    with pytest.raises(UserError, match="clip.mp4: lasts 2.5 s, the limit is 2 s"):
        preview(clip, 2)
    for name, words in (("words.jpg", "is not a picture"), ("words.mp4", "not a video")):
        (tmp_path / name).write_text("these are words")
        with pytest.raises(UserError, match=f"{name}: {words}"):
            preview(tmp_path / name, 60)


def test_what_is_shown_is_never_the_upload_itself(tmp_path, samples):
    for name in ("preview.jpg", "a.preview.jpg", "face.png"):
        upload = tmp_path / name
        upload.write_bytes((samples / "source.jpg").read_bytes())
        shown = preview(upload, 60)
        assert shown != upload and upload.read_bytes() == (samples / "source.jpg").read_bytes()
        assert read_image(shown).shape == (512, 512, 3)


def test_a_swap_needs_both_files(sessions):
    with pytest.raises(UserError, match="no source picture yet"):
        Swaps().run(sessions.get("one"), "largest", SwapOptions(), {}, None)
