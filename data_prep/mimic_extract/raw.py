"""Frames from raw MIMIC-III as PhysioNet ships it, read in chunks: CHARTEVENTS (330 million rows) never is in memory.

As MIMIC-Extract (Wang et al. 2020, mimic_direct_extract.py): charted values between a stay's begin and end that are not
marked as errors; blood values above 0 from six hours before, which count in the first hour. Units are converted, outliers
dropped, the rest clipped to the valid range, then each hour has count, mean and deviation of each variable.
"""

# pyright: basic, reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportReturnType=false

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from data_prep.mimic_extract import interventions as on
from data_prep.mimic_extract.cohort import HOUR, cohort
from data_prep.mimic_extract.frames import Frames, Sums
from data_prep.mimic_extract.variables import CODES, ITEMS, converted, limited
from data_prep.mimic_iii.raw import SOURCE
from data_prep.sources import csvs
from data_prep.sources.counts import Counts
from data_prep.sources.csvs import CsvFolder
from galen.errors import UserError
from galen.types import Privacy

COLUMNS = {  # the times first, then text, then numbers
    "PATIENTS": (("DOB",), ("GENDER",), ("SUBJECT_ID",)),
    "ADMISSIONS": (
        ("ADMITTIME", "DISCHTIME", "DEATHTIME"), ("ADMISSION_TYPE", "INSURANCE", "ETHNICITY", "DIAGNOSIS"), ("SUBJECT_ID", "HADM_ID"),
    ),
    "ICUSTAYS": (("INTIME", "OUTTIME"), ("FIRST_CAREUNIT",), ("SUBJECT_ID", "HADM_ID", "ICUSTAY_ID")),
    "CHARTEVENTS": (("CHARTTIME",), ("VALUE", "VALUEUOM"), ("ICUSTAY_ID", "ITEMID", "VALUENUM", "ERROR")),
    "LABEVENTS": (("CHARTTIME",), ("VALUEUOM",), ("HADM_ID", "ITEMID", "VALUENUM")),
    "INPUTEVENTS_CV": (("CHARTTIME",), ("STOPPED",), ("ICUSTAY_ID", "ITEMID", "RATE")),
    "INPUTEVENTS_MV": (("STARTTIME", "ENDTIME"), ("STATUSDESCRIPTION",), ("ICUSTAY_ID", "ITEMID")),
    "PROCEDUREEVENTS_MV": (("STARTTIME",), (), ("ICUSTAY_ID", "ITEMID")),
}  # fmt: skip
EARLY = 6 * HOUR


def load(folder: Path, patients: int, seed: int) -> Frames:
    """The frames of `patients` sampled people of the cohort (all where it has fewer). What is left out is printed.

    Raises:
        UserError: a file or column is missing or a file is damaged; named, with what is expected. Nobody is in the cohort.
    """
    source = CsvFolder(folder, SOURCE)
    for name, columns in COLUMNS.items():
        source.require(name, tuple(c for group in columns for c in group))
    return _Loader(source, patients, seed).frames()


