"""Raw eICU-CRD 2.0 as PhysioNet ships it (CSV, gzip or not) into EHRSQL's ten tables.

Times in eICU are minutes from the admission to a unit. As EHRSQL prepares its database (Lee et al. 2022,
preprocess_db_eicu.py): a hospital stay gets a day of 2100-2105 (later years are likelier, and years between a patient's
stays are those between their hospitaldischargeyear), begins at its hospitaladmittime24, and all its offsets follow; a
later stay's age is the first one's and the years between; names are the third and fourth part of a path, under the path
that has them most often; orders that were cancelled, people under 11, `> 89` (whose age is hidden), of unknown gender or
admission source are left out; text is lower-case; costs are drawn once a name. Unlike EHRSQL: no values are shuffled
between patients; long stays are kept; stays of one patient do not overlap; exactly one patient in ten is still there at
the current time, and what lies after it is not.
"""

# pyright: basic, reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportAssignmentType=false, reportReturnType=false, reportIndexIssue=false
# pandas annotates a column as nearly any type; its behaviour is tested on real files instead.

from __future__ import annotations

import sqlite3
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from data_prep.eicu.names import split_path
from data_prep.eicu.view import SCHEMA, add_indexes
from data_prep.sources import csvs
from data_prep.sources.counts import Counts
from data_prep.sources.csvs import CsvFolder
from data_prep.sources.eicu_calendar import FIRST, LAST, calendar
from data_prep.sources.tables import fill, insert, prices, schema
from galen.errors import UserError

SOURCE = "eICU-CRD 2.0 as PhysioNet ships it"
PATIENT = (
    "uniquepid", "patienthealthsystemstayid", "patientunitstayid", "gender", "age", "ethnicity", "hospitalid", "wardid",
    "admissionheight", "admissionweight", "dischargeweight", "hospitaladmittime24", "hospitaladmitoffset",
    "hospitaladmitsource", "unitdischargeoffset", "hospitaldischargeoffset", "hospitaldischargeyear",
    "hospitaldischargestatus",
)  # fmt: skip
PATIENT_NUMBERS = (
    "patienthealthsystemstayid", "patientunitstayid", "hospitalid", "wardid", "admissionheight", "admissionweight",
    "dischargeweight", "hospitaladmitoffset", "unitdischargeoffset", "hospitaldischargeoffset", "hospitaldischargeyear",
)  # fmt: skip
PATIENT_NEEDS = (
    "uniquepid", "patienthealthsystemstayid", "patientunitstayid", "gender", "age", "hospitalid", "wardid",
    "hospitaladmittime24", "hospitaladmitoffset", "hospitaladmitsource", "unitdischargeoffset", "hospitaldischargeoffset",
    "hospitaldischargeyear",
)  # fmt: skip
MOMENTS = {  # time: the offset it comes from; the unit's own admission is the origin
    "hospitaladmittime": "hospitaladmitoffset", "unitadmittime": "", "unitdischargetime": "unitdischargeoffset",
    "hospitaldischargetime": "hospitaldischargeoffset",
}  # fmt: skip
VITAL_SIGNS = "temperature sao2 heartrate respiration systemicsystolic systemicdiastolic systemicmean"
WHOLE = (
    "patienthealthsystemstayid", "patientunitstayid", "hospitalid", "wardid", "costid", "eventid", "sao2", "heartrate",
    "respiration", "systemicsystolic", "systemicdiastolic", "systemicmean",
)  # fmt: skip


@dataclass(frozen=True)
class Table:
    """A source file: its text and number columns, and which offset (minutes from unit admission) becomes which time.

    `code` and `price` (dollars, from-to) say what a row costs; `path` is the column whose path names a row.
    """

    file: str
    text: str
    numbers: str
    times: dict[str, str]
    code: str = ""
    price: tuple[float, float] = (0, 0)
    path: str = ""


TABLES = {
    "diagnosis": Table("diagnosis", "diagnosisstring icd9code", "", {"diagnosistime": "diagnosisoffset"}, "diagnosisname", (60, 900), "diagnosisstring"),
    "treatment": Table("treatment", "treatmentstring", "", {"treatmenttime": "treatmentoffset"}, "treatmentname", (150, 4000), "treatmentstring"),
    "lab": Table("lab", "labname", "labresult", {"labresulttime": "labresultoffset"}, "labname", (3, 70)),
    "medication": Table("medication", "drugname dosage routeadmin drugordercancelled", "", {"drugstarttime": "drugstartoffset", "drugstoptime": "drugstopoffset"}, "drugname", (2, 90)),
    "allergy": Table("allergy", "drugname allergyname", "", {"allergytime": "allergyoffset"}),
    "intakeoutput": Table("intakeOutput", "cellpath celllabel", "cellvaluenumeric", {"intakeoutputtime": "intakeoutputoffset"}),
    "microlab": Table("microLab", "culturesite organism", "", {"culturetakentime": "culturetakenoffset"}),
    "vitalperiodic": Table("vitalPeriodic", "", VITAL_SIGNS, {"observationtime": "observationoffset"}),
}  # fmt: skip


