"""EHRCon: notes with planted contradictions, the database that they are checked against, and the tasks."""

import contextlib
import csv
import io
import random
import re
import sqlite3
from collections import Counter

import pytest

from data_prep.ehrcon import build
from data_prep.ehrcon.checker import Asked, mentions, program, run
from data_prep.ehrcon.claims import Rates
from data_prep.ehrcon.forms import FORMS, forms
from data_prep.ehrcon.phrases import SEEMING, STATED, part
from data_prep.ehrcon.record import read_names, read_stay
from data_prep.ehrcon.view import write_sqlite
from data_prep.ehrcon.writer import DISCHARGE, NURSING, PHYSICIAN, write
from data_prep.ehrsql.laws import grams
from data_prep.hospital.fhir import from_fhir
from data_prep.hospital.generate import generate
from data_prep.mimic_iii import view
from galen.errors import UserError
from galen.oracles import judge
from galen.tasks import ehrcon

KINDS = (DISCHARGE, NURSING, PHYSICIAN)


@pytest.fixture(scope="module")
def hospital(tmp_path_factory):
    path = tmp_path_factory.mktemp("hospital") / "mimic_iii.sqlite"
    view.write_sqlite(generate(110, 3), path)
    return path


@pytest.fixture(scope="module")
def made(hospital, tmp_path_factory):
    """The folder, and its tasks: of the generated hospital nothing is refused, or the printed count would fail here."""
    folder, out = tmp_path_factory.mktemp("data"), io.StringIO()
    (folder / "resources").mkdir()
    with contextlib.redirect_stdout(out):
        pairs = list(build(hospital, folder / "resources", 260, 90, 0, n_valid=30))
    assert out.getvalue() == ""
    return folder, pairs


@pytest.fixture(scope="module")
def notes(hospital):
    """Some hundred notes of all kinds, in the words of both sides, with what the hospital knows."""
    db = sqlite3.connect(hospital)
    names = read_names(db)
    stays = [read_stay(db, r[0]) for r in db.execute("select hadm_id from admissions order by hadm_id limit 40")]
    rng = random.Random(0)
    drafts = (write(rng, s, k, names, held, Rates()) for s in stays for k in KINDS for held in (False, True))
    return names, [n for n in drafts if n]


@pytest.fixture(scope="module")
def database(hospital, notes, tmp_path_factory):
    path = tmp_path_factory.mktemp("view") / "ehrcon.sqlite"
    write_sqlite(hospital, path, {n.stay.hadm for n in notes[1]})
    return path


def test_the_schema_is_mimics(database, shared):
    ddl = (shared / "schemas" / "mimic_iii_full_ddl.sql").read_text()
    db = sqlite3.connect(database)
    tables = [
        r[0] for r in db.execute("select name from sqlite_master where type = 'table' and name not like 'sqlite%'")
    ]
    assert len(tables) == 13
    for table in tables:
        body = re.search(rf"CREATE TABLE {table}\b[^(]*\((.*?)\n\s*\)", ddl, re.S | re.I)
        assert body, table
        published = [
            m.group(1).lower()
            for m in re.finditer(r"^\s*,?\s*(?!CONSTRAINT)([A-Za-z]\w+)\s+[A-Za-z]", body.group(1), re.M)
        ]
        assert [r[1] for r in db.execute(f"pragma table_info({table})")] == published, table


def test_no_form_names_two_entities():
    every = [(g, n, f) for g, known in FORMS.items() for n, written in known.items() for f in written]
    for group, name, form in every:
        inside = re.compile(rf"(?<![\w/]){re.escape(form)}(?![\w/])")
        assert not [f for g, n, f in every if (g, n) != (group, name) and inside.search(f)], form


