"""Grey images as lists of rows of numbers, and as numpy arrays of float64 with the shape (rows, columns)."""

import numpy as np


def as_array(image: list[list[float]]) -> np.ndarray:
    """The image as a float64 array of two axes; one without rows, or with empty rows only, has the shape (0, 0).

    Raises:
        ValueError: rows of different length.
    """
    if len({len(row) for row in image}) > 1:
        raise ValueError("rows of different length")
    array = np.array(image, dtype=np.float64)
    return array if array.size else np.zeros((0, 0))


def histogram(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """How many values lie in each bin [edges[i], edges[i + 1]), the last bin with its upper edge; values outside do not count."""
    return np.histogram(values, bins=edges)[0]


def quantile(values: np.ndarray, share: float) -> float:
    """The value below which a `share` of the values lies, linearly between two neighbours of the sorted values (numpy's default)."""
    return float(np.quantile(values, share))
