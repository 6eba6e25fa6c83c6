"""Proteins: peptides of a digest, masses, hydropathy profiles, charge."""

from __future__ import annotations

import random

from data_prep.biocoder.contexts.proteins import (
    AVERAGE,
    HYDROPATHY,
    MONOISOTOPIC,
    NEGATIVE,
    POSITIVE,
    PROTON,
    WATER,
    cleavage_sites,
    fraction_charged,
)
from data_prep.biocoder.draws import letters, protein
from data_prep.biocoder.function import Function

CATEGORY = "sequences"


def tryptic_peptides(protein: str, missed: int, *, repeats: str, initial: str, result: str) -> list:
    bounds = [0, *cleavage_sites(protein), len(protein)]
    found = []
    for first in range(len(bounds) - 1):
        for last in range(first + 1, min(first + missed + 2, len(bounds))):
            start, end = bounds[first], bounds[last]
            if start == end:
                continue
            found.append((start, protein[start:end], last - first - 1))
            if initial == "clip" and start == 0 and protein[0] == "M" and end > 1:
                found.append((1, protein[1:end], last - first - 1))
    if repeats == "once":
        first_of: dict[str, tuple[int, str, int]] = {}
        for item in found:
            first_of.setdefault(item[1], item)
        found = list(first_of.values())
    if result == "sorted":
        return sorted((text for _, text, _ in found), key=lambda text: (-len(text), text))
    if result == "rows":
        return [[start + 1, text, skipped] for start, text, skipped in found]
    return [text for _, text, _ in found]


def peptide_mass(peptide: str, charge: int, *, masses: str, unknown: str, cysteine: str) -> float:
    table = MONOISOTOPIC if masses == "monoisotopic" else AVERAGE
    total = WATER[masses]
    for residue in peptide:
        if residue not in table:
            if unknown == "error":
                raise ValueError("an unknown residue")
            total += sum(table.values()) / 20 if unknown == "mean" else 0.0
            continue
        total += table[residue]
        if cysteine == "carbamidomethyl" and residue == "C":
            total += 57.02146
        elif cysteine == "bridge" and residue == "C":
            total -= 1.00783
    return (total + charge * PROTON) / charge if charge else total


def hydropathy_profile(protein: str, window: int, *, ends: str, weights: str, unknown: str) -> list[float]:
    if window < 1 or window % 2 == 0:
        raise ValueError("the window is not odd")
    half = window // 2
    profile = []
    for middle in range(len(protein)):
        if ends == "drop" and (middle < half or middle + half >= len(protein)):
            continue
        total = whole = 0.0
        for i in range(middle - half, middle + half + 1):
            weight = 1 - abs(i - middle) / (half + 1) if weights == "triangle" else 1.0
            if not 0 <= i < len(protein):
                if ends == "zero":
                    whole += weight
            elif unknown == "zero" or protein[i] in HYDROPATHY:
                total += weight * HYDROPATHY.get(protein[i], 0.0)
                whole += weight
        profile.append(total / whole if whole else 0.0)
    return profile


def net_charge(protein: str, ph: float, *, termini: str, cysteine: str, result: str) -> float:
    positive = {k: protein.count(k) for k in "KRH"}
    negative = {k: protein.count(k) for k in "DECY"}
    if cysteine == "bridged":
        negative["C"] %= 2
    elif cysteine == "ignored":
        negative["C"] = 0
    if protein and termini != "blocked":
        positive["N-terminus"] = 0 if termini == "acetyl" else 1
        negative["C-terminus"] = 1
    plus = sum(n * fraction_charged(POSITIVE[k], ph, 1) for k, n in positive.items())
    minus = sum(n * fraction_charged(NEGATIVE[k], ph, -1) for k, n in negative.items())
    if result == "per residue":
        return (plus + minus) / len(protein) if protein else 0.0
    return plus + minus


def _cleaved(rng: random.Random) -> tuple[str, int]:
    seq = letters(rng, "KRPAGMKK", 0, 14)
    return ("M" + seq if rng.random() < 0.6 else seq, rng.randint(0, 2))


