"""Edits of DNA sequences: kinds of substitution, and tables for dynamic programming."""

from typing import Any

PURINES, PYRIMIDINES = set("AG"), set("CT")


def is_transition(a: str, b: str) -> bool:
    """Whether two different bases are both purines or both pyrimidines."""
    return a != b and ({a, b} <= PURINES or {a, b} <= PYRIMIDINES)


def table(rows: int, columns: int, value: Any = 0) -> list[list[Any]]:
    """A table of `rows` lists of `columns` equal values, none of them shared."""
    return [[value] * columns for _ in range(rows)]


def mismatches(a: str, b: str) -> list[int]:
    """The 0-based positions at which two sequences of one length differ.

    Raises:
        ValueError: their lengths differ.
    """
    return [i for i, (x, y) in enumerate(zip(a, b, strict=True)) if x != y]
