"""The one patient model: every source fills it, every view reads it.

Times are naive datetimes between 2100 and 2105; `None` as an end means still open at `NOW`. Text is lower-case.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

NOW = datetime(2105, 12, 31, 23, 59, 0)


@dataclass(frozen=True)
class Coded:
    """A diagnosis or procedure: code, short and long title, when it was charted, what it cost in dollars."""

    code: str
    short: str
    title: str
    time: datetime
    cost: float


@dataclass(frozen=True)
class Drug:
    """A prescription; dose is text, as hospitals write it ('1-2', '0.5')."""

    start: datetime
    end: datetime | None
    name: str
    dose: str
    unit: str
    route: str
    cost: float


@dataclass(frozen=True)
class Measure:
    """A lab or bedside value; `value` None when it was not recorded."""

    item: str
    time: datetime
    value: float | None
    unit: str
    cost: float = 0.0


@dataclass(frozen=True)
class Culture:
    """A microbiology test; `organism` None when nothing grew."""

    specimen: str
    organism: str | None
    time: datetime


@dataclass(frozen=True)
class Transfer:
    """A stretch in one care unit and ward. `event` is admit, transfer or discharge."""

    event: str
    careunit: str | None
    ward: int | None
    start: datetime
    end: datetime | None
    icu: bool


@dataclass(frozen=True)
class IcuStay:
    """An intensive-care stay with its charted vitals and fluid balance (millilitres)."""

    first_unit: str
    last_unit: str
    first_ward: int
    last_ward: int
    start: datetime
    end: datetime | None
    vitals: tuple[Measure, ...] = ()
    inputs: tuple[Measure, ...] = ()
    outputs: tuple[Measure, ...] = ()


@dataclass(frozen=True)
class Admission:
    """One hospital stay. `age` is in years at admission."""

    start: datetime
    end: datetime | None
    kind: str
    source: str
    destination: str | None
    insurance: str
    language: str | None
    marital: str | None
    ethnicity: str
    age: int
    diagnoses: tuple[Coded, ...] = ()
    procedures: tuple[Coded, ...] = ()
    drugs: tuple[Drug, ...] = ()
    labs: tuple[Measure, ...] = ()
    cultures: tuple[Culture, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    icu: tuple[IcuStay, ...] = ()


@dataclass(frozen=True)
class Patient:
    """One person; `sex` is 'm' or 'f'."""

    id: int
    sex: str
    birth: datetime
    death: datetime | None
    admissions: tuple[Admission, ...]


@dataclass(frozen=True)
class Hospital:
    """All patients, and where they come from; `notes` say what the source held that is not here."""

    patients: tuple[Patient, ...]
    source: str
    seed: int = 0
    notes: tuple[str, ...] = field(default=())
