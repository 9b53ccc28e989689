"""tools/results.py: what it refuses, and its parts. tests/engine/test_ablation.py makes the whole page."""

from paddle_mfs.engine.results import ablation_configs, title


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
    assert title(folder / "no_adversarial.yml") == "Without L_adv."
    assert all(title(path).endswith(".") for path in found)  # whole sentences


def test_a_group_of_which_nothing_is_known_is_last():
    from paddle_mfs.metrics.summary import groups_table

    known = {"id_distance": {"value": 0.5, "low": 0.4, "high": 0.6, "count": 2}, "count": 2}
    groups = {"turn": {"a": {"count": 1}, "b": known}}
    rows = groups_table({"metrics": known, "groups": groups}).splitlines()[2:]
    assert [row.split("|")[1].strip() for row in rows] == ["all", "turn: a", "turn: b"]
