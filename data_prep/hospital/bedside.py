"""What is charted in intensive care: vital signs that follow the illness, body size, and fluids."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random

from data_prep.hospital import catalog as c
from data_prep.hospital.course import Course
from data_prep.hospital.model import NOW, Measure
from data_prep.hospital.person import Person

EVERY, CALM, SETS = 4.0, 6.0, 12  # hours between sets of the very ill and of others; sets of a stay at the most
CHARTED = 0.93  # share of a set's values that are written down
ILL = 1.4  # severity of the very ill
LASTS, DRIFT = 0.6, 0.55  # of a sign's wandering from set to set; its size, in standard deviations
FLUID_KINDS, TIMES = 4, 4  # of fluids in and out: at the most

Span = tuple[datetime, datetime | None]


def vitals(
    rng: Random, person: Person, weight: float, ill: Sequence[c.Diagnosis], course: Course, span: Span
) -> Iterator[Measure]:
    """Sets of vital signs every few hours, the height once, and weights that fluids move."""
    begin, end = span[0], span[1] or NOW
    hours = (end - begin).total_seconds() / 3600
    every = max(EVERY if course.severity > ILL else CALM, hours / SETS)
    signs, at = _Signs(rng, person, ill, course), rng.uniform(0.1, 0.9)
    while at < hours - 0.2:
        time = _at(begin, at)
        for name, value in signs.at(time).items():
            if rng.random() < CHARTED:
                yield Measure(name, time, value, c.VITALS[name][3])
        at += every + rng.uniform(-0.15, 0.15)
    yield Measure(c.HEIGHT, _at(begin, min(2.0, 0.5 * hours) * rng.random()), person.height, "cm")
    for part in sorted([0.1 * rng.random(), *(rng.random() for _ in range(rng.randint(0, 2)))]):
        yield Measure(c.WEIGHT, _at(begin, part * hours), round(weight + rng.gauss(0, 0.9), 1), "kg")


class _Signs:
    """The vital signs of one patient, as they wander."""

    def __init__(self, rng: Random, person: Person, ill: Sequence[c.Diagnosis], course: Course) -> None:
        self._rng, self._course, self._off = rng, course, dict.fromkeys(c.VITALS, 0.0)
        self._usual = {name: mean + sd * person.signs[name] for name, (mean, sd, *_) in c.VITALS.items()}
        self._comes = dict.fromkeys(c.VITALS, 0.0)
        for d in ill:
            for name, by in c.SIGNS.get(d.code, {}).items():
                (self._usual if d.code in c.CHRONIC else self._comes)[name] += by

    def at(self, time: datetime) -> dict[str, float]:
        """A set: all signs at `time`; the mean pressure follows from the other two."""
        now, dying, found = self._course.illness(time), self._course.dying(time), {}
        for name, (_, sd, decimals, _) in c.VITALS.items():
            self._off[name] = LASTS * self._off[name] + DRIFT * self._rng.gauss(0, 1)
            value = self._usual[name] + now * self._comes[name] + dying * c.SHOCK.get(name, 0.0) + sd * self._off[name]
            if name in c.SIGN_LIMITS:
                low, high = c.SIGN_LIMITS[name]
                found[name] = round(min(high, max(low, value)), decimals)
        found[c.DIASTOLIC] = min(found[c.DIASTOLIC], found[c.SYSTOLIC] - 8)
        found[c.MEAN] = round((found[c.SYSTOLIC] + 2 * found[c.DIASTOLIC]) / 3 + self._rng.gauss(0, 1))
        return {name: float(value) for name, value in found.items()}


def fluids(rng: Random, kinds: dict[str, tuple[int, ...]], span: Span, scanty: bool = False) -> Iterator[Measure]:
    """Amounts of a few of `kinds` in millilitres; `scanty` ones are the smaller half of the usual ones."""
    begin, end = span[0], span[1] or NOW
    hours = (end - begin).total_seconds() / 3600
    for name in sorted(rng.sample(list(kinds), rng.randint(1, FLUID_KINDS))):
        usual = kinds[name][: (len(kinds[name]) + 1) // 2] if scanty else kinds[name]
        for _ in range(rng.randint(1, TIMES)):
            yield Measure(name, _at(begin, rng.uniform(0.02, 0.98) * hours), float(rng.choice(usual)), "ml")


def _at(begin: datetime, hours: float) -> datetime:
    return begin + timedelta(minutes=int(hours * 60))
