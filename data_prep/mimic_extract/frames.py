"""The frames that every source fills and every task is made of: MIMIC-Extract's three tables.

`statics` has one row a stay, indexed by subject_id, hadm_id and icustay_id; `hourly` and `interventions` have one row for
each hour of it, `hours_in` 0 up to the last begun one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from data_prep.mimic_extract.variables import VARIABLES
from galen.types import Privacy

IDS = ["subject_id", "hadm_id", "icustay_id"]
STATICS = (
    "gender", "age", "ethnicity", "admission_type", "insurance", "first_careunit", "diagnosis_at_admission",
)  # fmt: skip
OUTCOMES = ("mort_icu", "mort_hosp", "los_icu", "max_hours")
STATISTICS = ("count", "mean", "std")
INTERVENTIONS = ("vent", "vaso")
HOURS = 241  # of the longest stay


@dataclass(frozen=True)
class Frames:
    """`statics` (`STATICS`, then `OUTCOMES`: 0/1, 0/1, days, whole hours), `hourly` with columns (variable, statistic), and
    `interventions` (0/1; None where the source has none). A statistic of an hour without a value is NaN, its count 0; `std` is the sample's.
    """

    statics: pd.DataFrame
    hourly: pd.DataFrame
    interventions: pd.DataFrame | None
    source: str
    privacy: Privacy


def hour_index(statics: pd.DataFrame) -> pd.MultiIndex:
    """All hours of all stays, in the order of `statics`."""
    lengths = statics["max_hours"].to_numpy() + 1
    ids = statics.index.to_frame(index=False).loc[np.repeat(np.arange(len(statics)), lengths)]
    hours = np.concatenate([np.arange(n) for n in lengths]) if len(lengths) else np.array([], int)
    return pd.MultiIndex.from_arrays([*(ids[name] for name in IDS), hours], names=[*IDS, "hours_in"])


class Sums:
    """Counts, means and squares of values by stay, variable and hour, added chunk by chunk.

    What is held grows with the hours that have values, not with the values.
    """

    def __init__(self) -> None:
        self._held = pd.DataFrame({"n": [], "mean": [], "m2": []}, index=pd.Index([], dtype="int64"), dtype=float)

    def add(self, stays: np.ndarray, codes: np.ndarray, hours: np.ndarray, values: np.ndarray) -> None:
        """Values that are no number are passed over; `stays` count from 0, `hours` are below `HOURS`."""
        good = np.isfinite(values)
        keys = ((stays.astype("int64") * len(VARIABLES) + codes) * HOURS + hours)[good]
        found = pd.Series(values[good], index=keys).groupby(level=0)
        mean = found.mean()
        part = pd.DataFrame({"n": found.size().astype(float), "mean": mean, "m2": found.var(ddof=0) * found.size()})
        self._held = _merged(self._held, part)

    def hourly(self, statics: pd.DataFrame) -> pd.DataFrame:
        """The frame of the stays of `statics`, numbered by their order; variables that no hour has are left out."""
        keys = self._held.index.to_numpy()
        rest, hours = np.divmod(keys, HOURS)
        stays, codes = np.divmod(rest, len(VARIABLES))
        first = np.concatenate([[0], np.cumsum(statics["max_hours"].to_numpy() + 1)])
        rows = first[stays] + hours
        n = self._held["n"].to_numpy()
        std = np.where(n > 1, np.sqrt(self._held["m2"].to_numpy() / np.maximum(n - 1, 1)), np.nan)
        size = (int(first[-1]), len(VARIABLES))
        made = {"count": np.zeros(size, "float32"), "mean": np.full(size, np.nan, "float32"), "std": np.full(size, np.nan, "float32")}  # fmt: skip
        for name, values in (("count", n), ("mean", self._held["mean"].to_numpy()), ("std", std)):
            made[name][rows, codes] = values
        return wide(hour_index(statics), {VARIABLES[c]: tuple(made[s][:, c] for s in STATISTICS) for c in np.unique(codes)})  # fmt: skip


def wide(index: pd.MultiIndex, columns: dict[str, tuple[np.ndarray, ...]]) -> pd.DataFrame:
    """The hourly frame of `columns`: count, mean and std of each variable."""
    names = [(variable, statistic) for variable in sorted(columns) for statistic in STATISTICS]
    values = {(v, s): columns[v][STATISTICS.index(s)] for v, s in names}
    frame = pd.DataFrame(values, index=index)
    frame.columns = pd.MultiIndex.from_tuples(names, names=["variable", "statistic"])
    return frame


def _merged(a: pd.DataFrame, b: pd.DataFrame) -> pd.DataFrame:
    """Means and sums of squared deviations of two samples together (Chan et al. 1983)."""
    keys = a.index.union(b.index)
    a, b = a.reindex(keys, fill_value=0.0), b.reindex(keys, fill_value=0.0)
    n, delta = a["n"] + b["n"], b["mean"] - a["mean"]
    return pd.DataFrame({
        "n": n, "mean": a["mean"] + delta * b["n"] / n, "m2": a["m2"] + b["m2"] + delta**2 * a["n"] * b["n"] / n
    })  # fmt: skip
