"""Reference programs: what an agent would write, with the module `fhir` of the sandbox."""

from __future__ import annotations

START = """import fhir
from datetime import datetime, timedelta

fhir.discard()  # nothing of an earlier try
now = datetime.fromisoformat({now!r})


def resources(kind, **params):
    bundle = fhir.get(kind, params=params).json()
    while True:
        for entry in bundle.get("entry", []):
            yield entry["resource"]
        following = [link["url"] for link in bundle["link"] if link["relation"] == "next"]
        if not following:
            return
        bundle = fhir.get(following[0]).json()
"""
PATIENT = """

patient = next(resources("Patient", identifier={mrn!r}))["id"]
"""
VALUES = """

def values(code, **params):
    found = [o for o in resources("Observation", patient=patient, code=code, **params) if "value" in o.get("valueQuantity", {{}})]
    found.sort(key=lambda o: datetime.fromisoformat(o["effectiveDateTime"]))
    return [(o["valueQuantity"]["value"], o["effectiveDateTime"]) for o in found]


def since(hours):
    return "ge" + (now - timedelta(hours=hours)).isoformat()

"""
POST = """

def order(kind, **fields):
    resource = {{"resourceType": kind, "subject": {{"reference": "Patient/" + patient}}, **fields}}
    fhir.post(kind, json=resource).raise_for_status()

"""
MRN = """

found = list(resources("Patient", **{query!r}))
numbers = [i["value"] for p in found for i in p["identifier"] if "MR" in str(i.get("type", "MR"))]
fhir.finish([numbers[0] if numbers else "Patient not found"])
"""
AGE = """
born = datetime.fromisoformat(next(resources("Patient", identifier={mrn!r}))["birthDate"])
day = datetime.fromisoformat({day!r})
fhir.finish([day.year - born.year - ((day.month, day.day) < (born.month, born.day))])
"""
VITAL = """order(
    "Observation",
    category=[{{"coding": [{{"system": "http://hl7.org/fhir/observation-category", "code": "vital-signs", "display": "Vital Signs"}}]}}],
    code={{"text": {flowsheet!r}}}, effectiveDateTime={now!r}, status="final", valueString={text!r},
)
fhir.finish([])
"""
REFERRAL = """order(
    "ServiceRequest", code={{"coding": [{{"system": "http://snomed.info/sct", "code": {code!r}}}]}}, authoredOn={now!r},
    status="active", intent="order", priority="stat", note=[{{"text": {note!r}}}],
)
fhir.finish([])
"""
LATEST = """found = values({item!r}{window})
fhir.finish([found[-1][0] if found else -1])
"""
SUMMARY = """found = [value for value, _ in values({item!r}{window})]
fhir.finish([{summary} if found else -1])
"""
MAGNESIUM = """found = values("MG"{window})
level = found[-1][0] if found else None
if level is not None and level <= 1.9:
    amount = 1 if level >= 1.5 else 2 if level >= 1 else 4
    dose = {{"doseQuantity": {{"value": amount, "unit": "g"}}, "rateQuantity": {{"value": amount, "unit": "h"}}}}
    order(
        "MedicationRequest", status="active", intent="order", authoredOn={now!r},
        medicationCodeableConcept={{"coding": [{{"system": "http://hl7.org/fhir/sid/ndc", "code": "0338-1715-40"}}]}},
        dosageInstruction=[{{"route": {{"text": "IV"}}, "doseAndRate": [dose]}}],
    )
fhir.finish([-1 if level is None else level])
"""
POTASSIUM = """found = values("K")
level = found[-1][0] if found else None
if level is not None and level < 3.5:
    dose = {{"doseQuantity": {{"value": round((3.5 - level) / 0.1 * 10), "unit": "mEq"}}}}
    order(
        "MedicationRequest", status="active", intent="order", authoredOn={now!r},
        medicationCodeableConcept={{"coding": [{{"system": "http://hl7.org/fhir/sid/ndc", "code": "40032-917-01"}}]}},
        dosageInstruction=[{{"route": {{"text": "oral"}}, "doseAndRate": [dose]}}],
    )
    order(
        "ServiceRequest", code={{"coding": [{{"system": "http://loinc.org", "code": "2823-3"}}]}}, authoredOn={now!r},
        status="active", intent="order", priority="stat", occurrenceDateTime={recheck!r},
    )
fhir.finish([-1 if level is None else level])
"""
A1C = """found = values("A1C")
if not found or datetime.fromisoformat(found[-1][1]) < now - timedelta(days={days}):
    order(
        "ServiceRequest", code={{"coding": [{{"system": "http://loinc.org", "code": "4548-4"}}]}}, authoredOn={now!r},
        status="active", intent="order", priority="stat",
    )
fhir.finish(list(found[-1]) if found else [-1])
"""
LOOKS, ORDERS, CHECKS = PATIENT + VALUES, PATIENT + POST, PATIENT + VALUES.rstrip("\n") + "\n" + POST


def written(*parts: str, **slots: object) -> str:
    """A program of `parts`, after what all of them need."""
    return "".join((START, *parts)).format(**slots).strip("\n")


def window(hours: int | None) -> str:
    """The argument that keeps `values` to the last `hours`; none for all."""
    return f", date=since({hours})" if hours else ""
