"""Running cases through tools/swap.py's own `main`, in a process that may crash or hang, and judging what came out."""

from __future__ import annotations

import hashlib
import json
import os
import re
import select
import subprocess
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
from PIL import Image

from paddle_mfs.face.image import read_image
from paddle_mfs.provenance import read_provenance
from tests.soak.inputs import Case, make

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "samples" / "source.jpg"
START = 600  # seconds that loading the networks may take on a busy machine
SECONDS = 120  # for one case; it takes less than one
TOLERANCE = 0.0015  # seconds, of a frame's time: containers keep milliseconds


def work() -> None:
    """Read lines of {arguments, folder} on stdin, run the tool, answer each on stdout with a line {status, error}; the
    first line says that it can begin.

    What the tool prints goes to `stdout` and `stderr` in that folder. The networks are loaded once.
    """
    answers = os.fdopen(os.dup(1), "w")
    import paddle_mfs.cli.swap as tool
    from paddle_mfs.swap.swapper import FaceSwapper
    from paddle_mfs.utils.errors import run_tool

    swapper = FaceSwapper(SOURCE)

    def make_swapper(args, source, options):
        swapper.options = options
        return swapper

    tool.make_swapper = make_swapper
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        for number, name in ((1, "stdout"), (2, "stderr")):
            with open(Path(asked["folder"]) / name, "wb") as file:
                os.dup2(file.fileno(), number)
        sys.argv = ["swap.py", *asked["arguments"]]
        status, error = 0, ""
        try:
            run_tool(tool.main)
        except SystemExit as ended:
            status = ended.code
        except BaseException:
            error = traceback.format_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        print(json.dumps({"status": status, "error": error}), file=answers, flush=True)


class Worker:
    """The process that does one case after the other; started anew when one took it down."""

    def __init__(self, temporary: Path):
        self._temporary, self._process = temporary, None

    def run(self, arguments: list[str], folder: Path) -> tuple[int, str]:
        """(exit status, what went wrong or "")."""
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.soak", "--work"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=ROOT,
                env={**os.environ, "TMPDIR": str(self._temporary)},
            )
            if not select.select([self._process.stdout], [], [], START)[0] or not self._process.stdout.readline():
                self.close()
                raise RuntimeError("the tool does not start; run tools/swap.py to see why")
        process = self._process
        process.stdin.write((json.dumps({"arguments": arguments, "folder": str(folder)}) + "\n").encode())
        process.stdin.flush()
        is_ready = select.select([process.stdout], [], [], SECONDS)[0]
        line = process.stdout.readline() if is_ready else b""
        if line:
            answer = json.loads(line)
            return answer["status"], answer["error"]
        self.close()
        return -1, f"crashed, exit status {process.returncode}" if is_ready else f"no answer within {SECONDS} s"

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process.stdin.close()
            self._process.stdout.close()
            self._process = None


def soak(
    seed: int, numbers: list[int], kept: Path | None = None, tell: Callable[[str], object] = lambda text: None
) -> tuple[Counter[str], list[str]]:
    """Run the cases of these numbers -> how many of each outcome, and a text for each that ended wrongly.

    kept: folder in which the inputs and outputs of those stay. tell: called with each such text when it is known.
    """
    outcomes, failures = Counter[str](), list[str]()
    with tempfile.TemporaryDirectory(prefix="soak_") as place:
        temporary = Path(place) / "tmp"
        temporary.mkdir()
        worker = Worker(temporary)
        try:
            for number in numbers:
                folder = Path(place) / str(number)
                for name in ("in", "out"):
                    (folder / name).mkdir(parents=True)
                case = make(seed, number, folder / "in")
                outcome, wrong = judged(case, worker, folder, temporary)
                outcomes[outcome] += 1
                if wrong:
                    failures.append(
                        f"case {number}: {case.words}\n  {wrong}\n  python -m tests.soak --seed {seed} --only {number}"
                    )
                    tell(failures[-1])
                    if kept:
                        folder.rename(kept / str(number))
        finally:
            worker.close()
    return outcomes, failures


