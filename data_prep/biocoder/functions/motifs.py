"""Motifs: search and restriction fragments."""

from __future__ import annotations

import itertools
import random

from data_prep.biocoder.contexts.motifs import fits, reverse_complement
from data_prep.biocoder.draws import dna, letters
from data_prep.biocoder.function import Function

CATEGORY = "sequences"


def find_motif(seq: str, motif: str, *, strands: str, overlap: bool, start: int) -> list:
    seq, motif = seq.upper(), motif.upper()
    if not motif:
        raise ValueError("an empty motif")
    found = []
    wanted = [("+", motif)] if strands == "forward" else [("+", motif), ("-", reverse_complement(motif))]
    for strand, codes in wanted:
        if strand == "-" and codes == motif and strands == "once":
            continue
        i = 0
        while i <= len(seq) - len(codes):
            if all(fits(base, code) for base, code in zip(seq[i : i + len(codes)], codes, strict=True)):
                found.append((i + start, strand))
                i += 1 if overlap else len(codes)
            else:
                i += 1
    found.sort()
    return [place for place, _ in found] if strands == "forward" else [list(hit) for hit in found]


def digest(seq: str, site: str, cut: int, *, shape: str, result: str, strands: str) -> list:
    seq, n = seq.upper(), len(seq)
    if not 0 <= cut <= len(site) or not site:
        raise ValueError("the cut is not within the site")
    text = seq + seq[: len(site) - 1] if shape == "circle" and n >= len(site) else seq
    cuts = set()
    wanted = [(site, cut)]
    if strands == "both":
        wanted.append((reverse_complement(site), len(site) - cut))
    for codes, offset in wanted:
        for i in range(min(n, len(text) - len(codes) + 1)):
            if all(fits(base, code) for base, code in zip(text[i : i + len(codes)], codes, strict=True)):
                cuts.add((i + offset) % n if shape == "circle" else i + offset)
    places = sorted(cuts)
    if shape == "line":
        bounds = [0, *(p for p in places if 0 < p < n), n]
        pieces = [seq[a:b] for a, b in itertools.pairwise(bounds)] if n else []
    elif not places:
        pieces = [seq] if n else []
    else:
        pieces = [seq[a:b] for a, b in itertools.pairwise(places)] + [seq[places[-1] :] + seq[: places[0]]]
    if result == "lengths":
        return sorted(map(len, pieces), reverse=True)
    return pieces


def _search(rng: random.Random) -> tuple[str, str]:
    motif = letters(rng, rng.choice(["ACGT", "ACGTRYN", "AT", "AN"]), 1, 4)
    seq = letters(rng, rng.choice(["ACGT", "AT", "acgtN"]), 0, 30)
    return (seq, motif.lower() if rng.random() < 0.2 else motif)


def _cutting(rng: random.Random) -> tuple[str, str, int]:
    site = rng.choice(["GAATTC", "GATC", "GANTC", "CCGC", "GGATG", "ACTGG"])
    concrete = [site.replace("N", "A"), reverse_complement(site.replace("N", "A"))]
    seq = "".join(rng.choice([*concrete, dna(rng, 1, 6)]) for _ in range(rng.randint(1, 7)))
    turn = rng.randint(0, len(seq))
    return (seq[turn:] + seq[:turn], site, rng.randint(0, len(site)))


FUNCTIONS = (
    Function(
        find_motif,
        says="""Where the motif `motif` (IUPAC codes) occurs in `seq`; both are brought to upper case first, and `fits`
        says which base a code stands for. {strands} {overlap} {start} Hits are in the order of their position, at one
        position '+' before '-'. An empty motif raises a ValueError.""",
        options={
            "strands": {
                "forward": "Only `seq` as it is written is searched, and the result is a list of start positions.",
                "both": "The reverse complement of the motif is searched too. The result is a list of [start "
                "position, strand], the start being "
                "that of the matched letters in `seq` as it is written, the strand '+' for the motif and '-' for its "
                "reverse complement; a motif "
                "that is its own reverse complement gives both at each place.",
                "once": "The reverse complement of the motif is searched too. The result is a list of [start "
                "position, strand], the start being "
                "that of the matched letters in `seq` as it is written, the strand '+' for the motif and '-' for its "
                "reverse complement; but the "
                "reverse complement is not searched when it is the motif itself.",
            },
            "overlap": {
                True: "Hits of one strand may overlap.",
                False: "Hits of one strand may not overlap: after a hit the search of that strand goes on behind it, "
                "from left to right.",
            },
            "start": {0: "Positions are 0-based.", 1: "Positions are 1-based."},
        },
        edges=(
            ("", "A"),
            ("ACGT", ""),
            ("AAAA", "AA"),
            ("ATAT", "AT"),
            ("acNgt", "N"),
            ("GGCC", "RY"),
            ("TTAAT", "YWA"),
        ),
        draw=_search,
    ),
    Function(
        digest,
        says="""The fragments that a restriction enzyme makes of `seq` (brought to upper case). It recognises `site`
        (upper-case IUPAC codes, see `fits`) and cuts before the letter of index `cut` of the site, so that 0 is in
        front of it and len(site) behind it; a `cut` outside 0 to len(site), or an empty site, raises a ValueError.
        Sites may overlap. {strands} {shape} {result}""",
        options={
            "strands": {
                "one": "The site is looked for as it is written only.",
                "both": "The reverse complement of the site is looked for too; where it begins at index j, the cut is "
                "before index "
                "j + len(site) - cut. A place that is cut twice counts once.",
            },
            "shape": {
                "line": "`seq` is linear; a cut before its first or behind its last letter makes no fragment. "
                "Fragments are in the order of `seq`; "
                "an empty `seq` has none.",
                "circle": "`seq` is circular: sites may run over its end (one shorter than the site has none), and "
                "places of cuts count modulo its length. Fragments are in the order of "
                "the cuts' places (0-based), the last one running over the end to the first cut; without a cut it is "
                "`seq` as it is written, and an "
                "empty `seq` has none.",
            },
            "result": {
                "pieces": "The result is the list of the fragments' sequences.",
                "lengths": "The result is the list of the fragments' lengths, the greatest first.",
            },
        },
        edges=(
            ("", "GATC", 0),
            ("AAAA", "GATC", 0),
            ("GATC", "GATC", 0),
            ("TCAAGA", "GATC", 1),
            ("GATCGATC", "GATC", 4),
            ("ACGT", "GATC", 5),
        ),
        draw=_cutting,
    ),
)
