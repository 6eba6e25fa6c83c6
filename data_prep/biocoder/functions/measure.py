"""Labelled images: measurements of objects, overlaps of two segmentations, neighbours, intensities."""

from __future__ import annotations

import random

from data_prep.biocoder.contexts.measure import box, distance, objects, sides
from data_prep.biocoder.function import Function

CATEGORY = "images"


def object_shapes(labels: list[list[int]], *, perimeter: str, place: str, small: int) -> dict[int, list[float]]:
    found = {}
    for number, pixels in objects(labels).items():
        if len(pixels) < small:
            continue
        own = set(pixels)
        if perimeter == "sides":
            edge = sum(near not in own for pixel in pixels for near in sides(pixel))
        else:
            edge = sum(any(near not in own for near in sides(pixel)) for pixel in pixels)
        if place == "centroid":
            where = [sum(r for r, _ in pixels) / len(pixels), sum(c for _, c in pixels) / len(pixels)]
        elif place == "box":
            where = list(box(pixels))
        else:
            top, left, bottom, right = box(pixels)
            where = [len(pixels) / ((bottom - top) * (right - left))]
        found[number] = [len(pixels), edge, *where]
    return found


def match_objects(
    truth: list[list[int]], found: list[list[int]], share: float, *, measure: str, bound: str, result: str
) -> list:
    mine, theirs = objects(truth), objects(found)
    if [len(row) for row in truth] != [len(row) for row in found]:
        raise ValueError("images of different shape")
    pairs = []
    for a, first in mine.items():
        for b, second in theirs.items():
            common = len(set(first) & set(second))
            if measure == "dice":
                value = 2 * common / (len(first) + len(second))
            elif measure == "union":
                value = common / (len(first) + len(second) - common)
            else:
                value = common / len(first)
            if common and (value >= share if bound == "with" else value > share):
                pairs.append((-value, a, b))
    taken: tuple[set[int], set[int]] = set(), set()
    matches = []
    for value, a, b in sorted(pairs):
        if a not in taken[0] and b not in taken[1]:
            matches.append([a, b, -value])
            taken[0].add(a)
            taken[1].add(b)
    if result == "counts":
        return [len(matches), len(mine) - len(matches), len(theirs) - len(matches)]
    return sorted(matches)


