"""A patient while a study is drawn, and the weighted choices of all that is drawn."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from data_prep.biodsbench.studies import Weighted

Row = dict[str, Any]
Tables = dict[str, list[Row]]


@dataclass
class Person:
    """A patient while the study is drawn; times in months."""

    id: str
    sex: str
    age: int
    stage: str
    groups: dict[str, str]
    drivers: set[str]
    hyper: bool
    survival: float = 0.0
    progression: float = 0.0
    followed: float = 0.0
    samples: list[Row] = field(default_factory=list)

    @property
    def died(self) -> bool:
        return self.survival <= self.followed

    @property
    def last(self) -> float:
        return min(self.survival, self.followed)

    @property
    def progressed(self) -> bool:
        return self.progression < self.last


def pick(rng: random.Random, weighted: Sequence[tuple[str, float]]) -> str:
    """One of the values by their weights."""
    return rng.choices([v for v, _ in weighted], [w for _, w in weighted])[0]


def values(weighted: Weighted) -> list[str]:
    """The values of a group, in order."""
    return [value for value, _ in weighted]
