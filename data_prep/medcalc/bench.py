"""MedCalc-Bench's own CSV files (v1.0, v1.2, Verified): rows as tasks, and their labels against our calculators.

The three versions share their columns, and so does MedAgentGym's JSONL of v1.0. Our calculators read a row's
`Relevant Entities`; where label and calculator differ by more than the official tolerance, `audit` says by how much.
"""

from __future__ import annotations

import ast
import csv
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from data_prep.medcalc import formulas as f
from data_prep.medcalc import scores as s
from data_prep.medcalc.task import ACTIONS, CONTRACTS
from data_prep.published import json_rows
from galen.errors import UserError
from galen.oracles import judge
from galen.types import Gold, OracleSpec, Privacy, Task, TaskPrompt

COLUMNS = ("Calculator ID", "Calculator Name", "Patient Note", "Question", "Relevant Entities", "Ground Truth Answer")
DATES = (13, 68)
INTEGERS = (4, 15, 16, 17, 18, 20, 21, 25, 27, 28, 29, 32, 33, 36, 43, 45, 48, 51)
UNITS = {  # what one stated unit is in the calculator's: factor, offset
    "in": (2.54, 0.0), "m": (100.0, 0.0), "lbs": (0.45359237, 0.0), "lb": (0.45359237, 0.0), "g": (0.001, 0.0),
    "degrees fahrenheit": (5 / 9, -160 / 9), "µmol/L": (1 / 88.42, 0.0), "mm^3": (0.001, 0.0), "µL": (0.001, 0.0),
}  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """One row's label beside our calculator's value."""

    row: str
    calculator: int
    label: str
    ours: Any
    agrees: bool


