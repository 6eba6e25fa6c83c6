"""The course of one stay: severity says who needs intensive care, for how long, how the stay ends and how ill one is when."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
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
    shrink = min(1.0, LONGEST / sum(parts))
    edges = [0.0]
    for part in parts:
        edges.append(edges[-1] + part * shrink)
    spans = [(edges[i], edges[i + 1]) for i in range(1, len(parts), 2)]
    hours = edges[-1]
    if day is None:
        held = rng.choice(spans) if spans and rng.random() < OPEN_IN_ICU else (0.0, hours)
        stayed = max(SHORTEST_OPEN, rng.uniform(held[0] + 0.3 * (held[1] - held[0]), held[1]))
        start, end, ended = _minute(NOW - timedelta(hours=stayed)), None, NOW
        hours = max(hours, stayed + 12)
    else:
        start = day.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(minutes=_clock(rng, kind))
        ended = end = start + timedelta(minutes=round(hours * 60)) if dies else _discharge(rng, start, edges)
        hours = (end - start).total_seconds() / 3600
    icu = []
    for i, (begin, leave) in enumerate(spans):
        a, b = start + timedelta(minutes=round(begin * 60)), start + timedelta(minutes=round(leave * 60))
        last_breath = dies and i == len(spans) - 1 and len(parts) % 2 == 0
        if a < ended - timedelta(minutes=30):
            icu.append((a, ended if last_breath else b if end or b < NOW else None))
    peaks = tuple(begin + min(10.0, 0.3 * (leave - begin)) for begin, leave in spans) or (min(16.0, 0.2 * hours),)
    return Course(start, end, tuple(icu), severity, dies, hours, peaks)


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


def _discharge(rng: Random, start: datetime, edges: list[float]) -> datetime:
    """An afternoon on or after the planned day, and after intensive care."""
    left = start + timedelta(hours=max(edges[-2] + 2, 8))
    end = start + timedelta(hours=edges[-1])
    end = end.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(minutes=_clock(rng, "discharge"))
    return end if end > left else end + timedelta(days=math.ceil((left - end) / timedelta(days=1)))


def _drawn(rng: Random, median: float, spread: float, low: float, high: float) -> float:
    return min(high, max(low, median * math.exp(rng.gauss(0, spread))))


def _clock(rng: Random, kind: str) -> int:
    """Minutes after midnight."""
    mean, deviation = HOURS[kind]
    return int(rng.gauss(mean, deviation) % 24 * 60)


def _minute(time: datetime) -> datetime:
    return time.replace(second=0, microsecond=0)


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x))
