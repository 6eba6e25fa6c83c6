"""Neighbourhood filters on grey images: lists of rows of numbers, padding, windows."""

import numpy as np


def as_array(image: list[list[float]]) -> np.ndarray:
    """The image as a float64 array (rows, columns); rows of different length, or no pixel at all, raise a ValueError."""
    if len({len(row) for row in image}) != 1 or not image[0]:
        raise ValueError("no image")
    return np.array(image, dtype=np.float64)


def padded(array: np.ndarray, width: int, mode: str) -> np.ndarray:
    """`array` with `width` pixels more on each side.

    `mode` is 'zero' (0), 'edge' (the nearest pixel), or 'reflect' (c b | a b c: mirrored, the outermost pixel not repeated).
    """
    if mode == "zero":
        return np.pad(array, width)
    return np.pad(array, width, mode="edge" if mode == "edge" else "reflect")


def windows(array: np.ndarray, size: int, mode: str) -> np.ndarray:
    """The `size` x `size` window around each pixel, shape (rows, columns, size, size); `size` must be odd, else a ValueError."""
    if size < 1 or size % 2 == 0:
        raise ValueError("the size is not odd")
    return np.lib.stride_tricks.sliding_window_view(padded(array, size // 2, mode), (size, size))


def gaussian(size: int, sigma: float) -> np.ndarray:
    """A kernel of `size` weights exp(-d^2 / (2 sigma^2)), d from the middle, that sum to 1."""
    d = np.arange(size) - size // 2
    weights = np.exp(-(d**2) / (2 * sigma**2))
    return weights / weights.sum()
