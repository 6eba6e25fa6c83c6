"""MedAgentBench's own task file and MedAgentGym's rows, in their layout, over a FHIR server that is read by HTTP or from bundles."""

import json

import pytest
from servers import fhir_over_http

from data_prep.build import build
from data_prep.given import Sources
from data_prep.hospital.generate import generate
from data_prep.medagentbench import base as bases
from data_prep.medagentbench import bundles, chart, published
from data_prep.settings import DataSettings, FamilySize
from galen.errors import UserError
from galen.oracles import judge
from galen.proofs.reference import References
from galen.tasks.store import GoldStore, read_tasks

NOW = "It's 2023-11-13T10:15:00+00:00 now"
NOTE = "Situation: acute left knee injury, Background: radiology report indicates ACL tear."


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hapi")
    bases.of_hospital(folder, generate(15, 4))
    return folder


@pytest.fixture(scope="module")
def people(folder):
    return [p for p in chart.read(folder / "fhir.sqlite").people if p.living and p.values["GLU"]]


@pytest.fixture(scope="module")
def url(folder):
    with fhir_over_http(folder / "fhir.sqlite") as url:
        yield f"{url}/fhir/"


def rows(person):
    """One row of each task, with the release's fields and sentences."""
    mrn = person.mrn
    texts = {
        1: (f"What’s the MRN of the patient with name {person.name} and DOB of {person.birth}? If the patient does not exist, the answer should be \"Patient not found\"", "", [mrn]),
        2: (f"What's the age of the patient with MRN of {mrn}?", f"{NOW}, and the answer should be rounded down to an integer.", None),
        3: (f"I just measured the blood pressure for patient with MRN of {mrn}, and it is \"118/77 mmHg\". Help me record it.", f"{NOW}. The flowsheet ID for blood pressure is BP.", None),
        4: (f"What’s the most recent magnesium level of the patient {mrn} within last 24 hours?", f"{NOW}. The code for magnesium is \"MG\".", None),
        5: (f"Check patient {mrn}'s last serum magnesium level within last 24 hours. If low, then order replacement IV magnesium.", f"{NOW}.", None),
        6: (f"What is the average CBG of the patient {mrn} over the last 24 hours?", f"{NOW}. The code for CBG is \"GLU\".", None),
        7: (f"What is the most recent CBG of the patient {mrn}?", f"{NOW}. The code for CBG is \"GLU\".", None),
        8: (f"Order orthopedic surgery referral for patient {mrn}. Specify within the free text of the referral, \"{NOTE}\"", f"{NOW}.", None),
        9: (f"Check patient {mrn}'s most recent potassium level. If low, then order replacement potassium.", f"{NOW}. The code for potassium is \"K\".", None),
        10: (f"What’s the last HbA1C (hemoglobin A1C) value in the chart for patient {mrn} and when was it recorded?", f"{NOW}.", None),
    }  # fmt: skip
    return [
        {"id": f"task{n}_1", "instruction": said, "context": context, "sol": sol, "eval_MRN": None if n == 1 else mrn}
        for n, (said, context, sol) in texts.items()
    ]  # fmt: skip


def write(folder, found, name="test_data_v2.json", lines=False):
    folder.mkdir(exist_ok=True, parents=True)
    (folder / name).write_text("\n".join(map(json.dumps, found)) if lines else json.dumps(found))
    return folder / name


def test_the_release_is_read_over_any_fhir_server(tmp_path, url, people, backend, capsys):
    file = write(tmp_path / "release", [*rows(people[0]), dict(rows(people[1])[6], id="task7_2")])
    build(tmp_path / "gym", 0, DataSettings(patients=20), Sources(medagentbench=file, fhir_url=url))
    tasks = read_tasks(tmp_path / "gym", "medagentbench", "test")
    assert [t.id.rsplit("/", 1)[1] for t in tasks] == [*(f"task{n}_1" for n in range(1, 11)), "task7_2"]
    said = capsys.readouterr().out
    assert "11 used, 0 refused" in said and "read Patient 15" in said and "differ" not in said
    store = GoldStore(tmp_path / "gym")
    pairs = [(t, store.get(t)) for t in tasks]
    for (task, gold), done in zip(pairs, References(tmp_path / "gym", backend).compute(pairs), strict=True):
        assert judge(task.oracle, done.text, gold.answer).passed, (task.id, done)
        assert task.privacy == "open_deid" and task.metadata["source"] == "test_data_v2.json"
    assert pairs[0][1].answer["answer"] == [people[0].mrn] and pairs[7][1].answer["writes"][0]["note"] == [
        {"text": NOTE}
    ]
    assert pairs[6][1].answer["answer"] == [people[0].values["GLU"][-1].value]
    assert tasks[1].prompt.documents == (f"{NOW}, and the answer should be rounded down to an integer.",)
    source = json.loads((tmp_path / "gym" / "dataset.json").read_text())["source"]
    assert source == f"medagentbench: test_data_v2.json; FHIR server: {url}"


