"""Decontamination while tasks are made: no test question shares ten words in a row with a training one (paper, C.4)."""

from __future__ import annotations

from data_prep.wordings import Part

WORDS = 10


class Overlap:
    """The runs of ten words that training questions hold."""

    def __init__(self) -> None:
        self._runs: set[tuple[str, ...]] = set()

    def admits(self, part: Part, question: str) -> bool:
        """Whether `part` may ask this; what training asks is kept in mind."""
        words = question.lower().split()
        runs = {tuple(words[i : i + WORDS]) for i in range(len(words) - WORDS + 1)}
        if part is Part.TEST:
            return runs.isdisjoint(self._runs)
        self._runs |= runs
        return True
