"""Protein interaction networks: undirected, without loops, each pair with a confidence between 0 and 1.

As a list an interaction is a row [protein, protein, confidence]; as a network it stands under both proteins:
protein -> partner -> confidence.
"""

Network = dict[str, dict[str, float]]


def network_of(interactions: list[list], least: float = 0.0) -> Network:
    """The network of the interactions with a confidence of at least `least`; a protein without any is not in it.

    Of a pair that is given several times, in either order, the greatest confidence counts; a protein with itself is ignored.
    """
    network: Network = {}
    for a, b, confidence in interactions:
        if a != b and confidence >= least:
            known = network.get(a, {}).get(b, 0.0)
            network.setdefault(a, {})[b] = max(known, confidence)
            network.setdefault(b, {})[a] = max(known, confidence)
    return network


def neighbours(network: Network, protein: str) -> set[str]:
    """The partners of a protein; none for one that is not in the network."""
    return set(network.get(protein, {}))


def linked(network: Network, proteins: set[str]) -> int:
    """How many pairs of these proteins interact."""
    return sum(len(neighbours(network, p) & proteins) for p in proteins) // 2


def steps(network: Network, start: str) -> dict[str, int]:
    """For each protein that can be reached from `start`, itself too, the least number of interactions to it."""
    found, edge = {start: 0}, [start]
    while edge:
        reached = {q for p in edge for q in neighbours(network, p)} - set(found)
        distance = found[edge[0]] + 1
        found.update(dict.fromkeys(sorted(reached), distance))
        edge = sorted(reached)
    return found
