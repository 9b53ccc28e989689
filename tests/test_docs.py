"""Every command of README.md, CONTRIBUTING.md and docs is run: here, short, in a folder of its own, or by another test.

A command without a line in the table below fails, and so does one that reads data which no command makes.
"""

import ast
import itertools
import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
TEXTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
RUNS = ("python", "make", "pip", "paddle-mfs")  # the first words of commands


def commands(text):
    """Every command of the ```sh and the indented blocks of a Markdown text, without comments; each part of `&&`."""
    fenced = re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S)
    indented = re.findall(r"(?:\A|\n\n)((?: {4}.*\n?)+)", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))
    for block in fenced + indented:
        for line in block.replace("\\\n", " ").splitlines():
            for part in line.split("#")[0].split("&&"):
                if part.split() and part.split()[0] in RUNS:
                    yield " ".join(shlex.split(part))


COMMANDS = {command: path.name for path in TEXTS for command in commands(path.read_text(encoding="utf-8"))}

SHORT = (  # of a training: one step of small pictures with the networks that come with the package
    "-o run.steps=1 -o data.size=64 -o data.workers=0 -o data.identities=2 -o loss.quality=none"
    " -o loss.weights.perceptual=0 -o loss.weights.adversarial=0"
)
SHORT_Q = "-o run.steps=1 -o run.batch=4 -o run.judged=2 -o data.held_out=0.3 -o data.sizes=[128] -o network.width=8"

# command -> what is added to make it short ("" where it is run as it stands), after which others it is run.
HERE = {
    "python tools/swap.py --source samples/source.jpg --target clip.mp4": ("", ()),
    "python tools/swap.py --map anna.jpg=a.jpg --map ben.jpg=b.jpg --target party.mp4": ("", ()),
    "python tools/swap.py --source samples/source.jpg --target clip.mov --output result.webm": ("", ()),
    "python tools/swap.py --source samples/source.jpg --target clip.mkv --start 12.5 --end 20": (
        "--start 0.04 --end 0.2",
        (),
    ),
    "python tools/swap.py --source samples/source.jpg --target clip.mp4 --codec h265 --quality 24": (
        "--output h265.mp4",
        (),
    ),
    "python tools/prepare_data.py photos/ --output data/faces": ("--workers 0", ()),
    "python tools/prepare_data.py --synthetic 2000 --output data/faces": (
        "--synthetic 1 --workers 0 --output data/generated",
        (),
    ),
    "python tools/prepare_data.py --synthetic 2000 --views 1 --output data/faces": (
        "--synthetic 1 --workers 0 --output data/views",
        (),
    ),
    "python tools/prepare_data.py VGGFace2.zip clips/ more.tar.gz --output data/faces --workers 16": (
        "--workers 0 --output data/mixed",
        (),
    ),
    "python tools/make_pairs.py -c configs/distill.yml --output data/pairs --count 100000": (
        "--count 2 --workers 0 -o data.size=64",
        ("python tools/prepare_data.py photos/ --output data/faces",),
    ),
    "python tools/train.py -c configs/distill_128.yml -o data.faces=data/faces": (
        SHORT,
        ("python tools/prepare_data.py photos/ --output data/faces",),
    ),
    "python tools/train.py -c configs/distill_128.yml --resume": (
        f"{SHORT} -o run.steps=2",
        ("python tools/train.py -c configs/distill_128.yml -o data.faces=data/faces",),
    ),
    "python tools/train_quality.py -c configs/quality.yml": (
        SHORT_Q,
        ("python tools/prepare_data.py photos/ --output data/faces",),
    ),
    "python tools/train_occlusion.py -c configs/occlusion.yml": (
        "-o run.steps=1 -o run.batch=2 -o run.judged=1 -o data.held_out=photos",
        ("python tools/prepare_data.py photos/ --output data/faces",),
    ),
}

