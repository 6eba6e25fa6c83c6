"""The library's modules: each is a context, a category, and the functions that are asked for in it."""

from __future__ import annotations

import importlib
import inspect
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from data_prep.biocoder.function import Function

HERE = Path(__file__).parent
CATEGORIES = ("sequences", "alignment", "intervals", "trees", "graphs", "file formats", "statistics", "images")


@dataclass(frozen=True)
class Module:
    """`name` is its context's, which two modules may share; `context` is what the agent sees, `source` the references' module,
    whose imports a solution may need.
    """

    name: str
    category: str
    context: str
    source: str
    functions: tuple[Function, ...]


@cache
def modules() -> tuple[Module, ...]:
    """All modules by name."""
    return tuple(_module(path.stem) for path in sorted((HERE / "functions").glob("[!_]*.py")))


def _module(name: str) -> Module:
    code = importlib.import_module(f"data_prep.biocoder.functions.{name}")
    context = getattr(code, "CONTEXT", name)
    text = (HERE / "contexts" / f"{context}.py").read_text()
    return Module(context, code.CATEGORY, text, inspect.getsource(code), tuple(code.FUNCTIONS))
