"""Expression tables: normalisation, fold changes, quantiles, correlation."""

from __future__ import annotations

import math
import random

from data_prep.biocoder.contexts.expression import Table, mean, median, quantile, ranks, samples, totals
from data_prep.biocoder.function import Function

CATEGORY = "statistics"


def normalise_counts(
    counts: Table, lengths: dict[str, int], *, method: str, log: str, empty: str
) -> dict[str, list[float]]:
    n = samples(counts)
    if method == "tpm":
        values = {gene: [c / lengths[gene] for c in row] for gene, row in counts.items()}
    else:
        values = {gene: [float(c) for c in row] for gene, row in counts.items()}
    if method == "ratios":
        whole = [row for row in values.values() if all(row)]
        factors = []
        for i in range(n):
            logs = [math.log(row[i]) - mean([math.log(c) for c in row]) for row in whole]
            factors.append(math.exp(median(logs)) if logs else 0.0)
    elif method == "quartile":
        kept = [row for row in values.values() if any(row)]
        factors = [quantile([row[i] for row in kept], 0.75) if kept else 0.0 for i in range(n)]
    else:
        factors = [total / 1e6 for total in totals(values)]
    if empty == "error" and 0 in factors:
        raise ValueError("a sample that cannot be normalised")
    found = {}
    for gene, row in values.items():
        scaled = [v / f if f else 0.0 for v, f in zip(row, factors, strict=True)]
        found[gene] = [math.log2(v + 1) for v in scaled] if log == "yes" else scaled
    return found


def fold_changes(
    table: Table, groups: list[str], first: str, second: str, *, missing: str, middle: str, pseudo: int
) -> dict[str, float | None]:
    if samples(table) not in (0, len(groups)) or first not in groups or second not in groups:
        raise ValueError("the groups do not fit")
    found: dict[str, float | None] = {}
    for gene, row in table.items():
        sides = []
        for name in (first, second):
            values = [v for v, group in zip(row, groups, strict=True) if group == name]
            if missing == "zero":
                values = [v if v is not None else 0.0 for v in values]
            sides.append([v for v in values if v is not None])
        if not sides[0] or not sides[1]:
            if missing == "none":
                found[gene] = None
            continue
        if middle == "geometric":
            a, b = (mean([math.log2(v + pseudo) for v in side]) for side in sides)
        elif middle == "median":
            a, b = (math.log2(median(side) + pseudo) for side in sides)
        else:
            a, b = (math.log2(mean(side) + pseudo) for side in sides)
        found[gene] = b - a
    return found


def quantile_normalise(table: Table, *, reference: str, ties: str, genes_of: str) -> dict[str, list[float]]:
    n, genes = samples(table), list(table)
    if genes_of == "some":
        genes = [gene for gene in genes if any(table[gene])]
    columns = [[float(table[gene][i]) for gene in genes] for i in range(n)]
    middle = mean if reference == "mean" else median
    target = [middle([sorted(column)[rank] for column in columns]) for rank in range(len(genes))] if n else []
    found: dict[str, list[float]] = {gene: [] for gene in genes}
    for column in columns:
        for i, gene in enumerate(genes):
            below, equal = sum(v < column[i] for v in column), column.count(column[i])
            if ties == "mean":
                value = mean(target[below : below + equal])
            elif ties == "least":
                value = target[below]
            else:
                value = target[below + column[:i].count(column[i])]
            found[gene].append(value)
    return found


def correlation(first: list, second: list, *, measure: str, missing: str, constant: str) -> float | None:
    if len(first) != len(second):
        raise ValueError("lists of different length")
    if missing == "zero":
        first, second = ([0.0 if v is None else v for v in values] for values in (first, second))
    pairs = [(a, b) for a, b in zip(first, second, strict=True) if a is not None and b is not None]
    if missing == "error" and len(pairs) < len(first):
        raise ValueError("a value that is not known")
    x, y = [a for a, _ in pairs], [b for _, b in pairs]
    if len(set(x)) < 2 or len(set(y)) < 2:
        if constant == "error":
            raise ValueError("a constant")
        return None if constant == "none" else 0.0
    if measure == "kendall":
        signs = [((a > c) - (a < c), (b > d) - (b < d)) for i, (a, b) in enumerate(pairs) for c, d in pairs[:i]]
        untied = sum(s != 0 for s, _ in signs) * sum(t != 0 for _, t in signs)
        return sum(s * t for s, t in signs) / math.sqrt(untied)
    if measure == "spearman":
        x, y = ranks(x), ranks(y)
    dx, dy = [v - mean(x) for v in x], [v - mean(y) for v in y]
    both = sum(a * b for a, b in zip(dx, dy, strict=True))
    return both / math.sqrt(sum(a * a for a in dx) * sum(b * b for b in dy))


