"""Settings files: bases, overrides, and one readable line for every mistake."""

import pytest

from paddle_mfs.utils.config import Config, load_config
from paddle_mfs.utils.errors import UserError


@pytest.fixture
def files(tmp_path):
    (tmp_path / "base.yml").write_text(
        "train:\n  lr: 4e-4\n  steps: 100\n  amp: false\n  name: run\n  resume: null\n  sizes: [1, 2]\nextra: {}\n"
    )
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "child.yml").write_text("_base_: ../base.yml\ntrain:\n  steps: 7\nextra:\n  anything: 1\n")
    return tmp_path


def test_base_is_merged_and_read_as_attributes(files):
    config = load_config(files / "sub" / "child.yml")
    assert config.train.lr == 4e-4 and isinstance(config.train.lr, float)
    assert config.train.steps == 7 and config["train"]["amp"] is False
    assert config.extra == {"anything": 1} and "_base_" not in config
    assert isinstance(config, dict) and type(config.to_dict()["train"]) is dict
    config.train.steps = 8
    assert config["train"]["steps"] == 8
    with pytest.raises(AttributeError, match="stepz"):
        _ = config.train.stepz


def test_overrides_are_parsed_as_literals(files):
    config = load_config(
        files / "base.yml",
        [
            "train.lr=1e-3",
            "train.steps=1e3",
            "train.amp=true",
            "train.name=a=b",
            "train.resume=run/last",
            "train.sizes=[3]",
            "extra.new=5",
        ],
    )
    assert config.train == {"lr": 1e-3, "steps": 1000, "amp": True, "name": "a=b", "resume": "run/last", "sizes": [3]}
    assert type(config.train.steps) is int and config.extra.new == 5
    assert load_config(files / "base.yml", ["train.lr=1"]).train.lr == 1.0
    assert load_config(files / "base.yml", ["train={steps: 3}"]).train.steps == 3


def test_override_is_never_evaluated(files):
    config = load_config(files / "base.yml", ["train.name=__import__('os').getcwd()"])
    assert config.train.name == "__import__('os').getcwd()"
    with pytest.raises(UserError, match="not valid YAML"):
        load_config(files / "base.yml", ["train.name=!!python/object/apply:os.getcwd []"])


@pytest.mark.parametrize(
    "override, told",
    [
        ("train.step=1", "unknown key train.step; did you mean train.steps?"),
        ("trian.lr=1", "unknown key trian.lr; did you mean train.lr?"),
        ("lr=1", "did you mean train.lr?"),
        ("train.steps.x=1", "train.steps is a whole number, not a section"),
        ("train.steps", "expected key=value"),
        ("train.steps=many", "must be a whole number"),
        ("train.steps=1.5", "must be a whole number"),
        ("train.steps=true", "must be a whole number"),
        ("train.amp=1", "must be true or false"),
        ("train.lr=null", "must be a number"),
        ("train=3", "must be a section"),
        ("train.sizes=[1", "not valid YAML"),
    ],
)
def test_bad_override_is_one_line(files, override, told):
    with pytest.raises(UserError) as error:
        load_config(files / "base.yml", [override])
    assert told in str(error.value) and override in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    "text, told",
    [
        ("_base_: base.yml\ntrain:\n  stpes: 3\n", "unknown key train.stpes; did you mean train.steps?"),
        ("_base_: base.yml\ntrain:\n  steps: fast\n", "train.steps must be a whole number"),
        ("_base_: base.yml\ntrain: 3\n", "train must be a section"),
        ("_base_: gone.yml\n", "gone.yml: cannot be read"),
        ("_base_: bad.yml\n", "is its own _base_"),
        ("_base_: [base.yml]\n", "_base_ must be a file name"),
        ("a: [1\n", "not valid YAML line 2"),
        ("a: 1\na: 2\n", "written twice"),
        ("1: 2\n", "is not a word"),
        ("- a\n- b\n", "holds a list"),
    ],
)
def test_bad_file_is_one_line(files, text, told):
    (files / "bad.yml").write_text(text)
    with pytest.raises(UserError) as error:
        load_config(files / "bad.yml")
    assert told in str(error.value) and str(files) in str(error.value) and "\n" not in str(error.value)


def test_missing_and_binary_files(files):
    with pytest.raises(UserError, match="none.yml: cannot be read"):
        load_config(files / "none.yml")
    (files / "binary.yml").write_bytes(b"\x89PNG\xff\xfe\x00")
    with pytest.raises(UserError, match="binary.yml"):
        load_config(files / "binary.yml")


def test_config_wraps_lists_of_sections():
    config = Config({"losses": [{"name": "rec", "weight": 30}]})
    assert config.losses[0].name == "rec" and config.to_dict() == {"losses": [{"name": "rec", "weight": 30}]}


def test_nested_aliases_and_brackets_are_one_line(tmp_path):
    """Small files that stand for billions of values, hold themselves, or are nested without end."""
    laughs = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 10)
    )
    for number, (text, told) in enumerate(
        ((laughs, "aliases"), ("a: &a [*a]\n", "aliases"), ("a: " + "[" * 5000, "nested too deeply|not valid YAML"))
    ):
        path = tmp_path / f"{number}.yml"
        path.write_text(text)
        with pytest.raises(UserError, match=f"{path.name}: .*({told})"):
            load_config(path)
    path.write_text("a: &a [1, 2]\nb: *a\n")
    assert load_config(path) == {"a": [1, 2], "b": [1, 2]}, "an alias as people use them"
