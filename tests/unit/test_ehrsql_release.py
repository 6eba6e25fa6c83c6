"""EHRSQL's release as it is laid out: a folder a database with JSON lists and its SQLite file, written here."""

import json
import sqlite3

import pytest

from data_prep.eicu import view as eicu
from data_prep.hospital.generate import generate
from data_prep.mimic_iii import view as mimic_iii
from data_prep.sources import ehrsql
from galen.errors import UserError
from galen.oracles import judge
from galen.types import Privacy

NAMES = (
    "age_group",
    "agg_function",
    "comparison",
    "n_rank",
    "n_survival_period",
    "n_times",
    "sort",
    "unit_average",
    "unit_count",
)
VISIT = "select admissions.hadm_id from admissions where admissions.subject_id = {patient}"


def row(id_: str, query: str, **more) -> dict:
    """A row with the release's fields."""
    operations = more.pop("operations", {})
    return {
        "db_id": "mimic_iii", "question": f"Question {id_}?", "template": f"template {id_}?", "query": query, "value": {},
        "q_tag": "what is the gender of patient {patient_id}?", "t_tag": [""] * 5, "o_tag": [operations.get(n, "") for n in NAMES],
        "tag": "", "department": "['nursing']", "importance": "high", "para_type": "human", "is_impossible": False,
        "split": "valid", "id": id_,
    } | more  # fmt: skip


@pytest.fixture(scope="module")
def hospital():
    return generate(40, 0)


@pytest.fixture(scope="module")
def release(tmp_path_factory, hospital):
    """`dataset/ehrsql` with both databases and one split each."""
    root = tmp_path_factory.mktemp("release")
    for family, view in (("mimic_iii", mimic_iii), ("eicu", eicu)):
        (root / family).mkdir()
        view.write_sqlite(hospital, root / family / f"{family}.{'sqlite' if family == 'mimic_iii' else 'db'}")
    db = sqlite3.connect(root / "mimic_iii" / "mimic_iii.sqlite")
    patient = db.execute(
        "select subject_id from admissions where dischtime is not null group by 1 order by count(*) desc, 1"
    ).fetchone()[0]
    visit = VISIT.format(patient=patient)
    rows = [
        row("sex", f"select patients.gender from patients where patients.subject_id = {patient}", value={"patient_id": patient}),
        row("drugs", f"SELECT prescriptions.drug FROM prescriptions WHERE prescriptions.hadm_id IN ( {visit} )", q_tag="what was the name of the drug that patient {patient_id} was prescribed?"),
        row("visited", f"select count(*)>0 from admissions where admissions.subject_id = {patient} and datetime(admissions.admittime) <= datetime(current_time)", q_tag="has_verb patient {patient_id} been admitted to the hospital [time_filter_global1]?"),
        row("stay", f"select strftime('%j',admissions.dischtime) - strftime('%j',admissions.admittime) from admissions where admissions.subject_id = {patient} and admissions.dischtime is not null order by admissions.admittime asc limit 1", q_tag="what was the [time_filter_exact1] length of hospital stay of patient {patient_id}?"),
        row("when", f"select admissions.admittime from admissions where admissions.subject_id = {patient} order by admissions.admittime asc limit 1"),
        row("current", "select count( distinct admissions.subject_id ) from admissions where admissions.dischtime is null and admissions.age between 10 and 90", q_tag="count the number of current patients aged [age_group].", operations={"age_group": "60 or above"}),
        row("impossible", "null", is_impossible=True, question="What is today's schedule?"),
        row("nobody", "select patients.dob from patients where patients.subject_id = -1"),
        row("lost", "select patients.shoe_size from patients"),
        row("other", "select patient.age from patient", db_id="eicu"),
        row("sex", "select patients.gender from patients"),
        row("again", f"select patients.gender from patients where patients.subject_id = {patient}", question="question SEX?"),
        row("silent", "select patients.gender from patients limit 1", question=" "),
    ]  # fmt: skip
    (root / "mimic_iii" / "valid.json").write_text(json.dumps(rows, indent=4))
    (root / "eicu" / "test.json").write_text(json.dumps([row("e1", "select count( distinct patient.uniquepid ) from patient where patient.hospitaldischargetime is null", db_id="eicu", q_tag="count the number of current patients.")]))  # fmt: skip
    return root