@pytest.mark.slow
def test_the_checker_finds_exactly_what_was_planted(notes, database):
    """Over every note: the lines that claim something of an entity, and in which columns they contradict the record.

    Of the entities that a note does not state, a sample: what only seems to be a claim is none.
    """
    names, written = notes
    every = [(g, n) for g, known in names.items() for n in known]
    rng = random.Random(1)
    found = Counter()
    for note in written:
        planted = {}
        for line, claims in note.claims.items():
            for c in claims:
                planted.setdefault((c.group, c.name), {})[line] = c
        for group, name in {*planted, *rng.sample(every, 6)}:
            asked = Asked(group, name, forms(group, name))
            read = list(mentions(note.text, asked, note.stay.admitted, str(note.charted)))
            claimed = planted.get((group, name), {})
            assert [m.line for m in read] == sorted(claimed), (name, note.text)
            for line, columns, row in run(program(asked, note.stay.hadm, read), database):
                assert columns == (",".join(sorted(claimed[line].planted)) or "ok"), (name, note.lines[line - 1])
                assert (row is None) == (columns in ("itemid", "icd9_code", "drug", "spec_type_desc"))
                found[columns] += 1
    assert len(written) >= 150 and sum(found.values()) > 2500
    kinds = "ok valuenum valueuom charttime itemid icd9_code dose_val_rx dose_unit_rx startdate drug route org_name"
    assert {*kinds.split(), "spec_type_desc"} <= set(found), found


@pytest.mark.parametrize("way", ["value", "unit", "time", "existence", None])
def test_rates_say_what_is_planted(hospital, way):
    db = sqlite3.connect(hospital)
    names = read_names(db)
    rates = Rates(**{w: float(w == way) for w in ("value", "unit", "time", "existence")})
    stays = [read_stay(db, r[0]) for r in db.execute("select hadm_id from admissions order by hadm_id limit 6")]
    written = [n for s in stays if (n := write(random.Random(1), s, PHYSICIAN, names, False, rates))]
    planted = Counter(c.planted for n in written for claims in n.claims.values() for c in claims)
    assert (set(planted) == {frozenset()}) is (way is None)
    if way == "existence":
        assert set(planted) <= {frozenset(), *map(frozenset, (["itemid"], ["icd9_code"], ["drug"], ["spec_type_desc"]))}
    with pytest.raises(ValueError, match="above 1"):
        Rates(value=0.6, time=0.5)


def test_no_note_is_like_another_and_tests_use_words_of_their_own(notes):
    _, written = notes
    assert len({n.text for n in written}) == len(written)
    for pools in (STATED, SEEMING):
        for pool in pools.values():
            assert set(part(pool, True)).isdisjoint(part(pool, False))
            assert set(part(pool, True)) | set(part(pool, False)) == set(pool)


def test_no_test_task_shares_ten_words_in_a_row_with_training(made):
    _, pairs = made
    for text in (lambda t: t.prompt.question, lambda t: t.prompt.documents[0]):
        words = {
            part: [grams(text(t).lower()) for t, _ in pairs if (t.split == "test") is part] for part in (True, False)
        }
        assert set().union(*words[True]).isdisjoint(set().union(*words[False]))


def test_a_hospital_of_foreign_names_counts_what_cannot_be_asked(shared, tmp_path, capsys):
    view.write_sqlite(from_fhir(shared / "synthea_fhir" / "r4_bundles.zip"), tmp_path / "mimic_iii.sqlite")
    pairs = list(build(tmp_path / "mimic_iii.sqlite", tmp_path, 60, 20, 0))
    assert len(pairs) == 80
    said = capsys.readouterr().out
    assert re.search(
        r"ehrcon: 80 used, \d+ refused\n  \d+ refused: what the note says of the entity can be read in two ways", said
    )


def test_tasks_are_balanced_and_splits_share_no_patient(made):
    _, pairs = made
    assert Counter(t.split for t, _ in pairs) == {"train": 260, "valid": 30, "test": 90}
    people = {s: {t.cluster for t, _ in pairs if t.split == s} for s in ("train", "valid", "test")}
    assert people["train"].isdisjoint(people["valid"] | people["test"]) and people["valid"].isdisjoint(people["test"])
    assert {t.category for t, _ in pairs} == set(ehrcon.ENTITY_TYPES.values())
    wrong = sum(any(columns != "ok" for _, columns, _ in g.answer) for _, g in pairs) / len(pairs)
    assert 0.4 <= wrong <= 0.6
    assert all(g.answer for _, g in pairs)
    assert Counter(str(g.answer) for _, g in pairs).most_common(1)[0][1] < 0.05 * len(pairs)
    assert len({t.prompt.question for t, _ in pairs}) == len(pairs)
    assert {k for t, _ in pairs for k in t.metadata["times"]} == {"exact_time", "specific_time", "no_time"}
    assert {t.metadata["note_kind"] for t, _ in pairs} == set(KINDS)


