"""`galen data` with published files: each family takes the tasks that its source holds, the others are made as ever."""

import json

import pytest

from data_prep import treqs
from data_prep.build import build
from data_prep.given import Sources
from data_prep.hospital.generate import generate
from data_prep.mimic_iii import view as mimic_iii
from data_prep.settings import DataSettings, FamilySize, MimicSize, NoteSize
from galen.errors import UserError
from galen.tasks.store import read_tasks
from galen.types import Privacy

EHRSQL = {
    "db_id": "mimic_iii", "question": "how many patients are men?", "template": "", "value": {}, "is_impossible": False, "id": "r0",
    "query": "select count(*) from patients where patients.gender = 'm'", "q_tag": "count the number of patients", "t_tag": [""] * 5,
    "o_tag": [""] * 9,
}  # fmt: skip
SEQSQL = {
    "id": "s0", "seed_question": "how many men?", "question": ["who are men?", "how many of them?"], "random_split": "train",
    "sql": ["select subject_id from patients where gender = 'm' limit 3", "select count(*) from patients where gender = 'm'"],
    "seqsql": ["a", "b"], "compositional_split": "train",
}  # fmt: skip
TREQS = {"key": "t0", "question_refine": "how many women?", "sql": 'SELECT COUNT ( DISTINCT DEMOGRAPHIC."SUBJECT_ID" ) FROM DEMOGRAPHIC WHERE DEMOGRAPHIC."GENDER" = "F"'}  # fmt: skip
SIZE = FamilySize(train=6, valid=2, test=3, ood=1)


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """EHRSQL's, TREQS's, EHR-SeqSQL's and MedAgentGym's own layouts, over one hospital."""
    root, hospital = tmp_path_factory.mktemp("published"), generate(40, 1)
    for folder in ("ehrsql/mimic_iii", "treqs", "gym/mimic_iii", "gym/others"):
        (root / folder).mkdir(parents=True)
    mimic = root / "ehrsql" / "mimic_iii" / "mimic_iii.sqlite"
    mimic_iii.write_sqlite(hospital, mimic)
    (mimic.parent / "train.json").write_text(json.dumps([EHRSQL]))
    treqs.write_sqlite(mimic, root / "treqs" / "mimicqsl.db", 1)
    (root / "treqs" / "train.json").write_text(json.dumps([TREQS]))
    (root / "data.json").write_text(json.dumps([SEQSQL]))
    (root / "gym" / "mimic_iii" / "mimic_iii.db").write_bytes(mimic.read_bytes())
    (root / "gym" / "mimic_iii" / "train_tasks.jsonl").write_text(json.dumps(EHRSQL | {"answer": ["0"]}))
    (root / "gym" / "others" / "test_tasks.jsonl").write_text("{}")
    return root


def test_published_tasks_stand_beside_generated_ones(published, tmp_path):
    settings = DataSettings(
        patients=40, mimic_iii=MimicSize(**SIZE.model_dump()), eicu=SIZE, ehrcon=NoteSize(train=6, valid=2, test=3)
    )
    files = Sources(
        ehrsql=published / "ehrsql", treqs=published / "treqs", seqsql=published / "data.json"
    )  # fmt: skip
    build(tmp_path / "gym", 0, settings, files)
    for family, asked in (
        ("mimic_iii", ["how many patients are men?"]), ("treqs", ["how many women?"]),
        ("ehr_seqsql", ["who are men?", "how many of them?"]),
    ):  # fmt: skip
        tasks = read_tasks(tmp_path / "gym", family, "train")
        assert [t.prompt.question for t in tasks] == asked
        assert {t.privacy for t in tasks} == {Privacy.CREDENTIALED}
    assert {t.privacy for t in read_tasks(tmp_path / "gym", "ehrcon", "test")} == {Privacy.CREDENTIALED}, (
        "of its database"
    )
    assert {t.privacy for t in read_tasks(tmp_path / "gym", "eicu", "test")} == {Privacy.SYNTHETIC}
    manifest = json.loads((tmp_path / "gym" / "dataset.json").read_text())
    assert (
        "medcalc/train" not in manifest["counts"]
        and "ehrsql: ehrsql; treqs: treqs; seqsql: data.json" in manifest["source"]
    )


def test_medagentgyms_folder_gives_what_is_known_and_says_what_is_not(published, tmp_path, capsys):
    build(tmp_path / "gym", 0, DataSettings(patients=40), Sources(medagentgym=published / "gym"))
    [task] = read_tasks(tmp_path / "gym", "mimic_iii", "train")
    assert task.id == "mimic_iii/train-medagentgym/r0"
    said = capsys.readouterr().out
    assert "others: passed over: no family of its name is read" in said and "1 stored answers differ from ours" in said


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        ({"ehrsql": "ehrsql", "medagentgym": "gym"}, "mimic_iii: its database is given twice; leave one out"),
        ({"ehrsql": "ehrsql", "mimic": "gym"}, "mimic_iii: its database is given twice, also by .*gym; leave one out"),
        ({"treqs": "gym/mimic_iii"}, "table DEMOGRAPHIC"),
        ({"fhir": "gym", "mimic": "gym"}, "give one source, not both"),
    ],
)
def test_two_sources_for_one_thing_are_refused(published, tmp_path, files, fault):
    with pytest.raises(UserError, match=fault):
        build(
            tmp_path / "gym", 0, DataSettings(patients=40), Sources(**{k: published / v for k, v in files.items()})
        )  # fmt: skip
    assert not (tmp_path / "gym").exists()
