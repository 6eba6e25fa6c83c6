"""The MIMIC-III view of a hospital: EHRSQL's 17 tables in one SQLite file.

Source of the schema: EHRSQL (Lee et al. 2022), `schema.sql` beside this file. COST.EVENT_ID points into the table
that its EVENT_TYPE names; the published schema declares all four references at once, which no row can satisfy.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime
from pathlib import Path

from data_prep.databases import stamp, write
from data_prep.hospital.model import Admission, Hospital, IcuStay, Patient

SCHEMA = Path(__file__).with_name("schema.sql")
COST_TABLES = {
    "diagnoses_icd": "DIAGNOSES_ICD", "procedures_icd": "PROCEDURES_ICD", "labevents": "LABEVENTS",
    "prescriptions": "PRESCRIPTIONS",
}  # fmt: skip
INDEXES = (
    "ADMISSIONS(SUBJECT_ID)", "DIAGNOSES_ICD(HADM_ID)", "DIAGNOSES_ICD(ICD9_CODE)", "PROCEDURES_ICD(HADM_ID)",
    "PROCEDURES_ICD(ICD9_CODE)", "LABEVENTS(HADM_ID)", "LABEVENTS(ITEMID)", "PRESCRIPTIONS(HADM_ID)",
    "PRESCRIPTIONS(DRUG)", "COST(HADM_ID)", "COST(EVENT_TYPE,EVENT_ID)", "CHARTEVENTS(ICUSTAY_ID)",
    "INPUTEVENTS_CV(ICUSTAY_ID)", "OUTPUTEVENTS(ICUSTAY_ID)", "MICROBIOLOGYEVENTS(HADM_ID)", "ICUSTAYS(HADM_ID)",
    "TRANSFERS(HADM_ID)",
)  # fmt: skip


def write_sqlite(hospital: Hospital, path: Path) -> None:
    """Write the 17 tables, lower-case, with indexes, to a new file `path`."""
    write(path, SCHEMA, _Writer(hospital).tables, add_indexes)


def add_indexes(db: sqlite3.Connection) -> None:
    """Indexes on what questions join and filter by; the tables themselves stay as published.

    ICUSTAY_ID is unique: without that index SQLite cannot check the schema's own references to it.
    """
    db.execute("CREATE UNIQUE INDEX ix_stay ON ICUSTAYS(ICUSTAY_ID)")
    for i, on in enumerate(INDEXES):
        db.execute(f"CREATE INDEX ix_{i} ON {on}")
    db.execute("ANALYZE")


class _Writer:
    """Rows of each table, in the schema's column order."""

    def __init__(self, hospital: Hospital) -> None:
        self.tables: dict[str, list[tuple]] = {}
        self._ids: dict[str, dict[str, int]] = {"D_ITEMS": {}, "D_LABITEMS": {}}
        self._codes: dict[str, set[str]] = {"D_ICD_DIAGNOSES": set(), "D_ICD_PROCEDURES": set()}
        self._hadm = 100000
        for patient in hospital.patients:
            self._patient(patient)

    def _add(self, table: str, *values: object) -> int:
        rows = self.tables.setdefault(table, [])
        rows.append((len(rows) + 1, *values))
        return len(rows)

    def _patient(self, p: Patient) -> None:
        self._add("PATIENTS", p.id, p.sex, stamp(p.birth), stamp(p.death))
        for a in p.admissions:
            self._hadm += 7
            self._admission(p.id, self._hadm, a)

    def _admission(self, subject: int, hadm: int, a: Admission) -> None:
        self._add(
            "ADMISSIONS", subject, hadm, stamp(a.start), stamp(a.end), a.kind, a.source, a.destination, a.insurance,
            a.language, a.marital, a.ethnicity, a.age,
        )  # fmt: skip
        for dictionary, table, coded in (
            ("D_ICD_DIAGNOSES", "DIAGNOSES_ICD", a.diagnoses),
            ("D_ICD_PROCEDURES", "PROCEDURES_ICD", a.procedures),
        ):
            for x in coded:
                if x.code not in self._codes[dictionary]:
                    self._codes[dictionary].add(x.code)
                    self._add(dictionary, x.code, x.short, x.title)
                row = self._add(table, subject, hadm, x.code, stamp(x.time))
                self._cost(subject, hadm, table, row, x.time, x.cost)
        for m in a.labs:
            row = self._add(
                "LABEVENTS", subject, hadm, self._item("D_LABITEMS", m.item), stamp(m.time), m.value, m.unit
            )
            self._cost(subject, hadm, "LABEVENTS", row, m.time, m.cost)
        for d in a.drugs:
            row = self._add(
                "PRESCRIPTIONS", subject, hadm, stamp(d.start), stamp(d.end), d.name, d.dose, d.unit, d.route
            )
            self._cost(subject, hadm, "PRESCRIPTIONS", row, d.start, d.cost)
        for m in a.cultures:
            self._add("MICROBIOLOGYEVENTS", subject, hadm, stamp(m.time), m.specimen, m.organism)
        stays = {stay.start: self._icu(subject, hadm, stay) for stay in a.icu}
        for t in a.transfers:
            stay = stays[t.start] if t.icu else None
            self._add("TRANSFERS", subject, hadm, stay, t.event, t.careunit, t.ward, stamp(t.start), stamp(t.end))

    def _icu(self, subject: int, hadm: int, s: IcuStay) -> int:
        stay = 200000 + 3 * (len(self.tables.get("ICUSTAYS", ())) + 1)
        self._add(
            "ICUSTAYS",
            subject,
            hadm,
            stay,
            s.first_unit,
            s.last_unit,
            s.first_ward,
            s.last_ward,
            stamp(s.start),
            stamp(s.end),
        )
        for m in s.vitals:
            item = self._item("D_ITEMS", m.item, "chartevents")
            self._add("CHARTEVENTS", subject, hadm, stay, item, stamp(m.time), m.value, m.unit)
        for m in s.inputs:
            item = self._item("D_ITEMS", m.item, "inputevents_cv")
            self._add("INPUTEVENTS_CV", subject, hadm, stay, stamp(m.time), item, m.value)
        for m in s.outputs:
            item = self._item("D_ITEMS", m.item, "outputevents")
            self._add("OUTPUTEVENTS", subject, hadm, stay, stamp(m.time), item, m.value)
        return stay

    def _item(self, dictionary: str, label: str, links: str | None = None) -> int:
        ids = self._ids[dictionary]
        if label not in ids:
            ids[label] = (50800 if links is None else 220000) + 1 + len(ids)
            self._add(dictionary, ids[label], label, *([links] if links else []))
        return ids[label]

    def _cost(self, subject: int, hadm: int, table: str, row: int, time: datetime, cost: float) -> None:
        self._add("COST", subject, hadm, table.lower(), row, stamp(time), cost)
