"""Features beside each other: nearest ones, reciprocal overlap, clusters, reads counted for genes."""

from __future__ import annotations

import random

from data_prep.biocoder.contexts.interval_queries import by_start, distance, downstream, length, shared
from data_prep.biocoder.function import Function

CATEGORY = "intervals"


def nearest_features(
    query: list, features: list[list], *, strands: str, overlaps: str, side: str, tie: str
) -> list[list]:
    found = []
    for row in by_start(features):
        if strands == "same" and row[3] != query[3]:
            continue
        if shared(row, query):
            if overlaps == "ignore":
                continue
        elif side == "downstream" and not downstream(row, query):
            continue
        found.append([row[0], distance(row, query)])
    least = min((gap for _, gap in found), default=0)
    nearest = [row for row in found if row[1] == least]
    return nearest if tie == "all" else nearest[:1]


def reciprocal_pairs(
    first: list[list], second: list[list], share: float, *, of: str, strands: str, reuse: str
) -> list[list[str]]:
    pairs = []
    for a in by_start(first):
        for b in by_start(second):
            if strands == "same" and a[3] != b[3]:
                continue
            n = shared(a, b)
            if of == "both":
                enough = n >= share * max(length(a), length(b))
            elif of == "either":
                enough = n >= share * min(length(a), length(b))
            else:
                enough = n >= share * (length(a) + length(b) - n)
            if n and enough:
                pairs.append((n, a, b))
    if reuse == "once":
        pairs.sort(key=lambda pair: -pair[0])
        kept: list[tuple] = []
        for pair in pairs:
            if not any(pair[1] is other[1] or pair[2] is other[2] for other in kept):
                kept.append(pair)
        pairs = kept
    return [[a[0], b[0]] for _, a, b in pairs]


def count_reads(
    reads: list[list], genes: list[list], *, mode: str, stranded: str, shared_reads: str
) -> dict[str, float]:
    counts: dict[str, float] = {gene[0]: 0 for gene in genes}
    counts["no feature"] = counts["ambiguous"] = 0
    for read in reads:
        strand = read[3]
        if stranded == "reverse":
            strand = "-" if strand == "+" else "+"
        hit: list[str] = []
        for gene in genes:
            n = shared(read, gene) if stranded == "no" or gene[3] == strand else 0
            if n >= (length(read) if mode == "within" else 1):
                hit.append(gene[0])
        if not hit:
            counts["no feature"] += 1
        elif len(hit) == 1:
            counts[hit[0]] += 1
        elif shared_reads == "ambiguous":
            counts["ambiguous"] += 1
        else:
            for name in hit:
                counts[name] += 1 / len(hit) if shared_reads == "split" else 1
    return counts


def cluster_features(features: list[list], *, gap: int, strands: str, numbers: str, lone: str) -> dict[str, int]:
    clusters: list[list[str]] = []
    reached: dict[str, tuple[list, list[str]]] = {}
    for row in by_start(features):
        key = row[3] if strands == "apart" else "any"
        furthest, members = reached.get(key, (row, []))
        if members and row[1] < furthest[2] + gap:
            members.append(row[0])
        else:
            furthest, members = row, [row[0]]
            clusters.append(members)
        reached[key] = (max(furthest, row, key=lambda feature: feature[2]), members)
    if lone == "zero":
        clusters = [members for members in clusters if len(members) > 1]
    if numbers == "size":
        clusters.sort(key=len, reverse=True)
    found = {row[0]: 0 for row in features}
    for number, members in enumerate(clusters, start=1):
        found.update(dict.fromkeys(members, number))
    return found


def _features(rng: random.Random, low: int, high: int, letter: str = "g") -> list[list]:
    rows = []
    for i in range(rng.randint(low, high)):
        start = rng.randint(0, 40)
        rows.append([f"{letter}{i}", start, start + rng.randint(2, 12), rng.choice("+-")])
    rng.shuffle(rows)
    return rows


