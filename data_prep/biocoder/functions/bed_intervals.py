"""Intervals of BED files: merging, subtracting, complement, similarity."""

from __future__ import annotations

import random

from data_prep.biocoder.contexts.bed_intervals import bases, blocks, by_place, check, shared
from data_prep.biocoder.function import Function

CATEGORY = "intervals"


def merge_intervals(intervals: list[list], *, gap: int, strands: str, count: str, empty: str) -> list[list]:
    check(intervals)
    if empty == "error" and any(row[1] == row[2] for row in intervals):
        raise ValueError("an empty interval")
    merged: list[list] = []
    for strand in ("+", "-", ".") if strands == "apart" else ("any",):
        open_row: list = []
        for row in by_place(intervals):
            if row[1] == row[2] or (strands == "apart" and row[3] != strand):
                continue
            if open_row and open_row[0] == row[0] and row[1] < open_row[2] + gap:
                open_row[2] = max(open_row[2], row[2])
                open_row[4] += 1
            else:
                open_row = [row[0], row[1], row[2], strand, 1]
                merged.append(open_row)
    found = []
    for chromosome, start, end, strand, n in sorted(merged):
        columns = [chromosome, start, end]
        if strands == "apart":
            columns.append(strand)
        if count == "number":
            columns.append(n)
        found.append(columns)
    return found


def subtract_intervals(
    intervals: list[list], masks: list[list], *, mode: str, strands: str, shortest: int, order: str
) -> list[list]:
    check(intervals)
    check(masks)
    left = []
    for row in intervals if order == "input" else by_place(intervals):
        if strands == "same":
            acting = [m for m in masks if m[3] == row[3] and shared(row, m)]
        else:
            acting = [m for m in masks if shared(row, m)]
        masked = bases(acting)
        free = [place for place in range(row[1], row[2]) if (row[0], place) not in masked]
        size = row[2] - row[1]
        if mode == "bases":
            pieces = blocks(free)
        elif mode == "any":
            pieces = [[row[1], row[2]]] if len(free) == size else []
        else:
            pieces = [[row[1], row[2]]] if 2 * len(free) > size else []
        left += [[row[0], start, end, row[3]] for start, end in pieces if end - start >= shortest]
    return left


def complement_intervals(
    intervals: list[list], sizes: dict[str, int], *, untouched: str, beyond: str, unknown: str, order: str
) -> list[list]:
    check(intervals)
    if unknown == "error" and any(row[0] not in sizes for row in intervals):
        raise ValueError("an unknown chromosome")
    if beyond == "error" and any(row[2] > sizes.get(row[0], row[2]) for row in intervals):
        raise ValueError("past the end of its chromosome")
    covered = bases(intervals)
    gaps = []
    for chromosome in sizes if order == "sizes" else sorted(sizes):
        if untouched == "omit" and all(row[0] != chromosome for row in intervals):
            continue
        free = [place for place in range(sizes[chromosome]) if (chromosome, place) not in covered]
        gaps += [[chromosome, start, end] for start, end in blocks(free)]
    return gaps


def interval_similarity(
    first: list[list], second: list[list], *, measure: str, strands: str, empty: str
) -> float | None:
    check(first)
    check(second)
    both = either = own = other = 0
    for strand in ("+", "-", ".") if strands == "apart" else ("any",):
        a = bases([row for row in first if strand in ("any", row[3])])
        b = bases([row for row in second if strand in ("any", row[3])])
        both, either = both + len(a & b), either + len(a | b)
        own, other = own + len(a), other + len(b)
    whole = either if measure == "jaccard" else own if measure == "first" else min(own, other)
    if not whole:
        if empty == "error":
            raise ValueError("no base to compare")
        return None if empty == "none" else 0.0
    return both / whole


