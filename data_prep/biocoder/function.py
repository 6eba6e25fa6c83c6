"""A function of the library: a reference with parameters of behaviour, of which every variant fixes one value each."""

from __future__ import annotations

import ast
import inspect
import itertools
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

Values = dict[str, Any]


@cache
def source_of(reference: Callable[..., Any]) -> str:
    """The source text of a function of a module."""
    return inspect.getsource(reference)


@dataclass(frozen=True)
class Function:
    """`reference(positional…, *, keyword-only…)`: the positional parameters are the agent's, the others the variant's.

    `says` is the specification, with a placeholder for each of `options`: parameter -> value -> the sentence that states it.
    `edges` are arguments that every variant is tried on, `draw` gives further ones. Arguments are JSON values.
    """

    reference: Callable[..., Any]
    says: str
    options: Mapping[str, Mapping[Any, str]]
    edges: tuple[tuple[Any, ...], ...]
    draw: Callable[[random.Random], tuple[Any, ...]]

    @property
    def name(self) -> str:
        return self.reference.__name__

    @property
    def signature(self) -> str:
        """`def name(...) -> ...:` without the variant's parameters."""
        function = ast.parse(source_of(self.reference)).body[0]
        assert isinstance(function, ast.FunctionDef)
        function.args.kwonlyargs, function.args.kw_defaults, function.body = [], [], []
        return ast.unparse(function)

    def variants(self) -> list[Values]:
        """Every choice of one value for each option, in a fixed order."""
        return [dict(zip(self.options, chosen, strict=True)) for chosen in itertools.product(*self.options.values())]

    def neighbours(self, values: Values) -> list[Values]:
        """The variants that differ from this one in one option."""
        return [
            values | {name: value} for name in self.options for value in self.options[name] if value != values[name]
        ]

    def specification(self, values: Values) -> str:
        """What a variant is to do, as one text."""
        told = {name: self.options[name][value] for name, value in values.items()}
        return " ".join(inspect.cleandoc(self.says).format(**told).split())
