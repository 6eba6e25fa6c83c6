"""EHRSQL's questions: against the published tags, and their answers on the generated hospital against plain Python."""

import csv
import hashlib
import json
from collections import Counter

import pytest

from data_prep import ehrsql
from data_prep.ehrsql import operations, times
from data_prep.ehrsql.build import select
from data_prep.ehrsql.eicu import EICU
from data_prep.ehrsql.mimic import MIMIC
from data_prep.ehrsql.questions import BRIEF, OOD, QUESTIONS, UNDEMONSTRATED
from data_prep.ehrsql.tags import form
from data_prep.hospital.generate import generate
from data_prep.mimic_iii.view import write_sqlite

MARKS = {
    "time_filter_global1": {"t", "w", "p"}, "time_filter_global2": {"t2"}, "time_filter_within": {"after", "soon", "with"},
    "time_filter_exact1": {"x1"}, "time_filter_exact2": {"x2"},
}  # fmt: skip


def test_questions_are_ehrsqls(shared):
    rows = list(csv.DictReader((shared / "schemas" / "ehrsql_question_templates.csv").open()))
    assert {q.tag for q in QUESTIONS} == {r["q_tag"] for r in rows}
    assert len({q.key for q in QUESTIONS}) == len(QUESTIONS) == 174
    assert {t.tag for t in select(MIMIC, "all")} == {r["q_tag"] for r in rows if r["mimic_iii_count"] != "0"}
    assert {t.key for t in select(MIMIC, "brief")} == set(BRIEF) > OOD | UNDEMONSTRATED and OOD.isdisjoint(
        UNDEMONSTRATED
    )
    assert all(len(set(q.phrases)) >= 6 for q in QUESTIONS)


def test_nine_forms_cover_all_questions():
    forms = [form(q.tag) for q in QUESTIONS]
    assert len(set(forms)) == 9
    assert {form(t.tag) for t in select(EICU, "all")} == set(forms) - {"abbreviation"}
    assert Counter(forms).most_common(1)[0][1] < len(forms) / 2


def test_tags_are_ehrsqls(shared):
    published = json.loads((shared / "schemas" / "ehrsql_tags.json").read_text())
    tags = published["time_tags"]
    assert set(times.GLOBAL1) == set(tags["global1"]) and set(times.GLOBAL2) == set(tags["global2"])
    assert {w.tag for w in (*times.SAME, *times.SOON, *times.AFTER)} - {""} == {*tags["within"]}
    assert {x.tag for x in times.EXACT1} == set(tags["exact1"]) and {x.tag for x in times.EXACT2} == set(tags["exact2"])
    operation = published["operation_tags"]
    ours = {
        "age_group": operations.AGES, "agg_function": operations.AGGREGATES, "comparison": operations.COMPARISONS,
        "n_rank": operations.RANKS, "n_survival_period": operations.PERIODS, "n_times": operations.TIMES,
        "sort": operations.PUBLISHED.values(), "unit_average": operations.AVERAGES, "unit_count": operations.UNITS,
    }  # fmt: skip
    assert {k: set(v) for k, v in ours.items()} == {k: set(v) for k, v in operation.items()}
    assert list(operations.SLOTS) == list(operation)


@pytest.mark.parametrize("template", select(MIMIC, "all"), ids=lambda t: t.key)
def test_sql_and_every_paraphrase_hold_the_slots_of_the_tag(template):
    for slot, kinds in MARKS.items():
        assert (f"[{slot}]" in template.tag) == bool(template.marks & kinds), slot
    asked = {s for s in operations.SLOTS if f"[{s}]" in template.tag}
    for phrase in template.phrases(whole=True):
        assert {s for s, ours in operations.SLOTS.items() if f"{{{ours}}}" in phrase} == asked, phrase
        assert "{time}" in phrase or not template.timed, phrase
        assert ("{within}" in phrase) == ("[time_filter_within]" in template.tag), phrase
        assert ("{nth}" in phrase) == ("x1" in template.marks) and ("{nth2}" in phrase) == ("x2" in template.marks), (
            phrase
        )


def test_the_small_size_gives_the_tasks_that_the_tiny_model_was_tuned_on(tmp_path):
    """sha256 of train.jsonl and test.jsonl of `galen data --size small --seed 0`, tasks and gold; no agent sees a category."""
    write_sqlite(generate(150, 0), tmp_path / "m.sqlite")
    pairs = list(ehrsql.build(tmp_path / "m.sqlite", 330, 40, 16, 0, demonstrations=60))
    digest = lambda rows: hashlib.sha256(
        "".join(r.model_dump_json(exclude={"category"}) + "\n" for r in rows).encode()
    ).hexdigest()
    train, test = pairs[:300], pairs[330:]  # the last 30 of train are the validation split
    found = [digest(column) for part in (train, test) for column in zip(*part, strict=True)]
    assert found == [
        "0186f3e6eab4f0cc16f62e47851a17b74e9f520a8e71dce759c084ec86f42728",
        "8ed815fbc2e7550bf6560aa3101c8e8a731de64a89ec05235521f0748a195fe8",
        "debcfd3be8f763967f5cb1822fcb51ae59ea2f6ec12bf07cf19111b4fb75b996",
        "d1c72f8fc593f8cee823c820c037efeadbe2a900089cdd8abdf1da4155eee8fe",
    ]
