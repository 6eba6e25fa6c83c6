"""Over-representation of gene sets and tests of many hypotheses."""

import math
from statistics import NormalDist

NORMAL = NormalDist()
"""The standard normal distribution: NORMAL.cdf(z), NORMAL.inv_cdf(p)."""


def hypergeometric(k: int, marked: int, drawn: int, total: int) -> float:
    """The chance that `k` of `drawn` genes are marked, when `marked` of `total` are; 0.0 where that cannot be."""
    if not 0 <= k <= drawn or not 0 <= drawn - k <= total - marked:
        return 0.0
    return math.comb(marked, k) * math.comb(total - marked, drawn - k) / math.comb(total, drawn)


def chi_square_tail(x: float, pairs: int) -> float:
    """The chance that a chi-square variable with 2 * `pairs` degrees of freedom is at least `x`."""
    term = total = math.exp(-x / 2)
    for i in range(1, pairs):
        term *= x / 2 / i
        total += term
    return min(total, 1.0)


def check_p(values: list) -> list[float]:
    """The values that are not None.

    Raises:
        ValueError: one is not between 0 and 1.
    """
    known = [p for p in values if p is not None]
    if any(not 0 <= p <= 1 for p in known):
        raise ValueError("not a p-value")
    return known
