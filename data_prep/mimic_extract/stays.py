"""Intensive-care stays of a hospital as MIMIC-III's tables have them, and what their courses depend on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from data_prep.hospital.model import Admission, Hospital
from data_prep.mimic_extract.cohort import cohort
from data_prep.sources.counts import Counts

ORGANS = ("circulation", "lungs", "kidneys", "brain", "blood")
STRIKES = {  # ICD-9 codes, and the organ that fails with them
    "circulation": ("0389", "99592", "41071", "4280", "42731", "4275", "4241", "3961"),
    "lungs": ("51881", "486", "496", "49390", "1623", "41519"),
    "kidneys": ("5849", "5859", "2762", "2767"),
    "brain": ("431", "43491", "34590", "30390"),
    "blood": ("2851", "2859", "5789", "5715", "5770", "00845"),
}
CHRONIC = {"kidney disease": "5859", "airway obstruction": "496", "hypertension": "4019", "diabetes": "25000"}


@dataclass(frozen=True)
class Traits:
    """Of `n` stays: `struck` (n, organs) 0/1; each chronic illness, a beta blocker and an operation, (n,) booleans; the
    hours from the begin to the death, inf for survivors.
    """

    struck: np.ndarray
    chronic: dict[str, np.ndarray]
    blocked: np.ndarray
    operated: np.ndarray
    death: np.ndarray


def of_hospital(hospital: Hospital) -> tuple[pd.DataFrame, Traits]:
    """The cohort's statics and their traits. Ids are those of the hospital's MIMIC-III view."""
    people, admissions, stays, known = [], [], [], {}
    hadm = 100000
    for p in hospital.patients:
        people.append((p.id, p.sex, p.birth))
        for a in p.admissions:
            hadm += 7
            dead = a.end if a.destination == "dead/expired" else None
            reason = a.diagnoses[0].title if a.diagnoses else None
            admissions.append((p.id, hadm, a.start, a.end, dead, a.kind, a.insurance, a.ethnicity, reason))
            for s in a.icu:
                stay = 200000 + 3 * (len(stays) + 1)
                stays.append((p.id, hadm, stay, s.start, s.end, s.first_unit))
                known[stay] = (a, dead)
    statics = cohort(
        pd.DataFrame(people, columns=["subject_id", "gender", "dob"]),
        pd.DataFrame(admissions, columns=["subject_id", "hadm_id", "admittime", "dischtime", "deathtime", "admission_type", "insurance", "ethnicity", "diagnosis"]),
        pd.DataFrame(stays, columns=["subject_id", "hadm_id", "icustay_id", "intime", "outtime", "first_careunit"]),
        Counts(),
    )  # fmt: skip
    return statics, _traits(statics, [known[stay] for stay in statics.index.get_level_values("icustay_id")])


def _traits(statics: pd.DataFrame, found: list[tuple[Admission, object]]) -> Traits:
    codes = [{x.code for x in a.diagnoses} for a, _ in found]
    has = lambda wanted: np.array([bool(c & set(wanted)) for c in codes])  # noqa: E731
    death = pd.to_datetime(pd.Series([dead for _, dead in found], index=statics.index))
    return Traits(
        struck=np.stack([has(STRIKES[organ]) for organ in ORGANS], axis=1).astype(float),
        chronic={name: has((code,)) for name, code in CHRONIC.items()},
        blocked=np.array([any(d.name == "metoprolol" for d in a.drugs) for a, _ in found]),
        operated=np.array([a.kind == "elective" for a, _ in found]) | statics["first_careunit"].isin(["csru", "sicu"]).to_numpy(),
        death=((death - statics["intime"]) / pd.Timedelta(hours=1)).fillna(np.inf).to_numpy(),
    )  # fmt: skip
