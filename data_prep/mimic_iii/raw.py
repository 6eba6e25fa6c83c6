"""Raw MIMIC-III as PhysioNet ships it (CSV, gzip or not; v1.4, or v1.2-1.3 with their names) into the same 17 tables.

As EHRSQL prepares its database (Lee et al. 2022, preprocess_db_mimic_iii.py): all text is lower-case; people under 11
or over 89 (MIMIC hides their age) are left out; each patient's times move by whole days into 2100-2105; one patient in
ten is still in hospital, and what lies after the current time is not there; a diagnosis has its stay's admission time,
a procedure its discharge time, a culture without a time its date; volumes are in ml; costs are drawn once a code.
Unlike EHRSQL, no values are shuffled between patients, long stays are kept, and so are doses that are no whole number.

Tables are read in chunks and kept only for the sampled patients: CHARTEVENTS (330 million rows) never is in memory.
"""

# pyright: basic, reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportReturnType=false, reportIndexIssue=false
# pandas annotates a column as nearly any type; its behaviour is tested on real files instead.

from __future__ import annotations

import math
import sqlite3
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from data_prep.hospital.model import NOW
from data_prep.mimic_iii.view import SCHEMA, add_indexes
from data_prep.sources import csvs
from data_prep.sources.counts import Counts
from data_prep.sources.csvs import CsvFolder
from data_prep.sources.tables import fill, insert, prices, schema
from galen.errors import UserError

SOURCE = "MIMIC-III v1.4 as PhysioNet ships it"
FIRST, LAST = pd.Timestamp("2100-01-01"), pd.Timestamp(NOW)
CURRENT = 0.1
VITALS = (  # CareVue and MetaVision items of the vital signs that questions ask about, and weight and height
    677, 676, 678, 679, 834, 646, 220277, 211, 220045, 618, 220210, 51, 220179, 8368, 220180, 52, 220181,
    762, 763, 224639, 920, 226730,
)  # fmt: skip
OTHER = {"STARTDATE": "STARTTIME", "ENDDATE": "ENDTIME", "VALUEUOM": "UOM"}  # names before v1.4
NUMBERS = {  # all other columns are text, but the times
    "ROW_ID", "SUBJECT_ID", "HADM_ID", "ICUSTAY_ID", "ITEMID", "VALUENUM", "AMOUNT", "VALUE", "FIRST_WARDID", "LAST_WARDID",
    "CURR_WARDID",
}  # fmt: skip
WHOLE = (
    "ROW_ID",
    "SUBJECT_ID",
    "HADM_ID",
    "ICUSTAY_ID",
    "ITEMID",
    "FIRST_WARDID",
    "LAST_WARDID",
    "WARDID",
    "AGE",
    "EVENT_ID",
)


@dataclass(frozen=True)
class Table:
    """Source columns; those that are times; when a row begins (decides whether it is there yet) and ends.

    `code` and `price` (dollars, from-to) say what a row costs, `needs` which columns must have a value beside the schema's.
    """

    columns: str
    times: tuple[str, ...] = ()
    start: str = "CHARTTIME"
    end: str = ""
    code: str = ""
    price: tuple[float, float] = (0, 0)
    needs: tuple[str, ...] = ()


