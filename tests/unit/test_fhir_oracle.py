"""The oracle of records: what passes, what fails, and that nothing makes it raise or wait."""

import json
import time

import pytest

from data_prep.medagentbench import orders
from galen.oracles import judge
from galen.types import OracleSpec

NOW = "2023-11-13T10:15:00+00:00"
SPEC = OracleSpec(kind="fhir")
LEVEL = orders.service("p1", orders.LOINC, "2823-3", NOW, occurrenceDateTime="2023-11-14T08:00:00+00:00")
DOSE = orders.potassium("p1", 3.0, NOW)
GOLD = {"task": "task9", "answer": [3.0], "writes": [DOSE, LEVEL]}


def said(answer, writes):
    return json.dumps({"answer": answer, "writes": writes})


def passes(submission, gold=GOLD, **params):
    return judge(OracleSpec(kind="fhir", params=params), submission, gold).passed


def changed(resource, **elements):
    return {**json.loads(json.dumps(resource)), **elements}


@pytest.mark.parametrize(
    "submission",
    [
        said([3.0], [DOSE, LEVEL]), said([3], [LEVEL, DOSE]), said(["3.0"], [DOSE, LEVEL]), f"  {said([3.0], [DOSE, LEVEL])}\n",
        said([3.0], [DOSE, changed(LEVEL, occurrenceDateTime="2023-11-14T08:00:00Z")]),
        said([3.0], [DOSE, changed(LEVEL, occurrenceDateTime="2023-11-14T03:00:00-05:00")]),
        said([3.0], [DOSE, changed(LEVEL, id="own-2", meta={"versionId": "1"}, code={**LEVEL["code"], "text": "potassium"})]),
        said([3.0], [changed(DOSE, dosageInstruction=DOSE["dosageInstruction"][0]), LEVEL]),
    ],
)  # fmt: skip
def test_the_same_record_in_other_words_passes(submission):
    assert passes(submission)


@pytest.mark.parametrize(
    "submission",
    [
        said([3.1], [DOSE, LEVEL]), said([], [DOSE, LEVEL]), said([3.0, 3.0], [DOSE, LEVEL]), said([[3.0]], [DOSE, LEVEL]),
        said([True], [DOSE, LEVEL]), said(["3.0 or 4"], [DOSE, LEVEL]), said([3.0], [DOSE]), said([3.0], []), said([3.0], [DOSE, DOSE]),
        said([3.0], [DOSE, LEVEL, LEVEL]), said([3.0], [DOSE, changed(LEVEL, priority="routine")]),
        said([3.0], [DOSE, changed(LEVEL, occurrenceDateTime="2023-11-14T08:00:01+00:00")]),
        said([3.0], [DOSE, changed(LEVEL, occurrenceDateTime="2023-11-14")]),
        said([3.0], [DOSE, changed(LEVEL, subject={"reference": "Patient/p2"})]), said([3.0], [DOSE, changed(LEVEL, doNotPerform=True)]),
        said([3.0], [changed(DOSE, dosageInstruction=DOSE["dosageInstruction"] * 2), LEVEL]), said([3.0], [DOSE, changed(LEVEL, shoe=1)]),
        said([3.0], [DOSE, "LEVEL"]), said([3.0], [DOSE, None]), said([3.0], DOSE), "3.0", "", "null", "[]", '{"answer": [3.0]}',
        said([3.0], [DOSE, LEVEL]) * 2, said([3.0], [DOSE, LEVEL])[:-1], '{"answer": [0], ' + said([3.0], [DOSE, LEVEL])[1:],
        said([3.0], [DOSE, LEVEL])[:-1] + ', "passed": true}', '{"answer": [NaN], "writes": []}',
    ],
)  # fmt: skip
def test_anything_else_fails(submission):
    verdict = judge(SPEC, submission, GOLD)
    assert not verdict.passed and verdict.reward == 0.0


def test_nothing_due_is_no_write():
    gold = {"task": "task9", "answer": [4.1], "writes": []}
    assert passes(said([4.1], []), gold) and not passes(said([4.1], [LEVEL]), gold)
    assert not passes(said([-1], []), gold)


def test_a_mean_has_a_tolerance_and_a_level_none():
    gold = {"task": "task6", "answer": [120.37], "writes": []}
    assert passes(said([120.4], []), gold, tolerance=0.1) and not passes(said([120.4], []), gold)
    assert not passes(said([120.6], []), gold, tolerance=0.1) and not passes(
        said([float("inf")], []), gold, tolerance=0.1
    )


def test_answers_of_time_are_instants_and_texts_have_no_case():
    gold = {"task": "task10", "answer": [6.1, "2023-01-05T08:00:00+00:00"], "writes": []}
    assert passes(said([6.1, "2023-01-05T09:00:00+01:00"], []), gold) and not passes(
        said([6.1, "2023-01-05"], []), gold
    )
    nobody = {"task": "task1", "answer": ["Patient not found"], "writes": []}
    assert passes(said(["patient  not found"], []), nobody) and not passes(said(["not found"], []), nobody)


@pytest.mark.parametrize(
    "junk",
    [
        "[" * 100_000, " " * 1_000_000, '{"answer": [' + "9" * 5000 + '], "writes": []}', '{"answer": [1e999], "writes": []}',
        '{"answer": [1], "writes": [' + '{"extension":[' * 900 + "]}" * 900 + "]}", '{"answer": ["' + "1" * 90_000 + '"], "writes": []}',
        '{"answer": [1], "writes": [{"resourceType": ["Observation"]}]}', '{"answer": ["\\ud800"], "writes": []}',
        said(["2023-01-05T08:00:00+99:00"], [changed(LEVEL, authoredOn="2023-99-05T08:00:00+00:00")]),
        said([3.0], [changed(DOSE, dosageInstruction=[{"sequence": 10**400}]), changed(LEVEL, quantityQuantity={"value": 10**400})]),
        said([3.0], [changed(LEVEL, note=[{"text": chr(0xD800)}])]), '{"answer": [' + "9" * 400 + '], "writes": []}', said([3.0], [changed(LEVEL, occurrenceDateTime="0001-01-01T00:00:00+14:00")]),
    ],
)  # fmt: skip
def test_no_submission_breaks_it(junk):
    start = time.monotonic()
    assert not judge(SPEC, junk, GOLD).passed
    assert not judge(SPEC, junk, {"task": "task10", "answer": ["2023-01-05T08:00:00+00:00"], "writes": [LEVEL]}).passed
    assert time.monotonic() - start < 1
