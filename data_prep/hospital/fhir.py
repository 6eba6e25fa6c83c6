"""A hospital from FHIR R4 bundles (Synthea's layout: one bundle a patient, `Encounter` as the thing that all else
refers to).

Each patient's times are moved by whole days so that the last encounter falls between 2104 and 2105. Every encounter
becomes a hospital stay: Synthea's simulated people live mostly outside hospitals, and the questions need stays.
Conditions and procedures keep their SNOMED code and display; medications, laboratory values and vital signs their
own names; prices come from one list per code, for the claims price whole visits.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from data_prep.hospital.model import NOW, Admission, Coded, Drug, Hospital, IcuStay, Measure, Patient, Transfer
from galen.errors import UserError

KINDS = {"EMER": "emergency", "IMP": "urgent", "AMB": "elective"}
FIRST = datetime(2100, 1, 1)
LONGEST = timedelta(days=60)
FIRST_ID = 10001
UNKNOWN = "unknown/not specified"


def from_fhir(path: Path) -> Hospital:
    """Read a zip or a folder of bundles.

    Raises:
        UserError: no such file, no patient in it, or a broken bundle, named with its file and field.
    """
    patients = []
    left_out: Counter[str] = Counter()
    for name, bundle in read_bundles(path):
        by_type = _sort(bundle)
        if by_type["Patient"]:
            found = _patient(name, by_type, FIRST_ID + len(patients), left_out)
            if found.admissions:
                patients.append(found)
    if not patients:
        raise UserError(f"{path}: no FHIR patient with an encounter; expected R4 bundles, one a patient")
    notes = tuple(f"{path}: {n} encounters left out: {why}" for why, n in sorted(left_out.items()))
    return Hospital(tuple(patients), source=f"FHIR R4 bundles ({path.name}, {len(patients)} patients)", notes=notes)


def read_bundles(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """(file, bundle) of a zip or a folder; raises UserError for what is no Bundle, named."""
    if not path.exists():
        raise UserError(f"{path}: no such file; --from-fhir takes a zip or a folder of FHIR R4 bundles")
    if path.is_dir():
        files = [(p.name, p.read_bytes) for p in sorted(path.rglob("*.json"))]
    else:
        try:
            archive = zipfile.ZipFile(path)
        except zipfile.BadZipFile:
            raise UserError(f"{path}: not a zip; --from-fhir takes a zip or a folder of FHIR R4 bundles") from None
        files = [(n, lambda n=n: archive.read(n)) for n in sorted(archive.namelist()) if n.endswith(".json")]
    for name, read in files:
        try:
            bundle = json.loads(read())
        except json.JSONDecodeError as error:
            raise UserError(f"{path}: {name}: not JSON: {error}") from None
        if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
            raise UserError(f"{name}: resourceType: expected a FHIR Bundle")
        yield name, bundle


def _sort(bundle: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    by_type: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for entry in bundle.get("entry", []):
        resource = entry.get("resource", {})
        by_type[resource.get("resourceType", "")].append(resource)
    return by_type


def _need(name: str, resource: dict[str, Any], *path: str) -> Any:
    value: Any = resource
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
        if value is None:
            kind, where = resource.get("resourceType"), ".".join(path)
            raise UserError(f"{name}: {kind}/{resource.get('id', '?')}: {where} is missing; FHIR R4 requires it here")
    return value


def _time(name: str, resource: dict[str, Any], *path: str) -> datetime:
    text = str(_need(name, resource, *path))
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None, microsecond=0)
    except ValueError:
        raise UserError(
            f"{name}: {resource['resourceType']}/{resource.get('id', '?')}: {'.'.join(path)}: {text!r} is no date"
        ) from None


def _display(name: str, resource: dict[str, Any], field: str = "code") -> tuple[str, str]:
    """Code and lower-case display of a CodeableConcept."""
    concept = _need(name, resource, field)
    coding = (concept.get("coding") or [{}])[0]
    text = coding.get("display") or concept.get("text") or coding.get("code") or "unknown"
    return str(coding.get("code", text)), " ".join(str(text).lower().split())


def _patient(name: str, by_type: dict[str, list[dict[str, Any]]], id_: int, left_out: Counter[str]) -> Patient:
    """The person; encounters that make no stay are counted in `left_out` by reason."""
    person = by_type["Patient"][0]
    encounters = sorted(by_type["Encounter"], key=lambda e: _time(name, e, "period", "start"))
    birth = _time(name, person, "birthDate")
    if not encounters:
        return Patient(id_, "m", birth, None, ())
    last = _time(name, encounters[-1], "period", "start")
    rank = int(hashlib.sha256(str(person.get("id")).encode()).hexdigest()[:8], 16)
    shift = timedelta(days=(NOW - timedelta(days=3 + rank % 600) - last).days)
    by_encounter = _by_encounter(by_type)
    gone = _time(name, person, "deceasedDateTime") + shift if "deceasedDateTime" in person else None
    admissions: list[Admission] = []
    for encounter in encounters:
        start = _time(name, encounter, "period", "start") + shift
        if reason := _no_stay(start, gone, admissions):
            left_out[reason] += 1
            continue
        events = by_encounter.get(str(encounter.get("id")), {})
        admissions.append(_admission(name, person, encounter, events, start, shift, birth + shift, rank))
    if admissions and gone is None and rank % 10 == 0:
        admissions[-1] = _still_here(admissions[-1])
    if admissions and gone is not None and (admissions[-1].end or NOW) >= gone:
        admissions[-1] = replace(admissions[-1], destination="dead/expired")
    return Patient(id_, "f" if person.get("gender") == "female" else "m", birth + shift, gone, tuple(admissions))


def _no_stay(start: datetime, gone: datetime | None, before: list[Admission]) -> str:
    """Why an encounter at `start` is no stay; empty where it is one."""
    if start < FIRST:
        return "before 2100"
    if gone is not None and start >= gone:
        return "after the patient's death"
    return "within another stay" if before and start <= (before[-1].end or NOW) else ""


def _by_encounter(by_type: dict[str, list[dict[str, Any]]]) -> dict[str, dict[str, list[dict[str, Any]]]]:
    found: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for kind in ("Condition", "Procedure", "MedicationRequest", "Observation"):
        for resource in by_type[kind]:
            reference = str(resource.get("encounter", {}).get("reference", ""))
            found[reference.rpartition(":")[2].rpartition("/")[2]][kind].append(resource)
    return found


def _admission(
    name: str, person: dict[str, Any], encounter: dict[str, Any], events: dict[str, list[dict[str, Any]]],
    start: datetime, shift: timedelta, birth: datetime, rank: int,
) -> Admission:  # fmt: skip
    end = min(_time(name, encounter, "period", "end") + shift, start + LONGEST, NOW - timedelta(minutes=1))
    kind = KINDS.get(str(encounter.get("class", {}).get("code")), "elective")
    ward = 2 + rank % 58
    labs, vitals = [], []
    for observation in events.get("Observation", ()):
        measure = _measure(name, observation, shift)
        if measure:
            category = str((observation.get("category") or [{}])[0].get("coding", [{}])[0].get("code"))
            (vitals if category == "vital-signs" else labs).extend(measure)
    stay = IcuStay("micu", "micu", 7, 7, start, end, vitals=tuple(vitals)) if vitals else None
    disposition = encounter.get("hospitalization", {}).get("dischargeDisposition", {}).get("text", "home")
    return Admission(
        start, end, kind, "emergency room admit" if kind == "emergency" else "clinic referral/premature",
        "home" if "home" in disposition else disposition.lower()[:50], "private", None, _marital(person), _race(person),
        max(0, (start - birth).days // 365),
        diagnoses=tuple(_coded(name, r, "onsetDateTime", shift, "diagnosis") for r in events.get("Condition", ())),
        procedures=tuple(_procedures(name, events.get("Procedure", ()), shift)),
        drugs=tuple(_drugs(name, events.get("MedicationRequest", ()), shift)),
        labs=tuple(labs),
        transfers=(Transfer("admit", None, ward, start, end, False), Transfer("discharge", None, None, end, None, False)),
        icu=(stay,) if stay else (),
    )  # fmt: skip


def _price(kind: str, code: str) -> float:
    low, high = {"lab": (3, 70), "drug": (2, 90), "diagnosis": (60, 900), "procedure": (150, 4000)}[kind]
    part = int(hashlib.sha256(f"{kind}/{code}".encode()).hexdigest()[:8], 16) / 16**8
    return round(low * (high / low) ** part, 2)


def _coded(name: str, resource: dict[str, Any], time: str, shift: timedelta, kind: str) -> Coded:
    code, title = _display(name, resource)
    return Coded(code, title[:50], title, _time(name, resource, time) + shift, _price(kind, code))


def _procedures(name: str, resources: Any, shift: timedelta) -> Iterator[Coded]:
    for resource in resources:
        code, title = _display(name, resource)
        if "performedPeriod" in resource:
            time = _time(name, resource, "performedPeriod", "start")
        else:
            time = _time(name, resource, "performedDateTime")
        yield Coded(code, title[:50], title, time + shift, _price("procedure", code))


def _drugs(name: str, resources: Any, shift: timedelta) -> Iterator[Drug]:
    for resource in resources:
        code, title = _display(name, resource, "medicationCodeableConcept")
        start = _time(name, resource, "authoredOn") + shift
        dose, unit = _dose(resource)
        route = "iv" if "inject" in title else "ih" if "inhal" in title else "po"
        yield Drug(start, start + timedelta(days=7), title[:100], dose, unit, route, _price("drug", code))


def _dose(resource: dict[str, Any]) -> tuple[str, str]:
    instructions = resource.get("dosageInstruction") or [{}]
    quantity = (instructions[0].get("doseAndRate") or [{}])[0].get("doseQuantity", {})
    return str(quantity.get("value", 1)), str(quantity.get("unit", "dose"))


def _measure(name: str, resource: dict[str, Any], shift: timedelta) -> list[Measure]:
    """One value, or each component of a panel (blood pressure); observations without a number give nothing."""
    time = _time(name, resource, "effectiveDateTime") + shift
    found = []
    for part in resource.get("component") or [resource]:
        quantity = part.get("valueQuantity")
        if quantity is not None:
            code, title = _display(name, {**part, "resourceType": "Observation", "id": resource.get("id")})
            value = round(float(quantity["value"]), 2) if "value" in quantity else None
            found.append(Measure(title, time, value, str(quantity.get("unit", "")).lower(), _price("lab", code)))
    return found


def _marital(person: dict[str, Any]) -> str | None:
    return {"M": "married", "S": "single", "W": "widowed", "D": "divorced"}.get(
        str((person.get("maritalStatus", {}).get("coding") or [{}])[0].get("code"))
    )


def _race(person: dict[str, Any]) -> str:
    for extension in person.get("extension", ()):
        if extension.get("url", "").endswith("us-core-race"):
            for part in extension.get("extension", ()):
                if part.get("url") == "text":
                    return str(part.get("valueString", UNKNOWN)).lower()
    return UNKNOWN


def _still_here(a: Admission) -> Admission:
    """One in ten patients is still in hospital, as in EHRSQL: the last stay stays open."""
    icu = tuple(replace(s, end=None) for s in a.icu)
    return replace(a, end=None, destination=None, icu=icu, transfers=(a.transfers[0],))
