"""Two aligned rows: their CIGAR string, identity, differences, gaps moved to one side, coordinates."""

from __future__ import annotations

import random

from data_prep.biocoder.contexts.gapped import GAP, check, columns, kind, runs
from data_prep.biocoder.draws import dna
from data_prep.biocoder.function import Function

CATEGORY = "alignment"


def rows_to_cigar(read: str, reference: str, *, equal: str, ends: str, order: str) -> str:
    text = "".join(kind(a, b) for a, b in columns(read, reference))
    if equal == "M":
        text = text.replace("=", "M").replace("X", "M")
    pairs = runs(text)
    if ends != "keep":
        for at in (0, -1):
            if pairs and pairs[at][1] == "D":
                pairs.pop(at)
            if pairs and pairs[at][1] == "I" and ends == "clip":
                pairs[at] = (pairs[at][0], "S")
    if order == "deletion first":
        for i in range(len(pairs) - 1):
            if (pairs[i][1], pairs[i + 1][1]) == ("I", "D"):
                pairs[i], pairs[i + 1] = pairs[i + 1], pairs[i]
    return "".join(f"{n}{op}" for n, op in pairs) or "*"


def row_identity(top: str, low: str, *, over: str, case: str, unknown: str) -> float:
    if case == "ignore":
        top, low = top.upper(), low.upper()
    pairs = columns(top, low)
    if unknown == "skip":
        pairs = [pair for pair in pairs if not {"N", "n"} & set(pair)]
    equal = sum(a == b for a, b in pairs)
    if over == "columns":
        whole = len(pairs)
    elif over == "pairs":
        whole = sum(GAP not in pair for pair in pairs)
    else:
        sides = [sum(pair[i] != GAP for pair in pairs) for i in (0, 1)]
        whole = min(sides) if over == "shorter" else sum(sides) / 2
    return equal / whole if whole else 0.0


def row_differences(reference: str, sample: str, *, style: str, gaps: str, start: int) -> list:
    found: list = []
    at, letters = 0, columns(reference, sample)
    i = 0
    while i < len(letters):
        a, b = letters[i]
        if a == b:
            at, i = at + 1, i + 1
            continue
        if GAP not in (a, b):
            found.append((at, a, b))
            at, i = at + 1, i + 1
            continue
        end = i + 1
        while gaps == "join" and end < len(letters) and letters[end][letters[i].index(GAP)] == GAP:
            end += 1
        old, new = ("".join(x[side] for x in letters[i:end] if x[side] != GAP) for side in (0, 1))
        if gaps != "omit":
            found.append((at, old, new))
        at, i = at + len(old), end
    if style == "text":
        return [f"{old or '-'}{place + start}{new or '-'}" for place, old, new in found]
    return [[place + start, old, new] for place, old, new in found]


def shift_gaps(top: str, low: str, *, side: str, rows: str, both: str) -> list[str]:
    check(top, low)
    if both == "drop":
        kept = columns(top, low)
        top, low = "".join(a for a, _ in kept), "".join(b for _, b in kept)
    if side == "right":
        top, low = top[::-1], low[::-1]
    pair = [list(top), list(low)]
    for row in (0, 1) if rows == "both" else (1,):
        mine, other = pair[row], pair[1 - row]
        moved = True
        while moved:
            moved = False
            i = 1
            while i < len(mine):
                if mine[i] != GAP or mine[i - 1] == GAP:
                    i += 1
                    continue
                end = i
                while end < len(mine) and mine[end] == GAP:
                    end += 1
                if mine[i - 1] == other[i - 1] == other[end - 1]:
                    mine[i - 1], mine[end - 1] = GAP, mine[i - 1]
                    moved = True
                i = end
    found = ["".join(row) for row in pair]
    return [row[::-1] for row in found] if side == "right" else found


def column_of(row: str, position: int, *, count: str, negative: str, outside: str) -> int | None:
    places = [i for i, letter in enumerate(row) if letter != GAP]
    if count == "one" and position >= 0:
        position -= 1
        if position < 0:
            position = len(places)
    if position < 0 and negative == "end":
        position += len(places)
    if 0 <= position < len(places):
        return places[position] + (1 if count == "one" else 0)
    if outside == "error":
        raise ValueError("no such position")
    return None if outside == "none" else -1


def _rows(rng: random.Random) -> tuple[str, str]:
    top = low = ""
    for base in dna(rng, 0, 8, rng.choice(["ACGT", "AC", "ACN"])):
        n = rng.randint(1, 2)
        kind_ = rng.choice(["same", "same", "other", "insertion", "deletion", "repeat", "none"])
        if kind_ == "none":
            top, low = top + "-", low + "-"
        elif kind_ in ("same", "other"):
            top, low = top + base, low + (base if kind_ == "same" else rng.choice("ACGTc"))
        elif kind_ == "repeat":
            top, low = top + base * 3, low + rng.choice([base * 2 + "-", base + "-" + base, base + "--"])
        else:
            gap, text = "-" * n, dna(rng, n, n, "ACG")
            top, low = (top + text, low + gap) if kind_ == "insertion" else (top + gap, low + text)
    return (top, low + ("A" if rng.random() < 0.04 else ""))


