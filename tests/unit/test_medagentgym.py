"""MedAgentGym's own JSONL, written here in its formats, over databases as SQLite files and as folders of CSVs."""

import json
import sqlite3

import pandas as pd
import pytest

from data_prep import treqs
from data_prep.eicu import view as eicu
from data_prep.hospital.generate import generate
from data_prep.mimic_iii import view as mimic_iii
from data_prep.sources import ehrsql, medagentgym
from galen.errors import UserError

ROW = {
    "db_id": "mimic_iii", "question": "how is aspirin taken?", "template": "what is the intake method of aspirin?",
    "query": "select distinct prescriptions.route from prescriptions where prescriptions.drug = 'aspirin'",
    "value": {"drug_name": "aspirin"}, "q_tag": "what is the intake method of {drug_name}?", "t_tag": [""] * 5, "o_tag": [""] * 9,
    "tag": "", "department": "['nursing']", "importance": "medium", "para_type": "machine", "is_impossible": False,
    "split": "valid", "id": "a0", "answer": ["po"],
}  # fmt: skip
STAY = "select strftime('%j',admissions.dischtime) - strftime('%j',admissions.admittime) from admissions where admissions.hadm_id = {hadm}"


@pytest.fixture(scope="module")
def databases(tmp_path_factory):
    """The SQLite files of three families, from one hospital."""
    out, hospital = tmp_path_factory.mktemp("gym"), generate(40, 0)
    mimic_iii.write_sqlite(hospital, out / "mimic_iii.sqlite")
    eicu.write_sqlite(hospital, out / "eicu.sqlite")
    treqs.write_sqlite(out / "mimic_iii.sqlite", out / "treqs.sqlite", 0)
    return {path.stem: path for path in out.iterdir()}


@pytest.fixture(scope="module")
def stay(databases):
    """A stay within one year, whose days by the calendar are not its exact length."""
    whole = "select hadm_id, strftime('%j', dischtime) - strftime('%j', admittime) from admissions where substr(dischtime, 1, 4) = substr(admittime, 1, 4) limit 1"
    return sqlite3.connect(databases["mimic_iii"]).execute(whole).fetchone()


def _write(path, rows):
    """One object a line, and no line break after the last, as the release has it."""
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def test_every_row_is_read_the_last_one_too(databases, stay, tmp_path):
    rows = [ROW | {"id": f"a{i}", "question": f"how is aspirin taken, case {i}?"} for i in range(7)]
    pairs, account, differences = medagentgym.read(
        _write(tmp_path / "train_tasks.jsonl", rows), "mimic_iii", databases["mimic_iii"]
    )
    assert len(pairs) == account.used == 7 and differences == []
    task, gold = pairs[-1]
    assert (task.id, task.split, gold.answer) == ("mimic_iii/train-medagentgym/a6", "train", [["po"]])
    assert task.prompt.question == "how is aspirin taken, case 6?" and task.metadata["asked"] == "question"


def test_a_stored_answer_that_is_not_ours_is_told_and_ours_kept(databases, stay, tmp_path, capsys):
    hadm, days = stay
    rows = [
        ROW, ROW | {"id": "b", "question": "wrong?", "answer": ["iv"]}, ROW | {"id": "c", "question": "none?", "answer": ["None"]},
        ROW | {"id": "d", "question": "how long?", "query": STAY.format(hadm=hadm), "answer": [str(days)], "q_tag": "length of stay"},
        ROW | {"id": "e", "question": "how many?", "query": "select count(*)>0 from patients", "answer": ["1"], "q_tag": "has_verb"},
        ROW | {"id": "f", "question": "so far?", "query": "select count(*) from admissions where admissions.admittime <= datetime(current_time)", "answer": ["0"]},
    ]  # fmt: skip
    pairs, _, differences = medagentgym.read(
        _write(tmp_path / "valid_tasks.jsonl", rows), "mimic_iii", databases["mimic_iii"]
    )
    as_it_stands = medagentgym.AS_IT_STANDS
    assert {d.id: (d.released, d.why) for d in differences} == {
        "b": (["iv"], ""), "c": (["None"], ""), "d": ([str(days)], as_it_stands), "f": (["0"], as_it_stands),
    }  # fmt: skip
    gold = {task.id.rsplit("/", 1)[1]: gold.answer for task, gold in pairs}
    assert gold["b"] == [["po"]] and gold["d"][0][0] == pytest.approx(days, abs=1) and gold["d"][0][0] != days
    assert {task.split for task, _ in pairs} == {"test"}, "the release tests on its valid_tasks.jsonl"
    said = capsys.readouterr().out
    assert "4 stored answers differ from ours, which are kept" in said and "b: released ['iv'], ours [['po']]" in said


def test_rows_without_an_answer_are_refused(databases, tmp_path):
    rows = [ROW, ROW | {"id": "n", "query": "select max(dod) from patients where subject_id = -1", "answer": ["None"]}]
    pairs, account, _ = medagentgym.read(
        _write(tmp_path / "train_tasks.jsonl", rows), "mimic_iii", databases["mimic_iii"]
    )
    assert len(pairs) == 1 and account.reasons == {"its answer is empty or null": ["n"]}


def _csvs(database, folder, edit=lambda name, frame: frame):
    """The tables as the CSVs that MedAgentGym mounts."""
    folder.mkdir()
    db = sqlite3.connect(database)
    for (name,) in db.execute(
        "select name from sqlite_master where type = 'table' and name not like 'sqlite%'"
    ).fetchall():
        edit(name, pd.read_sql(f"select * from {name}", db)).to_csv(folder / f"{name}.csv", index=False)
    return folder