PEOPLE = Table("SUBJECT_ID GENDER DOB DOD", ("DOB", "DOD"))
STAYS = Table(
    "SUBJECT_ID HADM_ID ADMITTIME DISCHTIME ADMISSION_TYPE ADMISSION_LOCATION DISCHARGE_LOCATION INSURANCE LANGUAGE "
    "MARITAL_STATUS ETHNICITY", ("ADMITTIME", "DISCHTIME"),
)  # fmt: skip
UNITS = Table(
    "SUBJECT_ID HADM_ID ICUSTAY_ID FIRST_CAREUNIT LAST_CAREUNIT FIRST_WARDID LAST_WARDID INTIME OUTTIME", ("INTIME", "OUTTIME"),
    "INTIME", "OUTTIME",
)  # fmt: skip
EVENTS = {
    "DIAGNOSES_ICD": Table("SUBJECT_ID HADM_ID ICD9_CODE", code="ICD9_CODE", price=(60, 900)),
    "PROCEDURES_ICD": Table("SUBJECT_ID HADM_ID ICD9_CODE", code="ICD9_CODE", price=(150, 4000)),
    "LABEVENTS": Table("SUBJECT_ID HADM_ID ITEMID CHARTTIME VALUENUM VALUEUOM", ("CHARTTIME",), code="ITEMID", price=(3, 70), needs=("CHARTTIME", "VALUENUM")),
    "PRESCRIPTIONS": Table("SUBJECT_ID HADM_ID STARTDATE ENDDATE DRUG DOSE_VAL_RX DOSE_UNIT_RX ROUTE", ("STARTDATE", "ENDDATE"), "STARTDATE", "ENDDATE", "DRUG", (2, 90)),
    "CHARTEVENTS": Table("SUBJECT_ID HADM_ID ICUSTAY_ID ITEMID CHARTTIME VALUENUM VALUEUOM", ("CHARTTIME",), needs=("VALUENUM",)),
    "INPUTEVENTS_CV": Table("SUBJECT_ID HADM_ID ICUSTAY_ID CHARTTIME ITEMID AMOUNT AMOUNTUOM", ("CHARTTIME",), needs=("AMOUNT",)),
    "OUTPUTEVENTS": Table("SUBJECT_ID HADM_ID ICUSTAY_ID CHARTTIME ITEMID VALUE VALUEUOM", ("CHARTTIME",), needs=("VALUE",)),
    "MICROBIOLOGYEVENTS": Table("SUBJECT_ID HADM_ID CHARTTIME CHARTDATE SPEC_TYPE_DESC ORG_NAME", ("CHARTTIME", "CHARTDATE")),
    "TRANSFERS": Table("SUBJECT_ID HADM_ID ICUSTAY_ID EVENTTYPE CURR_CAREUNIT CURR_WARDID INTIME OUTTIME", ("INTIME", "OUTTIME"), "INTIME", "OUTTIME"),
}  # fmt: skip
DICTIONARIES = {  # in the order of their keys: the column that identifies a row comes first
    "D_ICD_DIAGNOSES": "ICD9_CODE SHORT_TITLE LONG_TITLE", "D_ICD_PROCEDURES": "ICD9_CODE SHORT_TITLE LONG_TITLE",
    "D_LABITEMS": "ITEMID LABEL", "D_ITEMS": "ITEMID LABEL LINKSTO",
}  # fmt: skip
TABLES = {"PATIENTS": PEOPLE, "ADMISSIONS": STAYS, "ICUSTAYS": UNITS} | EVENTS
LOOKED_UP = {"DIAGNOSES_ICD": "D_ICD_DIAGNOSES", "PROCEDURES_ICD": "D_ICD_PROCEDURES", "LABEVENTS": "D_LABITEMS"} | dict.fromkeys(("CHARTEVENTS", "INPUTEVENTS_CV", "OUTPUTEVENTS"), "D_ITEMS")  # fmt: skip
MILLILITRES = {"INPUTEVENTS_CV": "AMOUNTUOM", "OUTPUTEVENTS": "VALUEUOM"}


def load(folder: Path, path: Path, patients: int, seed: int) -> Counts:
    """Fill a new SQLite file `path` with `patients` sampled people of the CSVs in `folder`.

    What was written and left out is printed and returned.

    Raises:
        UserError: a file or column is missing or a file is damaged; named, with what is expected. No row is usable.
    """
    source = CsvFolder(folder, SOURCE)
    for name, table in TABLES.items():
        source.require(name, tuple(table.columns.split()), OTHER)
    for name, columns in DICTIONARIES.items():
        source.require(name, tuple(columns.split()))
    return fill(path, SCHEMA, lambda db: _Loader(source, db, patients, seed).run(), add_indexes)


