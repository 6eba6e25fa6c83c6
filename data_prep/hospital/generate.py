"""A seeded hospital of any size: people with illnesses, whose severity decides how a stay goes and what is measured.

Each person is drawn by a generator of their own, so that the first people of a larger hospital are those of a smaller one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random

import numpy as np

from data_prep.hospital import catalog as c
from data_prep.hospital import illness, treatment
from data_prep.hospital.bedside import fluids, vitals
from data_prep.hospital.course import Course, plan
from data_prep.hospital.model import NOW, Admission, Coded, Hospital, IcuStay, Measure, Patient, Transfer
from data_prep.hospital.panels import labs
from data_prep.hospital.person import Person, Price, person, pick

START = datetime(2100, 1, 1)
CURRENT = 0.10  # share of patients in hospital at NOW
SOON = 0.12  # share of later stays that begin within 30 days of the one before
AGE, AGES = 64, 16  # years at the first stay: mean and deviation
DRIFT = 0.02  # of body weight between stays


def generate(patients: int, seed: int) -> Hospital:
    """A hospital of `patients` people; the same numbers give the same hospital, byte for byte."""
    prices = _Prices(seed)
    people = [_patient(Random(f"hospital/{seed}/{i}"), i, prices) for i in range(patients)]
    return Hospital(tuple(people), source=f"generated ({patients} patients, seed {seed})", seed=seed)


class _Prices:
    """One price for each code, so that 'what is the cost of …' has one answer."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng([seed, 1 << 31])
        self._known: dict[tuple[str, str], float] = {}

    def __call__(self, kind: str, name: str) -> float:
        low, high = {"lab": (3, 70), "drug": (2, 90), "diagnosis": (60, 900), "procedure": (150, 4000)}[kind]
        key = (kind, name)
        if key not in self._known:
            self._known[key] = round(float(np.exp(self._rng.uniform(np.log(low), np.log(high)))), 2)
        return self._known[key]


def _patient(rng: Random, number: int, prices: Price) -> Patient:
    who, id_ = person(rng), 10000 + number * 37 + rng.randrange(37)
    age = min(91.0, max(18.0, rng.gauss(AGE, AGES)))
    days = _days(rng)
    birth = datetime(days[0].year if days[0] else NOW.year, 1, 1) - timedelta(days=365 * int(age) + rng.randrange(300))
    known, weight = illness.chronic(rng, age), who.weight
    admissions: list[Admission] = []
    death = None
    for day in days:
        before = admissions[-1].end if admissions else None
        if day and before and day <= before + timedelta(days=2):
            day = before + timedelta(days=rng.uniform(2, 20))
            if day > NOW - timedelta(days=50):
                break
        made = _admission(rng, who, weight, known, day, birth, prices)
        if before and made.start <= before:
            break
        admissions.append(made)
        if made.destination == "dead/expired":
            death = made.end
            break
        known, weight = illness.one_more(rng, known, age), who.weight * (1 + rng.gauss(0, DRIFT))
    last = admissions[-1].end
    if death is None and last is not None and rng.random() < min(0.6, 0.03 + 1.5 * sum(d.risk for d in known)):
        later = last + timedelta(days=rng.expovariate(1 / 400))
        death = later.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        death = death if death < NOW else None
    return Patient(id_, who.sex, birth, death, tuple(admissions))


def _days(rng: Random) -> list[datetime | None]:
    """The days on which stays begin, in order; None for one that lasts until today."""
    visits, span = 1, (NOW - START).days - 42
    while visits < 6 and rng.random() < 0.45:
        visits += 1
    found = sorted(START + timedelta(days=rng.uniform(0, span)) for _ in range(visits))
    for k in range(1, visits):
        if rng.random() < SOON:
            found[k] = found[k - 1]  # moved behind the stay before, which is not planned yet
    return [*found[:-1], None] if rng.random() < CURRENT else list(found)


