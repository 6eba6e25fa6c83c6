"""Alignments as SAM writes them: CIGAR strings, flags, MD tags. POS is 1-based: the place of the first aligned base."""

import re

PAIRED, PROPER, UNMAPPED, MATE_UNMAPPED, REVERSE, MATE_REVERSE = 0x1, 0x2, 0x4, 0x8, 0x10, 0x20
FIRST, LAST, SECONDARY, FAILED, DUPLICATE, SUPPLEMENTARY = 0x40, 0x80, 0x100, 0x200, 0x400, 0x800

ON_REFERENCE = "MDN=X"
"""Operations that move along the reference: M, =, X (aligned), D (deleted), N (skipped, an intron)."""

ON_READ = "MIS=X"
"""Operations that move along the read as it stands in the record: also I (inserted), S (soft clip); not H (hard clip), P (padding)."""


def operations(cigar: str) -> list[tuple[int, str]]:
    """A CIGAR string as (length, operation), "*" as none.

    Raises:
        ValueError: it is no CIGAR string, or a length is 0.
    """
    if cigar == "*":
        return []
    found = [(int(n), letter) for n, letter in re.findall(r"(\d+)([MIDNSHP=X])", cigar)]
    if not found or "".join(f"{n}{letter}" for n, letter in found) != cigar or any(n == 0 for n, _ in found):
        raise ValueError(f"no CIGAR string: {cigar!r}")
    return found


def has(flag: int, bit: int) -> bool:
    """Whether a bit is set in a flag."""
    return bool(flag & bit)


def mismatch_parts(md: str) -> list[str]:
    """An MD tag in parts: numbers of matching bases, single reference bases, and '^' with deleted reference bases.

    Raises:
        ValueError: it is no MD tag.
    """
    if not re.fullmatch(r"[0-9]+(([A-Z]|\^[A-Z]+)[0-9]+)*", md):
        raise ValueError(f"no MD tag: {md!r}")
    return re.findall(r"[0-9]+|\^[A-Z]+|[A-Z]", md)
