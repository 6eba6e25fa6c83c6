"""FHIR R4 bundles (Synthea's, one a patient) as the server's resources: references resolved, a record number for everyone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from data_prep.hospital.fhir import read_bundles
from data_prep.medagentbench.resources import MRN, MRN_TYPE, mrns
from data_prep.published import Refusals
from galen.errors import UserError
from galen.fhir.parameters import PARAMETERS
from galen.fhir.server import references

Resource = dict[str, Any]


def resources(path: Path, seed: int) -> list[Resource]:
    """Every resource of a type that the server has, patients first. What is refused or left out is counted and printed.

    A resource is refused whose references lead nowhere, or which says the same id as an earlier one.

    Raises:
        UserError: no such file, a broken bundle (named), or no patient in them.
    """
    found: dict[str, tuple[str, Resource]] = {}
    others: Counter[str] = Counter()
    account = Refusals(str(path))
    for name, resource, address in _entries(path):
        kind, id_ = resource["resourceType"], resource["id"]
        place = f"{name}: {kind}/{id_}"
        if f"{kind}/{id_}" in found:
            if found[f"{kind}/{id_}"][1] != resource:
                account.refuse("another resource has its type and id", place)
            continue
        found[f"{kind}/{id_}"] = (place, resource)
        found.setdefault(address, found[f"{kind}/{id_}"])
    kept = [
        resource
        for address, (place, resource) in found.items()
        if _is_kept(address, resource, place, found, others, account)
    ]
    account.used = len(kept)
    print(account.report())
    if others:
        print(
            "  left out, for the server has no such type: "
            + ", ".join(f"{kind} {n}" for kind, n in sorted(others.items()))
        )
    people = [resource for resource in kept if resource["resourceType"] == "Patient"]
    if not people:
        raise UserError(f"{path}: no FHIR patient; expected R4 bundles, one a patient")
    for person, number in zip(people, mrns(len(people), seed), strict=True):
        record = {"use": "usual", "type": MRN_TYPE, "system": MRN, "value": number}
        person["identifier"] = [record, *person.get("identifier", ())]
    return sorted(kept, key=lambda r: r["resourceType"] != "Patient")


def _entries(path: Path) -> Iterator[tuple[str, Resource, str]]:
    """(file, resource, the address that others refer to it by)."""
    for name, bundle in read_bundles(path):
        for i, entry in enumerate(bundle.get("entry", [])):
            resource = entry.get("resource") if isinstance(entry, dict) else None
            if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
                raise UserError(f"{name}: entry {i}: resource: expected a FHIR resource with a resourceType")
            if not isinstance(resource.get("id"), str):
                raise UserError(f"{name}: entry {i}: {resource['resourceType']}.id is missing; give it one")
            yield name, resource, str(entry.get("fullUrl") or f"urn:uuid:{resource['id']}")


def _is_kept(
    address: str, resource: Resource, place: str, found: dict[str, tuple[str, Resource]], others: Counter[str], account: Refusals
) -> bool:  # fmt: skip
    """Whether the resource is served; its references are made the server's."""
    kind = resource["resourceType"]
    if address != f"{kind}/{resource['id']}":
        return False  # the same resource under its other address
    if kind not in PARAMETERS:
        others[kind] += 1
        return False
    targets = {text: found.get(text) for _, text in references(resource, kind) if not text.startswith("#")}
    broken = sorted(text for text, target in targets.items() if target is None)
    if broken:
        where = next(w for w, text in references(resource, kind) if text == broken[0])
        account.refuse(
            f"{_generic(where)} leads nowhere; add its resource to the bundles or take the reference out", place
        )
        return False
    _refer(resource, {text: f"{t[1]['resourceType']}/{t[1]['id']}" for text, t in targets.items() if t})
    return True


def _generic(where: str) -> str:
    """A path without list positions."""
    return "".join(part.partition("]")[2] if i else part for i, part in enumerate(where.split("[")))


def _refer(element: Any, targets: dict[str, str]) -> None:
    """Replace every reference by its target, in place."""
    if isinstance(element, list):
        for item in element:
            _refer(item, targets)
    elif isinstance(element, dict):
        if element.get("reference") in targets:
            element["reference"] = targets[element["reference"]]
        for child in element.values():
            _refer(child, targets)