def judged(case: Case, worker: Worker, folder: Path, temporary: Path) -> tuple[str, str]:
    """(outcome, what is wrong with it or "")."""
    place = folder / "out"
    output = place / f"result{case.suffix}" if case.suffix else f"{place}/"
    arguments = ["--source", str(SOURCE), "--target", str(case.path), "--output", str(output), *case.arguments]
    before = hashlib.sha256(case.path.read_bytes()).hexdigest()
    status, error = worker.run(arguments, folder)
    if error:
        return "broken", error
    printed = (folder / "stdout").read_text("utf-8", "replace").splitlines()
    told = (folder / "stderr").read_text("utf-8", "replace").splitlines()
    left = sorted(place.iterdir())
    if hashlib.sha256(case.path.read_bytes()).hexdigest() != before:
        return "broken", "the input was changed"
    if list(temporary.iterdir()):
        return "broken", f"left in the temporary folder: {[path.name for path in temporary.iterdir()]}"
    if status:
        if status != 2 or printed or len(told) != 1 or not told[0].startswith("error: ") or left:
            return (
                "broken",
                f"exit status {status}, printed {printed}, told {told}, left {[path.name for path in left]}",
            )
        return "refused", f"refused: {told[0]}" if case.is_sound else ""
    if len(printed) != 1 or [Path(printed[0])] != left:
        return "broken", f"printed {printed}, told {told}, left {left}"
    if not all(line.startswith(("warning: ", f"{printed[0]}: ")) for line in told):
        return "broken", f"told {told}"
    try:
        record = read_provenance(left[0])
        if not record or record.get("synthetic") is not True:
            return "broken", "no provenance"
        is_still = not any(" frames, " in line for line in told)
        wrong = _picture(case, left[0]) if is_still else _moving(case, left[0], told)
    except Exception:
        wrong = traceback.format_exc()
    return "swapped", wrong


def _picture(case: Case, output: Path) -> str:
    new = read_image(output)
    old = read_image(case.path)
    if "--compare" in case.arguments:
        return "" if new.shape[0] >= 1 and new.shape[1] > old.shape[1] else f"compared: {new.shape}"
    if new.shape != old.shape:
        return f"{old.shape} became {new.shape}"
    return "" if np.abs(new.astype(int) - old).max() > 20 else "no face was changed"


def _moving(case: Case, output: Path, told: list[str]) -> str:
    [line] = [line for line in told if " frames, " in line]
    written, swapped = (int(re.search(rf"(\d+) {word}", line)[1]) for word in ("frames", "swapped"))
    times, pictures, has_audio = _frames(output)
    if len(times) not in (written, written + (output.suffix not in (".gif", ".webp", ".png", ".apng"))):
        return f"{len(times)} frames in the file; told: {line}"  # one more: a last one that stays
    if case.is_sound and (written != case.frames or swapped != written):
        return f"{case.frames} frames in the input; told: {line}"
    if case.times and case.is_sound:
        late = [abs(new - old - times[0] + case.times[0]) for new, old in zip(times, case.times)]
        if max(late) > TOLERANCE + (0.01 if output.suffix == ".gif" else 0):
            return f"times {times} for {case.times}"
    if case.is_sound and case.has_audio and not has_audio and "is left out" not in line:
        return f"the sound is gone; told: {line}"
    if case.is_sound and case.kind == "clip":
        _, before, _ = _frames(case.path)
        if before[0].shape == pictures[0].shape and np.abs(before[0].astype(int) - pictures[0]).max() < 20:
            return "no face was changed"
    return ""


def _frames(path: Path) -> tuple[list[float], list[np.ndarray], bool]:
    """Seconds and pixels of the frames of a clip or animation; whether there is sound."""
    if path.suffix in (".gif", ".webp", ".png", ".apng"):
        times, pictures, now = [], [], 0.0
        with Image.open(path) as image:
            for number in range(image.n_frames):
                image.seek(number)
                pictures.append(np.array(image.convert("RGB")))
                times.append(now)
                now += image.info.get("duration", 0) / 1000
        return times, pictures, False
    with av.open(str(path), metadata_errors="replace") as clip:
        frames = [(frame.time or 0.0, frame.to_ndarray(format="rgb24")) for frame in clip.decode(video=0)]
        return [time for time, _ in frames], [picture for _, picture in frames], bool(clip.streams.audio)
