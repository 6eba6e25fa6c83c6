"""How the Python that agents write is built: the paper's Table 8, measured by radon."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from radon.metrics import mi_visit
from radon.raw import analyze
from radon.visitors import ComplexityVisitor

from galen.types import Action, Episode


@dataclass(frozen=True)
class CodeQuality:
    """Means over `programs`, the different Python programs of each episode; `unparsed` are those that are no Python.

    `complexity` is McCabe's, of the whole program; `maintainability` the index of Oman and Hagemeister, 0 to 100;
    `loc` all lines, `lloc` statements. The paper does not say which programs of an episode it measured. NaN: none.
    """

    family: str
    episodes: int
    turns: float
    programs: int
    unparsed: int
    complexity: float
    maintainability: float
    loc: float
    lloc: float


def code_quality(episodes: Sequence[Episode]) -> list[CodeQuality]:
    """One a family, and one of all together where there are several."""
    families = sorted({e.family for e in episodes})
    programs = {e.key: list(python(e)) for e in episodes}
    measured = {code: measure(code) for mine in programs.values() for code in mine}
    found = []
    for name in [*families, "all"] if len(families) > 1 else families:
        mine = [e for e in episodes if name in ("all", e.family)]
        all_of = [measured[code] for e in mine for code in programs[e.key]]
        known = [m for m in all_of if m is not None]
        means = [fmean(column) for column in zip(*known, strict=True)] if known else [math.nan] * 4
        found.append(
            CodeQuality(
                name, len(mine), fmean(len(e.turns) for e in mine), len(known), len(all_of) - len(known), *means
            )
        )
    return found


def python(episode: Episode) -> Iterable[str]:
    """The different Python programs that the episode ran, in order."""
    actions = (t.action for t in episode.turns)
    return dict.fromkeys(a.content for a in actions if isinstance(a, Action) and a.lang == "python")


def measure(code: str) -> tuple[float, float, float, float] | None:
    """Complexity, maintainability, loc and lloc of one program; None where it is no Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the agent's code: invalid escapes and the like
            raw = analyze(code)
            return (
                float(ComplexityVisitor.from_code(code).total_complexity), float(mi_visit(code, True)), float(raw.loc),
                float(raw.lloc),
            )  # fmt: skip
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
