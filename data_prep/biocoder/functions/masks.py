"""Binary images: labelling, holes, morphology, borders, small objects, distances."""

from __future__ import annotations

import random
from collections import deque

from data_prep.biocoder.contexts.masks import EIGHT, FOUR, copied, flood, neighbours, shape
from data_prep.biocoder.function import Function

CATEGORY = "images"


def label_objects(image: list[list[int]], *, steps: int, values: str, order: str) -> list[list[int]]:
    rows, columns = shape(image)
    if values == "mask":
        image = [[int(value != 0) for value in row] for row in image]
    objects, seen = [], set()
    for r in range(rows):
        for c in range(columns):
            if image[r][c] and (r, c) not in seen:
                pixels = flood(image, (r, c), FOUR if steps == 4 else EIGHT)
                seen.update(pixels)
                objects.append(pixels)
    if order == "size":
        objects.sort(key=len, reverse=True)
    labels = [[0] * columns for _ in range(rows)]
    for number, pixels in enumerate(objects, 1):
        for r, c in pixels:
            labels[r][c] = number
    return labels


def fill_holes(image: list[list[int]], largest: int, *, steps: int, bound: str, value: str) -> list[list[int]]:
    rows, columns = shape(image)
    filled, seen = copied(image), set()
    for r in range(rows):
        for c in range(columns):
            if image[r][c] or (r, c) in seen:
                continue
            pixels = flood(image, (r, c), FOUR if steps == 4 else EIGHT)
            seen.update(pixels)
            if any(p in (0, rows - 1) or q in (0, columns - 1) for p, q in pixels):
                continue
            if len(pixels) > largest or (bound == "below" and len(pixels) == largest):
                continue
            around = [image[p][q] for pixel in pixels for p, q in neighbours(*pixel, rows, columns) if image[p][q]]
            chosen = 1 if value == "one" else min(around) if value == "least" else max(around)
            for p, q in pixels:
                filled[p][q] = chosen
    return filled


def morphology(image: list[list[int]], *, operation: str, steps: int, outside: str) -> list[list[int]]:
    rows, columns = shape(image)
    mask = [[int(value != 0) for value in row] for row in image]

    def apply(mask: list[list[int]], grow: bool) -> list[list[int]]:
        changed = []
        for r in range(rows):
            line = []
            for c in range(columns):
                near = neighbours(r, c, rows, columns, FOUR if steps == 4 else EIGHT)
                values = [mask[p][q] for p, q in near] + [mask[r][c]]
                if len(near) < steps and outside == "background":
                    values.append(0)
                line.append(max(values) if grow else min(values))
            changed.append(line)
        return changed

    if operation == "close":
        return apply(apply(mask, True), False)
    eroded = apply(mask, False)
    if operation == "gradient":
        grown = apply(mask, True)
        return [[a - b for a, b in zip(x, y, strict=True)] for x, y in zip(grown, eroded, strict=True)]
    return apply(eroded, True) if operation == "open" else eroded


def clear_border(image: list[list[int]], margin: int, *, by: str, sides: str, result: str) -> list:
    rows, columns = shape(image)
    bad, kept = set(), copied(image)
    for r in range(rows):
        for c in range(columns):
            near = c < margin or c >= columns - margin
            if sides == "all":
                near = near or r < margin or r >= rows - margin
            if image[r][c] and near:
                if by == "label":
                    bad.add(image[r][c])
                else:
                    bad.update(flood(image, (r, c)))
    for r in range(rows):
        for c in range(columns):
            if (image[r][c] if by == "label" else (r, c)) in bad:
                kept[r][c] = 0
    if result == "renumbered":
        numbers = {old: new for new, old in enumerate(sorted({v for row in kept for v in row if v}), 1)}
        return [[numbers.get(v, 0) for v in row] for row in kept]
    if result == "removed":
        return [kept, sum(v != 0 for row in image for v in row) - sum(v != 0 for row in kept for v in row)]
    return kept


