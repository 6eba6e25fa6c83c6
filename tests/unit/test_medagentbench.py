"""MedAgentBench's generated tasks: one hospital, right answers, branches, splits, and programs that a sandbox runs."""

import json
import random
from collections import Counter
from datetime import datetime, timedelta

import pytest

from data_prep import medagentbench
from data_prep.audit import audit
from data_prep.ehrsql.laws import grams
from data_prep.hospital.generate import generate
from data_prep.hospital.model import NOW
from data_prep.medagentbench import base as bases
from data_prep.medagentbench import chart, forms, orders, readings, resources
from data_prep.treqs.story import Storyteller
from data_prep.wordings import Part, blocks
from galen.fhir.server import Base, Episode
from galen.oracles import judge
from galen.proofs.reference import References, spec_of
from galen.proofs.validate import written
from galen.proofs.wrong_records import wrong_records
from galen.tasks import medagentbench as family
from galen.tasks.store import write_tasks

SIZES = (120, 30, 20, 3)


@pytest.fixture(scope="module")
def hospital():
    return generate(50, 5)


@pytest.fixture(scope="module")
def built(tmp_path_factory, hospital):
    folder = tmp_path_factory.mktemp("gym")
    (folder / "resources").mkdir()
    base = bases.of_hospital(folder / "resources", hospital)
    pairs = list(medagentbench.build(base, *SIZES, demonstrations=20))
    write_tasks(folder, pairs, seed=3, source="test")
    return folder, pairs


@pytest.fixture(scope="module")
def gym(built):
    return built[0]


@pytest.fixture(scope="module")
def made(built):
    return built[1]


def test_the_counts_are_the_papers():
    """Table 2: 433 and 109."""
    from data_prep.settings import DataSettings
    from galen.config import load, preset

    size = load(preset("tasks", "paper"), DataSettings).medagentbench
    assert size and (size.train + size.valid, size.test + size.ood) == (433, 109)


def test_ten_types_take_turns_and_so_do_their_outcomes(made):
    assert {t.category for t, _ in made} == set(family.TASKS.values()) and len(family.TASKS) == 10
    for block, n in (("train-id", 12), ("test-id", 3), ("test-ood", 2)):
        each = Counter(t.category for t, _ in made if block in t.id)
        assert set(each.values()) == {n}, block
    outcomes = {name: Counter() for name in family.TASKS}
    for _, gold in made:
        outcomes[gold.answer["task"]][len(gold.answer["writes"]), gold.answer["answer"] == [-1]] += 1
    assert {(1, False), (0, False), (0, True)} <= set(outcomes["task5"])
    assert {(2, False), (0, False), (0, True)} <= set(outcomes["task9"])
    assert {(1, False), (0, False), (1, True)} <= set(outcomes["task10"])
    doses = [
        g.answer["writes"][0]["dosageInstruction"]
        for _, g in made
        if g.answer["task"] == "task5" and g.answer["writes"]
    ]
    assert {d[0]["doseAndRate"][0]["doseQuantity"]["value"] for d in doses} == {1, 2, 4}
    assert ["Patient not found"] in [g.answer["answer"] for _, g in made]


@pytest.mark.parametrize(("level", "grams_"), [(0.9, 4), (1.0, 2), (1.4, 2), (1.5, 1), (1.9, 1), (2.0, None)])
def test_the_magnesium_bands_are_the_handbooks(level, grams_):
    order = orders.magnesium("p", level, "2023-11-13T10:15:00+00:00")
    rate = order and order["dosageInstruction"][0]["doseAndRate"][0]
    assert rate == (
        None
        if grams_ is None
        else {"doseQuantity": {"value": grams_, "unit": "g"}, "rateQuantity": {"value": grams_, "unit": "h"}}
    )


