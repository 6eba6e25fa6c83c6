"""The server's base file and its hand-out, of the generated hospital or of FHIR bundles, with recent values added."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from data_prep.hospital.model import Hospital
from data_prep.medagentbench import bundles, readings, snapshot
from data_prep.medagentbench import resources as generated
from data_prep.medagentbench.resources import CLOCK
from galen.fhir import handout
from galen.fhir.store import write_base
from galen.types import Resource

DATABASE = Resource(kind="file", path="resources/fhir.sqlite", mount="/data/fhir.sqlite")
MODULES = Resource(kind="file", path="resources/fhir", mount="/data/python")
PEOPLE = 400  # the first of the hospital's patients; MedAgentBench has 100


def of_hospital(folder: Path, hospital: Hospital) -> Path:
    """The base of the first `PEOPLE` of a generated hospital in `folder`; its path."""
    made = list(generated.resources(replace(hospital, patients=hospital.patients[:PEOPLE])))
    return write(folder, with_readings(made, hospital.seed), hospital.source)


def of_bundles(folder: Path, path: Path, seed: int) -> Path:
    """The base of FHIR bundles in `folder`; its path. Raises UserError as `bundles.resources` does."""
    return write(folder, with_readings(bundles.resources(path, seed), seed), f"FHIR R4 bundles ({path.name})")


def of_server(folder: Path, url: str) -> Path:
    """The base of all that the FHIR server at `url` holds; its path. Raises UserError as `snapshot.resources` does."""
    return write(folder, snapshot.resources(url), f"FHIR server {url}")


def write(folder: Path, resources: Iterable[dict[str, Any]], source: str) -> Path:
    """The base of `resources` and the server's modules in `folder`; the base's path."""
    path = folder / Path(DATABASE.path).name
    left_out = write_base(path, resources, {"now": CLOCK.isoformat(), "source": source})
    if left_out:
        print(f"{source}: {len(left_out)} resources left out (first: {'; '.join(left_out[:3])})")
    handout.write(folder / Path(MODULES.path).name)
    return path


def with_readings(resources: list[dict[str, Any]], seed: int) -> Iterator[dict[str, Any]]:
    """They, and recent values of everyone who lives and is not in hospital: what a stay holds stays what the other views tell."""
    inside = {
        r["subject"]["reference"]
        for r in resources
        if r["resourceType"] == "Encounter" and r["status"] == "in-progress"
    }
    yield from resources
    for person in resources:
        if person["resourceType"] != "Patient" or f"Patient/{person['id']}" in inside:
            continue
        if "deceasedDateTime" not in person and not person.get("deceasedBoolean"):
            yield from readings.observations(person["id"], seed)
