"""Raw MIMIC-III as PhysioNet ships it (PostgreSQL-style CSVs, gzip or not) into the same 17 tables.

Like EHRSQL's preparation (Lee et al. 2022, appendix): some patients are sampled, all text becomes lower-case, each
patient's times are moved by whole days into 2100-2105, one patient in ten is still in hospital (their last stay is cut
at the current time), diagnoses and procedures get their stay's times, and costs are drawn once per code.
"""

# pyright: basic, reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false
# pandas annotates a column as nearly any type; its behaviour is tested on real files instead.

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from data_prep.hospital.model import NOW
from data_prep.mimic_iii.view import SCHEMA, add_indexes
from galen.errors import UserError

FIRST = pd.Timestamp("2100-01-01")
CHUNK = 500_000
VITALS = (  # CareVue and MetaVision items of the vital signs that questions ask about, and weight and height
    677, 676, 678, 679, 646, 220277, 211, 220045, 618, 220210, 51, 220179, 8368, 220180, 52, 220181, 763, 224639, 920, 226730,
)  # fmt: skip
# table: source columns, with the times among them; the target columns are the schema's.
TABLES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "PATIENTS": (("SUBJECT_ID", "GENDER", "DOB", "DOD"), ("DOB", "DOD")),
    "ADMISSIONS": (
        ("SUBJECT_ID", "HADM_ID", "ADMITTIME", "DISCHTIME", "ADMISSION_TYPE", "ADMISSION_LOCATION", "DISCHARGE_LOCATION",
         "INSURANCE", "LANGUAGE", "MARITAL_STATUS", "ETHNICITY"), ("ADMITTIME", "DISCHTIME"),
    ),
    "DIAGNOSES_ICD": (("SUBJECT_ID", "HADM_ID", "ICD9_CODE"), ()),
    "PROCEDURES_ICD": (("SUBJECT_ID", "HADM_ID", "ICD9_CODE"), ()),
    "LABEVENTS": (("SUBJECT_ID", "HADM_ID", "ITEMID", "CHARTTIME", "VALUENUM", "VALUEUOM"), ("CHARTTIME",)),
    "PRESCRIPTIONS": (
        ("SUBJECT_ID", "HADM_ID", "STARTDATE", "ENDDATE", "DRUG", "DOSE_VAL_RX", "DOSE_UNIT_RX", "ROUTE"), ("STARTDATE", "ENDDATE"),
    ),
    "CHARTEVENTS": (
        ("SUBJECT_ID", "HADM_ID", "ICUSTAY_ID", "ITEMID", "CHARTTIME", "VALUENUM", "VALUEUOM"), ("CHARTTIME",),
    ),
    "INPUTEVENTS_CV": (("SUBJECT_ID", "HADM_ID", "ICUSTAY_ID", "CHARTTIME", "ITEMID", "AMOUNT"), ("CHARTTIME",)),
    "OUTPUTEVENTS": (("SUBJECT_ID", "HADM_ID", "ICUSTAY_ID", "CHARTTIME", "ITEMID", "VALUE"), ("CHARTTIME",)),
    "MICROBIOLOGYEVENTS": (("SUBJECT_ID", "HADM_ID", "CHARTTIME", "SPEC_TYPE_DESC", "ORG_NAME"), ("CHARTTIME",)),
    "ICUSTAYS": (
        ("SUBJECT_ID", "HADM_ID", "ICUSTAY_ID", "FIRST_CAREUNIT", "LAST_CAREUNIT", "FIRST_WARDID", "LAST_WARDID", "INTIME",
         "OUTTIME"), ("INTIME", "OUTTIME"),
    ),
    "TRANSFERS": (
        ("SUBJECT_ID", "HADM_ID", "ICUSTAY_ID", "EVENTTYPE", "CURR_CAREUNIT", "CURR_WARDID", "INTIME", "OUTTIME"),
        ("INTIME", "OUTTIME"),
    ),
}  # fmt: skip
DICTIONARIES = {
    "D_ICD_DIAGNOSES": ("ICD9_CODE", "SHORT_TITLE", "LONG_TITLE"), "D_ICD_PROCEDURES": ("ICD9_CODE", "SHORT_TITLE", "LONG_TITLE"),
    "D_LABITEMS": ("ITEMID", "LABEL"), "D_ITEMS": ("ITEMID", "LABEL", "LINKSTO"),
}  # fmt: skip
REQUIRED = {  # rows without these are no use to any question, and the schema forbids them
    "ADMISSIONS": ["ADMITTIME", "DISCHTIME"], "LABEVENTS": ["HADM_ID"], "PRESCRIPTIONS": ["STARTDATE", "DRUG", "DOSE_VAL_RX", "DOSE_UNIT_RX", "ROUTE"],
    "CHARTEVENTS": ["HADM_ID", "ICUSTAY_ID"], "INPUTEVENTS_CV": ["HADM_ID", "ICUSTAY_ID"], "OUTPUTEVENTS": ["HADM_ID", "ICUSTAY_ID"],
    "MICROBIOLOGYEVENTS": ["HADM_ID"], "TRANSFERS": ["INTIME"], "ICUSTAYS": ["INTIME"],
}  # fmt: skip
PRICES = {"DIAGNOSES_ICD": ("ICD9_CODE", 60, 900), "PROCEDURES_ICD": ("ICD9_CODE", 150, 4000), "LABEVENTS": ("ITEMID", 3, 70), "PRESCRIPTIONS": ("DRUG", 2, 90)}  # fmt: skip


