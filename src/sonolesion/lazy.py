"""Names that a package lends from its modules and imports when they are first used."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module


def lend_names(package: str, homes: Mapping[str, Sequence[str]]) -> Callable[[str], object]:
    """Return the `__getattr__` of a package whose parts cost what they need themselves.

    Args:
        package: its `__name__`.
        homes: module below the package -> names that are taken from it.

    Returns:
        A function that gives the value of a name, and raises AttributeError for another one.
    """
    modules = {name: f"{package}.{module}" for module, names in homes.items() for name in names}

    def get(name: str) -> object:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(modules[name]), name)

    return get
