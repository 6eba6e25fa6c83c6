"""CIGAR strings: spans, blocks, positions, identity."""

from __future__ import annotations

import random

from data_prep.biocoder.contexts.cigars import ALIGNED, READ, REFERENCE, parse, write
from data_prep.biocoder.draws import any_cigar, letters
from data_prep.biocoder.function import Function

CATEGORY = "alignment"


def cigar_spans(cigar: str, *, clipped: str, skipped: str, none: str) -> list[int]:
    pairs = parse(cigar)
    if not pairs and none == "error":
        raise ValueError("no alignment")
    read = sum(n for n, op in pairs if op in READ and (clipped != "without" or op != "S"))
    if clipped == "hard":
        read += sum(n for n, op in pairs if op == "H")
    reference = sum(n for n, op in pairs if op in REFERENCE and (skipped == "count" or op != "N"))
    return [read, reference] if pairs or none == "zero" else [-1, -1]


def aligned_blocks(cigar: str, start: int, *, split: str, merge: int, places: str) -> list[list[int]]:
    blocks: list[list[int]] = []
    at = start
    for n, op in parse(cigar):
        if op in ALIGNED or (op == "D" and split == "introns"):
            blocks.append([at, at + n])
        if op in REFERENCE:
            at += n
    whole: list[list[int]] = []
    for a, b in blocks:
        if whole and a - whole[-1][1] <= merge:
            whole[-1][1] = b
        else:
            whole.append([a, b])
    return [[a + 1, b] for a, b in whole] if places == "closed" else whole


def lift_position(cigar: str, start: int, position: int, *, direction: str, gap: str, outside: str) -> int | None:
    read, reference = 0, start
    pairs = parse(cigar)
    before: int | None = None
    for n, op in pairs:
        a, b = (reference, read) if direction == "to read" else (read, reference)
        moves = n if op in (REFERENCE if direction == "to read" else READ) else 0
        if moves and a <= position < a + moves:
            if op in ALIGNED:
                return b + position - a
            if op == "S":
                break
            return (before if gap == "left" else b) if gap != "none" else None
        read += n if op in READ else 0
        reference += n if op in REFERENCE else 0
        if op in ALIGNED:
            before = (read if direction == "to read" else reference) - 1
    if outside == "error":
        raise ValueError("outside the alignment")
    return -1 if outside == "minus" else None


def cigar_identity(cigar: str, read: str, reference: str, *, gaps: str, unknown: str, empty: str) -> float:
    r = g = equal = columns = 0
    for n, op in parse(cigar):
        if op in ALIGNED:
            for a, b in zip(read[r : r + n], reference[g : g + n], strict=True):
                if unknown == "skip" and "N" in (a, b):
                    continue
                equal += a == b or (unknown == "match" and "N" in (a, b))
                columns += 1
        elif op in "ID" and gaps != "ignore":
            columns += n if gaps == "letters" else 1
        r += n if op in READ else 0
        g += n if op in REFERENCE else 0
    if not columns:
        if empty == "error":
            raise ValueError("no columns")
        return 0.0
    return equal / columns


def _aligned(rng: random.Random) -> tuple[str, str, str]:
    pairs = [(rng.randint(1, 4), rng.choice("MMM=XIDN")) for _ in range(rng.randint(1, 5))]
    if rng.random() < 0.3:
        pairs = [(2, "S"), *pairs]
    lengths = [sum(n for n, op in pairs if op in kind) for kind in (READ, REFERENCE)]
    read, reference = (letters(rng, "AACN", n, n) for n in lengths)
    return (write(pairs), read, reference)


