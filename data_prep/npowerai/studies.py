"""The studies that questions are about. The last `HELD_OUT` of each list are the test split's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

HELD_OUT = 4
S = TypeVar("S")


@dataclass(frozen=True)
class Measured:
    """A measured outcome: its usual mean and SD in `unit`, written with `decimals`; `arms` are what ANOVA compares."""

    population: str
    outcome: str
    unit: str
    treatment: str
    arms: str
    mean: tuple[float, float]
    sd: tuple[float, float]
    decimals: int = 0


@dataclass(frozen=True)
class Counted:
    """An outcome that patients have or not; `grades` are levels of the disease, for tables with more columns."""

    population: str
    event: str
    arms: str
    grades: str
    versus: tuple[str, str]


@dataclass(frozen=True)
class Timed:
    """An event that is waited for, under a new treatment and a control."""

    population: str
    event: str
    treatment: str
    control: str


MEASURED = (
    Measured("adults with hypertension", "systolic blood pressure", "mmHg", "a low-sodium diet", "diets", (128, 165), (9, 21)),
    Measured("people with type 2 diabetes", "HbA1c", "%", "a new insulin pump", "dosing schedules", (6.8, 9.4), (0.7, 1.6), 1),
    Measured("adults with high cholesterol", "LDL cholesterol", "mg/dl", "a plant sterol drink", "statins", (115, 185), (18, 40)),
    Measured("patients with heart failure", "six-minute walk distance", "m", "home exercise", "exercise plans", (250, 420), (55, 110)),
    Measured("children with asthma", "FEV1", "l", "an inhaled steroid", "inhalers", (1.4, 2.6), (0.25, 0.6), 2),
    Measured("women with iron deficiency", "ferritin", "ng/ml", "alternate-day iron", "iron preparations", (14, 45), (6, 18)),
    Measured("shift workers", "nightly sleep", "hours", "melatonin", "sleep aids", (4.8, 7.2), (0.8, 1.7), 1),
    Measured("obese adolescents", "body mass index", "kg/m2", "family counselling", "lifestyle programmes", (29, 38), (2.5, 6.0), 1),
    Measured("patients after knee surgery", "knee flexion", "degrees", "early physiotherapy", "rehabilitation plans", (75, 120), (9, 22)),
    Measured("patients on dialysis", "serum phosphate", "mg/dl", "a new phosphate binder", "phosphate binders", (4.6, 7.4), (0.9, 2.0), 1),
    Measured("adults with depression", "PHQ-9 score", "points", "guided self-help", "therapies", (11, 20), (3.5, 6.5), 1),
    Measured("athletes", "resting heart rate", "beats/min", "altitude training", "training plans", (48, 66), (5, 12)),
    Measured("pregnant women with anaemia", "haemoglobin", "g/dl", "intravenous iron", "iron regimens", (8.4, 11.5), (0.8, 1.9), 1),
    Measured("postmenopausal women", "lumbar T-score", "SD units", "a bisphosphonate", "bone drugs", (-2.9, -1.2), (0.6, 1.4), 2),
    Measured("patients with gout", "serum urate", "umol/l", "a xanthine oxidase inhibitor", "urate-lowering drugs", (380, 560), (55, 120)),
    Measured("children with epilepsy", "monthly seizure days", "days", "a ketogenic diet", "anticonvulsants", (7, 19), (2.5, 7.0), 1),
)  # fmt: skip
COUNTED = (
    Counted("surgical patients", "a wound infection", "skin preparations", "pain severity", ("men", "women")),
    Counted("smokers", "quitting by six months", "support programmes", "nicotine dependence", ("daily", "weekly users")),
    Counted("hospital inpatients", "a pressure ulcer", "mattresses", "frailty", ("medical", "surgical patients")),
    Counted("children with fever", "a repeat visit", "leaflets", "dehydration", ("infants", "toddlers")),
    Counted("adults with sepsis", "renal failure", "fluids", "organ failure", ("ward", "emergency patients")),
    Counted("patients after stroke", "a fall", "walking aids", "disability", ("left-sided", "right-sided strokes")),
    Counted("women in labour", "a caesarean", "induction methods", "anxiety", ("first-time", "experienced mothers")),
    Counted("cancer patients", "nausea", "antiemetics", "fatigue", ("outpatients", "inpatients")),
    Counted("nurses", "influenza", "vaccines", "burnout", ("day", "night staff")),
    Counted("migraine patients", "relief at two hours", "triptans", "headache intensity", ("chronic", "episodic cases")),
    Counted("older drivers", "a crash", "screening tools", "visual impairment", ("urban", "rural drivers")),
    Counted("patients with hepatitis C", "sustained viral response", "antiviral courses", "fibrosis", ("treated", "untreated patients")),
    Counted("preterm babies", "chronic lung disease", "ventilation modes", "retinopathy", ("boys", "girls")),
    Counted("travellers", "malaria", "prophylactic drugs", "diarrhoea", ("backpackers", "business travellers")),
)  # fmt: skip
TIMED = (
    Timed("patients with lung cancer", "death", "immunotherapy", "chemotherapy"),
    Timed("patients with heart failure", "readmission", "telemonitoring", "usual care"),
    Timed("patients with atrial fibrillation", "stroke", "a new anticoagulant", "warfarin"),
    Timed("kidney transplant recipients", "graft loss", "a belatacept regimen", "tacrolimus"),
    Timed("women with breast cancer", "relapse", "extended hormone therapy", "five-year therapy"),
    Timed("patients with cirrhosis", "variceal bleeding", "band ligation", "a beta blocker"),
    Timed("people with HIV", "virological failure", "a two-drug regimen", "a three-drug regimen"),
    Timed("patients with COPD", "exacerbation", "triple inhalation", "dual inhalation"),
    Timed("patients with multiple sclerosis", "disability progression", "an anti-CD20 antibody", "interferon"),
    Timed("dialysis patients", "access failure", "a drug-coated balloon", "a plain balloon"),
    Timed("men with prostate cancer", "metastasis", "early radiotherapy", "watchful waiting"),
    Timed("patients with myeloma", "progression", "a four-drug induction", "a three-drug induction"),
    Timed("patients with retinal vein occlusion", "loss of vision", "monthly injections", "injections on demand"),
    Timed("patients with ALS", "tracheostomy", "an antisense drug", "riluzole"),
)  # fmt: skip


def studies_for(options: Sequence[S], test: bool) -> Sequence[S]:
    """Those of `options` that the test split, or training, may use."""
    return options[-HELD_OUT:] if test else options[:-HELD_OUT]
