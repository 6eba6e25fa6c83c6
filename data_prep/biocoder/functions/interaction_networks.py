"""Protein interaction networks: hubs, clustering, shared partners, function prediction."""

from __future__ import annotations

import random

from data_prep.biocoder.contexts.interaction_networks import linked, neighbours, network_of, steps
from data_prep.biocoder.function import Function

CATEGORY = "graphs"


def hubs(interactions: list[list], n: int, *, measure: str, tie: str, result: str) -> list:
    network = network_of(interactions)
    scores: dict[str, float] = {}
    for protein, partners in network.items():
        if measure == "degree":
            scores[protein] = len(partners)
        elif measure == "strength":
            scores[protein] = sum(partners.values())
        else:
            reached = steps(network, protein)
            scores[protein] = (len(reached) - 1) / sum(reached.values())
    order = sorted(scores, key=lambda protein: (-round(scores[protein], 9), protein))
    chosen = order[:n]
    if tie == "all" and chosen:
        least = round(scores[chosen[-1]], 9)
        chosen = [protein for protein in order if round(scores[protein], 9) >= least]
    return [[protein, scores[protein]] for protein in chosen] if result == "scores" else chosen


def clustering(interactions: list[list], least: float, *, weights: str, mean: str, empty: str) -> float | None:
    network = network_of(interactions, least)
    values, triangles, pairs = [], 0.0, 0
    for protein in sorted(network):
        around = neighbours(network, protein)
        possible = len(around) * (len(around) - 1) // 2
        closed = float(linked(network, around))
        if weights == "least":
            closed = 0.0
            for a in sorted(around):
                for b in sorted(around & neighbours(network, a)):
                    if a < b:
                        closed += min(network[a][b], network[protein][a], network[protein][b])
        triangles, pairs = triangles + closed, pairs + possible
        if possible:
            values.append(closed / possible)
        elif mean == "all":
            values.append(0.0)
    if mean == "pooled":
        if pairs:
            return triangles / pairs
    elif values:
        return sum(values) / len(values)
    return None if empty == "none" else 0.0


def partner_similarity(
    interactions: list[list], first: str, second: str, *, measure: str, own: str, unknown: str
) -> float:
    network = network_of(interactions)
    if unknown == "error" and not (first in network and second in network):
        raise ValueError("not in the network")
    a, b = neighbours(network, first), neighbours(network, second)
    if own == "without":
        a, b = a - {second}, b - {first}
    elif own == "with":
        a, b = a | {first}, b | {second}
    if measure == "jaccard":
        whole = len(a | b)
    elif measure == "smaller":
        whole = min(len(a), len(b))
    else:
        return sum(1 / len(network[p]) for p in sorted(a & b) if p in network)
    return len(a & b) / whole if whole else 0.0


def guilt_by_association(
    interactions: list[list], labels: dict[str, str], protein: str, *, vote: str, reach: int, tie: str, own: str
) -> str | None:
    if own == "known" and protein in labels:
        return labels[protein]
    network = network_of(interactions)
    scores: dict[str, float] = {}
    near = steps(network, protein)
    for other, distance in near.items():
        if other not in labels or not 1 <= distance <= reach:
            continue
        if vote == "count":
            weight = 1.0
        elif vote == "distance":
            weight = 1 / distance**2
        else:
            weight = max(network[other][p] for p in neighbours(network, other) if near[p] == distance - 1)
        scores[labels[other]] = scores.get(labels[other], 0.0) + weight
    if not scores:
        return None
    best = max(scores.values())
    winners = sorted(label for label in scores if scores[label] > best - 1e-9)
    if tie == "none" and len(winners) > 1:
        return None
    return winners[0]


def _interactions(rng: random.Random, low: int = 3, high: int = 12) -> list[list]:
    names = [f"P{i}" for i in range(rng.randint(3, 7))]
    rows = []
    for _ in range(rng.randint(low, high)):
        rows.append([rng.choice(names), rng.choice(names), rng.choice([0.2, 0.4, 0.5, 0.5, 0.7, 0.9])])
    return rows


def _many(rng: random.Random) -> tuple[list[list], int]:
    return (_interactions(rng), rng.randint(1, 3))


def _least(rng: random.Random) -> tuple[list[list], float]:
    return (_interactions(rng, 6, 14), rng.choice([0.2, 0.4, 0.5]))


def _two(rng: random.Random) -> tuple[list[list], str, str]:
    first, second = rng.sample(["P0", "P1", "P2", "P3"], 2)
    return (_interactions(rng, 8, 16), first, "P9" if rng.random() < 0.15 else second)


def _labels(rng: random.Random) -> tuple[list[list], dict[str, str], str]:
    labels = {
        f"P{i}": rng.choice(["repair", "transport", "growth", "death", "defence", "motion"])
        for i in range(7)
        if rng.random() < 0.7
    }
    return (_interactions(rng, 4, 10), labels, f"P{rng.randint(0, 6)}")


TRIANGLE = [["A", "B", 0.9], ["B", "C", 0.5], ["C", "A", 0.4]]
STAR = [["A", "B", 0.9], ["A", "C", 0.5], ["D", "A", 0.4], ["A", "A", 1.0], ["B", "A", 0.2]]
MADE = "The network is made of `interactions` by `network_of`"