FUNCTIONS = (
    Function(
        rows_to_cigar,
        says="""The CIGAR string of a read aligned to a reference, both given as rows with gaps: I for letters of the
        read opposite a gap, D for letters of the reference opposite a gap. {equal} Columns with two gaps are left out,
        and neighbouring columns of one operation are written together. {ends} {order} Rows of different length raise a
        ValueError; '*' when no operation is left.""",
        options={
            "equal": {
                "M": "Columns of two letters are M.",
                "=": "Columns of two letters are = when the letters are equal, as they are written, and else X.",
            },
            "ends": {
                "keep": "Operations at the two ends are treated like all others.",
                "clip": "Then, at the start and afterwards at the end, a D that stands there is left out, and an I "
                "that then stands there becomes an S.",
                "trim": "Then, at the start and afterwards at the end, a D that stands there is left out.",
            },
            "order": {
                "as met": "The operations are in the order of the columns.",
                "deletion first": "Then, from left to right, each I that is followed at once by a D changes places "
                "with it (so that an I may go on changing places "
                "with one D after another).",
            },
        },
        edges=(("", ""), ("--", "--"), ("A-", "AC"), ("AC-", "A-C"), ("-AC", "T-C"), ("AA", "A"), ("A--C", "-GTC")),
        draw=_rows,
    ),
    Function(
        row_identity,
        says="""The identity of two aligned rows: the number of columns with two equal letters over {over}. {case}
        {unknown} Columns with two gaps never count. Rows of different length raise a ValueError; the result is 0.0 when
        the denominator is 0.""",
        options={
            "over": {
                "columns": "the number of columns",
                "pairs": "the number of columns without a gap",
                "shorter": "the number of letters of the row that has fewer of them",
                "mean": "half the number of letters of both rows together",
            },
            "case": {
                "heed": "Upper and lower case are different letters.",
                "ignore": "Upper and lower case are the same letters.",
            },
            "unknown": {
                "keep": "An N is a letter like any other.",
                "skip": "Columns with an N or n in either row are left out of everything.",
            },
        },
        edges=(("", ""), ("-", "-"), ("A", "a"), ("N", "N"), ("A-", "-A"), ("ACG", "A-G"), ("A", "AC")),
        draw=_rows,
    ),
    Function(
        row_differences,
        says="""Where a sample differs from a reference, both given as aligned rows (different length: ValueError;
        columns with two gaps are left out). Two different letters, as they are written, are a difference of their own.
        {gaps} Positions are those in the reference without gaps; an insertion has the position of the reference's next
        letter. {start} {style} They are in the order of the columns.""",
        options={
            "gaps": {
                "join": "Neighbouring columns with a gap in the same row are one difference.",
                "each": "Each column with a gap in one row is a difference of its own.",
                "omit": "Columns with a gap are no differences.",
            },
            "start": {0: "They are 0-based.", 1: "They are 1-based."},
            "style": {
                "rows": "A difference is [position, letters of the reference, letters of the sample], '' where there "
                "are none.",
                "text": "A difference is a text: the letters of the reference, the position, the letters of the "
                "sample, as in 'A12T', with '-' where there are none.",
            },
        },
        edges=(("", ""), ("A", "T"), ("--A", "GTA"), ("ACG", "A--"), ("AC--", "A-GT"), ("A-C", "A-"), ("A", "a")),
        draw=_rows,
    ),
    Function(
        shift_gaps,
        says="""Two aligned rows with their gaps moved as far to the {side} as they go. A run of gaps in one row moves
        by one column when the letter next to it on that side, in its row, equals the other row's letters both opposite
        that letter and opposite the run's last gap on the far side; the letter then takes the place of that last gap.
        One pass looks at a row's runs from the {side} end on, and moves each by one column at most; passes are
        repeated, with runs that have come to touch as one, until one moves nothing. {both} {rows} Rows of different
        length raise a ValueError; the result is [upper row, lower row].""",
        options={
            "side": {"left": "left", "right": "right"},
            "both": {
                "keep": "Columns with two gaps stay, and '-' is then a letter that equals no other.",
                "drop": "Columns with two gaps are left out first.",
            },
            "rows": {
                "both": "The upper row's gaps are moved first, then the lower row's.",
                "lower": "Only the lower row's gaps are moved.",
            },
        },
        edges=(
            ("", ""),
            ("AAA", "AA-"),
            ("AAA", "-AA"),
            ("A-A", "AAA"),
            ("CACAC", "CAC--"),
            ("A-AA", "A-A-"),
            ("A", "AC"),
        ),
        draw=_rows,
    ),
    Function(
        column_of,
        says="""The column of `row`, a row of an alignment with '-' for gaps, in which a letter of the sequence stands,
        given its position in the sequence without gaps. {count} {negative} {outside}""",
        options={
            "count": {
                "zero": "Positions and columns are 0-based.",
                "one": "Positions and columns are 1-based; the position 0 is no position.",
            },
            "negative": {
                "end": "A negative position counts from the end, -1 being the last letter.",
                "none": "A negative position is no position.",
            },
            "outside": {
                "none": "A position that does not exist gives None.",
                "minus": "A position that does not exist gives -1.",
                "error": "A position that does not exist raises a ValueError.",
            },
        },
        edges=(("", 0), ("--", 1), ("-A", 0), ("-A-C", 1), ("A-C", -1), ("A-C", -3), ("AC", 2)),
        draw=lambda rng: ("".join(rng.choice("ACGT--") for _ in range(rng.randint(1, 10))), rng.randint(-4, 6)),
    ),
)
