"""Grey images: rescaling, thresholds, background."""

from __future__ import annotations

import numpy as np

from data_prep.biocoder.contexts.intensity import as_array, histogram, quantile
from data_prep.biocoder.draws import grey_image
from data_prep.biocoder.function import Function

CATEGORY = "images"


def rescale(
    image: list[list[float]], low: float, high: float, *, source: str, outside: str, flat: str
) -> list[list[float]]:
    values = as_array(image)
    if not values.size:
        return []
    if source == "median":
        first, last = np.median(values), values.max()
    elif source == "quantiles":
        first, last = quantile(values, 0.1), quantile(values, 0.9)
    else:
        first, last = values.mean() - 2 * values.std(), values.mean() + 2 * values.std()
    if last - first < 1e-12:
        if flat == "error":
            raise ValueError("a flat image")
        return np.full(values.shape, low if flat == "low" else (low + high) / 2).tolist()
    scaled = low + (values - first) / (last - first) * (high - low)
    if outside == "clip":
        scaled = np.clip(scaled, min(low, high), max(low, high))
    return scaled.tolist()


def otsu_threshold(image: list[list[float]], bins: int, *, tie: str, value: str, zeros: str) -> float:
    values = as_array(image).ravel()
    if zeros == "omit":
        values = values[values != 0]
    if not values.size:
        raise ValueError("no pixel")
    if values.min() == values.max():
        return float(values.min())
    edges = np.linspace(values.min(), values.max(), bins + 1)
    counts = histogram(values, edges).astype(float)
    middles = (edges[:-1] + edges[1:]) / 2
    best, place = -1.0, 0
    for cut in range(1, bins):
        n, m = counts[:cut].sum(), counts[cut:].sum()
        if n == 0 or m == 0:
            continue
        gap = (counts[:cut] * middles[:cut]).sum() / n - (counts[cut:] * middles[cut:]).sum() / m
        between = n * m * gap**2
        if between > best * (1 + 1e-9) or (tie == "last" and between >= best * (1 - 1e-9)):
            best, place = between, cut
    return float(edges[place] if value == "edge" else middles[place - 1])


def quantile_mask(image: list[list[float]], share: float, *, bound: str, zeros: str, side: str) -> list[list[int]]:
    values = as_array(image)
    counted = values[values > 0] if zeros == "omit" else values.ravel()
    if not counted.size:
        return np.zeros(values.shape, int).tolist()
    cut = quantile(counted, share)
    if side == "bright":
        mask = values >= cut - 1e-12 if bound == "with" else values > cut + 1e-12
    else:
        mask = values <= cut + 1e-12 if bound == "with" else values < cut - 1e-12
    if zeros == "omit":
        mask &= values > 0
    return mask.astype(int).tolist()


def subtract_background(image: list[list[float]], *, estimate: str, negative: str, axis: str) -> list[list[float]]:
    values = as_array(image)
    if not values.size:
        return []
    along = None if axis == "whole" else 1 if axis == "rows" else 0
    if estimate == "median":
        ground = np.median(values, axis=along, keepdims=True)
    elif estimate == "quarter":
        ground = np.quantile(values, 0.25, axis=along, keepdims=True)
    elif axis == "whole":
        ground = np.concatenate([values[0], values[-1], values[1:-1, 0], values[1:-1, -1]]).mean()
    elif axis == "rows":
        ground = (values[:, :1] + values[:, -1:]) / 2
    else:
        ground = (values[:1] + values[-1:]) / 2
    left = values - ground
    return (np.abs(left) if negative == "absolute" else np.maximum(left, 0) if negative == "zero" else left).tolist()


