"""What is done: drugs and procedures for diagnoses and for values, and cultures that grow what the infection is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random

from data_prep.hospital import catalog as c
from data_prep.hospital.course import Course
from data_prep.hospital.model import NOW, Coded, Culture, Drug, Measure
from data_prep.hospital.person import Price

GIVEN = {True: 0.38, False: 0.62}  # share of a diagnosis's drugs that are given: of a chronic, of an acute one
DONE = {True: 0.12, False: 0.42}  # and of its procedures
ORDERED_AGAIN = 0.1
HEEDED = 0.7  # share of worrying values that are answered with a drug or a transfusion
BEDSIDE = ("9671", "9604", "9960")  # procedures of intensive care, where there is some
TRANSFUSION, LOW_HEMOGLOBIN = "9904", 7.6
# lab: what is given below one value, and above another
ANSWERS: dict[str, tuple[float, str | None, float, str | None]] = {
    "potassium": (3.4, "potassium chloride", 5.9, "calcium gluconate"), "glucose": (0, None, 190, "insulin"),
    "magnesium": (1.6, "magnesium sulfate", 9, None), "sodium": (128, "sodium chloride", 200, None),
    "bicarbonate": (16, "sodium bicarbonate", 99, None), "lactate": (0, None, 4, "sodium chloride"),
}  # fmt: skip
GROWS, ELSEWHERE = 0.68, 0.22  # share of cultures that grow: of the infected specimen, of others


def drugs(
    rng: Random, ill: Sequence[c.Diagnosis], labs: Sequence[Measure], course: Course, prices: Price
) -> Iterator[Drug]:
    """Prescriptions; what a person takes for chronic illnesses is ordered on arrival."""
    wanted: dict[str, datetime] = {}
    for d in ill:
        lasting = d.code in c.CHRONIC and d is not ill[0]
        for name in d.drugs:
            if name not in wanted and rng.random() < GIVEN[lasting]:
                wanted[name] = within(rng, course, 0.02, 0.25 if lasting else 0.6)
    for name in rng.sample(c.COMMON_DRUGS, rng.randint(1, 2)):
        wanted.setdefault(name, within(rng, course, 0.02, 0.9))
    orders = [
        *wanted.items(),
        *((name, within(rng, course, 0.3, 0.98)) for name in wanted if rng.random() < ORDERED_AGAIN),
    ]
    for name, start in [*orders, *_answers(rng, labs, course)]:
        doses, unit, route = c.DRUGS[name]
        end = start + timedelta(minutes=int(1440 * (rng.expovariate(1 / 2.5) + 0.2)))
        stops = end if end < course.until else course.end
        yield Drug(start, stops, name, rng.choice(doses), unit, route, prices("drug", name))


def _answers(rng: Random, labs: Sequence[Measure], course: Course) -> Iterator[tuple[str, datetime]]:
    """What the first worrying value of each lab is answered with, some hours later."""
    answered = set()
    for m in labs:
        if m.value is not None and m.item in ANSWERS and m.item not in answered:
            low, below, high, above = ANSWERS[m.item]
            name = below if m.value < low else above if m.value > high else None
            time = m.time + timedelta(minutes=rng.randint(30, 300))
            if name and time < course.until and rng.random() < HEEDED:
                answered.add(m.item)
                yield name, time


def procedures(
    rng: Random, ill: Sequence[c.Diagnosis], labs: Sequence[Measure], course: Course, prices: Price
) -> Iterator[Coded]:
    """Each procedure once, and a transfusion after a low hemoglobin."""
    names = {}
    for d in ill:
        for p in d.procedures:
            if rng.random() < DONE[d.code in c.CHRONIC and d is not ill[0]]:
                names[p] = within(rng, course, 0.02, 0.7)
    if rng.random() < 0.5:
        names.setdefault(rng.choice(c.COMMON_PROCEDURES), within(rng, course, 0.02, 0.98))
    low = first_low(labs)
    if low and rng.random() < HEEDED:
        names[TRANSFUSION] = min(low + timedelta(minutes=rng.randint(60, 360)), course.until)
    for p, time in names.items():
        if p in BEDSIDE and course.icu:
            begin, end = course.icu[0]
            time = begin + timedelta(minutes=int(rng.uniform(0.02, 0.6) * ((end or NOW) - begin).total_seconds() / 60))
        yield Coded(p, *c.PROCEDURES[p], time, prices("procedure", p))


def first_low(labs: Sequence[Measure]) -> datetime | None:
    """When hemoglobin first called for blood."""
    times = [m.time for m in labs if m.item == "hemoglobin" and m.value is not None and m.value < LOW_HEMOGLOBIN]
    return min(times, default=None)


def cultures(rng: Random, ill: Sequence[c.Diagnosis], course: Course) -> Iterator[Culture]:
    """An infection grows where it sits, and has one germ in all specimens that can have it."""
    codes = {d.code for d in ill}
    names = [s for d in ill for s in d.cultures if rng.random() < 0.55] + rng.sample(
        c.COMMON_CULTURES, rng.randint(0, 1)
    )
    germ = rng.choice(c.ORGANISMS["blood culture"])
    for specimen in names:
        kinds = c.ORGANISMS[specimen]
        infected = bool(codes & set(c.INFECTIONS.get(specimen, ())))
        grown = germ if germ in kinds and infected else rng.choice(kinds)
        yield Culture(specimen, grown if rng.random() < (GROWS if infected else ELSEWHERE) else None, within(rng, course, 0.02, 0.8))  # fmt: skip


def within(rng: Random, course: Course, low: float, high: float) -> datetime:
    """A minute between two shares of the stay so far."""
    minutes = (course.until - course.start).total_seconds() / 60
    return course.start + timedelta(minutes=int(rng.uniform(low, high) * minutes))
