"""Pairwise alignment: global, local, and with affine gaps."""

from __future__ import annotations

import random

from data_prep.biocoder.contexts.pairwise import GAP, gap_score, score, table
from data_prep.biocoder.draws import dna, mixed_case_pair, near_pair
from data_prep.biocoder.function import Function

CATEGORY = "alignment"


def global_alignment(a: str, b: str, *, first: str, ends: str, result: str) -> list:
    best = table(len(a) + 1, len(b) + 1)
    for i in range(1, len(a) + 1):
        best[i][0] = 0 if ends in ("both", "a") else i * GAP
    for j in range(1, len(b) + 1):
        best[0][j] = 0 if ends == "both" else j * GAP
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            up = best[i - 1][j] + (0 if j == len(b) and ends in ("both", "a") else GAP)
            left = best[i][j - 1] + (0 if i == len(a) and ends == "both" else GAP)
            best[i][j] = max(best[i - 1][j - 1] + score(a[i - 1], b[j - 1]), up, left)
    i, j, top, low = len(a), len(b), "", ""
    while i or j:
        up = i and best[i][j] == best[i - 1][j] + (0 if j in (0, len(b)) and ends in ("both", "a") else GAP)
        left = j and best[i][j] == best[i][j - 1] + (0 if i in (0, len(a)) and ends == "both" else GAP)
        match = i and j and best[i][j] == best[i - 1][j - 1] + score(a[i - 1], b[j - 1])
        if match and (first == "match" or not (up or left)):
            i, j, top, low = i - 1, j - 1, a[i - 1] + top, b[j - 1] + low
        elif up and (first != "left" or not left):
            i, top, low = i - 1, a[i - 1] + top, "-" + low
        elif left:
            j, top, low = j - 1, "-" + top, b[j - 1] + low
        else:
            i, j, top, low = i - 1, j - 1, a[i - 1] + top, b[j - 1] + low
    return [top, low] if result == "rows" else [best[len(a)][len(b)], top, low]


def local_alignment(a: str, b: str, *, tie: str, case: str, result: str) -> list:
    if case == "ignore":
        a, b = a.upper(), b.upper()
    best = table(len(a) + 1, len(b) + 1)
    top, place = 0, (0, 0)
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            best[i][j] = max(
                0, best[i - 1][j - 1] + score(a[i - 1], b[j - 1]), best[i - 1][j] + GAP, best[i][j - 1] + GAP
            )
            if best[i][j] > top or (tie == "last" and best[i][j] == top > 0):
                top, place = best[i][j], (i, j)
    i, j = place
    while best[i][j] > 0:
        if best[i][j] == best[i - 1][j - 1] + score(a[i - 1], b[j - 1]):
            i, j = i - 1, j - 1
        elif best[i][j] == best[i - 1][j] + GAP:
            i -= 1
        else:
            j -= 1
    if result == "parts":
        return [top, a[i : place[0]], b[j : place[1]]]
    if result == "closed":
        return [top, i + 1, place[0], j + 1, place[1]] if top else [0, 0, 0, 0, 0]
    return [top, i, place[0], j, place[1]]


def affine_score(a: str, b: str, opening: int, extending: int, *, ends: str, adjacent: bool) -> int:
    low = float("-inf")
    match, up, left = (table(len(a) + 1, len(b) + 1, low) for _ in range(3))
    match[0][0] = 0
    for i in range(1, len(a) + 1):
        up[i][0] = gap_score(i, opening, extending)
        match[i][0] = 0 if ends != "charged" else low
    for j in range(1, len(b) + 1):
        left[0][j] = gap_score(j, opening, extending)
        match[0][j] = 0 if ends in ("free", "front") else low
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            before = max(match[i - 1][j - 1], up[i - 1][j - 1], left[i - 1][j - 1])
            match[i][j] = before + score(a[i - 1], b[j - 1])
            up[i][j] = max(match[i - 1][j] + opening, up[i - 1][j] + extending)
            left[i][j] = max(match[i][j - 1] + opening, left[i][j - 1] + extending)
            if adjacent:
                up[i][j] = max(up[i][j], left[i - 1][j] + opening)
                left[i][j] = max(left[i][j], up[i][j - 1] + opening)
    best = lambda i, j: max(match[i][j], up[i][j], left[i][j])  # noqa: E731
    if ends == "free":
        found = max([best(len(a), j) for j in range(len(b) + 1)] + [best(i, len(b)) for i in range(len(a) + 1)])
    elif ends == "fit":
        found = max(best(i, len(b)) for i in range(len(a) + 1))
    else:
        found = best(len(a), len(b))
    return int(found)


