"""CIGAR strings of SAM records. M, =, X consume read and reference; I, S the read; D, N the reference; H, P neither."""

import re

OPERATIONS = "MIDNSHP=X"
READ, REFERENCE = set("MIS=X"), set("MDN=X")
ALIGNED = set("M=X")


def parse(cigar: str) -> list[tuple[int, str]]:
    """(length, operation) pairs in order; none for '*', SAM's word for no alignment.

    Raises:
        ValueError: not a CIGAR string, or an operation of length 0.
    """
    if cigar == "*":
        return []
    pairs = [(int(n), op) for n, op in re.findall(r"(\d+)([MIDNSHP=X])", cigar)]
    if not cigar or "".join(f"{n}{op}" for n, op in pairs) != cigar or any(n == 0 for n, _ in pairs):
        raise ValueError(f"not a CIGAR string: {cigar!r}")
    return pairs


def write(pairs: list[tuple[int, str]]) -> str:
    """The CIGAR string of (length, operation) pairs, '*' for none."""
    return "".join(f"{n}{op}" for n, op in pairs) or "*"


def joined(pairs: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Pairs without operations of length 0, neighbours of one operation as one."""
    found: list[tuple[int, str]] = []
    for n, op in pairs:
        if n and found and found[-1][1] == op:
            found[-1] = (found[-1][0] + n, op)
        elif n:
            found.append((n, op))
    return found
