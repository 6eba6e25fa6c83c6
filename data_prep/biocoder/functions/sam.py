"""SAM records: blocks on the reference, places of read bases, counts by flag, mismatches of an MD tag."""

from __future__ import annotations

import random

from data_prep.biocoder.contexts.sam import (
    DUPLICATE,
    FAILED,
    FIRST,
    MATE_UNMAPPED,
    ON_READ,
    ON_REFERENCE,
    PAIRED,
    PROPER,
    SECONDARY,
    SUPPLEMENTARY,
    UNMAPPED,
    has,
    mismatch_parts,
    operations,
)
from data_prep.biocoder.function import Function

CATEGORY = "file formats"


def reference_blocks(pos: int, cigar: str, *, split: str, clips: str, places: str, empty: str) -> list[list[int]]:
    steps = operations(cigar)
    if not steps and empty == "error":
        raise ValueError("no alignment")
    place = pos - 1
    if clips == "extend":
        for n, letter in steps:
            if letter not in "SH":
                break
            place -= n if letter == "S" else 0
    blocks: list[list[int]] = []
    gap = True
    for n, letter in steps:
        if letter in "M=X" or (letter == "D" and split == "N") or (letter == "S" and clips == "extend"):
            if gap:
                blocks.append([place, place])
            blocks[-1][1] = place + n
            place += n
            gap = False
        elif letter in ON_REFERENCE:
            place += n
            gap = True
    return [[start + 1, end] for start, end in blocks] if places == "closed" else blocks


def read_place(pos: int, cigar: str, place: int, *, gap: str, hard: str, base: int) -> int | None:
    reference, read = pos, 0
    for n, letter in operations(cigar):
        if letter in ON_REFERENCE:
            if reference <= place < reference + n:
                if letter in ON_READ:
                    return read + place - reference + base
                if letter == "N" or gap == "none":
                    return None
                return read - 1 + base if gap == "before" else read + base
            reference += n
        if letter in ON_READ or (letter == "H" and hard == "count"):
            read += n
    return None


def flag_counts(flags: list[int], *, unit: str, failed: str, duplicates: str) -> dict[str, int]:
    counts: dict[str, int] = dict.fromkeys(("total", "mapped", "paired", "proper", "lone"), 0)
    for flag in flags:
        if failed == "drop" and has(flag, FAILED):
            continue
        if duplicates == "drop" and has(flag, DUPLICATE):
            continue
        primary = not has(flag, SECONDARY) and not has(flag, SUPPLEMENTARY)
        if unit != "records" and not primary:
            continue
        if unit == "fragments" and has(flag, PAIRED) and not has(flag, FIRST):
            continue
        mapped = not has(flag, UNMAPPED)
        counts["total"] += 1
        counts["mapped"] += mapped
        if has(flag, PAIRED) and primary:
            counts["paired"] += 1
            counts["proper"] += mapped and has(flag, PROPER)
            counts["lone"] += mapped and has(flag, MATE_UNMAPPED)
    return counts


def md_differences(pos: int, md: str, bases: str, *, deletions: str, runs: str, places: str, case: str) -> list[list]:
    reference, read = pos - 1 if places == "reference" else 0, 0
    found: list[list] = []
    last = ""
    for part in mismatch_parts(md):
        if part.isdigit():
            reference, read = reference + int(part), read + int(part)
            if part != "0":
                last = ""
            continue
        if part[0] == "^":
            if deletions == "list":
                found.append([(reference if places == "reference" else read), part[1:], "-"])
            reference += len(part) - 1
            last = "deletion"
            continue
        if read >= len(bases):
            raise ValueError("more bases in the tag than in the read")
        letter = bases[read].upper() if case == "upper" else bases[read]
        if runs == "join" and last == "mismatch":
            found[-1][1] += part
            found[-1][2] += letter
        else:
            found.append([(reference if places == "reference" else read), part, letter])
        reference, read, last = reference + 1, read + 1, "mismatch"
    return found


