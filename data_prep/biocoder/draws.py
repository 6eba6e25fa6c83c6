"""Random arguments that many functions take; lengths are inclusive."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
AMINO = "ACDEFGHIKLMNPQRSTVWY"


def letters(rng: random.Random, alphabet: str, low: int, high: int) -> str:
    """A text of `low` to `high` letters."""
    return "".join(rng.choice(alphabet) for _ in range(rng.randint(low, high)))


def dna(rng: random.Random, low: int, high: int, alphabet: str = "ACGT") -> str:
    """A DNA sequence; another alphabet has N or lower case in it."""
    return letters(rng, alphabet, low, high)


def protein(rng: random.Random, low: int, high: int) -> str:
    """A sequence of the twenty amino acids."""
    return letters(rng, AMINO, low, high)


def some(rng: random.Random, options: Sequence[T], low: int, high: int) -> list[T]:
    """`low` to `high` of `options`, each as often as it comes."""
    return [rng.choice(options) for _ in range(rng.randint(low, high))]


def numbers(rng: random.Random, low: int, high: int, start: float, end: float, digits: int = 2) -> list[float]:
    """`low` to `high` rounded numbers between `start` and `end`."""
    return [round(rng.uniform(start, end), digits) for _ in range(rng.randint(low, high))]
