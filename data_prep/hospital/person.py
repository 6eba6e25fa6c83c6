"""What one person keeps over all stays: body, usual levels, how strongly chronic illnesses show, and papers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from data_prep.hospital import catalog as c

Price = Callable[[str, str], float]  # of a kind of item and its name, in dollars
T = TypeVar("T")
MEN, WOMEN, TALL = 176.0, 162.5, 7.0  # mean heights and their deviation, cm
STOUT, STOUTNESS = 27.3, 0.19  # median body mass index and its spread, kg/m2
OWN = 0.6  # deviation of people's usual levels, in that of all values


@dataclass(frozen=True)
class Person:
    """`height` in cm, `weight` in kg; `labs` and `signs` are usual levels in standard deviations from the middle."""

    sex: str
    height: float
    weight: float
    labs: dict[str, float]
    signs: dict[str, float]
    chronic: dict[str, float]
    plan: str
    retires: bool
    language: str | None
    marital: str | None
    ethnicity: str

    def insurance(self, age: int) -> str:
        """Medicare from 65 on for most, the person's own plan before."""
        return "medicare" if age >= 65 and self.retires else self.plan


def person(rng: Random) -> Person:
    """Somebody of either sex."""
    sex = "m" if rng.random() < 0.55 else "f"
    height = round(rng.gauss(MEN if sex == "m" else WOMEN, TALL))
    stout = min(55.0, max(16.0, STOUT * math.exp(rng.gauss(0, STOUTNESS))))
    by_sex = {lab: shifts[sex == "f"] for lab, shifts in c.BY_SEX.items()}
    return Person(
        sex, float(height), stout * (height / 100) ** 2,
        {lab: by_sex.get(lab, 0.0) + rng.gauss(0, OWN) for lab in c.LABS},
        {sign: rng.gauss(0, OWN) for sign in c.VITALS},
        {d.code: math.exp(rng.gauss(0, 0.35)) for d in c.DIAGNOSES if d.code in c.CHRONIC},
        pick(rng, c.INSURANCES), rng.random() < c.MEDICARE, pick(rng, c.LANGUAGES), pick(rng, c.MARITAL),
        pick(rng, c.ETHNICITIES),
    )  # fmt: skip


def pick(rng: Random, weighted: Sequence[tuple[T, float]]) -> T:
    """One of (thing, weight) pairs."""
    return rng.choices([x for x, _ in weighted], [w for _, w in weighted])[0]