def load(folder: Path, path: Path, patients: int, seed: int) -> None:
    """Fill a new SQLite file `path` with `patients` sampled people of the CSVs in `folder`.

    Raises:
        UserError: a file or column is missing; named, with what is expected.
    """
    for table in (*TABLES, *DICTIONARIES):
        _find(folder, table)
    people = _read(folder, "PATIENTS")
    stays = _read(folder, "ADMISSIONS")
    rng = np.random.default_rng(seed)
    ids = np.sort(stays["SUBJECT_ID"].unique())
    chosen = set(rng.choice(ids, size=min(patients, len(ids)), replace=False).tolist())
    stays = stays[stays["SUBJECT_ID"].isin(chosen)]
    shift = _shifts(stays, rng)
    tables = {"PATIENTS": people[people["SUBJECT_ID"].isin(chosen)], "ADMISSIONS": stays}
    for table in TABLES:
        if table not in tables:
            tables[table] = _read(folder, table, chosen)
    tables = {name: _move(frame, shift, TABLES[name][1]) for name, frame in tables.items()}
    _keep_in_range(tables)
    _complete(tables)
    with sqlite3.connect(path) as db:
        db.executescript(SCHEMA.read_text())
        for name, columns in DICTIONARIES.items():
            _insert(db, name, _lower(_read_columns(folder, name, columns)).drop_duplicates(columns[0]))
        for name, frame in tables.items():
            _insert(db, name, frame)
        _insert(db, "COST", _costs(tables))
        add_indexes(db)
    db.close()


def _find(folder: Path, table: str) -> Path:
    for name in (f"{table}.csv", f"{table}.csv.gz", f"{table.lower()}.csv", f"{table.lower()}.csv.gz"):
        if (folder / name).exists():
            return folder / name
    raise UserError(
        f"{folder}: {table}.csv (or .csv.gz) is missing; give the folder of MIMIC-III v1.4 as PhysioNet ships it"
    )


def _chunks(folder: Path, table: str, columns: tuple[str, ...]) -> Iterator[pd.DataFrame]:
    path = _find(folder, table)
    head = [c.strip('"').upper() for c in pd.read_csv(path, nrows=0).columns]
    for column in columns:
        if column not in head:
            raise UserError(
                f"{path}: column {column} is missing; expected MIMIC-III v1.4's columns, found {', '.join(head)}"
            )
    text = {c: str for c in ("ICD9_CODE", "DOSE_VAL_RX", "DRUG") if c in columns}
    for chunk in pd.read_csv(path, chunksize=CHUNK, dtype=text, low_memory=False):
        chunk.columns = [c.upper() for c in chunk.columns]
        yield chunk[list(columns)]