FUNCTIONS = (
    Function(
        tryptic_peptides,
        says="""The peptides of `protein` after a digest with trypsin (`cleavage_sites` says where it cuts) in which up
        to `missed` (0 or more) consecutive sites within a peptide are not cut: every stretch between two places of the
        start, the sites and the end that has at most `missed` sites inside. They are met in the order of their start,
        and at one start from the shortest to the longest. {initial} {repeats} {result} An empty protein has none.""",
        options={
            "initial": {
                "keep": "The first residue is kept.",
                "clip": "When the protein begins with M, each peptide of two or more residues that begins there is "
                "followed at once by the same "
                "peptide without that M, which starts at the second residue.",
            },
            "repeats": {
                "all": "A sequence that is met several times is given several times.",
                "once": "A sequence that is met several times is given once, as it is met first.",
            },
            "result": {
                "met": "The result is the list of sequences in the order in which they are met.",
                "sorted": "The result is the list of sequences, the longest first, equally long ones in alphabetical "
                "order.",
                "rows": "The result is a list of [1-based position of the first residue, sequence, number of sites "
                "inside that were not cut], in "
                "the order in which they are met.",
            },
        },
        edges=(("", 1), ("M", 0), ("MK", 1), ("KKK", 2), ("AKPRPK", 1), ("MKMKMK", 1)),
        draw=_cleaved,
    ),
    Function(
        peptide_mass,
        says="""The mass of `peptide`: the sum of its residues' {masses}, plus one water of the same kind. {cysteine}
        {unknown} With `charge` 0 the result is this mass (an empty peptide has that of water); with a positive `charge`
        it is the m/z of the peptide with that many protons added, (mass + charge * PROTON) / charge.""",
        options={
            "masses": {"monoisotopic": "monoisotopic masses", "average": "average masses"},
            "cysteine": {
                "plain": "Cysteines are not modified.",
                "carbamidomethyl": "Every C is carbamidomethylated, which adds 57.02146.",
                "bridge": "Every C has lost the hydrogen of its thiol, which takes 1.00783 off.",
            },
            "unknown": {
                "error": "A letter without a mass raises a ValueError.",
                "mean": "A letter without a mass counts with the arithmetic mean of the twenty masses.",
                "zero": "A letter without a mass adds nothing.",
            },
        },
        edges=(("", 0), ("", 1), ("C", 0), ("X", 1), ("ACBX", 2), ("GG", 3)),
        draw=lambda rng: (letters(rng, "ACDEFGHIKLMNPQRSTVWYCC" + rng.choice(["", "X"]), 1, 12), rng.randint(0, 3)),
    ),
    Function(
        hydropathy_profile,
        says="""The hydropathy profile of `protein` by Kyte and Doolittle: for each residue in turn the weighted mean of
        HYDROPATHY over the window of `window` residues around it. An even window, or one below 1, raises a ValueError.
        {weights} {unknown} {ends} A mean over no weight at all is 0.0.""",
        options={
            "weights": {
                "equal": "All residues of a window weigh 1.",
                "triangle": "A residue at distance d of the middle weighs 1 - d / (window // 2 + 1).",
            },
            "unknown": {
                "zero": "A letter that is not in HYDROPATHY counts with the value 0.",
                "skip": "A letter that is not in HYDROPATHY is left out of the mean, with its weight.",
            },
            "ends": {
                "drop": "Residues whose window does not lie within the protein have no value, so that the list is "
                "shorter than the protein.",
                "shrink": "At the ends the window is cut off, and the mean is over the residues that are there; the "
                "list is as long as the protein.",
                "zero": "At the ends the missing residues count with the value 0 and with their weight; the list is "
                "as long as the protein.",
            },
        },
        edges=(("", 3), ("A", 1), ("IV", 5), ("AXI", 2), ("XXX", 3), ("IXV", 3), ("A", 0)),
        draw=lambda rng: (letters(rng, "AILVRKDEGX", 3, 12), rng.choice([1, 3, 5, 7])),
    ),
    Function(
        net_charge,
        says="""The net charge of `protein` at pH `ph`, from the pK values in POSITIVE and NEGATIVE and
        `fraction_charged`: the side chains of K, R, H, D, E, C, Y. {termini} {cysteine} {result} An empty protein has
        0.0.""",
        options={
            "termini": {
                "free": "The N-terminus and the C-terminus count, one each.",
                "acetyl": "Of the termini only the C-terminus counts: the N-terminus is acetylated.",
                "blocked": "The termini do not count.",
            },
            "cysteine": {
                "free": "Every C counts.",
                "bridged": "Cs are joined in pairs that do not count: with an odd number of Cs one counts, with an "
                "even number none.",
                "ignored": "No C counts.",
            },
            "result": {
                "whole": "The result is the sum of all charges.",
                "per residue": "The result is the sum of all charges over the number of residues.",
            },
        },
        edges=(("", 7.0), ("G", 7.4), ("CC", 9.0), ("CCC", 9.0), ("KRHDEY", 0.0)),
        draw=lambda rng: (protein(rng, 1, 15) + "C" * rng.randint(0, 3), round(rng.uniform(2, 12), 1)),
    ),
)
