"""The registry: a name is taken once, an unknown one is told with the nearest."""

import pytest

from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.registry import Registry


def test_names_are_taken_once():
    registry = Registry("model")

    @registry.register("idn")
    class First:
        def __init__(self, size=1):
            self.size = size

    assert registry.create("idn", size=3).size == 3 and registry.names() == ["idn"]
    with pytest.raises(ValueError, match="already registered"):
        registry.register("idn")(type("Second", (), {}))
    assert registry.get("idn") is First


def test_unknown_name_is_one_line_with_the_nearest():
    registry = Registry("model")
    registry.register("mobilefacenet")(object)
    with pytest.raises(UserError, match="did you mean mobilefacenet"):
        registry.create("mobilefacent")