@pytest.fixture(scope="module")
def loaded(release, tmp_path_factory):
    (found,) = (r for r in ehrsql.releases(release) if r.family == "mimic_iii")
    database = tmp_path_factory.mktemp("resources") / "mimic_iii.sqlite"
    ehrsql.copy(found.database, found.family, database)
    pairs, accounts = ehrsql.read(found, database)
    return {task.id.rsplit("/", 1)[1]: (task, gold) for task, gold in pairs}, accounts, database


def test_both_databases_are_found_by_the_release_s_layout(release):
    found = ehrsql.releases(release)
    assert [(r.family, [f.name for f in r.files], r.database.name) for r in found] == [
        ("mimic_iii", ["valid.json"], "mimic_iii.sqlite"), ("eicu", ["test.json"], "eicu.db"),
    ]  # fmt: skip
    assert ehrsql.releases(release / "eicu") == [found[1]]


def test_a_row_becomes_a_task_with_recomputed_gold(loaded, release):
    tasks, _, database = loaded
    task, gold = tasks["sex"]
    assert (task.id, task.family, task.split, task.now) == (
        "mimic_iii/valid-ehrsql/sex",
        "mimic_iii",
        "valid",
        "2105-12-31 23:59:00",
    )
    assert task.prompt.question == "Question sex?" and task.metadata["asked"] == "question"
    assert task.privacy is Privacy.CREDENTIALED and task.resources[0].path == "resources/mimic_iii.sqlite"
    assert task.cluster.startswith("patient ")
    assert gold.answer == [list(r) for r in sqlite3.connect(database).execute(gold.solution)]
    (eicu_release,) = ehrsql.releases(release / "eicu")
    pairs, _ = ehrsql.read(eicu_release, eicu_release.database, privacy=Privacy.SYNTHETIC)
    assert pairs[0][0].family == "eicu" and pairs[0][0].privacy is Privacy.SYNTHETIC


def test_the_form_of_the_answer_is_told(loaded):
    tasks, _, _ = loaded
    kinds = {name: task.answer_type for name, (task, _) in tasks.items()}
    assert kinds == {
        "sex": "name",
        "drugs": "list",
        "visited": "bool",
        "stay": "number",
        "when": "time",
        "current": "count",
    }
    assert "with its fraction" in tasks["stay"][0].prompt.contract
    drugs = [r[0] for r in tasks["drugs"][1].answer]
    assert ("is repeated" in tasks["drugs"][0].prompt.contract) == (len(set(drugs)) < len(drugs))
    assert tasks["current"][0].category == "count"
    assert ehrsql.answer_type({}, "select patient.age from patient", [["45"]]) == "number"
    assert ehrsql.contract("time", "", [["2100-01-02"]]) == "YYYY-MM-DD"


def test_every_gold_passes_its_oracle_and_nothing_does_not(loaded):
    for task, gold in loaded[0].values():
        said = "\n".join(str(row[0]) for row in gold.answer)
        assert judge(task.oracle, said, gold.answer).passed
        assert not judge(task.oracle, "", gold.answer).passed


def test_a_length_of_stay_is_exact_across_new_year(loaded):
    stay = loaded[0]["stay"][1]
    start, end = sqlite3.connect(loaded[2]).execute(
        stay.solution.replace("strftime('%J',admissions.dischtime) - strftime('%J',admissions.admittime)", "julianday(admittime), julianday(dischtime)")
    ).fetchone()  # fmt: skip
    assert stay.answer[0][0] == pytest.approx(end - start)


