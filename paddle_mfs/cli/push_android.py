"""Export a bundle, put it on the phone that adb sees and start what runs it: the shell program, or the app with --app.

python tools/push_android.py --source samples/source.jpg
python tools/push_android.py --source samples/source.jpg --app
"""

from __future__ import annotations

import argparse
import json
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from paddle_mfs.cli._arguments import add_weights_arguments
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.resources import resource

if TYPE_CHECKING:
    from paddle_mfs.export.adb import Phone

ABI = "arm64-v8a"
TARGETS = {"cpu": "arm", "gpu": "gpu", "nnapi": "nnapi"}  # device -> target of the export
DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
SHELL = DEPLOY / "shell" / "build" / "mfs_shell"  # build.sh lays Paddle-Lite's libraries beside it
APK = DEPLOY / "android" / "app" / "build" / "outputs" / "apk" / "debug" / "app-debug.apk"
APP = "org.paddlemfs.app"
PLACE = "/data/local/tmp/mfs"  # of the shell program, on the phone


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--source", help="picture of the identity that a new bundle comes with")
    what.add_argument("--bundle", help="one that `tools/export_lite.py --bundle` made, instead of a new one")
    parser.add_argument("--app", action="store_true", help="the app instead of the shell program")
    parser.add_argument(
        "--target",
        default=resource("samples/target.jpg"),
        help="picture that the shell program swaps (default: samples/target.jpg)",
    )
    parser.add_argument("--device", default="cpu", choices=TARGETS, help="what computes on the phone (default: cpu)")
    parser.add_argument("--precision", default="fp32", help="fp32 (default), fp16 or int8, see tools/export_lite.py")
    parser.add_argument("--repeats", type=int, default=50, help="of the shell program, for its timings (default: 50)")
    parser.add_argument("--serial", help="of the phone, where adb sees several (adb devices)")
    parser.add_argument("--output", default="output/android", help="folder to write (default: output/android)")
    add_weights_arguments(parser)
    return parser.parse_args()


def check_build(app: bool) -> None:
    """Raise UserError unless what is to be pushed was built. app: the app, which has its libraries inside."""
    if app:
        _check(APK, "not built; run `gradle assembleDebug` in deploy/android, see its README.md")
        return
    _check(SHELL, "not built; run deploy/shell/build.sh")
    _check(SHELL.with_name("libpaddle_light_api_shared.so"), "no Paddle-Lite; run deploy/shell/build.sh again")


def _check(path: Path, remedy: str) -> None:
    if not path.is_file():
        raise UserError(f"{path}: {remedy}")


def run_shell(phone: Phone, args: argparse.Namespace, bundle: Path, identity: str) -> None:
    """Push the shell program with all it needs, run it, fetch what it wrote into `args.output`."""
    from paddle_mfs.face.image import read_image

    target = read_image(args.target)
    phone.shell(f"rm -rf {PLACE}/output && mkdir -p {PLACE}/cache")
    for library in sorted(SHELL.parent.glob("*.so")):
        phone.push(library, f"{PLACE}/{library.name}")
    phone.push(SHELL, f"{PLACE}/mfs_shell")
    phone.push(bundle, f"{PLACE}/bundle.zip")
    with tempfile.TemporaryDirectory() as folder:  # every build of the shell program reads PPM
        ppm = Path(folder) / "target.ppm"
        ppm.write_bytes(f"P6 {target.shape[1]} {target.shape[0]} 255\n".encode() + target.tobytes())
        phone.push(ppm, f"{PLACE}/target.ppm")
    phone.shell(f"chmod 755 {PLACE}/mfs_shell")
    phone.stream(
        f"cd {PLACE} && LD_LIBRARY_PATH=. ./mfs_shell --bundle bundle.zip --identity '{identity}' --target target.ppm "
        f"--device {args.device} --repeats {args.repeats} --cache cache --output output"
    )
    phone.pull(f"{PLACE}/output", args.output)


def start_app(phone: Phone, args: argparse.Namespace, bundle: Path) -> None:
    """Install the app, put the bundle into its own folder, start it. It is a debug build: others have no `run-as`."""
    phone.install(APK)
    passed, kept = "/data/local/tmp/mfs_bundle.zip", f"files/bundles/{args.device}.zip"
    phone.push(bundle, passed)
    try:
        phone.shell(f"run-as {APP} mkdir -p files/bundles")
        phone.shell(f"cat {passed} | run-as {APP} sh -c 'cat > {kept}.part && mv {kept}.part {kept}'")
    finally:
        phone.shell(f"rm -f {passed}")
    started = phone.shell(f"am start -S -n {APP}/.CameraActivity")
    if "Error" in started:
        raise UserError(f"{phone.serial}: the app does not start: {started.strip().splitlines()[-1]}")


def read_bundle(path: Path, device: str) -> dict:
    """The deploy.json of a bundle. Raises UserError for what is no bundle, or one for another device."""
    try:
        with zipfile.ZipFile(path) as bundle:
            deploy = json.loads(bundle.read("deploy.json"))
    except (OSError, zipfile.BadZipFile, KeyError, ValueError):
        raise UserError(f"{path}: no bundle; make one with tools/export_lite.py --bundle") from None
    if deploy["target"] != TARGETS[device]:
        raise UserError(
            f"{path}: made for the target {deploy['target']}; {device} runs {TARGETS[device]}, see --device"
        )
    return deploy


def main() -> None:
    args = arguments()
    from paddle_mfs.export.adb import Phone
    from paddle_mfs.export.bundle import export_bundle

    if args.repeats < 1:
        raise UserError(f"--repeats {args.repeats}: give a number from 1 on")
    if not DEPLOY.is_dir():
        raise UserError(
            f"{DEPLOY}: no such folder; run this from a checkout of the repository, not an installed package"
        )
    check_build(args.app)
    phone = Phone(args.serial)
    if ABI not in phone.abis():
        raise UserError(f"{phone.serial}: runs {', '.join(phone.abis())}; the libraries are for {ABI}")
    bundle = Path(args.bundle or Path(args.output) / f"{args.device}.zip")
    if args.source is not None:
        export_bundle(bundle, args.source, TARGETS[args.device], args.precision, args.weights, args.encoder)
    deploy = read_bundle(bundle, args.device)
    if args.app:
        start_app(phone, args, bundle)
        print(f"{phone.serial}: {APP} runs with {bundle.name}")
    else:
        if not deploy["identities"]:
            raise UserError(f"{bundle}: holds no identity for the shell program; export one with --source")
        run_shell(phone, args, bundle, deploy["identities"][0]["name"])
        print(f"{args.output}: what the phone wrote")
