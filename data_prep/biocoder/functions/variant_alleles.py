"""VCF: trimmed alleles, kinds of variants."""

from __future__ import annotations

import random

from data_prep.biocoder.contexts.variants import transition, trim_end
from data_prep.biocoder.draws import dna
from data_prep.biocoder.function import Function

CATEGORY = "file formats"
CONTEXT = "variants"


def split_alleles(pos: int, ref: str, alts: str, *, first: str, odd: str, same: str, case: str) -> list[list]:
    if case == "upper":
        ref, alts = ref.upper(), alts.upper()
    found = []
    for alt in alts.split(","):
        if set(alt) - set("ACGTNacgtn"):
            if odd == "keep":
                found.append([pos, ref, alt])
            continue
        if alt == ref:
            if same == "error":
                raise ValueError("no variant")
            continue
        a, b, place = ref, alt, pos
        if first == "end":
            a, b = trim_end(a, b)
        while len(a) > 1 and len(b) > 1 and a[0] == b[0]:
            a, b, place = a[1:], b[1:], place + 1
        if first == "start":
            a, b = trim_end(a, b)
        found.append([place, a, b])
    return found


def variant_kinds(rows: list[list[str]], *, trim: str, mnv: str, other: str, per: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for ref, alts in rows:
        seen = []
        for alt in alts.split(","):
            a, b = ref, alt
            if set(a + b) - set("ACGT"):
                if other == "skip":
                    continue
                kind = "other"
            else:
                if trim == "yes":
                    a, b = trim_end(a, b)
                    while len(a) > 1 and len(b) > 1 and a[0] == b[0]:
                        a, b = a[1:], b[1:]
                if len(a) != len(b):
                    kind = "insertion" if len(a) < len(b) else "deletion"
                elif len(a) == 1:
                    kind = "none" if a == b else "transition" if transition(a, b) else "transversion"
                elif mnv == "bases":
                    for x, y in zip(a, b, strict=True):
                        if x != y:
                            seen.append("transition" if transition(x, y) else "transversion")
                    continue
                else:
                    kind = "mnv"
            seen.append(kind)
        for kind in dict.fromkeys(seen) if per == "row" else seen:
            counts[kind] = counts.get(kind, 0) + 1
    return counts


def _alleles(rng: random.Random) -> tuple[int, str, str]:
    ref = dna(rng, 1, 6, "AAC")
    alts = [
        dna(rng, 1, 6, "AAC") if rng.random() < 0.5 else ref[:1] + dna(rng, 0, 3, "AC") + ref[1:]
        for _ in range(rng.randint(1, 3))
    ]
    alts += rng.choice([[], [], ["<DEL>"], ["*"], [ref.lower()]])
    return (rng.randint(10, 99), ref if rng.random() < 0.8 else ref.lower(), ",".join(alts))


def _rows(rng: random.Random) -> tuple[list[list[str]]]:
    rows = []
    for _ in range(rng.randint(2, 6)):
        ref = dna(rng, 1, 4)
        alts = [
            dna(rng, 1, 4),
            dna(rng, len(ref), len(ref)),
            ref[:-1] + rng.choice("ACGT"),
            rng.choice(["<DUP>", "*", "A", ref + "T"]),
        ]
        rows.append([ref, ",".join(rng.sample(alts, rng.randint(1, 3)))])
    return (rows,)


FUNCTIONS = (
    Function(
        split_alleles,
        says="""One row [POS, REF, ALT] for each allele in `alts` (parted by commas) of a VCF line with the POS `pos`
        and the REF `ref`, in their order, each as short as may be: {first} Trimming at the start moves POS on by one
        for each base; nothing is shifted along the reference. {case} {odd} {same}""",
        options={
            "first": {
                "end": "equal last bases are taken off as by `trim_end`, and then equal first bases as long as both "
                "keep at least one base.",
                "start": "equal first bases are taken off as long as both keep at least one base, and then equal last "
                "bases as by `trim_end`.",
            },
            "case": {
                "upper": "All alleles are brought to upper case beforehand.",
                "keep": "Upper and lower case are different bases.",
            },
            "odd": {
                "skip": "An ALT with any other character than A, C, G, T, N (in either case) is left out.",
                "keep": "An ALT with any other character than A, C, G, T, N (in either case) gets a row with `pos` "
                "and the whole of `ref` (after any change of case).",
            },
            "same": {
                "skip": "An ALT equal to REF is left out.",
                "error": "An ALT equal to REF raises a ValueError.",
            },
        },
        edges=(
            (10, "A", "G"),
            (10, "CAA", "CA,CAAA,CAA"),
            (10, "ACA", "AA,*"),
            (10, "cACA", "CA,TACA,CACA,."),
        ),
        draw=_alleles,
    ),
    Function(
        variant_kinds,
        says="""Counts the kinds of variants in `rows` [REF, ALT], where ALT may have several alleles parted by commas,
        each a variant of its own. {other} {trim} Of different lengths, it is a 'deletion' when REF is the longer one,
        else an 'insertion'. Of one base each, it is a 'transition' or a 'transversion', or 'none' when both are the
        same. {mnv} {per} The result is a dictionary; kinds that do not occur have no key.""",
        options={
            "other": {
                "skip": "A variant with any other character than A, C, G, T in REF or its ALT does not count.",
                "count": "A variant with any other character than A, C, G, T in REF or its ALT is of the kind 'other'.",
            },
            "trim": {
                "yes": "Of the two alleles equal last bases are taken off as by `trim_end`, then equal first bases as "
                "long as both keep at least one.",
                "no": "The alleles are taken as they stand.",
            },
            "mnv": {
                "one": "Of one length above 1, it is an 'mnv' (also when both are the same).",
                "bases": "Of one length above 1, each place at which they differ is a 'transition' or 'transversion' "
                "of its own (nothing when both are the same).",
            },
            "per": {
                "allele": "All of them count.",
                "row": "Of one row each kind counts once at most.",
            },
        },
        edges=(
            ([],),
            ([["A", "G,C,T"], ["C", "C"]],),
            ([["AC", "GT"], ["ACG", "ACG"], ["ACG", "ATG"]],),
            ([["A", "<DEL>,AT"], ["N", "A"], ["a", "G"]],),
            ([["ACC", "AC,ACCC"], ["AC", "TG,GT"]],),
        ),
        draw=_rows,
    ),
)
