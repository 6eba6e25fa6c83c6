"""The FHIR server in a container, as in a jail: no network, writes that stay for the episode and no longer."""

import json

import pytest

from data_prep.hospital.generate import generate
from data_prep.medagentbench import base as bases
from galen.sandbox.base import Mount, SandboxSpec
from galen.sandbox.docker import DockerBackend

pytestmark = pytest.mark.docker
POST = """
import fhir
who = fhir.get("Patient", params={"_count": 1}).json()["entry"][0]["resource"]["id"]
order = {"resourceType": "ServiceRequest", "status": "active", "intent": "order", "subject": {"reference": "Patient/" + who}}
fhir.post("ServiceRequest", json=order).raise_for_status()
fhir.finish([fhir.get("ServiceRequest").json()["total"]])
"""


def test_a_container_serves_its_episode(tmp_path):
    path = bases.of_hospital(tmp_path, generate(5, 1))
    mounts = (Mount(path, bases.DATABASE.mount), Mount(tmp_path / "fhir", bases.MODULES.mount))
    backend = DockerBackend()
    try:
        sandbox = backend.create(SandboxSpec(mounts=mounts))
        answers = [json.loads(sandbox.run(POST, lang="python", timeout_s=60).stdout)["answer"] for _ in range(2)]
        assert answers == [[1], [2]]
        assert sandbox.reset() and json.loads(sandbox.run(POST, lang="python", timeout_s=60).stdout)["answer"] == [1]
        sandbox.close()
    finally:
        backend.close()