def test_every_reference_solution_passes_in_the_sandbox_and_guesses_fail(made, backend):
    from galen.sandbox.base import Mount, SandboxSpec

    folder, pairs = made
    mounts = tuple(Mount(folder / r.path, r.mount) for r in pairs[0][0].resources)
    sandbox = backend.create(SandboxSpec(mounts=mounts, database="/data/ehrcon.sqlite"))
    for task, gold in random.Random(0).sample(pairs, 15):
        done = sandbox.run(gold.solution, lang=gold.lang, timeout_s=20)
        assert judge(task.oracle, done.stdout, gold.answer).passed, (task.id, done)
        lines = [row[0] for row in gold.answer]
        for guess in ("True\nFalse", "0", "", "ok", "\n".join(f"{n}\tok" for n in lines), done.stdout * 2):
            assert not judge(task.oracle, guess, gold.answer).passed, guess
    sandbox.close()


def test_the_note_in_the_prompt_is_the_note_in_the_file(made):
    folder, pairs = made
    with (folder / "resources" / "clinical_notes.csv").open(newline="") as file:
        rows = {int(r["ROW_ID"]): r for r in csv.DictReader(file)}
    for task, _ in pairs:
        row = rows[task.metadata["note_id"]]
        assert task.prompt.documents == (row["TEXT"],) and int(row["HADM_ID"]) == task.metadata["hadm_id"]
        assert row["ADMITTIME"] in task.prompt.question and row["CHARTDATE"] in task.prompt.question
        assert f"note {row['ROW_ID']}" in task.prompt.question.lower()


def test_the_prompt_tells_the_rules_and_not_the_answer(made):
    _, pairs = made
    task, _ = pairs[0]
    system, user = (m.content for m in ehrcon.pose(task, "full"))
    for told in (
        ehrcon.RULES,
        ehrcon.TABLES,
        "/data/ehrcon.sqlite",
        "/data/clinical_notes.csv",
        "```request_info",
        "```bash",
    ):
        assert told in system
    assert "\n1: " in user and task.prompt.contract in user
    assert "planted" not in task.model_dump_json()
    compact = ehrcon.pose(task, "compact")
    assert sum(len(m.content) for m in compact) < 400


def test_requests_are_answered_from_the_database(made):
    folder, pairs = made
    task = pairs[0][0]
    assert "inputevents_mv" in ehrcon.answer_request(task, "tables", folder)
    assert "dose_val_rx" in ehrcon.answer_request(task, "prescriptions", folder)
    assert "d_labitems.label" in ehrcon.answer_request(task, "potasium", folder)
    assert "charttime" in ehrcon.vocabulary(task, folder).tables["labevents"]


def test_the_same_seed_gives_the_same_tasks(hospital, tmp_path):
    first, second, other = (
        list(build(hospital, _empty(tmp_path / n), 30, 10, s)) for n, s in (("a", 1), ("b", 1), ("c", 2))
    )
    assert first == second and first != other
    assert (tmp_path / "a" / "clinical_notes.csv").read_bytes() == (tmp_path / "b" / "clinical_notes.csv").read_bytes()


def _empty(path):
    path.mkdir()
    return path


def test_too_small_a_hospital_is_named(tmp_path):
    view.write_sqlite(generate(20, 1), tmp_path / "mimic_iii.sqlite")
    with pytest.raises(UserError, match=r"ehrcon: the hospital gives \d+ of 900 tasks for train; raise `patients`"):
        list(build(tmp_path / "mimic_iii.sqlite", tmp_path, 900, 10, 0))
