"""The eICU view of a hospital: EHRSQL's 10 tables in one SQLite file.

Source of the schema: EHRSQL (Lee et al. 2022), `schema.sql` beside this file. Every row hangs on a unit stay:

* an admission with intensive care has its intensive-care stay, and sometimes a step-down stay after it;
* an admission without has one stay in a step-down (observation) unit, as long as the admission.

An event belongs to the last unit stay that had begun when it happened, or to the first one if none had. Open stays
have no discharge times and no status. What MIMIC-III does not tell (allergies, which hospital of the group, height and
weight outside intensive care, culture sites) is drawn by a generator of the patient's own.
COST.EVENTID points into the table that EVENTTYPE names; a laboratory value that was not recorded has no row here,
for LABRESULT may not be null, and so no cost.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from data_prep.databases import stamp, write
from data_prep.eicu import names
from data_prep.eicu.bedside import COLUMNS, height, usual_weight, vital_rows, weights
from data_prep.hospital.model import Admission, Hospital, IcuStay, Patient

SCHEMA = Path(__file__).with_name("schema.sql")
SALT = 0xE1C0
STEP_DOWN_SHARE = 0.35  # of intensive-care stays that are followed by a step-down stay
ELSEWHERE = 0.3  # share of admissions to another hospital of the group than the patient's first
ALLERGIC = 0.4  # share of patients with an allergy
UNWEIGHED = 0.15
INDEXES = (
    "patient(uniquepid)", "patient(patienthealthsystemstayid)", "diagnosis(patientunitstayid)", "diagnosis(diagnosisname)",
    "treatment(patientunitstayid)", "treatment(treatmentname)", "lab(patientunitstayid)", "lab(labname)",
    "medication(patientunitstayid)", "medication(drugname)", "cost(uniquepid)", "cost(patienthealthsystemstayid)",
    "cost(eventtype,eventid)", "allergy(patientunitstayid)", "intakeoutput(patientunitstayid)", "intakeoutput(celllabel)",
    "microlab(patientunitstayid)", "microlab(culturesite)", "vitalperiodic(patientunitstayid)",
)  # fmt: skip


def write_sqlite(hospital: Hospital, path: Path) -> None:
    """Write the 10 tables, lower-case, with indexes, to a new file `path`."""
    write(path, SCHEMA, _Writer(hospital).tables, add_indexes)


def add_indexes(db: sqlite3.Connection) -> None:
    """Indexes on what questions join and filter by; the tables themselves stay as published."""
    for i, on in enumerate(INDEXES):
        db.execute(f"CREATE INDEX ix_{i} ON {on}")
    db.execute("ANALYZE")


def unique_pid(patient: Patient, seed: int) -> str:
    """The patient's number behind a three-digit prefix, as eICU writes it: '006-12345'."""
    return f"{2 + int(np.random.default_rng([seed, patient.id, SALT, 1]).integers(34)):03d}-{patient.id}"


@dataclass(frozen=True)
class _Unit:
    """A unit stay to be written: `icu` None for a step-down stay."""

    ward: int
    start: datetime
    end: datetime | None
    icu: IcuStay | None = None


