"""What generated outcomes depend on, in the open: log-odds from what the record shows by then.

Each outcome has a part that a logistic regression on the record's values finds (linear terms) and a part that it does not:
a value that is bad on either side, two values that matter together, an exclusive or. `z(name)` is the last recorded value
in standard deviations (0 where there is none), `has(name)` 1 for a diagnosis or a drug that is on record, else 0.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from data_prep.ehrshot.concepts import MEASURED
from data_prep.ehrshot.definitions import FINDINGS


@dataclass
class Known:
    """What a patient's record shows: last values, diagnoses, drugs of this stay, years of age, stays of the last year."""

    age: float
    female: bool
    values: dict[str, float] = field(default_factory=dict)
    illnesses: set[str] = field(default_factory=set)
    drugs: set[str] = field(default_factory=set)
    stays: int = 0

    def z(self, name: str) -> float:
        mean, sd, *_ = MEASURED[name]
        return (self.values.get(name, mean) - mean) / sd

    def has(self, name: str) -> int:
        return int(name in self.illnesses or name in self.drugs)

    @property
    def old(self) -> float:
        return (self.age - 58) / 15

    def either_side(self, name: str) -> float:
        """How far from the middle, on whichever side; 0 on average."""
        return (self.z(name) ** 2 - 1) / 1.4


def chance(logit: float) -> float:
    """The probability of log-odds."""
    return 1 / (1 + math.exp(-logit))


def signed(bit: int) -> int:
    return 2 * bit - 1


def long_stay(k: Known) -> float:
    return (
        -0.9 + 1.3 * k.either_side("temperature") + 1.0 * k.either_side("sodium") + 0.6 * k.old - 0.7 * k.z("albumin")
    )


def intensive(k: Known) -> float:
    return (
        -1.2
        + 1.3 * k.either_side("systolic")
        + 1.2 * k.z("lactate") * k.z("heart rate")
        + 0.7 * k.z("lactate")
        + 0.5 * k.old
    )


def readmission(k: Known) -> float:
    return (
        -1.0
        + 1.3 * signed(k.stays > 1) * signed(k.has("heart failure"))
        + 0.8 * k.either_side("hemoglobin")
        + 0.7 * k.z("creatinine")
    )


def new_diagnoses(k: Known) -> Mapping[str, float]:
    """Log-odds of each first diagnosis within a year of discharge."""
    z, two = k.z, k.either_side
    return {
        "new_hypertension": -3.6 + 1.3 * z("systolic") + 2.2 * z("weight") * k.old + 1.3 * two("weight"),
        "new_hyperlipidemia": -3.5 + 1.0 * z("ldl") + 2.0 * z("ldl") * signed(k.has("diabetes")) + 1.4 * two("weight"),
        "new_pancan": -4.2 - 2.5 * z("weight") * z("glucose") + 1.0 * k.old + 1.6 * k.has("abdominal pain"),
        "new_celiac": -3.8 + 2.3 * two("ferritin") + 1.5 * k.has("diarrhea") - 1.2 * z("albumin") * z("ferritin"),
        "new_lupus": -5.0 - 2.5 * z("platelets") * z("crp") + 1.6 * k.has("joint pain") + 1.4 * k.female,
        "new_acutemi": -4.2 + 2.3 * z("ldl") * z("crp") + 1.7 * two("systolic") + 1.3 * k.has("chest pain"),
    }  # fmt: skip


def next_value(k: Known, lab: str) -> float:
    """The mean of the next result of a target lab, in standard deviations."""
    z, has = k.z, k.has
    pull = {
        "platelets": -1.1 * has("heparin") * signed(z("temperature") > 0) + 0.2 * z("leukocytes"),
        "potassium": 1.1 * has("spironolactone") * signed(z("creatinine") > 0) + 0.2 * z("creatinine"),
        "glucose": -1.1 * has("insulin") * signed(z("albumin") < 0) - 0.2 * z("lactate"),
        "sodium": -1.1 * has("hydrochlorothiazide") * signed(k.old > 0) + 0.2 * z("albumin"),
        "hemoglobin": -1.1 * has("warfarin") * signed(z("creatinine") > 0) + 0.2 * z("ferritin"),
    }  # fmt: skip
    return 0.7 * z(lab) + pull[lab]


NOISE = 0.3  # of the next value, in SDs
_SOURCES = ("temperature", "systolic", "heart rate", "leukocytes", "albumin", "weight", "crp", "lactate")


def findings(k: Known) -> dict[str, float]:
    """Log-odds of each finding of a chest x-ray; each has a pair of values that matter together and one on either side."""
    found: dict[str, float] = {}
    for i, name in enumerate(FINDINGS[1:]):
        a, b, c = (_SOURCES[(i * step + shift) % len(_SOURCES)] for step, shift in ((1, 0), (3, 2), (5, 5)))
        illness = ("heart failure", "copd", "kidney disease", "atrial fibrillation")[i % 4]
        together = k.z(a) * k.z(b) if a != b else k.either_side(a)
        found[name] = -2.0 + 1.3 * together + 1.3 * k.either_side(c) + 0.9 * k.has(illness) + 0.5 * k.z(a)
    return found
