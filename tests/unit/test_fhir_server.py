"""The FHIR server against the specification's words: search, paging, errors, creates, and episodes that see no other."""

import json
import random
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from galen.fhir.dates import PREFIXES, span
from galen.fhir.outcome import FhirError
from galen.fhir.parameters import PARAMETERS
from galen.fhir.rules import checked
from galen.fhir.server import Base, Episode
from galen.fhir.store import write_base

NOW = "2023-11-13T10:15:00+00:00"
TIMES = [
    "2021", "2022-03", "2022-03-31", "2022-03-31T23:59:59Z", "2022-04-01T00:00:00Z", "2022-04-01T01:30:00+02:00", "2022-12-31",
    "2023-01-01T00:00:00.250Z", "2023-11-12T10:15:00+00:00", "2023-11-13",
]  # fmt: skip
LOCAL, LOINC = "urn:local", "http://loinc.org"


def patient(id_, family, given, birth, **more):
    name = [{"family": family, "given": given, "text": f"{' '.join(given)} {family}"}]
    return {"resourceType": "Patient", "id": id_, "name": name, "birthDate": birth, "gender": "female", **more}


def observation(id_, time, code="GLU", who="p1", **more):
    coding = [{"system": LOCAL, "code": code}, {"system": LOINC, "code": "2345-7"}]
    category = [{"coding": [{"system": "urn:c", "code": "laboratory"}]}]
    return {
        "resourceType": "Observation", "id": id_, "status": "final", "code": {"coding": coding}, "category": category,
        "subject": {"reference": f"Patient/{who}"}, "valueQuantity": {"value": 1}, **({"effectiveDateTime": time} if time else {}), **more,
    }  # fmt: skip


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    path = tmp_path_factory.mktemp("fhir") / "base.sqlite"
    mrn = {"system": "urn:mrn", "value": "S1"}
    people = [
        patient("p1", "Müller", ["Ida", "Ann"], "1950-03-02", identifier=[mrn], telecom=[{"system": "phone", "value": "617-555-0001"}]),
        patient("p2", "Mullins", ["Idabel"], "1950-03-03", address=[{"city": "Riverton", "line": ["3 Oak Street"], "postalCode": "02140"}]),
        {**patient("p3", "O'Hara, Jr", ["Max"], "1986"), "gender": "male"},
    ]  # fmt: skip
    seen = [observation(f"t{i}", time) for i, time in enumerate(TIMES)]
    other = [
        observation("k1", "2023-01-05", code="K"), observation("none", None, code="MG"),
        observation("span", None, code="STAY", effectivePeriod={"start": "2022-01-01", "end": "2022-06-30"}),
        observation("open", None, code="STAY", effectivePeriod={"start": "2022-03-01"}), observation("p2", "2023-01-05", who="p2"),
    ]  # fmt: skip
    write_base(path, [*people, *seen, *other], {"now": NOW})
    return Base(path)


@pytest.fixture
def server(base):
    return Episode(base)


def found(server, target):
    reply = server.request("GET", target)
    assert reply.status == 200, reply.body
    assert reply.resource["resourceType"] == "Bundle" and reply.resource["type"] == "searchset"
    return [entry["resource"]["id"] for entry in reply.resource.get("entry", [])]


