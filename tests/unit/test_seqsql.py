"""EHR-SeqSQL: chains of turns over the MIMIC-III view, their two splits, and the published files."""

import json
import re
import sqlite3
from collections import Counter
from itertools import pairwise

import pytest

from data_prep import seqsql
from data_prep.ehrsql.laws import grams
from data_prep.hospital.generate import generate
from data_prep.mimic_iii.view import write_sqlite
from data_prep.seqsql.operations import HELD_OUT, OPERATIONS
from data_prep.wordings import Part, wordings
from galen.errors import UserError
from galen.oracles import judge

BY_NAME = {o.name: o for o in OPERATIONS}
SIZES = (400, 100, 80, 3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("seqsql")
    write_sqlite(generate(150, 3), out / "mimic_iii.sqlite")
    return out


@pytest.fixture(scope="module")
def db(folder):
    with sqlite3.connect(folder / "mimic_iii.sqlite") as db:
        yield db
    db.close()


@pytest.fixture(scope="module")
def pairs(folder):
    return list(seqsql.build(folder / "mimic_iii.sqlite", *SIZES, demonstrations=40))


def side(pairs, split, distribution="id"):
    return [t for t, _ in pairs if (t.split, t.distribution) == (split, distribution)]


def test_operations_fit_together():
    assert len(BY_NAME) == len(OPERATIONS) and {n for pair in HELD_OUT for n in pair} <= set(BY_NAME)
    for before, after in HELD_OUT:
        assert BY_NAME[before].gives == BY_NAME[after].takes, (before, after)
    for o in OPERATIONS:
        assert len(o.phrases) >= 5 and (o.category == "open") == (not o.takes) == ("{prev" not in o.sql)
        shown, trained, tested = (set(wordings(o.phrases, p)) for p in (Part.DEMONSTRATIONS, Part.TRAIN, Part.TEST))
        assert shown < trained and tested.isdisjoint(trained)


def test_answers_are_the_references(db, pairs):
    assert len(pairs) == sum(SIZES[:3]) == len({(t.prompt.documents, t.prompt.question) for t, _ in pairs})
    for task, gold in pairs:
        rows = [list(r) for r in db.execute(gold.solution)]
        assert sorted(gold.answer) == sorted(rows) and 0 < len(rows) <= 100
        assert judge(task.oracle, "\n".join("\t".join(map(str, r)) for r in rows), gold.answer).passed
    flags = Counter(g.answer[0][0] for t, g in pairs if t.answer_type == "bool")
    assert 0.4 <= flags[1] / flags.total() <= 0.6
    others = Counter(str(g.answer) for t, g in pairs if t.answer_type != "bool")
    assert others.most_common(1)[0][1] < 0.12 * len(pairs)
    assert {t.category for t, _ in pairs} == {"open", "narrow", "follow", "compute"}


def test_tokens_stand_for_the_earlier_turns(pairs):
    """A turn's query is its seqsql with every prev_query written out, and a prev_result is that query as one value."""
    seen = set()
    for task, _ in pairs:
        queries = [d.partition("\nsql: ")[2] for d in task.prompt.documents]
        for i, (query, text) in enumerate(zip(queries, task.metadata["seqsql"], strict=True)):
            written = re.sub(r"prev_query_(\d+)", lambda m, q=queries: q[int(m.group(1)) - 1], text)
            assert re.sub(r"prev_result_(\d+)", lambda m, q=queries: f"({q[int(m.group(1)) - 1]})", written) == query
            assert all(int(n) <= i for n in re.findall(r"prev_\w+_(\d+)", text))
        seen |= {t.rstrip("0123456789_") for t in task.metadata["tokens"]}
        assert bool(task.metadata["tokens"]) == (task.category != "open")
    assert "prev_query" in seen


def test_a_later_turn_has_the_earlier_ones_as_context(pairs):
    for task, gold in pairs:
        assert len(task.prompt.documents) == task.metadata["turn"] - 1 == len(task.metadata["operations"]) - 1
        assert gold.solution not in "\n".join(task.prompt.documents)
        assert task.metadata["turn"] <= task.metadata["turns"] and task.metadata["seed_question"][-1] == "?"
        for text in (task.prompt.question, task.metadata["seed_question"]):
            assert not re.search(r"[{}]|  | [?.]", text), text


def test_the_random_split_holds_back_patients_and_cohorts(pairs):
    train = side(pairs, "train")
    for tasks in (side(pairs, "test"), side(pairs, "test", "ood")):
        assert {t.cluster for t in train}.isdisjoint(t.cluster for t in tasks) and tasks
        assert {t.prompt.question for t in train}.isdisjoint(t.prompt.question for t in tasks)
    asked = lambda t: [d.partition("\n")[0].partition(": ")[2] for d in t.prompt.documents] + [t.prompt.question]
    words = lambda split: {g for t, _ in pairs if t.split == split for q in asked(t) for g in grams(q)}
    assert words("train") and words("train").isdisjoint(words("test"))
    assert {t.metadata["random_split"] for t in train} == {"train"}


def test_the_compositional_split_joins_what_training_keeps_apart(pairs):
    joined = lambda t: set(pairwise(t.metadata["operations"])) & HELD_OUT
    ood = side(pairs, "test", "ood")
    assert all(map(joined, ood)) and {t.metadata["compositional_split"] for t in ood} == {"test"}
    assert not any(map(joined, side(pairs, "train") + side(pairs, "test")))
    known = {o for t in side(pairs, "train") for o in t.metadata["operations"]}
    assert {o for t in ood for pair in joined(t) for o in pair} - known <= {"over_mean"}


def test_the_same_numbers_give_the_same_tasks(folder, pairs):
    again = seqsql.build(folder / "mimic_iii.sqlite", *SIZES, demonstrations=40)
    assert [(t.content_hash, g.answer) for t, g in again] == [(t.content_hash, g.answer) for t, g in pairs]


# --- the published files

ROW = {
    "id": "ab12", "seed_question": "how many stays of x were there last year?", "department": "['n']", "importance": "low",
    "question": ["what are the stays of x?", "how many of them began last year?"], "question_template": ["a", "b"],
    "sql": [
        "select admissions.hadm_id from admissions where admissions.subject_id = {x}",
        "select count( * ) from admissions where admissions.hadm_id in ( select admissions.hadm_id from admissions where admissions.subject_id = {x} ) and datetime(admissions.admittime,'start of year') < = datetime(current_time,'start of year','-0 year')",
    ],
    "seqsql": ["select admissions.hadm_id from admissions where admissions.subject_id = {x}", "select count( * ) from prev_query and ..."],
    "random_split": "train", "compositional_split": "test",
}  # fmt: skip


def _row(subject, **changes):
    return ROW | {"sql": [q.replace("{x}", str(subject)) for q in ROW["sql"]]} | changes


def _write(path, rows):
    path.write_text(json.dumps(rows))
    return path


def test_data_json_loads_turn_by_turn(folder, db, tmp_path, capsys):
    subject, n = db.execute(
        "select subject_id, count(*) n from admissions group by 1 order by n desc limit 1"
    ).fetchone()
    rows = [
        _row(subject), _row(subject, id="c", question=["a?", "b?"], sql=["select shoe from admissions", "select max(dod) from patients where 1 = 2"]),
        _row(subject, id="d", random_split=None), _row(subject, id="e", question=["all?"], sql=["select row_id from labevents"], seqsql=[]),
        _row(subject, id="f"),
    ]  # fmt: skip
    pairs, account = seqsql.read(_write(tmp_path / "data.json", rows), folder / "mimic_iii.sqlite")
    assert [t.id for t, _ in pairs] == ["ehr_seqsql/train-published/ab12/1", "ehr_seqsql/train-published/ab12/2"]
    assert (
        pairs[1][1].answer == [[n]]
        and pairs[1][0].metadata["tokens"] == ["prev_query"]
        and len(pairs[0][1].answer) == n
    )
    assert [t.category for t, _ in pairs] == ["open", "compute"]
    assert "what are the stays of x?" in pairs[1][0].prompt.documents[0] and not pairs[0][0].prompt.documents
    assert (account.used, account.refused) == (2, 6)
    printed = capsys.readouterr().out
    for said in (
        "no such column: shoe (first: row 2 turn 1)",
        "empty or null (first: row 2 turn 2)",
        "neither train nor test in random_split (first: row 3)",
        "longer than 100 rows (first: row 4 turn 1)",
        "2 refused: asks the same",
    ):
        assert said in printed
    held, _ = seqsql.read(tmp_path / "data.json", folder / "mimic_iii.sqlite", by="compositional_split")
    assert {(t.split, t.distribution) for t, _ in held} == {("test", "ood")}


def test_medagentgyms_rows_load(folder, tmp_path, capsys):
    rows = [
        {"seed_question": "s?", "question": "q?", "ans": ["a", "b"]},
        {"seed_question": "s?", "question": "r?", "ans": [None]},
    ]
    ((task, gold),), account = seqsql.read(_write(tmp_path / "test_tasks.json", rows), folder / "mimic_iii.sqlite")
    assert (
        gold.answer == [["a"], ["b"]] and task.prompt.documents == ("the whole question: s?",) and task.split == "test"
    )
    assert account.refused == 1 and "empty or null (first: row 2)" in capsys.readouterr().out


def test_broken_files_are_named(folder, tmp_path):
    for row, said in (
        (_row(1, question="[1]"), "row 1: field 'question': expected a list of texts"), (_row(1, question=["one?"]), "2 queries for 1 questions"),
        ({"seed_question": "s?", "ans": [1]}, "row 1: field 'question' is missing"),
    ):  # fmt: skip
        with pytest.raises(UserError, match=said):
            seqsql.read(_write(tmp_path / "data.json", [row]), folder / "mimic_iii.sqlite")
    with pytest.raises(UserError, match="none.json: no such file"):
        seqsql.read(tmp_path / "none.json", folder / "mimic_iii.sqlite")
