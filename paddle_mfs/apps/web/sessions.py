"""The files of each open page: in a temporary folder of its own, removed with the page and when the program ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from paddle_mfs.utils.errors import UserError

PREFIX = "paddle_mfs_web_"


class Sessions:
    """All open pages of one running program, in `root`.

    Where a program was killed (kill -9) its folder stays behind; the next one to start removes it.
    """

    def __init__(self) -> None:
        _remove_stale()
        self.root = Path(tempfile.mkdtemp(prefix=PREFIX))  # readable for this user alone
        self._sessions: dict[str | None, Session] = {}
        self._lock = threading.Lock()
        self._alive = open(self.root / "alive", "w")
        fcntl.flock(self._alive, fcntl.LOCK_EX)  # the system lets go of it however this process ends

    def get(self, key: str | None) -> Session:
        """The Session of this key, made when it is new. A key that was ended stays so."""
        with self._lock:
            if key not in self._sessions:
                self._sessions[key] = Session(self.root)
            return self._sessions[key]

    def end(self, key: str | None) -> None:
        """A page was closed: its swap stops, its files go."""
        self.get(key).end()

    def close(self) -> None:
        """End all and remove `root`."""
        for session in list(self._sessions.values()):
            session.end()
        shutil.rmtree(self.root, ignore_errors=True)
        self._alive.close()


class Session:
    """The files of one page, each in a folder of its own inside a folder whose name cannot be guessed.

    Attributes:
        files: role ("source", "target") -> path of what was given for it. is_ended: was the page closed?
    """

    def __init__(self, root: Path):
        self.files: dict[str, Path] = {}
        self.is_ended = False
        self._folder = root / secrets.token_hex(16)
        self._users, self._changed = 0, threading.Condition(threading.RLock())

    @contextlib.contextmanager
    def in_use(self) -> Iterator[None]:
        """The files stay where they are within this context, `end` waits for it. Raises UserError after `end`."""
        with self._changed:
            if self.is_ended:
                raise UserError("this page lost its connection and its files were removed; reload it")
            self._users += 1
        try:
            yield
        finally:
            with self._changed:
                self._users -= 1
                self._changed.notify_all()

    def end(self) -> None:
        """The page was closed: the files go, as soon as nobody uses them."""
        with self._changed:
            self.is_ended = True
            self._changed.wait_for(lambda: not self._users)
            shutil.rmtree(self._folder, ignore_errors=True)

    def new_folder(self) -> Path:
        """An empty folder in this session's."""
        self._folder.mkdir(exist_ok=True)
        return Path(tempfile.mkdtemp(dir=self._folder))

    def take(self, role: str, uploaded: str | Path) -> Path:
        """Move an uploaded file in -> its new path, also in `files`."""
        with self._changed:
            path = self.new_folder() / Path(uploaded).name
            os.replace(uploaded, path)
            self.files[role] = path
        with contextlib.suppress(OSError):
            Path(uploaded).parent.rmdir()  # the upload's own folder
        return path

    def drop(self, role: str) -> None:
        """Forget what was given for a role; the next `tidy` removes it."""
        self.files.pop(role, None)

    def tidy(self) -> None:
        """Remove everything but `files` and what lies beside them."""
        with self._changed:
            kept = {path.parent for path in self.files.values()}
            for folder in set(self._folder.glob("*")) - kept:
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