def _admission(
    rng: Random, who: Person, weight: float, known: list[c.Diagnosis], day: datetime | None, birth: datetime, prices: Price
) -> Admission:  # fmt: skip
    kind, frailty = pick(rng, c.ADMISSION_KINDS), rng.gauss(0, 1)
    years = ((day or NOW) - birth).days / 365.25
    ill = illness.of_stay(rng, kind, known, frailty)
    known += [d for d in ill if d.code in c.CHRONIC and d not in known]
    surgical = kind == "elective" and ill[0].code in c.OPERATED
    course = plan(rng, day, kind, illness.severity(rng, ill, years, frailty), surgical)
    age = (course.start - birth).days // 365
    measured = labs(rng, who, ill, course, prices)
    icu = tuple(_icu(rng, who, weight, ill, course, measured))
    return Admission(
        course.start, course.end, kind, _source(rng, kind), _destination(rng, course, age), who.insurance(age), who.language,
        who.marital, who.ethnicity, age,
        diagnoses=tuple(_diagnoses(rng, ill, course, prices)),
        procedures=tuple(treatment.procedures(rng, ill, measured, course, prices)),
        drugs=tuple(treatment.drugs(rng, ill, measured, course, prices)),
        labs=tuple(measured),
        cultures=tuple(treatment.cultures(rng, ill, course)),
        transfers=tuple(_transfers(rng, course, icu)),
        icu=icu,
    )  # fmt: skip


def _source(rng: Random, kind: str) -> str:
    usual = {"emergency": "emergency room admit", "elective": "phys referral/normal deli"}.get(kind)
    return usual if usual and rng.random() < 0.6 else pick(rng, c.SOURCES)


def _destination(rng: Random, course: Course, age: int) -> str | None:
    """Home for the young and little ill; others more often need care."""
    if course.end is None:
        return None
    if course.died:
        return "dead/expired"
    hard = 0.5 * course.severity + 0.02 * (age - 45)
    return pick(rng, [(x, w * (1 if x.startswith("home") else max(0.2, hard))) for x, w in c.DESTINATIONS])


def _diagnoses(rng: Random, ill: Sequence[c.Diagnosis], course: Course, prices: Price) -> Iterator[Coded]:
    """The principal one first; what comes up later is charted later."""
    times = [course.start + timedelta(minutes=rng.randint(5, 45))]
    times += sorted(course.start + timedelta(minutes=rng.randint(45, 400)) for _ in ill[1:])
    for d, time in zip(ill, times, strict=True):
        yield Coded(d.code, d.short, d.title, min(time, course.until), prices("diagnosis", d.code))


def _icu(
    rng: Random, who: Person, weight: float, ill: Sequence[c.Diagnosis], course: Course, measured: Sequence[Measure]
) -> Iterator[IcuStay]:
    scanty, low = any(d.code == "5849" for d in ill), treatment.first_low(measured)
    for span in course.icu:
        begin, end = span
        usual = c.UNITS.get(ill[0].code, "micu")
        unit = usual if rng.random() < 0.6 else rng.choice(c.ICU_UNITS)
        other = unit if rng.random() < 0.9 else rng.choice(c.ICU_UNITS)
        blood = ()
        if low and begin <= low < (end or NOW) - timedelta(hours=4):
            blood = (Measure("packed rbc's", low + timedelta(minutes=rng.randint(60, 230)), 350.0, "ml"),)
        yield IcuStay(
            unit, other, _ward(unit), _ward(other), begin, end,
            vitals=tuple(vitals(rng, who, weight, ill, course, span)),
            inputs=(*fluids(rng, c.INPUTS, span), *blood),
            outputs=tuple(fluids(rng, c.OUTPUTS, span, scanty)),
        )  # fmt: skip


def _ward(unit: str) -> int:
    return 7 + c.ICU_UNITS.index(unit) * 9


def _transfers(rng: Random, course: Course, icu: Sequence[IcuStay]) -> Iterator[Transfer]:
    """A stretch on the ward before, between and after intensive care; none after a death there."""
    begins = [*(s.start for s in icu), course.end]
    yield Transfer("admit", None, rng.randrange(2, 60), course.start, begins[0], False)
    for stay, following in zip(icu, begins[1:], strict=True):
        yield Transfer("transfer", stay.first_unit, stay.first_ward, stay.start, stay.end, True)
        if stay.end is not None and stay.end != course.end:
            yield Transfer("transfer", None, rng.randrange(2, 60), stay.end, following, False)
    if course.end is not None:
        yield Transfer("discharge", None, None, course.end, None, False)
