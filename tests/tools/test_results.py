"""tools/results.py: the whole page on a few pairs and trainings of two steps, and what it refuses."""

import json

from PIL import Image

from paddle_mfs.engine.results import ablation_configs, titles

SMALL = ["data.size=64", "data.identities=2", "data.targets=1", "data.workers=0", "run.threads=1"]


def test_the_whole_page(run_script, root, samples, tmp_path):
    (tmp_path / "one").mkdir()
    for name, mask in (("full", "true"), ("no_fusion_mask", "false")):
        (tmp_path / "one" / f"{name}.yml").write_text(
            f"# Ablation. {name} in words.\n_base_: {root / 'configs' / 'smoke.yml'}\n"
            f"model:\n  fusion_mask: {mask}\nloss:\n  weights:\n    mask: 0.0\nrun:\n  steps: 2\n"
        )
    settings = [*SMALL, f"data.faces={samples / 'faces'}"]
    words = [
        *("-o", "count=2", "-o", "methods=[ours, none]"),
        *("-o", f"sets=[{samples / 'heldout'}, {samples / 'hard' / 'covered'}]"),
        *("-o", f"ablations.configs=[{tmp_path / 'one'}]", "-o", f"ablations.settings={json.dumps(settings)}"),
        *("-o", f"ablations.output={tmp_path / 'runs'}", "--reports", tmp_path / "reports"),
    ]
    done = run_script("results", *words, "--output", tmp_path / "page.md")
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "page.md").read_text()
    assert "python tools/results.py -o count=2" in text and "- `no_fusion_mask`: no_fusion_mask in words." in text
    reports = {path.stem: json.loads(path.read_text()) for path in (tmp_path / "reports").iterdir()}
    assert list(reports["networks"]["methods"]) == ["ours", "none"] and len(reports["ablations"]["methods"]) == 3
    distances = [one["metrics"]["id_distance"]["value"] for one in reports["ablations"]["methods"].values()]
    assert len(set(distances)) == 3 and all(f"{distance:.3f}" in text for distance in distances)
    sets = reports["groups"]["methods"]["ours"]["groups"]["set"]
    assert {name: one["count"] for name, one in sets.items()} == {"heldout": 2, "covered": 2}
    assert "set: covered" in text and f"{sets['covered']['id_distance']['value']:.3f}" in text
    assert Image.open(tmp_path / "page" / "networks.jpg").size == (4 * 224, 2 * 224)
    assert Image.open(tmp_path / "page" / "ablations.jpg").size == (5 * 224, 2 * 224)


def test_one_line_each(run_here, tmp_path):
    for words, told in (
        (["--output", tmp_path / "page.html"], "end it in .md"),
        (["-o", "protocol=nothing.yml"], "protocol is nothing.yml"),
        (["-o", "methods=[theirs]"], "weights:FILE or folder:DIR"),
        (["-o", "ablations.configs=[nowhere]"], "nowhere: no config there"),
        (["-o", "ablations.settings=[optimizer.lr=0]"], "optimizer.lr is 0"),
        (["-o", "sets=[]"], "sets is []"),
        (["-o", "methods=[weights:nothing.pdparams]", "-o", "ablations.configs=[]"], "nothing.pdparams"),
    ):
        done = run_here("results", *words, "--reports", tmp_path / "reports")
        assert done.returncode == 2 and told in done.stderr and done.stderr.count("\n") == 1, (words, done.stderr)
    assert not list(tmp_path.iterdir())


def test_configs_of_folders_come_once_and_in_order(root):
    folder = root / "configs" / "ablations"
    found = ablation_configs([folder / "full.yml", folder])
    assert [path.stem for path in found[:2]] == ["full", "cos_only"] and len(found) == len(list(folder.glob("*.yml")))
    assert titles(found)["no_adversarial"] == "Without L_adv."
    assert all(titles(found).values())


def test_a_group_of_which_nothing_is_known_is_last():
    from paddle_mfs.metrics.summary import groups_table

    known = {"id_distance": {"value": 0.5, "low": 0.4, "high": 0.6, "count": 2}, "count": 2}
    groups = {"turn": {"a": {"count": 1}, "b": known}}
    rows = groups_table({"metrics": known, "groups": groups}).splitlines()[2:]
    assert [row.split("|")[1].strip() for row in rows] == ["all", "turn: a", "turn: b"]
