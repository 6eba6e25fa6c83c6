"""The search parameters of each resource type (https://hl7.org/fhir/R4/searchparameter-registry.html), and a resource's values.

Of R4's own there are those of MedAgentBench's nine functions and a few beside; `legal-sex` is Epic's.
"""

import unicodedata
from collections.abc import Iterator
from typing import Any, NamedTuple

from .dates import value_span


class Parameter(NamedTuple):
    """`kind` is token, string, date or reference; `paths` are the elements that it looks at, lists passed through."""

    kind: str
    paths: tuple[str, ...]


def _parameter(kind: str):
    return lambda *paths: Parameter(kind, paths)


_token, _string, _date, _reference = map(_parameter, ("token", "string", "date", "reference"))
_ID = {"_id": _token("id")}
_OF_A_PATIENT = {
    "patient": _reference("subject"),
    "subject": _reference("subject"),
    "encounter": _reference("encounter"),
}
_NAMES = {
    "identifier": _token("identifier"), "family": _string("name.family"), "given": _string("name.given"),
    "name": _string("name.family", "name.given", "name.text", "name.prefix", "name.suffix"),
}  # fmt: skip
_ORDER = {name: _token(name) for name in ("category", "status", "intent", "priority", "identifier")}
PARAMETERS: dict[str, dict[str, Parameter]] = {
    "Patient": {
        **_ID, **_NAMES, "birthdate": _date("birthDate"), "gender": _token("gender"), "legal-sex": _token("gender"),
        "telecom": _token("telecom"), "address-city": _string("address.city"), "address-state": _string("address.state"),
        "address-postalcode": _string("address.postalCode"),
        "address": _string(*(f"address.{part}" for part in ("line", "city", "district", "state", "postalCode", "country", "text"))),
    },
    "Encounter": {
        **_ID, **{k: v for k, v in _OF_A_PATIENT.items() if k != "encounter"}, "date": _date("period"), "status": _token("status"),
        "class": _token("class"), "identifier": _token("identifier"),
    },
    "Condition": {
        **_ID, **_OF_A_PATIENT, "category": _token("category"), "code": _token("code"), "identifier": _token("identifier"),
        "clinical-status": _token("clinicalStatus"), "verification-status": _token("verificationStatus"),
        "onset-date": _date("onsetDateTime", "onsetPeriod"), "recorded-date": _date("recordedDate"),
    },
    "Observation": {
        **_ID, **_OF_A_PATIENT, "category": _token("category"), "code": _token("code"), "status": _token("status"),
        "identifier": _token("identifier"), "date": _date("effectiveDateTime", "effectivePeriod", "effectiveInstant"),
    },
    "MedicationRequest": {
        **_ID, **_OF_A_PATIENT, **_ORDER, "code": _token("medicationCodeableConcept"), "authoredon": _date("authoredOn"),
        "date": _date("dosageInstruction.timing.event", "dosageInstruction.timing.repeat.boundsPeriod"),
    },
    "Procedure": {
        **_ID, **_OF_A_PATIENT, "category": _token("category"), "code": _token("code"), "status": _token("status"),
        "identifier": _token("identifier"), "date": _date("performedDateTime", "performedPeriod"),
    },
    "ServiceRequest": {
        **_ID, **_OF_A_PATIENT, **_ORDER, "code": _token("code"), "authored": _date("authoredOn"),
        "occurrence": _date("occurrenceDateTime", "occurrencePeriod"),
    },
    "Practitioner": {**_ID, **_NAMES},
    "Organization": {**_ID, "identifier": _token("identifier"), "name": _string("name", "alias")},
}  # fmt: skip
TARGETS = {"patient": "Patient", "subject": "Patient", "encounter": "Encounter"}


def plain(text: str) -> str:
    """Without case, accents and doubled spaces, as strings are compared."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(bare.casefold().split())


def at(element: Any, path: str) -> Iterator[Any]:
    """The values at `path` below `element`, of every item of a list on the way."""
    if isinstance(element, list):
        for item in element:
            yield from at(item, path)
    elif not path:
        yield element
    elif isinstance(element, dict):
        head, _, rest = path.partition(".")
        if head in element:
            yield from at(element[head], rest)


def tokens(value: Any) -> Iterator[tuple[str, str]]:
    """(system, code) of a code, Identifier, ContactPoint, Coding or CodeableConcept; of one without a coding, its text."""
    if not isinstance(value, dict):
        yield "", str(value).lower() if isinstance(value, bool) else str(value)
    elif isinstance(value.get("coding"), list) and value["coding"]:
        for coding in value["coding"]:
            yield from tokens(coding)
    elif any(name in value for name in ("code", "value", "text")):
        yield str(value.get("system", "")), str(value.get("code", value.get("value", value.get("text"))))


def target(reference: str, kind: str = "Patient") -> str:
    """`Type/id` of a reference: that, an id alone of the type `kind`, or a whole URL."""
    parts = reference.strip().strip("/").split("/")
    return f"{parts[-2]}/{parts[-1]}" if len(parts) > 1 else f"{kind}/{parts[0]}"


def values(resource: dict[str, Any]) -> Iterator[tuple[str, str, tuple]]:
    """(kind, parameter, columns) of all that a resource is found by."""
    for name, parameter in PARAMETERS.get(resource["resourceType"], {}).items():
        for value in (v for path in parameter.paths for v in at(resource, path)):
            if parameter.kind == "token":
                for system, code in tokens(value):
                    yield "token", name, (code, system)
            elif parameter.kind == "string":
                yield "string", name, (plain(str(value)), str(value))
            elif parameter.kind == "date":
                yield "date", name, value_span(value)
            elif isinstance(value, dict) and isinstance(value.get("reference"), str):
                yield "token", name, (target(value["reference"]), "")
