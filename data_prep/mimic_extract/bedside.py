"""What is measured of a hidden course: MIMIC-Extract's variables, with how often, how exactly and in which direction.

Half of the variables say "how ill" only together with others: temperature, heart rate, white cells, glucose, sodium and
potassium leave their usual level to either side, a vasopressor holds the pressure that would have fallen, a ventilator the
breathing, a beta blocker the heart rate; chronic illness shifts levels without severity. Whether and how often something
is measured depends on severity too. So a sum of weighted values finds a part of the signal, and trees or distances more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from data_prep.mimic_extract.courses import Course
from data_prep.mimic_extract.stays import ORGANS, Traits
from data_prep.mimic_extract.variables import CODES, limited

Kind = Literal["vital", "slow", "panel", "liver", "gas", "once"]


@dataclass(frozen=True)
class Sign:
    """A variable: its usual level, its deviation between people and between values, and by how much its organ moves it.

    `either`: up in half of the people, down in the others. `log`: all of it on the scale of the natural logarithm.
    """

    name: str
    kind: Kind
    organ: str
    level: float
    between: float
    noise: float
    slope: float
    either: bool = False
    log: bool = False


SIGNS = (
    Sign("heart rate", "vital", "circulation", 88, 7, 4, 28, either=True),
    Sign("mean blood pressure", "vital", "circulation", 84, 6.4, 5, -5),
    Sign("systolic blood pressure", "vital", "circulation", 126, 9.6, 7, -7),
    Sign("diastolic blood pressure", "vital", "circulation", 63, 6.4, 5, -3),
    Sign("respiratory rate", "vital", "lungs", 19, 2, 2, 9, either=True),
    Sign("oxygen saturation", "vital", "lungs", 97.3, 0.7, 1.0, -1.2),
    Sign("temperature", "slow", "blood", 37.0, 0.2, 0.2, 1.27, either=True),
    Sign("glascow coma scale total", "slow", "brain", 14.6, 0.4, 0.7, -2.2),
    Sign("fraction inspired oxygen", "gas", "lungs", 0.40, 0.04, 0.03, 0.09),
    Sign("positive end-expiratory pressure", "gas", "lungs", 5, 0.8, 0.5, 1.5),
    Sign("ph", "gas", "kidneys", 7.41, 0.024, 0.02, -0.06),
    Sign("partial pressure of oxygen", "gas", "lungs", 115, 15, 12, -12),
    Sign("partial pressure of carbon dioxide", "gas", "lungs", 40, 2.8, 2.5, 8.5, either=True),
    Sign("lactate", "gas", "circulation", 0.25, 0.2, 0.18, 0.48, log=True),
    Sign("creatinine", "panel", "kidneys", -0.1, 0.24, 0.06, 0.41, log=True),
    Sign("blood urea nitrogen", "panel", "kidneys", 2.85, 0.28, 0.08, 0.37, log=True),
    Sign("bicarbonate", "panel", "kidneys", 25, 1.6, 1.2, -1.84),
    Sign("sodium", "panel", "kidneys", 138.5, 1.76, 1.4, 5.78, either=True),
    Sign("potassium", "panel", "kidneys", 4.1, 0.224, 0.22, 0.85, either=True),
    Sign("chloride", "panel", "kidneys", 103.5, 2.56, 1.6, 1.15),
    Sign("magnesium", "panel", "kidneys", 2.0, 0.16, 0.15, 0.09),
    Sign("glucose", "panel", "blood", 4.85, 0.112, 0.16, 0.41, either=True, log=True),
    Sign("white blood cell count", "panel", "blood", 2.25, 0.176, 0.10, 0.71, either=True, log=True),
    Sign("platelets", "panel", "blood", 5.35, 0.24, 0.07, -0.3, log=True),
    Sign("hemoglobin", "panel", "blood", 11.2, 1.04, 0.4, -0.8),
    Sign("hematocrit", "panel", "blood", 33.4, 3.12, 1.2, -2.3),
    Sign("bilirubin", "liver", "blood", -0.35, 0.36, 0.08, 0.46, log=True),
    Sign("albumin", "liver", "blood", 3.3, 0.32, 0.15, -0.29),
    Sign("weight", "once", "kidneys", 81, 18, 0.6, 0.0),
    Sign("height", "once", "kidneys", 170, 10, 0.0, 0.0),
)
EVERY = {
    "vital": 1.1,
    "slow": 3.5,
    "panel": 11.0,
    "liver": 26.0,
    "gas": 9.0,
    "once": 24.0,
}  # hours, of an average patient
HELD = {"circulation": 0.35, "lungs": 0.5}  # what is left of an organ's slope while it is supported
SUPPORTED = ("mean blood pressure", "systolic blood pressure", "diastolic blood pressure", "respiratory rate", "oxygen saturation")  # fmt: skip
SHIFTS = {  # of a level by a chronic illness, on the sign's own scale
    "kidney disease": {"creatinine": 0.75, "blood urea nitrogen": 0.5, "hemoglobin": -1.2, "hematocrit": -3.6, "potassium": 0.2},
    "airway obstruction": {"partial pressure of carbon dioxide": 10, "oxygen saturation": -2, "bicarbonate": 3},
    "hypertension": {"mean blood pressure": 11, "systolic blood pressure": 18, "diastolic blood pressure": 7},
    "diabetes": {"glucose": 0.35},
}  # fmt: skip
BLOCKED = (-9.0, 0.5)  # a beta blocker's shift of the heart rate, and what is left of its slope

Cells = dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]


def measured(rng: np.random.Generator, traits: Traits, seen: Course) -> Cells:
    """Count, mean and deviation of each variable in each row of `seen`; NaN where nothing was measured."""
    taken = {kind: _taken(rng, kind, seen) for kind in EVERY}
    return {sign.name: _statistics(rng, sign, traits, seen, taken[sign.kind]) for sign in SIGNS}


def _taken(rng: np.random.Generator, kind: str, seen: Course) -> np.ndarray:
    """How many values of this kind each hour has: twice as many from the very ill, blood gases above all of ventilated."""
    ill = np.clip(seen.organs.mean(axis=1), -0.5, 2.5)
    rate = np.exp(0.5 * (ill - 0.4)) / EVERY[kind]
    if kind == "vital":
        return np.where(rng.random(len(ill)) < 0.06, 0, 1 + rng.poisson(0.25 * rate))
    if kind == "gas":
        rate = rate * np.where(seen.vent, 1.6, 0.35)
    if kind == "once":
        rate = np.where(seen.hour == 0, 3.0, 1.0) / EVERY[kind]
    return (rng.random(len(ill)) < np.clip(rate, 0, 0.9)).astype(int)


def _statistics(
    rng: np.random.Generator, sign: Sign, traits: Traits, seen: Course, count: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    level, slope = (of_stay[seen.stay] for of_stay in _person(rng, sign, traits))
    if sign.name in SUPPORTED:
        slope = np.where(seen.vaso if sign.organ == "circulation" else seen.vent, HELD[sign.organ] * slope, slope)
    truth = level + slope * seen.organs[:, ORGANS.index(sign.organ)]
    mean = truth + sign.noise * rng.normal(size=len(truth)) / np.sqrt(np.maximum(count, 1))
    more = np.maximum(count - 1, 1)
    std = sign.noise * np.sqrt(rng.chisquare(more) / more)
    if sign.log:
        mean, std = np.exp(mean), np.exp(truth) * std
    values = limited(np.full(len(mean), CODES[sign.name]), mean)
    count = np.where(np.isnan(values), 0, count)
    return count, np.where(count > 0, values, np.nan), np.where(count > 1, std, np.nan)


def _person(rng: np.random.Generator, sign: Sign, traits: Traits) -> tuple[np.ndarray, np.ndarray]:
    """Each stay's usual level and slope."""
    n = len(traits.death)
    level, slope = sign.level + sign.between * rng.normal(size=n), np.full(n, sign.slope)
    if sign.either:
        slope = slope * rng.choice([-1.0, 1.0], n)
    for illness, by in SHIFTS.items():
        level = level + by.get(sign.name, 0.0) * traits.chronic[illness]
    if sign.name == "heart rate":
        level = level + BLOCKED[0] * traits.blocked
        slope = np.where(traits.blocked, slope * BLOCKED[1], slope)
    return level, slope
