"""Trees from distances: clustering, neighbour joining, additivity, closest pairs, distances within groups."""

from __future__ import annotations

import random
from itertools import combinations

from data_prep.biocoder.contexts.distances import branch, check, pairs, row_sums
from data_prep.biocoder.function import Function

CATEGORY = "trees"


def cluster_heights(names: list[str], matrix: list[list[float]], *, linkage: str, tie: str, height: str) -> list:
    check(names, matrix)
    clusters = [[i] for i in range(len(names))]
    merges = []
    while len(clusters) > 1:
        best: tuple[float, int, int] | None = None
        for a, b in pairs(len(clusters)):
            between = [matrix[i][j] for i in clusters[a] for j in clusters[b]]
            if linkage == "single":
                distance = min(between)
            elif linkage == "complete":
                distance = max(between)
            else:
                distance = sum(between) / len(between)
            if best is None or distance < best[0] - 1e-9 or (tie == "last" and distance < best[0] + 1e-9):
                best = (distance, a, b)
        assert best is not None
        distance, a, b = best
        merged = clusters[a] + clusters[b]
        merges.append([sorted(names[i] for i in merged), distance / 2 if height == "half" else distance])
        clusters = [c for i, c in enumerate(clusters) if i not in (a, b)] + [merged]
    return merges


def upgma_tree(names: list[str], matrix: list[list[float]], *, average: str, order: str, root: str) -> str:
    check(names, matrix)
    if not names:
        return ";"
    parts = [(name, 1, 0.0, name) for name in names]
    table = {frozenset(pair): matrix[pair[0]][pair[1]] for pair in pairs(len(names))}
    alive = list(range(len(names)))
    while len(alive) > 1:
        a, b = min(combinations(alive, 2), key=lambda pair: (round(table[frozenset(pair)], 9), pair))
        distance = table[frozenset((a, b))]
        new = len(parts)
        texts = [branch(parts[i][0], distance / 2 - parts[i][2]) for i in (a, b)]
        if order == "name" and parts[b][3] < parts[a][3]:
            texts.reverse()
        parts.append((f"({','.join(texts)})", parts[a][1] + parts[b][1], distance / 2, min(parts[a][3], parts[b][3])))
        alive = [i for i in alive if i not in (a, b)]
        for other in alive:
            x, y = table[frozenset((a, other))], table[frozenset((b, other))]
            if average == "sizes":
                value = (parts[a][1] * x + parts[b][1] * y) / (parts[a][1] + parts[b][1])
            else:
                value = (x + y) / 2
            table[frozenset((new, other))] = value
        alive.append(new)
    text, _, depth, _ = parts[alive[0]]
    return f"{text}:{depth:.3f};" if root == "height" else f"{text};"


def join_neighbours(names: list[str], matrix: list[list[float]], *, tie: str, negative: str, result: str) -> list:
    check(names, matrix)
    n = len(names)
    if n < 3:
        raise ValueError("fewer than three names")
    sums = row_sums(matrix)
    best: tuple[float, int, int] | None = None
    for a, b in pairs(n):
        q = (n - 2) * matrix[a][b] - sums[a] - sums[b]
        if best is None or q < best[0] - 1e-9 or (tie == "last" and q < best[0] + 1e-9):
            best = (q, a, b)
    assert best is not None
    q, a, b = best
    first = matrix[a][b] / 2 + (sums[a] - sums[b]) / (2 * (n - 2))
    second = matrix[a][b] - first
    if negative == "zero":
        first, second = (0.0, first + second) if first < 0 else (first + second, 0.0) if second < 0 else (first, second)
    if result == "lengths":
        return [names[a], first, names[b], second]
    if result == "score":
        return [names[a], names[b], q, first, second]
    others = [i for i in range(n) if i not in (a, b)]
    return [names[a], first, names[b], second, [(matrix[a][i] + matrix[b][i] - matrix[a][b]) / 2 for i in others]]


def four_points(
    names: list[str], matrix: list[list[float]], tolerance: float, *, test: str, result: str, few: str
) -> list:
    check(names, matrix)
    size = 3 if test == "ultrametric" else 4
    if len(names) < size and few == "error":
        raise ValueError("too few names")
    bad, worst = [], 0.0
    for group in combinations(range(len(names)), size):
        if test == "ultrametric":
            a, b, c = group
            sums = sorted([matrix[a][b], matrix[a][c], matrix[b][c]])
        else:
            a, b, c, d = group
            sums = sorted([matrix[a][b] + matrix[c][d], matrix[a][c] + matrix[b][d], matrix[a][d] + matrix[b][c]])
        gap = sums[2] - sums[1]
        worst = max(worst, gap)
        if gap > tolerance + 1e-9:
            bad.append([names[i] for i in group])
    if result == "first":
        return [not bad, bad[0] if bad else []]
    return [not bad, len(bad)] if result == "count" else [not bad, worst]


