"""Paddle-Lite models (.nb) of one identity, one a target, each with a JSON card beside it.

https://www.paddlepaddle.org.cn/lite/v2.12/user_guides/opt/opt_bin.html
Use a runtime of the same version as the opt that wrote the file.
"""
import contextlib
import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from paddle_mfs.errors import UserError
from paddle_mfs.export.census import census
from paddle_mfs.export.paddle import deploy_card, save_program
from paddle_mfs.export.program import NAME
from paddle_mfs.export.targets import TARGETS
from paddle_mfs.files import sha256, write_json


def _need_paddlelite():
    if importlib.util.find_spec("paddlelite") is None:
        raise UserError("paddlelite is not installed; pip install paddlelite==2.13rc0 (Python 3.8 or 3.10)")


def optimise(program_folder, places, output, precision="fp32"):
    """Run opt over `program_folder`/idn.pdmodel -> `output` (a path ending in .nb). Raises UserError with opt's last words.

    Precision fp16 is arm's: the weights stay fp32 in the file and are converted when it is loaded.
    """
    output = Path(output)
    command = [sys.executable, "-I", str(Path(__file__).with_name("opt_process.py")),
               *(str(Path(program_folder) / f"{NAME}.{kind}") for kind in ("pdmodel", "pdiparams")),
               places, precision, str(output.with_suffix(""))]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    if done.returncode or not output.is_file():
        words = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise UserError(f"{output}: paddlelite's opt failed for {places} (exit {done.returncode}): "
                        f"{words[-1] if words else 'no message'}")


@contextlib.contextmanager
def quiet():
    """Sends what C++ prints to stdout and stderr to nowhere."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept, nowhere = [os.dup(1), os.dup(2)], os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        yield
    finally:
        for number, saved in zip((1, 2), kept):
            os.dup2(saved, number)
            os.close(saved)
        os.close(nowhere)


class LiteRunner:
    """An x86 .nb run by Paddle-Lite: (1, 3, 224, 224) float32 -> [result, mask]."""

    def __init__(self, path):
        _need_paddlelite()
        from paddlelite.lite import MobileConfig, create_paddle_predictor
        config = MobileConfig()
        config.set_model_from_file(str(path))
        with quiet():
            self.predictor = create_paddle_predictor(config)
        self.version = self.predictor.get_version()
        self.input_names, self.output_names = self.predictor.get_input_names(), self.predictor.get_output_names()

    def __call__(self, x):
        self.predictor.get_input(0).from_numpy(x)
        self.predictor.run()
        return [self.predictor.get_output(i).numpy().copy() for i in range(len(self.output_names))]


def _opt_version():
    from importlib.metadata import version
    return version("paddlelite")


def export_lite(idn, folder, name, facts, targets=("arm", "gpu", "x86"), precision="fp32", check=None, largest=None,
                quantise=None):
    """Write a .nb (`nb_name`) and its card (.json) to `folder` for each target; each file whole or not at all.

    Args:
        idn: baked IDN.
        facts: the Identity's facts, for the cards.
        targets, precision: as `targets.parse_targets` allows them.
        check: None, or a callable (LiteRunner) -> largest difference from dygraph, raising UserError when it is too large.
            Only the x86 file runs here; the number goes into its card, the others' cards hold null.
        largest: None, or the largest value on the way from `ranges.largest_value`, for the cards.
        quantise: for int8: a callable (idn, folder, target) that writes the quantised program and returns facts for the card
            (`int8.Quantiser`).
    Returns: list of (path of the .nb, card).
    Raises: UserError when paddlelite is missing, opt fails, the folder cannot be written, or the check fails.
    """
    _need_paddlelite()
    folder, written = Path(folder), []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="part-", dir=folder) as temporary:
            made = []
            for target in targets:
                built = Path(temporary) / nb_name(name, target, precision)
                if precision == "int8":
                    quantised = quantise(idn, temporary, target)
                else:
                    quantised = save_program(idn, temporary, TARGETS[target].passes[precision])
                optimise(temporary, TARGETS[target].places, built, precision)
                difference = check(LiteRunner(built)) if check and target == "x86" else None
                made.append((built, _card(built, target, precision, facts, difference, largest, quantised)))
            for built, card in made:
                path = folder / built.name
                os.replace(built, path)
                write_json(path.with_suffix(".json"), card)
                written.append((path, card))
    except OSError as error:
        raise UserError(f"{folder}: cannot be written ({error.strerror or error}); choose another place") from None
    return written


def nb_name(name, target, precision="fp32"):
    """The file name of a .nb."""
    return f"{name}_{target}.nb" if precision == "fp32" else f"{name}_{target}_{precision}.nb"


def _card(path, target, precision, facts, difference, largest, quantised):
    card = deploy_card(facts)
    card.pop("model")
    card["versions"]["paddlelite"] = _opt_version()
    return {"file": path.name, "bytes": path.stat().st_size, "sha256": sha256(path),
            "target": target, "valid_places": TARGETS[target].places, "precision": precision, "census": census(path),
            "difference_from_dygraph": difference and float(f"{difference:.2e}"), "largest_value": largest,
            **({"int8": quantised} if quantised else {}), **card}
