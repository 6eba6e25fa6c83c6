"""Population genetics: Hardy-Weinberg equilibrium, linkage disequilibrium, fixation index, diversity."""

from __future__ import annotations

import random

from data_prep.biocoder.contexts.populations import (
    chi_square_p,
    differences,
    genotype_counts,
    harmonic,
    heterozygote_weight,
)
from data_prep.biocoder.function import Function

CATEGORY = "statistics"


def hardy_weinberg(genotypes: list, *, test: str, missing: str, fixed: str, result: str) -> list | float | None:
    if missing == "error" and None in genotypes:
        raise ValueError("a genotype that is not known")
    none, one, two = genotype_counts(genotypes)
    n, alternative = none + one + two, one + 2 * two
    if alternative in (0, 2 * n):
        return None if fixed == "none" else 1.0 if result == "p" else [float(one), 1.0]
    q = alternative / (2 * n)
    expected = [n * (1 - q) ** 2, 2 * n * q * (1 - q), n * q**2]
    if test == "exact":
        weights = {
            h: heterozygote_weight(h, alternative, n)
            for h in range(alternative % 2, min(alternative, 2 * n - alternative) + 1, 2)
        }
        p = sum(w for w in weights.values() if w <= weights[one]) / sum(weights.values())
    else:
        off = [abs(seen - e) for seen, e in zip((none, one, two), expected, strict=True)]
        if test == "corrected":
            off = [max(d - 0.5, 0.0) for d in off]
        p = chi_square_p(sum(d**2 / e for d, e in zip(off, expected, strict=True)))
    return p if result == "p" else [expected[1], p]


def linkage(first: list, second: list, *, measure: str, missing: str, fixed: str) -> float | None:
    if len(first) != len(second):
        raise ValueError("not as many alleles at both places")
    pairs = [(a, b) for a, b in zip(first, second, strict=True) if a is not None and b is not None]
    if missing == "error" and len(pairs) < len(first):
        raise ValueError("an allele that is not known")
    n = len(pairs)
    p = sum(a for a, _ in pairs) / n if n else 0.0
    q = sum(b for _, b in pairs) / n if n else 0.0
    if not 0 < p < 1 or not 0 < q < 1:
        if fixed == "error":
            raise ValueError("a place with one allele")
        return None if fixed == "none" else 0.0
    d = sum(a == b == 1 for a, b in pairs) / n - p * q
    if measure == "d":
        return d
    if measure == "r2":
        return d**2 / (p * (1 - p) * q * (1 - q))
    if measure == "r":
        return d / (p * (1 - p) * q * (1 - q)) ** 0.5
    return d / (min(p * (1 - q), (1 - p) * q) if d > 0 else min(p * q, (1 - p) * (1 - q)))


def fixation_index(
    first: list[list[int]], second: list[list[int]], *, estimator: str, mean: str, least: int
) -> float | None:
    tops, bottoms = [], []
    for (a, n), (b, m) in zip(first, second, strict=True):
        if n < 2 or m < 2:
            continue
        p, q = a / n, b / m
        if estimator == "hudson":
            top = (p - q) ** 2 - p * (1 - p) / (n - 1) - q * (1 - q) / (m - 1)
            bottom = p * (1 - q) + q * (1 - p)
        else:
            middle = (p + q) / 2 if estimator == "nei" else (a + b) / (n + m)
            share = 0.5 if estimator == "nei" else n / (n + m)
            bottom = 2 * middle * (1 - middle)
            top = bottom - share * 2 * p * (1 - p) - (1 - share) * 2 * q * (1 - q)
        if min(a + b, n + m - a - b) < least:
            continue
        tops, bottoms = [*tops, top], [*bottoms, bottom]
    if not bottoms:
        return None
    if mean == "sites":
        return sum(t / b for t, b in zip(tops, bottoms, strict=True)) / len(bottoms)
    return sum(tops) / sum(bottoms)