class _Loader:
    def __init__(self, source: CsvFolder, patients: int, seed: int) -> None:
        self._source, self._counts = source, Counts()
        whole = cohort(*(self._table(name) for name in ("PATIENTS", "ADMISSIONS", "ICUSTAYS")), self._counts)
        if whole.empty:
            raise UserError(f"{source.root}: nobody is in MIMIC-Extract's cohort: {self._counts.report()}")
        chosen = np.random.default_rng(seed).permutation(len(whole))[:patients]
        self._statics = whole.iloc[np.sort(chosen)]
        ids = self._statics.reset_index()
        self._stays = ids.assign(stay=np.arange(len(ids))).set_index("icustay_id")[
            ["stay", "hadm_id", "intime", "outtime"]
        ]

    def frames(self) -> Frames:
        sums = Sums()
        moments = [self._charted(sums), self._extubations()]
        self._labs(sums)
        hourly = sums.hourly(self._statics)
        if hourly.empty or hourly.shape[1] == 0:
            raise UserError(f"{self._source.root}: no value of a known item in any stay: {self._counts.report()}")
        vaso = [*on.pressors_cv(self._rows("INPUTEVENTS_CV", on.PRESSORS_CV)), *self._pressors_mv()]
        hours = on.hours_of({"vent": list(on.ventilated(pd.concat(moments))), "vaso": vaso}, self._statics)
        self._counts.rows = {"stays": len(self._statics), "hours": len(hourly), "variables": hourly.shape[1] // 3}
        print(self._counts.report())
        return Frames(self._statics, hourly, hours, self._source.root.name, Privacy.CREDENTIALED)

    def _table(self, name: str) -> pd.DataFrame:
        """All rows of a small table."""
        return pd.concat(list(self._chunks(name)), ignore_index=True)

    def _chunks(self, name: str, keep: dict[str, set] | None = None) -> Iterator[pd.DataFrame]:
        """Chunks of a table, lower-case columns, of the rows whose columns have one of the values of `keep`."""
        times, text, numeric = COLUMNS[name]
        for part in self._source.chunks(name, (*times, *text, *numeric), (*times, *text)):
            # Numbers first: one that is none makes text of its whole chunk, in which no id would be found.
            part = csvs.numbers(part, name, tuple(keep or {}), self._counts)
            for column, values in (keep or {}).items():
                part = part[part[column].isin(values)]
            part = csvs.times(csvs.numbers(part, name, numeric, self._counts), name, times, self._counts)
            yield part.rename(columns=str.lower)

    def _rows(self, name: str, items: frozenset[int]) -> pd.DataFrame:
        """The rows of `items` in the chosen stays."""
        keep = {"ITEMID": set(items), "ICUSTAY_ID": set(self._stays.index)}
        return pd.concat(list(self._chunks(name, keep)), ignore_index=True)

    def _charted(self, sums: Sums) -> pd.DataFrame:
        """Adds charted values to `sums`; what the rows say of ventilation."""
        items = _items("chartevents")
        keep = {"ITEMID": set(items.index) | on.CHARTED, "ICUSTAY_ID": set(self._stays.index)}
        found = []
        for part in self._chunks("CHARTEVENTS", keep):
            wrong = part["error"] == 1
            self._counts.leave("CHARTEVENTS: marked as an error", int(wrong.sum()))
            part = part[~wrong]
            found.append(on.signs(part[part["itemid"].isin(on.CHARTED)]))
            values = part[part["itemid"].isin(items.index) & part["valuenum"].notna()]
            self._add(sums, "CHARTEVENTS", values.join(self._stays, on="icustay_id"), items, pd.Timedelta(0))
        return pd.concat(found)

    def _labs(self, sums: Sums) -> None:
        items = _items("labevents")
        by_hadm = self._stays.set_index("hadm_id")
        for part in self._chunks("LABEVENTS", {"ITEMID": set(items.index), "HADM_ID": set(by_hadm.index)}):
            positive = part["valuenum"] > 0
            self._counts.leave("LABEVENTS: no value above 0", int((~positive).sum()))
            rows = part[positive].drop_duplicates()
            self._add(sums, "LABEVENTS", rows.join(by_hadm, on="hadm_id"), items, EARLY)

    def _add(self, sums: Sums, name: str, rows: pd.DataFrame, items: pd.DataFrame, early: pd.Timedelta) -> None:
        inside = rows["charttime"].between(rows["intime"] - early, rows["outtime"])
        self._counts.leave(f"{name}: outside of the stay", int((~inside).sum()))
        rows = rows.loc[inside]
        codes = rows["itemid"].map(items["variable"].map(CODES)).to_numpy(int)
        own = rows["itemid"].map(items["unit"])
        units = own.where(own != "", rows["valueuom"].fillna("").str.lower())
        values = limited(codes, converted(codes, rows["valuenum"].to_numpy(float), units))
        self._counts.leave(f"{name}: an outlier", int(np.isnan(values).sum()))
        hours = np.maximum(np.floor((rows["charttime"] - rows["intime"]) / HOUR), 0).to_numpy(int)
        sums.add(rows["stay"].to_numpy(int), codes, hours, values)

    def _extubations(self) -> pd.DataFrame:
        rows = self._rows("PROCEDUREEVENTS_MV", on.EXTUBATIONS)
        says = {"vent": False, "oxygen": False, "out": True}
        return pd.DataFrame({"icustay_id": rows["icustay_id"], "time": rows["starttime"], **says})

    def _pressors_mv(self) -> list[on.Interval]:
        rows = self._rows("INPUTEVENTS_MV", on.PRESSORS_MV)
        valid = rows[rows["statusdescription"].fillna("").str.lower() != "rewritten"]
        return list(valid[["icustay_id", "starttime", "endtime"]].dropna().itertuples(index=False, name=None))


def _items(table: str) -> pd.DataFrame:
    """Variable and unit by item of one table."""
    return ITEMS[ITEMS["table"] == table].set_index("itemid")
