"""The constants that deploy.json takes from the package."""

import json

import numpy as np

from paddle_mfs.export.deploy_json import SCENE_CUT, TRACK, TRACKER, constants
from paddle_mfs.face import scene_cut, track, tracker
from paddle_mfs.face.detect import ANCHORS
from paddle_mfs.face.one_euro import OneEuro
from paddle_mfs.face.regions import five_points


def test_they_are_json_and_those_of_the_package():
    groups = json.loads(json.dumps(constants(112)))
    assert list(groups) == ["detector", "mesh", "crop", "encoder_crop", "light", "paste", "track"]
    assert sum(cells * cells * each for cells, each in groups["detector"]["anchors"]) == len(ANCHORS)
    assert groups["track"]["lost_seconds"] == tracker.LOST_SECONDS and groups["track"]["every"] == 10
    assert vars(OneEuro()).items() >= groups["track"]["one_euro"].items() and len(groups["track"]["one_euro"]) == 4
    assert groups["light"]["known"] == [90, 70, 60] and groups["light"]["darkest"] == 2
    assert groups["light"]["bright"] == 150
    assert groups["crop"]["size"] == 224 and groups["encoder_crop"] == {"size": 112, "network": 112}


def test_five_points_are_the_means_of_the_landmarks_listed():
    landmarks = np.random.RandomState(0).rand(468, 3).astype(np.float32)
    means = [landmarks[indices, :2].mean(0) for indices in constants(112)["mesh"]["five"]]
    assert np.allclose(means, five_points(landmarks))


def test_no_constant_of_tracking_is_forgotten():
    others = {"SAME_APPEARANCE", "MAX_PART"}  # imported; of the search for newcomers, which phones do not make
    assert {name for name in vars(tracker) if name.isupper()} - others == set(TRACKER)
    assert {name for name in vars(track) if name.isupper()} - {"MIN_FACE"} == set(TRACK)  # that is imported
    assert {name for name in vars(scene_cut) if name.isupper()} == set(SCENE_CUT)
