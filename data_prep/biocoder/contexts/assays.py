"""Assays: dose and response, concentrations over time, plates of wells, measurements of two groups."""

import itertools
import math


def line(x: float, a: tuple[float, float], b: tuple[float, float]) -> float:
    """The value at `x` of the straight line through the points `a` and `b`, whose first coordinates differ."""
    return a[1] + (b[1] - a[1]) * (x - a[0]) / (b[0] - a[0])


def by_dose(rows: list[list[float]]) -> list[tuple[float, list[float]]]:
    """Rows [dose, response] as (dose, all its responses), doses ascending.

    Raises:
        ValueError: a dose is not above 0.
    """
    if any(dose <= 0 for dose, _ in rows):
        raise ValueError("a dose that is not above 0")
    return [(dose, [r for d, r in rows if d == dose]) for dose in sorted({d for d, _ in rows})]


def mean(values: list[float]) -> float:
    """The arithmetic mean of at least one value."""
    return sum(values) / len(values)


def median(values: list[float]) -> float:
    """The middle value, or the mean of the two in the middle, of at least one value."""
    ordered, half = sorted(values), len(values) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def spread(values: list[float]) -> float:
    """The sample standard deviation (n - 1), 0.0 of fewer than two values."""
    if len(values) < 2:
        return 0.0
    return math.sqrt(sum((v - mean(values)) ** 2 for v in values) / (len(values) - 1))


def splits(values: list[float], n: int) -> list[tuple[list[float], list[float]]]:
    """All ways to choose `n` of the values by place: the chosen ones and the others."""
    places = range(len(values))
    return [
        ([values[i] for i in chosen], [values[i] for i in places if i not in chosen])
        for chosen in itertools.combinations(places, n)
    ]