def nearest_names(names: list[str], matrix: list[list[float]], *, tie: str, zero: str, result: str) -> dict:
    check(names, matrix)
    found = {}
    for i, name in enumerate(names):
        others = [j for j in range(len(names)) if j != i and (zero == "count" or matrix[i][j] > 0)]
        if not others:
            found[name] = None
            continue
        least = min(matrix[i][j] for j in others)
        near = [j for j in others if matrix[i][j] == least]
        if tie == "all":
            chosen = sorted(names[j] for j in near)
        else:
            chosen = names[near[0]] if tie == "first" else min(names[j] for j in near)
        if result == "mutual":
            mutual = any(
                matrix[j][i]
                == min(matrix[j][k] for k in range(len(names)) if k != j and (zero == "count" or matrix[j][k] > 0))
                for j in near
            )
            found[name] = [chosen, mutual]
        else:
            found[name] = [chosen, least]
    return found


def _distances(rng: random.Random, low: int = 0, high: int = 6) -> tuple[list[str], list[list[float]]]:
    """A symmetric matrix of small quarters, so that ties are frequent; now and then it is not symmetric."""
    n = rng.randint(low, high)
    names = rng.sample("ABCDEFGH", n)
    matrix = [[0.0] * n for _ in names]
    for i, j in pairs(n):
        matrix[i][j] = matrix[j][i] = rng.randint(0 if rng.random() < 0.2 else 2, 12) / 2
    if n > 1 and rng.random() < 0.04:
        matrix[0][1] += 1
    return (names, matrix)


def _additive(rng: random.Random) -> tuple[list[str], list[list[float]], float]:
    """Distances along a caterpillar or from equal heights, some of them disturbed."""
    names, matrix = _distances(rng, 3, 6)
    n = len(names)
    up = [float(rng.randint(0, 4)) for _ in names]
    kind = rng.random()
    for i, j in pairs(n):
        if kind < 0.4:
            matrix[i][j] = matrix[j][i] = up[i] + up[j] + 2 * (j - i)
        elif kind < 0.8:
            matrix[i][j] = matrix[j][i] = float(2 * (j + 1))
    if rng.random() < 0.4:
        matrix[0][n - 1] = matrix[n - 1][0] = matrix[0][n - 1] + rng.choice([0.5, 1.0])
    return (names, matrix, rng.choice([0.0, 0.5, 1.0]))


