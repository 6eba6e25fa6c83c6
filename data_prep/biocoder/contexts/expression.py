"""Expression of genes in samples: a table is a dictionary, gene -> its values, one a sample, in the order of the samples."""

import math

Table = dict[str, list]


def samples(table: Table) -> int:
    """How many samples there are, 0 of an empty table.

    Raises:
        ValueError: the genes have not equally many values.
    """
    sizes = {len(values) for values in table.values()}
    if len(sizes) > 1:
        raise ValueError("not as many values for each gene")
    return sizes.pop() if sizes else 0


def totals(table: Table) -> list[float]:
    """Each sample's sum over all genes."""
    return [sum(values[i] for values in table.values()) for i in range(samples(table))]


def quantile(values: list[float], share: float) -> float:
    """The quantile by linear interpolation: of sorted values 0 to n - 1, that at (n - 1) * `share`; there is at least one value."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * share
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def ranks(values: list[float]) -> list[float]:
    """Each value's rank from 1 on, the smallest first; equal values have the mean of their ranks."""
    return [sum(v < value for v in values) + (values.count(value) + 1) / 2 for value in values]


def mean(values: list[float]) -> float:
    """The arithmetic mean of at least one value."""
    return sum(values) / len(values)


def median(values: list[float]) -> float:
    """The middle value, or the mean of the two in the middle, of at least one value."""
    return quantile(values, 0.5)
