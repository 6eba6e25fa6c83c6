"""Oracles: the official rules, and the cheats that the released original let pass (law 4)."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from galen.errors import UserError
from galen.oracles import judge, rows, values
from galen.types import OracleSpec

cells = st.one_of(
    st.integers(-(10**6), 10**6),
    st.floats(-1e6, 1e6).map(lambda x: round(x, 3)),
    st.sampled_from(["aspirin", "a b", "urine out foley"]),
)
tables = st.lists(st.lists(cells, min_size=1, max_size=3), min_size=1, max_size=6)


def shown(table):
    return "\n".join("\t".join(str(v) for v in row) for row in table)


@given(tables, st.randoms())
def test_rows_pass_as_shown_in_any_order(gold, rng):
    mine = list(gold)
    rng.shuffle(mine)
    assert rows.judge(shown(mine), gold, {}).passed


@given(tables)
def test_one_row_or_cell_too_many_fails(gold):
    assert not rows.judge(shown([*gold, ["99999999"]]), gold, {}).passed
    assert not rows.judge(shown([[*gold[0], 1], *gold[1:]]), gold, {}).passed
    assert not rows.judge("", gold, {}).passed


@pytest.mark.parametrize(
    ("said", "gold", "params", "passed"),
    [
        ("3", [[3.0]], {}, True), ("3.0004", [[3]], {}, True), ("3.01", [[3]], {}, False), ("Aspirin ", [["aspirin"]], {}, True),
        ("yes", [[1]], {"boolean": True}, True), ("yes", [[1]], {}, False), ("no", [[1]], {"boolean": True}, False),
        ('["a", "b"]', [["b"], ["a"]], {}, True), ("a\na", [["a"]], {}, False), ("0 1", [[1]], {"boolean": True}, False),
        ("0\n1", [[1]], {"boolean": True}, False), ("NULL", [[None]], {}, True), ("0", [[None]], {}, False),
    ],
)  # fmt: skip
def test_row_rules(said, gold, params, passed):
    assert rows.judge(said, gold, params).passed is passed


@given(st.floats(-1e5, 1e5).filter(lambda x: abs(x) > 1e-3))
def test_decimals_lie_within_five_percent_whatever_the_sign(gold):
    assert values.decimal(repr(gold), gold).passed and values.decimal(repr(gold * 1.049), gold).passed
    assert not values.decimal(repr(gold * 1.051), gold).passed and not values.decimal(repr(gold * 0.949), gold).passed
    assert not values.decimal(repr(-gold), gold).passed


@given(st.floats(1, 1e5), st.floats(1, 1e5))
def test_two_guesses_fail(gold, other):
    assume(not math.isclose(gold, other))
    assert not values.decimal(f"{gold} {other}", gold).passed and not values.decimal(f"{other}\n{gold}", gold).passed


@pytest.mark.parametrize("cheat", ["0.001", "25", "1000000000.0", "-5", "nan", "inf", "", "print(24.1)", "24.1 or 12"])
def test_the_originals_medcalc_cheats_fail(cheat):
    assert not values.decimal(cheat, 12.05).passed


def test_values_by_kind():
    assert (
        values.integer("3", 3).passed and values.integer("3.0 points", 3).passed and not values.integer("3.1", 3).passed
    )
    assert values.decimal("12.4 mg/dl", 12.4).passed and values.decimal("2.1 kg/m2", 2.1).passed
    assert values.day("08/31/2023", "08/31/2023").passed and not values.day("31/08/2023", "08/31/2023").passed
    assert not values.day("08/31/2023 09/01/2023", "08/31/2023").passed
    for said in ("34 weeks 3 days", "('34 weeks', '3 days')", "34 3", "(34 weeks, 3 days)"):
        assert values.weeks_days(said, [34, 3]).passed, said
    assert not values.weeks_days("34 weeks 3 days 4", [34, 3]).passed and not values.weeks_days("34", [34, 3]).passed


@pytest.mark.parametrize("said", ["１２", "١٢", "1_2", "0_12", "12\u200b", "1\u200b2", "𝟏𝟐", "1２"])
def test_look_alikes_of_a_number_are_other_text(said):
    assert not rows.judge(said, [[12]], {}).passed and not rows.judge(f'["{said}"]', [[12]], {}).passed
    assert not values.integer(said, 12).passed and not values.decimal(said, 12.0).passed


def test_look_alikes_of_names_dates_and_weeks_are_other_text():
    assert not rows.judge("ａspirin", [["aspirin"]], {}).passed and not rows.judge("аspirin", [["aspirin"]], {}).passed
    assert not values.day("０8/31/2023", "08/31/2023").passed
    for said in ("-34 -3", "34.3", "34/3", "34-3", "３4 weeks 3 days", "34 weeks 3 days?"):
        assert not values.weeks_days(said, [34, 3]).passed, said


HOSTILE = ("[" * 100_000, "[" * 900 + "]" * 900, f"[{'9' * 5000}]", f"{'9' * 5000} 3", "9" * 300_000 + "!",
           "1" + " " * 300_000 + "x", "1" + "x" * 300_000 + "!", '{"a": ' * 50_000, "[[[1]]]", '[{"a": 1}]')  # fmt: skip


@pytest.mark.timeout(20)
@pytest.mark.parametrize("said", HOSTILE, ids=[s[:6] for s in HOSTILE])
def test_no_submission_breaks_an_oracle_or_holds_it_up(said):
    golds = {"rows": [[1]], "integer": 3, "decimal": 1.5, "date": "08/31/2023", "weeks_days": [34, 3]}
    for kind, gold in golds.items():
        assert judge(OracleSpec(kind=kind), said, gold).reward == 0.0


def test_no_submission_fails_and_an_unknown_oracle_is_named():
    assert judge(OracleSpec(kind="rows"), None, [[1]]).reward == 0.0
    with pytest.raises(UserError, match="unknown oracle 'row'; did you mean 'rows'"):
        judge(OracleSpec(kind="row"), "1", [[1]])