class _Entities:
    """A row's entities by name, with numbers in the calculators' units."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self.raw = raw

    def n(self, name: str, default: float | None = None) -> float:
        value = self.raw.get(name, default)
        if value is None:
            raise KeyError(name)
        if isinstance(value, int | float | str):
            return float(value)
        factor, offset = UNITS.get(str(value[1]), (1.0, 0.0)) if len(value) > 1 else (1.0, 0.0)
        return float(value[0]) * factor + offset

    def yes(self, name: str) -> bool:
        return bool(self.raw.get(name, False))

    def count(self, *names: str) -> int:
        return sum(self.yes(n) for n in names)


def _mme(e: _Entities) -> float:
    daily = {}
    for name, value in e.raw.items():
        found = re.fullmatch(r"(.+) Dose", name)
        if found:
            drug = found.group(1)
            daily[drug.lower()] = float(value[0]) * e.n(f"{drug} Dose Per Day")
    return f.morphine_equivalents(daily)


def _steroid(e: _Entities) -> float:
    given, dose, _ = e.raw["input steroid"]
    plain = lambda text: text.lower().split()[0]  # noqa: E731
    return f.steroid_conversion(float(dose), plain(given), plain(e.raw["target steroid"]))


def _mean_pressure(e: _Entities) -> float:
    return f.mean_arterial_pressure(e.n("Systolic Blood Pressure"), e.n("Diastolic Blood Pressure"))


def _apache(e: _Entities) -> int:
    return s.apache2(
        e.n("Temperature"), _mean_pressure(e), e.n("Heart Rate or Pulse"), e.n("respiratory rate"), e.n("FiO2", 21),
        e.n("PaO2"), e.n("pH"), e.n("Sodium"), e.n("Potassium"), e.n("creatinine"), e.n("Hematocrit"),
        e.n("White blood cell count"), int(e.n("Glasgow Coma Score")), e.n("age"),
        acute_renal_failure=e.yes("Acute renal failure"),
        organ_failure=e.yes("History of severe organ failure or immunocompromise"),
        gradient=e.n("A-a gradient") if "A-a gradient" in e.raw else None,
    )  # fmt: skip


def _psi(e: _Entities) -> int:
    return s.psi(
        e.n("age"), e.raw.get("sex") == "Female", e.yes("Nursing home resident"), e.yes("Neoplastic disease"),
        e.yes("Liver disease history"), e.yes("Congestive Heart Failure"), e.yes("Cerebrovascular disease history"),
        e.yes("Renal disease history"), e.yes("Altered mental status"), e.n("respiratory rate", 16),
        e.n("Systolic Blood Pressure", 120), e.n("Temperature", 37), e.n("Heart Rate or Pulse", 80), e.n("pH", 7.4),
        e.n("Blood Urea Nitrogen (BUN)", 15), e.n("Sodium", 140), e.n("Glucose", 100), e.n("Hematocrit", 40),
        e.n("Partial pressure of oxygen", 90), e.yes("Pleural effusion on x-ray"),
    )  # fmt: skip


def _sofa(e: _Entities) -> int:
    return s.sofa(
        e.n("PaO2"), e.n("FiO2"), e.yes("On mechanical ventilation") or e.yes("Continuous positive airway pressure"),
        e.n("Platelet count"), e.n("Bilirubin"), int(e.n("Glasgow Coma Score", 15)),
        e.yes("Hypotension") or _mean_pressure(e) < 70, e.n("DOPamine", 0), e.n("DOBUTamine", 0), e.n("EPINEPHrine", 0),
        e.n("norEPINEPHrine", 0), e.n("creatinine"), e.n("Urine Output") if "Urine Output" in e.raw else None,
    )  # fmt: skip


def _caprini(e: _Entities) -> int:
    return s.caprini(
        e.n("age"), e.raw.get("sex") == "Female", str(e.raw.get("Surgery Type", "none")).lower(), 0, e.raw.get("Mobility"),
        five=e.count("Hip, pelvis, or leg fracture in the last month", "Stroke in the last month", "Multiple trauma in the last month", "Acute spinal cord Injury causing paralysis in the last month"),
        three=e.count("Previously documented Deep Vein Thrombosis", "Previously Documented Pulmonary Embolism", "Family history of thrombosis", "Positive Factor V Leiden", "Positive prothrombin 20210A", "Elevated serum homocysteine", "Positive lupus anticoagulant", "Elevated anticardiolipin antibody", "Heparin-induced thrombocytopenia", "Other congenital or acquired thrombophilia"),
        two=e.count("Immobilizing plaster cast in the last month", "Current central venous access", "Present or previous malignancy"),
        one=e.count("Major Surgery in the last month", "Congestive Heart Failure in the last month", "Sepsis in the last month", "Pneumonia in the last month", "Varicose veins", "Current swollen legs", "History of inflammatory bowel disease", "Acute Myocardial infarction", "Chronic Obstructive Pulmonary Disease"),
        bmi=e.n("Body Mass Index (BMI)", 20),
    )  # fmt: skip


EYES = {"spontaneous": 4, "verbal": 3, "pain": 2}
VERBAL = {"oriented": 5, "confused": 4, "inappropriate": 3, "incomprehensible": 2}
MOTOR = {"obeys": 6, "localizes": 5, "withdraw": 4, "flexion": 3, "extension": 2}


def _level(text: str, levels: dict[str, int], full: int) -> int:
    if "not testable" in text or not text:
        return full
    return next((points for word, points in levels.items() if word in text.lower()), 1)


def _coma(e: _Entities) -> int:
    return s.glasgow_coma(
        _level(e.raw.get("Best eye response", ""), EYES, 4), _level(e.raw.get("Best verbal response", ""), VERBAL, 5),
        _level(e.raw.get("Best motor response", ""), MOTOR, 6),
    )  # fmt: skip


def _qt(formula: Callable[[float, float], float]) -> Callable[[_Entities], float]:
    return lambda e: formula(e.n("QT Interval"), e.n("Heart Rate or Pulse"))


def _day(text: str) -> date:
    return datetime.strptime(text, "%m/%d/%Y").date()


CALCULATORS: dict[int, Callable[[_Entities], Any]] = {
    11: _qt(f.qtc_bazett), 56: _qt(f.qtc_fridericia), 57: _qt(f.qtc_framingham), 58: _qt(f.qtc_hodges), 59: _qt(f.qtc_rautaharju),
    13: lambda e: f"{f.due_date(_day(e.raw['Last menstrual date']), int(e.n('cycle length', 28))):%m/%d/%Y}",
    68: lambda e: f"{f.conception_date(_day(e.raw['Last menstrual date'])):%m/%d/%Y}",
    69: lambda e: list(f.gestational_age(_day(e.raw["Last menstrual date"]), _day(e.raw["Current Date"]))),
    16: lambda e: s.wells_dvt(
        e.yes("Active cancer"), e.yes("Bedridden recently >3 days"), e.yes("Major surgery within 12 weeks"),
        e.yes("Calf swelling >3 centimeters compared to the other leg"), e.yes("Collateral (nonvaricose) superficial veins present"),
        e.yes("Entire Leg Swollen"), e.yes("Localized tenderness along the deep venous system"),
        e.yes("Pitting edema, confined to symptomatic leg"),
        e.yes("Paralysis, paresis, or recent plaster immobilization of the lower extremity"), e.yes("Previously documented Deep Vein Thrombosis"),
        e.yes("Alternative diagnosis to Deep Vein Thrombosis as likely or more likely"),
    ),
    17: lambda e: s.rcri(
        e.yes("Elevated-risk surgery"), e.yes("History of ischemic heart disease"),
        e.yes("Congestive Heart Failure criteria for the Cardiac Risk Index rule"), e.yes("History of cerebrovascular disease"),
        e.yes("Pre-operative treatment with insulin"), e.n("Pre-operative creatinine", 1.0),
    ),
    21: _coma, 24: _steroid, 28: _apache, 29: _psi, 36: _caprini, 43: _sofa, 49: _mme,
    25: lambda e: s.has_bled(
        e.yes("Hypertension"), e.yes("Renal disease criteria for the HAS-BLED rule"), e.yes("Liver disease criteria for the HAS-BLED rule"),
        e.yes("Stroke"), e.yes("Prior major bleeding or predisposition to bleeding"), e.yes("Labile international normalized ratio"),
        e.n("age", 50), e.yes("Medication usage predisposing to bleeding"), e.n("Number of Alcoholic Drinks Per Week", 0),
    ),
    31: lambda e: f.homa_ir(e.n("Insulin"), e.n("Glucose")),
    61: lambda e: f.target_weight(e.n("Body Mass Index (BMI)"), e.n("height")),
    5: _mean_pressure,
}  # fmt: skip


def kind(calculator: int) -> str:
    """The oracle of a calculator, by the official evaluation script."""
    if calculator in DATES:
        return "date"
    return "weeks_days" if calculator == 69 else "integer" if calculator in INTEGERS else "decimal"


def read(path: Path, split: str = "test") -> list[tuple[Task, Gold]]:
    """The file's rows as tasks.

    Raises:
        UserError: a column is missing, or a row is broken; named by file, row and field, and no row is used.
    """
    pairs = []
    for i, row in _rows(path):
        number = int(row["Calculator ID"])
        oracle = kind(number)
        id_ = f"medcalc/{split}-bench/{row.get('Row Number') or i}"
        pairs.append(
            (
                Task(
                    id=id_, family="medcalc", category=row["Calculator Name"], split=split,  # type: ignore[arg-type]
                    cluster=str(row.get("Note ID") or i), prompt=TaskPrompt(question=row["Question"], documents=(row["Patient Note"],), contract=CONTRACTS[oracle]),
                    actions=ACTIONS, answer_type=oracle, oracle=OracleSpec(kind=oracle), privacy=Privacy.OPEN,
                    metadata={"calculator_id": number, "source": path.name},
                ),
                Gold(id=id_, answer=_answer(path, i, oracle, row["Ground Truth Answer"]), solution="", lang="python"),
            )
        )  # fmt: skip
    return pairs


def audit(path: Path) -> list[Finding]:
    """Every row whose calculator we have: the label, our value (or why there is none), and whether the label passes."""
    findings = []
    for i, row in _rows(path):
        number = int(row["Calculator ID"])
        if number not in CALCULATORS:
            continue
        label = row["Ground Truth Answer"]
        try:
            ours = CALCULATORS[number](_Entities(ast.literal_eval(row["Relevant Entities"])))
            agrees = judge(OracleSpec(kind=kind(number)), label, ours).passed
        except (KeyError, TypeError, ValueError, SyntaxError) as error:
            ours, agrees = f"not computable from Relevant Entities ({type(error).__name__}: {error})", False
        findings.append(Finding(row.get("Row Number") or str(i), number, label, ours, agrees))
    return findings


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    if not path.exists():
        raise UserError(f"{path}: no such file; give MedCalc-Bench's train or test CSV")
    if path.suffix == ".jsonl":
        rows = [
            (i, {k: str(v) for k, v in row.items() if v is not None}) for i, (_, row) in enumerate(json_rows(path), 1)
        ]
        columns = rows[0][1].keys()
    else:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            rows, columns = list(enumerate(reader, 2)), reader.fieldnames or ()
    missing = [c for c in COLUMNS if c not in columns]
    if missing:
        raise UserError(f"{path}: column {missing[0]!r} is missing; expected MedCalc-Bench's columns")
    for i, row in rows:
        for column in COLUMNS:
            if not row.get(column):
                raise UserError(f"{path}: row {i}: {column} is empty. No row of this file was used.")
        if not row["Calculator ID"].isdigit():
            raise UserError(f"{path}: row {i}: Calculator ID: {row['Calculator ID']!r} is no number. No row was used.")
    return rows


def _answer(path: Path, row: int, oracle: str, text: str) -> Any:
    try:
        if oracle == "date":
            return f"{_day(text):%m/%d/%Y}"
        if oracle == "weeks_days":
            return [int(x) for x in re.findall(r"\d+", text)[:2]]
        return round(float(text)) if oracle == "integer" else float(text)
    except ValueError:
        raise UserError(f"{path}: row {row}: Ground Truth Answer: {text!r} is no {oracle}. No row was used.") from None