class _Loader:
    def __init__(self, source: CsvFolder, db: sqlite3.Connection, patients: int, seed: int) -> None:
        self._source, self._db, self._patients = source, db, patients
        self._rng = np.random.default_rng(seed)
        self._required = {t: [c.upper() for c, must in cs.items() if must] for t, cs in schema(db).items()}
        self._known: dict[str, pd.Series] = {}
        self._counts = Counts()

    def run(self) -> Counts:
        for name, columns in DICTIONARIES.items():
            self._dictionary(name, columns.split())
        self._shift: pd.Series = pd.Series(dtype=float)
        people, stays = self._read("PATIENTS"), self._read("ADMISSIONS")
        people = self._once(people, "PATIENTS", "SUBJECT_ID")
        stays = self._usable(people, self._once(stays, "ADMISSIONS", "HADM_ID"))
        self._sample(stays)
        stays = self._stays(stays)
        people = self._moved(people[people["SUBJECT_ID"].isin(stays["SUBJECT_ID"])], PEOPLE)
        self._write("PATIENTS", people.assign(DOD=people["DOD"].where(people["DOD"] <= LAST)))
        self._write("ADMISSIONS", stays)
        self._admissions = stays.set_index("HADM_ID")
        self._icu: pd.Series | None = None
        units = self._once(self._events("ICUSTAYS"), "ICUSTAYS", "ICUSTAY_ID")
        self._write("ICUSTAYS", units)
        self._icu = units["ICUSTAY_ID"]
        for name in EVENTS:
            self._write(name, self._events(name))
        return self._counts

    def _dictionary(self, name: str, columns: list[str]) -> None:
        text = tuple(c for c in columns if c not in NUMBERS)
        frame = pd.concat(self._source.chunks(name, tuple(columns), text), ignore_index=True)
        frame = csvs.lower(csvs.numbers(frame, name, tuple(set(columns) & NUMBERS), self._counts))
        frame = csvs.present(frame, name, tuple(columns), self._counts)
        frame = self._once(frame, name, columns[0])
        self._known[name] = frame[columns[0]]
        self._write(name, frame)

    def _read(self, name: str) -> pd.DataFrame:
        """All rows of `name`; of an event table those of the sampled patients."""
        table = TABLES[name]
        columns = tuple(table.columns.split())
        text = tuple(c for c in columns if c not in NUMBERS)
        parts = []
        for chunk in self._source.chunks(name, columns, text, OTHER):
            part = csvs.numbers(chunk, name, ("SUBJECT_ID",), self._counts)
            if len(self._shift):
                part = part[part["SUBJECT_ID"].isin(self._shift.index)]
            if name == "CHARTEVENTS":
                part = csvs.numbers(part, name, ("ITEMID",), self._counts)
                part = part[part["ITEMID"].isin(VITALS)]
            parts.append(part)
        frame = pd.concat(parts, ignore_index=True)
        frame = csvs.numbers(frame, name, tuple(c for c in columns if c in NUMBERS), self._counts)
        return csvs.lower(csvs.times(frame, name, table.times, self._counts))

    def _once(self, frame: pd.DataFrame, name: str, key: str) -> pd.DataFrame:
        frame = csvs.present(frame, name, (key,), self._counts)
        again = frame.duplicated(key)
        self._counts.leave(f"{name}: {key} is there twice", int(again.sum()))
        return frame[~again]

    def _usable(self, people: pd.DataFrame, stays: pd.DataFrame) -> pd.DataFrame:
        """Stays with times in order, of known people whose age MIMIC tells, and that age."""
        stays = csvs.present(stays, "ADMISSIONS", ("SUBJECT_ID", "ADMITTIME", "DISCHTIME"), self._counts)
        birth = stays["SUBJECT_ID"].map(people.set_index("SUBJECT_ID")["DOB"])
        age = ((stays["ADMITTIME"] - birth).dt.days / 365.25).map(math.floor, na_action="ignore")
        for reason, bad in (
            ("DISCHTIME is before ADMITTIME", stays["DISCHTIME"] < stays["ADMITTIME"]),
            ("its patient, or the date of birth, is not in PATIENTS", age.isna()),
            ("the patient is under 11, or over 89 (whose age MIMIC-III hides)", (age < 11) | (age > 89)),
        ):
            self._counts.leave(f"ADMISSIONS: {reason}", int(bad[stays.index].sum()))
            stays = stays[~bad[stays.index]]
        if stays.empty:
            raise UserError(f"{self._source.root}: no admission is usable: {self._counts.report()}")
        return stays.assign(AGE=age[stays.index])

    def _sample(self, stays: pd.DataFrame) -> None:
        """Whole days by which each sampled patient moves: the last stay ends before NOW, or for one in ten holds it."""
        ids = np.sort(stays["SUBJECT_ID"].unique())
        ids = self._rng.choice(ids, size=min(self._patients, len(ids)), replace=False)
        by_patient = stays[stays["SUBJECT_ID"].isin(ids)].groupby("SUBJECT_ID")
        last = stays.loc[by_patient["ADMITTIME"].idxmax()].set_index("SUBJECT_ID")
        begin, end = by_patient["ADMITTIME"].min()[last.index], by_patient["DISCHTIME"].max()[last.index]
        room = np.maximum(1, (LAST - FIRST).days - (end - begin).dt.days.to_numpy() - 1)
        target = LAST - pd.to_timedelta(self._rng.integers(1, room + 1), unit="D")
        shift = pd.Series((target - pd.DatetimeIndex(end)).days, index=last.index)
        # A stay holds NOW after a move of whole days only if it lasts past 23:59 of some day.
        nights = (last["DISCHTIME"].dt.normalize() - last["ADMITTIME"].dt.normalize()).dt.days
        able = nights.index[nights > 0].to_numpy()
        wanted = min(len(able), math.ceil(CURRENT * len(last)))
        for id_ in self._rng.choice(able, size=wanted, replace=False):
            day = last["ADMITTIME"][id_].normalize() + pd.Timedelta(days=int(self._rng.integers(0, nights[id_])))
            shift[id_] = (LAST.normalize() - day).days
        self._shift = shift

    def _moved(self, frame: pd.DataFrame, table: Table) -> pd.DataFrame:
        days = pd.to_timedelta(frame["SUBJECT_ID"].map(self._shift), unit="D")
        return frame.assign(**{column: frame[column] + days for column in table.times})

    def _stays(self, stays: pd.DataFrame) -> pd.DataFrame:
        stays = self._moved(stays[stays["SUBJECT_ID"].isin(self._shift.index)], STAYS)
        early, late = stays["ADMITTIME"] < FIRST, stays["ADMITTIME"] > LAST
        self._counts.leave("ADMISSIONS: before 2100 beside the patient's later stays", int(early.sum()))
        self._counts.leave("ADMISSIONS: after the current time", int(late.sum()))
        stays = stays[~early & ~late]
        over = stays["DISCHTIME"] <= LAST
        return stays.assign(
            DISCHTIME=stays["DISCHTIME"].where(over), DISCHARGE_LOCATION=stays["DISCHARGE_LOCATION"].where(over)
        )

    def _events(self, name: str) -> pd.DataFrame:
        """The rows of the sampled patients' stays that are there at NOW, with the schema's columns."""
        table = TABLES[name]
        frame = self._moved(self._read(name), table)
        frame = csvs.present(frame, name, ("HADM_ID",), self._counts)
        frame = self._kept(frame, name, frame["HADM_ID"].isin(self._admissions.index), "its stay is not used")
        frame = self._completed(frame, name)
        if self._icu is not None and "ICUSTAY_ID" in frame and "ICUSTAY_ID" in self._required[name.lower()]:
            frame = csvs.present(frame, name, ("ICUSTAY_ID",), self._counts)
            frame = self._kept(frame, name, frame["ICUSTAY_ID"].isin(self._icu), "its ICUSTAY_ID is not used")
        if name in LOOKED_UP:
            key = "ICD9_CODE" if "ICD9_CODE" in frame else "ITEMID"
            known = frame[key].isin(self._known[LOOKED_UP[name]])
            frame = self._kept(frame, name, known | frame[key].isna(), f"{key} is not in {LOOKED_UP[name]}")
        needs = [c for c in self._required[name.lower()] if c != "ROW_ID"] + list(table.needs)
        frame = csvs.present(frame, name, tuple(needs), self._counts)
        start = frame[table.start]
        frame = self._kept(frame, name, start.isna() | (start >= FIRST), "before 2100")
        frame = self._kept(frame, name, ~(frame[table.start] > LAST), "after the current time")
        return frame.assign(**{table.end: frame[table.end].where(frame[table.end] <= LAST)}) if table.end else frame

    def _kept(self, frame: pd.DataFrame, name: str, good: pd.Series, reason: str) -> pd.DataFrame:
        self._counts.leave(f"{name}: {reason}", int((~good).sum()))
        return frame[good]

    def _completed(self, frame: pd.DataFrame, name: str) -> pd.DataFrame:
        if name in ("DIAGNOSES_ICD", "PROCEDURES_ICD"):
            time = self._admissions["ADMITTIME" if name == "DIAGNOSES_ICD" else "DISCHTIME"]
            over = frame["HADM_ID"].map(self._admissions["DISCHTIME"]).notna()
            if name == "PROCEDURES_ICD":
                frame = self._kept(frame, name, over, "after the current time")
            return frame.assign(CHARTTIME=frame["HADM_ID"].map(time))
        if name == "MICROBIOLOGYEVENTS":
            return frame.assign(CHARTTIME=frame["CHARTTIME"].fillna(frame["CHARTDATE"])).drop(columns="CHARTDATE")
        if name == "TRANSFERS":
            return frame.rename(columns={"CURR_CAREUNIT": "CAREUNIT", "CURR_WARDID": "WARDID"})
        if unit := MILLILITRES.get(name):
            in_ml = frame[unit].isna() | (frame[unit] == "ml")
            return self._kept(frame, name, in_ml, "not in ml").drop(columns=unit)
        return frame

    def _write(self, name: str, frame: pd.DataFrame) -> None:
        numbered = frame.reset_index(drop=True)
        numbered.insert(0, "ROW_ID", numbered.index + 1)
        self._counts.rows[name] = insert(self._db, name, numbered, WHOLE)
        if not (table := TABLES.get(name)) or not table.code:
            return
        costs = pd.DataFrame({
            "SUBJECT_ID": numbered["SUBJECT_ID"], "HADM_ID": numbered["HADM_ID"], "EVENT_TYPE": name.lower(),
            "EVENT_ID": numbered["ROW_ID"], "CHARGETIME": numbered[table.start],
            "COST": prices(name, numbered[table.code], *table.price),
        })  # fmt: skip
        before = self._counts.rows.get("COST", 0)
        costs.insert(0, "ROW_ID", costs.index + 1 + before)
        self._counts.rows["COST"] = before + insert(self._db, "COST", costs, WHOLE)
