"""The paper's oracle passes the bad answers that the released grader passed, and ours fails each of them."""

import pytest

from galen.errors import UserError
from galen.oracles import judge
from galen.oracles.paper import RULES, paper_oracle
from galen.types import OracleSpec

EHRSQL = ("mimic_iii", "eicu", "treqs")
YES_NO = OracleSpec(kind="rows", params={"boolean": True})
ROWS, DECIMAL = OracleSpec(kind="rows"), OracleSpec(kind="decimal")


def both(family, spec, output, gold):
    """The paper's verdict on one output, and ours on the same as the submission."""
    return paper_oracle(family, [output], gold).passed, judge(spec, output, gold).passed


@pytest.mark.parametrize("family", EHRSQL)
@pytest.mark.parametrize(
    ("defect", "output", "gold", "spec"),
    [
        ("many numbers hold the right one", "\n".join(map(str, range(500))), [[417]], ROWS),
        ("a digit of another number", "2105-12-31", [[1]], ROWS),
        ("both booleans", "0 1", [[1]], YES_NO),
        ("True and False", "True\nFalse", [[1]], YES_NO),
        ("only the first of several answers", "aspirin", [["aspirin"], ["heparin"]], ROWS),
        ("a null is any zero", "there are 10 rows", [[None]], ROWS),
        ("an error's text is an answer", "Traceback, line 17: KeyError", [[17]], ROWS),
        ("parts of one row anywhere", "90 then m", [["m", 90]], ROWS),
        ("the part before .0 anywhere", "1042 rows", [[42.0]], ROWS),
        ("a name within a name", "not penicillin g benzathine", [["penicillin g"]], ROWS),
    ],
)
def test_ehrsqls_substring_rule(family, defect, output, gold, spec):
    assert both(family, spec, output, gold) == (True, False), defect


def test_words_stand_for_digits_as_released():
    assert paper_oracle("eicu", ["True"], [[1]]).passed and paper_oracle("eicu", ["False"], [[0]]).passed
    assert (
        not paper_oracle("eicu", ["False"], [[1]]).passed
        and not paper_oracle("eicu", ["aspirin"], [["heparin"]]).passed
    )


@pytest.mark.parametrize("said", ["0.001", "25", "1000000000.0", "-5"])
def test_medcalc_passes_any_number_for_either_limit_holds(said):
    assert both("medcalc", DECIMAL, said, 12.05) == (True, False)


@pytest.mark.parametrize(
    ("kind", "right", "gold"),
    [("date", "08/31/2023", "08/31/2023"), ("weeks_days", "34 weeks 3 days", [34, 3])],
)
def test_medcalc_never_passes_a_date_or_weeks(kind, right, gold):
    assert both("medcalc", OracleSpec(kind=kind), right, gold) == (False, True)


def test_medcalc_takes_a_score_within_five_percent_where_it_has_to_be_exact():
    assert both("medcalc", OracleSpec(kind="integer"), "20.9", 20) == (True, False)


@pytest.mark.parametrize("gold", [True, [[2]], [[3, "ok", 17], [9, "valuenum", 18]], False, 0, [[0]], [[3, "ok"]], []])
def test_ehrcon_passes_both_words_in_two_tries(gold):
    assert paper_oracle("ehrcon", ["False", "True"], gold).passed
    assert paper_oracle("ehrcon", ["True"], gold).passed == (
        gold in (True, [[2]], [[3, "ok", 17], [9, "valuenum", 18]])
    )
    assert not judge(ROWS, "False\nTrue", [[3, "ok", 17], [9, "valuenum", 18]]).passed
    assert not paper_oracle("ehrcon", ["I cannot tell"], gold).passed


def test_ehr_seqsql_passes_whatever_runs_or_fails():
    assert both("ehr_seqsql", ROWS, "Error: no such table", [[3]]) == (True, False)
    assert not paper_oracle("ehr_seqsql", [], [[3]]).passed


VARIABLES, P_VALUE = OracleSpec(kind="variables"), '{"p_value":0.0602}'


@pytest.mark.parametrize(
    ("defect", "output"),
    [
        ("a program that ends well", "1"), ("no output", "(no output)"), ("sys.exit(0)", "(no output)"), ("the wrong value", '{"p_value":0.9}'), ("an error that is caught", "KeyError: 'OS_MONTHS'"),
    ],
)  # fmt: skip
def test_biodsbench_never_runs_its_asserts(defect, output):
    assert both("biodsbench", VARIABLES, output, P_VALUE) == (True, False), defect


@pytest.mark.parametrize(
    "output",
    [
        'Traceback (most recent call last):\n  File "<action>", line 1, in <module>\nKeyError: 1',
        "timed out after 120 s",
        "killed: out of memory",
        "exit code 3",
    ],
)
def test_biodsbench_fails_what_fails(output):
    assert not paper_oracle("biodsbench", [output], P_VALUE).passed
    assert paper_oracle("biodsbench", [output, "done"], P_VALUE).passed


def test_a_success_anywhere_is_a_success():
    verdict = paper_oracle("mimic_iii", ["7", "nothing", "42"], [[42]])
    assert verdict.passed and verdict.checks == {"outputs": 3, "passed_at": 2} and verdict.oracle == "paper"
    assert not paper_oracle("mimic_iii", [], [[42]]).passed


def test_a_family_without_a_rule_is_named():
    with pytest.raises(UserError, match="'no_family'"):
        paper_oracle("no_family", ["1"], 1)
    assert set(EHRSQL) < set(RULES)