# beginning of a command -> the test that runs the same with data of its own. The longest beginning counts, and every
# option of the command has to stand in that test, see `lacking`.
ELSEWHERE = {
    "python tools/make_forensics_set.py -c configs/forensics.yml": (
        "tests/data/test_forensics.py::test_splits_share_nobody_and_reasons_are_kept"
    ),
    "python tools/train_detector.py data/forensics": "tests/engine/test_detector.py::test_learns_a_blurred_face",
    "make demo": "tests/test_install.py::test_demo",
    "make test": "tests/tools/test_makefile.py::test_set_up_once_and_again_when_requirements_change",
    "make test-slow": "tests/tools/test_makefile.py::test_set_up_once_and_again_when_requirements_change",
    "make test-deploy": "tests/tools/test_makefile.py::test_set_up_once_and_again_when_requirements_change",
    "make results": "tests/tools/test_makefile.py::test_set_up_once_and_again_when_requirements_change",
    "make soak": "tests/test_soak.py::test_each_becomes_a_right_result_or_one_line",
    "make lint": "tests/tools/test_makefile.py::test_set_up_once_and_again_when_requirements_change",
    "make setup": "tests/tools/test_makefile.py::test_an_interrupted_set_up_starts_afresh",
    "make train-smoke": "tests/tools/test_train.py::test_smoke_run_trains_and_leaves_everything",
    "pip install -e .[web]": "tests/test_docs.py::test_extras_are_there",
    "python tools/web.py": "tests/tools/test_web.py::test_picture",
    "python tools/live.py": "tests/tools/test_live.py::test_recording_without_a_window",
    "python tools/swap.py --source samples/source.jpg --target samples/target.jpg": (
        "tests/tools/test_swap.py::test_one_picture"
    ),
    "python tools/swap.py --source samples/source.jpg --target samples/target.jpg --compare": (
        "tests/tools/test_swap.py::test_default_name_and_compare"
    ),
    "python tools/swap.py --source samples/source.jpg --target samples/faces --skip-existing": (
        "tests/tools/test_swap.py::test_folder_goes_on_and_resumes"
    ),
    "python tools/anonymise.py": "tests/tools/test_anonymise.py::test_same_faces_over_two_clips",
    "python tools/export.py": "tests/tools/test_export.py::test_export",
    "python tools/export_lite.py --source samples/source.jpg": "tests/tools/test_export_lite.py::test_all_targets",
    "python tools/export_lite.py --source samples/source.jpg --target arm,npu --precision int8": (
        "tests/tools/test_export_lite.py::test_int8"
    ),
    "python tools/export_lite.py --source samples/source.jpg --target arm,npu --precision int8 --explain": (
        "tests/tools/test_export_lite.py::test_int8_explains_every_layer"
    ),
    "python tools/export_lite.py --source samples/source.jpg --target arm --precision fp16": (
        "tests/tools/test_export_lite.py::test_fp16"
    ),
    "python tools/export_lite.py --source samples/source.jpg --target arm --precision int8 --calibration": (
        "tests/tools/test_export_lite.py::test_int8_calibrated_on_a_folder"
    ),
    "python tools/export_lite.py --source samples/source.jpg --upsampling aligned": (
        "tests/tools/test_export_lite.py::test_the_public_network_on_a_phone"
    ),
    "python tools/export_lite.py --source samples/source.jpg --occlusion": (
        "tests/tools/test_export_lite.py::test_occlusion_too"
    ),
    "python tools/push_android.py --source samples/source.jpg --app": (
        "tests/tools/test_push_android.py::test_a_new_bundle_for_the_shell_program_and_the_app"
    ),
    "python tools/export_lite.py --bundle phone.zip": "tests/export/test_bundle.py::made",
    "python tools/export_lite.py --bundle small.zip": "tests/tools/test_export_lite.py::test_a_bundle_of_one_face",
    "python tools/benchmark.py deploy": "tests/deploy/core/test_benchmark.py::measured",
    "python tools/benchmark.py peers": "tests/tools/test_benchmark.py::test_peers",
    "python tools/compare.py": "tests/tools/test_compare.py::test_three_folders",
    "python tools/benchmark.py bundle": "tests/tools/test_benchmark.py::test_bundle",
    "python tools/benchmark.py": "tests/tools/test_benchmark.py::test_without_a_command_it_is_swap",
    "python tools/benchmark.py export": "tests/tools/test_benchmark.py::test_export",
    "python tools/benchmark.py video": "tests/tools/test_benchmark.py::test_video",
    "python tools/benchmark.py live": "tests/tools/test_benchmark.py::test_live",
    "python tools/benchmark.py tracking": "tests/tools/test_benchmark.py::test_tracking",
    "python tools/benchmark.py training": "tests/tools/test_benchmark.py::test_training",
    "python tools/benchmark.py int8": "tests/tools/test_benchmark.py::test_int8",
    "python tools/benchmark.py upsampling": "tests/tools/test_benchmark.py::test_upsampling",
    "python tools/train.py -c configs/distill.yml": "tests/test_shipped_configs.py::test_two_steps",
    "python tools/train.py -c configs/finetune_224.yml": "tests/test_shipped_configs.py::test_two_steps",
    "python tools/train.py -c configs/reverse.yml": "tests/test_shipped_configs.py::test_two_steps",
    "python tools/train.py -c configs/distill.yml --resume": (
        "tests/tools/test_train.py::test_ctrl_c_saves_and_resume_goes_on"
    ),
    "python tools/train.py -c configs/distill.yml -o data.pairs=data/pairs": (
        "tests/tools/test_prepare_data.py::test_training_on_shards_and_on_stored_pairs"
    ),
    "python tools/train.py -c configs/model/idn_mobile.yml": "tests/test_shipped_configs.py::test_two_steps",
    "python -m paddle.distributed.launch": (
        "tests/engine/test_distributed.py::test_two_processes_are_one_with_two_batches_a_step"
    ),
    "python tools/train.py -c configs/distill.yml -o teacher.name=simswap": (
        "tests/teachers/test_networks.py::test_a_step_of_training_by_simswap"
    ),
    "python tools/convert_weights.py simswap": (
        "tests/teachers/test_networks.py::test_the_command_converts_every_network"
    ),
    "python tools/convert_weights.py simswap_arcface": (
        "tests/teachers/test_networks.py::test_the_command_converts_every_network"
    ),
    "python tools/convert_weights.py faceshifter": (
        "tests/teachers/test_networks.py::test_the_command_converts_every_network"
    ),
    "python tools/convert_weights.py faceshifter_arcface": (
        "tests/teachers/test_networks.py::test_the_command_converts_every_network"
    ),
    "python tools/train_quality.py -c configs/quality.yml --sheet": (
        "tests/tools/test_train_quality.py::test_degradations_then_resume_then_sheet"
    ),
    "python tools/train_occlusion.py -c configs/occlusion.yml --sheet": (
        "tests/tools/test_train_occlusion.py::test_a_sheet_and_one_line_errors"
    ),
    "python tools/ablate.py": "tests/engine/test_ablation.py::test_two_configs_are_compared_and_resumed",
    "python tools/personalize.py --source a1.jpg a2.jpg": (
        "tests/engine/test_personalize.py::test_two_photos_are_refined_and_the_file_swaps"
    ),
    "python tools/convert_weights.py inception": (
        "tests/metrics/test_distributions.py::test_the_original_graph_and_torchmetrics_agree"
    ),
    "python tools/convert_weights.py cosface20": (
        "tests/tools/test_evaluate_protocol.py::test_the_surveys_protocol_with_networks_of_its_kind"
    ),
    "python tools/evaluate.py -c configs/evaluate/heldout.yml --method ours mesh none": (
        "tests/tools/test_evaluate_protocol.py::test_a_report_in_three_files"
    ),
    "python tools/evaluate.py -c configs/evaluate/heldout.yml -o": (
        "tests/metrics/test_distributions.py::test_the_original_graph_and_torchmetrics_agree"
    ),
    "python tools/evaluate.py -c configs/evaluate/folders.yml": (
        "tests/tools/test_evaluate_protocol.py::test_one_pair_by_the_command"
    ),
    "python tools/evaluate.py -c configs/evaluate/survey.yml": (
        "tests/tools/test_evaluate_protocol.py::test_the_surveys_protocol_with_networks_of_its_kind"
    ),
    "python tools/evaluate.py": "tests/tools/test_evaluate.py::test_four_pairs_end_to_end",
    "python tools/evaluate.py --faces samples/heldout samples/hard": (
        "tests/tools/test_evaluate.py::test_several_sets_make_one_table"
    ),
    "python tools/evaluate.py --weights output/distill_128/mfs.pdparams --size 128": (
        "tests/tools/test_evaluate.py::test_another_crop_size_is_measured_at_224"
    ),
}


