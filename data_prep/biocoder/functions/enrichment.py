"""Gene sets and many tests: over-representation, adjusted and combined p-values, the running sum of ranked genes."""

from __future__ import annotations

import math
import random

from data_prep.biocoder.contexts.enrichment import NORMAL, check_p, chi_square_tail, hypergeometric
from data_prep.biocoder.function import Function

CATEGORY = "statistics"


def over_representation(
    genes: list[str], pathway: list[str], background: list[str], *, tail: str, outside: str, result: str
) -> list | float:
    everyone, chosen, marked = set(background), set(genes), set(pathway)
    if outside == "error" and not (chosen <= everyone and marked <= everyone):
        raise ValueError("a gene that is not in the background")
    if outside == "add":
        everyone |= chosen
    chosen, marked = chosen & everyone, marked & everyone
    k, total = len(chosen & marked), len(everyone)
    chances = [hypergeometric(i, len(marked), len(chosen), total) for i in range(len(chosen) + 1)]
    if tail == "over":
        p = sum(chances[k:])
    elif tail == "under":
        p = sum(chances[: k + 1])
    else:
        p = sum(chance for chance in chances if chance <= chances[k] * (1 + 1e-7))
    p = min(p, 1.0)
    if result == "p":
        return p
    return [k, len(chosen) * len(marked) / total if total else 0.0, p]


def adjust_p_values(values: list, *, method: str, missing: str, result: str) -> list:
    known = check_p(values)
    n = len(values) if missing == "count" else len(known)
    order = sorted(range(len(values)), key=lambda i: (values[i] is None, values[i] if values[i] is not None else 0.0))
    order = order[: len(known)]
    adjusted: list = [None] * len(values)
    if method == "bonferroni":
        for i in order:
            adjusted[i] = min(1.0, values[i] * n)
    elif method == "holm":
        worst = 0.0
        for rank, i in enumerate(order):
            worst = max(worst, min(1.0, values[i] * (n - rank)))
            adjusted[i] = worst
    else:
        best = 1.0
        harmonic = sum(1 / i for i in range(1, n + 1)) if method == "by" else 1.0
        for rank in range(len(order), 0, -1):
            i = order[rank - 1]
            best = min(best, values[i] * n * harmonic / rank)
            adjusted[i] = best
    if result == "significant":
        return [i for i, p in enumerate(adjusted) if p is not None and p <= 0.05]
    return adjusted


def running_enrichment(
    ranked: list[list], genes: list[str], *, order: str, weight: str, peak: str, result: str
) -> list | float:
    rows = sorted(ranked, key=lambda row: (-row[1], row[0])) if order == "score" else ranked
    weights = [(abs(score) if weight == "score" else 1.0) if gene in genes else 0.0 for gene, score in rows]
    misses = sum(gene not in genes for gene, _ in rows)
    total, high, low = 0.0, (0.0, -1), (0.0, -1)
    if sum(weights) > 0 and misses:
        for i, (gene, _) in enumerate(rows):
            total += weights[i] / sum(weights) if gene in genes else -1 / misses
            if total > high[0] + 1e-9:
                high = (total, i)
            if total < low[0] - 1e-9:
                low = (total, i)
    best = high if peak == "highest" or high[0] >= -low[0] - 1e-9 else low
    if result == "score":
        return best[0]
    if best[1] < 0:
        leading = []
    elif best is high:
        leading = [gene for gene, _ in rows[: best[1] + 1] if gene in genes]
    else:
        leading = [gene for gene, _ in rows[best[1] + 1 :] if gene in genes]
    return [best[0], leading]


def combine_p_values(values: list, *, method: str, zero: str, missing: str, none: str) -> float | None:
    known = check_p(values)
    if missing == "one":
        known += [1.0] * (len(values) - len(known))
    if not known:
        if none == "error":
            raise ValueError("no p-values")
        return None
    if zero == "error" and 0 in known:
        raise ValueError("a p-value of 0")
    n = len(known)
    if method == "smallest":
        return 1 - (1 - min(known)) ** n
    if method == "fisher":
        if 0 in known:
            return 0.0
        return chi_square_tail(-2 * sum(map(math.log, known)), n)
    clipped = [min(max(p, 1e-9), 1 - 1e-9) for p in known]
    return 1 - NORMAL.cdf(sum(NORMAL.inv_cdf(1 - p) for p in clipped) / math.sqrt(n))


