"""What a program on a phone has to know beside the networks: the constants of the Python package, for deploy.json."""

from __future__ import annotations

import inspect
from typing import Any

from paddle_mfs.face import (
    analysis,
    appearance,
    boxes,
    coarse,
    detail,
    detect,
    landmarks,
    light,
    paste,
    regions,
    track,
    tracker,
    views,
)
from paddle_mfs.face import scene_cut as cuts
from paddle_mfs.face.align import TEMPLATE_112
from paddle_mfs.face.one_euro import OneEuro
from paddle_mfs.models.idn import SIZE

TRACKER = ("FIRST_STEP", "LOST_SECONDS", "SEARCH_GAP", "IDLE_VIEWS")
TRACK = (
    "MAX_AHEAD",
    "MAX_LEAP",
    "MIN_FOLLOWED",
    "MIN_INSIDE",
    "SAME_APPEARANCE",
    "APPEARANCE_SECONDS",
    "DEAD_ZONE",
    "MAX_GROWTH",
    "REACH",
)
SCENE_CUT = ("SIDE", "REACH", "TOLERANCE", "BINS", "THRESHOLD", "SAME")


def constants(encoder_size: int) -> dict[str, Any]:
    """The groups "detector", "mesh", "crop", "encoder_crop", "light", "paste" and "track" of
    deploy.json.

    encoder_size: pixels, side of the encoder's input.
    """
    return {
        "detector": {
            "size": views.INPUT,
            "min_score": detect.MIN_SCORE,
            "sure": analysis.SURE,
            "anchors": [list(grid) for grid in detect.GRIDS],
            "same_iou": boxes.SAME_DETECTION_IOU,
        },
        "mesh": {
            "size": landmarks.INPUT,
            "min_presence": landmarks.MIN_PRESENCE,
            "region_scale": landmarks.ROI_SCALE,
            "min_face": analysis.MIN_FACE,
            "five": [
                regions.LEFT_EYE,
                regions.RIGHT_EYE,
                [regions.NOSE_TIP],
                [regions.MOUTH_LEFT],
                [regions.MOUTH_RIGHT],
            ],
            "eye_outer": [regions.EYE_LEFT_OUTER, regions.EYE_RIGHT_OUTER],
        },
        "crop": {"size": SIZE, "template_112": [[round(float(v), 4) for v in point] for point in TEMPLATE_112]},
        "encoder_crop": {"size": encoder_size, "network": encoder_size},
        "light": {
            "known": light.KNOWN.tolist(),
            "darkest": light.DARKEST,
            "bright": light.BRIGHT,
            "centre": list(light.CENTRE),
            "radii": list(light.RADII),
        },
        "paste": {
            "edge": paste.EDGE,
            "negligible": paste.NEGLIGIBLE,
            "painted": coarse.PAINTED,
            "detail": _named(detail, ("FINE", "AROUND", "NOISE", "GONE", "KEPT")),
        },
        "track": {
            **_named(tracker, TRACKER),
            **_named(track, TRACK),
            "every": _defaults(tracker.FaceTracker)["every"],
            "same_face_iou": boxes.SAME_FACE_IOU,
            "one_euro": _defaults(OneEuro),
            "scene_cut": _named(cuts, SCENE_CUT),
            "appearance": {"side": appearance.SIDE},
        },
    }


def _named(module, names):
    """{name in lower case: value} of a module's constants."""
    return {name.lower(): getattr(module, name) for name in names}


def _defaults(function):
    """{argument: default} of those arguments that have one."""
    parameters = inspect.signature(function).parameters.values()
    return {one.name: one.default for one in parameters if one.default is not inspect.Parameter.empty}