@pytest.mark.parametrize(("level", "dose"), [(3.5, None), (3.4, 10), (3.0, 50), (2.6, 90)])
def test_potassium_is_ten_for_each_tenth(level, dose):
    order = orders.potassium("p", level, "2023-11-13T10:15:00+00:00")
    assert (order and order["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]["value"]) == dose


def test_one_hospital_behind_all_views(hospital, gym):
    """The same people, names (as in TREQS), stays and values as the other views, moved by one amount."""
    base = Base(gym / "resources" / "fhir.sqlite")
    server = Episode(base)
    numbers = resources.mrns(len(hospital.patients), hospital.seed)
    for patient, mrn in list(zip(hospital.patients, numbers, strict=True))[::12]:
        person = server.request("GET", f"Patient?identifier=urn:galen:subject-id|{patient.id}").resource["entry"][0][
            "resource"
        ]
        assert (
            person["id"] == mrn
            and person["name"][0]["text"].lower() == Storyteller(hospital.seed, patient.id).person(patient.sex).name
        )
        shift = datetime(2023, 11, 13, 10, 15) - NOW
        labs = {
            (lab.item, (lab.time + shift).isoformat() + "+00:00", lab.value)
            for a in patient.admissions
            for lab in a.labs
            if lab.time <= NOW
        }
        stays = server.request(
            "GET", f"Observation?patient={mrn}&category=laboratory&encounter:missing=false&_count=1000"
        ).resource
        served = {
            (o["code"]["text"], o["effectiveDateTime"], o.get("valueQuantity", {}).get("value"))
            for o in (e["resource"] for e in stays.get("entry", []))
        }
        assert served == labs
        assert server.request("GET", f"Encounter?patient={mrn}").resource["total"] == sum(
            a.start <= NOW for a in patient.admissions
        )
    stays = [e["resource"] for e in server.request("GET", "Encounter?status=in-progress&_count=1000").resource["entry"]]
    for stay in stays:
        added = server.request(
            "GET", f"Observation?subject={stay['subject']['reference']}&encounter:missing=true"
        ).resource
        assert added["total"] == 0, "who is in hospital has the stay's values only"
    last = server.request("GET", "Observation?_sort=-date&_count=1").resource["entry"][0]["resource"]
    assert last["effectiveDateTime"] <= base.now


def test_recent_values_keep_clear_of_edges_and_of_each_other():
    for i in range(300):
        found = readings.drawn(random.Random(i))
        moments = Counter((r.item, readings._time(r.ago)) for r in found)
        assert max(moments.values(), default=1) == 1
        assert all(abs(r.ago - edge) > readings.CLEAR for r in found for edge in readings.EDGES)
    pages = [sum(r.item == "glucose" and r.ago < 24 for r in readings.drawn(random.Random(i))) for i in range(300)]
    assert sum(n > 50 for n in pages) > 20, "some have more values than a page shows"


def test_answers_are_recomputed_from_the_rows(gym, made):
    """A plain second reading of the base, without the server's search."""
    read = chart.read(gym / "resources" / "fhir.sqlite")
    people = {p.mrn: p for p in read.people}
    start = read.now - timedelta(hours=24)
    for task, gold in made:
        person = people.get(task.metadata["slots"].get("mrn"))
        if task.metadata["template"] == "mean glucose" and person:
            values = [v.value for v in person.values["GLU"] if v.time >= start]
            assert gold.answer["answer"] == [round(sum(values) / len(values), 2) if values else -1]
        if task.metadata["template"] == "renew a1c" and person:
            last = max(person.values["A1C"], key=lambda v: v.time, default=None)
            assert gold.answer["answer"][0] == (last.value if last else -1)
            assert len(gold.answer["writes"]) == (last is None or last.time < read.now - timedelta(days=365))


def test_tests_have_patients_words_and_notes_of_their_own(made):
    train, test = ([t for t, _ in made if (t.split == "test") is side] for side in (False, True))
    assert {t.cluster for t in train}.isdisjoint(t.cluster for t in test)
    words = [set().union(*(grams(t.prompt.question.lower()) for t in part)) for part in (train, test)]
    shared = {g for g in words[0] & words[1] if "recommendation" not in " ".join(g)}
    assert words[0] and not shared, list(shared)[:3]
    unseen = {t.metadata["template"] for t in test if t.distribution == "ood"}
    assert unseen == {f.name for f in forms.UNSEEN} and unseen.isdisjoint(t.metadata["template"] for t in train)
    assert len({(t.prompt.question) for t, _ in made}) == len(made)


def test_the_audit_finds_nothing(gym):
    [leaks] = audit(gym)
    assert leaks.total == 0, leaks.examples


def test_the_same_seed_gives_the_same_tasks(gym):
    base = gym / "resources" / "fhir.sqlite"
    same = [[(t.content_hash, g) for t, g in medagentbench.build(base, 30, 10, 10, seed)] for seed in (1, 1, 2)]
    assert same[0] == same[1] != same[2]


def test_there_are_fewer_tasks_where_the_people_have_no_more(gym):
    many = list(medagentbench.build(gym / "resources" / "fhir.sqlite", 5000, 10, 10, 1))
    assert 150 < len(many) < 1500 and len({(t.metadata["template"], t.cluster) for t, _ in many}) == len(many)
    assert len(blocks(1, 1, 1, 0)) == 4 and Part.TEST.task_split == "test"


def test_references_pass_in_the_sandbox_and_wrong_records_fail(gym, made, backend):
    pairs = [p for p in made if p[0].split == "test"]
    for (task, gold), done in zip(pairs, References(gym, backend).compute(pairs), strict=True):
        assert not done.error and judge(task.oracle, done.text, gold.answer).passed, (task.id, done)
        assert judge(task.oracle, written(gold.answer), gold.answer).passed
        wrong = wrong_records(done.text)
        assert len(wrong) >= 3 and not [n for n, text in wrong.items() if judge(task.oracle, text, gold.answer).passed]


AGENT = """
import fhir
who = fhir.get("http://localhost:8080/fhir/Patient?_count=1").json()["entry"][0]["resource"]["id"]
reply = fhir.post("ServiceRequest", json={"resourceType": "ServiceRequest", "status": "active", "intent": "order", "subject": {"reference": "Patient/" + who}})
print(reply.status_code, reply.json()["id"])
"""


def test_an_episode_keeps_its_writes_from_action_to_action(gym, made, backend):
    sandbox, other = (backend.create(spec_of(made[0][0], gym)) for _ in range(2))
    run = lambda box, code: box.run(code, lang="python", timeout_s=20).stdout.strip()
    assert run(sandbox, AGENT) == "201 own-1" and run(sandbox, AGENT) == "201 own-2"
    count = "import fhir; print(fhir.get('ServiceRequest').json()['total'])"
    assert (run(sandbox, count), run(other, count)) == ("2", "0")
    handed = json.loads(run(sandbox, "import fhir, numpy as np; fhir.finish([np.float64(1.5), np.int64(2)])"))
    assert handed["answer"] == [1.5, 2] and len(handed["writes"]) == 2 and "id" not in handed["writes"][0]
    assert run(sandbox, f"import fhir; fhir.discard()\n{count}") == "0"
    run(sandbox, AGENT)
    assert sandbox.reset() and run(sandbox, count) == "0", "a sandbox that is used again has no writes"
    for box in (sandbox, other):
        box.close()


def test_the_module_speaks_as_requests_does(gym, made, backend):
    sandbox = backend.create(spec_of(made[0][0], gym))
    code = """
import fhir
print(fhir.get("Patient/nobody").status_code, fhir.get("Patient/nobody").ok)
try:
    fhir.get("Patient", params={"shoe": 4}).raise_for_status()
except fhir.HTTPError as error:
    print(str(error)[:44])
try:
    open("/data/fhir.sqlite", "r+")
except OSError as error:
    print(type(error).__name__)
"""
    done = sandbox.run(code, lang="python", timeout_s=20)
    assert done.stdout.splitlines() == [
        "404 False",
        "400: Patient has no search parameter 'shoe';",
        "PermissionError",
    ], done
    sandbox.close()


def test_the_prompt_states_the_contract(made):
    for task, gold in made[:30]:
        system, user = family.pose(task, "full")
        assert (
            task.prompt.question in user.content
            and "fhir.finish(ANSWER)" in user.content
            and str(task.now) in system.content
        )
        assert "A resource holds what the handbook" in system.content and "no `" not in system.content
        for value in gold.answer["answer"]:
            assert str(value) not in task.prompt.contract or value in (-1, "Patient not found")
    assert family.pose(made[0][0], "compact")[1].content == made[0][0].prompt.question
    assert "metadata" in family.answer_request(made[0][0], "tables", None)  # type: ignore[arg-type]
    assert "birthdate" in family.vocabulary(made[0][0], None).tables["Patient"]  # type: ignore[arg-type]
