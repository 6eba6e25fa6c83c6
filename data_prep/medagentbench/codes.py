"""What the hospital's items are called in FHIR: the flowsheet's short codes, which are MedAgentBench's where it has one, and LOINC."""

from __future__ import annotations

from typing import Any

LOINC = "http://loinc.org"
ICD9 = "http://hl7.org/fhir/sid/icd-9-cm"
UCUM = "http://unitsofmeasure.org"
FLOWSHEET = "urn:galen:flowsheet"
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
# name in the hospital: short code, LOINC
LABS = {
    "glucose": ("GLU", "2345-7"), "sodium": ("NA", "2951-2"), "potassium": ("K", "2823-3"), "creatinine": ("CR", "2160-0"),
    "urea nitrogen": ("BUN", "3094-0"), "bicarbonate": ("HCO3", "1963-8"), "chloride": ("CL", "2075-0"), "hemoglobin": ("HGB", "718-7"),
    "hematocrit": ("HCT", "4544-3"), "white blood cells": ("WBC", "6690-2"), "platelet count": ("PLT", "777-3"),
    "magnesium": ("MG", "19123-9"), "calcium": ("CA", "17861-6"), "phosphate": ("PHOS", "2777-1"), "inr": ("INR", "6301-6"),
    "lactate": ("LAC", "2524-7"), "albumin": ("ALB", "1751-7"), "bilirubin total": ("TBIL", "1975-2"), "ast": ("AST", "1920-8"),
    "alt": ("ALT", "1742-6"), "troponin t": ("TNT", "6598-7"), "creatine kinase": ("CK", "2157-6"), "ntprobnp": ("NTBNP", "33762-6"),
    "lipase": ("LIP", "3040-3"), "tsh": ("TSH", "3016-3"), "hemoglobin a1c": ("A1C", "4548-4"), "cholesterol": ("CHOL", "2093-3"),
    "ph": ("PH", "2744-1"), "po2": ("PO2", "2703-7"), "pco2": ("PCO2", "2019-8"),
}  # fmt: skip
VITALS = {
    "temperature c (calc)": ("TEMP", "8310-5"), "sao2": ("SPO2", "59408-5"), "heart rate": ("HR", "8867-4"),
    "respiratory rate": ("RR", "9279-1"), "arterial bp mean": ("MAP", "8478-0"), "admit wt": ("WT", "29463-7"),
    "admit ht": ("HT", "8302-2"),
}  # fmt: skip
PRESSURES = {"arterial bp [systolic]": "8480-6", "arterial bp [diastolic]": "8462-4"}
# the hospital's unit: as FHIR shows it, UCUM
UNITS = {
    "mg/dl": ("mg/dL", "mg/dL"), "meq/l": ("mEq/L", "meq/L"), "g/dl": ("g/dL", "g/dL"), "%": ("%", "%"), "k/ul": ("K/uL", "10*3/uL"),
    "mmol/l": ("mmol/L", "mmol/L"), "iu/l": ("IU/L", "[IU]/L"), "ng/ml": ("ng/mL", "ng/mL"), "pg/ml": ("pg/mL", "pg/mL"),
    "uiu/ml": ("uIU/mL", "u[IU]/mL"), "mm hg": ("mm[Hg]", "mm[Hg]"), "mmhg": ("mm[Hg]", "mm[Hg]"), "deg. c": ("Cel", "Cel"),
    "bpm": ("/min", "/min"), "insp/min": ("/min", "/min"), "kg": ("kg", "kg"), "cm": ("cm", "cm"), "units": ("pH", "[pH]"),
}  # fmt: skip


def concept(*codings: tuple[str, str], text: str = "") -> dict[str, Any]:
    """A CodeableConcept of (system, code) pairs; nothing is left empty."""
    made: dict[str, Any] = {"coding": [{"system": s, "code": c} for s, c in codings]} if codings else {}
    return made | ({"text": text} if text else {})


def category(code: str) -> list[dict[str, Any]]:
    """An Observation's category."""
    return [concept((CATEGORY, code))]


def quantity(value: float, unit: str) -> dict[str, Any]:
    """A Quantity; a unit that UCUM is not known for stays as it is, and a number without a unit has none."""
    whole = int(value) if float(value).is_integer() else value
    if unit not in UNITS:
        return {"value": whole, "unit": unit} if unit else {"value": whole}
    shown, ucum = UNITS[unit]
    return {"value": whole, "unit": shown, "system": UCUM, "code": ucum}