def _counts(rng: random.Random) -> tuple[Table, dict[str, int]]:
    n = rng.randint(2, 3)
    table: Table = {
        f"g{i}": [rng.choice([0, 3, 8, 15, 40, 90, 200]) for _ in range(n)] for i in range(rng.randint(2, 6))
    }
    if rng.random() < 0.2:
        table = {gene: [0, *row[1:]] for gene, row in table.items()}
    return (table, {gene: rng.choice([500, 1000, 1500, 2700]) for gene in table})


def _groups(rng: random.Random) -> tuple[Table, list[str], str, str]:
    groups = ["case", "control"] + [rng.choice(["case", "control", "other"]) for _ in range(rng.randint(1, 4))]
    table: Table = {}
    for i in range(rng.randint(1, 4)):
        table[f"g{i}"] = [None if rng.random() < 0.2 else float(rng.choice([0, 1, 3, 7, 20])) for _ in groups]
    first, second = rng.choice([("case", "control"), ("control", "case")])
    return (table, groups, first, second)


def _table(rng: random.Random) -> tuple[Table]:
    n = rng.randint(2, 4)
    return ({f"g{i}": [rng.choice([0, 1, 2, 2, 4, 9, 12]) for _ in range(n)] for i in range(rng.randint(2, 5))},)


def _lists(rng: random.Random) -> tuple[list, list]:
    n = rng.randint(3, 9)
    first: list = [float(rng.choice([0, 1, 2, 3, 5, 8, 13])) for _ in range(n)]
    second: list = [round(a * rng.choice([1, 2, -1]) + rng.choice([0, 0, 4]), 1) for a in first]
    if rng.random() < 0.5:
        first[rng.randrange(n)] = None
    return (first, second)


EMPTY: Table = {}
FEW: Table = {"a": [10, 0], "b": [20, 5], "c": [0, 0]}