def elsewhere(command):
    """The entry of ELSEWHERE that a command begins with, word by word; None without one."""
    fitting = [start for start in ELSEWHERE if f"{command} ".startswith(f"{start} ")]
    return max(fitting, key=len, default=None)


def lacking(command, test):
    """What of a command does not stand in a test, "FILE::NAME", or the functions of that file it uses: its options,
    the KEY= of its settings, and what it names before its first option ("int8" of benchmark.py int8)."""
    words = shlex.split(command)
    wanted = [word for word in words if word.startswith("--")]
    wanted += [f"{value.partition('=')[0]}=" for word, value in zip(words, words[1:]) if word == "-o"]
    named = itertools.takewhile(lambda word: not word.startswith("-"), words[2:])
    wanted += [word for word in named if words[0] == "python" and word.isidentifier()]
    file, _, name = test.partition("::")
    text = (ROOT / file).read_text(encoding="utf-8")
    functions = {
        node.name: "\n".join(ast.unparse(part) for part in [*node.decorator_list, node])
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef)
    }
    known = functions.get(name, "")
    known += "".join(body for other, body in functions.items() if re.search(rf"\b{other}\b", known))
    return [
        word
        for word in wanted
        if not re.search(rf"(?<![\w.-]){re.escape(word)}" + ("" if word.endswith("=") else r"(?![\w-])"), known)
    ]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A working folder with what the documents name as a user's own: clips, photos, archives."""
    folder = tmp_path_factory.mktemp("docs")
    for name in ("tools", "samples", "configs", "weights"):
        (folder / name).symlink_to(ROOT / name)
    faces = sorted((ROOT / "samples" / "faces").glob("*.jpg"))
    for name, picture in zip(("anna.jpg", "ben.jpg", "a.jpg", "b.jpg"), [ROOT / "samples" / "target.jpg", *faces]):
        shutil.copy(picture, folder / name)
    for name in ("photos", "clips"):
        (folder / name).mkdir()
    for picture in faces[:6]:
        shutil.copy(picture, folder / "photos")
    write_clip(folder / "clip.mp4")
    for name in ("clip.mov", "clip.mkv", "party.mp4", "clips/one.mp4"):
        write_clip(folder / name)
    with zipfile.ZipFile(folder / "VGGFace2.zip", "w") as archive:
        archive.write(faces[6], "train/n000001/0001_01.jpg")
    with tarfile.open(folder / "more.tar.gz", "w:gz") as archive:
        archive.add(faces[7], "more/1.jpg")
    return folder