def test_refused_rows_are_counted_by_reason_with_their_ids(loaded, release, capsys):
    (account,) = loaded[1]
    assert account.used == 6 and account.refused == 7
    assert account.reasons == {
        "is impossible to answer (is_impossible)": ["impossible"],
        "its answer is empty or null": ["nobody"],
        "its query does not run: no such column: patients.shoe_size": ["lost"],
        "is about another database: eicu": ["other"],
        "says the same, or has the same id, as an earlier row": ["sex", "again"],
        "has no question": ["silent"],
    }
    ehrsql.read(ehrsql.releases(release / "mimic_iii")[0], loaded[2])
    assert "valid.json: 6 used, 7 refused" in (said := capsys.readouterr().out)
    assert "2 refused: says the same, or has the same id, as an earlier row (first: sex, again)" in said


def test_the_template_can_be_asked_instead(release, loaded):
    found = ehrsql.releases(release / "mimic_iii")[0]
    pairs, _ = ehrsql.read(found, loaded[2], ask="template")
    assert pairs[0][0].prompt.question == "template sex?" and pairs[0][0].metadata["asked"] == "template"


def _refused(tmp_path, loaded, text, match):
    (tmp_path / "test.json").write_text(text)
    with pytest.raises(UserError, match=match):
        ehrsql.read(ehrsql.Release("mimic_iii", (tmp_path / "test.json",), loaded[2]), loaded[2])


def test_ehrsql_2024_is_refused_with_the_reason(tmp_path, loaded):
    data = {"version": "v1", "data": [{"id": "a", "question": "b"}]}
    for text in (json.dumps(data), json.dumps(data, indent=1), json.dumps({"a": "select 1", "b": "null"})):
        _refused(tmp_path, loaded, text, "test.json: one object, as EHRSQL 2024 has it.*MIMIC-IV")


def test_files_that_are_no_release_are_named_by_place(tmp_path, loaded):
    _refused(tmp_path, loaded, "[{", "test.json: line 1: not JSON")
    _refused(tmp_path, loaded, "[]", "test.json: holds no rows")
    _refused(tmp_path, loaded, "[1]", "test.json: row 1: expected a JSON object")
    _refused(tmp_path, loaded, json.dumps([row("a", "select 1"), {"id": "b"}]), "test.json: row 2: db_id is missing")
    _refused(
        tmp_path,
        loaded,
        json.dumps([row("a", "null", is_impossible=True)]),
        "no row is usable(.|\n)*impossible to answer.*first: a",
    )
    (tmp_path / "test.json").write_bytes(b'[{"question": "\xff"}]')
    with pytest.raises(UserError, match=r"test.json: byte \d+: not UTF-8"):
        ehrsql.rows(tmp_path / "test.json")


def test_a_release_without_its_parts_is_told_how_to_mend_it(tmp_path, hospital):
    with pytest.raises(UserError, match="no train.json, valid.json or test.json"):
        ehrsql.releases(tmp_path)
    (tmp_path / "eicu").mkdir()
    (tmp_path / "eicu" / "train.json").write_text("[]")
    with pytest.raises(UserError, match=r"eicu.sqlite \(or .db\) is missing; make it with the release's preprocess"):
        ehrsql.releases(tmp_path)
    (tmp_path / "x.db").write_text("no database, but long enough to be read as one, if it were")
    with pytest.raises(UserError, match="x.db: cannot be read as a SQLite database"):
        ehrsql.copy(tmp_path / "x.db", "eicu", tmp_path / "out.db")
    with pytest.raises(UserError, match="nowhere.db: no such database"):
        ehrsql.copy(tmp_path / "nowhere.db", "eicu", tmp_path / "out.db")
    mimic_iii.write_sqlite(hospital, tmp_path / "m.sqlite")
    with pytest.raises(UserError, match="m.sqlite: table patient is missing; found patients"):
        ehrsql.copy(tmp_path / "m.sqlite", "eicu", tmp_path / "out.db")
    with sqlite3.connect(tmp_path / "m.sqlite") as db:
        db.execute("alter table admissions rename column age to years")
    with pytest.raises(UserError, match="table admissions: column age is missing"):
        ehrsql.copy(tmp_path / "m.sqlite", "mimic_iii", tmp_path / "out.db")