RAGGED = [[1.0, 2.0], [3.0]]
FUNCTIONS = (
    Function(
        rescale,
        says="""`image` with its values mapped linearly so that first becomes `low` and last becomes `high` (which may
        be the smaller one). {source} {outside} {flat} An image without pixels gives []; rows of different length raise
        a ValueError.""",
        options={
            "source": {
                "median": "First is the median of the image's values (with an even number, the mean of the two in the "
                "middle), last the greatest.",
                "quantiles": "First and last are the 0.1 and the 0.9 quantile of the image's values (`quantile`).",
                "deviations": "First and last are the mean minus and the mean plus two standard deviations of the "
                "image's values (divisor n).",
            },
            "outside": {
                "keep": "Values beyond first and last are mapped by the same line.",
                "clip": "Mapped values outside the range between `low` and `high` are set to its nearer end.",
            },
            "flat": {
                "low": "When last is less than 1e-12 above first, every value becomes `low`.",
                "middle": "When last is less than 1e-12 above first, every value becomes the mean of `low` and `high`.",
                "error": "When last is less than 1e-12 above first, a ValueError is raised.",
            },
        },
        edges=(
            ([], 0.0, 1.0),
            ([[]], 0.0, 1.0),
            ([[3.0]], 0.0, 2.0),
            (RAGGED, 0.0, 1.0),
            ([[0.0, 1.0, 2.0, 30.0]], 1.0, -1.0),
            ([[5.0, 5.0]], -1.0, 2.0),
        ),
        draw=lambda rng: (grey_image(rng), *rng.choice([(0.0, 1.0), (0.0, 255.0), (-1.0, 1.0), (1.0, 0.0)])),
    ),
    Function(
        otsu_threshold,
        says="""Otsu's threshold of `image` from a histogram (`histogram`) of `bins` (2 or more) equally wide bins
        between the smallest and the greatest value. {zeros} Without a pixel that counts a ValueError is raised (also
        for rows of different length); when all of them have one value, it is the result. For each cut of the bins into
        lower ones (at least one) and upper ones (at least one), both with at least one pixel, n and m are the pixels on
        the two sides and the means are those of the bins' middles, weighted by pixels: the cut with the greatest n m
        (difference of means)^2 is taken. {tie} {value}""",
        options={
            "zeros": {
                "count": "All pixels count.",
                "omit": "Pixels with the value 0 do not count at all, also for the smallest and the greatest value.",
            },
            "tie": {
                "first": "Of cuts that are equal within a relative 1e-9 the lowest is taken.",
                "last": "Of cuts that are equal within a relative 1e-9 the highest is taken.",
            },
            "value": {
                "edge": "The result is the edge between the lower and the upper bins.",
                "middle": "The result is the middle of the highest of the lower bins.",
            },
        },
        edges=(([], 4), ([[0.0]], 4), ([[2.0, 2.0]], 4), ([[0.0, 9.0]], 4), (RAGGED, 2), ([[0.0, 1.0, 8.0, 9.0]], 6)),
        draw=lambda rng: (grey_image(rng), rng.randint(2, 9)),
    ),
    Function(
        quantile_mask,
        says="""A mask of 1 and 0 of the {side} pixels of `image`, by the `share` quantile (`quantile`) of its values.
        {bound} (Differences below 1e-12 are none.) {zeros} Without a value that counts all pixels are 0; rows of
        different length raise a ValueError, and an image without pixels gives [].""",
        options={
            "side": {
                "bright": "bright",
                "dark": "dark",
            },
            "bound": {
                "with": "Bright pixels are those at or above the quantile, dark ones those at or below it.",
                "without": "Bright pixels are those above the quantile, dark ones those below it.",
            },
            "zeros": {
                "count": "All values count.",
                "omit": "Only values above 0 count for the quantile, and all other pixels are 0 in the mask.",
            },
        },
        edges=(
            ([], 0.5),
            ([[0.0, 0.0]], 0.5),
            ([[1.0, 2.0, 3.0]], 0.5),
            (RAGGED, 0.5),
            ([[0.0, 4.0], [4.0, 8.0]], 0.25),
        ),
        draw=lambda rng: (grey_image(rng), rng.choice([0.0, 0.25, 0.5, 0.75, 0.9])),
    ),
    Function(
        subtract_background,
        says="""`image` less its background. {estimate} {axis} {negative} An image without pixels gives []; rows of
        different length raise a ValueError.""",
        options={
            "estimate": {
                "median": "The background is the median of the values (with an even number, the mean of the two in "
                "the middle).",
                "quarter": "The background is the 0.25 quantile of the values (as `quantile` has it).",
                "border": "The background is the mean of border pixels: of a row or column its first and its last "
                "pixel (the same one twice when there is only one); of the whole image the first row's, the last "
                "row's (the same again when there is only one row), and of every other row its first and its last "
                "pixel "
                "(the same one twice when there is only one).",
            },
            "axis": {
                "whole": "It is one number for the whole image.",
                "rows": "It is a number for each row, from that row's pixels.",
                "columns": "It is a number for each column, from that column's pixels.",
            },
            "negative": {
                "keep": "Negative differences stay.",
                "zero": "Negative differences become 0.",
                "absolute": "Negative differences become positive.",
            },
        },
        edges=(
            ([],),
            ([[4.0]],),
            ([[1.0, 5.0, 3.0]],),
            ([[1.0], [5.0], [4.0]],),
            (RAGGED,),
            ([[1.0, 2.0, 3.0], [4.0, 9.0, 0.0], [7.0, 8.0, 2.0]],),
        ),
        draw=lambda rng: (grey_image(rng),),
    ),
)
