"""Transcripts on a genome: introns, places in both directions, what lies at a place."""

from __future__ import annotations

import itertools
import random

from data_prep.biocoder.contexts.gene_models import coding_offsets, exons_in_order, spliced_places
from data_prep.biocoder.function import Function

CATEGORY = "intervals"


def list_introns(transcript: dict, *, order: str, places: str, shortest: int, number: str) -> list[list[int]]:
    exons = exons_in_order(transcript)
    found = []
    for i in range(len(exons) - 1):
        left, right = sorted((exons[i], exons[i + 1]))
        if right[0] - left[1] >= shortest:
            rank = i + 1 if number == "gap" else len(found) + 1
            found.append([rank, left[1] + 1 if places == "closed" else left[1], right[0]])
    if order == "genome":
        found.sort(key=lambda row: row[1])
    return found


def genome_place(transcript: dict, offset: int, *, base: int, start: str, outside: str) -> int | None:
    places = spliced_places(transcript)
    index = offset - base
    if start == "cds":
        coding = coding_offsets(transcript)
        if coding is None:
            raise ValueError("no CDS")
        index += coding[0]
    if not 0 <= index < len(places):
        if outside == "error":
            raise ValueError("not in the transcript")
        if outside == "none":
            return None
        index = min(max(index, 0), len(places) - 1)
    return places[index] + base


def transcript_place(transcript: dict, place: int, *, tie: str, deep: int, outside: str) -> str | None:
    places = spliced_places(transcript)
    if place in places:
        return str(places.index(place) + 1)
    if not min(places) <= place <= max(places):
        if outside == "error":
            raise ValueError("not in the transcript")
        return None
    forward = transcript["strand"] == "+"
    before = max(i for i, p in enumerate(places) if (p < place if forward else p > place))
    down, up = abs(place - places[before]), abs(places[before + 1] - place)
    if deep > 0 and min(down, up) > deep:
        return "deep"
    if down < up or (down == up and tie == "donor"):
        return f"{before + 1}+{down}"
    return f"{before + 2}-{up}"


def place_kind(transcript: dict, place: int, *, splice: int, side: str, noncoding: str, near: int) -> str:
    exons = exons_in_order(transcript)
    first, last = min(e[0] for e in exons), max(e[1] for e in exons)
    forward = transcript["strand"] == "+"
    if not first <= place < last:
        distance = first - place if place < first else place - last + 1
        if distance > near:
            return "intergenic"
        return "upstream" if (place < first) == forward else "downstream"
    inside = any(start <= place < end for start, end in exons)
    for a, b in itertools.pairwise(exons):
        left, right = sorted((a, b))
        if left[1] <= place < right[0]:
            at_left, at_right = place - left[1] < splice, right[0] - 1 - place < splice
        elif side == "both":
            at_left = left[0] <= place < left[1] and left[1] - place <= splice
            at_right = right[0] <= place < right[1] and place - right[0] < splice
        else:
            continue
        if at_left if forward else at_right:
            return "donor"
        if at_right if forward else at_left:
            return "acceptor"
    if not inside:
        return "intron"
    if transcript["cds"] is None:
        return "exon" if noncoding == "exon" else "UTR"
    if transcript["cds"][0] <= place < transcript["cds"][1]:
        return "CDS"
    return "5'UTR" if (place < transcript["cds"][0]) == forward else "3'UTR"


def _transcript(rng: random.Random) -> dict:
    exons, place = [], rng.randint(3, 20)
    for _ in range(rng.randint(1, 4)):
        end = place + rng.randint(2, 12)
        exons.append([place, end])
        place = end + rng.choice([2, 3, 4, 5, 7, 8, 11, 12])
    inside = sorted(rng.sample([p for start, end in exons for p in range(start, end)], 2))
    cds = None if rng.random() < 0.2 else [inside[0], inside[1] + 1]
    rng.shuffle(exons)
    return {"strand": rng.choice("+-"), "exons": exons, "cds": cds}


def _one(rng: random.Random) -> tuple[dict]:
    return (_transcript(rng),)


def _at(rng: random.Random) -> tuple[dict, int]:
    """A place in or near the transcript."""
    transcript = _transcript(rng)
    return (transcript, rng.randint(0, max(e[1] for e in transcript["exons"]) + 6))


def _offset(rng: random.Random) -> tuple[dict, int]:
    return (_transcript(rng), rng.randint(-4, 36))


PLUS = {"strand": "+", "exons": [[30, 36], [10, 20]], "cds": [14, 33]}
MINUS = {"strand": "-", "exons": [[10, 20], [29, 36], [41, 44]], "cds": [14, 33]}
SINGLE = {"strand": "-", "exons": [[5, 9]], "cds": None}
TOUCHING = {"strand": "+", "exons": [[4, 8], [8, 12], [15, 19], [25, 30]], "cds": None}
CLASHING = {"strand": "+", "exons": [[4, 8], [7, 12]], "cds": None}