def _read_columns(folder: Path, table: str, columns: tuple[str, ...]) -> pd.DataFrame:
    return pd.concat(_chunks(folder, table, columns), ignore_index=True)


def _read(folder: Path, table: str, chosen: set[int] | None = None) -> pd.DataFrame:
    columns, times = TABLES[table]
    parts = []
    for chunk in _chunks(folder, table, columns):
        part = chunk if chosen is None else chunk[chunk["SUBJECT_ID"].isin(chosen)]
        if table == "CHARTEVENTS":
            part = part[part["ITEMID"].isin(VITALS)]
        parts.append(part.dropna(subset=REQUIRED.get(table, [])))
    frame = _lower(pd.concat(parts, ignore_index=True))
    for column in times:
        frame[column] = pd.to_datetime(frame[column])
    return frame


def _lower(frame: pd.DataFrame) -> pd.DataFrame:
    frame = frame.copy()
    for column in frame.columns:
        if not pd.api.types.is_numeric_dtype(frame[column]) and not pd.api.types.is_datetime64_any_dtype(frame[column]):
            frame[column] = frame[column].where(frame[column].isna(), frame[column].astype(str).str.lower())
    return frame


def _shifts(stays: pd.DataFrame, rng: np.random.Generator) -> pd.Series:
    """Whole days by which each patient moves: the last stay ends before NOW, or holds NOW for one patient in ten."""
    now = pd.Timestamp(NOW)
    by_patient = stays.sort_values("ADMITTIME").groupby("SUBJECT_ID")
    last_start, last_end = by_patient["ADMITTIME"].last(), by_patient["DISCHTIME"].max()
    span = (last_end - by_patient["ADMITTIME"].min()).dt.days
    room = np.maximum(1, (now - FIRST).days - span.to_numpy() - 1)
    end = now - pd.to_timedelta(rng.integers(1, room + 1), unit="D")
    shift = pd.Series((end - pd.DatetimeIndex(last_end)).days, index=last_end.index)
    current = rng.random(len(shift)) < 0.1
    middle = last_start + (last_end - last_start) / 2
    return shift.where(~current, (now - middle).dt.days)


def _move(frame: pd.DataFrame, shift: pd.Series, times: tuple[str, ...]) -> pd.DataFrame:
    frame = frame[frame["SUBJECT_ID"].isin(shift.index)].copy()
    days = pd.to_timedelta(frame["SUBJECT_ID"].map(shift), unit="D")
    for column in times:
        frame[column] = frame[column] + days
    return frame


def _keep_in_range(tables: dict[str, pd.DataFrame]) -> None:
    """Drop stays before 2100 and events after NOW; what ends after NOW is still open."""
    now = pd.Timestamp(NOW)
    stays = tables["ADMISSIONS"]
    stays = stays[(stays["ADMITTIME"] >= FIRST) & (stays["ADMITTIME"] <= now)].copy()
    open_now = stays["DISCHTIME"] > now
    stays.loc[open_now, ["DISCHTIME"]] = pd.NaT
    stays.loc[open_now, ["DISCHARGE_LOCATION"]] = None
    tables["ADMISSIONS"] = stays
    starts = {"PRESCRIPTIONS": "STARTDATE", "ICUSTAYS": "INTIME", "TRANSFERS": "INTIME"}
    ends = {"PRESCRIPTIONS": "ENDDATE", "ICUSTAYS": "OUTTIME", "TRANSFERS": "OUTTIME"}
    for name, frame in tables.items():
        if name in ("PATIENTS", "ADMISSIONS"):
            continue
        frame = frame[frame["HADM_ID"].isin(stays["HADM_ID"])].copy()
        start = starts.get(name, "CHARTTIME")
        if start in frame:
            frame = frame[frame[start].isna() | (frame[start] <= now)].copy()
        if name in ends:
            frame.loc[frame[ends[name]] > now, [ends[name]]] = pd.NaT
        tables[name] = frame
    people = tables["PATIENTS"].copy()
    people.loc[people["DOD"] > now, ["DOD"]] = pd.NaT
    tables["PATIENTS"] = people[people["SUBJECT_ID"].isin(stays["SUBJECT_ID"])]
    tables["ICUSTAYS"] = tables["ICUSTAYS"].drop_duplicates("ICUSTAY_ID")
    for name in ("CHARTEVENTS", "INPUTEVENTS_CV", "OUTPUTEVENTS"):
        tables[name] = tables[name][tables[name]["ICUSTAY_ID"].isin(tables["ICUSTAYS"]["ICUSTAY_ID"])]


