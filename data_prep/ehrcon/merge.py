"""The databases of EHRCon's release, one an admission, as one file; and what a database of its must hold."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from galen.errors import UserError

DICTIONARIES = ("d_items", "d_labitems", "d_icd_diagnoses", "d_icd_procedures")
EVENTS = (
    "chartevents", "prescriptions", "diagnoses", "procedures", "inputevents_cv", "inputevents_mv", "microbiologyevents",
    "outputevents", "labevents",
)  # fmt: skip


def require_tables(path: Path) -> dict[str, str]:
    """The 13 tables of the database `path`: EHRCon's name -> the name there (diagnoses may be diagnoses_icd).

    Raises:
        UserError: it is no SQLite file, or lacks a table.
    """
    try:
        db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        there = {r[0].lower() for r in db.execute("select name from sqlite_master where type = 'table'")}
        db.close()
    except sqlite3.DatabaseError as error:
        raise UserError(f"{path}: not an SQLite database ({error})") from None
    names = {t: t if t in there else f"{t}_icd" for t in (*EVENTS, *DICTIONARIES)}
    missing = [t for t, name in names.items() if name not in there]
    if missing:
        raise UserError(f"{path}: table {', '.join(missing)} is missing; expected EHRCon's 13 tables")
    return names


def unite(folder: Path, path: Path, admissions: Iterable[int]) -> None:
    """Write the databases of `admissions` in `folder` (HADM_ID.db) into one new file; dictionaries are alike in all.

    Raises:
        UserError: an admission's database is missing or broken.
    """
    db = sqlite3.connect(path)
    for i, hadm in enumerate(sorted(admissions)):
        part = next(
            (p for p in (folder / f"{hadm}.db", folder / f"{hadm}.0.db", folder / f"sample_{hadm}.db") if p.exists()),
            None,
        )
        if part is None:
            raise UserError(f"{folder}: {hadm}.db is missing; EHRCon's make_database.py makes it from MIMIC-III's CSVs")
        names = require_tables(part)
        db.execute("attach ? as part", (str(part),))
        with db:
            for table in EVENTS if i else (*EVENTS, *DICTIONARIES):
                verb = "insert into" if i else "create table"
                db.execute(f"{verb} main.{table} {'' if i else 'as '}select * from part.{names[table]}")
        db.execute("detach part")
    db.close()