TWO = (["A", "B"], [[0.0, 3.0], [3.0, 0.0]])
EVEN = (["C", "A", "B"], [[0.0, 2.0, 2.0], [2.0, 0.0, 2.0], [2.0, 2.0, 0.0]])
SKEW = (["A", "B"], [[0.0, 1.0], [2.0, 0.0]])
FUNCTIONS = (
    Function(
        cluster_heights,
        says="""Agglomerative clustering of `names` by the distance matrix `matrix`, which is checked with `check`: the
        two closest clusters are merged until one is left. {linkage} {tie} A new cluster comes behind all others. The
        result is a list with one [sorted names of the new cluster, height] a merge, in the order of the merges.
        {height}""",
        options={
            "linkage": {
                "single": "The distance of two clusters is the smallest one between their members.",
                "complete": "The distance of two clusters is the greatest one between their members.",
                "average": "The distance of two clusters is the mean of all those between their members (of the "
                "original matrix).",
            },
            "tie": {
                "first": "Pairs of clusters are compared as `pairs` gives them, by the clusters' places in their "
                "list, at the start that of the names; of pairs within 1e-9 the first is merged.",
                "last": "Pairs of clusters are compared as `pairs` gives them, by the clusters' places in their list, "
                "at the start that of the names; of pairs within 1e-9 the last is merged.",
            },
            "height": {
                "whole": "The height is the clusters' distance.",
                "half": "The height is half the clusters' distance.",
            },
        },
        edges=(([], []), (["A"], [[0.0]]), TWO, EVEN, SKEW),
        draw=_distances,
    ),
    Function(
        upgma_tree,
        says="""The Newick text of the tree that UPGMA makes of the distance matrix `matrix` (checked with `check`).
        Clusters are numbered, first the names in their order, then each new one; the closest pair is joined, of equally
        close ones (distances rounded to 9 decimals) the one with the smallest numbers, compared by the smaller one
        first. {average} The node lies at half the distance of the two, and `branch` writes each of the two with the
        branch up to it (its height above that of the joined cluster, 0 for a name), in brackets. {order} {root} A
        single name gives 'A;' (or 'A:0.000;' where the root's height is written), no names give ';'.""",
        options={
            "average": {
                "sizes": "The distance of the new cluster to another one is the mean of those of the two joined, "
                "weighted by their numbers of names.",
                "plain": "The distance of the new cluster to another one is the plain mean of those of the two "
                "joined, whatever their sizes (WPGMA).",
            },
            "order": {
                "number": "The cluster with the smaller number is written first.",
                "name": "The cluster with the alphabetically first name in it is written first.",
            },
            "root": {
                "plain": "Nothing is written behind the root's bracket.",
                "height": "Behind the root's bracket its height is written, as in '(A:1.000,B:1.000):1.000;'.",
            },
        },
        edges=(([], []), (["A"], [[0.0]]), TWO, EVEN, SKEW),
        draw=_distances,
    ),
    Function(
        join_neighbours,
        says="""The first step of neighbour joining on the distance matrix `matrix` (checked with `check`) of n `names`;
        fewer than three raise a ValueError. The pair with the smallest q = (n - 2) d(a, b) - (sum of a's row) - (sum of
        b's row) is joined; pairs are compared as `pairs` gives them. {tie} The branch of a, the name that comes first,
        is d(a, b) / 2 + (sum of a's row - sum of b's row) / (2 (n - 2)) long, that of b is d(a, b) less that.
        {negative} {result}""",
        options={
            "tie": {
                "first": "Of pairs with q within 1e-9 the first is taken.",
                "last": "Of pairs with q within 1e-9 the last is taken.",
            },
            "negative": {
                "keep": "A branch may be negative.",
                "zero": "When a branch is negative it is set to 0, and the other one to d(a, b).",
            },
            "result": {
                "lengths": "The result is [a, its branch, b, its branch].",
                "score": "The result is [a, b, q, branch of a, branch of b].",
                "distances": "The result is [a, its branch, b, its branch, distances], the last being the list of the "
                "new node's distances (d(a, i) + d(b, i) - d(a, b)) / 2 to the other "
                "names i in their order.",
            },
        },
        edges=(TWO, EVEN, SKEW, (["A", "B", "C"], [[0.0, 1.0, 9.0], [1.0, 0.0, 1.0], [9.0, 1.0, 0.0]])),
        draw=lambda rng: _distances(rng, 3),
    ),
    Function(
        four_points,
        says="""Whether distances (checked with `check`) fit {test} The difference may be up to `tolerance` (and 1e-9
        for rounding). {few} {result}""",
        options={
            "test": {
                "tree": "a tree: for any four names, of the three sums of the distances of two disjoint pairs the two "
                "greatest are equal.",
                "ultrametric": "a clock: for any three names, the two greatest of their three distances are equal.",
            },
            "result": {
                "first": "The result is [True or False, the first group of names that does not fit, [] when all do], "
                "groups being compared as itertools.combinations gives them.",
                "count": "The result is [True or False, the number of groups of names that do not fit].",
                "worst": "The result is [True or False, the greatest difference met in any group, 0.0 without groups].",
            },
            "few": {
                "true": "Too few names for one group fit.",
                "error": "Too few names for one group raise a ValueError.",
            },
        },
        edges=(
            (*TWO, 0.0),
            (*EVEN, 0.0),
            (*SKEW, 0.0),
            (["A", "B", "C"], [[0.0, 2.0, 3.0], [2.0, 0.0, 2.0], [3.0, 2.0, 0.0]], 0.5),
        ),
        draw=_additive,
    ),
    Function(
        nearest_names,
        says="""The nearest neighbour of each of the `names` by the distance matrix `matrix` (checked with `check`), as
        a dictionary from name to {result} {zero} A name without any neighbour has None. {tie}""",
        options={
            "result": {
                "distance": "[neighbour, distance].",
                "mutual": "[neighbour, whether it is mutual], which is True when the name is also at the smallest "
                "distance of at least one of its nearest neighbours.",
            },
            "zero": {
                "count": "A name at distance 0 is a neighbour like any other.",
                "omit": "A name at distance 0 is no neighbour at all.",
            },
            "tie": {
                "first": "Of several nearest ones the first in the order of the names is given.",
                "alphabet": "Of several nearest ones the alphabetically first is given.",
                "all": "In the neighbour's place the sorted list of all nearest ones is given, also when there is one.",
            },
        },
        edges=(([], []), (["A"], [[0.0]]), TWO, EVEN, SKEW, (["A", "B"], [[0.0, 0.0], [0.0, 0.0]])),
        draw=_distances,
    ),
)
