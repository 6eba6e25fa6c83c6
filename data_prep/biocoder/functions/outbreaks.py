"""Isolates of an outbreak: clusters, spanning trees, likely sources, mutual neighbours."""

from __future__ import annotations

import random

from data_prep.biocoder.contexts.outbreaks import Distances, isolates, nearest, pairs, root
from data_prep.biocoder.function import Function

CATEGORY = "graphs"


def snp_clusters(
    distances: Distances, threshold: int, *, linkage: str, bound: str, alone: str, result: str
) -> list | dict:
    groups = [[name] for name in isolates(distances)]
    for distance, a, b in pairs(distances):
        if distance > threshold or (bound == "below" and distance == threshold):
            continue
        one = next(g for g in groups if a in g)
        two = next(g for g in groups if b in g)
        if one is two:
            continue
        worst = max(distances[x][y] for x in one for y in two)
        if linkage == "complete" and (worst > threshold or (bound == "below" and worst == threshold)):
            continue
        groups = [g for g in groups if g is not one and g is not two] + [sorted(one + two)]
    if alone == "drop":
        groups = [g for g in groups if len(g) > 1]
    groups.sort(key=lambda g: (-len(g), g))
    if result == "groups":
        return groups
    return {name: number for number, g in enumerate(groups, start=1) for name in g}


def spanning_tree(distances: Distances, *, tie: str, longest: int, form: str) -> list:
    parents = {name: name for name in distances}
    edges = []
    order = pairs(distances)
    if tie == "last":
        order = sorted(order[::-1], key=lambda row: row[0])
    for distance, a, b in order:
        if longest > 0 and distance > longest:
            continue
        if root(parents, a) != root(parents, b):
            parents[root(parents, a)] = root(parents, b)
            edges.append([a, b, distance])
    if form == "names":
        return sorted(edges)
    if form == "degrees":
        return [[name, sum(name in edge[:2] for edge in edges)] for name in isolates(distances)]
    return edges


def likely_sources(
    distances: Distances,
    days: dict[str, int],
    farthest: int,
    *,
    window: int,
    same_day: str,
    tie: str,
    missing: str,
) -> dict[str, str | None]:
    if missing == "error" and any(name not in days for name in distances):
        raise ValueError("no day")
    sources: dict[str, str | None] = {}
    for name in isolates(distances):
        if name not in days:
            continue
        options = []
        for other, distance in distances[name].items():
            if other not in days or distance > farthest:
                continue
            lag = days[name] - days[other]
            if lag < 0 or (lag == 0 and (same_day == "no" or other > name)):
                continue
            if window > 0 and lag > window:
                continue
            options.append((distance, lag if tie == "latest" else -lag, other))
        sources[name] = min(options)[2] if options else None
    return sources


def mutual_neighbours(distances: Distances, n: int, *, ties: str, both: str, farthest: int, result: str) -> list:
    if n < 1:
        raise ValueError("no neighbours asked for")
    near: dict[str, set[str]] = {}
    for name in isolates(distances):
        chosen = nearest(distances, name, n)
        if ties == "all" and chosen:
            least = distances[name][chosen[-1]]
            near[name] = {other for other, distance in distances[name].items() if distance <= least}
        else:
            near[name] = set(chosen)
    edges = []
    for distance, a, b in pairs(distances):
        if farthest > 0 and distance > farthest:
            continue
        if (b in near[a] and a in near[b]) if both == "both" else (b in near[a] or a in near[b]):
            edges.append([a, b, distance])
    if result == "edges":
        return edges
    return [[name, sum(name in edge[:2] for edge in edges)] for name in isolates(distances)]


def _distances(rng: random.Random, low: int = 2) -> Distances:
    """Small distances, many of them equal."""
    names = [f"S{i}" for i in rng.sample(range(12), rng.randint(low, 6))]
    found: Distances = {name: {} for name in names}
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            found[a][b] = found[b][a] = rng.randint(0, 9)
    return found


def _alone(rng: random.Random) -> tuple[Distances]:
    return (_distances(rng, 3),)


def _threshold(rng: random.Random) -> tuple[Distances, int]:
    return (_distances(rng), rng.randint(2, 5))


