"""Matrices: weights, consensus and information of aligned sites, and the best place of a matrix."""

from __future__ import annotations

import itertools
import math
import random

from data_prep.biocoder.contexts.matrices import CODES, column_counts, entropy, reverse_complement
from data_prep.biocoder.draws import dna, letters
from data_prep.biocoder.function import Function

CATEGORY = "sequences"


def weight_matrix(sites: list[str], *, pseudo: str, base: str, background: str) -> list[dict[str, float]]:
    if not sites:
        raise ValueError("no sites")
    columns = column_counts(sites)
    whole = {letter: sum(column[letter] for column in columns) for letter in "ACGT"}
    rows = []
    for column in columns:
        n = sum(column.values())
        added = 0.25 if pseudo == "quarter" else 1.0 if pseudo == "one" else math.sqrt(len(sites)) / 4
        row = {}
        for letter, count in column.items():
            share = (count + added) / (n + 4 * added)
            expected = 0.25
            if background == "sites":
                expected = (whole[letter] + 1) / (sum(whole.values()) + 4)
            row[letter] = math.log2(share / expected) if base == "bits" else math.log(share / expected)
        rows.append(row)
    return rows


def site_consensus(sites: list[str], *, share: float, tie: str, gaps: str) -> str:
    if len({len(site) for site in sites}) > 1:
        raise ValueError("the sites differ in length")
    letters_ = []
    for column in zip(*sites, strict=True):
        counts = {base: column.count(base) for base in "ACGT"}
        total = sum(counts.values()) if gaps == "ignore" else len(column)
        most = max(counts.values())
        if most == 0 or (gaps == "heed" and column.count("-") > most):
            letters_.append("-" if column.count("-") else "N")
            continue
        best = [base for base, n in counts.items() if n == most]
        if most / total < share:
            letters_.append("N")
        elif len(best) == 1 or tie == "first":
            letters_.append(best[0])
        else:
            letters_.append(CODES["".join(best)] if tie == "code" else "N")
    return "".join(letters_)


def information(sites: list[str], *, correct: bool, gaps: str, result: str) -> list:
    if not sites:
        return [] if result != "total" else [0.0]
    values = []
    for column in column_counts(sites):
        n = sum(column.values())
        if n == 0:
            values.append(0.0)
            continue
        bits = 2.0 - entropy([count / n for count in column.values()])
        if correct:
            bits -= 3 / (2 * math.log(2) * n)
        if gaps == "scale":
            bits *= n / len(sites)
        values.append(bits)
    if result == "running":
        return list(itertools.accumulate(values))
    return [sum(values)] if result == "total" else values


def best_site(seq: str, matrix: list[dict[str, float]], *, strands: str, tie: str, unknown: str) -> list:
    width = len(matrix)
    best: list = []
    for i in range(len(seq) - width + 1):
        word = seq[i : i + width]
        for strand, text in (("+", word), ("-", reverse_complement(word))) if strands == "both" else (("+", word),):
            if unknown == "skip" and any(base not in "ACGT" for base in text):
                continue
            score = sum(row[base] if base in row else min(row.values()) for base, row in zip(text, matrix, strict=True))
            if not best or score > best[0] + 1e-9 or (tie == "last" and score > best[0] - 1e-9):
                best = [score, i, strand]
    if not best or width == 0:
        raise ValueError("no site to score")
    return best


def _sites(rng: random.Random) -> tuple[list[str]]:
    width, n = rng.randint(1, 6), rng.randint(1, 7)
    core = dna(rng, width, width)
    sites = [
        "".join(b if rng.random() < 0.6 else rng.choice("ACGTN-" if rng.random() < 0.4 else "AC") for b in core)
        for _ in range(n)
    ]
    if rng.random() < 0.06:
        sites.append("A" * (width + 1))
    return (sites,)


def _matrix(rng: random.Random) -> tuple[str, list[dict[str, float]]]:
    matrix = [{base: float(rng.randint(-2, 2)) for base in "ACGT"} for _ in range(rng.randint(1, 4))]
    return (letters(rng, rng.choice(["ACGT", "ACGTN", "NA"]), 0, 16), matrix)