FUNCTIONS = (
    Function(
        cigar_spans,
        says="""How many letters of the read and of the reference a CIGAR string covers, as [read, reference]. {clipped}
        {skipped} {none} What is not a CIGAR string raises a ValueError.""",
        options={
            "clipped": {
                "soft": "Soft-clipped letters count for the read, hard-clipped ones do not.",
                "hard": "Soft-clipped and hard-clipped letters count for the read.",
                "without": "Neither soft-clipped nor hard-clipped letters count for the read.",
            },
            "skipped": {
                "count": "Skipped regions (N) count for the reference.",
                "omit": "Skipped regions (N) do not count for the reference.",
            },
            "none": {
                "zero": "For '*' the result is [0, 0].",
                "minus": "For '*' the result is [-1, -1].",
                "error": "'*' raises a ValueError.",
            },
        },
        edges=(("*",), ("10M",), ("2H3S5M100N5M",), ("",), ("5Q",), ("3S",)),
        draw=lambda rng: (any_cigar(rng),),
    ),
    Function(
        aligned_blocks,
        says="""The stretches of the reference to which a read is aligned (by operations M, = and X), from its CIGAR
        string and the 0-based reference position `start` at which its first operation on the reference begins. {split}
        Stretches of neighbouring operations that touch are one. {merge} {places} The list is in the order of the
        reference, and empty when there is none. What is not a CIGAR string raises a ValueError.""",
        options={
            "split": {
                "all": "Deletions (D) and skipped regions (N) belong to no stretch.",
                "introns": "Deletions (D) count as aligned to their stretch of the reference, skipped regions (N) "
                "belong to no stretch.",
            },
            "merge": {
                0: "Nothing else is joined.",
                2: "Stretches with at most 2 reference positions between them are joined into one, from the first on.",
                4: "Stretches with at most 4 reference positions between them are joined into one, from the first on.",
            },
            "places": {
                "half-open": "A stretch is [start, end], 0-based with exclusive end.",
                "closed": "A stretch is [first, last], 1-based with inclusive last.",
            },
        },
        edges=(("*", 5), ("4M", 0), ("2M1D2M", 10), ("2S3M2N1=3I1X4D2M", 7), ("0M", 1), ("2M3N2M", 3)),
        draw=lambda rng: (any_cigar(rng), rng.randint(0, 50)),
    ),
    Function(
        lift_position,
        says="""Where `position` lies on the other side of an alignment, given by its CIGAR string and the 0-based
        reference position `start` at which its first operation on the reference begins. All positions are 0-based;
        those of the read count its soft-clipped letters, not its hard-clipped ones. {direction} {gap} {outside} What is
        not a CIGAR string raises a ValueError.""",
        options={
            "direction": {
                "to read": "`position` is one of the reference, and the result one of the read.",
                "to reference": "`position` is one of the read, and the result one of the reference.",
            },
            "gap": {
                "none": "A position opposite a gap (in a D or N for the reference, in an I for the read) gives None.",
                "left": "A position opposite a gap (in a D or N for the reference, in an I for the read) gives the "
                "other side's position of the last letter "
                "aligned (M, =, X) before the gap, None when there is none.",
                "right": "A position opposite a gap (in a D or N for the reference, in an I for the read) gives the "
                "other side's position at which the gap "
                "lies, that is the number of the next letter there behind the gap.",
            },
            "outside": {
                "none": "A position outside the alignment, or in a soft clip, gives None.",
                "minus": "A position outside the alignment, or in a soft clip, gives -1.",
                "error": "A position outside the alignment, or in a soft clip, raises a ValueError.",
            },
        },
        edges=(
            ("*", 5, 5),
            ("3M", 5, 5),
            ("2S3M2D3M", 5, 8),
            ("3M2I3M", 0, 3),
            ("2S3M", 10, 1),
            ("2I3M", 4, 1),
            ("2D3M", 4, 5),
            ("3M", 5, 8),
        ),
        draw=lambda rng: (any_cigar(rng), rng.choice([0, 0, 3]), rng.randint(0, 14)),
    ),
    Function(
        cigar_identity,
        says="""The share of equal letters of an alignment: `read` (soft-clipped letters included, hard-clipped ones
        not) against `reference`, which starts where the first operation on the reference does. The columns of M, = and
        X count one each, whatever the operation says of equality. {unknown} {gaps} Clips, pads and skipped regions
        never count. {empty} What is not a CIGAR string raises a ValueError.""",
        options={
            "unknown": {
                "mismatch": "An N in either sequence is a letter like any other, equal only to an N.",
                "skip": "A column with an N in either sequence does not count at all.",
                "match": "A column with an N in either sequence is equal.",
            },
            "gaps": {
                "letters": "Every letter of an insertion or deletion is one column more that is not equal.",
                "events": "Every insertion or deletion operation is one column more that is not equal, however long "
                "it is.",
                "ignore": "Insertions and deletions do not count.",
            },
            "empty": {
                "zero": "With no column to count the result is 0.0.",
                "error": "With no column to count a ValueError is raised.",
            },
        },
        edges=(("*", "", ""), ("2I", "AC", ""), ("1M", "N", "A"), ("1M", "N", "N"), ("2S", "AC", ""), ("2D", "", "AC")),
        draw=_aligned,
    ),
)
