"""Each calculator over a MedCalc-Bench row's entities, by its id. What a row does not state is absent or normal."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from data_prep.medcalc import formulas as f
from data_prep.medcalc import scores as s
from data_prep.medcalc.entities import Entities

Equation = Callable[..., float]
DVT, PE, TIA = "Previously documented Deep Vein Thrombosis", "Previously Documented Pulmonary Embolism", "Transient Ischemic Attacks History"  # fmt: skip
SBP, DBP, PULSE, BUN = "Systolic Blood Pressure", "Diastolic Blood Pressure", "Heart Rate or Pulse", "Blood Urea Nitrogen (BUN)"  # fmt: skip
HDL, CHF, INR = "high-density lipoprotein cholesterol", "Congestive Heart Failure", "international normalized ratio"
CHARLSON_ONE = ("Myocardial infarction", CHF, "Peripheral vascular disease", "Dementia", "Chronic Pulmonary Disease", "Connective tissue disease", "Peptic ulcer disease")  # fmt: skip
CHARLSON_TWO = ("Hemiplegia", "Moderate to severe Chronic Kidney Disease", "Leukemia", "Lymphoma")
HEART_RISKS = ("Hypertension history", "hypercholesterolemia", "Diabetes mellitus", "obesity", "smoking", "parent or sibling with Cardiovascular disease before age 65")  # fmt: skip
CAPRINI_FIVE = ("Hip, pelvis, or leg fracture in the last month", "Stroke in the last month", "Multiple trauma in the last month", "Acute spinal cord injury causing paralysis in the last month")  # fmt: skip
CAPRINI_THREE = (DVT, PE, "Family history of thrombosis", "Positive Factor V Leiden", "Positive prothrombin 20210A", "Elevated serum homocysteine", "Positive lupus anticoagulant", "Elevated anticardiolipin antibody", "Heparin-induced thrombocytopenia", "Other congenital or acquired thrombophilia")  # fmt: skip
CAPRINI_TWO = ("Immobilizing plaster cast in the last month", "Current central venous access", "Present or previous malignancy")  # fmt: skip
CAPRINI_ONE = ("Major Surgery in the last month", "Congestive Heart Failure in the last month", "Sepsis in the last month", "Pneumonia in the last month", "Varicose veins", "Current swollen legs", "History of inflammatory bowel disease", "Acute Myocardial infarction", "Chronic Obstructive Pulmonary Disease")  # fmt: skip
EYES = {"spontaneous": 4, "verbal": 3, "pain": 2}
VERBAL = {"oriented": 5, "confused": 4, "inappropriate": 3, "incomprehensible": 2}
MOTOR = {"obeys": 6, "localizes": 5, "withdraw": 4, "flexion": 3, "extension": 2}
SUSPICION = {"slightly": 0, "moderately": 1, "highly": 2}
ECG = {"non-specific": 1, "significant": 2, "normal": 0}
TROPONIN = {"less than": 0, "between": 1, "greater": 2}
GRADED = {"no encephalopathy": 1, "absent": 1, "slight": 2, "1-2": 2, "moderate": 3, "3-4": 3}
LIVER = {"none": 0, "mild": 1, "moderate": 3}
SUGAR = {"none": 0, "uncomplicated": 1, "end-organ": 2}
TUMOR = {"none": 0, "localized": 2, "metastatic": 6}


def day(text: str) -> date:
    """MM/DD/YYYY; ValueError otherwise."""
    return datetime.strptime(text, "%m/%d/%Y").date()


def _level(text: str, levels: dict[str, int]) -> int:
    """The value of the first of `levels` that `text` has a word of; ValueError for none."""
    for found, value in levels.items():
        if found in text:
            return value
    raise ValueError(f"{text!r} is none of {', '.join(levels)}")


def _response(text: str, levels: dict[str, int]) -> int:
    if not text or "not testable" in text:
        return max(levels.values())
    return 1 if text.startswith("no ") else _level(text, levels)


def _of(formula: Equation, *names: str) -> Callable[[Entities], float]:
    return lambda e: formula(*map(e.n, names))


def _sexed(formula: Equation, *names: str) -> Callable[[Entities], float]:
    """`formula` of age, sex and what is named."""
    return lambda e: formula(e.n("age"), e.female, *map(e.n, names))


def _mme(e: Entities) -> float:
    daily = {}
    for name, value in e.raw.items():
        found = re.fullmatch(r"(.+) dose", name)
        if found:
            daily[found.group(1)] = float(value[0]) * e.n(f"{name} per day")
    return f.morphine_equivalents(daily)


def _steroid(e: Entities) -> float:
    given, dose, _ = e.raw["input steroid"]
    plain = lambda text: text.lower().split()[0]  # noqa: E731
    return f.steroid_conversion(float(dose), plain(given), plain(e.raw["target steroid"]))


def _mean_pressure(e: Entities) -> float:
    return f.mean_arterial_pressure(e.n(SBP), e.n(DBP))


def _meld(e: Entities) -> int:
    dialysis = any("dialysis" in name and bool(value) for name, value in e.raw.items())
    return f.meld_na(e.n("creatinine"), e.n("Bilirubin"), e.n(INR), e.n("Sodium"), dialysis)


def _apache(e: Entities) -> int:
    return s.apache2(
        e.n("Temperature"), _mean_pressure(e), e.n(PULSE), e.n("respiratory rate"), e.n("FiO2", 21), e.n("PaO2"), e.n("pH"),
        e.n("Sodium"), e.n("Potassium"), e.n("creatinine"), e.n("Hematocrit"), e.n("White blood cell count"),
        int(e.n("Glasgow Coma Score")), e.n("age"), e.yes("Acute renal failure"),
        e.yes("History of severe organ failure or immunocompromise"), e.text("Surgery Type"),
        e.n("A-a gradient") if e.has("A-a gradient") else None,
    )  # fmt: skip


def _psi(e: Entities) -> int:
    return s.psi(
        e.n("age"), e.female, e.yes("Nursing home resident"), e.yes("Neoplastic disease"), e.yes("Liver disease history"),
        e.yes(CHF), e.yes("Cerebrovascular disease history"), e.yes("Renal disease history"), e.yes("Altered mental status"),
        e.n("respiratory rate", 16), e.n(SBP, 120), e.n("Temperature", 37), e.n(PULSE, 80), e.n("pH", 7.4), e.n(BUN, 15),
        e.n("Sodium", 140), e.n("Glucose", 100), e.n("Hematocrit", 40), e.n("Partial pressure of oxygen", 90),
        e.yes("Pleural effusion on x-ray"),
    )  # fmt: skip


def _sofa(e: Entities) -> int:
    return s.sofa(
        e.n("PaO2"), e.n("FiO2"), e.any("On mechanical ventilation", "Continuous positive airway pressure"),
        e.n("Platelet count"), e.n("Bilirubin"), int(e.n("Glasgow Coma Score", 15)),
        e.yes("Hypotension") or _mean_pressure(e) < 70, e.n("DOPamine", 0), e.n("DOBUTamine", 0), e.n("EPINEPHrine", 0),
        e.n("norEPINEPHrine", 0), e.n("creatinine"), e.n("Urine Output") if e.has("Urine Output") else None,
    )  # fmt: skip


def _caprini(e: Entities) -> int:
    surgery = e.text("Surgery Type", "none")
    return s.caprini(
        e.n("age"), e.female, "arthroplasty" if "arthroplasty" in surgery else surgery, 0, e.text("Mobility", "normal"),
        e.count(CAPRINI_FIVE), e.count(CAPRINI_THREE), e.count(CAPRINI_TWO), e.count(CAPRINI_ONE),
        e.n("Body Mass Index (BMI)", 20),
    )  # fmt: skip


def _charlson(e: Entities) -> int:
    ones = e.count(CHARLSON_ONE) + e.any("Cerebrovascular Accident", TIA)
    return s.charlson(
        e.n("age"), ones, e.count(CHARLSON_TWO), _level(e.text("Liver disease severity", "none"), LIVER),
        _level(e.text("Diabetes mellitus", "none"), SUGAR), _level(e.text("Solid tumor", "none"), TUMOR), e.yes("AIDS"),
    )  # fmt: skip


def _heart(e: Entities) -> int:
    return s.heart(
        _level(e.text("Suspicion History", "slightly"), SUSPICION), _level(e.text("Electrocardiogram Test", "normal"), ECG),
        e.n("age"), e.count(HEART_RISKS), _level(e.text("Initial troponin", "less than"), TROPONIN),
        e.any("atherosclerotic disease", TIA),
    )  # fmt: skip


def _wells_dvt(e: Entities) -> int:
    return s.wells_dvt(
        e.yes("Active cancer"), e.yes("Bedridden recently >3 days"), e.yes("Major surgery within 12 weeks"),
        e.yes("Calf swelling >3 centimeters compared to the other leg"), e.yes("Collateral (nonvaricose) superficial veins present"),
        e.yes("Entire Leg Swollen"), e.yes("Localized tenderness along the deep venous system"),
        e.yes("Pitting edema, confined to symptomatic leg"),
        e.yes("Paralysis, paresis, or recent plaster immobilization of the lower extremity"), e.yes(DVT),
        e.yes("Alternative diagnosis to Deep Vein Thrombosis as likely or more likely"),
    )  # fmt: skip


def _wells_pe(e: Entities) -> float:
    return s.wells_pe(
        e.yes("Clinical signs and symptoms of Deep Vein Thrombosis"), e.yes("Pulmonary Embolism is #1 diagnosis OR equally likely"),
        e.n(PULSE), e.yes("Immobilization for at least 3 days"), e.yes("Surgery in the previous 4 weeks"), e.yes(PE), e.yes(DVT),
        e.yes("Hemoptysis"), e.yes("Malignancy with treatment within 6 months or palliative"),
    )  # fmt: skip


def _has_bled(e: Entities) -> int:
    return s.has_bled(
        e.yes("Hypertension"), e.yes("Renal disease criteria for the HAS-BLED rule"), e.yes("Liver disease criteria for the HAS-BLED rule"),
        e.yes("Stroke"), e.yes("Prior major bleeding or predisposition to bleeding"), e.yes("Labile international normalized ratio"),
        e.n("age", 50), e.yes("Medication usage predisposing to bleeding"), e.n("Number of Alcoholic Drinks Per Week", 0),
    )  # fmt: skip


GAP = ("Sodium", "Chloride", "Bicarbonate")
CALCULATORS: dict[int, Callable[[Entities], Any]] = {
    2: _sexed(f.creatinine_clearance, "weight", "height", "creatinine"),
    3: _sexed(f.ckd_epi, "creatinine"),
    4: lambda e: s.cha2ds2_vasc(e.n("age"), e.female, e.yes(CHF), e.yes("Hypertension history"), e.any("Stroke", TIA, "Thromboembolism history"), e.yes("Vascular disease history"), e.yes("Diabetes history")),
    5: _mean_pressure,
    6: _of(f.bmi, "weight", "height"),
    7: _of(f.corrected_calcium, "Calcium", "Albumin"),
    8: _wells_pe,
    9: lambda e: f.mdrd(e.n("age"), e.female, e.n("creatinine"), e.text("Race") == "black"),
    10: lambda e: f.ideal_weight(not e.female, e.n("height")),
    11: _of(f.qtc_bazett, "QT Interval", PULSE),
    13: lambda e: f"{f.due_date(day(e.raw['last menstrual date']), int(e.n('cycle length', 28))):%m/%d/%Y}",
    15: lambda e: s.child_pugh(e.n("Bilirubin"), e.n("Albumin"), e.n(INR), _level(e.text("Ascites", "absent"), GRADED), _level(e.text("Encephalopathy", "no encephalopathy"), GRADED)),
    16: _wells_dvt,
    17: lambda e: s.rcri(e.yes("Elevated-risk surgery"), e.yes("History of ischemic heart disease"), e.yes("Congestive Heart Failure criteria for the Cardiac Risk Index rule"), e.yes("History of cerebrovascular disease"), e.yes("Pre-operative treatment with insulin"), e.n("Pre-operative creatinine", 1.0)),
    18: _heart,
    19: _of(f.fib4, "age", "Aspartate aminotransferase", "Alanine aminotransferase", "Platelet count"),
    20: lambda e: s.centor(e.n("age"), e.n("Temperature", 37), e.yes("Exudate or swelling on tonsils"), e.yes("Tender/swollen anterior cervical lymph nodes"), e.yes("Cough Absent", True)),
    21: lambda e: s.glasgow_coma(_response(e.text("Best eye response"), EYES), _response(e.text("Best verbal response"), VERBAL), _response(e.text("Best motor response"), MOTOR)),
    22: _of(f.maintenance_fluid, "weight"),
    23: _meld, 24: _steroid, 25: _has_bled,
    26: _of(f.corrected_sodium, "Sodium", "Glucose"),
    27: lambda e: s.blatchford(e.n(BUN), e.n("Hemoglobin"), e.female, e.n(SBP), e.n(PULSE), e.yes("Melena Present"), e.yes("Recent Syncope"), e.yes("Hepatic disease history"), e.yes("Cardiac Failure Present")),
    28: _apache, 29: _psi,
    30: _of(f.osmolality, "Sodium", BUN, "Glucose"),
    31: _of(f.homa_ir, "Insulin", "Glucose"),
    32: _charlson,
    33: lambda e: s.feverpain(e.yes("Fever in past 24 hours"), e.yes("Absence of cough or coryza", True), e.yes("Symptom onset <=3 days") or e.yes("Symptom onset ≤3 days"), e.yes("Purulent tonsils"), e.yes("Severe tonsil inflammation")),
    36: _caprini,
    38: _sexed(f.free_water_deficit, "weight", "Sodium"),
    39: _of(f.anion_gap, *GAP),
    40: _of(f.fena, "Urine sodium", "Sodium", "Urine creatinine", "creatinine"),
    43: _sofa,
    44: _of(f.ldl, "Total cholesterol", HDL, "Triglycerides"),
    45: lambda e: s.curb65(e.yes("Confusion"), e.n(BUN), e.n("respiratory rate"), e.n(SBP), e.n(DBP), e.n("age")),
    46: lambda e: f.framingham(e.n("age"), e.female, e.n("Total cholesterol"), e.n(HDL), e.n(SBP), e.yes("Blood pressure being treated with medicines"), e.yes("Smoker")),
    48: lambda e: s.perc(e.n("age"), e.n(PULSE), e.n("O2 saturation percentage"), e.yes("Unilateral Leg Swelling"), e.yes("Hemoptysis"), e.yes("Recent surgery or trauma"), e.any(DVT, PE), e.yes("Hormone use")),
    49: _mme,
    51: lambda e: s.sirs(e.n("Temperature", 37), e.n(PULSE, 80), e.n("respiratory rate", 16), e.n("White blood cell count", 8), e.n("PaCO2", 40)),
    56: _of(f.qtc_fridericia, "QT Interval", PULSE),
    57: _of(f.qtc_framingham, "QT Interval", PULSE),
    58: _of(f.qtc_hodges, "QT Interval", PULSE),
    59: _of(f.qtc_rautaharju, "QT Interval", PULSE),
    60: _of(f.body_surface, "weight", "height"),
    61: _of(f.target_weight, "Body Mass Index (BMI)", "height"),
    62: lambda e: f.adjusted_weight(not e.female, e.n("height"), e.n("weight")),
    63: _of(f.delta_gap, *GAP),
    64: _of(f.delta_ratio, *GAP),
    65: _of(f.corrected_gap, *GAP, "Albumin"),
    66: _of(f.corrected_delta_gap, *GAP, "Albumin"),
    67: _of(f.corrected_delta_ratio, *GAP, "Albumin"),
    68: lambda e: f"{f.conception_date(day(e.raw['last menstrual date'])):%m/%d/%Y}",
    69: lambda e: list(f.gestational_age(day(e.raw["last menstrual date"]), day(e.raw["current date"]))),
}  # fmt: skip
