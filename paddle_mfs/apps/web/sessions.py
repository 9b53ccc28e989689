"""The files of each open page: in a temporary folder of its own, removed with the page and when the program ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from paddle_mfs.utils.errors import UserError

PREFIX = "paddle_mfs_web_"
UNTAKEN = 120  # seconds after which an upload that no page took is removed


@dataclass(frozen=True)
class Limits:
    """What a page may take: megabytes (2^20 bytes) of one upload and of all, seconds of a clip, minutes without use."""

    mb: float = 200
    session_mb: float = 1000
    seconds: float = 60
    idle_minutes: float = 60


class Sessions:
    """All open pages of one running program, in `root`.

    limits: what each may take.

    Where a program was killed (kill -9) its folder stays behind; the next one to start removes it.
    """

    def __init__(self, limits: Limits = Limits()) -> None:
        _remove_stale()
        self.limits = limits
        self.root = Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()  # readable for this user alone
        self._sessions: dict[str | None, Session] = {}
        self._lock = threading.Lock()
        self._alive = open(self.root / "alive", "w")
        fcntl.flock(self._alive, fcntl.LOCK_EX)  # the system lets go of it however this process ends

    def get(self, key: str | None) -> Session:
        """The Session of this key, made when it is new. A key that was ended stays so."""
        with self._lock:
            if key not in self._sessions:
                self._sessions[key] = Session(self.root, self.limits)
            return self._sessions[key]

    def end(self, key: str | None) -> None:
        """A page was closed: its swap stops, its files go."""
        self.get(key).end()

    def tidy(self) -> None:
        """End the sessions that were not used for too long, and remove uploads that no page took; to be called often.

        The program that receives uploads puts each in a file, then in a folder, of `root`; what is cut off stays there.
        """
        with self._lock:
            sessions = list(self._sessions.values())
        for session in sessions:
            if not session.is_ended and session.idle > 60 * self.limits.idle_minutes:
                session.end()
        folders = {session.folder for session in sessions}
        for path in set(self.root.iterdir()) - folders - {self.root / "alive"}:
            with contextlib.suppress(OSError):  # just taken
                newest = max(one.stat().st_mtime for one in (path, *path.glob("*")))
                if time.time() - newest > UNTAKEN:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()

    def close(self) -> None:
        """End all and remove `root`."""
        for session in list(self._sessions.values()):
            session.end()
        shutil.rmtree(self.root, ignore_errors=True)
        self._alive.close()


class Session:
    """The files of one page, each in a folder of its own inside a folder whose name cannot be guessed.

    Attributes:
        files: role ("source", "target") -> path of what was given for it. is_ended: was the page closed, or forgotten?
        folder: where all of it is.
    """

    def __init__(self, root: Path, limits: Limits = Limits()):
        self.files: dict[str, Path] = {}
        self.is_ended = False
        self.folder = root / secrets.token_hex(16)
        self._root, self._limits, self._taken = root, limits, 0
        self._used = time.monotonic()
        self._users, self._changed = 0, threading.Condition(threading.RLock())

    @contextlib.contextmanager
    def in_use(self) -> Iterator[None]:
        """The files stay where they are within this context, `end` waits for it. Raises UserError after `end`."""
        with self._changed:
            if self.is_ended:
                raise UserError("this page lost its connection, or was not used, and its files were removed; reload it")
            self._users += 1
        try:
            yield
        finally:
            with self._changed:
                self._users -= 1
                self._used = time.monotonic()
                self._changed.notify_all()

    @property
    def idle(self) -> float:
        """Seconds since somebody last used it; 0 while somebody does."""
        with self._changed:
            return 0.0 if self._users else time.monotonic() - self._used

    def end(self) -> None:
        """The page was closed: the files go, as soon as nobody uses them."""
        with self._changed:
            self.is_ended = True
            self._changed.wait_for(lambda: not self._users)
            shutil.rmtree(self.folder, ignore_errors=True)

    def new_folder(self) -> Path:
        """An empty folder in this session's."""
        self.folder.mkdir(exist_ok=True)
        return Path(tempfile.mkdtemp(dir=self.folder))

    def take(self, role: str, uploaded: str | Path) -> Path:
        """Move an uploaded file in -> its new path, also in `files`.

        Raises: UserError when it is none (the browser says where it is, and could name any file), or one too many.
        """
        uploaded = Path(uploaded).resolve()
        if uploaded.parent.parent != self._root or not uploaded.is_file():
            raise UserError(f"{uploaded.name}: did not arrive; choose it again")
        with self._changed, _removed(uploaded.parent):
            self._taken += uploaded.stat().st_size
            if self._taken > self._limits.session_mb * 2**20:
                raise UserError(
                    f"{uploaded.name}: with it this page's uploads come to more than {self._limits.session_mb:g} MB; "
                    "reload the page, or start with a larger --max-session-mb"
                )
            path = self.new_folder() / uploaded.name
            os.replace(uploaded, path)
            self.files[role] = path
        return path

    def drop(self, role: str) -> None:
        """Forget what was given for a role; the next `tidy` removes it."""
        self.files.pop(role, None)

    def tidy(self) -> None:
        """Remove everything but `files` and what lies beside them."""
        with self._changed:
            kept = {path.parent for path in self.files.values()}
            for folder in set(self.folder.glob("*")) - kept:
                shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _removed(folder):
    """After the block the folder is gone, whatever happened."""
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_stale():
    """Remove the folders of programs of this user that run no more."""
    for root in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):  # another's, or just being made or removed
            if root.is_symlink() or root.stat().st_uid != os.getuid():
                continue
            with open(root / "alive") as alive:
                fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(root, ignore_errors=True)