def _rows(rng: random.Random, low: int, high: int, least: int = 0) -> list[list]:
    """Intervals that overlap, touch or lie a few bases apart, in no order."""
    rows = []
    for _ in range(rng.randint(low, high)):
        start = rng.randint(0, 45)
        rows.append([rng.choice(["chr1", "chr1", "chr2"]), start, start + rng.randint(least, 14), rng.choice("++-.")])
    return rows


def _list(rng: random.Random) -> tuple[list[list]]:
    rows = _rows(rng, 2, 9, 1)
    if rng.random() < 0.3:
        rows.append(["chr1", 30, 30, "+"] if rng.random() < 0.7 else ["chr2", 9, 8, "-"])
    return (rows,)


def _two(rng: random.Random) -> tuple[list[list], list[list]]:
    return (_rows(rng, 1, 5), _rows(rng, 0, 6))


def _sized(rng: random.Random) -> tuple[list[list], dict[str, int]]:
    names = rng.sample(["chr2", "chr1", "chr10", "chrX"], rng.randint(2, 4))
    return (_rows(rng, 0, 6), {name: rng.randint(45, 70) for name in names})


GAPS = {
    0: "when they share at least one base",
    1: "when they share a base or touch (one ends where the other starts)",
    6: "when they share a base, touch, or have at most 5 bases between them",
}
CHECKED = "An interval with a negative start, or with an end before its start, raises a ValueError."

