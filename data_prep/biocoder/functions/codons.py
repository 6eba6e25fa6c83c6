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
        says="""How often each codon occurs in the coding sequence `seq`, read from its first base in frame 0 after `clean`; one or
        two bases left over at the end do not count. The keys are codons as `clean` writes them; a codon that does not occur (or is
        left out) has no key. {unit} {stops} {unknown} When no codon is left, the result is an empty dictionary.""",
        options={
            "unit": {
                "count": "The values are counts (whole numbers).",
                "fraction": "The values are fractions of all the codons that have a key, so that they sum to 1.",
                "thousand": "The values are numbers per thousand of all the codons that have a key, so that they sum to 1000.",
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
        says="""The relative synonymous codon usage of the coding sequence `seq` (read in frame 0 after `clean`): a codon's count over
        the mean count of all the codons of its amino acid. Stop codons and codons that are not in the genetic code do not count at
        all. {pseudo} {missing} {lone} The result is a dictionary from codon to value, empty when nothing is left.""",
        options={
            "pseudo": {
                0.0: "Counts are taken as they are.",
                0.5: "0.5 is added to the count of every codon of an amino acid before anything else, also to a count of 0.",
                1.0: "1 is added to the count of every codon of an amino acid before anything else, also to a count of 0.",
            },
            "missing": {
                "omit": "Only codons that occur in `seq` have a key.",
                "fill": "All codons of every amino acid that occurs in `seq` have a key, also those that do not occur themselves.",
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
        says="""The protein of the longest open reading frame of `seq` (cleaned with `clean` first): it begins with the first M after a
        stop or after the start of the frame, and runs to the next stop, which is not part of it; codons that are not in the genetic
        code are X in it. {end} {strands} {tie} The empty string when there is none.""",
        options={
            "end": {
                "stop": "It must be closed by a stop: what runs to the end of the frame without one is no open reading frame.",
                "open": "It may also run to the end of the frame (its last whole codon) without a stop.",
            },
            "strands": {
                1: "Only the three frames of the strand given are read, in the order 0, 1, 2, and each from left to right.",
                2: "All six frames are read: the three of the strand given, in the order 0, 1, 2, then those of its reverse complement in "
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
)
