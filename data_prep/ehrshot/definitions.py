"""The fifteen tasks of EHRSHOT (Wornow et al. 2023, table 2 and appendix): what is predicted, from when, and how it is coded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Group = Literal["operational outcomes", "lab values", "new diagnoses", "chest x-ray findings"]
Labels = Literal["binary", "classes", "bits"]

LONG_STAY_DAYS = 7
READMISSION_DAYS = 30
NEW_DIAGNOSIS_DAYS = 365
IMAGING_HOURS = 24  # between a chest x-ray's prediction and its report
SEVERITIES = ("normal", "mild", "moderate", "severe")
FINDINGS = (
    "No Finding", "Enlarged Cardiomediastinum", "Cardiomegaly", "Lung Lesion", "Lung Opacity", "Edema", "Consolidation",
    "Pneumonia", "Atelectasis", "Pneumothorax", "Pleural Effusion", "Pleural Other", "Fracture", "Support Devices",
)  # fmt: skip
DAY_OF_ADMISSION = "at 23:59 on the day of admission"
DAY_OF_DISCHARGE = "at 23:59 on the day of discharge"


@dataclass(frozen=True)
class Lab:
    """A laboratory test by its LOINC codes; `cuts` of mild, moderate and severe, in `unit`. `high`: above them is worse.

    `factors` bring a value in another unit (OMOP's unit_source_value, lower-case) to `unit`. A mild result of `inclusive`
    tests includes the cut itself, as EHRSHOT's labeler has it.
    """

    loinc: tuple[str, ...]
    unit: str
    cuts: tuple[float, float, float]
    factors: dict[str, float]
    high: bool = False
    inclusive: bool = False


@dataclass(frozen=True)
class Definition:
    """One task. `snomed` is the code whose first record, or that of a descendant, is a new diagnosis."""

    name: str
    group: Group
    predicts: str
    when: str
    columns: tuple[str, ...] = ("probability",)
    labels: Labels = "binary"
    lab: Lab | None = None
    snomed: str = ""


_LABS = {
    "lab_thrombocytopenia": ("thrombocytopenia", "platelet count", Lab(
        ("777-3", "26515-7", "13056-7"), "10*9/L", (150, 100, 50),
        {"10*9/l": 1, "10*3/ul": 1, "k/ul": 1, "thou/ul": 1, "10e3/ul": 1, "thousand per microliter": 1, "/ul": 0.001},
    )),
    "lab_hyperkalemia": ("hyperkalemia", "serum potassium", Lab(
        ("2823-3", "6298-4"), "mmol/L", (5.5, 6.0, 7.0), {"mmol/l": 1, "meq/l": 1}, high=True,
    )),
    "lab_hypoglycemia": ("hypoglycemia", "glucose", Lab(
        ("2345-7", "2339-0", "14749-6"), "mmol/L", (3.9, 3.5, 3.0), {"mmol/l": 1, "mg/dl": 1 / 18}, inclusive=True,
    )),
    "lab_hyponatremia": ("hyponatremia", "serum sodium", Lab(
        ("2951-2", "2947-0"), "mmol/L", (135, 130, 125), {"mmol/l": 1, "meq/l": 1},
    )),
    "lab_anemia": ("anemia", "hemoglobin", Lab(
        ("718-7", "20509-6", "30313-1"), "g/L", (120, 110, 70), {"g/l": 1, "g/dl": 10},
    )),
}  # fmt: skip
_DIAGNOSES = {
    "new_hypertension": ("essential hypertension", "59621000"),
    "new_hyperlipidemia": ("hyperlipidemia", "55822004"),
    "new_pancan": ("pancreatic cancer", "372003004"),
    "new_celiac": ("celiac disease", "396331005"),
    "new_lupus": ("lupus", "55464009"),
    "new_acutemi": ("acute myocardial infarction", "57054005"),
}


def _steps(lab: Lab) -> str:
    sign = ">" if lab.high else "<"
    mild, moderate, severe = lab.cuts
    least = sign + ("=" if lab.inclusive else "")
    return f"severe {sign} {severe:g}, moderate {sign} {moderate:g}, mild {least} {mild:g} {lab.unit}, else normal"


TASKS = {
    task.name: task
    for task in (
        Definition("guo_los", "operational outcomes", f"whether the hospital stay lasts {LONG_STAY_DAYS} days or more", DAY_OF_ADMISSION),
        Definition("guo_readmission", "operational outcomes", f"whether the patient is admitted again within {READMISSION_DAYS} days of discharge", DAY_OF_DISCHARGE),
        Definition("guo_icu", "operational outcomes", "whether the patient is transferred to intensive care after the day of admission", DAY_OF_ADMISSION),
        *(
            Definition(
                name, "lab values", f"how severe the {illness} is by the next result of {test} ({_steps(lab)})",
                "a minute before that result", SEVERITIES, "classes", lab,
            )
            for name, (illness, test, lab) in _LABS.items()
        ),
        *(
            Definition(
                name, "new diagnoses", f"whether the patient's first diagnosis of {illness} follows within a year", DAY_OF_DISCHARGE, snomed=code
            )
            for name, (illness, code) in _DIAGNOSES.items()
        ),
        Definition(
            "chexpert", "chest x-ray findings", "which of CheXpert's 14 findings the next chest x-ray report states",
            f"{IMAGING_HOURS} hours before that report", tuple(f.lower().replace(" ", "_") for f in FINDINGS), "bits",
        ),
    )
}  # fmt: skip


def severity(lab: Lab, value: float) -> int:
    """The number of the class in `SEVERITIES` of `value`, which is in the lab's unit."""
    sign = 1 if lab.high else -1
    mild, moderate, severe = (sign * cut for cut in lab.cuts)
    measured = sign * value
    return (
        3
        if measured > severe
        else 2
        if measured > moderate
        else int(measured > mild or (lab.inclusive and measured == mild))
    )
