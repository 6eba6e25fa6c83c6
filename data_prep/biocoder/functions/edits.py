"""Edits: distances, common subsequences, overlaps of reads."""

from __future__ import annotations

import random

from data_prep.biocoder.contexts.edits import is_transition, mismatches, table
from data_prep.biocoder.draws import dna, mixed_case_pair, near_pair
from data_prep.biocoder.function import Function

CATEGORY = "alignment"


def edit_distance(a: str, b: str, *, swaps: bool, substitution: str, result: str) -> float:
    rows = table(len(a) + 1, len(b) + 1)
    for i in range(len(a) + 1):
        rows[i][0] = i
    for j in range(len(b) + 1):
        rows[0][j] = j
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            x, y = a[i - 1], b[j - 1]
            cost = 0.0 if x == y else 1.0
            if substitution == "transitions" and is_transition(x, y):
                cost = 0.5
            elif substitution == "none" and x != y:
                cost = 2.0
            rows[i][j] = min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + cost)
            if swaps and i > 1 and j > 1 and x == b[j - 2] and y == a[i - 2]:
                rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1)
    distance = rows[len(a)][len(b)]
    if result == "similarity":
        longest = max(len(a), len(b))
        return 1 - distance / longest if longest else 1.0
    if result == "per letter":
        return distance / (len(a) + len(b)) if a or b else 0.0
    return distance


def common_subsequence(a: str, b: str, *, tie: str, case: str, result: str) -> list:
    x, y = (a.upper(), b.upper()) if case == "ignore" else (a, b)
    best = table(len(x) + 1, len(y) + 1, "")
    for i in range(len(x) - 1, -1, -1):
        for j in range(len(y) - 1, -1, -1):
            options = [best[i + 1][j], best[i][j + 1]]
            if x[i] == y[j]:
                options.append(x[i] + best[i + 1][j + 1])
            longest = max(map(len, options))
            texts = [text for text in options if len(text) == longest]
            best[i][j] = min(texts) if tie == "smallest" else max(texts)
    word = best[0][0]
    if result == "text":
        return [word]
    if result == "rest":
        return [word, len(a) + len(b) - 2 * len(word)]
    return [word, len(word) / max(len(a), len(b)) if a or b else 1.0]


def overlap(a: str, b: str, shortest: int, *, allowed: str, contained: str, tie: str) -> list:
    found: list = []
    for n in range(shortest, min(len(a), len(b)) + 1):
        if contained == "no" and n == min(len(a), len(b)):
            continue
        wrong = len(mismatches(a[len(a) - n :], b[:n]))
        if wrong > (n // 4 if allowed == "quarter" else 1 if allowed == "one" else 2):
            continue
        if not found or tie == "longest" or (tie == "best" and n - 2 * wrong >= found[0] - 2 * found[1]):
            found = [n, wrong]
    return [*found, a + b[found[0] :]] if found else [0, 0, a + b]


def _reads(rng: random.Random) -> tuple[str, str, int]:
    core = dna(rng, 1, 6, "ACG")
    b = "".join(x if rng.random() < 0.85 else rng.choice("ACGT") for x in core) + dna(rng, 0, 4, "AC")
    return (dna(rng, 0, 4, "AC") + core, b, rng.randint(1, 3))


FUNCTIONS = (
    Function(
        edit_distance,
        says="""The edit distance of `a` and `b`: the least cost of turning one into the other, an inserted or deleted
        letter costing 1. {substitution} {swaps} {result}""",
        options={
            "substitution": {
                "one": "A replaced letter costs 1.",
                "transitions": "A replaced letter costs 0.5 when it is a transition (`is_transition`), else 1.",
                "none": "A replaced letter costs 2.",
            },
            "swaps": {
                False: "Nothing else is allowed.",
                True: "Two neighbouring letters that change places cost 1, and are not edited again (optimal string "
                "alignment).",
            },
            "result": {
                "distance": "The result is the distance.",
                "similarity": "The result is 1 - distance / (length of the longer sequence), not cut at 0; 1.0 for "
                "two empty ones.",
                "per letter": "The result is the distance over the sum of the two lengths; 0.0 for two empty ones.",
            },
        },
        edges=(("", ""), ("", "ACG"), ("AG", "GA"), ("CT", "TC"), ("A", "G"), ("A", "C"), ("ACGT", "TGCA")),
        draw=near_pair,
    ),
    Function(
        common_subsequence,
        says="""The longest common subsequence of `a` and `b`, a text whose letters stand in this order, not necessarily
        together, in both. {case} {result}{tie}""",
        options={
            "case": {
                "heed": "Upper and lower case are different letters.",
                "ignore": "Both are brought to upper case first, also in what is returned.",
            },
            "result": {
                "text": "The result is a list with the text alone.",
                "rest": "The result is [text, the number of letters of both sequences that are not part of it].",
                "share": "The result is [text, its length over that of the longer sequence], and ['', 1.0] for two "
                "empty sequences.",
            },
            "tie": {
                "smallest": " Of several equally long texts the smallest by Python's order of strings is taken.",
                "largest": " Of several equally long texts the greatest by Python's order of strings is taken.",
            },
        },
        edges=(("", ""), ("", "A"), ("aC", "AC"), ("AC", "CA"), ("GTAC", "ACGT")),
        draw=mixed_case_pair,
    ),
    Function(
        overlap,
        says="""How the end of read `a` overlaps the start of read `b`: lengths from `shortest` (at least 1) to that of
        the shorter read are compared without gaps. {allowed} {contained} {tie} The result is [length, number of
        differing letters, the two reads merged: `a` followed by what `b` has beyond the overlap]; [0, 0, a + b] when
        there is no overlap.""",
        options={
            "allowed": {
                "one": "An overlap may differ in one letter.",
                "two": "An overlap may differ in up to two letters.",
                "quarter": "An overlap may differ in up to length // 4 letters.",
            },
            "contained": {
                "yes": "An overlap may be as long as the shorter read.",
                "no": "An overlap must be shorter than either read.",
            },
            "tie": {
                "longest": "The longest one is taken.",
                "shortest": "The shortest one is taken.",
                "best": "The one with the greatest length minus twice its number of differing letters is taken, and "
                "the longest of several such.",
            },
        },
        edges=(("", "", 1), ("ACG", "ACG", 1), ("ACGT", "GTAA", 3), ("AAAA", "AAAC", 1), ("CCA", "ACC", 2)),
        draw=_reads,
    ),
)
