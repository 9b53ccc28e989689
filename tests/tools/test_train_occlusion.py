"""tools/train_occlusion.py the way a user runs it; its training is run by tests/test_docs.py."""

from paddle_mfs.face.image import read_image
from paddle_mfs.provenance import read_provenance


def test_a_sheet_and_one_line_errors(run_script, root, samples, tmp_path):
    sheet = tmp_path / "covered.png"
    common = ["-c", root / "configs/occlusion.yml", "-o", f"data.held_out={samples / 'faces'}"]
    done = run_script("train_occlusion", *common, "--sheet", sheet, "--faces", 4)
    assert done.returncode == 0 and "4 faces, crop | truth | found" in done.stdout, done.stderr
    assert read_image(sheet).shape == (2 * 132, 3 * 336, 3) and read_provenance(sheet)["synthetic"]
    wrong = run_script("train_occlusion", *common, "-o", "data.objects=2")
    assert wrong.returncode == 2 and wrong.stderr.count("\n") == 1 and "data.objects is 2.0" in wrong.stderr