def _cigar(rng: random.Random) -> str:
    """Clips, then aligned stretches with gaps between, then clips."""
    parts = [
        f"{rng.randint(1, 4)}H" if rng.random() < 0.25 else "",
        f"{rng.randint(1, 5)}S" if rng.random() < 0.5 else "",
    ]
    for i in range(rng.randint(1, 4)):
        if i:
            parts.append(f"{rng.randint(1, 6)}{rng.choice('DDNIIP')}")
        parts.append(f"{rng.randint(1, 6)}{rng.choice('MMM=X')}")
    parts += [
        f"{rng.randint(1, 5)}S" if rng.random() < 0.4 else "",
        f"{rng.randint(1, 4)}H" if rng.random() < 0.2 else "",
    ]
    return "".join(parts)


def _aligned(rng: random.Random) -> tuple[int, str]:
    return (rng.randint(6, 30), _cigar(rng))


def _at(rng: random.Random) -> tuple[int, str, int]:
    pos = rng.randint(6, 30)
    return (pos, _cigar(rng), pos + rng.randint(-1, 14))


def _flags(rng: random.Random) -> tuple[list[int]]:
    found = []
    for _ in range(rng.randint(2, 9)):
        flag = rng.choice([0, 0x1 | rng.choice([0x40, 0x80]), 0x1 | rng.choice([0x40, 0x80])])
        for bit, chance in (
            (0x2, 0.4),
            (0x4, 0.25),
            (0x8, 0.3),
            (0x10, 0.5),
            (0x100, 0.2),
            (0x200, 0.2),
            (0x400, 0.2),
            (0x800, 0.2),
        ):
            flag |= bit if rng.random() < chance else 0
        found.append(flag)
    return (found,)


def _md(rng: random.Random) -> tuple[int, str, str]:
    md, n = str(rng.randint(0, 4)), 0
    for _ in range(rng.randint(1, 5)):
        deleted = rng.random() < 0.35
        md += "^" + "".join(rng.choice("ACGT") for _ in range(rng.randint(1, 3))) if deleted else rng.choice("ACGT")
        md += str(rng.choice([0, 0, 1, 2, 5]))
    n = 24 if rng.random() < 0.9 else 3
    return (rng.randint(1, 50), md, "".join(rng.choice("ACGTacgt") for _ in range(n)))


NO_CIGAR = "A text that `operations` does not take raises a ValueError."

