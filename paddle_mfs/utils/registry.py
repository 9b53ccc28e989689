"""A registry of classes by name; a name is taken once."""

from collections.abc import Callable
from typing import Any, TypeVar

from paddle_mfs.utils.errors import UserError, nearest

AnyClass = TypeVar("AnyClass", bound=type)


class Registry:
    """Names -> classes. `register` refuses a name already taken; `create` builds from a name and keyword arguments."""

    def __init__(self, kind: str):
        self.kind = kind
        self._classes: dict[str, type] = {}

    def register(self, name: str) -> Callable[[AnyClass], AnyClass]:
        def decorate(cls):
            if name in self._classes:
                raise ValueError(f"{self.kind} {name!r} is already registered by {self._classes[name].__module__}")
            self._classes[name] = cls
            return cls

        return decorate

    def names(self) -> list[str]:
        return sorted(self._classes)

    def get(self, name: str) -> type:
        if name not in self._classes:
            raise UserError(f"no {self.kind} named {name!r}; {nearest(name, self.names())}")
        return self._classes[name]

    def create(self, name: str, **kwargs: Any) -> Any:
        return self.get(name)(**kwargs)