FUNCTIONS = (
    Function(
        list_introns,
        says="""The introns of `transcript`, the stretches between neighbouring exons, as rows [number, start, end].
        {shortest} {number} {places} {order} Without exons, or with exons that overlap, a ValueError is raised.""",
        options={
            "shortest": {
                1: "Between exons that touch there is no intron.",
                4: "A gap of fewer than 4 bases between exons is no intron.",
            },
            "number": {
                "gap": "The number is that of the exon before it in the direction of transcription, counted from 1 at "
                "the 5' end: the number "
                "of a gap that is no intron is not given to another.",
                "intron": "Introns are numbered 1, 2, 3 and so on in the direction of transcription, and gaps that "
                "are none have no number.",
            },
            "places": {
                "open": "Start and end are the intron's on the genome, 0-based, and the end is not part of it.",
                "closed": "Start and end are the intron's first and last base on the genome, counted from 1; start is "
                "the smaller one on "
                "both strands.",
            },
            "order": {
                "genome": "Rows come from left to right on the genome, whatever the strand.",
                "transcript": "Rows come from the 5' to the 3' end of the transcript.",
            },
        },
        edges=(
            (PLUS,),
            (MINUS,),
            (SINGLE,),
            (TOUCHING,),
            (TOUCHING | {"strand": "-"},),
            (CLASHING,),
            ({"strand": "+", "exons": [], "cds": None},),
            ({"strand": "-", "exons": [[1, 4], [6, 8], [20, 22], [22, 23]], "cds": None},),
        ),
        draw=_one,
    ),
    Function(
        genome_place,
        says="""The place on the genome of one base of the spliced `transcript`. {base} {start} {outside} Without exons,
        or with exons that overlap, a ValueError is raised.""",
        options={
            "base": {
                0: "Both `offset` and the result are 0-based.",
                1: "Both `offset` and the result are 1-based: an offset of 1 is the first base, the result is 1 at "
                "the genome's first base.",
            },
            "start": {
                "transcript": "`offset` counts from the 5' end of the transcript, in the direction of transcription.",
                "cds": "`offset` counts from the first coding base, in the direction of transcription; smaller ones "
                "lie in the 5' UTR and are "
                "counted on without a break (with no number left out, 0 is not special). A transcript without CDS "
                "raises a ValueError.",
            },
            "outside": {
                "none": "For an offset before the first or past the last base of the transcript the result is None.",
                "error": "An offset before the first or past the last base of the transcript raises a ValueError.",
                "nearest": "An offset before the first base of the transcript stands for its first base, one past the "
                "last for its last.",
            },
        },
        edges=(
            (PLUS, 0),
            (PLUS, 1),
            (PLUS, -3),
            (MINUS, 0),
            (MINUS, 12),
            (MINUS, 40),
            (SINGLE, 4),
            (SINGLE, -1),
            (CLASHING, 1),
            (PLUS, 16),
        ),
        draw=_offset,
    ),
    Function(
        transcript_place,
        says="""The position in the spliced `transcript` of the 0-based `place` on the genome, as a text. Bases are
        counted from 1 at the 5' end of the transcript (the CDS does not matter). A place in an exon is its number
        alone. A place in an intron is the number of the nearest exonic base, then '+' and the distance to it when that
        base lies 5' of the place (in the direction of transcription), or '-' and the distance when it lies 3': '12+1'
        is the first base of the intron after base 12, '13-1' the last of the same intron. {tie} {deep} {outside}
        Without exons, or with exons that overlap, a ValueError is raised.""",
        options={
            "tie": {
                "donor": "When both neighbouring exons are equally near, the 5' one is taken ('+').",
                "acceptor": "When both neighbouring exons are equally near, the 3' one is taken ('-').",
            },
            "deep": {
                0: "This is so however far from the exons it is.",
                2: "When the distance would be more than 2, the result is 'deep' instead.",
                4: "When the distance would be more than 4, the result is 'deep' instead.",
            },
            "outside": {
                "none": "For a place before the first or past the last exonic base on the genome the result is None.",
                "error": "A place before the first or past the last exonic base on the genome raises a ValueError.",
            },
        },
        edges=(
            (PLUS, 20),
            (PLUS, 25),
            ({"strand": "+", "exons": [[2, 6], [9, 12]], "cds": None}, 7),
            ({"strand": "-", "exons": [[2, 6], [9, 12]], "cds": None}, 7),
            (MINUS, 24),
            (MINUS, 38),
            (MINUS, 10),
            (SINGLE, 4),
            (SINGLE, 9),
            (CLASHING, 7),
            ({"strand": "-", "exons": [[2, 6], [13, 15]], "cds": None}, 9),
        ),
        draw=_at,
    ),
    Function(
        place_kind,
        says="""What the 0-based `place` on the genome is in `transcript`; the first of these that holds, 5' and 3'
        being those of the transcript. Outside the stretch from its first to its last exonic base: {near} Then {side},
        where the donor is the intron's 5' and the acceptor its 3' end, {splice}; when a place is both, that whose
        intron comes first in the direction of transcription, and in one intron 'donor'. Exons that touch have between
        them an intron without bases, whose two ends are the boundary. Then 'intron' in any other place that is in no
        exon. Then {noncoding}; with CDS, 'CDS' from its start to its end, "5'UTR" before it, "3'UTR" after it. Without
        exons, or with exons that overlap, a ValueError is raised.""",
        options={
            "near": {
                0: "'intergenic'.",
                5: "'upstream' when it is at most 5 bases before the 5' end (1 is the base next to it), 'downstream' "
                "when it is at most 5 "
                "bases past the 3' end, 'intergenic' when it is farther.",
            },
            "side": {
                "intron": "'donor' or 'acceptor' in the outermost bases of an intron (exonic bases are never one)",
                "both": "'donor' or 'acceptor' in the outermost bases of an intron and in as many bases of the two "
                "exons beside it, next to it "
                "(fewer where the exon is shorter)",
            },
            "splice": {2: "2 bases on a side", 3: "3 bases on a side"},
            "noncoding": {
                "exon": "without CDS, 'exon' in any exon",
                "UTR": "without CDS, 'UTR' in any exon",
            },
        },
        edges=(
            (PLUS, 21),
            (PLUS, 22),
            (PLUS, 18),
            (MINUS, 34),
            (MINUS, 45),
            (MINUS, 5),
            (SINGLE, 6),
            (SINGLE, 10),
            (TOUCHING, 9),
            (CLASHING, 5),
            (MINUS, 11),
            (SINGLE, 12),
        ),
        draw=_at,
    ),
)
