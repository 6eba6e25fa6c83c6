"""Isolates of an outbreak and the SNP distances between them.

A distance matrix is a dictionary: isolate -> other isolate -> distance, a whole number. It is symmetric, has all pairs, and none of an isolate
with itself.
"""

Distances = dict[str, dict[str, int]]


def isolates(distances: Distances) -> list[str]:
    """The names, sorted."""
    return sorted(distances)


def pairs(distances: Distances) -> list[tuple[int, str, str]]:
    """Every pair once as (distance, name, greater name), sorted by distance and then by the names."""
    names = isolates(distances)
    return sorted((distances[a][b], a, b) for i, a in enumerate(names) for b in names[i + 1 :])


def root(parents: dict[str, str], name: str) -> str:
    """Follows `parents` from `name` to the first one that is its own parent."""
    while parents[name] != name:
        name = parents[name]
    return name


def nearest(distances: Distances, name: str, n: int) -> list[str]:
    """The `n` isolates (all, when there are fewer) nearest to `name`, which is none of them; equally near ones by name."""
    return sorted(distances[name], key=lambda other: (distances[name][other], other))[:n]