def fails(server, status, method, target, body=None, **headers):
    reply = server.request(method, target, body, headers)
    assert reply.status == status, reply.body
    [issue] = reply.resource["issue"]
    assert reply.resource["resourceType"] == "OperationOutcome" and issue["severity"] == "error"
    return issue["diagnostics"]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("family=mul", "p1 p2"), ("family=MÜLLER", "p1"), ("family:exact=Müller", "p1"), ("family:exact=müller", ""),
        ("family:contains=ull", "p1 p2"), ("given=ann", "p1"), ("given=ida", "p1 p2"), ("name=ida%20ann%20m", "p1"),
        (r"family=O'Hara\, Jr", "p3"), ("family=muller,o'hara", "p1 p3"), ("family=mul&given=idabel", "p2"),
        ("birthdate=1950-03-02", "p1"), ("birthdate=1950", "p1 p2"), ("birthdate=ge1950-03-03", "p2 p3"), ("birthdate=1986-05-01", ""),
        ("identifier=S1", "p1"), ("identifier=urn:mrn|S1", "p1"), ("identifier=urn:other|S1", ""), ("identifier=|S1", ""),
        ("identifier=urn:mrn|", "p1"), ("telecom=617-555-0001", "p1"), ("telecom=phone|617-555-0001", "p1"), ("gender=male", "p3"),
        ("legal-sex=male", "p3"), ("gender:not=male", "p1 p2"), ("identifier:missing=true", "p2 p3"), ("identifier:missing=false", "p1"),
        ("address=riverton", "p2"), ("address=3 oak", "p2"), ("address-postalcode=021", "p2"), ("_id=p2,p3", "p2 p3"),
        ("_sort=-birthdate", "p3 p2 p1"), ("_sort=gender,-family", "p2 p1 p3"), ("_count=0", ""), ("_summary=count", ""), ("", "p1 p2 p3"),
    ],
)  # fmt: skip
def test_patients_are_found(server, query, ids):
    assert found(server, f"Patient?{query}") == ids.split()


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("patient=p2", "p2"), ("patient=Patient/p2", "p2"), ("subject=Patient/p2", "p2"), ("subject:Patient=p2", "p2"),
        ("patient=http://localhost:8080/fhir/Patient/p2", "p2"), ("code=K", "k1"), (f"code={LOCAL}|K", "k1"), ("code=K,MG", "k1 none"),
        (f"patient=p2&code={LOINC}|2345-7", "p2"), ("code=k", ""), ("date:missing=true", "none"), ("category=laboratory&code=K", "k1"),
        ("code=STAY&date=sa2022-02", "open"), ("code=STAY&date=eb2022-07-01", "span"), ("code=STAY&date=2022", "span"),
        ("code=STAY&date=gt2030", "open"), ("patient=p1&_sort=-date&_count=1&date=lt2023-11-13", "t8"),
    ],
)  # fmt: skip
def test_observations_are_found(server, query, ids):
    assert found(server, f"Observation?{query}") == ids.split()


def _naive(prefix, wanted, value):
    """The specification's table of prefixes, on spans of seconds."""
    (a, b), (low, high) = wanted, value
    inside = a <= low and high <= b
    slack = 0.1 * abs(span(NOW)[0] - a)
    return {
        "eq": inside, "ne": not inside, "gt": high > b, "lt": low < a, "ge": high > b or inside, "le": low < a or inside,
        "sa": low >= b, "eb": high <= a, "ap": low < b + slack and high > a - slack,
    }[prefix]  # fmt: skip


@pytest.mark.parametrize("prefix", PREFIXES)
def test_dates_are_spans_under_every_prefix(server, prefix):
    for said in [*TIMES, "2022-03-31T23:59", "2023-01-01T00:00:00Z"]:
        right = [f"t{i}" for i, time in enumerate(TIMES) if _naive(prefix, span(said), span(time))]
        target = f"Observation?patient=p1&code=GLU&date={prefix}{said.replace('+', '%2B')}"
        assert found(server, target) == right, (prefix, said)


def test_a_plus_that_the_url_lost_is_still_a_zone(server):
    target = "Observation?patient=p1&code=GLU&date=ge2023-11-12T10:15:00+00:00"
    assert found(server, target) == found(server, target.replace("+", "%2B")) == ["t8", "t9"]


def test_precision_makes_the_span():
    day = span("2022-03-31")
    assert span("2022-03")[1] == day[1] and day[1] - day[0] == 86400 and span("2022-03-31T23:59")[1] == day[1]
    assert span("2022-03-31T23:59:59.5Z") == (day[1] - 0.5, pytest.approx(day[1] - 0.4))
    assert span("2022-04-01T01:30:00+02:00")[0] == span("2022-03-31T23:30:00Z")[0] and span("9999")[1] == float("inf")


