"""A seeded hospital of any size: comorbid patients, treatments that follow diagnoses, labs that follow disease."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from data_prep.hospital import catalog as c
from data_prep.hospital.model import NOW, Admission, Coded, Culture, Drug, Hospital, IcuStay, Measure, Patient, Transfer

START = datetime(2100, 1, 1)
BY_CODE = {d.code: d for d in c.DIAGNOSES}
CURRENT = 0.10  # share of patients in hospital at NOW
MISSING = 0.03  # share of lab values not recorded


def generate(patients: int, seed: int) -> Hospital:
    """A hospital of `patients` people; the same numbers give the same hospital, byte for byte."""
    prices = _Prices(seed)
    people = []
    for i in range(patients):
        rng = np.random.default_rng([seed, i])
        people.append(_patient(rng, 10000 + int(i * 37 + rng.integers(0, 37)), prices))
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


def _pick(rng: np.random.Generator, weighted: Sequence[tuple]) -> str | None:
    weights = np.array([w for _, w in weighted], float)
    return weighted[int(rng.choice(len(weighted), p=weights / weights.sum()))][0]


def _some(rng: np.random.Generator, items: Sequence[str], low: int, high: int) -> list[str]:
    n = min(len(items), int(rng.integers(low, high + 1)))
    return [items[int(j)] for j in sorted(rng.choice(len(items), size=n, replace=False))] if n else []


def _minutes(time: datetime) -> datetime:
    return time.replace(second=0, microsecond=0)


def _patient(rng: np.random.Generator, id_: int, prices: _Prices) -> Patient:
    chronic = _diseases(rng)
    age = int(np.clip(rng.normal(np.mean([d.age for d in chronic]), 12), 18, 91))
    visits = 1 + min(int(rng.geometric(0.55)) - 1, 5)
    current = rng.random() < CURRENT
    span = (NOW - START).days - 40
    days = sorted(float(x) for x in rng.uniform(0, span, visits))
    starts = [_minutes(START + timedelta(days=x)) for x in days]
    if current:
        starts[-1] = _minutes(NOW - timedelta(hours=float(rng.uniform(12, 200))))
    birth = starts[0].replace(month=1, day=1, hour=0, minute=0) - timedelta(days=365 * age + int(rng.integers(0, 300)))
    person = {
        "insurance": _pick(rng, c.INSURANCES), "language": _pick(rng, c.LANGUAGES), "marital": _pick(rng, c.MARITAL),
        "ethnicity": _pick(rng, c.ETHNICITIES),
    }  # fmt: skip
    admissions: list[Admission] = []
    death = None
    for k, start in enumerate(starts):
        if admissions and admissions[-1].end and start <= admissions[-1].end:
            start = _minutes(admissions[-1].end + timedelta(days=float(rng.uniform(2, 20))))
            if start > NOW - timedelta(days=12):
                break
        is_open = current and k == len(starts) - 1
        years = (start - birth).days // 365
        acute = chronic if k == 0 else [d for d in chronic if rng.random() < 0.7] + _diseases(rng)[:1]
        died = not is_open and rng.random() < max((d.risk for d in acute), default=0.01)
        admissions.append(_admission(rng, start, is_open, died, years, acute, person, prices))
        if died:
            death = admissions[-1].end
            break
    last = admissions[-1].end
    if death is None and last is not None and rng.random() < 0.18:
        later = last + timedelta(days=float(rng.exponential(400)))
        death = later.replace(hour=0, minute=0, second=0, microsecond=0) if later < NOW else None
    return Patient(id_, "m" if rng.random() < 0.55 else "f", birth.replace(hour=0, minute=0), death, tuple(admissions))


def _diseases(rng: np.random.Generator) -> list[c.Diagnosis]:
    weights = np.array([d.weight for d in c.DIAGNOSES])
    first = c.DIAGNOSES[int(rng.choice(len(c.DIAGNOSES), p=weights / weights.sum()))]
    found = {first.code: first}
    for code in first.links:
        if rng.random() < 0.55:
            found[code] = BY_CODE[code]
    for _ in range(int(rng.integers(0, 4))):
        other = c.DIAGNOSES[int(rng.choice(len(c.DIAGNOSES), p=weights / weights.sum()))]
        found[other.code] = other
    return list(found.values())


def _admission(
    rng: np.random.Generator, start: datetime, is_open: bool, died: bool, age: int, ill: list[c.Diagnosis],
    person: dict[str, str | None], prices: _Prices,
) -> Admission:  # fmt: skip
    days = float(np.clip(rng.lognormal(1.55, 0.75), 0.6, 60))
    end = None if is_open else _minutes(start + timedelta(days=days))
    until = NOW if end is None else end
    kind = str(_pick(rng, c.ADMISSION_KINDS))
    source = "emergency room admit" if kind == "emergency" and rng.random() < 0.6 else str(_pick(rng, c.SOURCES))
    destination = None if end is None else "dead/expired" if died else _pick(rng, c.DESTINATIONS)
    when = _Clock(rng, start, until)
    icu = _icu(rng, start, end, until) if rng.random() < 0.55 else ()
    names = [p for d in ill for p in d.procedures if rng.random() < 0.45] + _some(rng, c.COMMON_PROCEDURES, 0, 1)
    return Admission(
        start, end, kind, source, destination, str(person["insurance"]), person["language"], person["marital"],
        str(person["ethnicity"]), age,
        diagnoses=tuple(
            Coded(d.code, d.short, d.title, _minutes(start + timedelta(hours=float(rng.uniform(0, 6)))), prices("diagnosis", d.code))
            for d in ill
        ),
        procedures=tuple(Coded(p, *c.PROCEDURES[p], when(), prices("procedure", p)) for p in names),
        drugs=tuple(_drugs(rng, ill, when, until, prices)),
        labs=tuple(_labs(rng, ill, when, days, prices)),
        cultures=tuple(_cultures(rng, ill, when)),
        transfers=tuple(_transfers(rng, start, end, icu)),
        icu=icu,
    )  # fmt: skip


class _Clock:
    """Random minutes between admission and discharge (or NOW)."""

    def __init__(self, rng: np.random.Generator, start: datetime, until: datetime) -> None:
        self._rng, self._start, self._span = rng, start, (until - start).total_seconds()

    def __call__(self) -> datetime:
        return _minutes(self._start + timedelta(seconds=float(self._rng.uniform(0.02, 0.98)) * self._span))


def _drugs(rng, ill, when, until, prices):
    names = [n for d in ill for n in d.drugs if rng.random() < 0.75] + _some(rng, c.COMMON_DRUGS, 1, 3)
    names += [n for n in names if rng.random() < 0.15]
    for name in names:
        doses, unit, route = c.DRUGS[name]
        start = when()
        end = _minutes(start + timedelta(days=float(rng.exponential(2.5)) + 0.2))
        dose = doses[int(rng.integers(len(doses)))]
        yield Drug(
            start,
            end if end < until else until if until != NOW else None,
            name,
            dose,
            unit,
            route,
            prices("drug", name),
        )


def _labs(rng, ill, when, days, prices):
    shift: dict[str, float] = {}
    for d in ill:
        for lab, by in d.labs:
            shift[lab] = shift.get(lab, 0.0) + by
    for name, (low, high, unit, decimals, often) in c.LABS.items():
        chance = min(0.95, often * 0.55 + 0.6 * (name in shift))
        if rng.random() > chance:
            continue
        for _ in range(1 + int(rng.poisson(min(days, 8) * 0.14 * often))):
            middle, sd = (low + high) / 2, (high - low) / 4
            value = middle + sd * (1.4 * shift.get(name, 0.0) + rng.normal())
            value = round(max(value, low * 0.35), decimals)
            yield Measure(name, when(), None if rng.random() < MISSING else value, unit, prices("lab", name))


def _cultures(rng, ill, when):
    names = [s for d in ill for s in d.cultures if rng.random() < 0.8] + _some(rng, c.COMMON_CULTURES, 0, 1)
    for specimen in names:
        organisms = c.ORGANISMS[specimen]
        grown = organisms[int(rng.integers(len(organisms)))] if rng.random() < 0.4 else None
        yield Culture(specimen, grown, when())


def _icu(rng: np.random.Generator, start: datetime, end: datetime | None, until: datetime) -> tuple[IcuStay, ...]:
    total = (until - start).total_seconds()
    begin = _minutes(start + timedelta(seconds=float(rng.uniform(0.01, 0.3)) * total))
    still = end is None and rng.random() < 0.8
    leave = None if still else _minutes(begin + timedelta(seconds=float(rng.uniform(0.2, 0.65)) * total))
    unit = c.ICU_UNITS[int(rng.integers(len(c.ICU_UNITS)))]
    other = unit if rng.random() < 0.9 else c.ICU_UNITS[int(rng.integers(len(c.ICU_UNITS)))]
    when = _Clock(rng, begin, leave or until)
    ward = 7 + c.ICU_UNITS.index(unit) * 9
    stay = IcuStay(
        unit, other, ward, 7 + c.ICU_UNITS.index(other) * 9, begin, leave,
        vitals=tuple(_vitals(rng, when)),
        inputs=tuple(_fluids(rng, when, c.INPUTS)),
        outputs=tuple(_fluids(rng, when, c.OUTPUTS)),
    )  # fmt: skip
    return (stay,)


def _vitals(rng, when):
    bias = rng.normal(size=len(c.VITALS))
    for time in sorted(when() for _ in range(int(rng.integers(3, 8)))):
        for j, (name, (mean, sd, decimals, unit)) in enumerate(c.VITALS.items()):
            if rng.random() < 0.85:
                value = round(float(mean + sd * (0.6 * bias[j] + 0.8 * rng.normal())), decimals)
                yield Measure(name, time, min(value, 100.0) if name == "spo2" else value, unit)
    weight, height = float(np.clip(rng.normal(81, 18), 42, 170)), float(np.clip(rng.normal(170, 10), 145, 203))
    yield Measure(c.HEIGHT, when(), round(height, 0), "cm")
    for _ in range(int(rng.integers(1, 4))):
        yield Measure(c.WEIGHT, when(), round(weight + float(rng.normal(0, 1.2)), 1), "kg")


def _fluids(rng, when, kinds: dict[str, tuple[int, ...]]):
    for name in _some(rng, list(kinds), 1, 4):
        for _ in range(int(rng.integers(1, 5))):
            yield Measure(name, when(), float(kinds[name][int(rng.integers(len(kinds[name])))]), "ml")


def _transfers(rng, start: datetime, end: datetime | None, icu: tuple[IcuStay, ...]):
    floor = int(rng.integers(2, 60))
    first_end = icu[0].start if icu else end
    yield Transfer("admit", None, floor, start, first_end, False)
    for stay in icu:
        yield Transfer("transfer", stay.first_unit, stay.first_ward, stay.start, stay.end, True)
        if stay.end is not None:
            yield Transfer("transfer", None, int(rng.integers(2, 60)), stay.end, end, False)
    if end is not None:
        yield Transfer("discharge", None, None, end, None, False)