FUNCTIONS = (
    Function(
        merge_intervals,
        says="""Merges the intervals of each chromosome that belong together, directly or through others: two do {gap}. {strands} {empty}
        {count} The rows are sorted by chromosome (as text), start, end, and strand where there is one. """
        + CHECKED,
        options={
            "gap": GAPS,
            "strands": {
                "any": "Strands are ignored, and the result's rows begin [chromosome, start, end].",
                "apart": "Only intervals of the same strand are merged ('.' is a strand of its own), and the result's "
                "rows begin "
                "[chromosome, start, end, strand].",
            },
            "empty": {
                "drop": "Intervals whose start is their end are left out.",
                "error": "An interval whose start is its end raises a ValueError.",
            },
            "count": {
                "none": "Nothing else is in a row.",
                "number": "A row's last column is how many intervals were merged into it.",
            },
        },
        edges=(
            ([],),
            ([["chr1", 5, 5, "+"]],),
            ([["chr1", 5, 9, "+"], ["chr1", 9, 12, "-"], ["chr1", 17, 20, "+"], ["chr1", 26, 27, "+"]],),
            ([["chr2", 1, 3, "-"], ["chr10", 1, 3, "-"], ["chr10", 1, 3, "+"], ["chr10", 2, 2, "+"]],),
            ([["chr1", 0, 50, "."], ["chr1", 3, 4, "."], ["chr1", 40, 45, "."]],),
            ([["chr1", -1, 4, "+"]],),
        ),
        draw=_list,
    ),
    Function(
        subtract_intervals,
        says="""What is left of each of `intervals` when the bases in `masks` are taken away. {strands} {mode} {shortest} The result's rows
        are [chromosome, start, end, strand], with the interval's strand. {order} """
        + CHECKED
        + " This holds for both lists.",
        options={
            "strands": {
                "any": "Strands do not matter.",
                "same": "A mask acts only on intervals whose strand is the same as its own ('.' is a strand of its "
                "own).",
            },
            "mode": {
                "bases": "The bases that no mask holds are left, as one row for each stretch without a gap.",
                "any": "An interval that shares at least one base with a mask goes altogether; another stays as it is.",
                "half": "An interval goes altogether when at least half of its bases are in masks (a base in several "
                "of them is one base); "
                "another stays as it is, in one row.",
            },
            "shortest": {
                1: "A row without a base is left out.",
                5: "A row shorter than 5 bases is left out.",
            },
            "order": {
                "input": "Rows come in the order of `intervals`, those of one interval from left to right.",
                "place": "The intervals are taken in the order of `by_place`, and the rows of one interval come from "
                "left to right.",
            },
        },
        edges=(
            ([], [["chr1", 1, 2, "+"]]),
            ([["chr1", 10, 30, "+"], ["chr1", 0, 20, "-"]], [["chr1", 12, 15, "+"], ["chr1", 14, 22, "+"]]),
            ([["chr2", 3, 7, "-"], ["chr2", 1, 9, "-"]], [["chr2", 9, 12, "-"], ["chr1", 1, 9, "-"]]),
            ([["chr1", 4, 4, "+"], ["chr1", 8, 18, "."]], [["chr1", 8, 13, "."]]),
            ([["chr1", 4, 3, "+"]], []),
            ([["chr1", 4, 30, "+"]], [["chr1", 10, 11, "-"], ["chr1", 13, 14, "+"]]),
        ),
        draw=_two,
    ),
    Function(
        complement_intervals,
        says="""The gaps: the stretches of the chromosomes in `sizes` (name -> length) that none of `intervals` holds, as rows
        [chromosome, start, end] without strand, as long as possible and never empty. Strands do not matter. {order} {untouched}
        {unknown} {beyond} """
        + CHECKED,
        options={
            "order": {
                "sizes": "Chromosomes come in the order of `sizes`, the gaps of one from left to right.",
                "name": "Chromosomes come sorted by name as text, the gaps of one from left to right.",
            },
            "untouched": {
                "whole": "A chromosome without an interval is one gap.",
                "omit": "A chromosome to which no row of `intervals` belongs has no gap (a row without bases is a "
                "row).",
            },
            "unknown": {
                "ignore": "An interval on a chromosome that is not in `sizes` is ignored.",
                "error": "An interval on a chromosome that is not in `sizes` raises a ValueError.",
            },
            "beyond": {
                "clip": "What lies past the end of a chromosome is ignored.",
                "error": "An interval that ends past the end of its chromosome (of those in `sizes`) raises a "
                "ValueError.",
            },
        },
        edges=(
            ([], {"chr2": 5, "chr1": 7}),
            ([["chr1", 0, 7, "+"]], {"chr2": 5, "chr1": 7, "chr10": 0}),
            ([["chr1", 3, 9, "+"]], {"chr1": 7, "chr2": 3}),
            ([["chr3", 3, 9, "+"]], {"chr2": 3, "chr1": 7}),
            ([["chr1", 3, 3, "+"], ["chr2", 1, 2, "-"]], {"chr2": 3, "chr1": 7}),
            ([["chr1", 8, 10, "+"], ["chr1", 2, 4, "-"]], {"chr1": 7}),
            ([["chr1", 4, 2, "-"]], {"chr1": 7}),
        ),
        draw=_sized,
    ),
    Function(
        interval_similarity,
        says="""How alike two sets of intervals are, by the bases that they hold; a base in several intervals of one set counts once.
        {strands} The result is the number of bases in both over {measure}. {empty} """
        + CHECKED,
        options={
            "strands": {
                "any": "Strands do not matter.",
                "apart": "A place on '+', on '-' and on '.' are three different bases: it is in both sets only where "
                "both have it on the "
                "same strand.",
            },
            "measure": {
                "jaccard": "the number of bases in at least one of the two",
                "first": "the number of bases in `first`",
                "smaller": "the number of bases in that of the two which has fewer",
            },
            "empty": {
                "zero": "When the divisor is 0 the result is 0.0.",
                "none": "When the divisor is 0 the result is None.",
                "error": "When the divisor is 0 a ValueError is raised.",
            },
        },
        edges=(
            ([], []),
            ([], [["chr1", 1, 4, "+"]]),
            ([["chr1", 1, 4, "+"]], []),
            ([["chr1", 1, 8, "+"], ["chr1", 4, 10, "-"]], [["chr1", 6, 12, "-"]]),
            ([["chr1", 5, 5, "+"]], [["chr1", 5, 5, "+"]]),
            ([["chr1", 7, 5, "+"]], [["chr1", 5, 5, "+"]]),
        ),
        draw=_two,
    ),
)
