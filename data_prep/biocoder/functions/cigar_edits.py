"""CIGAR strings made simpler, and clipped."""

from __future__ import annotations

from data_prep.biocoder.contexts.cigars import ALIGNED, READ, REFERENCE, joined, parse, write
from data_prep.biocoder.draws import any_cigar
from data_prep.biocoder.function import Function

CATEGORY = "alignment"
CONTEXT = "cigars"


def simplify_cigar(cigar: str, *, matches: str, ends: str, padding: str) -> str:
    pairs = parse(cigar)
    if matches == "merge":
        pairs = [(n, "M" if op in ALIGNED else op) for n, op in pairs]
    if padding == "drop":
        pairs = [(n, op) for n, op in pairs if op != "P"]
    pairs = joined(pairs)
    inside = [i for i, (_, op) in enumerate(pairs) if op in ALIGNED]
    if not inside:
        return write(pairs)
    first, last = inside[0], inside[-1]
    changed = []
    for i, (n, op) in enumerate(pairs):
        outer = not first <= i <= last
        if outer and op == "I" and ends == "soft":
            op = "S"
        if ends == "keep" or not outer or op not in "DN":
            changed.append((n, op))
    return write(joined(changed))


def clip_read(cigar: str, start: int, bases: int, *, side: str, kind: str, edge: str) -> list:
    pairs = parse(cigar)
    if side == "right":
        pairs = pairs[::-1]
    hard = [(n, op) for n, op in pairs[:1] if op == "H"]
    rest = pairs[len(hard) :]
    clipped, moved = 0, 0
    while rest and rest[0][1] != "H" and clipped < bases:
        n, op = rest[0]
        taken = min(n, bases - clipped) if op in READ else n
        clipped += taken if op in READ else 0
        moved += taken if op in REFERENCE else 0
        rest = ([(n - taken, op)] if n > taken else []) + rest[1:]
    while rest and bases and (rest[0][1] in "DNP" or (edge == "trim" and rest[0][1] == "I")):
        n, op = rest.pop(0)
        moved += n if op in REFERENCE else 0
        clipped += n if op in READ else 0
    front = [*hard, (clipped, "S")] if kind == "soft" else [(clipped + sum(n for n, _ in hard), "H")]
    whole = joined([*front, *rest])
    if side == "right":
        whole = whole[::-1]
    return [write(whole), start + moved if side == "left" else start]


FUNCTIONS = (
    Function(
        simplify_cigar,
        says="""The CIGAR string in a plainer form. {matches} {padding} Then neighbours of one operation are joined.
        {ends} A string without any M, = or X has no ends in this sense, and is done. Neighbours of one operation are
        joined once more; '*' stands for no operation at all. What is not a CIGAR string raises a ValueError.""",
        options={
            "matches": {
                "keep": "M, = and X stay what they are.",
                "merge": "= and X become M.",
            },
            "padding": {"keep": "P stays.", "drop": "P operations are left out."},
            "ends": {
                "keep": "Insertions and deletions before the first and behind the last M, = or X stay.",
                "trim": "Before the first and behind the last M, = or X, deletions (D) and skipped regions (N) are "
                "left out; insertions stay.",
                "soft": "Before the first and behind the last M, = or X, deletions (D) and skipped regions (N) are "
                "left out, and insertions become soft "
                "clips.",
            },
        },
        edges=(("*",), ("",), ("2=1X3M",), ("1I1P3M2D",), ("3I2D",), ("2S1I4M1D2S",), ("2P",)),
        draw=lambda rng: (any_cigar(rng),),
    ),
    Function(
        clip_read,
        says="""Clip a read so that its `bases` outermost letters at {side} end, as it stands in the alignment, are
        clipped; soft-clipped letters already there count among them. `start` is the reference position at which the
        first operation on the reference begins. Letters of the read are taken off one after another, also from the
        middle of an operation, until `bases` are or none is left; deletions, skipped regions and pads that are met on
        the way are taken off with them. When `bases` is above 0, deletions, skipped regions and pads that would then
        stand next to the clip are taken off as well{edge} {kind} The result is [CIGAR string, start]: when the left end
        is clipped, `start` moves by the reference positions that were taken off. What is not a CIGAR string raises a
        ValueError.""",
        options={
            "side": {"left": "the left", "right": "the right"},
            "edge": {
                "keep": ", but an insertion there stays (and what stands behind it stays too).",
                "trim": ", and so are insertions there, whose letters join the clip, in whatever order they follow "
                "each other.",
            },
            "kind": {
                "soft": "What was taken off the read becomes one soft clip (S), inside a hard clip that is there.",
                "hard": "What was taken off the read becomes a hard clip (H), joined with one that is there.",
            },
        },
        edges=(
            ("*", 5, 2),
            ("5M", 10, 0),
            ("5M", 10, 2),
            ("2H3S5M", 10, 4),
            ("2M2D1I3M", 7, 2),
            ("2M1I2D3M2S1H", 7, 3),
            ("3M", 0, 9),
            ("3M1I", 2, 1),
        ),
        draw=lambda rng: (any_cigar(rng), rng.randint(0, 30), rng.randint(0, 8)),
    ),
)