FUNCTIONS = (
    Function(
        weight_matrix,
        says="""The log-odds position weight matrix of the equally long `sites`, as a list of dictionaries from 'A',
        'C', 'G', 'T' to weight, one a column. A weight is the logarithm of a letter's share of its column over its
        background share. {pseudo} A column's share is (count + pseudocount) / (sum of the four counts + 4
        pseudocounts); other letters do not count. {background} {base} No sites, or sites of different length, raise a
        ValueError.""",
        options={
            "pseudo": {
                "quarter": "The pseudocount is 0.25 a letter.",
                "one": "The pseudocount is 1 a letter.",
                "root": "The pseudocount is a quarter of the square root of the number of sites, a letter.",
            },
            "background": {
                "even": "The background share is 0.25 for each letter.",
                "sites": "The background share of a letter is (its count in all columns + 1) / (the count of all four "
                "in all columns + 4).",
            },
            "base": {"bits": "The logarithm is to base 2.", "nats": "The logarithm is the natural one."},
        },
        edges=(([],), (["ACGT"],), (["A", "AC"],), (["N", "-"],), (["AAC", "AAG", "AAT"],)),
        draw=_sites,
    ),
    Function(
        site_consensus,
        says="""The consensus of the equally long `sites` (letters A, C, G, T, N, and '-' for a gap), one letter a
        column; sites of different length raise a ValueError, and no sites give ''. The letter of a column is the base
        that is the most frequent among A, C, G, T. {gaps} {share} {tie} A column without any base gives '-' when it has
        a gap, else 'N'.""",
        options={
            "gaps": {
                "ignore": "Gaps and Ns do not count: the share of a base is of the column's bases only.",
                "heed": "The share of a base is of all the column's letters, gaps and Ns among them; and when gaps "
                "are more than the most frequent "
                "base, the column gives '-' at once.",
            },
            "share": {
                0.0: "Any share is enough.",
                0.5: "A column whose most frequent base has a share below 0.5 gives 'N' (checked before ties).",
                0.4: "A column whose most frequent base has a share below 0.4 gives 'N' (checked before ties).",
            },
            "tie": {
                "first": "Of several equally frequent bases it is the first in the alphabet.",
                "code": "Several equally frequent bases give the IUPAC code that stands for exactly these.",
                "N": "Several equally frequent bases give 'N'.",
            },
        },
        edges=(
            ([],),
            (["A", "CC"],),
            (["-", "-", "A"],),
            (["A", "C"],),
            (["N"],),
            (["A", "A", "C", "G", "T"],),
            (["A", "A", "A", "C", "C", "G", "G", "T"],),
            (["A", "A", "C", "C"],),
            (["-A", "-C", "AG", "CT"],),
        ),
        draw=_sites,
    ),
    Function(
        information,
        says="""The information of each column of the equally long `sites` in bits: 2 minus the entropy of the shares of
        A, C, G, T; other letters do not count, and sites of different length raise a ValueError. {correct} {gaps} A
        column without A, C, G, T has 0.0. {result}""",
        options={
            "correct": {
                False: "There is no correction for small samples.",
                True: "Then 3 / (2 ln(2) n) is subtracted, n being the number of A, C, G, T in the column.",
            },
            "gaps": {
                "ignore": "Columns with gaps are treated like all others.",
                "scale": "Then the value is multiplied by the share of the column's letters that are A, C, G or T.",
            },
            "result": {
                "each": "The result is the list of the columns' values, also negative ones; [] for no sites.",
                "running": "The result is the list of the sums of the values of a column and all columns before it "
                "(negative ones as they are); [] for no sites.",
                "total": "The result is a list with one number, the sum of the columns' values (negative ones as they "
                "are); [0.0] for no sites.",
            },
        },
        edges=(([],), (["A"],), (["A", "C"],), (["A", "CC"],), (["NA", "-C"],), (["ACGT", "AGCT", "A-NT"],)),
        draw=_sites,
    ),
    Function(
        best_site,
        says="""The best-scoring place of a weight matrix in `seq` (upper case): a window's score is the sum, over the
        columns of `matrix`, of the weight of the letter there. {strands} {unknown} The result is [score, 0-based start
        of the window in `seq` as it is written, strand]. {tie} Scores that differ by less than 1e-9 are equal. When
        there is no window to score, or the matrix has no column, a ValueError is raised.""",
        options={
            "strands": {
                "one": "Only `seq` as it is written is scored, with strand '+'.",
                "both": "Each window is scored as it is written, with strand '+', and then its reverse complement, "
                "with strand '-'.",
            },
            "unknown": {
                "worst": "A letter without a weight in a column gets the smallest weight of that column.",
                "skip": "A window with a letter other than A, C, G, T is passed over.",
            },
            "tie": {
                "first": "Of several best ones it is that of the leftmost window, and there '+' before '-'.",
                "last": "Of several best ones it is that of the rightmost window, and there '-' before '+'.",
            },
        },
        edges=(
            ("", [{"A": 1.0, "C": 0.0, "G": 0.0, "T": -1.0}]),
            ("AC", []),
            ("NNN", [{"A": 1.0, "C": 0.0, "G": 0.0, "T": -1.0}]),
            ("AATA", [{"A": 1.0, "C": 0.0, "G": 0.0, "T": 1.0}]),
        ),
        draw=_matrix,
    ),
)
