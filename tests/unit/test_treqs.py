"""TREQS: the five-table view, the generated questions against the published shares, and the published files."""

import json
import sqlite3
from collections import Counter

import pandas as pd
import pytest

from data_prep import treqs
from data_prep.ehrsql.laws import grams
from data_prep.hospital.generate import generate
from data_prep.mimic_iii.view import write_sqlite
from data_prep.treqs import published
from data_prep.treqs.draw import ABOUT_MANY, ABOUT_ONE
from data_prep.treqs.forms import OOD, TABLES, Condition, Form
from data_prep.treqs.phrases import CLAUSES, EXTREMES, OPENINGS, RECORDS, WHO
from data_prep.wordings import Part, wordings
from galen.errors import UserError
from galen.oracles import judge

COLUMNS = {
    "DEMOGRAPHIC": "SUBJECT_ID HADM_ID NAME MARITAL_STATUS AGE DOB GENDER LANGUAGE RELIGION ADMISSION_TYPE DAYS_STAY INSURANCE "
    "ETHNICITY EXPIRE_FLAG ADMISSION_LOCATION DISCHARGE_LOCATION DIAGNOSIS DOD DOB_YEAR DOD_YEAR ADMITTIME DISCHTIME ADMITYEAR",
    "DIAGNOSES": "SUBJECT_ID HADM_ID ICD9_CODE SHORT_TITLE LONG_TITLE",
    "PROCEDURES": "SUBJECT_ID HADM_ID ICD9_CODE SHORT_TITLE LONG_TITLE",
    "PRESCRIPTIONS": "SUBJECT_ID HADM_ID ICUSTAY_ID DRUG_TYPE DRUG FORMULARY_DRUG_CD ROUTE DRUG_DOSE",
    "LAB": "SUBJECT_ID HADM_ID ITEMID CHARTTIME FLAG VALUE_UNIT LABEL FLUID CATEGORY",
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("treqs")
    write_sqlite(generate(150, 2), out / "mimic_iii.sqlite")
    treqs.write_sqlite(out / "mimic_iii.sqlite", out / "treqs.sqlite", 2)
    return out


@pytest.fixture(scope="module")
def db(folder):
    with sqlite3.connect(folder / "treqs.sqlite") as db:
        yield db
    db.close()


@pytest.fixture(scope="module")
def pairs(folder):
    return list(treqs.build(folder / "treqs.sqlite", 500, 60, 20, 2, demonstrations=40))


def test_the_tables_are_treqss_to_the_letter(db):
    for table, columns in COLUMNS.items():
        assert [r[1] for r in db.execute(f"pragma table_info({table})")] == columns.split()
        assert db.execute(f"select count(*) from {table}").fetchone()[0] > 100


def test_the_same_numbers_give_the_same_view_and_tasks(folder, db, pairs):
    again = folder / "again.sqlite"
    treqs.write_sqlite(folder / "mimic_iii.sqlite", again, 2)
    assert again.read_bytes() == (folder / "treqs.sqlite").read_bytes()
    first = treqs.build(again, 500, 60, 20, 2, demonstrations=40)
    assert [(t.content_hash, g.answer) for t, g in first] == [(t.content_hash, g.answer) for t, g in pairs]


def test_forms_occur_as_often_as_published(pairs):
    train = [t for t, _ in pairs if t.split == "train"]
    share = lambda key: {k: v / len(train) for k, v in Counter(map(key, train)).items()}
    kinds = share(lambda t: t.metadata["aggregation"])
    assert kinds["count"] == pytest.approx(0.683, abs=0.06) and kinds[""] == pytest.approx(0.239, abs=0.06)
    assert all(0 < kinds[k] < 0.08 for k in ("max", "min", "avg"))
    assert share(lambda t: len(t.metadata["conditions"]))[1] == pytest.approx(0.457, abs=0.07)
    assert share(lambda t: len(t.metadata["selected"]))[2] == pytest.approx(0.19, abs=0.06)
    tables = share(lambda t: "+".join(t.metadata["tables"]))
    assert tables["DEMOGRAPHIC"] == pytest.approx(0.45, abs=0.06)
    for table, published_share in (
        ("DIAGNOSES", 0.141),
        ("PROCEDURES", 0.116),
        ("LAB", 0.094),
        ("PRESCRIPTIONS", 0.093),
    ):
        assert tables[f"DEMOGRAPHIC+{table}"] == pytest.approx(published_share, abs=0.05)


def test_answers_are_the_references_and_no_constant_pays(db, pairs):
    assert len({t.prompt.question for t, _ in pairs}) == len(pairs) == 580
    for task, gold in pairs:
        rows = [list(r) for r in db.execute(gold.solution)]
        assert gold.answer == rows and len(rows) <= 20, gold.solution
        assert judge(task.oracle, "\n".join("\t".join(map(str, r)) for r in rows), gold.answer).passed
    counts = [g.answer for t, g in pairs if t.metadata["aggregation"] == "count"]
    assert counts.count([[0]]) < 0.08 * len(counts)
    assert Counter(str(g.answer) for _, g in pairs).most_common(1)[0][1] < 0.1 * len(pairs)
    assert {t.category for t, _ in pairs} == {"count", "max", "min", "avg"}


def test_held_out_means_unseen(pairs):
    side = lambda *where: [t for t, _ in pairs if (t.split, t.distribution) in where]
    train, test, ood = side(("train", "id")), side(("test", "id")), side(("test", "ood"))
    patients = lambda tasks: {t.cluster for t in tasks if t.cluster.startswith("patient")}
    assert patients(train) and patients(test) and patients(train).isdisjoint(patients(test))
    held = lambda t: {c.split()[0] for c in t.metadata["conditions"]} & OOD
    assert not any(map(held, train)) and not any(map(held, test)) and all(map(held, ood)) and len(ood) == 20
    words = lambda tasks: {g for t in tasks for g in grams(t.prompt.question)}
    assert words(train) and words(train).isdisjoint(words([*test, *ood]))
    where = lambda split: {
        frozenset(g.solution.partition(" where ")[2].split(" and ")) for t, g in pairs if t.split == split
    }
    assert where("train").isdisjoint(where("test"))


def test_every_condition_can_be_said_and_tests_speak_anew():
    drawn = {f"{t}.{c}" for t, cs in ABOUT_MANY.items() for c in cs}
    assert drawn == set(CLAUSES) and {f"{t}.{c}" for t, cs in ABOUT_ONE.items() for c in cs} == set(RECORDS)
    for options in (*CLAUSES.values(), *RECORDS.values(), *OPENINGS.values(), *WHO.values(), *EXTREMES.values()):
        shown, trained, tested = (set(wordings(options, p)) for p in (Part.DEMONSTRATIONS, Part.TRAIN, Part.TEST))
        assert shown < trained and tested.isdisjoint(trained) and len(options) >= 4
    assert {o for t in TABLES for o in COLUMNS[t].split()} >= {c.split()[0].split(".")[1] for c in drawn}


def test_a_form_joins_on_the_admission_only():
    form = Form(
        "avg", ("DEMOGRAPHIC.AGE",), (Condition("LAB", "LABEL", "=", "o'x"), Condition("DEMOGRAPHIC", "AGE", "<", 7))
    )
    assert form.sql() == (
        "select avg(DEMOGRAPHIC.AGE) from DEMOGRAPHIC join LAB on DEMOGRAPHIC.HADM_ID = LAB.HADM_ID "
        "where LAB.LABEL = 'o''x' and DEMOGRAPHIC.AGE < 7"
    )
    assert form.subject == "DEMOGRAPHIC.AGE < 7 and LAB.LABEL = 'o''x'"


# --- the published files, in the published form

COUNT = 'SELECT COUNT ( DISTINCT DEMOGRAPHIC."SUBJECT_ID" ) FROM DEMOGRAPHIC '
JOINED = COUNT + "INNER JOIN {t} on DEMOGRAPHIC.HADM_ID = {t}.HADM_ID WHERE "
ROWS = [
    {"key": "a1", "question_refine": "how many are female?", "sql": COUNT + 'WHERE DEMOGRAPHIC."GENDER" = "F"', "format": {"sel": 1}},
    {"key": "a2", "question_refine": "how many had glucose?", "sql": JOINED.format(t="LAB") + 'LAB."LABEL" = "Glucose"'},
    {"key": "a3", "question_refine": "oldest with hypertension?", "sql": 'SELECT MAX ( DEMOGRAPHIC."AGE" ) FROM DEMOGRAPHIC INNER JOIN DIAGNOSES on DEMOGRAPHIC.HADM_ID = DIAGNOSES.HADM_ID WHERE DIAGNOSES."SHORT_TITLE" = "Hypertension NOS" AND DEMOGRAPHIC."AGE" < "80"'},
    {"key": "a4", "question_refine": "nobody's age?", "sql": 'SELECT MAX ( DEMOGRAPHIC."AGE" ) FROM DEMOGRAPHIC WHERE DEMOGRAPHIC."NAME" = "Nobody\'s Name"'},
    {"key": "a5", "question_refine": "broken?", "sql": 'SELECT COUNT ( DISTINCT DEMOGRAPHIC."SHOE_SIZE" ) FROM DEMOGRAPHIC'},
    {"key": "a6", "question_refine": "how many are female?", "sql": COUNT + 'WHERE DEMOGRAPHIC."GENDER" = "F"'},
]  # fmt: skip


def _lines(path, rows):
    path.write_text("".join(json.dumps(r) + "\n" for r in rows))
    return path


def test_mimicsqls_files_load_and_refused_rows_are_printed(folder, db, tmp_path, capsys):
    treqs.prepare(folder / "treqs.sqlite", tmp_path / "t.sqlite")
    files = [_lines(tmp_path / "train.json", ROWS), _lines(tmp_path / "dev.json", ROWS[1:2])]
    found, accounts = treqs.read(files, tmp_path / "t.sqlite")
    assert [t.id for t, _ in found] == [f"treqs/train-published/a{i}" for i in (1, 2, 3)]
    women = db.execute("select count(distinct subject_id) from demographic where gender = 'f'").fetchone()[0]
    assert found[0][1].answer == [[women]] and found[2][0].category == "max"
    assert all([list(r) for r in db.execute(g.solution)] == g.answer for _, g in found)
    assert (accounts[0].used, accounts[0].refused, accounts[1].refused) == (3, 3, 1)
    printed = capsys.readouterr().out
    for said in (
        "train.json: 3 used, 3 refused",
        "no such column: DEMOGRAPHIC.SHOE_SIZE (first: row 5)",
        "empty or null (first: row 4)",
    ):
        assert said in printed


def test_medagentgyms_lines_load(folder, tmp_path, capsys):
    query = "select count ( distinct demographic.'subject_id' ) from demographic where demographic.'gender' = 'm'"
    rows = [
        {"db_id": "treqs", "question": "men?", "query": query, "is_impossible": False, "split": "test", "id": "f0", "answer": ["-1"]},
        {"db_id": "treqs", "question": "why?", "query": query, "is_impossible": True, "split": "test", "id": "f1", "answer": []},
    ]  # fmt: skip
    found, _ = treqs.read([_lines(tmp_path / "test_tasks.jsonl", rows)], folder / "treqs.sqlite")
    ((task, gold),) = found
    assert task.split == "test" and task.privacy == "credentialed" and gold.answer[0][0] > 0
    printed = capsys.readouterr().out
    assert "1 used: the stored answer differs" in printed and "is marked impossible" in printed


def test_a_folder_of_csvs_is_the_same_database(folder, db, pairs, tmp_path):
    for table in TABLES:
        pd.read_sql(f"select * from {table}", db).to_csv(tmp_path / f"{table}.csv", index=False)
    treqs.prepare(tmp_path, tmp_path / "t.sqlite")
    again = sqlite3.connect(tmp_path / "t.sqlite")
    for _, gold in pairs[:100]:
        assert [list(r) for r in again.execute(gold.solution)] == gold.answer, gold.solution
    again.close()


def test_broken_sources_are_named(folder, tmp_path):
    with pytest.raises(UserError, match="no such file; give TREQS's SQLite"):
        treqs.prepare(tmp_path / "none.db", tmp_path / "t.sqlite")
    (tmp_path / "x.db").write_text("not a database, but long enough to be read as one" * 50)
    with pytest.raises(UserError, match="x.db: cannot be read as a SQLite database"):
        treqs.prepare(tmp_path / "x.db", tmp_path / "t1.sqlite")
    with sqlite3.connect(tmp_path / "y.db") as other:
        other.execute("create table demographic(subject_id text)")
    with pytest.raises(UserError, match="y.db: table DEMOGRAPHIC: column HADM_ID is missing"):
        treqs.prepare(tmp_path / "y.db", tmp_path / "t2.sqlite")
    with pytest.raises(UserError, match="DEMOGRAPHIC.csv is missing"):
        treqs.prepare(tmp_path, tmp_path / "t3.sqlite")
    for rows, said in (
        ([{"key": "1", "sql": "select 1"}], "row 1: field 'question_refine' or 'question' is missing"),
        ([{"key": "1", "question": "x?"}], "row 1: field 'sql' or 'query' is missing"),
        ([], "holds no rows"), ([3], "row 1: expected a JSON object, found int"),
    ):  # fmt: skip
        with pytest.raises(UserError, match=said):
            treqs.read([_lines(tmp_path / "test.json", rows)], folder / "treqs.sqlite")
    (tmp_path / "test.json").write_text('{"sql": \n')
    with pytest.raises(UserError, match="test.json: row 1: not JSON"):
        treqs.read([tmp_path / "test.json"], folder / "treqs.sqlite")


@pytest.mark.parametrize(
    ("found", "meant"),
    [
        ('T."A" = "o\'x"', "T.\"A\" = 'o''x'"), ("t.'a' = 'b'", "t.\"a\" = 'b'"), ('T. "A" >= "3"', "T. \"A\" >= '3'"),
        ('"A ""b"" c"', "'A \"b\" c'"),
    ],
)  # fmt: skip
def test_quotes_mean_one_thing(found, meant):
    assert published.requote(found) == meant
