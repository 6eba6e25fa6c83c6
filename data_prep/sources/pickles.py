"""Pickles that others published, read without running what is in them.

A pickle is a program. Only the constructors that a caller names are called; any other name in the file is refused.
"""

from __future__ import annotations

import pickle
from collections.abc import Set
from pathlib import Path
from typing import Any

Name = tuple[str, str]
"""A module, and what it defines."""
NUMPY: frozenset[Name] = frozenset(
    {
        *((f"numpy.{core}.multiarray", name) for core in ("core", "_core") for name in ("_reconstruct", "scalar")),
        *((f"numpy.{core}.numeric", "_frombuffer") for core in ("core", "_core")), ("numpy", "ndarray"), ("numpy", "dtype"),
    }
)  # fmt: skip
"""What arrays are made of, by numpy 1 and 2."""


class _Reader(pickle.Unpickler):
    allowed: Set[Name]
    whole: str

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self.allowed:
            raise pickle.UnpicklingError(f"it calls {module}.{name}, which is no part of {self.whole}")
        return super().find_class(module, name)


def load(path: Path, allowed: Set[Name], whole: str) -> Any:
    """The object in `path`; `whole` is what `allowed` are the parts of, in words.

    Raises:
        Exception: a damaged or a forbidden pickle raises anything.
    """
    with path.open("rb") as file:
        reader = _Reader(file)
        reader.allowed, reader.whole = allowed, whole
        return reader.load()
