"""Codons: usage, relative synonymous usage, open reading frames."""

from __future__ import annotations

import random
from collections import Counter

from data_prep.biocoder.contexts.codons import amino, clean, codons, reverse_complement, synonyms
from data_prep.biocoder.draws import dna
from data_prep.biocoder.function import Function

CATEGORY = "sequences"


def codon_usage(seq: str, *, unit: str, stops: bool, unknown: str) -> dict[str, float]:
    counts = Counter(codons(clean(seq)))
    if not stops:
        counts = Counter({c: n for c, n in counts.items() if amino(c) != "*"})
    if unknown == "error" and any(amino(c) == "X" for c in counts):
        raise ValueError("unknown codon")
    if unknown == "skip":
        counts = Counter({c: n for c, n in counts.items() if amino(c) != "X"})
    total = sum(counts.values())
    if unit == "count":
        return dict(counts)
    return {c: n * (1000 if unit == "thousand" else 1) / total for c, n in counts.items()}


def relative_usage(seq: str, *, pseudo: float, lone: str, missing: str) -> dict[str, float]:
    counts = Counter(c for c in codons(clean(seq)) if amino(c) not in "*X")
    usage = {}
    for codon in counts if missing == "omit" else sorted({s for c in counts for s in synonyms(c)}):
        family = synonyms(codon)
        if len(family) == 1 and lone == "omit":
            continue
        mean = sum(counts[c] + pseudo for c in family) / len(family)
        usage[codon] = (counts[codon] + pseudo) / mean
    return usage


def longest_orf(seq: str, *, strands: int, end: str, tie: str) -> str:
    seq = clean(seq)
    best = ""
    for strand in (seq, reverse_complement(seq))[:strands]:
        for frame in range(3):
            protein = "".join(amino(c) for c in codons(strand, frame))
            pieces = protein.split("*")
            for piece in pieces[:-1] if end == "stop" else pieces:
                start = piece.find("M")
                found = piece[start:] if start >= 0 else ""
                if len(found) > len(best) or (tie == "last" and len(found) == len(best)):
                    best = found
    return best


def translate(seq: str, *, stop: str, left_over: str, unknown: str) -> str:
    seq = clean(seq)
    if left_over == "error" and len(seq) % 3:
        raise ValueError("not whole codons")
    protein = "".join(amino(c) for c in codons(seq))
    if unknown == "error" and "X" in protein:
        raise ValueError("unknown codon")
    if left_over == "mark" and len(seq) % 3:
        protein += "X"
    if stop == "end":
        return protein.partition("*")[0]
    if stop == "last":
        return protein.removesuffix("*")
    return protein


def gc_by_position(seq: str, *, ambiguous: str, empty: str, last: str) -> list[float]:
    found = codons(clean(seq))
    if last == "drop" and found and amino(found[-1]) == "*":
        found = found[:-1]
    if ambiguous == "codon":
        found = [c for c in found if set(c) <= set("ACGT")]
    shares = []
    for column in zip(*found, strict=True) if found else ((), (), ()):
        bases = [b for b in column if b in "ACGT"] if ambiguous == "base" else list(column)
        if bases:
            shares.append(sum(b in "GC" for b in bases) / len(bases))
        elif empty == "error":
            raise ValueError("no base at a position")
        else:
            shares.append(0.0 if empty == "zero" else None)
    return shares


def codon_changes(first: str, second: str, *, stops: str, sites: str, unknown: str) -> dict[str, int]:
    first, second = clean(first), clean(second)
    if len(first) != len(second):
        raise ValueError("sequences of different length")
    counts = {"synonymous": 0, "missense": 0, "nonsense": 0}
    for a, b in zip(codons(first), codons(second), strict=True):
        if a == b:
            continue
        if "X" in (amino(a), amino(b)):
            if unknown == "error":
                raise ValueError("unknown codon")
            continue
        changed = sum(x != y for x, y in zip(a, b, strict=True)) if sites == "bases" else 1
        if amino(a) == amino(b):
            counts["synonymous"] += changed
        elif amino(b) == "*" or (stops == "either" and amino(a) == "*"):
            counts["nonsense"] += changed
        else:
            counts["missense"] += changed
    return counts


