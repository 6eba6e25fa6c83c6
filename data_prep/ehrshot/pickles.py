"""EHRSHOT's feature pickles, read without running what is in them: numpy arrays, SciPy's CSR matrices and times."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from scipy.sparse import issparse

from data_prep.sources import pickles
from galen.errors import UserError

MATRIX, PATIENTS, TIMES = "data_matrix", "patient_ids", "labeling_time"
ALLOWED = {
    *pickles.NUMPY, ("datetime", "datetime"), ("scipy.sparse._csr", "csr_matrix"), ("scipy.sparse.csr", "csr_matrix"),
}  # fmt: skip
MAX_BYTES = 8 << 30


class Embeddings:
    """The rows of one or more pickles by patient and prediction time, times as whole seconds."""

    def __init__(self, *paths: Path) -> None:
        parts = [read(path) for path in paths]
        self._rows = np.concatenate([matrix for matrix, _ in parts])
        keys = pd.concat([keys for _, keys in parts], ignore_index=True)
        places = pd.Series(range(len(keys)), index=pd.MultiIndex.from_frame(keys))
        self._places: pd.Series = places.loc[~places.index.duplicated()]

    def has(self, keys: pd.DataFrame) -> np.ndarray:
        """Whether there is a row, for each of `keys`."""
        return self._places.index.get_indexer(pd.MultiIndex.from_frame(keys)) >= 0

    def __call__(self, keys: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
        """The rows of `keys`, which are there; float32. Nothing is drawn from `rng`."""
        found = self._places.index.get_indexer(pd.MultiIndex.from_frame(keys.loc[:, ["patient_id", "prediction_time"]]))
        return self._rows[self._places.to_numpy()[found]]


def read(path: Path) -> tuple[np.ndarray, pd.DataFrame]:
    """The matrix of a pickle as float32, and the patient_id and prediction_time of its rows.

    Raises:
        UserError: no such file, no feature pickle, or one that does anything but hold arrays; named.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UserError(f"{path}: larger than {MAX_BYTES >> 30} GiB; give the features of fewer rows")
        found = pickles.load(path, ALLOWED, "a feature matrix")
    except UserError:
        raise
    except Exception as error:  # noqa: BLE001 - a damaged pickle raises anything
        raise UserError(f"{path}: no feature pickle of EHRSHOT: {type(error).__name__}: {error}") from None
    if not isinstance(found, dict) or not {MATRIX, PATIENTS, TIMES} <= found.keys():
        raise UserError(f"{path}: a dict with {MATRIX}, {PATIENTS} and {TIMES} is expected")
    matrix = found[MATRIX].toarray() if issparse(found[MATRIX]) else np.asarray(found[MATRIX])
    try:
        times = pd.to_datetime(pd.Series(list(found[TIMES]))).dt.floor("s")
        keys = pd.DataFrame({"patient_id": np.asarray(found[PATIENTS]).astype(np.int64), "prediction_time": times})
        rows = matrix.astype(np.float32)
    except (TypeError, ValueError) as error:
        raise UserError(f"{path}: {MATRIX}, {PATIENTS} or {TIMES} holds something else: {error}") from None
    if rows.ndim != 2 or len(rows) != len(keys):
        raise UserError(f"{path}: {MATRIX} has shape {rows.shape}, there are {len(keys)} rows in {PATIENTS}")
    return rows, keys