def sequence_diversity(sequences: list[str], *, measure: str, gaps: str, per: str, few: str) -> float | None:
    if len({len(s) for s in sequences}) > 1:
        raise ValueError("sequences of different length")
    n = len(sequences)
    columns = list(zip(*sequences, strict=True))
    if gaps == "drop":
        columns = [c for c in columns if not set(c) & set("-N")]
    if n < 2 or not columns:
        if few == "error":
            raise ValueError("nothing to compare")
        return None if few == "none" else 0.0
    rows = ["".join(row) for row in zip(*columns, strict=True)]
    variable = sum(len(set(c) - set("-N")) > 1 for c in columns)
    if measure == "pi":
        total = sum(differences(rows[i], rows[j]) for i in range(n) for j in range(i))
        found = total / (n * (n - 1) / 2)
    elif measure == "theta":
        found = variable / harmonic(n - 1)
    else:
        found = float(sum(sorted(map(c.count, set(c) - set("-N")))[:-1] == [1] for c in columns))
    return found / len(columns) if per == "site" else found


def _genotypes(rng: random.Random) -> tuple[list]:
    q = rng.choice([0.1, 0.3, 0.5])
    found: list = [(rng.random() < q) + (rng.random() < q) for _ in range(rng.randint(4, 24))]
    if rng.random() < 0.4:
        found = [2 if g == 1 and rng.random() < 0.6 else g for g in found]
    if rng.random() < 0.3:
        found[0] = None
    return (found,)


def _haplotypes(rng: random.Random) -> tuple[list, list]:
    first: list = [int(rng.random() < 0.5) for _ in range(rng.randint(4, 14))]
    second = [a if rng.random() < 0.7 else 1 - a for a in first]
    if rng.random() < 0.3:
        second = [1 - b for b in second]
    if rng.random() < 0.3:
        first = [None if rng.random() < 0.2 else a for a in first]
    return (first, second)


def _frequencies(rng: random.Random) -> tuple[list[list[int]], list[list[int]]]:
    rows: tuple[list[list[int]], list[list[int]]] = ([], [])
    for _ in range(rng.randint(1, 4)):
        alike = rng.random()
        for side in rows:
            n = rng.choice([4, 6, 8, 10, 20, 1 if rng.random() < 0.2 else 12])
            side.append([0 if alike < 0.2 else min(n, max(0, round(n * (alike + rng.uniform(-0.3, 0.3))))), n])
    return rows


def _sequences(rng: random.Random) -> tuple[list[str]]:
    base = [rng.choice("ACGT") for _ in range(rng.randint(5, 14))]
    rows = ["".join(rng.choice("ACGT-N") if rng.random() < 0.2 else b for b in base) for _ in range(rng.randint(2, 5))]
    return (rows,)