def _two(rng: random.Random) -> tuple[str, str]:
    """A coding sequence and one with some bases changed."""
    seq = "".join(
        rng.choice(["TTA", "CTG", "TAA", "TGG", "AAA", "GGT", "TAC", "CAG"]) for _ in range(rng.randint(2, 14))
    )
    other = "".join(rng.choice("ACGT" if rng.random() < 0.9 else "NT") if rng.random() < 0.3 else b for b in seq)
    return (seq, other[: rng.choice([len(seq)] * 9 + [len(seq) - 1])])


def _coding(rng: random.Random) -> tuple[str]:
    """A sequence with starts, stops and codons that repeat; now and then a letter that is no base, or RNA in lower case."""
    pool = [
        "ATG",
        "TAA",
        "TGA",
        "TGG",
        "CTG",
        "CTA",
        "TTA",
        "AGC",
        "TCT",
        "GGT",
        "GGA",
        "NNA" if rng.random() < 0.2 else "AAA",
    ]
    seq = dna(rng, 0, 2) + "".join(rng.choice(pool) for _ in range(rng.randint(4, 40))) + dna(rng, 0, 2)
    return (seq.replace("T", "u").lower() if rng.random() < 0.15 else seq,)


FUNCTIONS = (
    Function(
        codon_usage,
        says="""How often each codon occurs in the coding sequence `seq`, read from its first base in frame 0 after
        `clean`; one or two bases left over at the end do not count. The keys are codons as `clean` writes them; a codon
        that does not occur (or is left out) has no key. {unit} {stops} {unknown} When no codon is left, the result is
        an empty dictionary.""",
        options={
            "unit": {
                "count": "The values are counts (whole numbers).",
                "fraction": "The values are fractions of all the codons that have a key, so that they sum to 1.",
                "thousand": "The values are numbers per thousand of all the codons that have a key, so that they sum "
                "to 1000.",
            },
            "stops": {True: "Stop codons count like any other codon.", False: "Stop codons are left out."},
            "unknown": {
                "keep": "A codon that is not in the genetic code (it holds an N, say) counts like any other.",
                "skip": "A codon that is not in the genetic code (it holds an N, say) is left out.",
                "error": "A codon that is not in the genetic code (it holds an N, say) raises a ValueError.",
            },
        },
        edges=(("",), ("AT",), ("aug uaa",), ("TAATAG",), ("NNNNNN",), ("ATGNNNTAAATG",)),
        draw=_coding,
    ),
    Function(
        relative_usage,
        says="""The relative synonymous codon usage of the coding sequence `seq` (read in frame 0 after `clean`): a
        codon's count over the mean count of all the codons of its amino acid. Stop codons and codons that are not in
        the genetic code do not count at all. {pseudo} {missing} {lone} The result is a dictionary from codon to value,
        empty when nothing is left.""",
        options={
            "pseudo": {
                0.0: "Counts are taken as they are.",
                0.5: "0.5 is added to the count of every codon of an amino acid before anything else, also to a count "
                "of 0.",
                1.0: "1 is added to the count of every codon of an amino acid before anything else, also to a count "
                "of 0.",
            },
            "missing": {
                "omit": "Only codons that occur in `seq` have a key.",
                "fill": "All codons of every amino acid that occurs in `seq` have a key, also those that do not occur "
                "themselves.",
            },
            "lone": {
                "keep": "An amino acid with only one codon (M, W) is treated like any other.",
                "omit": "The codons of amino acids with only one codon (M, W) have no key.",
            },
        },
        edges=(("",), ("ATGTGG",), ("TAATAA",), ("ctgcuacug",), ("NNNCTG",)),
        draw=_coding,
    ),
    Function(
        longest_orf,
        says="""The protein of the longest open reading frame of `seq` (cleaned with `clean` first): it begins with the
        first M after a stop or after the start of the frame, and runs to the next stop, which is not part of it; codons
        that are not in the genetic code are X in it. {end} {strands} {tie} The empty string when there is none.""",
        options={
            "end": {
                "stop": "It must be closed by a stop: what runs to the end of the frame without one is no open "
                "reading frame.",
                "open": "It may also run to the end of the frame (its last whole codon) without a stop.",
            },
            "strands": {
                1: "Only the three frames of the strand given are read, in the order 0, 1, 2, and each from left to "
                "right.",
                2: "All six frames are read: the three of the strand given, in the order 0, 1, 2, then those of its "
                "reverse complement in "
                "the same order, each from left to right.",
            },
            "tie": {
                "first": "Of several equally long ones it is the first met in that order.",
                "last": "Of several equally long ones it is the last met in that order.",
            },
        },
        edges=(("",), ("ATGTAA",), ("ATGCTG",), ("TTACAT",), ("ATGAAATAAATGGGGTAA",), ("augaaauaa",)),
        draw=_coding,
    ),
    Function(
        translate,
        says="""The protein that the coding sequence `seq` (cleaned with `clean`) encodes in frame 0, one letter a
        codon. {unknown} {left_over} {stop}""",
        options={
            "unknown": {
                "keep": "A codon that is not in the genetic code gives an X.",
                "error": "A whole codon that is not in the genetic code raises a ValueError, wherever it stands.",
            },
            "left_over": {
                "drop": "One or two bases left over at the end are ignored.",
                "mark": "One or two bases left over at the end give one X more at the end.",
                "error": "One or two bases left over at the end raise a ValueError.",
            },
            "stop": {
                "all": "A stop codon gives a '*', wherever it stands.",
                "end": "The protein ends before the first stop codon, and what follows is dropped; without a stop "
                "codon it is whole.",
                "last": "A stop codon gives a '*', but when the protein's last letter would be a '*' that one letter "
                "is left out.",
            },
        },
        edges=(("",), ("A",), ("ATGTAA",), ("aug uaa a",), ("ATGNNN",), ("TAATAA",), ("ATGTAACTGTAA",)),
        draw=_coding,
    ),
    Function(
        gc_by_position,
        says="""The share of G and C (of all the bases that count) at the first, second and third position of the codons
        of `seq` (cleaned with `clean`, whole codons of frame 0 only), as a list of three numbers between 0 and 1.
        {last} {ambiguous} {empty}""",
        options={
            "last": {
                "keep": "Stop codons count like any other codon.",
                "drop": "When the last whole codon is a stop codon it is left out; other stop codons count.",
            },
            "ambiguous": {
                "count": "A letter other than A, C, G, T counts as a base that is neither G nor C.",
                "base": "A letter other than A, C, G, T does not count, the other letters of its codon do.",
                "codon": "A codon with a letter other than A, C, G, T does not count at all.",
            },
            "empty": {
                "zero": "A position at which nothing counts has 0.0.",
                "none": "A position at which nothing counts has None.",
                "error": "When nothing counts at some position, a ValueError is raised.",
            },
        },
        edges=(("",), ("TAA",), ("ATNCTN",), ("NNN",), ("ccctaa",), ("NCG",)),
        draw=_coding,
    ),
    Function(
        codon_changes,
        says="""How a coding sequence changes between `first` and `second`, which are both cleaned with `clean`, and are
        aligned without gaps; when their lengths then differ, a ValueError is raised. Whole codons of frame 0 are
        compared in pairs. A pair that differs is 'synonymous' when both have the same amino acid (or both are stops),
        {stops} and 'missense' otherwise. The result is a dictionary with these three keys. {sites} {unknown}""",
        options={
            "stops": {
                "gained": "'nonsense' when only the codon of `second` is a stop,",
                "either": "'nonsense' when exactly one of the two is a stop,",
            },
            "sites": {
                "codons": "Its values count pairs of codons.",
                "bases": "Its values count the bases that differ in such pairs, so that a pair counts for one to "
                "three.",
            },
            "unknown": {
                "skip": "A pair that differs in which a codon is not in the genetic code is passed over.",
                "error": "A pair that differs in which a codon is not in the genetic code raises a ValueError.",
            },
        },
        edges=(("", ""), ("ATG", "AT"), ("TAATTA", "TTATAA"), ("NNN", "NNN"), ("NNN", "NNA"), ("uua", "CTG")),
        draw=_two,
    ),
)
