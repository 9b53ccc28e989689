"""A registry of classes by name; a name is taken once."""

import difflib

from paddle_mfs.utils.errors import UserError


class Registry:
    """Maps names to classes. `register` refuses a name already taken; `create` builds from a name and keyword arguments."""

    def __init__(self, kind):
        self.kind = kind
        self._classes = {}

    def register(self, name):
        def decorate(cls):
            if name in self._classes:
                raise ValueError(f"{self.kind} {name!r} is already registered by {self._classes[name].__module__}")
            self._classes[name] = cls
            return cls

        return decorate

    def names(self):
        return sorted(self._classes)

    def get(self, name):
        if name not in self._classes:
            near = difflib.get_close_matches(name, self._classes, 1)
            hint = f"; did you mean {near[0]}?" if near else f"; known: {', '.join(self.names())}"
            raise UserError(f"no {self.kind} named {name!r}{hint}")
        return self._classes[name]

    def create(self, name, **kwargs):
        return self.get(name)(**kwargs)
