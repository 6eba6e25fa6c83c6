"""The released rule of MedAgentBench passes the bad records and fails the good ones that it is known for; ours does neither."""

import json

import pytest

from data_prep.medagentbench import orders
from galen.oracles import judge
from galen.oracles.paper import paper_oracle
from galen.types import OracleSpec

NOW = "2023-11-13T10:15:00+00:00"
SPEC = OracleSpec(kind="fhir")


def gold(task, answer, *writes):
    return {"task": task, "answer": answer, "writes": list(writes)}


def both(record, right, params=None):
    """The released verdict and ours on a printed record; the released one reads GET and POST."""
    theirs = json.dumps(
        {"GET": record["answer"], "POST": [x for w in record["writes"] for x in ("http://localhost:8080/fhir/", w)]}
    )
    verdict = judge(OracleSpec(kind="fhir", params=params or {}), json.dumps(record), right)
    return paper_oracle("medagentbench", [theirs], right).passed, verdict.passed


def record(answer, *writes):
    return {"answer": answer, "writes": list(writes)}


@pytest.mark.parametrize("who", ["S1234567", "S7654321"])
def test_blood_pressure_is_right_for_one_patient_only(who):
    right = orders.vital(who, "BP", "118/77 mmHg", NOW)
    assert both(record([], right), gold("task3", [], right)) == (False, True)
    only = orders.vital("S2380121", "BP", "118/77 mmHg", NOW)
    assert both(record([], only), gold("task3", [], right)) == (True, False), "that one patient's passes for everyone's"


def test_no_record_of_hemoglobin_a1c_ever_passes():
    order = orders.service("p", orders.LOINC, "4548-4", NOW)
    assert both(record([-1], order), gold("task10", [-1], order)) == (False, True)
    assert both(record([5.9, NOW]), gold("task10", [5.9, NOW])) == (False, True)


@pytest.mark.parametrize("task", ["task5", "task9"])
def test_where_nothing_is_due_nothing_passes(task):
    assert both(record([4.4]), gold(task, [4.4])) == (False, True)
    assert both(record([-1]), gold(task, [-1])) == (False, True)


def test_magnesium_passes_only_with_an_empty_answer():
    order = orders.magnesium("p", 1.6, NOW)
    right = gold("task5", [1.6], order)
    assert both(record([1.6], order), right) == (False, True)
    assert both(record([], order), right) == (True, False)


def test_potassium_passes_without_an_answer():
    writes = orders.potassium("p", 3.0, NOW), orders.service("p", orders.LOINC, "2823-3", NOW)
    assert both(record([], *writes), gold("task9", [3.0], *writes)) == (True, False)


@pytest.mark.parametrize(
    ("task", "value"), [("task2", 7), ("task4", 1.8), ("task6", 120.5), ("task7", 95), ("task1", "S1234567")]
)
def test_a_value_passes_wherever_it_stands(task, value):
    for answer in ([f"http://localhost:8080/fhir/{value}"], [f"1{value}9"], [0, value, 1]):
        assert both(record(answer), gold(task, [value])) == (True, False)


def test_writes_that_nobody_asked_for_do_not_matter():
    extra = orders.magnesium("p", 0.8, NOW)
    assert both(record([95], extra), gold("task7", [95])) == (True, False)
    right = orders.service("p", orders.SNOMED, orders.ORTHOPEDICS, NOW, note=[{"text": "please"}])
    assert both(record([], right, right, extra), gold("task8", [], right)) == (True, False)


def test_an_apostrophe_breaks_the_record():
    right = orders.service("p", orders.SNOMED, orders.ORTHOPEDICS, NOW, note=[{"text": "the patient's knee"}])
    assert both(record([], right), gold("task8", [], right)) == (False, True)


def test_the_right_try_among_several_passes():
    tries = [json.dumps({"GET": [n], "POST": []}) for n in range(90, 100)]
    assert paper_oracle("medagentbench", tries, gold("task7", [95])).passed
    assert not judge(SPEC, "\n".join(tries), gold("task7", [95])).passed
    assert not paper_oracle("medagentbench", ["Error", "[1]", '{"GET": []}'], gold("task7", [95])).passed
