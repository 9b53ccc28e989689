"""A phone on a cable, through Android's `adb`. Everything that is wrong with it is a UserError of one line."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from paddle_mfs.utils.errors import UserError

_STATES = {
    "unauthorized": "does not trust this computer yet; unlock it, allow USB debugging and try again",
    "offline": "is offline; unplug it, plug it in again and try again",
    "no permissions": "may not be used by this account; apt-get install android-sdk-platform-tools-common",
}


class Phone:
    """The one phone that adb sees, or that of a serial number.

    Raises: UserError without adb, without a phone, with several and no serial, for one that is not ready.
    """

    def __init__(self, serial: str | None = None):
        adb = shutil.which("adb")
        if adb is None:
            raise UserError(
                "adb not found; install Android's platform-tools (apt-get install adb) and put them on PATH"
            )
        self._adb = [adb]
        phones = self._list()
        if serial is None and len(phones) > 1:
            raise UserError(f"adb sees {len(phones)} phones ({', '.join(phones)}); choose one with --serial")
        if serial is not None and serial not in phones:
            raise UserError(f"--serial {serial}: adb sees no such phone; it sees {', '.join(phones) or 'none'}")
        if not phones:
            raise UserError("adb sees no phone; switch on USB debugging on it and connect it (`adb devices` lists it)")
        self.serial = serial or next(iter(phones))
        state = phones[self.serial]
        if state != "device":
            told = next((text for key, text in _STATES.items() if state.startswith(key)), f"is in the state {state!r}")
            raise UserError(f"{self.serial}: {told}")
        self._adb += ["-s", self.serial]

    def abis(self) -> list[str]:
        """What it runs natively, the best first: ["arm64-v8a", ...]."""
        return self.shell("getprop ro.product.cpu.abilist").strip().split(",")

    def push(self, path: str | Path, place: str) -> None:
        """Copy a file to the phone, to the path `place`."""
        self._run("push", str(path), place)

    def pull(self, place: str, path: str | Path) -> None:
        """Copy a file or folder from the phone."""
        self._run("pull", place, str(path))

    def install(self, apk: str | Path) -> None:
        """Install an app, over an older one."""
        self._run("install", "-r", str(apk))

    def shell(self, command: str) -> str:
        """What a command of the phone's shell prints. Raises UserError with its last line when it fails."""
        return self._run("shell", command)

    def stream(self, command: str) -> None:
        """Run a command of the phone's shell whose output is shown as it comes. Raises UserError when it fails."""
        done = subprocess.run([*self._adb, "shell", command])
        if done.returncode:
            raise UserError(f"{self.serial}: ended with status {done.returncode}, see above: {command}")

    def _list(self) -> dict[str, str]:
        """{serial: state} of every phone."""
        lines = (line.split(maxsplit=1) for line in self._run("devices").splitlines()[1:] if line.strip())
        return {words[0]: words[1].strip() if len(words) > 1 else "" for words in lines}

    def _run(self, *words: str) -> str:
        done = subprocess.run([*self._adb, *words], capture_output=True, text=True, errors="replace")
        if done.returncode:
            said = (done.stderr.strip() or done.stdout.strip() or f"status {done.returncode}").splitlines()[-1]
            raise UserError(f"adb {words[0]} failed: {said}")
        return done.stdout
