"""EHRCon's own files, written here in the layouts of PhysioNet and of MedAgentGym, read back."""

import csv
import json
import pickle
import sqlite3

import pytest

from data_prep.ehrcon import build
from data_prep.ehrcon.source import read_medagentgym, read_physionet
from data_prep.hospital.generate import generate
from data_prep.mimic_iii import view
from galen.errors import UserError
from galen.oracles import judge
from galen.tasks import ehrcon
from galen.types import Privacy

RENAMED = {"diagnoses_icd": "diagnoses", "procedures_icd": "procedures"}
FOLDERS = {"Discharge summary": "discharge", "Nursing": "nursing", "Physician": "physician"}


@pytest.fixture(scope="module")
def gym(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gym")
    view.write_sqlite(generate(40, 5), folder / "mimic_iii.sqlite")
    return folder, list(build(folder / "mimic_iii.sqlite", folder, 60, 16, 0))


@pytest.fixture
def medagentgym(gym, tmp_path):
    """The folder, and the entities that are in one note of their admission only."""
    folder, pairs = gym
    (tmp_path / "EHRCon_combined.db").write_bytes((folder / "ehrcon.sqlite").read_bytes())
    (tmp_path / "clinical_notes.csv").write_bytes((folder / "clinical_notes.csv").read_bytes())
    for split in ("train", "test"):
        rows = [_row(t, g) for t, g in pairs if t.split == split]
        (tmp_path / f"{split}_tasks.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return tmp_path


def _form(task):
    """The entity as the note writes it, which is what EHRCon calls it."""
    text = task.prompt.documents[0].lower()
    return next(f for f in _forms(task) if f in text)


def _forms(task):
    from data_prep.ehrcon.forms import forms

    return sorted(forms(task.metadata["group"], task.metadata["entity"]), key=len, reverse=True)


def _row(task, gold):
    n = sum(columns != "ok" for _, columns, _ in gold.answer)
    return {
        "Hospital admission": str(task.metadata["hadm_id"]), "Medical entity": _form(task), "Number of inconsistencies": n,
        "Has error": n > 0, "split": task.split,
    }  # fmt: skip


def test_medagentgyms_rows_ask_for_the_number(medagentgym, tmp_path_factory, capsys):
    out = tmp_path_factory.mktemp("resources")
    pairs, account = read_medagentgym(medagentgym, out)
    assert f"{len(pairs)} used, {account.refused} refused" in capsys.readouterr().out
    assert len(pairs) + account.refused == 76 and len(pairs) > 50
    assert {t.split for t, _ in pairs} == {"train", "test"}
    rows = [json.loads(x) for f in medagentgym.glob("*.jsonl") for x in f.read_text().splitlines()]
    labels = {(int(r["Hospital admission"]), r["Medical entity"]): r["Number of inconsistencies"] for r in rows}
    for task, gold in pairs:
        n = labels[task.metadata["hadm_id"], task.metadata["entity"]]
        assert gold.answer == [[n]] and judge(task.oracle, str(n), gold.answer).passed
        assert not judge(task.oracle, "true", gold.answer).passed and task.privacy is Privacy.CREDENTIALED
        system = ehrcon.pose(task, "full")[0].content
        assert ehrcon.ANNOTATED in system and ehrcon.RULES not in system
    assert sqlite3.connect(out / "ehrcon.sqlite").execute("select count(*) from labevents").fetchone()[0] > 0


def test_rows_in_doubt_are_counted_with_their_reason(medagentgym, tmp_path_factory):
    path = medagentgym / "test_tasks.jsonl"
    lines = path.read_text().splitlines()
    row = json.loads(lines[0])
    more = [
        row | {"Number of inconsistencies": row["Number of inconsistencies"] + 1, "Has error": True},
        row | {"Medical entity": "unicorn horn"}, row | {"Hospital admission": "1"},
    ]  # fmt: skip
    contrary = json.loads(lines[1])
    lines[1] = json.dumps(contrary | {"Has error": not contrary["Has error"]})
    path.write_text("\n".join([*lines, *map(json.dumps, more)]))
    _, account = read_medagentgym(medagentgym, tmp_path_factory.mktemp("resources"))
    for reason in (
        "entity is listed several times with different labels", "entity is in no note of the admission",
        "admission has no note in clinical_notes.csv", "number of inconsistencies and has error contradict each other",
    ):  # fmt: skip
        assert account.reasons[reason], account.report()


def _drop(path):
    with sqlite3.connect(path) as db:
        db.execute("drop table d_items")


@pytest.mark.parametrize(
    ("file", "spoil", "said"),
    [
        ("EHRCon_combined.db", lambda p: p.unlink(), "EHRCon_combined.db: no such file"),
        ("EHRCon_combined.db", lambda p: p.write_text("text " * 900), "EHRCon_combined.db: not an SQLite database"),
        ("EHRCon_combined.db", _drop, "table d_items is missing"),
        (
            "train_tasks.jsonl",
            lambda p: p.write_text('{"Hospital admission": "x"}'),
            "row 1: Hospital admission is 'x'",
        ),
        ("train_tasks.jsonl", lambda p: [x.unlink() for x in p.parent.glob("*.jsonl")], r"no \*\.jsonl"),
        (
            "clinical_notes.csv",
            lambda p: p.write_text("ROW_ID,TEXT\n1,a\n"),
            "clinical_notes.csv: column HADM_ID is missing",
        ),
    ],
)
def test_broken_files_are_named(medagentgym, tmp_path_factory, file, spoil, said):
    spoil(medagentgym / file)
    with pytest.raises(UserError, match=said):
        read_medagentgym(medagentgym, tmp_path_factory.mktemp("resources"))


@pytest.fixture
def physionet(gym, tmp_path):
    """PhysioNet's layout: label files a note, notes a kind, a database an admission, made by the release's script."""
    folder, pairs = gym
    with (folder / "clinical_notes.csv").open(newline="") as file:
        notes = list(csv.DictReader(file))
    tasks = {}
    for task, gold in pairs:
        tasks.setdefault(task.metadata["note_id"], []).append((task, gold))
    (tmp_path / "database").mkdir()
    for kind, name in FOLDERS.items():
        base = tmp_path / "dataset" / "original" / "test" / name
        (base / f"{name}_label").mkdir(parents=True)
        mine = [n for n in notes if n["CATEGORY"] == kind]
        with (base / f"{name}_test.csv").open("w", newline="") as file:
            out = csv.DictWriter(file, list(mine[0]))
            out.writeheader()
            out.writerows(mine)
        for note in mine:
            labels = [_label(t, line, columns) for t, g in tasks[int(note["ROW_ID"])] for line, columns, _ in g.answer]
            (base / f"{name}_label" / f"{note['ROW_ID']}.pkl").write_bytes(pickle.dumps({note["ROW_ID"]: labels}))
    source = sqlite3.connect(folder / "ehrcon.sqlite")
    tables = [
        r[0] for r in source.execute("select name from sqlite_master where type = 'table' and name not like 'sqlite%'")
    ]
    for hadm in {n["HADM_ID"] for n in notes}:
        db = sqlite3.connect(tmp_path / "database" / f"{hadm}.db")
        db.execute("attach ? as whole", (str(folder / "ehrcon.sqlite"),))
        for t in tables:
            where = "" if t.startswith("d_") else f" where hadm_id = {hadm}"
            db.execute(f"create table {RENAMED.get(t, t)} as select * from whole.{t}{where}")
        db.commit()
        db.close()
    return tmp_path


def _label(task, line, columns):
    wrong = [] if columns == "ok" else columns.split(",")
    text = " and ".join(f"'{c}'" for c in wrong) + (" are inconsistency" if wrong else "consistency")
    lines = task.prompt.documents[0].lower().split("\n")
    entity = next((f for f in _forms(task) if f in lines[line - 1]), "bp")
    data = [{task.metadata["group"]: {}, "label": text, "errors": len(wrong)}]
    kind = str(task.metadata["entity_type"])
    return {
        entity: {"data": data, "position": str(line - 1), "source": "mimic", "entity_type": kind, "all_queries": []}
    }


def test_physionets_labels_ask_for_lines_and_columns(gym, physionet, tmp_path_factory):
    out = tmp_path_factory.mktemp("resources")
    pairs, account = read_physionet(physionet, out)
    assert account.refused == 0 and {t.split for t, _ in pairs} == {"test"}
    read = sum(len(g.answer) for _, g in pairs)
    assert read == sum(len(g.answer) for _, g in gym[1])
    assert {t.category for t, _ in pairs} == set(ehrcon.ENTITY_TYPES.values())
    exist = [(t, g) for t, g in gym[1] if t.metadata["entity_type"] == 2]
    ours = {(t.metadata["note_id"], line): columns for t, g in exist for line, columns, _ in g.answer}
    for task, gold in pairs:
        for line, columns in gold.answer:
            if task.metadata["entity_type"] == 2:
                assert ours[task.metadata["note_id"], line] == columns
        said = "\n".join(f"{line}\t{columns}" for line, columns in gold.answer)
        assert judge(task.oracle, said, gold.answer).passed
    whole = sqlite3.connect(gym[0] / "ehrcon.sqlite")
    db = sqlite3.connect(out / "ehrcon.sqlite")
    for here, there in (("labevents", "labevents"), ("diagnoses", "diagnoses_icd"), ("d_items", "d_items")):
        count = "select count(*) from "
        assert db.execute(count + here).fetchone() == whole.execute(count + there).fetchone()


def test_label_files_are_read_and_never_run(physionet, tmp_path_factory):
    folder = physionet / "dataset" / "original" / "test" / "nursing" / "nursing_label"
    good = next(iter(folder.glob("*.pkl")))
    labels = pickle.loads(good.read_bytes())
    note = next(iter(labels))
    first = labels[note][0]
    entity = next(iter(first))
    out = tmp_path_factory.mktemp("resources")
    labels[note] += [
        {entity: first[entity] | {"position": "9999"}}, {entity: first[entity] | {"data": []}},
        {entity: first[entity] | {"data": [{"label": "inconsistent", "errors": 1}]}},
    ]  # fmt: skip
    good.write_bytes(pickle.dumps(labels | {"99999999": []}))
    _, account = read_physionet(physionet, out)
    assert sorted(account.reasons) == [
        "entity has no label", "entity is not in the line that its position names",
        "label counts errors but names no column", "label of a note that the CSV lacks",
    ]  # fmt: skip
    good.write_bytes(pickle.dumps({note: print}))
    with pytest.raises(UserError, match=r"not a label file \(names builtins.print\)"):
        read_physionet(physionet, out)


def test_missing_parts_of_the_release_are_named(physionet, tmp_path, tmp_path_factory):
    next(iter((physionet / "database").glob("*.db"))).unlink()
    with pytest.raises(UserError, match=r"\d+\.db is missing; EHRCon's make_database.py makes it"):
        read_physionet(physionet, tmp_path_factory.mktemp("resources"))
    with pytest.raises(UserError, match="processed: no such file or folder"):
        read_physionet(physionet, tmp_path_factory.mktemp("resources"), "processed")
