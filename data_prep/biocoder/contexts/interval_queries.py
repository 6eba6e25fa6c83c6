"""Features on one chromosome. Places are 0-based; a feature is a row [name, start, end, strand], without its end.

Strand is "+" or "-". No feature is empty: its start is before its end.
"""


def shared(a: list, b: list) -> int:
    """How many bases two features share."""
    return max(0, min(a[2], b[2]) - max(a[1], b[1]))


def distance(a: list, b: list) -> int:
    """How many bases lie between two features: 0 when they share a base, and also when they touch."""
    return max(0, max(a[1], b[1]) - min(a[2], b[2]))


def downstream(feature: list, query: list) -> bool:
    """Whether `feature` begins past the end of `query`, in the direction in which `query` is read (left on strand "-")."""
    return feature[1] >= query[2] if query[3] == "+" else feature[2] <= query[1]


def length(feature: list) -> int:
    """How many bases it has."""
    return feature[2] - feature[1]


def by_start(features: list[list]) -> list[list]:
    """Sorted by start, then end, then name."""
    return sorted(features, key=lambda row: (row[1], row[2], row[0]))