FUNCTIONS = (
    Function(
        reference_blocks,
        says="""The stretches of the reference that a read with the POS `pos` and the CIGAR string `cigar` covers, from left to right. {split} Insertions and
        padding break nothing. {clips} Hard clips do not matter. {places} {empty} """
        + NO_CIGAR,
        options={
            "split": {
                "N": "Deleted bases (D) are covered too, while at a skipped stretch (N) a new stretch begins.",
                "DN": "Neither deleted (D) nor skipped (N) bases are covered; at both a new stretch begins.",
            },
            "clips": {
                "none": "Soft-clipped bases (S) cover nothing.",
                "extend": "Soft-clipped bases (S) cover as many places of the reference before the first and after "
                "the last aligned base, as if they were "
                "aligned (the start may then lie before the reference's first base).",
            },
            "places": {
                "open": "Rows are [start, end], 0-based, without the end.",
                "closed": "Rows are [first, last], 1-based, both ends included.",
            },
            "empty": {"none": "For a CIGAR of '*' there is none.", "error": "A CIGAR of '*' raises a ValueError."},
        },
        edges=(
            (5, "*"),
            (5, "10M"),
            (5, "3S4M2D4M5N4M2S"),
            (1, "2H3S1M1I1M"),
            (5, "4M0D"),
            (5, "4M2I2P4M"),
            (9, "3S"),
            (5, "4Q"),
        ),
        draw=_aligned,
    ),
    Function(
        read_place,
        says="""Which base of a read with the POS `pos` and the CIGAR string `cigar` is aligned to the 1-based `place` of the reference. {base} Soft-clipped and
        inserted bases are bases of the read. {hard} {gap} In a skipped stretch (N), and before the first or past the last aligned base, it is None. """
        + NO_CIGAR,
        options={
            "base": {0: "The read's bases are counted from 0.", 1: "The read's bases are counted from 1."},
            "hard": {
                "ignore": "Hard-clipped bases do not count.",
                "count": "Hard-clipped bases count as bases of the read.",
            },
            "gap": {
                "none": "In a deletion (D) the result is None.",
                "before": "In a deletion (D) it is the read's last base before it (an inserted one, if such a base "
                "stands there).",
                "after": "In a deletion (D) it is the read's next base after it (an inserted one, if such a base "
                "stands there).",
            },
        },
        edges=(
            (5, "*", 5),
            (5, "4M2", 6),
            (5, "10M", 4),
            (5, "3S4M2D4M", 10),
            (5, "2H3S4M2N4M", 9),
            (5, "2H3S4M2I2D4M1H", 10),
            (5, "2H4M2D1I4M", 11),
        ),
        draw=_at,
    ),
    Function(
        flag_counts,
        says="""Counts alignments by their FLAGs. {unit} {failed} {duplicates} The result is a dictionary: 'total', all
        that count; 'mapped', those without the bit UNMAPPED; and of those that have the bit PAIRED and are neither
        secondary nor supplementary: 'paired', all; 'proper', the mapped ones with the bit PROPER; 'lone', the mapped
        ones with the bit MATE_UNMAPPED.""",
        options={
            "unit": {
                "records": "Every record counts.",
                "reads": "Secondary and supplementary records do not count.",
                "fragments": "Secondary and supplementary records do not count, and of those with the bit PAIRED only "
                "the ones with the bit FIRST do.",
            },
            "failed": {
                "count": "Records that failed quality control (FAILED) count like others.",
                "drop": "Records that failed quality control (FAILED) do not count.",
            },
            "duplicates": {
                "count": "Duplicates (DUPLICATE) count like others.",
                "drop": "Duplicates (DUPLICATE) do not count.",
            },
        },
        edges=(([],), ([0],), ([4],), ([99, 147, 355, 2147],), ([73, 133, 0x400 | 73, 0x200 | 133],)),
        draw=_flags,
    ),
    Function(
        md_differences,
        says="""The differences that the MD tag `md` tells of, as rows [place, reference bases, read bases] from left to
        right. `bases` are those of the read that are aligned: without clipped and inserted ones. {places} Each mismatch
        is one row. {runs} {deletions} {case} A tag that `mismatch_parts` does not take, or a mismatch past the end of
        `bases`, raises a ValueError (a number of matching bases may run past it).""",
        options={
            "places": {
                "reference": "The place is that of the row's first base on the reference, 0-based, when `pos` is the "
                "POS of the alignment.",
                "read": "The place is the index in `bases` of the row's first base, counted from 0; for a deletion "
                "that of the base after it.",
            },
            "runs": {
                "apart": "Neighbouring mismatches are rows of their own.",
                "join": "But mismatches at neighbouring bases (a 0 stands between them) are one row with all their "
                "bases; a deletion between them parts them.",
            },
            "deletions": {
                "list": "A deletion is one row, with the deleted bases and '-' for the read's.",
                "skip": "Deletions have no row.",
            },
            "case": {"upper": "Read bases are given in upper case.", "keep": "Read bases are given as they are."},
        },
        edges=(
            (5, "10", "ACGTACGTAC"),
            (5, "0A0C3", "gtACG"),
            (5, "2^AC0G1T0", "ACtGa"),
            (5, "A3", "ACGT"),
            (1, "1C0^GG0T2", "AgaCC"),
        ),
        draw=_md,
    ),
)