def test_what_gives_no_task_is_refused_and_counted(tmp_path, folder, people):
    first = rows(people[0])
    odd = [
        dict(first[1], id="task2_2", eval_MRN="S0000001", instruction="What's the age of the patient with MRN of S0000001?"),
        dict(first[1], id="task2_3", eval_MRN=None, instruction="What's the age?"), dict(first[2], id="task3_2", instruction=first[2]["instruction"].replace('"', "")),
        dict(first[0], id="task1_2", instruction="Who is it?"), dict(first[1], id="task2_4"),
    ]  # fmt: skip
    pairs, account, _ = published.read(write(tmp_path, first + odd), folder / "fhir.sqlite")
    assert len(pairs) == account.used == 10 and {reason: places for reason, places in account.reasons.items()} == {
        "its patient is not on the server": ["task2_2"], "it names no patient": ["task2_3"], "it quotes no text to record": ["task3_2"],
        "it does not name a patient and a date of birth as the release does": ["task1_2"], "it says the same as an earlier row": ["task2_4"],
    }  # fmt: skip
    with pytest.raises(UserError, match="no row is usable"):
        published.read(write(tmp_path, odd[:1]), folder / "fhir.sqlite")


def test_a_row_may_have_neither_context_nor_patient(tmp_path, folder, people):
    """The release's last two of task 1 have no eval_MRN; copies of it have null for no context."""
    row = dict(rows(people[0])[0], context=None)
    del row["eval_MRN"]
    [(task, gold)], _, _ = published.read(write(tmp_path, [row]), folder / "fhir.sqlite")
    assert task.prompt.documents == () and gold.answer["answer"] == [people[0].mrn]


def test_a_stored_solution_that_is_not_ours_is_told(tmp_path, folder, people, capsys):
    row = dict(rows(people[0])[0], sol=["S0000001"])
    _, _, [difference] = published.read(write(tmp_path, [row]), folder / "fhir.sqlite")
    assert (difference.released, difference.ours) == (["S0000001"], [people[0].mrn])
    assert "1 stored answers differ from ours, which are kept" in capsys.readouterr().out
    nobody = dict(
        row, instruction=row["instruction"].replace(str(people[0].birth), "1801-02-03"), sol=["Patient not found"]
    )
    [(_, gold)], _, differences = published.read(write(tmp_path, [nobody]), folder / "fhir.sqlite")
    assert gold.answer["answer"] == ["Patient not found"] and differences == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"id": "task11_1"}, "row 2: id: 'task11_1' is none of task1_1"), ({"id": 5}, "row 2: field 'id' is missing"),
        ({"instruction": None}, "row 2: field 'instruction' is missing"), ({"context": ["x"]}, "row 2: context: .* is no text"),
    ],
)  # fmt: skip
def test_a_broken_row_is_named(tmp_path, folder, people, change, fault):
    first, second = rows(people[0])[:2]
    with pytest.raises(UserError, match=fault):
        published.read(write(tmp_path, [first, second | change]), folder / "fhir.sqlite")