def _sets(rng: random.Random) -> tuple[list[str], list[str], list[str]]:
    background = [f"g{i}" for i in range(rng.randint(8, 18))]
    genes, pathway = (rng.sample(background, rng.randint(2, 6)) for _ in range(2))
    if rng.random() < 0.5:
        pathway = list(dict.fromkeys(pathway + genes[:3]))
    if rng.random() < 0.3:
        genes.append(rng.choice(["x1", genes[0]]))
    if rng.random() < 0.2:
        pathway.append("x1")
    return (genes, pathway, background)


def _p_values(rng: random.Random) -> tuple[list]:
    values: list = [round(round(10 ** rng.uniform(-3.5, -0.1), 4) + 3e-5, 5) for _ in range(rng.randint(2, 7))]
    if rng.random() < 0.5:
        values.append(values[0])
    if rng.random() < 0.4:
        values.insert(rng.randint(0, 2), None)
    if rng.random() < 0.15:
        values.append(rng.choice([0.0, 1.0]))
    return (values,)


def _ranked(rng: random.Random) -> tuple[list[list], list[str]]:
    names = [f"g{i}" for i in range(rng.randint(4, 9))]
    rows = [[name, rng.choice([3.0, 2.5, 1.0, 0.5, 0.0, -0.5, -2.0, -2.0, -4.0])] for name in names]
    if rng.random() < 0.6:
        rows.sort(key=lambda row: -row[1])
    return (rows, rng.sample([*names, "x"], rng.randint(1, 4)))


BACK = ["a", "b", "c", "d", "e", "f"]
RANKED = [["a", 3.0], ["b", 2.0], ["c", -1.0], ["d", -1.0], ["e", -5.0]]
NOT_P = "A value below 0 or above 1 raises a ValueError."

