"""Arguments that several functions take, most of them random; lengths are inclusive."""

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


def near_pair(rng: random.Random) -> tuple[str, str]:
    """A short DNA sequence, and one that is mostly like it."""
    a = dna(rng, 0, 9, rng.choice(["ACGT", "AC", "AG"]))
    b = "".join(rng.choice(["", x, x, x, rng.choice("ACGT"), x + rng.choice("AC")]) for x in a) + dna(rng, 0, 3, "AC")
    return (a, b[rng.randint(0, 1) :])


def mixed_case_pair(rng: random.Random) -> tuple[str, str]:
    """As `near_pair`, a third of the first one's letters in lower case."""
    a, b = near_pair(rng)
    return ("".join(rng.choice((x, x, x.lower())) for x in a), b)


def any_cigar(rng: random.Random) -> str:
    """A CIGAR of any operations, seldom `*` or one that cannot be read."""
    if rng.random() < 0.08:
        return rng.choice(["*", "*", "3M0D2M", "M3", "", "4M2"])
    inner = [(rng.randint(1, 5), rng.choice("MMM=XIDNP")) for _ in range(rng.randint(1, 6))]
    front = [(rng.randint(1, 3), op) for op in ("H", "S") if rng.random() < 0.35]
    back = [(rng.randint(1, 3), op) for op in ("S", "H") if rng.random() < 0.35]
    return "".join(f"{n}{op}" for n, op in [*front, *inner, *back])


def newick_tree(rng: random.Random, least: int = 2, most: int = 8, missing: float = 0.15, zero: float = 0.1) -> str:
    """A random tree with leaves A, B, C, …, nodes of two or three children (seldom one), some branches without a length."""
    parts = ["ABCDEFGHJKLM"[i] + _length(rng, missing, zero) for i in range(rng.randint(least, most))]
    rng.shuffle(parts)
    while len(parts) > 1:
        n = min(len(parts), rng.choice([2, 2, 2, 3]))
        chosen = [parts.pop(rng.randrange(len(parts))) for _ in range(n)]
        inner = "(" + ",".join(chosen) + ")" + (rng.choice(["", "", "x", "0.9"]))
        if parts and rng.random() < 0.08:
            inner = "(" + inner + _length(rng, missing, zero) + ")"
        parts.append(inner + _length(rng, missing if parts else 0.6, zero))
    return parts[0] + ";"


def _length(rng: random.Random, missing: float, zero: float) -> str:
    if rng.random() < missing:
        return ""
    return ":0" if rng.random() < zero else f":{rng.randint(1, 12) / 4:g}"


def grey_image(rng: random.Random, low: int = 0, high: int = 9) -> list[list[float]]:
    """One to five rows and columns of whole numbers, a fifth of them 0."""
    rows, columns = rng.randint(1, 5), rng.randint(1, 5)
    return [[float(rng.randint(low, high)) if rng.random() < 0.8 else 0.0 for _ in range(columns)] for _ in range(rows)]


def feature_line(kind: str, start: int, end: int, attributes: str, seqname: str = "1", strand: str = "+") -> str:
    """A line of GFF3 or GTF."""
    return "\t".join([seqname, "x", kind, str(start), str(end), ".", strand, ".", attributes])
