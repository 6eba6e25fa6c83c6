"""The generated hospital as FHIR R4: the same patients, names, stays and values as in the other views, moved to MedAgentBench's now.

Every time moves by one amount, so that the hospital's last minute is MedAgentBench's; what would lie after it is left out.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from data_prep.hospital.model import NOW, Admission, Coded, Drug, Hospital, IcuStay, Measure, Patient
from data_prep.medagentbench import codes
from data_prep.medagentbench.codes import ICD9, category, concept, quantity
from data_prep.treqs.story import Storyteller

CLOCK = datetime(2023, 11, 13, 10, 15, tzinfo=UTC)
SHIFT = CLOCK.replace(tzinfo=None) - NOW
MRN, SUBJECT = "urn:galen:mrn", "urn:galen:subject-id"
MRN_TYPE = concept(("http://terminology.hl7.org/CodeSystem/v2-0203", "MR"))
CLASSES = {"emergency": "EMER", "urgent": "IMP", "elective": "IMP"}
STREETS = ("Maple", "Cedar", "Oak", "Walnut", "Chestnut", "Elm", "Birch", "Juniper", "Willow", "Spruce")
TOWNS = (
    ("Riverton", "02140"),
    ("Ashford", "01960"),
    ("Milbrook", "02453"),
    ("Harwell", "01754"),
    ("Stonebridge", "02062"),
)
STATE = "MA"

Resource = dict[str, Any]


def instant(time: datetime) -> str:
    """A time of the hospital as FHIR writes it."""
    return (time + SHIFT).replace(tzinfo=UTC).isoformat()


def mrns(n: int, seed: int) -> list[str]:
    """Medical record numbers as MedAgentBench writes them: an S and seven digits."""
    return [f"S{number}" for number in random.Random(f"mrn/{seed}").sample(range(1_000_000, 10_000_000), n)]


def resources(hospital: Hospital) -> Iterator[Resource]:
    """Every patient, then their stays with all that belongs to them."""
    for patient, mrn in zip(hospital.patients, mrns(len(hospital.patients), hospital.seed), strict=True):
        yield _person(patient, mrn, hospital.seed)
        for number, stay in enumerate(patient.admissions, 1):
            if stay.start <= NOW:
                yield from _Stay(mrn, number, stay).resources()


def _person(patient: Patient, mrn: str, seed: int) -> Resource:
    rng = random.Random(f"address/{seed}/{patient.id}")
    given, family = (part.title() for part in Storyteller(seed, patient.id).person(patient.sex).name.split(" ", 1))
    town, code = rng.choice(TOWNS)
    made: Resource = {
        "resourceType": "Patient", "id": mrn,
        "identifier": [
            {"use": "usual", "type": MRN_TYPE, "system": MRN, "value": mrn},
            {"use": "secondary", "system": SUBJECT, "value": str(patient.id)},
        ],
        "active": True, "name": [{"use": "official", "family": family, "given": [given], "text": f"{given} {family}"}],
        "telecom": [{"system": "phone", "value": f"617-555-{rng.randrange(10_000):04d}", "use": "home"}],
        "gender": "female" if patient.sex == "f" else "male", "birthDate": (patient.birth + SHIFT).date().isoformat(),
        "address": [{
            "use": "home", "line": [f"{rng.randrange(1, 400)} {rng.choice(STREETS)} Street"], "city": town, "state": STATE, "postalCode": code,
        }],
    }  # fmt: skip
    if patient.death is not None and patient.death <= NOW:
        made["deceasedDateTime"] = instant(patient.death)
    return made


class _Stay:
    """One hospital stay; its resources are numbered by type."""

    def __init__(self, mrn: str, number: int, stay: Admission) -> None:
        self._mrn, self._id, self._stay = mrn, f"{mrn}-{number}", stay
        self._made: dict[str, int] = {}

    def resources(self) -> Iterator[Resource]:
        stay = self._stay
        yield self._encounter()
        for diagnosis in stay.diagnoses:
            yield self._condition(diagnosis)
        for procedure in stay.procedures:
            if procedure.time <= NOW:
                code = concept((ICD9, procedure.code), text=procedure.title)
                yield self._new("Procedure", status="completed", code=code, performedDateTime=instant(procedure.time))
        for drug in stay.drugs:
            if drug.start <= NOW:
                yield self._medication(drug)
        for lab in stay.labs:
            if lab.time <= NOW:
                yield self._measured(lab, "laboratory", codes.LABS)
        for icu in stay.icu:
            yield from self._vitals(icu)

    def _new(self, kind: str, **elements: Any) -> Resource:
        self._made[kind] = number = self._made.get(kind, 0) + 1
        here = {"subject": {"reference": f"Patient/{self._mrn}"}, "encounter": {"reference": f"Encounter/{self._id}"}}
        return {"resourceType": kind, "id": f"{self._id}-{kind[:3].lower()}{number}", **here, **elements}

    def _encounter(self) -> Resource:
        stay = self._stay
        over = stay.end is not None and stay.end <= NOW
        period = {"start": instant(stay.start)} | ({"end": instant(stay.end)} if over and stay.end else {})
        made: Resource = {
            "resourceType": "Encounter", "id": self._id, "status": "finished" if over else "in-progress",
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": CLASSES.get(stay.kind, "IMP")},
            "subject": {"reference": f"Patient/{self._mrn}"}, "period": period,
        }  # fmt: skip
        if over and stay.destination:
            made["hospitalization"] = {"dischargeDisposition": {"text": stay.destination}}
        return made

    def _condition(self, diagnosis: Coded) -> Resource:
        root = "http://terminology.hl7.org/CodeSystem/condition"
        time = instant(min(diagnosis.time, NOW))
        return self._new(
            "Condition", clinicalStatus=concept((f"{root}-clinical", "active")), verificationStatus=concept((f"{root}-ver-status", "confirmed")),
            category=[concept((f"{root}-category", "problem-list-item"))], code=concept((ICD9, diagnosis.code), text=diagnosis.title),
            onsetDateTime=time, recordedDate=time,
        )  # fmt: skip

    def _medication(self, drug: Drug) -> Resource:
        over = drug.end is not None and drug.end <= NOW
        bounds = {"start": instant(drug.start)} | ({"end": instant(drug.end)} if over and drug.end else {})
        return self._new(
            "MedicationRequest", status="completed" if over else "active", intent="order",
            category=[concept(("http://terminology.hl7.org/CodeSystem/medicationrequest-category", "inpatient"))],
            medicationCodeableConcept=concept(text=drug.name), authoredOn=instant(drug.start),
            dosageInstruction=[{
                "text": f"{drug.dose} {drug.unit} {drug.route}", "timing": {"repeat": {"boundsPeriod": bounds}},
                "route": {"text": drug.route}, "doseAndRate": [_dose(drug)],
            }],
        )  # fmt: skip

    def _measured(self, measure: Measure, kind: str, known: dict[str, tuple[str, str]]) -> Resource:
        short, loinc = known.get(measure.item, ("", ""))
        pairs = ((codes.FLOWSHEET, short), (codes.LOINC, loinc)) if short else ()
        return self._new(
            "Observation", status="final", category=category(kind), code=concept(*pairs, text=measure.item),
            effectiveDateTime=instant(measure.time), **_value(measure),
        )  # fmt: skip

    def _vitals(self, icu: IcuStay) -> Iterator[Resource]:
        """One observation a value; the two pressures of a moment are the components of one."""
        pressures: dict[datetime, list[Measure]] = {}
        for vital in icu.vitals:
            if vital.time > NOW:
                continue
            if vital.item in codes.PRESSURES:
                pressures.setdefault(vital.time, []).append(vital)
            else:
                yield self._measured(vital, "vital-signs", codes.VITALS)
        for time, pair in pressures.items():
            parts = [{"code": concept((codes.LOINC, codes.PRESSURES[m.item]), text=m.item), **_value(m)} for m in pair]
            code = concept((codes.FLOWSHEET, "BP"), (codes.LOINC, "85354-9"), text="blood pressure")
            yield self._new(
                "Observation",
                status="final",
                category=category("vital-signs"),
                code=code,
                effectiveDateTime=instant(time),
                component=parts,
            )


def _value(measure: Measure) -> Resource:
    if measure.value is None:
        return {"dataAbsentReason": concept(("http://terminology.hl7.org/CodeSystem/data-absent-reason", "unknown"))}
    return {"valueQuantity": quantity(measure.value, measure.unit)}


def _dose(drug: Drug) -> Resource:
    """A quantity, or a range where the dose is written as one."""
    low, dash, high = drug.dose.partition("-")
    try:
        if dash:
            return {"doseRange": {"low": quantity(float(low), drug.unit), "high": quantity(float(high), drug.unit)}}
        return {"doseQuantity": quantity(float(low), drug.unit)}
    except ValueError:
        return {"type": {"text": drug.dose}}
