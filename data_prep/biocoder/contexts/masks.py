"""Binary and labelled images as lists of rows of whole numbers: 0 is background. Pixels are (row, column), 0-based from the top left."""

from collections import deque

FOUR = ((-1, 0), (0, -1), (0, 1), (1, 0))
EIGHT = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))


def shape(image: list[list[int]]) -> tuple[int, int]:
    """(rows, columns); (0, 0) for an image without rows.

    Raises:
        ValueError: rows of different length.
    """
    if len({len(row) for row in image}) > 1:
        raise ValueError("rows of different length")
    return len(image), len(image[0]) if image else 0


def neighbours(row: int, column: int, rows: int, columns: int, steps: tuple = FOUR) -> list[tuple[int, int]]:
    """The pixels of the image that are one of `steps` away."""
    near = [(row + a, column + b) for a, b in steps]
    return [(r, c) for r, c in near if 0 <= r < rows and 0 <= c < columns]


def flood(image: list[list[int]], start: tuple[int, int], steps: tuple = FOUR) -> list[tuple[int, int]]:
    """All pixels with the value of `start` that can be reached from it over such pixels, in sorted order."""
    rows, columns = shape(image)
    seen, todo = {start}, deque([start])
    while todo:
        row, column = todo.popleft()
        for pixel in neighbours(row, column, rows, columns, steps):
            if pixel not in seen and image[pixel[0]][pixel[1]] == image[start[0]][start[1]]:
                seen.add(pixel)
                todo.append(pixel)
    return sorted(seen)


def copied(image: list[list[int]]) -> list[list[int]]:
    """An image of its own with the same values."""
    return [list(row) for row in image]