def load(folder: Path, path: Path, patients: int, seed: int) -> Counts:
    """Fill a new SQLite file `path` with `patients` sampled people of the CSVs in `folder`.

    What was written and left out is printed and returned.

    Raises:
        UserError: a file or column is missing or a file is damaged; named, with what is expected. No row is usable.
    """
    source = CsvFolder(folder, SOURCE)
    source.require("patient", PATIENT)
    for table in TABLES.values():
        source.require(table.file, _columns(table))
    return fill(path, SCHEMA, lambda db: _Loader(source, db, patients, seed).run(), add_indexes)


def _columns(table: Table) -> tuple[str, ...]:
    return ("patientunitstayid", *table.text.split(), *table.numbers.split(), *table.times.values())


class _Loader:
    def __init__(self, source: CsvFolder, db: sqlite3.Connection, patients: int, seed: int) -> None:
        self._source, self._db, self._patients = source, db, patients
        self._rng = np.random.default_rng(seed)
        self._schema = schema(db)
        self._counts = Counts()
        self._units = pd.DataFrame()

    def run(self) -> Counts:
        people = self._people()
        ids = np.sort(people["uniquepid"].unique())
        chosen = self._rng.choice(ids, size=min(self._patients, len(ids)), replace=False)
        self._units = self._placed(people[people["uniquepid"].isin(chosen)]).set_index("patientunitstayid", drop=False)
        self._counts.rows["patient"] = insert(self._db, "patient", self._units[list(self._schema["patient"])], WHOLE)
        for name in TABLES:
            self._write(name, self._events(name))
        return self._counts

    def _kept(self, frame: pd.DataFrame, name: str, good: pd.Series, reason: str) -> pd.DataFrame:
        self._counts.leave(f"{name}: {reason}", int((~good).sum()))
        return frame[good]

    def _people(self) -> pd.DataFrame:
        """All usable unit stays, with `start`, the time of day at which the hospital stay began (a timedelta)."""
        text = tuple(c for c in PATIENT if c not in PATIENT_NUMBERS)
        frame = pd.concat(self._source.chunks("patient", PATIENT, text), ignore_index=True)
        frame = csvs.lower(csvs.numbers(frame, "patient", PATIENT_NUMBERS, self._counts))
        frame = csvs.present(frame, "patient", PATIENT_NEEDS, self._counts)
        frame = self._kept(frame, "patient", ~frame.duplicated("patientunitstayid"), "patientunitstayid is there twice")
        frame = self._kept(
            frame, "patient", frame["gender"].isin(["male", "female"]), "gender is neither male nor female"
        )
        frame = self._kept(frame, "patient", frame["age"] != "> 89", "the age is '> 89': eICU hides it")
        frame = csvs.numbers(frame, "patient", ("age",), self._counts)
        frame = self._kept(frame, "patient", frame["age"] > 10, "the patient is under 11")
        begin, end = frame["hospitaladmitoffset"], frame["hospitaldischargeoffset"]
        inside = (begin <= 0) & (frame["unitdischargeoffset"] > 0) & (frame["unitdischargeoffset"] <= end)
        frame = self._kept(frame, "patient", inside, "the unit stay is not inside the hospital stay")
        clock = frame["hospitaladmittime24"].where(
            frame["hospitaladmittime24"].str.count(":") == 2, frame["hospitaladmittime24"] + ":00"
        )
        frame = frame.assign(start=pd.to_timedelta(clock, errors="coerce"))
        frame = self._kept(frame, "patient", frame["start"].notna(), "hospitaladmittime24 is no time of day")
        if frame.empty:
            raise UserError(f"{self._source.root}: no unit stay is usable: {self._counts.report()}")
        return frame

    def _placed(self, units: pd.DataFrame) -> pd.DataFrame:
        """`units` with absolute times; a stay that has not ended at NOW has none, nor what is known at its end."""
        begins, ages = calendar(units, self._rng)
        units = units.assign(age=units["patienthealthsystemstayid"].map(ages).astype(int).astype(str))
        admitted = units["patienthealthsystemstayid"].map(begins)
        origin = admitted - pd.to_timedelta(units["hospitaladmitoffset"], unit="min")
        for time, offset in MOMENTS.items():
            units[time] = origin + pd.to_timedelta(units[offset] if offset else 0, unit="min")
        units = self._kept(units, "patient", units["unitadmittime"] <= LAST, "after the current time")
        for time in ("unitdischargetime", "hospitaldischargetime"):
            units[time] = units[time].where(units[time] <= LAST)
        for late in ("dischargeweight", "hospitaldischargestatus"):
            units[late] = units[late].where(units["hospitaldischargetime"].notna(), None)
        return units

    def _read(self, name: str) -> pd.DataFrame:
        """The rows of the placed unit stays; a path becomes a name on the way, for which all rows count."""
        table, seen = TABLES[name], Counter[str]()
        parts = []
        for chunk in self._source.chunks(table.file, _columns(table), tuple(table.text.split())):
            if table.path:
                seen.update(chunk[table.path].dropna().str.lower().str.strip())
            part = csvs.numbers(chunk, name, ("patientunitstayid",), self._counts)
            parts.append(part[part["patientunitstayid"].isin(self._units.index)])
        frame = pd.concat(parts, ignore_index=True)
        frame = csvs.numbers(frame, name, (*table.numbers.split(), *table.times.values()), self._counts)
        frame = csvs.lower(frame)
        if not table.path:
            return frame
        frame = csvs.present(frame, name, (table.path,), self._counts)
        usual = _usual_paths(seen)
        split = frame[table.path].map(split_path)
        frame = frame.assign(**{table.code: split.map(lambda pair: pair[1])})
        kept = split.map(lambda pair: usual[pair[1]] == pair[0])
        return self._kept(frame, name, kept, "the name is usual under another path")

    def _events(self, name: str) -> pd.DataFrame:
        """The rows of the placed unit stays that are there at NOW, with the schema's columns but the key."""
        table = TABLES[name]
        frame = self._read(name)
        if name == "medication":
            frame = self._kept(frame, name, frame["drugordercancelled"] == "no", "the order was cancelled")
        if name == "intakeoutput":
            frame = csvs.present(frame, name, ("cellpath", "celllabel"), self._counts)
            frame = self._kept(
                frame,
                name,
                frame["cellpath"].str.contains(r"(?:intake|output) \(ml\)", regex=True),
                "not an intake or output in ml",
            )
            frame = self._kept(frame, name, ~frame["celllabel"].isin(["intake", "output"]), "a total")
            frame["celllabel"] = frame["celllabel"].str.replace(r"\s+(intake|output)$", "", regex=True)
        frame = csvs.present(frame, name, (next(iter(table.times.values())),), self._counts)
        origin = frame["patientunitstayid"].map(self._units["unitadmittime"])
        for time, offset in table.times.items():
            frame[time] = origin + pd.to_timedelta(frame[offset], unit="min")
        columns = list(self._schema[name])[1:]
        frame = csvs.present(frame, name, tuple(c for c in columns if self._schema[name][c]), self._counts)
        start = next(iter(table.times))
        frame = self._kept(frame, name, frame[start] >= FIRST, "before 2100")
        frame = self._kept(frame, name, frame[start] <= LAST, "after the current time")
        if name == "medication":
            frame["drugstoptime"] = frame["drugstoptime"].where(frame["drugstoptime"] <= LAST)
        return frame[columns]

    def _write(self, name: str, frame: pd.DataFrame) -> None:
        numbered = frame.reset_index(drop=True)
        key = next(iter(self._schema[name]))
        numbered.insert(0, key, numbered.index + 1)
        self._counts.rows[name] = insert(self._db, name, numbered, WHOLE)
        table = TABLES[name]
        if not table.code:
            return
        before = self._counts.rows.get("cost", 0)
        unit = numbered["patientunitstayid"]
        costs = pd.DataFrame({
            "costid": numbered.index + 1 + before, "uniquepid": unit.map(self._units["uniquepid"]),
            "patienthealthsystemstayid": unit.map(self._units["patienthealthsystemstayid"]), "eventtype": name,
            "eventid": numbered[key], "chargetime": numbered[next(iter(table.times))],
            "cost": prices(name, numbered[table.code], *table.price),
        })  # fmt: skip
        self._counts.rows["cost"] = before + insert(self._db, "cost", costs, WHOLE)


def _usual_paths(seen: Counter[str]) -> dict[str, str]:
    """For each name the place where it stands most often; of equals the first in the alphabet."""
    places: dict[str, Counter[str]] = {}
    for path, n in seen.items():
        place, name = split_path(path)
        places.setdefault(name, Counter())[place] += n
    return {name: min(counts, key=lambda place: (-counts[place], place)) for name, counts in places.items()}