def _complete(tables: dict[str, pd.DataFrame]) -> None:
    """What the raw files lack: age at admission, and the time of a diagnosis or procedure."""
    stays = tables["ADMISSIONS"]
    birth = stays["SUBJECT_ID"].map(tables["PATIENTS"].set_index("SUBJECT_ID")["DOB"])
    years = (stays["ADMITTIME"].dt.year - birth.dt.year).clip(0, 300)
    stays = stays.assign(AGE=years.where(years < 120, 91))  # MIMIC hides ages over 89 as about 300
    tables["ADMISSIONS"] = stays
    admitted = stays.set_index("HADM_ID")["ADMITTIME"]
    for name in ("DIAGNOSES_ICD", "PROCEDURES_ICD"):
        frame = tables[name].dropna(subset=["ICD9_CODE"])
        tables[name] = frame.assign(CHARTTIME=frame["HADM_ID"].map(admitted))
    tables["TRANSFERS"] = tables["TRANSFERS"].rename(columns={"CURR_CAREUNIT": "CAREUNIT", "CURR_WARDID": "WARDID"})


def _price(table: str, code: object, low: float, high: float) -> float:
    part = int(hashlib.sha256(f"{table}/{code}".encode()).hexdigest()[:8], 16) / 16**8
    return round(low * (high / low) ** part, 2)


def _costs(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    parts = []
    for name, (code, low, high) in PRICES.items():
        frame = tables[name].reset_index(drop=True)
        prices = {c: _price(name, c, low, high) for c in frame[code].unique()}
        time = "STARTDATE" if name == "PRESCRIPTIONS" else "CHARTTIME"
        parts.append(
            pd.DataFrame(
                {"SUBJECT_ID": frame["SUBJECT_ID"], "HADM_ID": frame["HADM_ID"], "EVENT_TYPE": name.lower(),
                 "EVENT_ID": frame.index + 1, "CHARGETIME": frame[time], "COST": frame[code].map(prices)}
            )
        )  # fmt: skip
    return pd.concat(parts, ignore_index=True).dropna(subset=["CHARGETIME"])


def _insert(db: sqlite3.Connection, table: str, frame: pd.DataFrame) -> None:
    """Append `frame` with ROW_IDs from 1; times as text, whole numbers as integers, missing values as NULL."""
    frame = frame.reset_index(drop=True).copy()
    frame.insert(0, "ROW_ID", frame.index + 1)
    for column in frame.columns:
        if pd.api.types.is_datetime64_any_dtype(frame[column]):
            frame[column] = frame[column].dt.strftime("%Y-%m-%d %H:%M:%S")
        elif column.endswith("_ID") or column in ("ITEMID", "FIRST_WARDID", "LAST_WARDID", "WARDID", "AGE"):
            frame[column] = frame[column].astype("Int64")
    frame.astype(object).where(frame.notna(), None).to_sql(table, db, if_exists="append", index=False)
