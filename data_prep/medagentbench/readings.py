"""Recent values of people who are not in hospital: magnesium, potassium, glucose and hemoglobin A1c around the clock's now.

A hospital's tables end with its stays; MedAgentBench asks about the last day. Each person's values are drawn by a generator
of their own. No value lies near the edge of a window that is asked about, and no two values of an item share a minute.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from data_prep.medagentbench import codes
from data_prep.medagentbench.codes import category, concept, quantity
from data_prep.medagentbench.resources import CLOCK

EDGES = (24.0, 48.0, 72.0, 180 * 24.0, 365 * 24.0, 366 * 24.0)  # hours before now
CLEAR = 0.25  # hours to either side of an edge
MANY = 0.15  # of the people have a glucose sensor: more values than a page shows


class Reading(NamedTuple):
    """One value: its item in `codes.LABS`, how many hours ago, and the number."""

    item: str
    ago: float
    value: float


def drawn(rng: random.Random) -> list[Reading]:
    """One person's values."""
    return [*_magnesium(rng), *_potassium(rng), *_glucose(rng), *_a1c(rng)]


def observations(patient: str, seed: int) -> Iterator[dict[str, Any]]:
    """They as Observations of the patient with that id."""
    for number, reading in enumerate(drawn(random.Random(f"readings/{seed}/{patient}")), 1):
        short, loinc = codes.LABS[reading.item]
        yield {
            "resourceType": "Observation", "id": f"{patient[:50]}-r{number}", "status": "final", "category": category("laboratory"),
            "code": concept((codes.FLOWSHEET, short), (codes.LOINC, loinc), text=reading.item),
            "subject": {"reference": f"Patient/{patient}"}, "effectiveDateTime": _time(reading.ago).isoformat(),
            "valueQuantity": quantity(reading.value, UNITS[reading.item]),
        }  # fmt: skip


UNITS = {"magnesium": "mg/dl", "potassium": "meq/l", "glucose": "mg/dl", "hemoglobin a1c": "%"}


def _time(ago: float) -> datetime:
    return (CLOCK - timedelta(hours=ago)).replace(second=0, microsecond=0)


def _hours(rng: random.Random, low: float, high: float, n: int) -> list[float]:
    """`n` moments between `low` and `high` hours ago, no two in one minute, none near an edge; the list is in no order."""
    found: dict[datetime, float] = {}
    while len(found) < n:
        ago = rng.uniform(low, high)
        if all(abs(ago - edge) > CLEAR for edge in EDGES):
            found.setdefault(_time(ago), ago)
    return list(found.values())


def _series(
    rng: random.Random, item: str, spans: tuple[tuple[float, float, int], ...], value: Callable[[], float]
) -> list[Reading]:
    return [Reading(item, ago, value()) for low, high, n in spans for ago in _hours(rng, low, high, n)]


def _magnesium(rng: random.Random) -> list[Reading]:
    """In the last day for two of three, and low for most of these: mild, moderate or severe."""
    level = rng.choice((0.8, 1.2, 1.25, 1.7, 1.75, 2.2))
    today = rng.choice((0, 1, 2, 3, 1, 0))
    older = rng.randrange(0 if today else 1, 4)
    value = lambda: round(min(max(rng.gauss(level, 0.16), 0.5), 3.2), 1)  # noqa: E731
    return _series(rng, "magnesium", ((0.2, 24, today), (24, 200, older)), value)


def _potassium(rng: random.Random) -> list[Reading]:
    """None for half: a stay nearly always has one of its own, and somebody should have none at all."""
    if rng.random() < 0.5:
        return []
    level = rng.choice((2.9, 3.2, 3.3, 3.9, 4.5))
    value = lambda: round(min(max(rng.gauss(level, 0.2), 2.4), 5.8), 1)  # noqa: E731
    return _series(rng, "potassium", ((0.2, 24, rng.randrange(0, 3)), (24, 240, rng.randrange(0, 4))), value)


def _glucose(rng: random.Random) -> list[Reading]:
    level, spread = rng.choice((95, 130, 170, 220)), rng.choice((8, 25, 40))
    value = lambda: round(min(max(rng.gauss(level, spread), 42), 480))  # noqa: E731
    if rng.random() < MANY:
        return _series(rng, "glucose", ((0.2, 24, rng.randrange(55, 80)), (24, 72, rng.randrange(20, 60))), value)
    return _series(rng, "glucose", ((0.2, 24, rng.choice((0, 1, 2, 4, 6, 0))), (24, 96, rng.randrange(0, 5))), value)


def _a1c(rng: random.Random) -> list[Reading]:
    """Within six months, within the year, older, or never."""
    low, high = rng.choice(((100, 4300), (4400, 8700), (8850, 26000), (8850, 26000), (0, 0)))
    if not high:
        return []
    level = rng.choice((5.4, 6.3, 7.6, 9.1))
    value = lambda: round(min(max(rng.gauss(level, 0.4), 4.1), 14.0), 1)  # noqa: E731
    return _series(rng, "hemoglobin a1c", ((low, high, 1), (high, high + 16000, rng.randrange(0, 3))), value)