def object_intensity(
    labels: list[list[int]], image: list[list[float]], *, statistic: str, background: str, total: str
) -> dict[int, list[float]]:
    if [len(row) for row in labels] != [len(row) for row in image]:
        raise ValueError("images of different shape")
    regions = objects(labels)
    ground = 0.0
    outside = sorted(
        v for row, line in zip(image, labels, strict=True) for v, n in zip(row, line, strict=True) if n == 0
    )
    if background == "mean" and outside:
        ground = sum(outside) / len(outside)
    elif background == "least" and outside:
        ground = outside[0]
    found = {}
    for number, pixels in regions.items():
        values = sorted(image[r][c] - ground for r, c in pixels)
        n = len(values)
        if statistic == "mean":
            value = sum(values) / n
        elif statistic == "median":
            value = (values[(n - 1) // 2] + values[n // 2]) / 2
        else:
            value = values[-1]
        found[number] = [value, sum(values)] if total == "give" else [value, n]
    return found


def nearest_objects(labels: list[list[int]], *, gap: str, tie: str, alone: str) -> dict[int, object]:
    regions = objects(labels)
    middles = {n: (sum(r for r, _ in p) / len(p), sum(c for _, c in p) / len(p)) for n, p in regions.items()}
    found: dict[int, object] = {}
    for number, pixels in regions.items():
        near: list[tuple[float, int]] = []
        for other, others in regions.items():
            if other == number:
                continue
            if gap == "centroids":
                length = distance(middles[number], middles[other])
            else:
                length = min(distance(a, b) for a in pixels for b in others)
            near.append((round(length, 9), len(others) if tie == "small" else other))
        if not near:
            if alone != "omit":
                found[number] = None
            continue
        least = min(near)
        found[number] = [least[0], least[1], sum(length == least[0] for length, _ in near)]
    return found


def _labels(rng: random.Random, rows: int | None = None, columns: int | None = None) -> list[list[int]]:
    rows, columns = rows or rng.randint(1, 6), columns or rng.randint(1, 6)
    image = [[0] * columns for _ in range(rows)]
    for number in rng.sample([1, 2, 3, 5, 8], rng.randint(0, 4)):
        top, left = rng.randrange(rows), rng.randrange(columns)
        for r in range(top, min(rows, top + rng.randint(1, 3))):
            for c in range(left, min(columns, left + rng.randint(1, 3))):
                image[r][c] = number
    return image


def _two(rng: random.Random) -> tuple[list[list[int]], list[list[int]], float]:
    rows, columns = rng.randint(2, 6), rng.randint(2, 6)
    truth = _labels(rng, rows, columns)
    found = (
        [[0 if rng.random() < 0.2 else n for n in row] for row in truth]
        if rng.random() < 0.7
        else _labels(rng, rows, columns)
    )
    if rng.random() < 0.3:
        found = [[*row[1:], 0] for row in found]
    return (truth, found, rng.choice([0.0, 0.25, 0.5, 0.5, 2 / 3, 1.0]))


def _grey(rng: random.Random) -> tuple[list[list[int]], list[list[float]]]:
    labels = _labels(rng)
    return (labels, [[float(rng.randint(0, 20)) for _ in row] for row in labels])


FUNCTIONS = (
    Function(
        object_shapes,
        says="""Measurements of the objects of a labelled image, as a dictionary from an object's number to [number of
        its pixels, perimeter, {place}] {perimeter} {small} Rows of different length raise a ValueError.""",
        options={
            "place": {
                "centroid": "mean row, mean column] as one list of four numbers.",
                "box": "first row, first column, end row, end column] as one list of six numbers, the ends exclusive.",
                "extent": "share of its bounding box that its pixels fill] as one list of three numbers.",
            },
            "perimeter": {
                "sides": "The perimeter is the number of sides of its pixels beyond which there is no pixel of the "
                "object, the image's edge among them.",
                "pixels": "The perimeter is the number of its pixels that have a side beyond which there is no pixel "
                "of the object, the image's edge among them.",
            },
            "small": {
                1: "All objects are measured.",
                3: "Objects of fewer than 3 pixels are left out.",
            },
        },
        edges=(([],), ([[0]],), ([[4]],), ([[1, 1, 1], [1, 1, 1], [1, 1, 1]],), ([[2, 0], [0, 2]],), ([[1, 0], [1]],)),
        draw=lambda rng: (_labels(rng),),
    ),
    Function(
        match_objects,
        says="""Objects of the labelled image `truth` matched with those of `found` (images of different shape raise a
        ValueError). {measure} Pairs with common pixels whose value is {bound} `share` can match. They are taken by
        falling value, of equal ones by the number in `truth` and then that in `found`; a pair is a match when neither
        of its objects has one yet. {result}""",
        options={
            "measure": {
                "union": "A pair's value is its number of common pixels over the number of pixels of either.",
                "dice": "A pair's value is twice its number of common pixels over the sum of both numbers of pixels.",
                "recall": "A pair's value is its number of common pixels over the number of pixels of the object of "
                "`truth`.",
            },
            "bound": {"with": "at least", "without": "more than"},
            "result": {
                "matches": "The result is the list of [number in truth, number in found, value], sorted by the number "
                "in `truth`.",
                "counts": "The result is [number of matches, objects of `truth` without one, objects of `found` "
                "without one].",
            },
        },
        edges=(
            ([], [], 0.5),
            ([[1]], [[0]], 0.0),
            ([[1]], [[2]], 1.0),
            ([[1, 1]], [[3, 0]], 0.5),
            ([[1, 2]], [[3, 3]], 0.5),
            ([[1]], [[1, 1]], 0.5),
        ),
        draw=_two,
    ),
    Function(
        object_intensity,
        says="""The brightness of the objects of the labelled image `labels` in `image` (images of different shape raise
        a ValueError), as a dictionary from an object's number to a list of two numbers. {background} The first number
        is the {statistic} of the object's values. {total}""",
        options={
            "background": {
                "none": "Values are taken as they are.",
                "mean": "From every value the mean of the values of the pixels that are in no object is taken off "
                "(nothing when there are none).",
                "least": "From every value the smallest of the values of the pixels that are in no object is taken "
                "off (nothing when there are none).",
            },
            "statistic": {
                "mean": "mean",
                "median": "median (the mean of the two in the middle when their number is even)",
                "greatest": "greatest",
            },
            "total": {
                "give": "The second number is the sum of the object's values.",
                "count": "The second number is the number of the object's pixels.",
            },
        },
        edges=(([], []), ([[0]], [[3.0]]), ([[1]], [[3.0]]), ([[1, 1, 0]], [[3.0, 8.0, 1.0]]), ([[1]], [[1.0, 2.0]])),
        draw=_grey,
    ),
    Function(
        nearest_objects,
        says="""The nearest other object of each object of a labelled image, as a dictionary from an object's number to
        [distance, {tie} {gap} Distances are compared, and given, rounded to 9 decimals. {alone} Rows of different
        length raise a ValueError.""",
        options={
            "gap": {
                "centroids": "The distance of two objects is that of their centroids (mean row, mean column).",
                "pixels": "The distance of two objects is the smallest one between the centres of two of their pixels.",
            },
            "tie": {
                "number": "number of the nearest other object (the smallest of several), how many other objects are "
                "at that distance].",
                "small": "number of pixels of the nearest other object (the smallest of several), how many other "
                "objects are at that distance].",
            },
            "alone": {
                "none": "An object without any other has None.",
                "omit": "An object without any other has no key.",
            },
        },
        edges=(
            ([],),
            ([[3]],),
            ([[1, 0, 2]],),
            ([[1, 0, 5, 0, 2]],),
            ([[1, 1, 0, 2], [0, 0, 0, 2], [8, 0, 0, 2]],),
            ([[1, 0], [1]],),
        ),
        draw=lambda rng: (_labels(rng),),
    ),
)