FUNCTIONS = (
    Function(
        over_representation,
        says="""Tests whether the genes of `pathway` are {tail} among `genes`, by the hypergeometric distribution: of
        all genes in `background`, as many as are in `genes` are drawn. All three are sets in effect. {outside} {result}""",
        options={
            "tail": {
                "over": "over-represented (p is the chance of at least as many of the pathway's genes as there are)",
                "under": "under-represented (p is the chance of at most as many of the pathway's genes as there are)",
                "two": "over- or under-represented (p is the sum of the chances of all numbers of the pathway's genes "
                "whose chance is not greater than that of "
                "the number that there are, or greater by a relative 1e-7 at most)",
            },
            "outside": {
                "drop": "Genes of the other two that are not in `background` are left out.",
                "add": "Those of `genes` that are not in `background` are added to it; those of `pathway` that are "
                "not in it after that are left out.",
                "error": "A gene in one of the other two that is not in `background` raises a ValueError.",
            },
            "result": {
                "p": "The result is p.",
                "all": "The result is [the number of the pathway's genes among `genes`, their expected number (0.0 "
                "when the background is empty), p].",
            },
        },
        edges=(
            ([], [], []),
            ([], ["a"], BACK),
            (["a", "b", "a"], ["a", "b", "c"], BACK),
            (["a", "b", "x"], ["a", "x", "y"], BACK),
            (["a", "b"], ["a", "y"], BACK),
            (BACK, ["a", "b"], BACK),
            (["a", "b", "c"], ["d", "e"], BACK),
        ),
        draw=_sets,
    ),
    Function(
        adjust_p_values,
        says="""Adjusts p-values for many tests by {method}; no adjusted value is above 1. {missing} """
        + NOT_P
        + """ {result}""",
        options={
            "method": {
                "bh": "the method of Benjamini and Hochberg",
                "by": "the method of Benjamini and Yekutieli",
                "holm": "Holm's method",
                "bonferroni": "Bonferroni's method",
            },
            "missing": {
                "skip": "A None is no test.",
                "count": "A None is a test of which the p-value is not known: it counts in the number of tests, and "
                "nowhere else.",
            },
            "result": {
                "values": "The result has the adjusted values in the order of `values`, None for None.",
                "significant": "The result is the list of the indices (from 0, ascending) of the values whose "
                "adjusted value is at most 0.05.",
            },
        },
        edges=(
            ([],),
            ([None],),
            ([0.04],),
            ([0.009, 0.02, None, 0.028, 0.9],),
            ([0.01, 0.01, 0.012, 0.2],),
            ([0.5, 1.2],),
            ([0.02, None, None],),
            ([0.001, 0.011, 0.02, 0.039, 0.6],),
            ([0.012, 0.016, 0.03],),
        ),
        draw=_p_values,
    ),
    Function(
        running_enrichment,
        says="""The enrichment score of the set `genes` in `ranked`, rows [gene, score]. {order} Going through them, the
        running sum, 0 at first, grows at a gene of the set by its weight over the weights of all genes of the set in
        the list, and falls at another gene by 1 over the number of these. {weight} {peak} When no gene of the set is in
        the list, their weights are all 0, or there is no other gene, the running sum stays 0. {result}""",
        options={
            "order": {
                "given": "The rows are taken in their order.",
                "score": "The rows are taken from the greatest score to the smallest, equal ones by name.",
            },
            "weight": {
                "one": "All weights are 1.",
                "score": "A gene's weight is the absolute value of its score.",
            },
            "peak": {
                "far": "The enrichment score is the running sum's value that is farthest from 0, the positive one of "
                "two equally far ones (differences up to 1e-9 do not "
                "count), where it is met first.",
                "highest": "The enrichment score is the running sum's greatest value, where it is met first "
                "(differences up to 1e-9 do not count), 0.0 when it is never "
                "above 0.",
            },
            "result": {
                "score": "The result is the enrichment score.",
                "edge": "The result is [enrichment score, leading edge]: the genes of the set up to the place of the "
                "score and at it when it is positive, after that "
                "place when it is negative, in the order of the list; none for a score of 0.",
            },
        },
        edges=(
            ([], ["a"]),
            (RANKED, []),
            (RANKED, ["a", "c"]),
            (RANKED, ["d", "e"]),
            (RANKED, ["a", "e"]),
            (RANKED[::-1], ["a", "b"]),
            ([["a", 0.0], ["b", 1.0]], ["a"]),
            (RANKED, ["a", "b", "c", "d", "e"]),
        ),
        draw=_ranked,
    ),
    Function(
        combine_p_values,
        says="""One p-value for several independent tests of the same hypothesis, by {method} {missing} {zero} {none} """
        + NOT_P,
        options={
            "method": {
                "fisher": "Fisher's method: -2 times the sum of the natural logarithms is chi-square with two degrees "
                "of freedom for each p-value; the result is 0.0 when "
                "one of them is 0.",
                "stouffer": "Stouffer's method with equal weights: the upper-tail normal quantiles of the p-values, "
                "after values below 1e-9 or above 1 - 1e-9 "
                "are brought to these bounds; the upper tail of their sum over the square root of their number.",
                "smallest": "Tippett's method: the chance that the smallest of so many uniform values is at most the "
                "smallest p-value.",
            },
            "missing": {
                "skip": "A None is left out.",
                "one": "A None is a p-value of 1.",
            },
            "zero": {"keep": "A 0 is a p-value like others.", "error": "A 0 raises a ValueError."},
            "none": {
                "none": "The result is None without any p-value.",
                "error": "A ValueError is raised without any p-value.",
            },
        },
        edges=(([],), ([None],), ([0.04],), ([0.0, 0.5],), ([0.2, None, 0.03],), ([1.0, 1.0],), ([0.5, -0.1],)),
        draw=_p_values,
    ),
)
