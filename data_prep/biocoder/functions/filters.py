"""Neighbourhood filters: ranks, smoothing, gradients, peaks, local thresholds."""

from __future__ import annotations

import random

import numpy as np

from data_prep.biocoder.contexts.filters import as_array, gaussian, padded, windows
from data_prep.biocoder.function import Function

CATEGORY = "images"


def rank_filter(image: list[list[float]], size: int, *, rank: str, pad: str, where: str) -> list[list[float]]:
    values = as_array(image)
    parts = windows(values, size, pad).reshape(*values.shape, size * size)
    if rank == "median":
        found = np.median(parts, axis=2)
    elif rank == "deviation":
        found = parts.std(axis=2)
    else:
        found = np.sort(parts, axis=2)[:, :, (size * size) // 4]
    if where == "extremes":
        extreme = (values == values.min()) | (values == values.max())
        found = np.where(extreme, found, values)
    return found.tolist()


def smooth(image: list[list[float]], size: int, *, kernel: str, pad: str, order: str) -> list[list[float]]:
    values = as_array(image)
    if size < 1 or size % 2 == 0:
        raise ValueError("the size is not odd")
    if kernel == "mean":
        weights = np.ones(size) / size
    elif kernel == "triangle":
        weights = size // 2 + 1 - np.abs(np.arange(size) - size // 2)
        weights = weights / weights.sum()
    else:
        weights = gaussian(size, size / 4)
    axes = (1,) if order == "columns" else (0,) if order == "rows" else (0, 1)
    for axis in axes:
        wide = padded(values, size // 2, pad)
        other = size // 2
        trimmed = wide[:, other : other + values.shape[1]] if axis == 0 else wide[other : other + values.shape[0], :]
        values = np.apply_along_axis(lambda line: np.convolve(line, weights, mode="valid"), axis, trimmed)
    return values.tolist()


def gradient_image(image: list[list[float]], *, operator: str, pad: str, result: str) -> list[list[float]]:
    values = as_array(image)
    wide = padded(values, 1, pad)
    middle = 0 if operator == "central" else 1 if operator == "prewitt" else 2
    side = 0 if operator == "central" else 1
    across = np.zeros(values.shape)
    down = np.zeros(values.shape)
    rows, columns = values.shape
    for step, weight in ((-1, side), (0, middle or 1), (1, side)):
        line = wide[1 + step : 1 + step + rows]
        across += weight * (line[:, 2:] - line[:, :-2])
        column = wide[:, 1 + step : 1 + step + columns]
        down += weight * (column[2:] - column[:-2])
    if result == "magnitude":
        return np.hypot(across, down).tolist()
    if result == "sum":
        return (np.abs(across) + np.abs(down)).tolist()
    return np.where(np.abs(down) > np.abs(across), down, across).tolist()


def find_peaks(
    image: list[list[float]], least: float, *, near: int, flat: str, border: str, order: str
) -> list[list[int]]:
    values = as_array(image)
    rows, columns = values.shape
    peaks = []
    for r in range(rows):
        for c in range(columns):
            if border == "omit" and (r in (0, rows - 1) or c in (0, columns - 1)):
                continue
            around = [
                values[p, q]
                for p in range(max(0, r - 1), min(rows, r + 2))
                for q in range(max(0, c - 1), min(columns, c + 2))
                if (p, q) != (r, c) and (near == 8 or p == r or q == c)
            ]
            higher = (
                all(values[r, c] > v for v in around) if flat == "strict" else all(values[r, c] >= v for v in around)
            )
            if higher and values[r, c] >= least:
                peaks.append([r, c])
    if order == "height":
        peaks.sort(key=lambda peak: -values[peak[0], peak[1]])
    return peaks


def local_threshold(
    image: list[list[float]], size: int, offset: float, *, level: str, pad: str, bound: str
) -> list[list[int]]:
    values = as_array(image)
    parts = windows(values, size, pad).reshape(*values.shape, size * size)
    if level == "mean":
        middle = parts.mean(axis=2)
    elif level == "median":
        middle = np.median(parts, axis=2)
    else:
        middle = np.sort(parts, axis=2)[:, :, (size * size) // 4]
    gap = values - middle - offset
    return (gap >= -1e-9 if bound == "with" else gap > 1e-9).astype(int).tolist()


def _grey(rng: random.Random, high: int = 9) -> list[list[float]]:
    rows, columns = rng.randint(1, 5), rng.randint(1, 5)
    return [[float(rng.randint(0, high)) for _ in range(columns)] for _ in range(rows)]


def _sized(rng: random.Random) -> tuple[list[list[float]], int]:
    return (_grey(rng), rng.choice([1, 3, 3, 5] if rng.random() < 0.95 else [0, 2]))


PADS = {
    "zero": "Beyond the image pixels count as 0.",
    "edge": "Beyond the image pixels have the value of the nearest pixel of the image.",
    "reflect": "Beyond the image pixels are mirrored at its outermost ones, which are not repeated (`padded` with "
    "'reflect').",
}
FUNCTIONS = (
    Function(
        rank_filter,
        says="""`image` filtered with a window of `size` x `size` pixels around each pixel (`windows`, `as_array` and
        their errors). {rank} {pad} {where} An image smaller than the window is filtered too.""",
        options={
            "rank": {
                "median": "A pixel becomes the median of its window.",
                "deviation": "A pixel becomes the standard deviation of its window (divisor n).",
                "quarter": "A pixel becomes the value at the 0-based place (size * size) // 4 of its window's sorted "
                "values.",
            },
            "pad": PADS,
            "where": {
                "all": "This is done to every pixel.",
                "extremes": "This is done only to the pixels that have the smallest or the greatest value of the "
                "whole image; the others stay as they are.",
            },
        },
        edges=(
            ([[1.0]], 1),
            ([[1.0, 9.0]], 2),
            ([], 3),
            ([[1.0, 2.0], [3.0]], 3),
            ([[1.0, 5.0, 2.0], [8.0, 0.0, 3.0], [4.0, 7.0, 6.0]], 3),
        ),
        draw=_sized,
    ),
    Function(
        smooth,
        says="""`image` smoothed with a kernel of `size` weights ({kernel}); an even `size`, or one below 1, raises a
        ValueError, and `as_array` has its own. {order} {pad}""",
        options={
            "kernel": {
                "mean": "all equal, with the sum 1",
                "triangle": "size // 2 + 1 - d at distance d of the middle, divided by their sum",
                "gaussian": "`gaussian` with sigma = size / 4",
            },
            "order": {
                "both": "First each column is convolved with it, and then, in what came out, each row.",
                "rows": "Only along the columns, from row to row, is it convolved.",
                "columns": "Only along the rows, from column to column, is it convolved.",
            },
            "pad": PADS,
        },
        edges=(
            ([[4.0]], 1),
            ([[4.0]], 3),
            ([[1.0, 9.0]], 4),
            ([], 3),
            ([[0.0, 8.0, 0.0]], 3),
            ([[0.0], [8.0], [1.0]], 3),
        ),
        draw=_sized,
    ),
    Function(
        gradient_image,
        says="""The gradient of `image` (`as_array` has its errors): across is the difference of the pixels on the right
        and on the left, down that of the pixels below and above. {operator} {pad} {result}""",
        options={
            "operator": {
                "central": "Each is the value of the one neighbour less that of the opposite one (not halved).",
                "prewitt": "Across sums these differences over the pixel's row, the row above and the row below; down "
                "sums them over its column, the column on the left and that on the right.",
                "sobel": "Across sums these differences over the pixel's row (counted twice), the row above and the "
                "row below; down sums them over its column (counted twice), the column on the left and that on the "
                "right.",
            },
            "pad": PADS,
            "result": {
                "magnitude": "A pixel of the result is the square root of across^2 + down^2.",
                "sum": "A pixel of the result is |across| + |down|.",
                "greater": "A pixel of the result is, with its sign, that of the two with the greater absolute value, "
                "across when they are equal.",
            },
        },
        edges=(
            ([[3.0]],),
            ([],),
            ([[1.0, 2.0], [3.0]],),
            ([[0.0, 1.0], [2.0, 4.0]],),
            ([[1.0, 5.0, 2.0], [8.0, 0.0, 3.0], [4.0, 7.0, 6.0]],),
        ),
        draw=lambda rng: (_grey(rng),),
    ),
    Function(
        find_peaks,
        says="""The peaks of `image` (`as_array` has its errors), as a list of [row, column], 0-based: pixels of at
        least `least` that are {flat} the {near} them, of those that lie within the image. {border} {order}""",
        options={
            "flat": {"strict": "higher than all of", "plateau": "not lower than any of"},
            "near": {
                4: "four pixels that share a side with",
                8: "eight pixels that share a side or a corner with",
            },
            "border": {
                "count": "Pixels in the first or last row or column can be peaks.",
                "omit": "Pixels in the first or last row or column are no peaks.",
            },
            "order": {
                "place": "They are in the order in which the image is read row by row, from the left.",
                "height": "They are sorted by their value, the greatest first, and equal ones in the order in which "
                "the image is read row by row, from the left.",
            },
        },
        edges=(
            ([[3.0]], 1.0),
            ([], 0.0),
            ([[1.0, 2.0], [3.0]], 0.0),
            ([[1.0, 1.0], [1.0, 1.0]], 1.0),
            ([[0.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 0.0]], 2.0),
        ),
        draw=lambda rng: (
            [[float(rng.randint(0, 4)) for _ in range(rng.choice([5]))] for _ in range(rng.randint(4, 6))],
            float(rng.randint(0, 3)),
        ),
    ),
    Function(
        local_threshold,
        says="""A mask of 1 and 0: a pixel of `image` is 1 when it is {bound} its window's level plus `offset`
        (differences up to 1e-9 are none). The window is `size` x `size` pixels around it (`windows`, `as_array` and
        their errors). {level} {pad}""",
        options={
            "bound": {"with": "at least", "without": "more than"},
            "level": {
                "mean": "The level is the mean of the window.",
                "median": "The level is the median of the window.",
                "quarter": "The level is the value at the 0-based place (size * size) // 4 of the window's sorted "
                "values.",
            },
            "pad": PADS,
        },
        edges=(
            ([[3.0]], 1, 0.0),
            ([[3.0]], 3, 0.0),
            ([], 3, 0.0),
            ([[1.0]], 2, 0.0),
            ([[2.0, 2.0], [2.0, 2.0]], 3, 0.0),
            ([[1.0, 5.0, 2.0], [8.0, 0.0, 3.0], [4.0, 7.0, 6.0]], 3, 1.0),
        ),
        draw=lambda rng: (*_sized(rng), float(rng.randint(-1, 1))),
    ),
)