class _Writer:
    """Rows of each table, in the schema's column order."""

    def __init__(self, hospital: Hospital) -> None:
        self.tables: dict[str, list[tuple]] = {}
        self._seed, self._stay, self._unit = hospital.seed, 128900, 141160
        for patient in hospital.patients:
            self._patient(patient)

    def _add(self, table: str, *values: object) -> int:
        rows = self.tables.setdefault(table, [])
        rows.append((len(rows) + 1, *values))
        return len(rows)

    def _patient(self, p: Patient) -> None:
        rng = np.random.default_rng([self._seed, p.id, SALT])
        pid = unique_pid(p, self._seed)
        home = names.HOSPITALS[int(rng.integers(len(names.HOSPITALS)))]
        allergies = _allergies(rng)
        drawn = float(np.clip(rng.normal(81, 18), 42, 170))
        weight = usual_weight(p) or drawn
        tall = height(p, None) or float(round(np.clip(rng.normal(170, 10), 145, 203)))
        for i, a in enumerate(p.admissions):
            self._stay += int(rng.integers(1, 30))
            away = i > 0 and rng.random() < ELSEWHERE
            hospital = names.HOSPITALS[int(rng.integers(len(names.HOSPITALS)))] if away else home
            units = _units(a, hospital, rng)
            ids = []
            for unit in units:
                self._unit += int(rng.integers(1, 30))
                ids.append(self._unit)
                about = _measures(p, unit, tall, weight, rng)
                self._unit_stay(pid, self._unit, p, a, hospital, unit, about)
            self._events(pid, a, _Places(units, ids), rng)
            for name, drug in allergies:
                noted = units[0].start + timedelta(minutes=int(rng.integers(5, 240)))
                if a.end is None or noted < a.end:
                    self._add("allergy", ids[0], drug, name, stamp(noted))

    def _unit_stay(
        self, pid: str, unit_id: int, p: Patient, a: Admission, hospital: int, unit: _Unit, about: tuple[float | None, ...]
    ) -> None:  # fmt: skip
        status = None if a.end is None else "expired" if a.destination == "dead/expired" else "alive"
        self.tables.setdefault("patient", []).append((
            pid, self._stay, unit_id, names.SEXES[p.sex], "> 89" if a.age > 89 else str(a.age),
            names.ETHNICITIES.get(a.ethnicity, a.ethnicity), hospital, unit.ward, *about, stamp(a.start),
            names.SOURCES.get(a.source, a.source)[:30], stamp(unit.start), stamp(unit.end), stamp(a.end), status,
        ))  # fmt: skip

    def _events(self, pid: str, a: Admission, at: _Places, rng: np.random.Generator) -> None:
        for x in a.diagnoses:
            name = names.DIAGNOSES[x.code][0] if x.code in names.DIAGNOSES else x.title
            row = self._add("diagnosis", at(x.time), name, stamp(x.time), names.icd(x.code))
            self._cost(pid, "diagnosis", row, x.time, x.cost)
        for x in a.procedures:
            row = self._add("treatment", at(x.time), names.TREATMENTS.get(x.code, x.title), stamp(x.time))
            self._cost(pid, "treatment", row, x.time, x.cost)
        for m in a.labs:
            if m.value is not None:
                row = self._add("lab", at(m.time), names.LABS.get(m.item, m.item), m.value, stamp(m.time))
                self._cost(pid, "lab", row, m.time, m.cost)
        for d in a.drugs:
            dosage = f"{d.dose} {names.UNITS.get(d.unit, d.unit)}"
            drug, route = names.DRUGS.get(d.name, d.name), names.ROUTES.get(d.route, d.route)
            row = self._add("medication", at(d.start), drug, dosage, route, stamp(d.start), stamp(d.end))
            self._cost(pid, "medication", row, d.start, d.cost)
        for m in a.cultures:
            sites = names.SITES.get(m.specimen, (m.specimen,))
            site = sites[int(rng.integers(len(sites)))]
            organism = names.NO_GROWTH if m.organism is None else names.ORGANISMS.get(m.organism, m.organism)
            self._add("microlab", at(m.time), site, organism, stamp(m.time))
        for stay in a.icu:
            self._bedside(stay, at, rng)

    def _bedside(self, stay: IcuStay, at: _Places, rng: np.random.Generator) -> None:
        for time, signs in vital_rows(stay, rng):
            self._add("vitalperiodic", at(time), *(signs.get(c) for c in COLUMNS), stamp(time))
        for path, cells, measures in (
            (names.INTAKE, names.INTAKES, stay.inputs), (names.OUTPUT, names.OUTPUTS, stay.outputs),
        ):  # fmt: skip
            for m in measures:
                label, *group = cells.get(m.item, (m.item,))
                self._add("intakeoutput", at(m.time), path + "|".join([*group, label]), label, m.value, stamp(m.time))

    def _cost(self, pid: str, kind: str, row: int, time: datetime, cost: float) -> None:
        self._add("cost", pid, self._stay, kind, row, stamp(time), cost)


class _Places:
    """The unit stay in which something happened, by time."""

    def __init__(self, units: list[_Unit], ids: list[int]) -> None:
        self._units, self._ids = units, ids

    def __call__(self, time: datetime) -> int:
        begun = [i for unit, i in zip(self._units, self._ids, strict=True) if unit.start <= time]
        return begun[-1] if begun else self._ids[0]


def _units(a: Admission, hospital: int, rng: np.random.Generator) -> list[_Unit]:
    step_down, followed = names.ward(hospital, None, int(rng.integers(names.STEP_DOWN))), rng.random() < STEP_DOWN_SHARE
    units = [_Unit(names.ward(hospital, s.first_unit), s.start, s.end, s) for s in a.icu]
    if not units:
        return [_Unit(step_down, a.start, a.end)]
    left = units[-1].end
    if followed and left is not None and (a.end is None or left < a.end):
        units.append(_Unit(step_down, left, a.end))
    return units


def _measures(
    p: Patient, unit: _Unit, tall: float, weight: float, rng: np.random.Generator
) -> tuple[float | None, float | None, float | None]:
    """Height (cm), weight at admission and at discharge (kg); measured in intensive care, else drawn about the patient's."""
    drawn = [round(weight + float(x), 1) for x in rng.normal(0, 1.5, 2)]
    missing = rng.random(3) < UNWEIGHED
    first, last = (
        weights(unit.icu) if unit.icu else tuple(None if m else w for m, w in zip(missing, drawn, strict=False))
    )
    measured = height(p, unit.icu) if unit.icu else None
    return measured or (None if missing[2] else tall), first, None if unit.end is None else last


def _allergies(rng: np.random.Generator) -> list[tuple[str, str | None]]:
    if rng.random() >= ALLERGIC:
        return []
    common = np.array([a[2] for a in names.ALLERGIES], float)
    n = min(1 + int(rng.poisson(0.6)), 4)
    found = rng.choice(len(names.ALLERGIES), size=n, replace=False, p=common / common.sum())
    return [names.ALLERGIES[int(i)][:2] for i in sorted(found)]
