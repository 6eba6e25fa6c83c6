"""Transcripts on a genome. Places on the genome are 0-based; a stretch [start, end) does not hold its end.

A transcript is a dictionary: "strand" is "+" or "-"; "exons" are [start, end) on the genome in any order, without overlap and
never empty; "cds" is None, or [start, end) on the genome from the first to the last coding base, start and stop codon
included, both of which lie in exons. On "-" the transcript is read from its greatest place down, so that its 5' end is the right one.
"""

import itertools


def exons_in_order(transcript: dict) -> list[list[int]]:
    """The exons as [start, end) on the genome, from the 5' to the 3' end of the transcript.

    Raises:
        ValueError: there are none, or two overlap.
    """
    exons = sorted(transcript["exons"])
    if not exons or any(a[1] > b[0] for a, b in itertools.pairwise(exons)):
        raise ValueError("no exons, or exons that overlap")
    return exons if transcript["strand"] == "+" else exons[::-1]


def spliced_places(transcript: dict) -> list[int]:
    """The genome's place of every base of the spliced transcript, from its 5' to its 3' end."""
    places: list[int] = []
    for start, end in exons_in_order(transcript):
        places += range(start, end) if transcript["strand"] == "+" else range(end - 1, start - 1, -1)
    return places


def coding_offsets(transcript: dict) -> tuple[int, int] | None:
    """The 0-based offsets, in the spliced transcript, of the first and the last base of the CDS; None without CDS."""
    if transcript["cds"] is None:
        return None
    places = spliced_places(transcript)
    ends = sorted((places.index(transcript["cds"][0]), places.index(transcript["cds"][1] - 1)))
    return ends[0], ends[1]
