"""The laws that the whole set keeps, block by block: clear numbers, answers apart, no training words in test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

Rows = Sequence[Sequence[Any]]
GRAM = 10  # words in a row that a test question may not share with a training one
SHARE, ZEROS = 0.1, 0.05  # the most of a block's answers, yes and no aside, that may be the same; that may be zero
START = 40  # until there are so many answers, shares are counted of this many


class Fairness:
    """Keeps a block's answers apart: yes and no in balance, no other answer frequent."""

    def __init__(self) -> None:
        self._truths: Counter[bool] = Counter()
        self._others: Counter[str] = Counter()

    def admits(self, rows: Rows, boolean: bool) -> bool:
        """Whether one more such answer keeps the balance; it is counted when it does."""
        if boolean:
            value = bool(rows[0][0])
            if self._truths[value] > self._truths[not value] + 1:
                return False
            self._truths[value] += 1
            return True
        key = repr(rows)
        share = ZEROS if all(v == 0 for row in rows for v in row) else SHARE
        if self._others[key] >= max(2, share * max(self._others.total(), START)):
            return False
        self._others[key] += 1
        return True


def is_readable(rows: Rows) -> bool:
    """Whether no number lies on the edge where the oracle's three decimals round either way."""
    return not any(isinstance(v, float) and abs(v * 1000 % 1 - 0.5) < 1e-5 for row in rows for v in row)


def grams(question: str) -> set[tuple[str, ...]]:
    """Every `GRAM` words in a row."""
    words = question.split()
    return {tuple(words[i : i + GRAM]) for i in range(len(words) - GRAM + 1)}