FUNCTIONS = (
    Function(
        hardy_weinberg,
        says="""Tests whether `genotypes` are in Hardy-Weinberg equilibrium, by {test} {missing} {result} {fixed}""",
        options={
            "test": {
                "chi": "the chi-square test with one degree of freedom: the three counts against those expected from "
                "the share of the alternative allele.",
                "corrected": "the chi-square test with one degree of freedom: the three counts against those expected "
                "from the share of the alternative allele, each absolute "
                "difference made smaller by 0.5, but not below 0, before squaring.",
                "exact": "the exact test: given the number of people and of alternative alleles, the sum of the "
                "chances of all numbers of heterozygotes that are not more "
                "probable than the number that there is.",
            },
            "missing": {
                "skip": "Genotypes that are not known are left out.",
                "error": "A genotype that is not known raises a ValueError.",
            },
            "result": {
                "p": "The result is the p-value.",
                "both": "The result is [the number of heterozygotes that is expected, the p-value], where the former "
                "is 2 n q (1 - q) with q the share of the alternative "
                "allele among the n people, whatever the test.",
            },
            "fixed": {
                "one": "When there is only one allele, or nobody, the p-value is 1.0, and 0.0 heterozygotes are "
                "expected.",
                "none": "When there is only one allele, or nobody, the result is None alone.",
            },
        },
        edges=(
            ([],),
            ([0, 0, 0],),
            ([0, 0, 2, 2],),
            ([1, 1, 1, 1],),
            ([0, 1, None, 2, 1],),
            ([0, 0, 0, 0, 1],),
        ),
        draw=_genotypes,
    ),
    Function(
        linkage,
        says="""The linkage disequilibrium between two places: `first` and `second` have each haplotype's allele there
        (None: not known). Lists of different lengths raise a ValueError. {missing} With p and q the shares of allele 1,
        and D the share of haplotypes with 1 at both places less p q, the result is {measure} {fixed}""",
        options={
            "measure": {
                "d": "D.",
                "r2": "the square of the correlation, D ** 2 / (p (1 - p) q (1 - q)).",
                "r": "the correlation, D over the square root of p (1 - p) q (1 - q).",
                "prime": "D', with its sign: D over the greatest value that D could have with these p and q when D is "
                "positive, and over the absolute value of the smallest "
                "one when it is not.",
            },
            "missing": {
                "skip": "Haplotypes of which an allele is not known are left out.",
                "error": "An allele that is not known raises a ValueError.",
            },
            "fixed": {
                "zero": "When a place has only one allele among the haplotypes that count, or none counts, the result "
                "is 0.0.",
                "none": "When a place has only one allele among the haplotypes that count, or none counts, the result "
                "is None.",
                "error": "When a place has only one allele among the haplotypes that count, or none counts, a "
                "ValueError is raised.",
            },
        },
        edges=(
            ([], []),
            ([0, 1], [1]),
            ([0, 1, 1, 0], [0, 1, 1, 0]),
            ([0, 1, 1], [1, 0, 0]),
            ([1, 1], [0, 1]),
            ([0, 1, None, 1], [0, 1, 1, 0]),
        ),
        draw=_haplotypes,
    ),
    Function(
        fixation_index,
        says="""Fst between two populations: `first` and `second` have [number of alternative alleles, number of
        alleles] at the same sites, one after the other. Sites with fewer than 2 alleles in one of them, and {least},
        are left out. With p and q the shares of the alternative allele in the two populations, of n and m alleles, a
        site has {estimator} {mean} None when no site is left.""",
        options={
            "estimator": {
                "hudson": "the numerator (p - q) ** 2 - p (1 - p) / (n - 1) - q (1 - q) / (m - 1) and the denominator "
                "p (1 - q) + q (1 - p).",
                "nei": "the denominator 2 s (1 - s), s being the mean of p and q, and as numerator this less the mean "
                "of 2 p (1 - p) and 2 q (1 - q).",
                "pooled": "the denominator 2 s (1 - s), s being the share among all n + m alleles, and as numerator "
                "this less the mean of 2 p (1 - p) and 2 q (1 - q) with the "
                "weights n and m.",
            },
            "mean": {
                "sites": "The result is the mean of the sites' ratios of numerator and denominator.",
                "sums": "The result is the sum of the numerators over the sum of the denominators.",
            },
            "least": {
                1: "sites at which both have the same single allele",
                3: "sites at which one of the alleles is there fewer than 3 times in both together",
            },
        },
        edges=(
            ([], []),
            ([[0, 4]], [[0, 6]]),
            ([[4, 4]], [[0, 6]]),
            ([[2, 4], [0, 4]], [[3, 6], [6, 6]]),
            ([[1, 1], [2, 4]], [[0, 4], [5, 10]]),
        ),
        draw=_frequencies,
    ),
    Function(
        sequence_diversity,
        says="""The diversity of aligned `sequences` (upper case; different lengths raise a ValueError). {gaps}
        {measure} {per} {few}""",
        options={
            "measure": {
                "pi": "It is the mean number of differences (as `differences` counts them) over all pairs of "
                "sequences.",
                "theta": "It is Watterson's estimate: the number of columns with at least two different bases, over "
                "`harmonic` of the number of sequences less 1.",
                "singletons": "It is the number of columns with exactly two different bases, one of which stands "
                "there exactly once.",
            },
            "gaps": {
                "drop": "Columns in which a sequence has '-' or 'N' are left out beforehand.",
                "keep": "A '-' or 'N' is no base; the other bases of its column count.",
            },
            "per": {
                "site": "The result is that over the number of columns (all that were not left out).",
                "total": "The result is that as it is.",
            },
            "few": {
                "zero": "With fewer than two sequences, or no column, it is 0.0.",
                "none": "With fewer than two sequences, or no column, it is None.",
                "error": "Fewer than two sequences, or no column, raise a ValueError.",
            },
        },
        edges=(
            ([],),
            (["ACGT"],),
            (["AC", "A"],),
            (["A-", "-C"],),
            (["ACG", "ACT", "ATT"],),
            (["ACGN", "AC-T", "TCTT"],),
        ),
        draw=_sequences,
    ),
)
