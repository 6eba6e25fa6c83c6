"""MIMIC-Extract's own output, all_hourly_data.h5, as pandas reads it with PyTables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from data_prep.mimic_extract.cohort import HIDDEN_AGE, HOUR
from data_prep.mimic_extract.frames import IDS, INTERVENTIONS, OUTCOMES, STATICS, STATISTICS, Frames, hour_index
from data_prep.mimic_extract.variables import VARIABLES
from galen.errors import UserError
from galen.types import Privacy

KEYS = ("patients", "vitals_labs", "interventions")


def load(file: Path, patients: int, seed: int) -> Frames:
    """The frames of `patients` of the file's people (all where it has fewer), with the variables that are known here.

    Raises:
        UserError: PyTables is not installed, or the file has no such table, index or column; named.
    """
    found = {key: _table(file, key) for key in KEYS}
    people = found["patients"]
    if missing := [name for name in IDS if name not in people.index.names]:
        raise UserError(f"{file}: patients: no index {', '.join(missing)}; expected {', '.join(IDS)}")
    wanted = (*STATICS, "mort_icu", "mort_hosp", "los_icu", "intime", "outtime")
    _require(file, "patients", people.columns, wanted)
    _require(file, "interventions", found["interventions"].columns, INTERVENTIONS)
    chosen = np.sort(np.random.default_rng(seed).permutation(len(people))[:patients])
    statics = people.sort_index().iloc[chosen]
    hours = (pd.to_datetime(statics["outtime"]) - pd.to_datetime(statics["intime"])) / HOUR
    statics = statics.assign(
        age=statics["age"].clip(upper=HIDDEN_AGE).round(1), max_hours=np.floor(hours).astype(int),
        mort_icu=statics["mort_icu"].astype(int), mort_hosp=statics["mort_hosp"].astype(int),
    )[[*STATICS, *OUTCOMES, "intime", "outtime"]]  # fmt: skip
    index = hour_index(statics)
    hourly = _hourly(file, found["vitals_labs"]).reindex(index)
    counts = hourly.columns[np.asarray(hourly.columns.get_level_values("statistic") == "count")]
    hourly[counts] = hourly[counts].fillna(0)
    on = found["interventions"].loc[:, list(INTERVENTIONS)].reindex(index).fillna(0).astype("int8")
    return Frames(statics, hourly.astype("float32"), on, file.name, Privacy.CREDENTIALED)


def _table(file: Path, key: str) -> pd.DataFrame:
    if not file.is_file():
        raise UserError(f"{file}: no such file; give MIMIC-Extract's all_hourly_data.h5")
    try:
        return pd.read_hdf(file, key)  # type: ignore[return-value]
    except ImportError as error:
        raise UserError(
            f"{file}: HDF5 is read with PyTables: pip install 'galen-rl[mimic-extract]' ({error})"
        ) from None
    except KeyError:
        raise UserError(f"{file}: no table {key}; MIMIC-Extract's all_hourly_data.h5 has {', '.join(KEYS)}") from None
    except (OSError, ValueError, TypeError) as error:
        raise UserError(f"{file}: {key}: unreadable ({error}); write the file again with MIMIC-Extract") from None


def _require(file: Path, table: str, columns: pd.Index, names: tuple[str, ...]) -> None:
    if missing := [name for name in names if name not in columns]:
        raise UserError(f"{file}: {table}: column {missing[0]} is missing; found {', '.join(map(str, columns))}")


def _hourly(file: Path, frame: pd.DataFrame) -> pd.DataFrame:
    """The known variables, columns named and ordered as ours."""
    if frame.columns.nlevels != 2:
        raise UserError(
            f"{file}: vitals_labs: expected columns of (LEVEL2, statistic): run MIMIC-Extract grouped by LEVEL2"
        )
    names = [(str(a).lower(), str(b).lower()) for a, b in frame.columns]
    named = frame.set_axis(pd.MultiIndex.from_tuples(names, names=["variable", "statistic"]), axis=1)
    kept = [(v, s) for v in VARIABLES for s in STATISTICS if (v, s) in named.columns]
    if not kept:
        raise UserError(
            f"{file}: vitals_labs: none of its variables is known: {', '.join(sorted({v for v, _ in names})[:5])}, …"
        )
    return named.loc[:, kept]
