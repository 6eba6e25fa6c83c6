"""Instances of the eICU questions: the laws of a family, on a small build."""

import sqlite3
from collections import Counter
from statistics import mean

import pytest

from data_prep.ehrsql.build import build
from data_prep.ehrsql.eicu import EICU
from galen.oracles import judge


@pytest.fixture(scope="module")
def instances(eicu):
    return list(build(eicu, 900, 150, 20, 0, selected="all", dialect=EICU))


def test_instances_keep_the_laws(instances):
    tasks, golds = [t for t, _ in instances], [g for _, g in instances]
    assert len(tasks) == 1070 and len({t.id for t in tasks}) == 1070
    assert len({t.prompt.question for t in tasks}) == 1070
    assert len({t.metadata["q_tag"] for t in tasks}) > 150, "nearly every question is asked"
    assert all(g.answer for g in golds)
    answers = Counter(repr(g.answer) for t, g in instances if t.answer_type != "bool")
    assert answers.most_common(1)[0][1] <= 0.25 * len(tasks)
    truths = [bool(g.answer[0][0]) for t, g in instances if t.answer_type == "bool"]
    assert len(truths) > 50 and 0.4 <= mean(truths) <= 0.6
    train, test = (
        {t.cluster for t in tasks if t.split == s and t.cluster.startswith("patient")} for s in ("train", "test")
    )
    assert train and test and train.isdisjoint(test)
    assert {t.family for t in tasks} == {"eicu"} and all(t.id.startswith("eicu/") for t in tasks)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_instances(eicu):
    first, second = (list(build(eicu, 60, 20, 5, 3, selected="all", dialect=EICU)) for _ in range(2))
    assert first == second


def test_references_pass_and_wrong_answers_fail(eicu, instances):
    db = sqlite3.connect(eicu)
    for task, gold in instances[::5]:
        rows = db.execute(gold.solution).fetchall()
        assert judge(task.oracle, "\n".join("\t".join(map(str, r)) for r in rows), gold.answer).passed
        assert not judge(task.oracle, "none of these", gold.answer).passed