def _affine(rng: random.Random) -> tuple[str, str, int, int]:
    a, b = dna(rng, 0, 8, "ACG"), dna(rng, 0, 8, "ACG")
    if rng.random() < 0.6:
        core = dna(rng, 2, 5)
        a, b = a[:4] + core + "TT", core[:2] + dna(rng, 1, 3, "GC") + core[2:]
    if rng.random() < 0.3:  # where two gaps side by side pay
        left, right, n = dna(rng, 3, 5), dna(rng, 3, 5), rng.randint(4, 6)
        return (left + "A" * n + right, left + "T" * n + right, -rng.randint(1, 2), 0)
    opening = -rng.randint(0, 4)
    return (a, b, opening, rng.randint(opening, 0))


FUNCTIONS = (
    Function(
        global_alignment,
        says="""The best global alignment of `a` and `b` with `score` for a pair of letters and GAP for each letter
        opposite a gap. {ends} It is found by going back from the ends of both sequences to their starts. Where several
        last columns lead to the best score, {first} {result}""",
        options={
            "ends": {
                "none": "All gaps count.",
                "both": "Gaps before the first and after the last letter of either sequence cost nothing.",
                "a": "Letters of `a` before the first letter of `b`, or after its last one, cost nothing; all other "
                "gaps count, those in `a` too.",
            },
            "first": {
                "match": "a pair of letters is taken before a letter of `a` opposite a gap, and that before a letter "
                "of `b` opposite a gap.",
                "up": "a letter of `a` opposite a gap is taken before a letter of `b` opposite a gap, and that before "
                "a pair of letters.",
                "left": "a letter of `b` opposite a gap is taken before a letter of `a` opposite a gap, and that "
                "before a pair of letters.",
            },
            "result": {
                "rows": "The result is [aligned a, aligned b], with '-' for a gap.",
                "scored": "The result is [score, aligned a, aligned b], with '-' for a gap.",
            },
        },
        edges=(("", ""), ("", "AC"), ("AC", ""), ("AAA", "A"), ("ACGT", "CG"), ("CG", "ACGT"), ("ACAC", "CACA")),
        draw=near_pair,
    ),
    Function(
        local_alignment,
        says="""The best local alignment of `a` and `b` (Smith and Waterman) with `score` for a pair of letters and GAP
        for each letter opposite a gap. {case} {tie} From that end one goes back while the score is above 0, taking a
        pair of letters before a letter of `a` opposite a gap, and that before a letter of `b` opposite a gap. {result}""",
        options={
            "case": {
                "heed": "Upper and lower case are different letters.",
                "ignore": "Both sequences are brought to upper case first, also in what is returned.",
            },
            "tie": {
                "first": "Of several ends with the best score it is the one with the smallest end in `a`, and of "
                "these the smallest in `b`.",
                "last": "Of several ends with the best score it is the one with the greatest end in `a`, and of these "
                "the greatest in `b`.",
            },
            "result": {
                "parts": "The result is [score, the aligned part of a, the aligned part of b], both without gaps; [0, "
                "'', ''] when no score is above 0.",
                "half-open": "The result is [score, start in a, end in a, start in b, end in b], 0-based with "
                "exclusive ends; five zeros when no score "
                "is above 0.",
                "closed": "The result is [score, first in a, last in a, first in b, last in b], 1-based with "
                "inclusive ends; five zeros when no score is "
                "above 0.",
            },
        },
        edges=(("", ""), ("A", "C"), ("ACAC", "AC"), ("aCGT", "ACGT"), ("ACTTAC", "ACGGAC")),
        draw=mixed_case_pair,
    ),
    Function(
        affine_score,
        says="""The best score of an alignment of all of `a` with all of `b` with affine gaps: `score` for a pair of
        letters, and `gap_score` with `opening` and `extending` (negative or 0, `opening` not above `extending`) for
        each gap, a gap being a longest run of letters of one sequence opposite '-'. {adjacent} {ends}""",
        options={
            "adjacent": {
                False: "A gap in one sequence may not be next to a gap in the other: there is a pair of letters "
                "between them, or one of them is a gap "
                "before the first or after the last letter that costs nothing.",
                True: "A gap in one sequence may be next to a gap in the other; each pays for its own opening.",
            },
            "ends": {
                "charged": "Gaps at the ends count like all others.",
                "free": "Gaps at either end of either sequence cost nothing.",
                "fit": "Letters of `a` before the first and after the last letter of `b` cost nothing; all other gaps "
                "count.",
                "front": "Gaps before the first letter of either sequence cost nothing, those after its last letter "
                "count.",
            },
        },
        edges=(
            ("", "", -3, -1),
            ("", "ACG", -3, -1),
            ("ACG", "", -3, -1),
            ("AC", "GT", -1, 0),
            ("AACC", "AAGGCC", -3, -1),
            ("TTACG", "ACG", -2, -2),
        ),
        draw=_affine,
    ),
)