def write_clip(path, frames=8):
    """samples/target.jpg, still, at 25 frames a second and 160 px."""
    import av

    from paddle_mfs.face.image import read_image

    picture = av.VideoFrame.from_ndarray(read_image(ROOT / "samples" / "target.jpg"), "rgb24")
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.width = stream.height = 160
        stream.pix_fmt = "yuv420p"
        for number in range(frames):
            frame = picture.reformat(160, 160, "yuv420p")
            frame.pts = number
            output.mux(stream.encode(frame))
        output.mux(stream.encode())


@pytest.fixture(scope="module")
def run(place):
    """run(command) runs it short, after what it needs and once; fails with what it said."""
    ran = set()

    def once(command):
        if command in ran:
            return
        more, after = HERE[command]
        for earlier in after:
            once(earlier)
        words = [sys.executable, *shlex.split(command)[1:], *shlex.split(more)]
        paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        done = subprocess.run(
            words, cwd=place, env={**os.environ, "PYTHONPATH": paths}, text=True, capture_output=True, timeout=600
        )
        assert done.returncode == 0, f"{shlex.join(words)}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        ran.add(command)

    return once


@pytest.mark.parametrize("command", COMMANDS)
def test_is_run_somewhere(command):
    assert command in HERE or elsewhere(command), (
        f"{COMMANDS[command]}: {command}: add it to HERE or to ELSEWHERE of tests/test_docs.py"
    )


