"""What is told of many jobs in the end."""

from pathlib import Path

from paddle_mfs.apps.batch import ROWS, table
from paddle_mfs.apps.plan import Job


def test_table():
    jobs = [
        Job(Path("a.jpg"), Path("output/a.png"), status="written"),
        Job(Path("long name.jpg"), Path("output/l.png"), status="kept"),
        Job(Path("c.jpg"), Path("output/c.png"), status="failed", reason="c.jpg: is empty"),
    ]
    rows = table(jobs).splitlines()
    assert rows[0].split() == ["target", "status", "output"] and rows[1].split() == ["a.jpg", "written", "output/a.png"]
    assert len({row.index(word) for row, word in zip(rows, ("status", "written", "kept", "failed"))}) == 1
    assert rows[3].endswith("c.jpg: is empty")
    assert rows[-1] == "1 written, 1 kept from before, 1 failed"
    many = table(jobs[:1] * ROWS + jobs[2:]).splitlines()
    assert len(many) == 3 and "is empty" in many[1] and many[2].startswith(f"{ROWS} written")
    assert table(jobs[:1] * (ROWS + 1)) == f"{ROWS + 1} written, 0 kept from before, 0 failed"