def mask_distances(image: list[list[int]], *, steps: str, start: str, result: str) -> list:
    rows, columns = shape(image)
    found = {(r, c): 0 for r in range(rows) for c in range(columns) if not image[r][c]}
    todo = deque(found)
    if start == "edge":
        for r in range(rows):
            for c in range(columns):
                if image[r][c] and (r in (0, rows - 1) or c in (0, columns - 1)):
                    found[r, c] = 1
                    todo.append((r, c))
    while todo:
        r, c = todo.popleft()
        for pixel in neighbours(r, c, rows, columns, FOUR if steps == "four" else EIGHT):
            if pixel not in found:
                found[pixel] = found[r, c] + 1
                todo.append(pixel)
    if result == "greatest":
        most = max(found.values(), default=0)
        return [most, sum(n == most for n in found.values())]
    if result == "mean":
        inside = [n for n in found.values() if n]
        return [sum(inside) / len(inside) if inside else 0.0, len(inside)]
    return [[found.get((r, c)) for c in range(columns)] for r in range(rows)]


def _mask(rng: random.Random, share: float | None = None, values: tuple[int, ...] = (1,)) -> list[list[int]]:
    rows, columns = rng.randint(1, 6), rng.randint(1, 6)
    dense = rng.choice([0.4, 0.6, 0.75]) if share is None else share
    return [[rng.choice(values) if rng.random() < dense else 0 for _ in range(columns)] for _ in range(rows)]


def _holes(rng: random.Random) -> tuple[list[list[int]], int]:
    image = [[rng.choice([1, 2, 2]) for _ in range(6)] for _ in range(6)]
    for _ in range(rng.randint(1, 9)):
        image[rng.randint(1, 4)][rng.randint(1, 4)] = 0
    if rng.random() < 0.5:
        image[rng.randint(0, 5)][rng.choice([0, 1, 5])] = 0
    return (image, rng.randint(1, 5))


def _labelled(rng: random.Random) -> tuple[list[list[int]], int]:
    return (_mask(rng, 0.4, (1, 2, 4, 7)), rng.choice([0, 1, 1, 2]))


