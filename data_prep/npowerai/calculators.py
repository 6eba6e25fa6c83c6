"""Power of six tests, and the smallest size that reaches a power. Sizes are whole, powers and alphas fractions.

A power of a t-test, F-test or chi-square test comes from the noncentral distribution (Cohen 1988, chapters 2, 7, 8);
that of a hazard ratio from the normal one (Freedman 1982; Schoenfeld 1983). The power of a two-sided t-test counts both
regions of rejection, that of a hazard ratio the one on the side of the effect.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from scipy import stats

Sides = Literal[1, 2]
LARGEST = 10_000_000
FAR = 8.0


def t_power(effect: float, n: int, alpha: float, sides: Sides) -> float:
    """One-sample or paired t-test: `effect` is the difference over the SD (of the differences, if paired), `n` patients."""
    return _t_power(effect * math.sqrt(n), n - 1, alpha, sides)


def two_sample_power(effect: float, n: int, alpha: float, sides: Sides, ratio: float = 1) -> float:
    """Two-sample t-test with pooled variance: `n` in the first group, `ratio` * `n` in the second, `effect` is Cohen's d."""
    return _t_power(effect * math.sqrt(n * ratio / (1 + ratio)), n * (1 + ratio) - 2, alpha, sides)


def _t_power(noncentrality: float, df: float, alpha: float, sides: Sides) -> float:
    critical, shift = stats.t.isf(alpha / sides, df), abs(noncentrality)
    # Beyond 8 the far region holds under 1e-15, and scipy may give nan for it.
    far = stats.nct.cdf(-critical, df, shift) if sides == 2 and shift < FAR else 0.0
    return float(stats.nct.sf(critical, df, shift) + far)


def anova_power(effect: float, n: int, groups: int, alpha: float) -> float:
    """One-way ANOVA with `n` in each of `groups`: `effect` is Cohen's f, the noncentrality f² times all patients."""
    total = n * groups
    critical = stats.f.isf(alpha, groups - 1, total - groups)
    return float(stats.ncf.sf(critical, groups - 1, total - groups, effect**2 * total))


def chi_square_power(effect: float, n: int, df: int, alpha: float) -> float:
    """Chi-square test of independence with `n` patients in all: `effect` is Cohen's w, the noncentrality n w²."""
    return float(stats.ncx2.sf(stats.chi2.isf(alpha, df), df, n * effect**2))


def freedman_power(hazard_ratio: float, events: float, alpha: float, sides: Sides) -> float:
    """Hazard ratio of two equal groups, `events` in both together (Freedman 1982, equation 2)."""
    return float(stats.norm.cdf(math.sqrt(events) * freedman(hazard_ratio) - stats.norm.isf(alpha / sides)))


def schoenfeld_power(hazard_ratio: float, events: float, share: float, alpha: float, sides: Sides) -> float:
    """Hazard ratio with the `share` of patients in one of two groups, `events` in both together (Schoenfeld 1983)."""
    shift = math.sqrt(events * share * (1 - share)) * abs(math.log(hazard_ratio))
    return float(stats.norm.cdf(shift - stats.norm.isf(alpha / sides)))


def freedman(hazard_ratio: float) -> float:
    """Freedman's effect: |HR - 1| / (HR + 1)."""
    return abs(hazard_ratio - 1) / (hazard_ratio + 1)


def smallest(power: Callable[[int], float], target: float, start: int = 2) -> int:
    """The smallest n, from `start` on, whose power is at least `target`; ValueError where none below `LARGEST` is."""
    high = start
    while power(high) < target:
        high *= 2
        if high > LARGEST:
            raise ValueError(f"no size below {LARGEST} has a power of {target}")
    low = max(start - 1, high // 2)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power(middle) >= target else (middle, high)
    return high


def cohen_f(means: Sequence[float], sd: float, ddof: int = 0) -> float:
    """Cohen's f of equal groups: the SD of their means over the SD within; Cohen's has `ddof` 0."""
    return float(np.std(means, ddof=ddof) / sd)


def cohen_w(table: Sequence[Sequence[float]]) -> float:
    """Cohen's w of a table of cell probabilities (they sum to 1), against independence."""
    p = np.asarray(table, float)
    free = np.outer(p.sum(axis=1), p.sum(axis=0))
    return float(np.sqrt(((p - free) ** 2 / free).sum()))


def sd_of_differences(first: float, second: float, correlation: float) -> float:
    """The SD of paired differences, from the SDs of the two measurements and their correlation."""
    return math.sqrt(first**2 + second**2 - 2 * correlation * first * second)


def pooled_sd(first: float, second: float) -> float:
    """The SD that two equal groups share: the root of the mean of their variances."""
    return math.sqrt((first**2 + second**2) / 2)
