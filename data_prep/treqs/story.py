"""What TREQS tells of a patient beyond the MIMIC-III view: name, religion, the reason for admission, flags and codes.

Each is drawn by a generator of the patient's own, or follows from what the record says, so that the patient's story
stays the one that every other view tells.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from data_prep.hospital import catalog
from data_prep.treqs.names import MEN, SURNAMES, WOMEN

SALT = 0x7E9
RELIGIONS = (
    ("catholic", 0.34), ("not specified", 0.17), ("protestant quaker", 0.12), ("unobtainable", 0.1), ("jewish", 0.08),
    ("christian scientist", 0.04), ("episcopalian", 0.04), ("greek orthodox", 0.03), ("buddhist", 0.03), ("muslim", 0.03),
    ("other", 0.02),
)  # fmt: skip
# The words of an emergency desk for a coded diagnosis; codes that are not here keep their short title.
REASONS: dict[str, tuple[str, ...]] = {
    "4019": ("hypertension", "hypertensive urgency"), "25000": ("hyperglycemia", "diabetes mellitus"),
    "2724": ("hyperlipidemia",), "41401": ("coronary artery disease", "chest pain", "angina"),
    "42731": ("atrial fibrillation", "rapid atrial fibrillation"), "4280": ("congestive heart failure", "heart failure exacerbation"),
    "5849": ("acute renal failure", "acute kidney injury"), "5859": ("chronic kidney disease", "renal failure"),
    "486": ("pneumonia", "fever and cough"), "51881": ("respiratory failure", "respiratory distress", "hypoxia"),
    "0389": ("sepsis", "bacteremia"), "99592": ("sepsis", "septic shock"), "5990": ("urinary tract infection", "urosepsis"),
    "2851": ("acute blood loss anemia", "anemia"), "2859": ("anemia",), "5789": ("gastrointestinal bleed", "upper gi bleed"),
    "2449": ("hypothyroidism",), "53081": ("reflux disease", "abdominal pain"), "496": ("copd exacerbation", "shortness of breath"),
    "49390": ("asthma exacerbation", "asthma"), "41071": ("myocardial infarction", "nstemi"),
    "4241": ("aortic stenosis", "aortic valve disease"), "2762": ("acidosis", "metabolic acidosis"), "2761": ("hyponatremia",),
    "2767": ("hyperkalemia",), "2768": ("hypokalemia",), "4275": ("cardiac arrest",), "431": ("intracranial hemorrhage", "head bleed"),
    "43491": ("stroke", "cerebrovascular accident"), "34590": ("seizure", "status epilepticus"), "311": ("depression", "overdose"),
    "30390": ("alcohol withdrawal", "alcohol intoxication"), "5715": ("cirrhosis", "liver failure"), "5770": ("pancreatitis",),
    "00845": ("c difficile colitis", "diarrhea"), "V4581": ("chest pain", "coronary artery disease"),
    "1985": ("metastatic cancer", "bone metastases"), "1623": ("lung cancer", "lung mass"), "41519": ("pulmonary embolism",),
    "45340": ("deep vein thrombosis", "leg swelling"),
}  # fmt: skip
GASES = {"ph", "po2", "pco2", "lactate"}
COUNTS = {"hemoglobin", "hematocrit", "white blood cells", "platelet count", "inr"}
# Diluents are dispensed beside the drug they carry; MIMIC-III calls them BASE, and what is mixed in ADDITIVE.
BASES = {"sodium chloride"}
ADDITIVES = {"potassium chloride", "magnesium sulfate", "sodium bicarbonate", "calcium gluconate"}


@dataclass(frozen=True)
class Person:
    """What one patient keeps over all stays."""

    name: str
    religion: str


class Storyteller:
    """The additions to one patient's record; the same seed and patient give the same ones, in any order of patients."""

    def __init__(self, seed: int, patient: int) -> None:
        self._rng = np.random.default_rng([seed, patient, SALT])

    def person(self, sex: str) -> Person:
        """A name that suits `sex` ('m' or 'f'), and a religion."""
        rng = self._rng
        given = WOMEN if sex == "f" else MEN
        first, last = given[int(rng.integers(len(given)))], SURNAMES[int(rng.integers(len(SURNAMES)))]
        weights = np.array([w for _, w in RELIGIONS])
        return Person(f"{first} {last}", RELIGIONS[int(rng.choice(len(RELIGIONS), p=weights / weights.sum()))][0])

    def reason(self, coded: Sequence[tuple[str, str]]) -> str | None:
        """The reason for admission, from the stay's (code, short title) pairs in the order they were charted."""
        if not coded:
            return None
        code, short = coded[0]
        words = REASONS.get(code, (short,))
        return words[int(self._rng.integers(len(words)))]


def flag(label: str, value: float | None) -> str | None:
    """'abnormal' where a value lies outside the reference interval of its test; None inside, or without an interval."""
    if value is None or label not in catalog.LABS:
        return None
    low, high = catalog.LABS[label][:2]
    return None if low <= value <= high else "abnormal"


def fluid_and_category(label: str) -> tuple[str, str]:
    """The specimen and the laboratory's section of a test."""
    if label in GASES:
        return "blood", "blood gas"
    if label.startswith("urine"):
        return "urine", "hematology"
    return "blood", "hematology" if label in COUNTS else "chemistry"


def drug_type(drug: str) -> str:
    """'base' for diluents, 'additive' for what is mixed into them, else 'main'."""
    return "base" if drug in BASES else "additive" if drug in ADDITIVES else "main"


def formulary(drug: str, dose: str) -> str:
    """The formulary's code of a drug in a strength: its first letters and two digits, one code for each."""
    letters = "".join(c for c in drug if c.isalnum())[:4]
    return f"{letters}{int(hashlib.sha256(f'{drug}/{dose}'.encode()).hexdigest()[:8], 16) % 100}"
