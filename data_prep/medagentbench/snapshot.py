"""All that a FHIR R4 server holds (HAPI, as MedAgentBench's image runs it; any other), page by page over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

import requests
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from galen.errors import UserError
from galen.fhir.parameters import PARAMETERS

PAGE = 1000
SECONDS = 120.0
RETRIES = Retry(total=4, connect=1, backoff_factor=0.5, status_forcelist=(429, 502, 503, 504))
MISSING = (404, 405)  # the server has no such type


def resources(url: str) -> Iterator[dict[str, Any]]:
    """Every resource of the types that tasks ask about. Types that the server does not have are printed.

    Raises:
        UserError: nothing answers at `url`, what answers is no FHIR server, or it has no patient.
    """
    root = url.rstrip("/")
    found: dict[str, int] = {}
    with requests.Session() as session:
        for scheme in ("http://", "https://"):
            session.mount(scheme, HTTPAdapter(max_retries=RETRIES))
        for kind in PARAMETERS:
            for resource in _all(session, root, kind):
                found[kind] = found.get(kind, 0) + 1
                yield resource
            if kind == "Patient" and kind not in found:
                raise UserError(
                    f"{root}: has no Patient; is it the server's base URL, such as http://localhost:8080/fhir?"
                )
    print(f"{root}: read " + ", ".join(f"{kind} {n}" for kind, n in found.items()))


def _all(session: requests.Session, root: str, kind: str) -> Iterator[dict[str, Any]]:
    address: str | None = f"{root}/{kind}?_count={PAGE}"
    seen: set[str] = set()  # a server whose pages are no snapshot may show one twice
    while address:
        bundle = _bundle(session, address, kind)
        if bundle is None:
            print(f"{root}: has no {kind}")
            return
        for entry in bundle.get("entry", ()):
            resource = entry.get("resource", {})
            if resource.get("resourceType") == kind and resource.get("id") not in seen:
                seen.add(resource["id"])
                yield resource
        following = [link["url"] for link in bundle.get("link", ()) if link.get("relation") == "next"]
        address = urljoin(address, following[0]) if following else None


def _bundle(session: requests.Session, address: str, kind: str) -> dict[str, Any] | None:
    """One page; nothing where the server does not know `kind`."""
    try:
        reply = session.get(address, headers={"Accept": "application/fhir+json"}, timeout=SECONDS)
        if reply.status_code in MISSING and kind != "Patient":
            return None
        reply.raise_for_status()
        bundle = reply.json()
    except (requests.RequestException, ValueError) as error:
        raise UserError(f"{address}: no FHIR server answers: {error}") from error
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise UserError(f"{address}: the answer is no FHIR Bundle; give the base URL of a FHIR R4 server")
    return bundle