def _near(rng: random.Random) -> tuple[list, list[list]]:
    start = rng.randint(12, 30)
    return (["q", start, start + rng.randint(2, 6), rng.choice("+-")], _features(rng, 1, 6))


def _two(rng: random.Random) -> tuple[list[list], list[list], float]:
    first = _features(rng, 1, 5, "a")
    second = _features(rng, 0, 3, "b")
    for i, (_, start, end, strand) in enumerate(first):
        second.append([f"c{i}", max(0, start - rng.randint(0, 2)), end + rng.randint(0, 3), strand])
    return (first, second, rng.choice([0.25, 0.5, 0.75]))


def _reads(rng: random.Random) -> tuple[list[list], list[list]]:
    return (_features(rng, 2, 7, "r"), _features(rng, 1, 4))


def _many(rng: random.Random) -> tuple[list[list]]:
    return (_features(rng, 3, 8),)


GENES = [["g0", 0, 10, "+"], ["g1", 8, 20, "-"], ["g2", 20, 30, "+"]]

FUNCTIONS = (
    Function(
        nearest_features,
        says="""Those of `features` that are nearest to the feature `query`, as rows [name, distance], where the
        distance is that of `distance`. {strands} {overlaps} {side} {tie} An empty list when no feature counts.""",
        options={
            "strands": {
                "any": "Features of both strands count.",
                "same": "Only features on the strand of `query` count.",
            },
            "overlaps": {
                "count": "Features that share a base with `query` count, with a distance of 0 like those that touch "
                "it.",
                "ignore": "Features that share a base with `query` do not count; those that only touch it do.",
            },
            "side": {
                "any": "They may lie on either side.",
                "downstream": "Of those that share no base with `query` only the ones downstream of it (as "
                "`downstream` says) count.",
            },
            "tie": {
                "all": "All features at the smallest distance are given, in the order of `by_start`.",
                "first": "Only one is given: of those at the smallest distance the first in the order of `by_start`.",
            },
        },
        edges=(
            (["q", 10, 14, "+"], []),
            (["q", 10, 14, "+"], [["a", 5, 10, "+"], ["b", 14, 18, "+"], ["c", 13, 15, "-"]]),
            (["q", 10, 14, "-"], [["a", 5, 8, "+"], ["b", 16, 18, "-"], ["c", 2, 8, "-"]]),
            (["q", 10, 14, "-"], [["a", 20, 28, "-"]]),
            (["q", 10, 14, "+"], [["b", 12, 18, "+"], ["a", 12, 18, "+"], ["c", 0, 40, "+"]]),
            (["q", 10, 14, "+"], [["b", 17, 20, "+"], ["a", 17, 20, "+"], ["c", 12, 13, "-"]]),
        ),
        draw=_near,
    ),
    Function(
        reciprocal_pairs,
        says="""The pairs of a feature of `first` and one of `second` that overlap enough, as rows [name, name]: they
        share at least one base, and the number of bases that they share is at least `share` times {of}. {strands}
        {reuse}""",
        options={
            "of": {
                "both": "the length of the longer one",
                "either": "the length of the shorter one",
                "union": "the number of bases in at least one of the two",
            },
            "strands": {"any": "Strands do not matter.", "same": "Only features of the same strand make a pair."},
            "reuse": {
                "all": "All such pairs are given, those of the first feature of `first` (in the order of `by_start`) "
                "first, and the pairs of one "
                "feature in the order of `by_start` of the other.",
                "once": "Each feature is in one pair at most: all such pairs are gone through from the most shared "
                "bases to the fewest "
                "(pairs that share equally many: by the feature of `first` in the order of `by_start`, then by that "
                "of `second`), a pair of which a "
                "feature is already taken is passed over, and the pairs are given in the order in which they were "
                "taken.",
            },
        },
        edges=(
            ([], [], 0.5),
            ([["a", 0, 10, "+"]], [["b", 5, 15, "+"], ["c", 5, 25, "-"], ["d", 8, 10, "+"]], 0.5),
            ([["a", 0, 10, "+"], ["b", 2, 12, "+"]], [["c", 1, 11, "+"], ["d", 3, 13, "-"]], 0.5),
            ([["a", 0, 4, "+"]], [["b", 4, 8, "+"]], 0.0),
            ([["a", 0, 4, "+"]], [["b", 3, 8, "-"]], 0.0),
            ([["a", 0, 8, "-"]], [["b", 0, 8, "-"], ["c", 1, 3, "-"]], 1.0),
        ),
        draw=_two,
    ),
    Function(
        count_reads,
        says="""How many of `reads` belong to each of `genes` (both are lists of features; gene names are distinct).
        {stranded} {mode} {shared_reads} A read of no gene counts 1 under 'no feature'. The result has every gene's
        name, 'no feature' and 'ambiguous' as keys, also with a value of 0.""",
        options={
            "stranded": {
                "no": "A read may belong to genes of both strands.",
                "yes": "A read belongs only to genes of its own strand.",
                "reverse": "A read belongs only to genes of the other strand.",
            },
            "mode": {
                "any": "A read belongs to a gene with which it shares at least one base.",
                "within": "A read belongs to a gene when all its bases lie in it.",
            },
            "shared_reads": {
                "ambiguous": "A read that belongs to several genes counts 1 under 'ambiguous' and nothing for them.",
                "split": "A read that belongs to n genes counts 1 / n for each.",
                "all": "A read that belongs to several genes counts 1 for each.",
            },
        },
        edges=(
            ([], []),
            ([], GENES),
            ([["r", 8, 10, "+"], ["s", 9, 12, "-"], ["t", 30, 33, "+"]], GENES),
            ([["r", 0, 10, "+"], ["s", 0, 11, "+"], ["t", 18, 22, "-"]], GENES),
            ([["r", 2, 5, "-"], ["s", 2, 5, "+"]], [["x", 0, 9, "+"], ["y", 1, 6, "+"], ["z", 2, 5, "-"]]),
            ([["r", 2, 5, "-"], ["s", 2, 5, "+"], ["t", 0, 3, "-"]], [["x", 2, 5, "-"], ["y", 1, 6, "-"]]),
        ),
        draw=_reads,
    ),
    Function(
        cluster_features,
        says="""The number of each feature's cluster, by name (names are distinct). Two features are in one cluster
        {gap}, or when others link them in this way. {strands} {numbers} {lone}""",
        options={
            "gap": {
                0: "when they share at least one base",
                1: "when they share a base or touch",
                4: "when they share a base, touch, or have at most 3 bases between them",
            },
            "strands": {
                "any": "Strands do not matter.",
                "apart": "Features of different strands are never in one cluster and do not link others.",
            },
            "numbers": {
                "place": "Clusters are numbered from 1 in the order of their first member in the order of `by_start`.",
                "size": "Clusters are numbered from 1 from the most members to the fewest; equally large ones in the "
                "order of their first "
                "member in the order of `by_start`.",
            },
            "lone": {
                "count": "A feature alone is a cluster too.",
                "zero": "A feature alone has the number 0 and is no cluster: the others are numbered without it.",
            },
        },
        edges=(
            ([],),
            ([["a", 0, 4, "+"]],),
            ([["a", 0, 40, "+"], ["b", 5, 6, "+"], ["c", 30, 35, "-"], ["d", 43, 44, "+"]],),
            ([["a", 4, 8, "+"], ["b", 0, 4, "+"], ["c", 11, 12, "-"], ["d", 20, 24, "-"], ["e", 16, 21, "+"]],),
            ([["a", 4, 8, "-"], ["b", 20, 24, "+"], ["c", 21, 30, "+"], ["d", 29, 31, "+"]],),
        ),
        draw=_many,
    ),
)