RAGGED = ([[1, 0], [1]],)
FUNCTIONS = (
    Function(
        label_objects,
        says="""The objects of `image`, each with a number of its own from 1 on, as an image of the same shape with 0
        for the background. {values} {steps} {order} Rows of different length raise a ValueError.""",
        options={
            "values": {
                "mask": "An object is a connected set of pixels that are not 0, whatever their values.",
                "equal": "An object is a connected set of pixels of the same value, which is not 0.",
            },
            "steps": {
                4: "Pixels are connected with the four that share a side with them.",
                8: "Pixels are connected with the eight that share a side or a corner with them.",
            },
            "order": {
                "place": "Numbers are given in the order in which the image is read row by row, from the left, by an "
                "object's first pixel.",
                "size": "Numbers are given by the number of pixels, the greatest first; objects of equal size in the "
                "order in which the image is read row by row, from the left, by an object's first pixel.",
            },
        },
        edges=(([],), ([[]],), ([[0]],), ([[1, 0], [0, 1]],), ([[1, 2], [2, 1]],), RAGGED, ([[0, 1], [3, 0], [3, 3]],)),
        draw=lambda rng: (_mask(rng, values=rng.choice([(1,), (1, 2), (3, 5)])),),
    ),
    Function(
        fill_holes,
        says="""`image` with its small holes filled. A hole is a set of 0s, connected by sharing {steps}, of which no
        pixel lies in the image's first or last row or column. One is filled when it has {bound} `largest` pixels.
        {value} Rows of different length raise a ValueError.""",
        options={
            "steps": {4: "a side", 8: "a side or a corner"},
            "bound": {"at": "at most", "below": "fewer than"},
            "value": {
                "one": "Its pixels become 1.",
                "least": "Its pixels become the smallest of the values other than 0 that share a side with one of "
                "them.",
                "greatest": "Its pixels become the greatest of the values that share a side with one of them.",
            },
        },
        edges=(
            ([], 3),
            ([[0]], 1),
            ([[1, 1, 1], [1, 0, 2], [1, 1, 1]], 1),
            ([[2, 2, 2], [2, 0, 2], [2, 2, 0]], 1),
            ([[1, 0], [1]], 1),
        ),
        draw=_holes,
    ),
    Function(
        morphology,
        says="""The binary image (1 where `image` is not 0) {operation}, with a structuring element of the pixel itself
        and {steps}. {outside} Rows of different length raise a ValueError.""",
        options={
            "operation": {
                "erode": "eroded: a pixel stays 1 only when all pixels under the element are 1",
                "gradient": "dilated (a pixel becomes 1 when any pixel under the element is 1) less the same eroded "
                "(a pixel stays 1 only when all pixels under the element are 1)",
                "open": "opened, that is eroded (a pixel stays 1 only when all pixels under the element are 1) and "
                "then dilated (a pixel becomes 1 when any is 1)",
                "close": "closed, that is dilated (a pixel becomes 1 when any pixel under the element is 1) and then "
                "eroded (a pixel stays 1 only when all are 1)",
            },
            "steps": {4: "the four that share a side with it", 8: "the eight that share a side or a corner with it"},
            "outside": {
                "background": "What lies outside of the image counts as 0, in each step.",
                "ignored": "What lies outside of the image does not count, in each step.",
            },
        },
        edges=(([],), ([[1]],), ([[0, 1, 1], [0, 1, 1]],), ([[5, 5, 5], [5, 0, 5], [5, 5, 5]],), RAGGED),
        draw=lambda rng: (_mask(rng, rng.choice([0.3, 0.7, 0.9])),),
    ),
    Function(
        clear_border,
        says="""`image` without the objects at its border: those with a pixel among the `margin` (0 or more) {sides}.
        {by} {result} Rows of different length raise a ValueError.""",
        options={
            "sides": {
                "all": "first or last rows or columns",
                "columns": "first or last columns (rows do not matter)",
            },
            "by": {
                "label": "An object is all pixels of one value other than 0, connected or not.",
                "connected": "An object is a set of pixels of one value other than 0 that are connected over shared "
                "sides.",
            },
            "result": {
                "plain": "The result is the image with 0 in the place of these objects.",
                "renumbered": "The result is the image with 0 in the place of these objects, and the values that are "
                "left, in increasing order, replaced by 1, 2, 3 and so on.",
                "removed": "The result is [the image with 0 in the place of these objects, the number of pixels that "
                "became 0].",
            },
        },
        edges=(
            ([], 1),
            ([[3]], 0),
            ([[3]], 1),
            ([[0, 0, 0], [0, 5, 0], [0, 0, 0]], 1),
            ([[0, 2, 0], [0, 0, 0], [0, 2, 0], [0, 0, 0]], 1),
            ([[1, 0], [1]], 1),
        ),
        draw=_labelled,
    ),
    Function(
        mask_distances,
        says="""How far each pixel that is not 0 is from the nearest 0; a 0 has distance 0. The distance is the smallest
        number of steps, {steps}. {start} {result} Rows of different length raise a ValueError.""",
        options={
            "steps": {
                "four": "each to a pixel that shares a side",
                "eight": "each to a pixel that shares a side or a corner",
            },
            "start": {
                "inside": "Only 0s of the image count.",
                "edge": "What lies outside of the image counts as 0 too, so that a pixel in the first or last row or "
                "column has a distance of at most 1.",
            },
            "result": {
                "image": "The result is an image of the distances, with None where no 0 can be reached.",
                "greatest": "The result is [the greatest distance, the number of pixels that have it]; pixels that "
                "can reach no 0 do not count, and without any other the result is [0, 0].",
                "mean": "The result is [mean distance, their number] of the pixels that are not 0 and can reach a 0; "
                "[0.0, 0] without any.",
            },
        },
        edges=(
            ([],),
            ([[0]],),
            ([[1]],),
            ([[1, 1, 1], [1, 1, 1], [1, 1, 1]],),
            ([[0, 1, 1], [1, 1, 1], [1, 1, 1]],),
            RAGGED,
        ),
        draw=lambda rng: (_mask(rng, rng.choice([0.7, 0.9, 1.0])),),
    ),
)
