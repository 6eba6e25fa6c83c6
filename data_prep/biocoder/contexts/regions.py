"""Regions of a genome, as text and as numbers, and the bins of the UCSC genome browser.

As text a region is "chr1:1,001-2,000": places count from 1, both ends belong to it, and commas in numbers mean nothing.
As numbers it is [start, end): places count from 0 and the end does not belong to it, here 1000 and 2000.
"""

SHIFTS = (17, 20, 23, 26, 29)
"""A bin of each level holds 2**shift bases, from the smallest bins to the one that holds all."""

OFFSETS = (585, 73, 9, 1, 0)
"""The number of each level's first bin, in the order of SHIFTS."""


def to_number(text: str) -> int:
    """A place written in decimal digits, with or without commas.

    Raises:
        ValueError: it has no digit, or anything but digits and commas.
    """
    digits = text.replace(",", "")
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError(f"no place: {text!r}")
    return int(digits)


def clip(start: int, end: int, size: int) -> tuple[int, int]:
    """The part of [start, end) that lies on a chromosome of `size` bases; start = end when there is none."""
    start = min(max(start, 0), size)
    return start, max(start, min(end, size))
