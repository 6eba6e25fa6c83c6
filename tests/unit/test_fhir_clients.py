"""The server over HTTP as others meet it: a stock client library drives it, and R4's models validate all that it says."""

import json

import pytest
import requests
from fhir.resources.R4B import get_fhir_model_class
from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import OperationOutcome, ResourceNotFound
from servers import fhir_over_http

from data_prep.hospital.generate import generate
from data_prep.medagentbench import base as bases
from galen.fhir.server import Base, Episode

NOW = "2023-11-13T10:15:00+00:00"


def valid(resource):
    """Raises where R4's models refuse it."""
    get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    return resource


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fhir")
    bases.of_hospital(folder, generate(12, 4))
    return folder


@pytest.fixture(scope="module")
def url(folder):
    with fhir_over_http(folder / "fhir.sqlite") as url:
        yield url


def order(who):
    code = {"coding": [{"system": "http://loinc.org", "code": "4548-4"}]}
    return {
        "status": "active",
        "intent": "order",
        "priority": "stat",
        "code": code,
        "authoredOn": NOW,
        "subject": {"reference": who},
    }


def test_a_stock_client_searches_pages_reads_and_creates(url):
    client = SyncFHIRClient(f"{url}/episodes/fhirpy/fhir")
    people = client.resources("Patient").limit(5).fetch_all()
    assert len(people) == 12 and len({p.id for p in people}) == 12
    one = client.reference("Patient", people[7].id).to_resource()
    assert one["name"] == people[7]["name"]
    person = client.resources("Patient").search(family=one["name"][0]["family"], birthdate=one["birthDate"]).first()
    assert person is not None and person.id == one.id
    values = (
        client.resources("Observation")
        .search(patient=one.id, date__ge="2023-11-12T10:15:00+00:00")
        .sort("-date")
        .fetch_all()
    )
    times = [v["effectiveDateTime"] for v in values]
    assert times == sorted(times, reverse=True) and all(t >= "2023-11-12T10:15" for t in times)
    made = client.resource("ServiceRequest", **order(f"Patient/{one.id}"))
    made.save()
    assert made.id == "own-1" and [
        r.id for r in client.resources("ServiceRequest").search(patient=one.id).fetch_all()
    ] == ["own-1"]
    with pytest.raises(ResourceNotFound):
        client.reference("Patient", "nobody").to_resource()
    with pytest.raises(OperationOutcome, match="not in its value set"):
        client.resource("ServiceRequest", **{**order(f"Patient/{one.id}"), "status": "soon"}).save()


def test_episodes_have_addresses_of_their_own(url):
    who = requests.get(f"{url}/fhir/Patient?_count=1", timeout=10).json()["entry"][0]["resource"]["id"]
    body = {"resourceType": "ServiceRequest", **order(f"Patient/{who}")}
    reply = requests.post(f"{url}/episodes/a/fhir/ServiceRequest", json=body, timeout=10)
    assert reply.status_code == 201 and reply.headers["Location"].startswith(
        f"{url}/episodes/a/fhir/ServiceRequest/own-1"
    )
    total = lambda root: requests.get(f"{url}{root}/ServiceRequest", timeout=10).json()["total"]
    assert (total("/episodes/a/fhir"), total("/episodes/b/fhir"), total("/fhir")) == (1, 0, 0)
    assert len(requests.get(f"{url}/episodes/a", timeout=10).json()) == 1
    assert requests.delete(f"{url}/episodes/a", timeout=10).status_code == 204 and total("/episodes/a/fhir") == 0


def test_http_says_what_the_server_says(url):
    reply = requests.get(f"{url}/fhir/Patient/nobody", timeout=10)
    assert (
        reply.status_code == 404
        and reply.headers["Content-Type"].startswith("application/fhir+json")
        and valid(reply.json())
    )
    for method, path, status in (
        ("PUT", "Patient/x", 405),
        ("GET", "Shoe", 404),
        ("POST", "Patient/_search?family=a", 200),
    ):
        assert requests.request(method, f"{url}/fhir/{path}", timeout=10).status_code == status


def test_all_that_is_served_is_valid_r4(folder):
    base = Base(folder / "fhir.sqlite")
    server = Episode(base)
    valid(server.request("GET", "metadata").resource)
    valid(server.request("GET", "Patient?bad=1").resource)
    seen = 0
    for kind in base.store.counts():
        bundle = server.request("GET", f"{kind}?_count=150").resource
        valid({**bundle, "entry": bundle["entry"][:3]})
        for entry in bundle["entry"]:
            valid(entry["resource"])
            seen += 1
    assert seen > 300
    who = server.request("GET", "Patient?_count=1").resource["entry"][0]["resource"]["id"]
    made = server.request(
        "POST", "ServiceRequest", json.dumps({"resourceType": "ServiceRequest", **order(f"Patient/{who}")})
    )
    assert made.status == 201 and valid(made.resource)


def test_synthea_bundles_are_served_valid_and_whole(shared, tmp_path, capsys):
    base = Base(bases.of_bundles(tmp_path, shared / "synthea_fhir" / "r4_bundles.zip", 0))
    counts = base.store.counts()
    assert counts["Patient"] == 111 and counts["Condition"] == 463 and counts["Observation"] > 6791
    assert "Claim 1390" in capsys.readouterr().out
    server = Episode(base)
    for kind in counts:
        for entry in server.request("GET", f"{kind}?_count=20").resource["entry"]:
            valid(entry["resource"])
            assert "urn:uuid:" not in json.dumps([v for k, v in entry["resource"].items() if k != "identifier"])
