"""Stacks of grey images, and histograms."""

from __future__ import annotations

import random

import numpy as np

from data_prep.biocoder.contexts.intensity import as_array, histogram
from data_prep.biocoder.draws import grey_image
from data_prep.biocoder.function import Function

CATEGORY = "images"
CONTEXT = "intensity"


def project_stack(stack: list[list[list[float]]], *, method: str, skip: str, result: str) -> list:
    slices = [as_array(image) for image in stack]
    if len({image.shape for image in slices}) > 1:
        raise ValueError("slices of different shape")
    if skip == "dark":
        slices = [image for image in slices if image.any()]
    if not slices or not slices[0].size:
        return []
    cube: np.ndarray = np.stack(slices)
    if method == "maximum":
        flat = np.max(cube, axis=0)
    elif method == "mean":
        flat = np.mean(cube, axis=0)
    else:
        flat = np.std(cube, axis=0, ddof=1 if method == "sample" and len(cube) > 1 else 0)
    if result == "sharpest":
        return [flat.tolist(), int(np.argmax(cube.reshape(len(cube), -1).var(axis=1).round(9)))]
    return np.asarray(flat).tolist()


def intensity_profile(image: list[list[float]], bins: int, *, density: str, span: str, edges: str) -> list:
    values = as_array(image).ravel()
    if bins < 1:
        raise ValueError("no bin")
    if not values.size:
        return []
    low, high = (0.0, 255.0) if span == "byte" else (float(values.min()), float(values.max()))
    if high == low:
        high = low + 1.0
    places = np.linspace(low, high, bins + 1)
    counts = histogram(values, places).astype(float)
    if density == "share":
        counts /= values.size
    elif density == "cumulative":
        counts = np.cumsum(counts) / values.size
    return [counts.tolist(), places.tolist()] if edges == "give" else counts.tolist()


def _stack(rng: random.Random) -> tuple[list[list[list[float]]]]:
    rows, columns = rng.randint(1, 3), rng.randint(1, 3)
    draw = lambda top: [[float(rng.randint(0, top)) for _ in range(columns)] for _ in range(rows)]  # noqa: E731
    return ([draw(0 if rng.random() < 0.3 else 9) for _ in range(rng.randint(1, 4))],)


RAGGED = [[1.0, 2.0], [3.0]]
FUNCTIONS = (
    Function(
        project_stack,
        says="""The projection of a stack of images of one shape into one, pixel by pixel. {skip} {method} Without a
        slice or a pixel left the result is []. Slices of different shape, or with rows of different length, raise a
        ValueError (also when they would be left out). {result}""",
        options={
            "skip": {
                "none": "All slices count.",
                "dark": "Slices that are 0 everywhere are left out.",
            },
            "method": {
                "maximum": "A pixel is the greatest of the slices' values.",
                "mean": "A pixel is the mean of the slices' values.",
                "deviation": "A pixel is the standard deviation of the slices' values (divisor n), 0 for one slice.",
                "sample": "A pixel is the standard deviation of the slices' values (divisor n - 1), 0 for one slice.",
            },
            "result": {
                "image": "The result is the projection.",
                "sharpest": "The result is [the projection, the 0-based index, among the slices that count, of the "
                "one whose pixels have the greatest variance (divisor n, rounded to 9 decimals), the first of "
                "several].",
            },
        },
        edges=(
            ([],),
            ([[[]]],),
            ([[[0.0]]],),
            ([[[1.0, 2.0]], [[3.0]]],),
            ([[[1.0, 5.0]], [[0.0, 0.0]], [[3.0, 4.0]]],),
        ),
        draw=_stack,
    ),
    Function(
        intensity_profile,
        says="""The histogram (`histogram`) of the values of `image` in `bins` equally wide bins. {span} {density}
        {edges} Fewer than one bin, or rows of different length, raise a ValueError; an image without pixels gives [].""",
        options={
            "span": {
                "byte": "The bins reach from 0 to 255; values outside do not count in any bin.",
                "values": "The bins reach from the smallest to the greatest value, or to the smallest + 1 when these "
                "are equal.",
            },
            "density": {
                "count": "The result is the list of the numbers of pixels.",
                "share": "The result is the list of the numbers of pixels, each over the number of all pixels of the "
                "image.",
                "cumulative": "The result is the list of the numbers of pixels in the bin and all before it, each "
                "over the number of all pixels of the image.",
            },
            "edges": {
                "omit": "Nothing else is returned.",
                "give": "But that list comes in a list of two, and is followed by the list of the bins + 1 edges.",
            },
        },
        edges=(
            ([], 3),
            ([[5.0]], 2),
            ([[0.0, 255.0, 256.0]], 3),
            (RAGGED, 2),
            ([[1.0]], 0),
            ([[0.0, 128.0, 300.0], [1.0, 2.0, 3.0]], 4),
        ),
        draw=lambda rng: (grey_image(rng, 0, rng.choice([9, 300])), rng.randint(1, 6)),
    ),
)
