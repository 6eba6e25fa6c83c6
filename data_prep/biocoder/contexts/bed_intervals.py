"""Genomic intervals as BED writes them: places are 0-based and ends are not part of an interval.

An interval is a row [chromosome, start, end, strand], strand "+", "-" or "." (unknown). [10, 20) is ten bases long and does
not share a base with [20, 30), which it touches.
"""


def check(intervals: list[list]) -> None:
    """Every interval's 0 <= start <= end.

    Raises:
        ValueError: it is not so.
    """
    for _, start, end, _ in intervals:
        if not 0 <= start <= end:
            raise ValueError(f"no interval: {start} to {end}")


def by_place(intervals: list[list]) -> list[list]:
    """Sorted by chromosome (as text), start, end; equal ones keep their order."""
    return sorted(intervals, key=lambda row: (row[0], row[1], row[2]))


def shared(a: list, b: list) -> int:
    """How many bases two intervals share, whatever their strands; 0 on different chromosomes."""
    return max(0, min(a[2], b[2]) - max(a[1], b[1])) if a[0] == b[0] else 0


def bases(intervals: list[list]) -> set[tuple[str, int]]:
    """Every (chromosome, place) that lies in at least one of the intervals."""
    return {(row[0], place) for row in intervals for place in range(row[1], row[2])}


def blocks(places: list[int]) -> list[list[int]]:
    """Places as the fewest [start, end) that hold exactly these, from left to right."""
    found: list[list[int]] = []
    for place in sorted(set(places)):
        if found and found[-1][1] == place:
            found[-1][1] = place + 1
        else:
            found.append([place, place + 1])
    return found
