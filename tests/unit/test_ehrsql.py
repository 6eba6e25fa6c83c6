"""EHRSQL's questions: against the published tags, and their answers on the generated hospital against plain Python."""

import csv
import json

import pytest

from data_prep.ehrsql import operations, times
from data_prep.ehrsql.build import select
from data_prep.ehrsql.mimic import MIMIC
from data_prep.ehrsql.questions import BRIEF, OOD, QUESTIONS, UNDEMONSTRATED

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
    for phrase in template.phrases:
        assert {s for s, ours in operations.SLOTS.items() if f"{{{ours}}}" in phrase} == asked, phrase
        assert "{time}" in phrase or not template.timed, phrase
        assert ("{within}" in phrase) == ("[time_filter_within]" in template.tag), phrase
        assert ("{nth}" in phrase) == ("x1" in template.marks) and ("{nth2}" in phrase) == ("x2" in template.marks), (
            phrase
        )