@pytest.mark.parametrize("count", [1, 3, 4, 1000])
def test_pages_hold_everything_once(server, count):
    target, ids = f"Observation?code=GLU&_count={count}&_sort=-date", []
    while target:
        page = server.request("GET", target).resource
        assert page["total"] == len(TIMES) + 1 and len(page["entry"]) <= count
        ids += [entry["resource"]["id"] for entry in page["entry"]]
        links = {link["relation"]: link["url"] for link in page["link"]}
        assert links["self"].startswith("http://localhost:8080/fhir/Observation?")
        target = links.get("next")
    assert len(ids) == len(set(ids)) == len(TIMES) + 1 and ids[0] == "t9" and ids[-1] == "t0"


@pytest.mark.parametrize(
    ("status", "method", "target", "told"),
    [
        (404, "GET", "Patient/nobody", "no Patient has the id 'nobody'"), (404, "GET", "Patients", "known: Patient, Encounter"),
        (404, "GET", "", "name a resource type"), (400, "GET", "//[x", "Invalid IPv6"), (400, "GET", "Patient?surname=x", "no search parameter 'surname'; known: _id"),
        (400, "GET", "Patient?birthdate=yesterday", "is no date"), (400, "GET", "Patient?birthdate=xx1950", "is no prefix"),
        (400, "GET", "Patient?birthdate=1950-13-01", "month must be in 1..12"), (400, "GET", "Patient?family=", "is empty"),
        (400, "GET", "Patient?family:sounds=x", "no such modifier"), (400, "GET", "Patient?_count=many", "a whole number"),
        (400, "GET", "Patient?_sort=shoe", "no such parameter"), (400, "GET", "Patient?_format=xml", "known values"),
        (405, "PUT", "Patient/p1", "searches"), (405, "DELETE", "Patient/p1", "searches"), (405, "GET", "Patient/p1/_history", "searches"),
        (405, "POST", "Patient", "cannot be created here"),
    ],
)  # fmt: skip
def test_a_refusal_says_what_is_wrong(server, status, method, target, told):
    kind = target.partition("?")[0]
    body = json.dumps({"resourceType": kind}) if method == "POST" else None
    assert told in fails(server, status, method, target, body)


def test_only_json_is_spoken(server):
    assert "speaks application/fhir+json" in fails(server, 406, "GET", "Patient", Accept="application/fhir+xml")
    assert server.request("GET", "Patient", headers={"Accept": "text/html, */*;q=0.8"}).status == 200
    assert "Content-Type" in fails(server, 415, "POST", "Observation", "<x/>", **{"Content-Type": "application/xml"})
    assert found(server, "Patient?_format=json&_pretty=true&_id=p1") == ["p1"]
    reply = server.request("POST", "Patient/_search", "family=mullins", {})
    assert reply.resource["total"] == 1


def test_the_capability_statement_lists_what_works(server):
    said = server.request("GET", "metadata").resource
    assert said["fhirVersion"] == "4.0.1" and said["date"] == NOW
    for resource in said["rest"][0]["resource"]:
        for parameter in resource["searchParam"]:
            value = "2020" if parameter["type"] == "date" else "x"
            assert server.request("GET", f"{resource['type']}?{parameter['name']}={value}").status == 200
    assert {r["type"] for r in said["rest"][0]["resource"]} == set(PARAMETERS)


ORDER = {
    "resourceType": "ServiceRequest", "status": "active", "intent": "order", "priority": "stat", "authoredOn": NOW,
    "code": {"coding": [{"system": LOINC, "code": "2823-3"}]}, "subject": {"reference": "Patient/p1"},
}  # fmt: skip