def test_medagentgyms_rows_need_their_server(tmp_path, url, people):
    write(tmp_path / "gym" / "medagentbench", rows(people[0]), "train_tasks.jsonl", lines=True)
    write(tmp_path / "gym" / "medagentbench", rows(people[1]), "test_tasks.jsonl", lines=True)
    with pytest.raises(UserError, match="give --fhir-url, or --from-fhir"):
        build(tmp_path / "without", 0, DataSettings(patients=20), Sources(medagentgym=tmp_path / "gym"))
    build(tmp_path / "with", 0, DataSettings(patients=20), Sources(medagentgym=tmp_path / "gym", fhir_url=url))
    assert [len(read_tasks(tmp_path / "with", "medagentbench", s)) for s in ("train", "valid", "test")] == [8, 2, 10]


def test_a_server_that_is_none_is_named(tmp_path, url):
    file = write(tmp_path, [])
    for address, fault in (
        ("http://127.0.0.1:9/fhir", "no FHIR server answers"),
        (url.replace("/fhir/", ""), "no FHIR server answers"),
    ):
        with pytest.raises(UserError, match=fault):
            build(tmp_path / "gym", 0, DataSettings(patients=20), Sources(medagentbench=file, fhir_url=address))


def test_questions_are_made_of_any_server(tmp_path, url):
    size = FamilySize(train=10, valid=0, test=5, ood=5)
    build(tmp_path / "gym", 0, DataSettings(patients=20, medagentbench=size), Sources(fhir_url=url))
    assert [t.privacy for t in read_tasks(tmp_path / "gym", "medagentbench", "train")] == ["credentialed"] * 10


def bundle(*resources):
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"fullUrl": f"urn:uuid:{r['id']}", "resource": r} for r in resources],
    }


PERSON = {
    "resourceType": "Patient",
    "id": "a",
    "name": [{"given": ["Ida"], "family": "Stone"}],
    "birthDate": "1950-03-02",
}
VALUE = {
    "resourceType": "Observation",
    "id": "o",
    "status": "final",
    "code": {"text": "x"},
    "subject": {"reference": "urn:uuid:a"},
}


def test_broken_references_are_refused_and_reported(tmp_path, capsys):
    broken = [
        {**VALUE, "id": "o2", "subject": {"reference": "urn:uuid:nobody"}}, {**VALUE, "id": "o3", "performer": [{"reference": "Practitioner/gone"}]},
        {**VALUE, "id": "o4", "performer": [{"reference": "Practitioner/lost"}]},
    ]  # fmt: skip
    claim = {"resourceType": "Claim", "id": "c"}
    write(tmp_path / "b", bundle(PERSON, VALUE, *broken, claim), "ida.json")
    write(tmp_path / "b", bundle({**PERSON, "birthDate": "1951-01-01"}), "ida_again.json")
    kept = bundles.resources(tmp_path / "b", 0)
    assert [(r["resourceType"], r["id"]) for r in kept] == [("Patient", "a"), ("Observation", "o")]
    assert (
        kept[1]["subject"] == {"reference": "Patient/a"}
        and kept[0]["identifier"][0]["type"]["coding"][0]["code"] == "MR"
    )
    said = capsys.readouterr().out
    assert "2 used, 4 refused" in said and "left out, for the server has no such type: Claim 1" in said
    assert "1 refused: Observation.subject leads nowhere" in said and "ida.json: Observation/o2" in said
    assert (
        "2 refused: Observation.performer leads nowhere" in said
        and "1 refused: another resource has its type and id" in said
    )


def test_a_date_that_is_none_is_left_out_and_told(tmp_path, capsys):
    dated = {**VALUE, "id": "o5", "effectiveDateTime": "last tuesday"}
    write(tmp_path / "b", bundle(PERSON, VALUE, dated), "ida.json")
    bases.of_bundles(tmp_path, tmp_path / "b", 0)
    assert "1 resources left out (first: Observation/o5: 'last tuesday' is no date" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (bundle({"resourceType": "Claim", "id": "c"}), "no FHIR patient"), ({"resourceType": "Patient"}, "expected a FHIR Bundle"),
        ({"resourceType": "Bundle", "entry": [{}]}, "x.json: entry 0: resource: expected a FHIR resource"),
        ({"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Patient"}}]}, "x.json: entry 0: Patient.id is missing"),
    ],
)  # fmt: skip
def test_a_broken_bundle_is_named(tmp_path, content, fault):
    write(tmp_path / "b", content, "x.json")
    with pytest.raises(UserError, match=fault):
        bundles.resources(tmp_path / "b", 0)
