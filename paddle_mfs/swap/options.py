"""How a face is swapped: what users may choose."""

from dataclasses import dataclass

from paddle_mfs.utils.numbers import check_number


@dataclass(frozen=True)
class SwapOptions:
    """How a face is swapped.

    strength 0..1.5: how far the identity goes from the target's own (0) to the source's (1) and beyond.
    colour_match 0..1: how much of the target's colour (Lab mean, contrast of L) the painted face takes on, beyond what
        the network gives it.
    keep_mouth: size of what stays the target's of an open mouth (teeth, tongue): 0 nothing, 1 (or True) as far as the
        lips' inner edge, at most 2.
    keep_eyes: likewise of the eyes, with their lashes.
    keep_objects: what lies before the face stays: hands, hair, cups, masks, see `face.occlusion`.

    Raises: UserError for a value out of range.
    """

    strength: float = 1.0
    colour_match: float = 0.0
    keep_mouth: float = 0.0
    keep_objects: bool = False
    keep_eyes: float = 0.0

    def __post_init__(self):
        for name, most in (("strength", 1.5), ("colour_match", 1), ("keep_mouth", 2), ("keep_eyes", 2)):
            value = getattr(self, name)
            is_switch = isinstance(value, bool) and name.startswith("keep")
            check_number(name.replace("_", "-"), int(value) if is_switch else value, 0, most)
