"""Multiple alignments: conservation, trimming, distances, consensus, sum of pairs."""

from __future__ import annotations

import math
import random
from itertools import combinations

from data_prep.biocoder.contexts.multiple import GAP, check, columns, entropy, gap_share, letters
from data_prep.biocoder.draws import dna
from data_prep.biocoder.function import Function

CATEGORY = "alignment"


def conservation(rows: list[str], *, measure: str, gaps: str, empty: str) -> list[float | None]:
    values: list[float | None] = []
    for column in columns(rows):
        counts = letters(column)
        if not counts:
            values.append(None if empty == "none" else 0.0)
            continue
        if gaps == "letter" and GAP in column:
            counts[GAP] = column.count(GAP)
        most, total = max(counts.values()), sum(counts.values())
        value = most / total if measure == "majority" else 1 - entropy(counts) / math.log2(5)
        if measure == "pairs":
            pairs = total * (total - 1) / 2
            value = sum(n * (n - 1) / 2 for n in counts.values()) / pairs if pairs else 1.0
        values.append(value * (1 - gap_share(column)) if gaps == "weigh" else value)
    return values


def trim_columns(rows: list[str], share: float, *, bound: str, which: str, result: str) -> list:
    shares = [gap_share(column) for column in columns(rows)]
    bad = [s >= share if bound == "at" else s > share for s in shares]
    kept = [i for i, out in enumerate(bad) if not out]
    if which == "ends":
        kept = list(range(kept[0], kept[-1] + 1)) if kept else []
    if result == "columns":
        return kept
    trimmed = ["".join(row[i] for i in kept) for row in rows]
    return [row for row in trimmed if row.strip(GAP)] if result == "filled" else trimmed


def row_distances(rows: list[str], *, gaps: str, model: str, empty: str) -> list[list[float]]:
    check(rows)
    whole = [i for i, column in enumerate(columns(rows)) if GAP not in column]
    table = [[0.0] * len(rows) for _ in rows]
    for a, b in combinations(range(len(rows)), 2):
        pairs = list(zip(rows[a], rows[b], strict=True))
        if gaps == "complete":
            pairs = [pairs[i] for i in whole]
        elif gaps == "pairwise":
            pairs = [pair for pair in pairs if GAP not in pair]
        else:
            pairs = [pair for pair in pairs if pair != (GAP, GAP)]
        if not pairs:
            if empty == "error":
                raise ValueError("rows without a common column")
            table[a][b] = table[b][a] = 1.0
            continue
        p = sum(x != y for x, y in pairs) / len(pairs)
        if model == "jukes-cantor":
            p = -0.75 * math.log(1 - 4 * p / 3) if p < 0.75 else 5.0
        elif model == "poisson":
            p = -math.log(1 - p) if p < 1 else 5.0
        table[a][b] = table[b][a] = p
    return table


def sum_of_pairs(rows: list[str], match: float, mismatch: float, gap: float, *, twice: str, result: str) -> list[float]:
    scores = []
    for column in columns(rows):
        total = 0.0
        for a, b in combinations(column, 2):
            if a == b == GAP:
                total += gap if twice == "charged" else match if twice == "match" else 0.0
            elif GAP in (a, b):
                total += gap
            else:
                total += match if a == b else mismatch
        pairs = len(column) * (len(column) - 1) / 2
        scores.append(total / pairs if result == "mean" and pairs else total)
    return [sum(scores)] if result == "total" else scores


def _rows(rng: random.Random) -> tuple[list[str]]:
    width = rng.randint(0, 6)
    core = dna(rng, width, width, rng.choice(["ACGT", "AC"]))
    rows = ["".join(b if rng.random() < 0.6 else rng.choice("ACGT---") for b in core) for _ in range(rng.randint(1, 5))]
    if rng.random() < 0.3 and width:
        rows = ["-" + row[1:] for row in rows]
    if rng.random() < 0.04:
        rows.append("A" * (width + 1))
    return (rows,)


