"""What the server says of itself (`GET metadata`)."""

from typing import Any

from .elements import CREATABLE
from .parameters import PARAMETERS


def statement(url: str, now: str) -> dict[str, Any]:
    """The CapabilityStatement of the server at `url`, whose clock says `now`."""
    resources = [
        {
            "type": kind,
            "interaction": [
                {"code": code} for code in ("read", "search-type", *(["create"] if kind in CREATABLE else []))
            ],
            "versioning": "no-version",
            "searchParam": [{"name": name, "type": parameter.kind} for name, parameter in known.items()],
        }
        for kind, known in PARAMETERS.items()
    ]
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": now,
        "kind": "instance",
        "software": {"name": "Galen"},
        "implementation": {"description": "a hospital that lasts as long as an episode", "url": url},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "rest": [{"mode": "server", "resource": resources}],
    }