@pytest.mark.parametrize("family", ["mimic_iii", "eicu"])
def test_a_folder_of_csvs_makes_the_same_database_as_the_sqlite_file(databases, tmp_path, family):
    medagentgym.prepare(_csvs(databases[family], tmp_path / "csv"), family, tmp_path / "a.sqlite")
    medagentgym.prepare(databases[family], family, tmp_path / "b.sqlite")
    a, b = (sqlite3.connect(tmp_path / name) for name in ("a.sqlite", "b.sqlite"))
    for table, columns in ehrsql._columns(b).items():
        left, right = ([[v or None for v in r] for r in db.execute(f"select * from {table}")] for db in (a, b))
        assert left == right, table  # a CSV has one way to write an empty text and a missing one
        assert ehrsql._columns(a)[table] == columns
    assert a.execute("select count(*) from sqlite_master where name like 'ix_%'").fetchone()[0] >= len(
        ehrsql.VIEWS[family].INDEXES
    )


def test_eicu_asks_its_own_database(databases, tmp_path):
    row = ROW | {"db_id": "eicu", "query": "select count( distinct patient.uniquepid ) from patient where patient.hospitaldischargetime is null", "answer": ["999"]}  # fmt: skip
    pairs, _, (difference,) = medagentgym.read(_write(tmp_path / "valid_tasks.jsonl", [row]), "eicu", databases["eicu"])
    assert pairs[0][0].family == "eicu" and difference.ours == pairs[0][1].answer and difference.released == ["999"]


def test_treqs_rows_keep_their_quoting(databases, tmp_path):
    medagentgym.prepare(databases["treqs"], "treqs", tmp_path / "treqs.sqlite")
    row = {
        "db_id": "treqs", "question": "how many women are there?", "is_impossible": False, "split": "valid", "id": "t1", "answer": ["-5"],
        "query": "select count ( distinct demographic.'subject_id' ) from demographic where demographic.'gender' = 'f' and demographic.'age' < '99'",
    }  # fmt: skip
    pairs, _, differences = medagentgym.read(
        _write(tmp_path / "test_tasks.jsonl", [row]), "treqs", tmp_path / "treqs.sqlite"
    )
    women = (
        sqlite3.connect(databases["mimic_iii"])
        .execute("select count(*) from patients where gender = 'f'")
        .fetchone()[0]
    )
    assert pairs[0][1].answer == [[women]] and [d.id for d in differences] == ["t1"]


def _medcalc(**more):
    return {
        "Row Number": 1, "Calculator ID": 11, "Calculator Name": "QTc Bazett Calculator", "Patient Note": "Heart rate 113, QT 330 msec.",
        "Question": "What is the corrected QT interval?", "Relevant Entities": "{'Heart Rate or Pulse': [113, 'beats per minute'], 'QT Interval': [330, 'msec']}",
        "Ground Truth Answer": "452.87563", "Lower Limit": "430.23185", "Upper Limit": "475.51941",
    } | more  # fmt: skip


def test_medcalc_has_its_note_in_the_prompt_and_its_labels_checked(tmp_path):
    due = _medcalc(**{
        "Row Number": 2, "Calculator ID": 13, "Calculator Name": "Estimated Due Date", "Ground Truth Answer": "11/26/2000",
        "Relevant Entities": "{'Last menstrual date': '02/23/2000', 'cycle length': [31, 'days']}",
    })  # fmt: skip
    pairs, account, differences = medagentgym.read(
        _write(tmp_path / "test_tasks.jsonl", [_medcalc(), due]), "medcalcbench"
    )
    assert account.used == 2 and pairs[0][0].prompt.documents == ("Heart rate 113, QT 330 msec.",)
    assert pairs[0][1].answer == pytest.approx(452.87563)
    assert [(d.id, d.released, d.ours) for d in differences] == [("row 2", "11/26/2000", "12/02/2000")]


@pytest.mark.parametrize(
    ("rows", "family", "message"),
    [
        ([ROW], "biocoder", "family 'biocoder' is not read here; known: mimic_iii, eicu, treqs, medcalcbench"),
        ([ROW], "mimic_iii", "mimic_iii needs its database"),
        ([{k: v for k, v in _medcalc().items() if k != "Question"}], "medcalcbench", "column 'Question' is missing"),
        ([_medcalc(**{"Calculator ID": "eleven"})], "medcalcbench", "row 1: Calculator ID: 'eleven' is no number"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path, rows, family, message):
    with pytest.raises(UserError, match=message):
        medagentgym.read(_write(tmp_path / "x_tasks.jsonl", rows), family)


def test_a_folder_that_does_not_fit_the_schema_is_named(databases, tmp_path):
    def edit(name, frame):
        return frame.assign(GENDER=frame["GENDER"].where(frame.index > 0)) if name == "PATIENTS" else frame

    with pytest.raises(
        UserError, match="PATIENTS.csv: a row does not fit the schema: NOT NULL constraint failed: PATIENTS.GENDER"
    ):
        medagentgym.prepare(_csvs(databases["mimic_iii"], tmp_path / "a", edit), "mimic_iii", tmp_path / "a.sqlite")
    broken = _csvs(databases["eicu"], tmp_path / "b")
    (broken / "lab.csv").unlink()
    with pytest.raises(UserError, match=r"lab.csv \(or .csv.gz\) is missing; give the folder of eicu's tables as CSVs"):
        medagentgym.prepare(broken, "eicu", tmp_path / "b.sqlite")
    with pytest.raises(UserError, match="train_tasks.jsonl: row 2: query is missing"):
        rows = [ROW, {k: v for k, v in ROW.items() if k != "query"}]
        medagentgym.read(_write(tmp_path / "train_tasks.jsonl", rows), "mimic_iii", databases["mimic_iii"])