FUNCTIONS = (
    Function(
        conservation,
        says="""How conserved each column of the alignment `rows` is, as a list. {measure} {gaps} A column of gaps only
        {empty}. Rows of different length raise a ValueError; no rows give [].""",
        options={
            "measure": {
                "majority": "The value of a column is the share of its most frequent letter among its letters.",
                "entropy": "The value of a column is 1 - (entropy of its letters in bits) / log2(5).",
                "pairs": "The value of a column is the share of equal pairs among all pairs of its letters (those of "
                "different rows), and 1.0 for a single letter.",
            },
            "gaps": {
                "omit": "Gaps are no letters and do not count.",
                "letter": "In a column that has other letters too, a gap counts as one more kind of letter.",
                "weigh": "Gaps are no letters, but the value is then multiplied by the share of rows without a gap.",
            },
            "empty": {"none": "has None", "zero": "has 0.0"},
        },
        edges=(([],), ([""],), (["A"],), (["-", "-"],), (["A", "-"],), (["AC", "A"],), (["A-", "C-", "A-"],)),
        draw=_rows,
    ),
    Function(
        trim_columns,
        says="""The alignment `rows` without columns of too many gaps: a column is bad when its share of gaps is {bound}
        `share`. {which} {result} Rows of different length raise a ValueError; no rows give [].""",
        options={
            "bound": {"at": "at or above", "above": "above"},
            "which": {
                "all": "All bad columns are taken out.",
                "ends": "Only the bad columns before the first and behind the last good one are taken out; without a "
                "good column all are.",
            },
            "result": {
                "rows": "The result is the list of the rows that are left of all rows, in their order.",
                "filled": "The result is the list of what is left of the rows, in their order, without those that "
                "have no letter any more.",
                "columns": "The result is the list of the 0-based indices of the columns that stay.",
            },
        },
        edges=(
            ([], 0.5),
            (["", ""], 0.5),
            (["A-", "-C"], 0.5),
            (["--", "--"], 1.0),
            (["-A-A-", "CA-AC"], 0.5),
            (["A", "AC"], 0.5),
        ),
        draw=lambda rng: (*_rows(rng), rng.choice([0.0, 0.2, 0.25, 0.5, 0.5, 0.75, 1.0])),
    ),
    Function(
        row_distances,
        says="""The matrix of distances between the rows of an alignment, as a list of lists: for each pair of rows p,
        the share of different letters among their common columns. {gaps} {model} {empty} The diagonal is 0.0. Rows of
        different length raise a ValueError; no rows give [].""",
        options={
            "gaps": {
                "pairwise": "The common columns of two rows are those in which neither has a gap.",
                "complete": "The common columns are those in which no row of the alignment has a gap.",
                "difference": "The common columns of two rows are those in which not both have a gap, and a gap "
                "differs from every letter.",
            },
            "model": {
                "p": "The distance is p.",
                "jukes-cantor": "The distance is -3/4 ln(1 - 4p/3), and 5.0 for a p of 0.75 or more.",
                "poisson": "The distance is -ln(1 - p), and 5.0 for a p of 1.",
            },
            "empty": {
                "one": "Two rows without a common column have the distance 1.0, whatever the formula.",
                "error": "Two rows without a common column raise a ValueError.",
            },
        },
        edges=(([],), (["A"],), (["A-", "-C"],), (["AAAA", "CCCC"],), (["AC", "A"],), (["AC-T", "AG-T", "A-CT"],)),
        draw=_rows,
    ),
    Function(
        sum_of_pairs,
        says="""The sum-of-pairs score of an alignment: in each column every pair of rows adds `match` for two equal
        letters, `mismatch` for two different ones, and `gap` for a letter and a gap. {twice} {result} Rows of different
        length raise a ValueError.""",
        options={
            "twice": {
                "nothing": "Two gaps add 0.",
                "charged": "Two gaps add `gap`.",
                "match": "Two gaps add `match`.",
            },
            "result": {
                "columns": "The result is the list of the columns' scores ([] without rows or columns).",
                "mean": "The result is the list of the columns' scores, each over the number of pairs of rows (with a "
                "single row the scores are 0.0; [] without rows or columns).",
                "total": "The result is a list with one number, the sum of the columns' scores ([0] without rows or "
                "columns).",
            },
        },
        edges=(
            ([], 1.0, 0.0, -1.0),
            (["AC"], 1.0, 0.0, -1.0),
            (["-", "-"], 1.0, -1.0, -2.0),
            (["A-", "C"], 1.0, 0.0, 0.0),
            (["A-C", "A-G", "AT-"], 2.0, -1.0, -2.0),
        ),
        draw=lambda rng: (*_rows(rng), float(rng.randint(1, 3)), float(rng.randint(-2, 0)), float(rng.randint(-3, -1))),
    ),
)