def test_a_created_resource_is_read_and_found(server):
    reply = server.request("POST", "ServiceRequest", json.dumps({**ORDER, "id": "mine", "note": {"text": "soon"}}))
    made = reply.resource
    assert (
        reply.status == 201
        and made["id"] == "own-1"
        and made["note"] == [{"text": "soon"}]
        and made["meta"]["lastUpdated"] == NOW
    )
    assert reply.headers["Location"] == "http://localhost:8080/fhir/ServiceRequest/own-1/_history/1"
    assert server.request("GET", "ServiceRequest/own-1").resource == made
    assert found(server, "ServiceRequest?patient=p1&code=2823-3&authored=2023-11-13") == ["own-1"]
    vital = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "BP"},
        "subject": {"reference": "Patient/p1"},
    }
    server.request("POST", "Observation", json.dumps(vital))
    assert found(server, "Observation?code=BP") == ["own-2"], "a concept without a coding is found by its text"
    assert found(server, "Observation?patient=p1&_sort=-date&_count=2")[:1] == ["t9"]
    assert [w["id"] for w in server.writes] == ["own-1", "own-2"]
    server.reset()
    assert server.writes == [] and server.request("GET", "ServiceRequest/own-1").status == 404


def _dose(**more):
    return {"dosageInstruction": [{"doseAndRate": [{"doseQuantity": {"value": 1, "unit": "g"}, **more}]}]}


DRUG = {
    "resourceType": "MedicationRequest", "status": "active", "intent": "order", "subject": {"reference": "Patient/p1"},
    "medicationCodeableConcept": {"coding": [{"code": "x"}]},
}  # fmt: skip


@pytest.mark.parametrize(
    ("resource", "where", "told"),
    [
        ({**ORDER, "status": "activ"}, "ServiceRequest.status", "not in its value set; known: draft, active"),
        ({**ORDER, "subject": None}, "ServiceRequest.subject", "expected an object"),
        ({**ORDER, "subject": {"reference": "Patient/nobody"}}, "ServiceRequest.subject", "there is no Patient/nobody"),
        ({**ORDER, "subject": {"reference": "p1"}}, "ServiceRequest.subject", "write Patient/"),
        ({**ORDER, "authoredOn": "tomorrow"}, "ServiceRequest.authoredOn", "is no date"),
        ({**ORDER, "authoredOn": "2023-11-13T10:15:00"}, "ServiceRequest.authoredOn", "a time has seconds and a zone"),
        ({**ORDER, "dose": 1}, "ServiceRequest.dose", "no such element"),
        ({**ORDER, "code": {"coding": []}}, "ServiceRequest.code.coding", "is an empty list"),
        ({**ORDER, "code": {"coding": [{"code": 5}]}}, "ServiceRequest.code.coding[0].code", "is no code"),
        ({**ORDER, "occurrenceDateTime": NOW, "occurrencePeriod": {"start": NOW}}, "ServiceRequest", "only one of them"),
        ({k: v for k, v in ORDER.items() if k != "intent"}, "ServiceRequest.intent", "is missing"),
        ({k: v for k, v in DRUG.items() if not k.startswith("med")}, "MedicationRequest", "none of medicationCodeableConcept"),
        ({**DRUG, **_dose(rateQuantity={"value": "1"})}, "MedicationRequest.dosageInstruction[0].doseAndRate[0].rateQuantity.value", "no decimal"),
        ({**DRUG, **_dose(rateQuantity={"value": 10**400})}, "MedicationRequest.dosageInstruction[0].doseAndRate[0].rateQuantity.value", "no decimal"),
        ({**DRUG, "doNotPerform": "no"}, "MedicationRequest.doNotPerform", "no boolean"),
    ],
)  # fmt: skip
def test_what_r4_does_not_allow_is_refused_at_its_place(server, resource, where, told):
    reply = server.request("POST", resource["resourceType"], json.dumps(resource))
    [issue] = reply.resource["issue"]
    assert reply.status == 422 and issue["expression"] == [where] and told in issue["diagnostics"], issue
    assert server.writes == []


