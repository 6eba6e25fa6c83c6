"""Measuring objects of labelled images: lists of rows of whole numbers, 0 for the background, each other number an object.

Pixels are (row, column), 0-based from the top left; an object need not be connected.
"""

import math

Pixel = tuple[int, int]


def objects(labels: list[list[int]]) -> dict[int, list[Pixel]]:
    """The pixels of each object, in the order in which the image is read row by row; numbers in increasing order.

    Raises:
        ValueError: rows of different length.
    """
    if len({len(row) for row in labels}) > 1:
        raise ValueError("rows of different length")
    found: dict[int, list[Pixel]] = {}
    for r, row in enumerate(labels):
        for c, number in enumerate(row):
            if number:
                found.setdefault(number, []).append((r, c))
    return dict(sorted(found.items()))


def box(pixels: list[Pixel]) -> tuple[int, int, int, int]:
    """(first row, first column, end row, end column), the ends exclusive."""
    rows, columns = [r for r, _ in pixels], [c for _, c in pixels]
    return min(rows), min(columns), max(rows) + 1, max(columns) + 1


def sides(pixel: Pixel) -> list[Pixel]:
    """The four pixels that share a side with it, also those outside of the image."""
    r, c = pixel
    return [(r - 1, c), (r, c - 1), (r, c + 1), (r + 1, c)]


def distance(a: tuple[float, float], b: tuple[float, float]) -> float:
    """The straight distance of two points."""
    return math.hypot(a[0] - b[0], a[1] - b[1])
