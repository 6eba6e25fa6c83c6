"""The resources that a right program posts, field by field as MedAgentBench's graders ask for them."""

from __future__ import annotations

from typing import Any

NDC, LOINC, SNOMED = "http://hl7.org/fhir/sid/ndc", "http://loinc.org", "http://snomed.info/sct"
MAGNESIUM, POTASSIUM = "0338-1715-40", "40032-917-01"
POTASSIUM_LEVEL, A1C_LEVEL = "2823-3", "4548-4"
ORTHOPEDICS, CARDIOLOGY = "306181000000106", "183519002"
VITAL_SIGNS = [
    {
        "coding": [
            {"system": "http://hl7.org/fhir/observation-category", "code": "vital-signs", "display": "Vital Signs"}
        ]
    }
]
TARGET = 3.5  # mEq/L of potassium

Resource = dict[str, Any]


def vital(patient: str, flowsheet: str, text: str, now: str) -> Resource:
    """A vital sign recorded now."""
    return {
        "resourceType": "Observation", "category": VITAL_SIGNS, "code": {"text": flowsheet}, "effectiveDateTime": now, "status": "final",
        "valueString": text, "subject": {"reference": f"Patient/{patient}"},
    }  # fmt: skip


def magnesium(patient: str, level: float, now: str) -> Resource | None:
    """IV magnesium for a level in mg/dL: 1 g over 1 h from 1.5 to 1.9, 2 g over 2 h from 1, 4 g over 4 h below; none above 1.9."""
    if level > 1.9:
        return None
    grams = 1 if level >= 1.5 else 2 if level >= 1 else 4
    dose = {"doseQuantity": {"value": grams, "unit": "g"}, "rateQuantity": {"value": grams, "unit": "h"}}
    return _medication(patient, MAGNESIUM, "IV", dose, now)


def potassium(patient: str, level: float, now: str) -> Resource | None:
    """Oral potassium for a level in mEq/L: 10 mEq for each 0.1 below `TARGET`; none at it or above."""
    if level >= TARGET:
        return None
    return _medication(
        patient, POTASSIUM, "oral", {"doseQuantity": {"value": round((TARGET - level) * 100), "unit": "mEq"}}, now
    )


def _medication(patient: str, ndc: str, route: str, dose: Resource, now: str) -> Resource:
    return {
        "resourceType": "MedicationRequest", "medicationCodeableConcept": {"coding": [{"system": NDC, "code": ndc}]}, "authoredOn": now,
        "dosageInstruction": [{"route": {"text": route}, "doseAndRate": [dose]}], "status": "active", "intent": "order",
        "subject": {"reference": f"Patient/{patient}"},
    }  # fmt: skip


def service(patient: str, system: str, code: str, now: str, **more: Any) -> Resource:
    """A stat order of a test or a referral."""
    return {
        "resourceType": "ServiceRequest", "code": {"coding": [{"system": system, "code": code}]}, "authoredOn": now, "status": "active",
        "intent": "order", "priority": "stat", "subject": {"reference": f"Patient/{patient}"}, **more,
    }  # fmt: skip
