"""Generated longitudinal records in OMOP tables: patients who come back, with outcomes by the mechanism of `mechanism`.

Nothing here is a label. Stays have lengths, results come in, diagnoses are coded at a later visit; labels are computed from
the tables by the same definitions as those of a real database.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

import pandas as pd

from data_prep.ehrshot import concepts as c
from data_prep.ehrshot import mechanism as m
from data_prep.ehrshot.definitions import FINDINGS
from data_prep.ehrshot.omop import COLUMNS, Cdm

START, END = datetime(2100, 1, 1), datetime(2107, 1, 1)
LAST_ADMISSION = datetime(2105, 6, 30)
MOST_STAYS = 4


def generate(patients: int, rng: random.Random, first_id: int) -> Cdm:
    """`patients` people, their ids from `first_id` on."""
    rows: dict[str, list[tuple]] = defaultdict(list)
    for i in range(patients):
        _Patient(first_id + 7 * i + rng.randrange(7), rng, rows).live()
    frames = {name: pd.DataFrame(rows[name], columns=list(columns)) for name, columns in COLUMNS.items()}
    frames |= {"concept": c.concept(), "concept_ancestor": c.concept_ancestor()}
    for frame in frames.values():
        for column in frame.columns:
            if column.endswith(("_datetime", "_date")):
                frame[column] = pd.to_datetime(frame[column])
    return Cdm(**frames)


class _Patient:
    """One person's life in the hospital's records."""

    def __init__(self, id_: int, rng: random.Random, rows: dict[str, list[tuple]]) -> None:
        self.id, self.rng, self.rows = id_, rng, rows
        self.known = m.Known(age=rng.uniform(28, 88), female=rng.random() < 0.5)
        self.level = {name: rng.gauss(0, 1) for name in c.MEASURED}
        self.coming: dict[str, datetime] = {}  # diagnoses that will be coded
        self.starts: list[datetime] = []

    def live(self) -> None:
        born = START.year - int(self.known.age)
        self.rows["person"].append((self.id, c.SEXES["f" if self.known.female else "m"][0], born))
        self.rows["observation_period"].append((self.id, START, END))
        chronic = [name for name in c.CHRONIC if self.rng.random() < 0.32]
        time = START + timedelta(days=self.rng.uniform(0, 900))
        self._office(time, [c.CHRONIC[name] for name in chronic])
        self.known.illnesses |= set(chronic)
        time += timedelta(days=self.rng.uniform(20, 200))
        while time < LAST_ADMISSION and len(self.starts) < MOST_STAYS:
            time = self._stay(time)

    def _office(self, time: datetime, conditions: list[tuple]) -> None:
        """An outpatient visit at which `conditions` are coded."""
        time = time.replace(
            hour=self.rng.randint(8, 16), minute=self.rng.choice((0, 15, 30, 45)), second=0, microsecond=0
        )
        self.rows["visit_occurrence"].append(
            (self._visit(), self.id, c.OUTPATIENT[0], time, time + timedelta(minutes=30))
        )
        self.rows["condition_occurrence"] += [(self.id, condition[0], time) for condition in conditions]

    def _visit(self) -> int:
        return len(self.rows["visit_occurrence"]) + 1

    def _stay(self, time: datetime) -> datetime:
        """One stay from the day of `time` on; when the next begins."""
        k, rng = self.known, self.rng
        start = time.replace(hour=rng.randint(1, 20), minute=rng.randrange(60), second=0, microsecond=0)
        k.age += (start - self.starts[-1]).days / 365 if self.starts else 0
        k.stays = sum(start - before < timedelta(days=365) for before in self.starts) + 1
        self.starts.append(start)
        k.drugs = {name for name in c.DRUGS if rng.random() < 0.4}
        self.rows["drug_exposure"] += [
            (self.id, c.DRUGS[name][0], start + timedelta(minutes=rng.randint(20, 90))) for name in sorted(k.drugs)
        ]
        felt = [name for name in c.SYMPTOMS if rng.random() < 0.25]
        k.illnesses = {i for i in k.illnesses if i in c.CHRONIC} | set(felt)
        self.rows["condition_occurrence"] += [
            (self.id, c.SYMPTOMS[name][0], start + timedelta(minutes=10)) for name in felt
        ]
        self._measure_all(start)
        days = 7 + rng.expovariate(0.25) if rng.random() < m.chance(m.long_stay(k)) else rng.uniform(1.1, 6.6)
        end = start + timedelta(minutes=round(1440 * min(days, 40)))
        visit = self._visit()
        self.rows["visit_occurrence"].append((visit, self.id, c.INPATIENT[0], start, end))
        if rng.random() < m.chance(m.intensive(k)):
            moved = start.replace(hour=0, minute=0) + timedelta(minutes=rng.randint(1441, 1440 + 1200))
            moved = min(moved, end - timedelta(minutes=30))
            self.rows["visit_detail"].append(
                (
                    len(self.rows["visit_detail"]) + 1,
                    self.id,
                    c.INTENSIVE[0],
                    moved,
                    min(end, moved + timedelta(hours=rng.randint(8, 60))),
                    visit,
                )
            )
        self._xray(start, end)
        for morning in self._mornings(start, end):
            for name in c.TARGETS:
                if rng.random() < 0.4:
                    self._measure(
                        name,
                        morning + timedelta(minutes=rng.randrange(60)),
                        m.next_value(k, name) + rng.gauss(0, m.NOISE),
                    )
        return self._after(end)

    def _mornings(self, start: datetime, end: datetime) -> Iterator[datetime]:
        day = start.replace(hour=5, minute=0) + timedelta(days=1)
        for i in range(3):
            if day + timedelta(days=i, hours=2) < end:
                yield day + timedelta(days=i)

    def _measure_all(self, start: datetime) -> None:
        """The values on arrival: the patient's own level, and chance."""
        for name in c.MEASURED:
            if self.rng.random() < 0.92:
                self._measure(
                    name,
                    start + timedelta(minutes=self.rng.randint(5, 120)),
                    0.8 * self.level[name] + 0.6 * self.rng.gauss(0, 1),
                )

    def _measure(self, name: str, time: datetime, z: float) -> None:
        mean, sd, decimals, unit, concept = c.MEASURED[name]
        value = max(round(mean + sd * z, decimals), round(0.08 * mean, decimals))
        self.known.values[name] = value
        self.rows["measurement"].append((self.id, concept[0], time, value, unit))

    def _xray(self, start: datetime, end: datetime) -> None:
        time = start.replace(hour=9, minute=0) + timedelta(days=2, minutes=self.rng.randrange(300))
        if time >= end or self.rng.random() < 0.3:
            return
        note = len(self.rows["note"]) + 1
        self.rows["note"].append((note, self.id, time, "Chest X-ray report"))
        stated = [name for name, logit in m.findings(self.known).items() if self.rng.random() < m.chance(logit)]
        for name in stated or [FINDINGS[0]]:
            self.rows["note_nlp"].append((note, name, "Y"))

    def _after(self, end: datetime) -> datetime:
        """What follows a discharge: diagnoses within the year, and the next stay."""
        k, rng = self.known, self.rng
        for task, logit in m.new_diagnoses(k).items():
            if task not in self.coming and rng.random() < m.chance(logit):
                self.coming[task] = end + timedelta(days=rng.uniform(2, 350))
                self._office(self.coming[task], [rng.choice(c.NEW[task])])
        again = rng.random() < m.chance(m.readmission(k))
        return end + timedelta(days=rng.uniform(2, 28) if again else 32 + rng.expovariate(1 / 220))