@pytest.mark.parametrize(
    "body", ["", "[]", "{", '{"resourceType": 3}', '{"resourceType": "Patient"}', "[" * 100_000, '{"x": NaN}', b"\xff"]
)
def test_a_body_that_is_no_resource_is_refused(server, body):
    assert fails(server, 400, "POST", "Observation", body)
    assert fails(server, 413, "POST", "Observation", " " * 1_000_001)


NAMES = st.text(max_size=5) | st.sampled_from(["coding", "code", "status", "subject", "extension", "note", "text"])
JUNK = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5), lambda x: st.lists(x, max_size=3) | st.dictionaries(NAMES, x, max_size=3),
    max_leaves=15,
)  # fmt: skip
CALM = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@CALM
@given(JUNK)
def test_rules_refuse_and_never_break(junk):
    for resource in (
        junk,
        {**ORDER, "code": junk},
        {**ORDER, "note": junk},
        {**ORDER, **junk} if isinstance(junk, dict) else junk,
    ):
        try:
            made = checked(resource, "ServiceRequest")
        except FhirError as error:
            assert error.status in (400, 422)
        else:
            assert made["resourceType"] == "ServiceRequest" and checked(made, "ServiceRequest") == made


@CALM
@given(st.text(), st.sampled_from(sorted(PARAMETERS)))
def test_no_query_breaks_the_server(base, text, kind):
    for target in (f"{kind}?{text}", f"{kind}/{text}", text, f"{kind}?date={text}", f"{kind}?_id={text}&_sort={text}"):
        assert Episode(base).request("GET", target).status in (200, 400, 404, 405)


def interleaved(base, n):
    """`n` episodes that write by turns; how many saw a write that is not theirs, or lost one of their own."""
    rng = random.Random(5)
    episodes = [Episode(base) for _ in range(n)]
    posted = [0] * n
    for turn in rng.sample([i for i in range(n) for _ in range(2)], 2 * n):
        order = {**ORDER, "note": [{"text": f"of {turn}"}]}
        assert episodes[turn].request("POST", "ServiceRequest", json.dumps(order)).status == 201
        posted[turn] += 1
    wrong = 0
    for i, episode in enumerate(episodes):
        notes = [
            e["resource"]["note"][0]["text"]
            for e in episode.request("GET", "ServiceRequest?patient=p1").resource.get("entry", [])
        ]
        wrong += notes != [f"of {i}"] * posted[i]
    for episode in episodes[::2]:
        episode.reset()
    for i, episode in enumerate(episodes):
        wrong += episode.request("GET", "ServiceRequest?_summary=count").resource["total"] != posted[i] * (i % 2)
    return wrong


def test_no_episode_sees_anothers_writes(base):
    assert interleaved(base, 100) == 0


@pytest.mark.slow
def test_no_episode_of_ten_thousand_sees_anothers_writes(base):
    assert interleaved(base, 10_000) == 0


def test_half_a_surrogate_pair_is_no_text(server):
    half = chr(0xD800)
    order = {**ORDER, "note": [{"text": half}]}
    assert "no text" in fails(server, 400, "POST", "ServiceRequest", json.dumps(order))
    assert "no text" in fails(server, 400, "GET", f"Patient/{half}".replace("Patient/", "Patient?family="))
    assert server.request("GET", "ServiceRequest").resource["total"] == 0 and server.writes == []


def test_an_address_is_a_path_or_a_whole_url(base):
    server = Episode(base, "http://host:9/episodes/a/fhir")
    link = server.request("GET", "/Patient?_count=1").resource["link"][1]["url"]
    assert (
        urlsplit(link).path == "/episodes/a/fhir/Patient"
        and server.request("GET", link).resource["entry"][0]["resource"]["id"] == "p2"
    )


def test_the_window_of_a_day_begins_at_its_minute(server):
    edge = (datetime.fromisoformat(NOW) - timedelta(hours=24)).isoformat().replace("+", "%2B")
    assert found(server, f"Observation?patient=p1&code=GLU&date=ge{edge}") == ["t8", "t9"]