FUNCTIONS = (
    Function(
        normalise_counts,
        says="""The read counts `counts` made comparable between samples. {method} {empty} {log} Without genes the
        result is empty; what `samples` does not take raises a ValueError.""",
        options={
            "method": {
                "cpm": "A sample's factor is the sum of its counts divided by 1,000,000; each count is divided by it.",
                "tpm": "Each count is divided by the gene's length in `lengths` first. A sample's factor is the sum "
                "of these ratios divided by 1,000,000; each ratio is divided by it.",
                "quartile": "A sample's factor is the 0.75 `quantile` of its counts, of those genes that have a count "
                "above 0 in some sample; each count is divided by it (it is 0 "
                "without such genes).",
                "ratios": "A sample's factor is exp of the median, over the genes that have no count of 0 in any "
                "sample, of the natural logarithm of the count less the mean of "
                "the gene's logarithms over all samples; each count is divided by it. It is 0 without such genes.",
            },
            "empty": {
                "zero": "In a sample with a factor of 0 all values are 0.0.",
                "error": "A factor of 0 raises a ValueError.",
            },
            "log": {
                "no": "The values are given as they are then.",
                "yes": "Of the values then, log2(value + 1) is given.",
            },
        },
        edges=(
            (EMPTY, {}),
            (FEW, {"a": 500, "b": 1000, "c": 2000}),
            ({"a": [1, 2], "b": [3]}, {"a": 500, "b": 1000}),
            ({"a": [0, 4], "b": [0, 6]}, {"a": 500, "b": 1000}),
            ({"a": [2, 8], "b": [4, 4], "c": [9, 9]}, {"a": 500, "b": 1000, "c": 100}),
        ),
        draw=_counts,
    ),
    Function(
        fold_changes,
        says="""The log2 fold change of each gene from the samples of group `first` to those of group `second` (positive
        when it is higher in `second`); `groups` has each sample's. {missing} {middle} {pseudo} before the logarithm is
        taken. The change is what `second` counts with less what `first` counts with. A table with samples, but not as
        many as `groups`, a group that nobody is in, or what `samples` does not take raises a ValueError.""",
        options={
            "missing": {
                "none": "Values that are None are left out, and a gene without others in one of the two groups has "
                "None.",
                "drop": "Values that are None are left out, and a gene without others in one of the two groups has no "
                "key.",
                "zero": "A None is a value of 0.",
            },
            "middle": {
                "arithmetic": "A group counts with the logarithm to base 2 of its mean;",
                "geometric": "A group counts with the mean of the logarithms to base 2 of its values;",
                "median": "A group counts with the logarithm to base 2 of its median;",
            },
            "pseudo": {1: "1 is added", 2: "2 is added"},
        },
        edges=(
            (EMPTY, ["x", "y"], "x", "y"),
            ({"a": [1.0, 3.0]}, ["x", "y"], "x", "y"),
            ({"a": [1.0, 3.0]}, ["x", "y"], "y", "x"),
            ({"a": [1.0, 3.0]}, ["x", "y"], "y", "z"),
            ({"a": [1.0]}, ["x", "y"], "y", "x"),
            ({"a": [None, 3.0, None], "b": [0.0, 0.0, 7.0]}, ["x", "y", "x"], "x", "y"),
            ({"a": [0.0, 1.0, 15.0, 4.0]}, ["x", "x", "x", "y"], "x", "y"),
        ),
        draw=_groups,
    ),
    Function(
        quantile_normalise,
        says="""Quantile normalisation of `table`: for each rank, the reference is the {reference} over the samples of
        the value with this rank in the sample. In each sample the smallest value is replaced by the reference of the
        first rank, and so on. {ties} {genes_of} What `samples` does not take raises a ValueError.""",
        options={
            "reference": {"mean": "mean", "median": "median"},
            "ties": {
                "mean": "Values of a sample that are equal are all replaced by the mean of the references of their "
                "ranks.",
                "least": "Values of a sample that are equal are all replaced by the reference of the first of their "
                "ranks.",
                "order": "Values of a sample that are equal have their ranks in the order of the genes in the table.",
            },
            "genes_of": {
                "all": "All genes count.",
                "some": "Genes whose values are all 0 are left out beforehand and have no key.",
            },
        },
        edges=(
            (EMPTY,),
            (FEW,),
            ({"a": [5, 4], "b": [2, 1], "c": [3, 4], "d": [4, 2]},),
            ({"a": [1, 1, 9], "b": [1, 2, 9], "c": [0, 0, 0]},),
            ({"a": [1, 2], "b": [3]},),
        ),
        draw=_table,
    ),
    Function(
        correlation,
        says="""{measure} between `first` and `second`, lists of one length (otherwise a ValueError is raised).
        {missing} {constant}""",
        options={
            "measure": {
                "pearson": "Pearson's correlation",
                "spearman": "Spearman's rank correlation, Pearson's of the `ranks`,",
                "kendall": "Kendall's tau-b",
            },
            "missing": {
                "pairs": "Pairs with a None are left out.",
                "zero": "A None is a value of 0.",
                "error": "A None raises a ValueError.",
            },
            "constant": {
                "zero": "When all values of one list (those that count) are the same, or there is none, the result is "
                "0.0.",
                "none": "When all values of one list (those that count) are the same, or there is none, the result is "
                "None.",
                "error": "When all values of one list (those that count) are the same, or there is none, a ValueError "
                "is raised.",
            },
        },
        edges=(
            ([], []),
            ([1.0], [2.0, 3.0]),
            ([1.0, 2.0], [5.0, 5.0]),
            ([1.0, None, 3.0], [2.0, 4.0, 9.0]),
            ([1.0, 2.0, 4.0], [4.0, 2.0, 1.0]),
        ),
        draw=_lists,
    ),
)
