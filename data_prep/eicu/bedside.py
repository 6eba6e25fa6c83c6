"""What a bedside monitor and a scale leave in eICU: periodic vital signs, weights and a height.

A nurse charts a few sets of vital signs a stay (the hospital's own measures, kept as they are); the monitor stores a
row an hour between them. Those rows lie between their two neighbours, so that first, last, highest and lowest stay
the ones that were charted.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np

from data_prep.eicu.names import HEIGHTS, VITALS, WEIGHTS
from data_prep.hospital.model import IcuStay, Patient

COLUMNS = (
    "temperature", "sao2", "heartrate", "respiration", "systemicsystolic", "systemicdiastolic", "systemicmean",
)  # fmt: skip
EVERY = timedelta(hours=1)
Signs = dict[str, float]


def vital_rows(stay: IcuStay, rng: np.random.Generator) -> list[tuple[datetime, Signs]]:
    """Time and signs by column, in time order: the charted sets, and hourly ones between them."""
    charted: dict[datetime, list[Signs]] = defaultdict(lambda: [{}])
    for m in stay.vitals:
        if m.item in VITALS and m.value is not None:
            column, sets = VITALS[m.item], charted[m.time]
            if column in sets[-1]:  # two sets in one minute
                sets.append({})
            sets[-1][column] = _rounded(column, m.value)
    rows = [(time, signs) for time in sorted(charted) for signs in charted[time]]
    between = [row for before, after in pairwise(rows) for row in _between(before, after, rng)]
    return sorted(rows + between, key=lambda row: row[0])


def _between(
    before: tuple[datetime, Signs], after: tuple[datetime, Signs], rng: np.random.Generator
) -> list[tuple[datetime, Signs]]:
    (start, low), (end, high) = before, after
    shared = [c for c in COLUMNS if c in low and c in high]
    steps = int((end - start - timedelta(minutes=1)) / EVERY)
    if not shared or steps < 1:
        return []
    way = np.arange(1, steps + 1) * (EVERY / (end - start))
    wander = np.clip(way[:, None] + rng.normal(0, 0.25, (steps, len(shared))), 0, 1)
    return [
        (start + (i + 1) * EVERY, {c: _rounded(c, low[c] + (high[c] - low[c]) * wander[i, j]) for j, c in enumerate(shared)})
        for i in range(steps)
    ]  # fmt: skip


def _rounded(column: str, value: float) -> float:
    return round(float(value), 1) if column == "temperature" else round(float(value))


def height(patient: Patient, stay: IcuStay | None) -> float | None:
    """Centimetres, as measured in this stay or else in another one of the patient."""
    own = _measured(stay, HEIGHTS) if stay else []
    other = [v for a in patient.admissions for s in a.icu for v in _measured(s, HEIGHTS)]
    return (own or other or [None])[0]


def usual_weight(patient: Patient) -> float | None:
    """Kilograms, as first measured in any stay."""
    return next((v for a in patient.admissions for s in a.icu for v in _measured(s, WEIGHTS)), None)


def weights(stay: IcuStay) -> tuple[float | None, float | None]:
    """Kilograms, as first and last measured in this stay; the last only when measured twice."""
    found = _measured(stay, WEIGHTS)
    return (found[0] if found else None, found[-1] if len(found) > 1 else None)


def _measured(stay: IcuStay, items: tuple[str, ...]) -> list[float]:
    found = [(m.time, m.value) for m in stay.vitals if m.item in items and m.value is not None]
    return [value for _, value in sorted(found)]
