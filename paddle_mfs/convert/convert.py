"""Converts one network of the table to `<name>.pdparams` with its card."""

from pathlib import Path

import numpy as np

from paddle_mfs.convert import networks
from paddle_mfs.convert.graph import named_parameters, parameters_in_order, read_arrays, read_graph
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import sha256
from paddle_mfs.weights import card_path, load_state, read_card, save_state, write_card


def source_folder(root, folder):
    """`root`/`folder`, or `root` itself when it is the folder of the network."""
    root = Path(root)
    if not root.is_dir():
        raise UserError(f"{root}: no such folder; give the folder that holds the networks with --from")
    is_it = root.name == folder or any((root / file).is_file() for file in ("weights.npz", "graph.json"))
    return root if is_it else root / folder


def present(root):
    """Names of the networks whose folders lie in `root`. Raises UserError when there is none."""
    root = Path(root)
    if not root.is_dir():
        raise UserError(f"{root}: no such folder; give the folder that holds the networks with --from")
    folders = {name: network.folder for name, network in networks.NETWORKS.items()}
    folders[networks.GENERATOR] = networks.GENERATOR_FOLDER
    names = [name for name, folder in folders.items() if (root / folder).is_dir()]
    if not names:
        raise UserError(f"{root}: holds no folder of a known network; expected one of {', '.join(folders.values())}")
    return names


def convert_network(name, root, out, faces=None, half=True):
    """Convert a fixed network.

    Args:
        name: a key of networks.NETWORKS.
        root: folder with the network's folder in it, or that folder.
        out: folder to write `<name>.pdparams` and `<name>.json` to.
        faces: (N, 224, 224, 3) aligned faces on which float16 is compared with float32; the bundled ones without.
        half: store float16 where nothing is lost (convert/precision.py: LIMITS); False keeps float32.
    Returns: (path, card). Raises UserError for a missing or damaged source.
    """
    from paddle_mfs.convert.precision import half_cost, read_faces
    from paddle_mfs.models import create_model

    network = networks.NETWORKS[name]
    folder = source_folder(root, network.folder)
    graph, arrays = read_graph(folder), read_arrays(folder)
    layer = create_model(name)
    expected = {key: value.shape for key, value in layer.state_dict().items()}
    state = named_parameters(expected, parameters_in_order(graph, arrays, network.outputs, folder), folder)
    nothing_lost, cost = half_cost(name, layer, state, read_faces() if faces is None else faces)
    half = half and nothing_lost
    path = Path(out) / f"{name}.pdparams"
    save_state(path, state, half=half)
    card = {
        "name": name,
        "title": network.title,
        "origin": network.origin,
        "licence": network.licence,
        "licence_note": network.licence_note,
        "paper": network.paper,
        "input": network.input,
        "outputs": network.returns,
        "parameters": int(sum(value.size for value in state.values())),
        "stored_as": "float16" if half else "float32",
        "verified": {
            "float32_against_original_graph": {
                "largest_difference": network.parity,
                "measured": "once, against an interpreter of that graph on generated faces; not repeated at conversion",
            },
            **cost,
        },
    }
    write_card(path, card)
    return path, card


def write_generator(path, state, facts, half=True):
    """Write a swap network (IIN, IDN and mask, public parameter names) with its card.

    Args:
        state: {name: array}.
        facts: what is particular to these weights: at least `origin`, `made` and `scores` (each score with the set it was
            measured on). They come after the common part of the card and may replace entries of it.
        half: store float16; the cost belongs in `facts["precision"]`.
    Returns: the card. Raises UserError when a needed fact is missing.
    """
    missing = {"origin", "made", "scores"} - facts.keys()
    if missing:
        raise UserError(f"{path}: its card needs {', '.join(sorted(missing))}; give them in facts")
    save_state(path, state, half=half)
    card = {
        "name": Path(path).stem,
        "title": "MobileFaceSwap: identity injection network, identity-driven swap network and mask",
        "licence": networks.GENERATOR_LICENCE,
        "licence_note": networks.GENERATOR_LICENCE_NOTE,
        "paper": "https://arxiv.org/abs/2201.03808",
        "input": "target (N, 3, 224, 224) RGB in [0, 1]; source (N, 3, 112, 112) RGB in [-1, 1] to mobilefacenet; "
        "both aligned to the ArcFace template; embedding of unit length",
        "outputs": {"result": "(N, 3, 224, 224) RGB in [0, 1]", "mask": "(N, 1, 224, 224) in [0, 1]"},
        "parameters": int(sum(np.prod(value.shape, dtype=np.int64) for value in state.values())),
        "stored_as": "float16" if half else "float32",
        **facts,
    }
    write_card(path, card)
    return card


def convert_mobile(root, out, faces=None):
    """Convert a training run's mobile variant (`mfs.pdparams` and card) to what differs from `out`/mfs_224.pdparams.

    Returns (path, card). Raises UserError for a missing or damaged source, and for a run without a card or of the other form.
    """
    from paddle_mfs.models.mfs import MOBILE_ENTRY

    trained, under = Path(root) / "mfs.pdparams", Path(out) / f"{networks.GENERATOR}.pdparams"
    below = load_state(under)
    state, facts, half = _trained(trained, faces)
    if MOBILE_ENTRY not in state:
        raise UserError(f"{trained}: is not of the mobile variant; train with configs/model/idn_mobile.yml")
    stored = np.float16 if half else np.float32
    changed = {
        name: value
        for name, value in state.items()
        if name not in below or not np.array_equal(value.astype(stored), below[name].astype(stored))
    }
    path = Path(out) / f"{networks.MOBILE}.pdparams"
    return path, write_generator(path, changed, {**facts, "over": {"file": under.name, "sha256": sha256(under)}}, half)


def convert_generator(root, out, faces=None):
    """Convert a swap network, its names unchanged: our first one (`weights.npz`), or a training run's (`mfs.pdparams` and card).

    Returns (path, card). Raises UserError for a missing or damaged source, and for a run without a card.
    """
    path = Path(out) / f"{networks.GENERATOR}.pdparams"
    trained = Path(root) / "mfs.pdparams"
    if trained.is_file():
        return path, write_generator(path, *_trained(trained, faces))
    arrays = read_arrays(source_folder(root, networks.GENERATOR_FOLDER))
    lossless = all(np.array_equal(value.astype(np.float16).astype(value.dtype), value) for value in arrays.values())
    return path, write_generator(path, arrays, networks.GENERATOR_MADE, half=lossless)


def _trained(path, faces):
    """State, facts and "may be stored as float16" of a training run's weights."""
    from paddle_mfs.convert.precision import read_faces, swap_half_cost

    state, card = load_state(path), read_card(path)
    if "made" not in card:
        raise UserError(
            f"{card_path(path)}: no card of a training run; weights whose origin is unknown are not bundled"
        )
    nothing_lost, cost = swap_half_cost(state, read_faces() if faces is None else faces)
    facts = {
        "origin": card.get("origin", "trained by this repository's tools/train.py"),
        "made": card["made"],
        "started_from": card["started_from"],
        "trained_sha256": card["sha256"],
        "scores": "see heldout (tools/evaluate.py --update-card)",
        "precision": cost,
    }
    return state, facts, nothing_lost
