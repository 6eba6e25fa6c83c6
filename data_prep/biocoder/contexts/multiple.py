"""Multiple alignments: a list of rows of one length, '-' for a gap. Letters are upper case."""

import math
from collections import Counter

GAP = "-"


def check(rows: list[str]) -> int:
    """The number of columns; 0 without rows. Rows of different length raise a ValueError."""
    if len({len(row) for row in rows}) > 1:
        raise ValueError("rows of different length")
    return len(rows[0]) if rows else 0


def columns(rows: list[str]) -> list[str]:
    """The columns as texts, read from the first row to the last."""
    return ["".join(row[i] for row in rows) for i in range(check(rows))]


def letters(column: str) -> Counter[str]:
    """How often each letter stands in a column; gaps do not count."""
    return Counter(letter for letter in column if letter != GAP)


def gap_share(column: str) -> float:
    """The share of a column's rows that have a gap."""
    return column.count(GAP) / len(column)


def entropy(counts: Counter[str]) -> float:
    """Shannon's entropy of the counts' shares in bits; 0.0 without counts."""
    total = sum(counts.values())
    return -sum(n / total * math.log2(n / total) for n in counts.values() if n) if total else 0.0
