"""Pairwise alignment by dynamic programming: match scores, gap costs, tables. Sequences are compared letter by letter."""

MATCH, MISMATCH, GAP = 2, -1, -2


def score(a: str, b: str) -> int:
    """MATCH for equal letters, else MISMATCH."""
    return MATCH if a == b else MISMATCH


def table(rows: int, columns: int, value: float = 0) -> list[list[float]]:
    """A table of `rows` lists of `columns` equal values, none of them shared."""
    return [[value] * columns for _ in range(rows)]


def gap_score(length: int, opening: int, extending: int) -> int:
    """The score of a gap of `length` letters: `opening` for the first letter, `extending` for each further one; 0 for none."""
    return opening + (length - 1) * extending if length > 0 else 0