@pytest.mark.parametrize("command", [command for command in COMMANDS if command not in HERE and elsewhere(command)])
def test_the_other_test_has_its_options(command):
    test = ELSEWHERE[elsewhere(command)]
    missing = lacking(command, test)
    assert not missing, f"{COMMANDS[command]}: {command}: {test} runs it without {', '.join(missing)}"


def test_an_option_that_a_test_lacks_is_told():
    command, test = "python tools/export.py --source samples/source.jpg", "tests/tools/test_export.py::test_export"
    assert lacking(command, test) == []
    assert lacking(f"{command} --sou -o run.steps=1", test) == ["--sou", "run.steps="]
    assert lacking("python tools/benchmark.py int8 --crops 2", "tests/tools/test_benchmark.py::test_int8") == []
    assert lacking("python tools/benchmark.py int4", "tests/tools/test_benchmark.py::test_int8") == ["int4"]


@pytest.mark.parametrize("entry", ELSEWHERE)
def test_the_other_test_is_there_and_the_entry_is_used(entry):
    file, _, name = ELSEWHERE[entry].partition("::")
    defined = {node.name for node in ast.parse((ROOT / file).read_text()).body if isinstance(node, ast.FunctionDef)}
    assert name in defined, f"{file}: has no {name}, which is to run {entry}"
    assert entry in {elsewhere(command) for command in COMMANDS if command not in HERE}, f"{entry}: no document has it"


@pytest.mark.parametrize("command", HERE)
def test_runs(run, command):
    assert command in COMMANDS, f"{command}: no document has it any more"
    run(command)


def test_what_is_read_is_there_or_made_by_a_command():
    """Files of the repository exist; data/... and output/... are what another command writes, in configs too."""
    made = {word for command in COMMANDS for word in re.findall(r"--(?:output|out) (\S+)", command)}
    configs = {path: yaml.safe_load(path.read_text()) for path in (ROOT / "configs").rglob("*.yml")}
    made |= {config["run"]["output"] for config in configs.values() if "output" in config.get("run", {})}

    def is_made(path):
        return any(path == other or path.startswith(f"{other}/") for other in made)

    for command, document in COMMANDS.items():
        read = re.sub(r"--(?:output|out|record|(?:worst-)?sheet) \S+", "", command)
        for word in re.split(r"[ =]", read):
            if word.startswith(("samples/", "configs/", "weights/", "tools/", "tests/")):
                assert list(ROOT.glob(word)), f"{document}: {command}: {word} is not there"
            elif word.startswith(("data/", "output/")):
                assert is_made(word), f"{document}: {command}: no command makes {word}"
    for path, config in configs.items():
        faces = config.get("data", {}).get("faces")
        assert faces is None or is_made(faces) or (ROOT / faces).exists(), f"{path}: no command makes {faces}"


def test_extras_are_there():
    """`pip install -e .[NAME]` of every text names an extra of pyproject.toml."""
    import tomli

    extras = tomli.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = {
        name.strip()
        for path in [*TEXTS, *(ROOT / "paddle_mfs").rglob("*.py")]
        for group in re.findall(r"pip install -e [\"'\\]*\.\[([\w, ]+)\]", path.read_text(encoding="utf-8"))
        for name in group.split(",")
    }
    assert "web" in named and named <= extras.keys()


def test_commands_are_found():
    text = "Say\n\n    python tools/a.py --b \\\n        --c\n\n```sh\npip install x && make d   # e\n```\n"
    assert list(commands(text)) == ["pip install x", "make d", "python tools/a.py --b --c"]
