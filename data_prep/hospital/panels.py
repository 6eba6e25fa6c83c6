"""Laboratory values: drawn in panels, about a level of one's own that illness moves along the course of the stay."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random

from data_prep.hospital import catalog as c
from data_prep.hospital.course import Course
from data_prep.hospital.model import Measure
from data_prep.hospital.person import Person, Price

MISSING = 0.03  # share of lab values not recorded
NOT_DONE = 0.08  # share of a panel's labs that are not done, for want of blood or because nobody asked
SPREAD = {True: 0.45, False: 0.25}  # how differently the same illness strikes people: of logarithmic labs, of others
ASKED = 0.45  # share of panels, at the begin, in which an illness is looked for
STRENGTH, BESIDE = 1.4, 0.4  # of a catalog shift in standard deviations; what counts of all but the strongest
MILD, UNTESTED = 0.9, 0.35  # severity below which nobody may draw blood, and how often nobody does
WORRYING = {"potassium": (3.3, 5.8), "glucose": (60, 200), "lactate": (0, 4), "sodium": (125, 150), "inr": (0, 3.5)}
CHECKED = 0.5  # share of worrying values after which the lab is taken again by itself
MORNINGS = 3  # with repeated panels, at the most
AGAIN = {"chemistry": 0.95, "blood count": 0.85, "minerals": 0.35, "coagulation": 0.15, "liver": 0.06}  # in the morning
ILL, VERY_ILL = 1.3, 1.8  # severities from which more is asked for
Drawn = dict[datetime, dict[str, None]]


def labs(rng: Random, person: Person, ill: Sequence[c.Diagnosis], course: Course, prices: Price) -> list[Measure]:
    """All lab values of a stay, in the order of their times."""
    if not course.icu and course.severity < MILD and rng.random() < UNTESTED:
        return []
    body = _Body(rng, person, ill, course)
    found = [m for time, panels in sorted(_draws(rng, ill, course).items()) for m in body.drawn(time, panels, prices)]
    checks = [body.checked(m, prices) for m in found if _is_worrying(m) and rng.random() < CHECKED]
    return sorted([*found, *(m for m in checks if m.time < course.until)], key=lambda m: m.time)


def _is_worrying(m: Measure) -> bool:
    low, high = WORRYING.get(m.item, (0.0, math.inf))
    return m.value is not None and not low <= m.value <= high


def _draws(rng: Random, ill: Sequence[c.Diagnosis], course: Course) -> Drawn:
    """The panels of each draw. Tubes of the same minute are one draw."""
    moved = {name for d in ill for name, _ in d.labs}
    arrival = course.start + timedelta(minutes=rng.randint(10, 70))
    first = [
        p
        for p, (items, share) in c.PANELS.items()
        if rng.random() < (max(ASKED, share) if moved & set(items) else share)
    ]
    found: Drawn = {arrival: dict.fromkeys(first)}
    more = {p for p in first if p not in ("chemistry", "blood count") and moved & set(c.PANELS[p][0])}
    for morning in _mornings(rng, course):
        panels = [p for p, share in AGAIN.items() if rng.random() < (min(0.9, share + 0.15) if p in more else share)]
        found.setdefault(morning, {}).update(dict.fromkeys(panels))
    if "heart" in more:
        found.setdefault(arrival + timedelta(minutes=rng.randint(340, 420)), {})["heart"] = None
    if course.severity > ILL or "blood gas" in more:
        for time in _gases(rng, course):
            found.setdefault(time, {})["blood gas"] = None
    return {time: panels for time, panels in found.items() if panels and time < course.until}


def _mornings(rng: Random, course: Course) -> list[datetime]:
    """Daily in intensive care, every third or fourth day elsewhere; a long stay has them further apart."""
    day = course.start.replace(hour=5, minute=0)
    gap, times = (3 if course.severity > ILL else 4), []
    for k in range(1, (course.until - day).days + 1):
        time = day + timedelta(days=k, minutes=rng.randint(-45, 75))
        if k % gap == 0 or course.in_icu(time):
            times.append(time)
    n = min(MORNINGS, len(times))
    return [times[i * len(times) // n] for i in range(n)]


def _gases(rng: Random, course: Course) -> Iterator[datetime]:
    for begin, end in course.icu:
        for i in range(1 + (course.severity > VERY_ILL)):
            time = begin + timedelta(minutes=int((0.7 + 9 * i + rng.random()) * 60))
            if time < (end or course.until):
                yield time


class _Body:
    """The levels of one stay."""

    def __init__(self, rng: Random, person: Person, ill: Sequence[c.Diagnosis], course: Course) -> None:
        self._rng, self._person, self._course = rng, person, course
        self._always: dict[str, list[float]] = {}
        self._comes: dict[str, list[float]] = {}
        for d in ill:
            lasting = d.code in c.CHRONIC and d is not ill[0]
            for lab, by in d.labs:
                strikes = person.chronic[d.code] if lasting else math.exp(rng.gauss(0, SPREAD[lab in c.LOGARITHMIC]))
                (self._always if lasting else self._comes).setdefault(lab, []).append(by * STRENGTH * strikes)

    def checked(self, worrying: Measure, prices: Price) -> Measure:
        """The same lab some hours later."""
        time = worrying.time + timedelta(minutes=self._rng.randint(150, 420))
        value = round(self._value(worrying.item, self._course.illness(time)), c.LABS[worrying.item][3])
        return Measure(worrying.item, time, value, worrying.unit, prices("lab", worrying.item))

    def drawn(self, time: datetime, panels: dict[str, None], prices: Price) -> Iterator[Measure]:
        """The values of one draw."""
        now = self._course.illness(time)
        values = {lab: self._value(lab, now) for panel in panels for lab in c.PANELS[panel][0]}
        self._agree(values, now)
        for lab, value in values.items():
            if self._rng.random() < NOT_DONE:
                continue
            _, _, unit, decimals = c.LABS[lab]
            shown = None if self._rng.random() < MISSING else round(value, decimals)
            yield Measure(lab, time, shown, unit, prices("lab", lab))

    def _value(self, lab: str, now: float) -> float:
        low, high, *_ = c.LABS[lab]
        away = self._person.labs[lab] + self._rng.gauss(0, c.SCATTER.get(lab, 0.45))
        away += _together(self._always.get(lab)) + now * _together(self._comes.get(lab))
        away += c.SICK.get(lab, 0.0) * now * self._course.severity
        if lab in c.LOGARITHMIC:
            value = math.sqrt(low * high) * math.exp(away * math.log(high / low) / 4)
        else:
            value = (low + high) / 2 + away * (high - low) / 4
        return _within(lab, value)

    def _agree(self, values: dict[str, float], now: float) -> None:
        """Hematocrit is three times hemoglobin, the anions balance sodium, and pH follows Henderson and Hasselbalch."""
        rng = self._rng
        if "hematocrit" in values:
            values["hematocrit"] = 3 * values["hemoglobin"] + rng.gauss(0, 0.4)
        if "chloride" in values:
            gap = 9 + rng.gauss(0, 1.5) + min(14.0, max(0.0, 0.9 * (self._value("lactate", now) - 2)))
            values["chloride"] = _within("chloride", values["sodium"] - values["bicarbonate"] - gap)
        if "ph" in values:
            bicarbonate = values.get("bicarbonate") or self._value("bicarbonate", now)
            values["pco2"] = _within("pco2", values["pco2"] - 0.5 * max(0.0, 25 - bicarbonate))  # breathed off
            values["ph"] = _within(
                "ph", 6.1 + math.log10(bicarbonate / (0.03 * values["pco2"])) + rng.gauss(-0.02, 0.01)
            )


def _together(shifts: list[float] | None) -> float:
    """The strongest in full, of the others a part."""
    if not shifts:
        return 0.0
    strongest = max(shifts, key=abs)
    return strongest + BESIDE * (sum(shifts) - strongest)


def _within(lab: str, value: float) -> float:
    low, high = c.LIMITS[lab]
    return min(high, max(low, value))