FUNCTIONS = (
    Function(
        hubs,
        says=MADE
        + """. The `n` proteins (`n` is at least 1) with the greatest score, which is {measure}. Scores are equal when they are after rounding
        to 9 digits. They come from the greatest score to the smallest, those with equal scores sorted by name. {tie} Fewer when the network has
        fewer. {result}""",
        options={
            "measure": {
                "degree": "the number of partners",
                "strength": "the sum of the confidences of its interactions",
                "closeness": "the number of other proteins that can be reached from it, over the sum of the `steps` "
                "to them",
            },
            "tie": {
                "name": "Of proteins with equal scores the ones with the smaller names go in first, and no more than "
                "`n` are given.",
                "all": "All proteins whose score equals that of the `n`-th are given too.",
            },
            "result": {
                "names": "The result is the list of names.",
                "scores": "The result is a list of rows [name, score], with the score not rounded.",
            },
        },
        edges=(
            ([], 2),
            (TRIANGLE, 1),
            (STAR, 2),
            (STAR, 9),
            ([["A", "A", 1.0]], 1),
            ([*TRIANGLE, ["X", "Y", 0.9]], 2),
        ),
        draw=_many,
    ),
    Function(
        clustering,
        says=MADE
        + """ with `least`. A protein's coefficient is {weights}, over the number of pairs of its partners; it has none with fewer than two
        partners. The result is {mean}. {empty}""",
        options={
            "weights": {
                "none": "the number of pairs of its partners that interact with each other",
                "least": "the sum, over the pairs of its partners that interact with each other, of the smallest of "
                "the three confidences in that "
                "triangle",
            },
            "mean": {
                "some": "the mean of the coefficients of those proteins that have one",
                "all": "the mean over all proteins of the network, those without a coefficient counting as 0",
                "pooled": "the sum of all coefficients' numerators over the sum of all their denominators",
            },
            "empty": {
                "zero": "It is 0.0 when there is nothing to divide by.",
                "none": "It is None when there is nothing to divide by.",
            },
        },
        edges=(
            ([], 0.5),
            (TRIANGLE, 0.0),
            (TRIANGLE, 0.5),
            ([["A", "B", 0.5]], 0.6),
            (STAR, 0.3),
            ([*TRIANGLE, ["C", "D", 0.9]], 0.4),
        ),
        draw=_least,
    ),
    Function(
        partner_similarity,
        says=MADE + """. How alike the partners of the proteins `first` and `second` are: {measure}. {own} {unknown}""",
        options={
            "measure": {
                "jaccard": "the number of partners of both over the number of partners of at least one of them, 0.0 "
                "when there is none",
                "smaller": "the number of partners of both over the smaller of their two numbers of partners, 0.0 "
                "when that is 0",
                "rare": "the sum, over the partners of both, of 1 / the partner's own number of partners in the "
                "network (a protein that is not in the "
                "network adds nothing)",
            },
            "own": {
                "without": "Each of the two is taken out of the partners of the other beforehand.",
                "with": "Each of the two is put among its own partners beforehand, in the sets that are compared.",
            },
            "unknown": {
                "none": "A protein that is not in the network has no partners.",
                "error": "When one of the two is not in the network, a ValueError is raised.",
            },
        },
        edges=(
            ([], "A", "B"),
            (TRIANGLE, "A", "B"),
            (STAR, "B", "C"),
            (STAR, "A", "B"),
            (TRIANGLE, "A", "X"),
            (TRIANGLE, "A", "A"),
            ([*TRIANGLE, ["B", "D", 0.3]], "C", "D"),
            ([[a, b, 0.5] for a, b in ("AB", "AC", "AD", "XB", "XC", "XY", "XZ")], "A", "X"),
            ([[a, b, 0.5] for a, b in ("AB", "AC", "AD", "AE", "XB", "XY", "XZ", "XW", "XA")], "A", "X"),
        ),
        draw=_two,
    ),
    Function(
        guilt_by_association,
        says=MADE
        + """. The label that the labelled proteins around `protein` vote for. {own} Proteins vote with their label in `labels` when they have one
        and are 1 to {reach} from `protein` (as `steps` counts). {vote} The label with the greatest sum wins; sums that differ by less than
        1e-9 are equal. {tie} None when nobody votes, also for a protein that is not in the network.""",
        options={
            "own": {
                "ignore": "A label of `protein` itself does not matter.",
                "known": "When `protein` has a label itself, that is the result, whatever the others say.",
            },
            "reach": {2: "2 steps", 3: "3 steps"},
            "vote": {
                "count": "Each vote weighs 1.",
                "distance": "A vote weighs 1 over the square of the number of steps.",
                "confidence": "A vote weighs the greatest confidence of an interaction between the voter and a "
                "protein that is one step nearer to "
                "`protein` (`protein` itself at one step).",
            },
            "tie": {
                "name": "Of several such labels the smallest as text wins.",
                "none": "With several such labels the result is None.",
            },
        },
        edges=(
            ([], {}, "A"),
            (TRIANGLE, {"A": "growth"}, "A"),
            (STAR, {"B": "growth", "C": "repair"}, "D"),
            (STAR, {"B": "growth", "C": "repair", "D": "repair"}, "A"),
            ([["A", "B", 0.5], ["B", "C", 0.5], ["C", "D", 0.9], ["D", "E", 0.4]], {"D": "growth", "E": "repair"}, "A"),
            ([["A", "B", 0.5], ["B", "C", 0.9], ["C", "D", 0.9]], {"B": "repair", "C": "growth", "D": "growth"}, "A"),
            ([["A", "B", 0.5], ["B", "C", 0.5], ["C", "D", 0.9]], {"D": "growth", "C": "repair"}, "A"),
            (TRIANGLE, {"B": "growth", "C": "growth", "A": "repair"}, "A"),
        ),
        draw=_labels,
    ),
)
