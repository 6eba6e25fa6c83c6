"""The TREQS view of a hospital: five tables in one SQLite file, made from its MIMIC-III view as TREQS made its own.

Source of the recipe: Wang et al. 2020 (MIMICSQL). Names of tests and drugs join the events; prescriptions without a
dose and lab rows without a value are left out; ids are text. AGE is the MIMIC-III view's, so both views agree.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from data_prep.databases import read_only
from data_prep.treqs.story import Storyteller, drug_type, flag, fluid_and_category, formulary

SCHEMA = Path(__file__).with_name("schema.sql")
TABLES = ("DEMOGRAPHIC", "DIAGNOSES", "PROCEDURES", "PRESCRIPTIONS", "LAB")
INDEXED = {
    "DEMOGRAPHIC": ("SUBJECT_ID", "NAME", "DIAGNOSIS"), "DIAGNOSES": ("SUBJECT_ID", "ICD9_CODE", "SHORT_TITLE", "LONG_TITLE"),
    "PROCEDURES": ("SUBJECT_ID", "ICD9_CODE", "SHORT_TITLE", "LONG_TITLE"),
    "PRESCRIPTIONS": ("SUBJECT_ID", "DRUG", "DRUG_DOSE", "FORMULARY_DRUG_CD"), "LAB": ("SUBJECT_ID", "LABEL", "ITEMID", "VALUE_UNIT"),
}  # fmt: skip
CODED = (("DIAGNOSES", "DIAGNOSES_ICD", "D_ICD_DIAGNOSES"), ("PROCEDURES", "PROCEDURES_ICD", "D_ICD_PROCEDURES"))


def write_sqlite(mimic_iii: Path, path: Path, seed: int) -> None:
    """Write the five tables of the MIMIC-III view `mimic_iii` to a new file `path`, with indexes.

    `seed` is the hospital's; what the 17 tables do not hold is derived from it for each patient.
    """
    with read_only(mimic_iii) as source, sqlite3.connect(path) as db:
        db.executescript(SCHEMA.read_text())
        _insert(db, "DEMOGRAPHIC", _demographic(source, seed))
        for table, events, names in CODED:
            rows = source.execute(
                f"select subject_id, hadm_id, icd9_code, short_title, long_title from {events} e join {names} using(icd9_code) "
                "order by e.row_id"
            )
            _insert(db, table, ((str(r[0]), str(r[1]), *r[2:]) for r in rows))
        _insert(db, "PRESCRIPTIONS", _prescriptions(source))
        _insert(db, "LAB", _lab(source))
        add_indexes(db)
    db.close()
    source.close()


def add_indexes(db: sqlite3.Connection) -> None:
    """Indexes on what the five tables are joined and mostly filtered by."""
    for table, columns in INDEXED.items():
        db.execute(f"CREATE INDEX IF NOT EXISTS ix_{table} ON {table}(HADM_ID)")
        for column in columns:
            db.execute(f"CREATE INDEX IF NOT EXISTS ix_{table}_{column} ON {table}({column}, HADM_ID)")
    db.execute("ANALYZE")


def _insert(db: sqlite3.Connection, table: str, rows: Iterator[tuple[Any, ...]]) -> None:
    width = len(db.execute(f"pragma table_info({table})").fetchall())
    db.executemany(f"INSERT INTO {table} VALUES ({','.join('?' * width)})", rows)


def _time(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S")


def _demographic(source: sqlite3.Connection, seed: int) -> Iterator[tuple[Any, ...]]:
    charted: dict[int, list[tuple[str, str]]] = {}
    for hadm, *coded in source.execute(
        "select hadm_id, icd9_code, short_title from diagnoses_icd e join d_icd_diagnoses using(icd9_code) order by e.row_id"
    ):
        charted.setdefault(hadm, []).append((coded[0], coded[1]))
    known: dict[int, tuple[Storyteller, Any]] = {}
    for (
        s,
        hadm,
        sex,
        dob,
        dod,
        start,
        end,
        kind,
        origin,
        goal,
        insurance,
        language,
        marital,
        ethnicity,
        age,
    ) in source.execute(
        "select subject_id, hadm_id, gender, dob, dod, admittime, dischtime, admission_type, admission_location, "
        "discharge_location, insurance, language, marital_status, ethnicity, age from admissions join patients using(subject_id) "
        "order by subject_id, admittime"
    ):
        if s not in known:
            teller = Storyteller(seed, s)
            known[s] = teller, teller.person(sex)
        teller, person = known[s]
        days = None if end is None else (_time(end) - _time(start)).days
        yield (
            str(s), str(hadm), person.name, marital, age, dob, sex, language, person.religion, kind, days, insurance,
            ethnicity, int(dod is not None), origin, goal, teller.reason(charted.get(hadm, ())), dod, int(dob[:4]),
            None if dod is None else float(dod[:4]), start, end, int(start[:4]),
        )  # fmt: skip


def _prescriptions(source: sqlite3.Connection) -> Iterator[tuple[Any, ...]]:
    """A drug belongs to the ICU stay in which it was started, if there was one."""
    stays: dict[int, list[tuple[int, str, str | None]]] = {}
    for hadm, stay, start, end in source.execute("select hadm_id, icustay_id, intime, outtime from icustays"):
        stays.setdefault(hadm, []).append((stay, start, end))
    for subject, hadm, start, drug, dose, unit, route in source.execute(
        "select subject_id, hadm_id, startdate, drug, dose_val_rx, dose_unit_rx, route from prescriptions "
        "where dose_val_rx is not null and dose_unit_rx is not null order by row_id"
    ):
        inside = [i for i, a, b in stays.get(hadm, ()) if start and a <= start and (b is None or start <= b)]
        stay = str(inside[0]) if inside else None
        yield str(subject), str(hadm), stay, drug_type(drug), drug, formulary(drug, dose), route, f"{dose}{unit}"


def _lab(source: sqlite3.Connection) -> Iterator[tuple[Any, ...]]:
    for subject, hadm, item, time, value, unit, label in source.execute(
        "select subject_id, hadm_id, itemid, charttime, valuenum, valueuom, label from labevents e join d_labitems using(itemid) "
        "where valuenum is not null and hadm_id is not null order by e.row_id"
    ):
        shown = f"{value:.10g}{unit or ''}"
        yield str(subject), str(hadm), str(item), time, flag(label, value), shown, label, *fluid_and_category(label)