def _days(rng: random.Random) -> tuple[Distances, dict[str, int], int]:
    distances = _distances(rng, 3)
    days = {name: rng.randint(1, 25) // rng.choice([1, 8]) for name in distances if rng.random() < 0.95}
    return (distances, days, rng.randint(3, 8))


def _n(rng: random.Random) -> tuple[Distances, int]:
    return (_distances(rng, 3), rng.randint(1, 2))


NONE: Distances = {}
ONE: Distances = {"A": {}}
CHAIN = {
    "A": {"B": 2, "C": 4, "D": 9},
    "B": {"A": 2, "C": 2, "D": 8},
    "C": {"A": 4, "B": 2, "D": 7},
    "D": {"A": 9, "B": 8, "C": 7},
}
EQUAL = {"A": {"B": 3, "C": 3}, "B": {"A": 3, "C": 3}, "C": {"A": 3, "B": 3}}
FAR = {"A": {"B": 30, "C": 1}, "B": {"A": 30, "C": 29}, "C": {"A": 1, "B": 29}}

FUNCTIONS = (
    Function(
        snp_clusters,
        says="""Clusters of isolates. At first every isolate is a group of its own. The pairs whose distance is {bound}
        are gone through in the order of `pairs`; when the two isolates are in different groups, {linkage} {alone}
        Groups are put in order from the most isolates to the fewest, equally large ones as sorted lists of names.
        {result}""",
        options={
            "bound": {"within": "at most `threshold`", "below": "smaller than `threshold`"},
            "linkage": {
                "single": "the two groups become one.",
                "complete": "the two groups become one if the distance of each isolate of the one to each of the "
                "other keeps to the same limit; "
                "otherwise nothing happens.",
            },
            "alone": {"keep": "An isolate alone is a group.", "drop": "Groups of one isolate are left out at the end."},
            "result": {
                "groups": "The result is the list of these lists of names.",
                "numbers": "The result is a dictionary from each isolate in a group to the number of its group, "
                "counted from 1 in that order.",
            },
        },
        edges=((NONE, 3), (ONE, 3), (CHAIN, 2), (CHAIN, 4), (EQUAL, 3), (EQUAL, 4), (FAR, 29)),
        draw=_threshold,
    ),
    Function(
        spanning_tree,
        says="""The minimum spanning tree of the isolates, by Kruskal's algorithm: pairs are taken from the smallest to
        the greatest distance, and a pair is an edge when the edges so far do not link its two isolates. {tie} {longest}
        {form}""",
        options={
            "tie": {
                "first": "Pairs of the same distance are taken in the order of `pairs`.",
                "last": "Pairs of the same distance are taken in the opposite of the order of `pairs`, the greatest "
                "names first.",
            },
            "longest": {
                0: "Any distance will do.",
                5: "Pairs with a distance of more than 5 are never an edge, so that there may be several trees.",
            },
            "form": {
                "taken": "The result is the list of edges [name, greater name, distance] in the order in which they "
                "were taken.",
                "names": "The result is the list of edges [name, greater name, distance], sorted by the names.",
                "degrees": "The result is the list of [isolate, number of its edges] for all isolates, sorted by name.",
            },
        },
        edges=((NONE,), (ONE,), (CHAIN,), (EQUAL,), (FAR,)),
        draw=_alone,
    ),
    Function(
        likely_sources,
        says="""The likely source of each isolate, by name: of the other isolates at a distance of at most `farthest`
        that were sampled earlier {same_day} {window} the one at the smallest distance. Of several at that distance,
        {tie}, and of several such ones the smallest name. None for an isolate without one. `days` has the day on which
        an isolate was sampled. {missing}""",
        options={
            "same_day": {
                "no": "(a smaller day; the same day is not enough),",
                "yes": "(a smaller day, or the same day and a smaller name),",
            },
            "window": {
                0: "however long before,",
                10: "and at most 10 days before it,",
            },
            "tie": {
                "latest": "it is that of the latest day",
                "earliest": "it is that of the earliest day",
            },
            "missing": {
                "skip": "An isolate without a day has no key and is nobody's source.",
                "error": "An isolate without a day raises a ValueError.",
            },
        },
        edges=(
            (NONE, {}, 3),
            (ONE, {"A": 1}, 3),
            (CHAIN, {"A": 1, "B": 1, "C": 12, "D": 30}, 7),
            (EQUAL, {"A": 1, "B": 4, "C": 9}, 3),
            (EQUAL, {"A": 1, "C": 9}, 2),
            (EQUAL, {"A": 5, "B": 5, "C": 5}, 3),
            (CHAIN, {"A": 9, "B": 4, "C": 9, "D": 14}, 9),
        ),
        draw=_days,
    ),
    Function(
        mutual_neighbours,
        says="""The graph of near neighbours. An isolate's neighbours are its `n` nearest. {ties} A pair is an edge when
        {both} {farthest} {result} An `n` below 1 raises a ValueError.""",
        options={
            "ties": {
                "name": "They are those of `nearest`.",
                "all": "All isolates as near as the last of those that `nearest` gives are neighbours too.",
            },
            "both": {
                "both": "each of the two is a neighbour of the other.",
                "either": "at least one of the two is a neighbour of the other.",
            },
            "farthest": {
                0: "How far apart the two are does not matter.",
                4: "A pair with a distance of more than 4 is never an edge (its isolates stay neighbours).",
            },
            "result": {
                "edges": "The result is the list of edges [name, greater name, distance] in the order of `pairs`.",
                "degrees": "The result is the list of [isolate, number of its edges] for all isolates, sorted by name.",
            },
        },
        edges=((NONE, 1), (ONE, 1), (CHAIN, 1), (EQUAL, 1), (EQUAL, 2), (FAR, 1), (FAR, 0), (CHAIN, 3)),
        draw=_n,
    ),
)
