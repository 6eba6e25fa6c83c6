"""The course of one stay: severity says who needs intensive care, for how long, how the stay ends and how ill one is when."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random

from data_prep.hospital.model import NOW

LONGEST = 38 * 24.0  # hours of a stay
SHORTEST_OPEN = 12.0  # hours that a patient of today has been here at least
OPEN_IN_ICU = 0.75  # of those still here whose stay has intensive care
DIES_IN_ICU = 0.85  # of those who die in a stay with intensive care
BACK = 0.11  # chance of a second intensive-care stay
HOURS = {"emergency": (17, 6), "urgent": (14, 4), "elective": (7.5, 1.2), "discharge": (14.5, 1.8)}  # mean, deviation


@dataclass(frozen=True)
class Course:
    """`icu` are begins and ends, None while it lasts; `peaks` are hours after the begin at which the patient is worst."""

    start: datetime
    end: datetime | None
    icu: tuple[tuple[datetime, datetime | None], ...]
    severity: float
    died: bool
    hours: float
    peaks: tuple[float, ...]

    @property
    def until(self) -> datetime:
        return self.end or NOW

    def illness(self, time: datetime) -> float:
        """How much of the illness there is at `time`: 1 at its worst, near 0 at discharge, rising above 1 until death."""
        t, fades = (time - self.start).total_seconds() / 3600, max(18.0, self.hours / 3)
        level = max(_peak(t, at, fades) for at in self.peaks)
        return max(level, 0.75 + 0.5 * t / self.hours) if self.died else level

    def dying(self, time: datetime) -> float:
        """0, but for the last day of those who die: up to 1 at the death."""
        left = self.hours - (time - self.start).total_seconds() / 3600
        return max(0.0, 1 - left / 24) if self.died else 0.0

    def in_icu(self, time: datetime) -> bool:
        return any(begin <= time <= (end or NOW) for begin, end in self.icu)


def _peak(t: float, at: float, fades: float) -> float:
    return 1 - 0.4 * min(1.0, (at - t) / 24) if t < at else math.exp((at - t) / fades)


def plan(rng: Random, day: datetime | None, kind: str, severity: float, surgical: bool) -> Course:
    """A course that begins on `day`, or one that is not over at NOW where there is none."""
    dies = day is not None and rng.random() < _logistic(2.3 * (severity - 2.25))
    intensive = rng.random() < _logistic(2.4 * (severity - 0.9 + 0.7 * surgical + 0.6 * dies))
    parts = _with_icu(rng, severity, surgical, dies) if intensive else [_drawn(rng, 106 * math.exp(0.25 * severity - 0.25), 0.6, 14, 700)]  # fmt: skip
    edges = _edges(parts)
    spans = [(edges[i], edges[i + 1]) for i in range(1, len(parts), 2)]
    if day is None:
        stayed = _stayed(rng, spans, edges[-1])
        start, end, hours = _minute(NOW - timedelta(hours=stayed)), None, max(edges[-1], stayed + 12)
    else:
        start = _midnight(day) + timedelta(minutes=_clock(rng, kind))
        end = _after(start, edges[-1]) if dies else _discharge(rng, start, edges)
        hours = (end - start).total_seconds() / 3600
    icu = _icu(start, end, spans, dies_there=dies and len(parts) % 2 == 0)
    peaks = tuple(begin + min(10.0, 0.3 * (leave - begin)) for begin, leave in spans) or (min(16.0, 0.2 * hours),)
    return Course(start, end, icu, severity, dies, hours, peaks)


def _with_icu(rng: Random, severity: float, surgical: bool, dies: bool) -> list[float]:
    """Hours on the ward and in intensive care by turns; of an even number the last is in intensive care."""
    at_once = surgical or rng.random() < 0.8
    parts = [rng.uniform(4, 9) if surgical else rng.uniform(0.3, 6) if at_once else rng.uniform(8, 72)]
    parts.append(_drawn(rng, 51 * math.exp(0.45 * (severity - 1.4)), 0.75, 10, 500))
    if rng.random() < BACK:
        parts += [rng.uniform(18, 96), _drawn(rng, 40 * math.exp(0.45 * (severity - 1.4)), 0.7, 8, 300)]
    if not (dies and rng.random() < DIES_IN_ICU):
        parts.append(_drawn(rng, 88 * math.exp(0.2 * (severity - 1.4)), 0.65, 8, 500))
    return parts


def _edges(parts: list[float]) -> list[float]:
    """Hours after the start at which the parts begin, and the last one ends; no stay is longer than `LONGEST`."""
    shrink = min(1.0, LONGEST / sum(parts))
    return list(accumulate((part * shrink for part in parts), initial=0.0))


def _stayed(rng: Random, spans: list[tuple[float, float]], hours: float) -> float:
    """How many hours of the planned ones have passed at NOW, mostly so that intensive care (`spans`) holds NOW."""
    low, high = rng.choice(spans) if spans and rng.random() < OPEN_IN_ICU else (0.0, hours)
    return max(SHORTEST_OPEN, rng.uniform(low + 0.3 * (high - low), high))


def _icu(
    start: datetime, end: datetime | None, spans: list[tuple[float, float]], *, dies_there: bool
) -> tuple[tuple[datetime, datetime | None], ...]:
    """Begins and ends of intensive care, planned in hours; what would begin in the last half hour of the stay does not."""
    ended, found = end or NOW, []
    for i, (begin, leave) in enumerate(spans):
        a, b = _after(start, begin), _after(start, leave)
        last_breath = dies_there and i == len(spans) - 1
        if a < ended - timedelta(minutes=30):
            found.append((a, ended if last_breath else b if end or b < NOW else None))
    return tuple(found)


def _discharge(rng: Random, start: datetime, edges: list[float]) -> datetime:
    """An afternoon on or after the planned day, and after intensive care."""
    left = start + timedelta(hours=max(edges[-2] + 2, 8))
    end = start + timedelta(hours=edges[-1])
    end = _midnight(end) + timedelta(minutes=_clock(rng, "discharge"))
    return end if end > left else end + timedelta(days=math.ceil((left - end) / timedelta(days=1)))


def _drawn(rng: Random, median: float, spread: float, low: float, high: float) -> float:
    return min(high, max(low, median * math.exp(rng.gauss(0, spread))))


def _clock(rng: Random, kind: str) -> int:
    """Minutes after midnight."""
    mean, deviation = HOURS[kind]
    return int(rng.gauss(mean, deviation) % 24 * 60)


def _after(start: datetime, hours: float) -> datetime:
    return start + timedelta(minutes=round(hours * 60))


def _midnight(time: datetime) -> datetime:
    return time.replace(hour=0, minute=0, second=0, microsecond=0)


def _minute(time: datetime) -> datetime:
    return time.replace(second=0, microsecond=0)


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x))
