"""How well a verifier judges episodes whose verdict is known: ranking, decisions, and calibration."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import mannwhitneyu

from galen.types import Episode

BINS = 10


@dataclass(frozen=True)
class VerifierScore:
    """Over `n` episodes with a verdict and a score: AUROC (NaN without both verdicts), accuracy at 0.5, expected
    calibration error; `success` is their true rate. `left_out` have no verdict or no score.
    """

    family: str
    n: int
    left_out: int
    success: float
    auroc: float
    accuracy: float
    ece: float


def verifier_scores(episodes: Sequence[Episode], scores: Sequence[float | None]) -> list[VerifierScore]:
    """One a family, and one of all together where there are several. `scores` go with `episodes`."""
    pairs = list(zip(episodes, scores, strict=True))
    families = sorted({e.family for e in episodes})
    names = [*families, "all"] if len(families) > 1 else families
    return [_of(name, [(e, s) for e, s in pairs if name in ("all", e.family)]) for name in names]


def _of(family: str, pairs: Sequence[tuple[Episode, float | None]]) -> VerifierScore:
    known = [(e.success, s) for e, s in pairs if e.reward is not None and s is not None]
    solved, score = np.array([x for x, _ in known], bool), np.array([s for _, s in known], float)
    if not known:
        return VerifierScore(family, 0, len(pairs), math.nan, math.nan, math.nan, math.nan)
    return VerifierScore(
        family, len(known), len(pairs) - len(known), float(solved.mean()), auroc(solved, score),
        float(((score >= 0.5) == solved).mean()), calibration_error(solved, score),
    )  # fmt: skip


def auroc(solved: np.ndarray, score: np.ndarray) -> float:
    """Chance that a solved episode scores above a failed one, ties half: Mann-Whitney's U over the number of pairs.

    Both of shape (episodes,).
    """
    wins, losses = score[solved], score[~solved]
    if not len(wins) or not len(losses):
        return math.nan
    return float(mannwhitneyu(wins, losses).statistic / (len(wins) * len(losses)))


def calibration_error(solved: np.ndarray, score: np.ndarray) -> float:
    """Expected calibration error in ten equal bins (Guo et al. 2017, equation 3). Both of shape (episodes,)."""
    bins = np.minimum((score * BINS).astype(int), BINS - 1)
    gaps = [abs(score[bins == b].sum() - solved[bins == b].sum()) for b in np.unique(bins)]
    return float(sum(gaps) / len(score))
