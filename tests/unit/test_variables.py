"""Named variables: what leaves the sandbox is data, compared by structure; nothing of the agent's is run by the oracle."""

import json
import math
import pickle
import time

import numpy as np
import pandas as pd
import pytest

from data_prep.biodsbench.handin import encode
from galen.oracles import judge
from galen.oracles.variables import MAX_CHARS, label, parse
from galen.types import OracleSpec


def line(**variables):
    return json.dumps({name: encode(value) for name, value in variables.items()})


def passes(mine, due, rows="order", tolerance=1e-6):
    spec = OracleSpec(kind="variables", params={"rows": {"x": rows}, "tolerance": tolerance})
    return judge(spec, line(x=mine), line(x=due)).passed


FRAME = pd.DataFrame({"gene": ["TP53", "KRAS"], "n": [12, 7], "share": [0.4, 0.7 / 3]})


@pytest.mark.parametrize(
    ("mine", "due", "passed"),
    [
        (3, 3, True), (3.0, 3, True), (np.int64(3), 3, True), (3.0000001, 3, False), (4, 3, False), (True, 1, False), ("3", 3, False),
        (1, True, False), (np.bool_(True), True, True), (1.0, True, False), (False, True, False),
        (0.5 * (1 + 9e-7), 0.5, True), (0.5 * (1 + 2e-6), 0.5, False), (-0.5, 0.5, False), (np.float32(0.5), 0.5, True), (1e-15, 2e-15, False), (1e-13, 0.0, True), (1e-9, 0.0, False),
        (float("inf"), math.inf, True), (-math.inf, math.inf, False), (1e308, math.inf, False), (math.nan, 0.5, False), (math.nan, math.nan, True),
        (None, math.nan, True), (pd.NA, None, True), (0, None, False), ("nan", math.nan, False), ("", None, False), (10**400, 0.5, False),
        ("a", "a", True), ("A", "a", False), (np.str_("a"), "a", True), ("１", "1", False),
        ([1, 2.5], [1, 2.5], True), ((1, 2.5), [1, 2.5], True), (np.array([1, 2]), [1, 2], True), ([2.5, 1], [1, 2.5], False), ([1], [1, 2.5], False), ([], [0], False),
        ([[1, 2], [3, 4]], np.array([[1, 2], [3, 4]]), True), ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True), ({"a": 1}, {"a": 1, "b": 2}, False),
        ({1: "x"}, {1: "x"}, True), ({"1": "x"}, {1: "x"}, False), ({True: "x"}, {1: "x"}, False), ({1.0: "x"}, {1: "x"}, True),
        (pd.Series([1, 2], index=["a", "b"]), pd.Series([2, 1], index=["b", "a"]), True), ({"a": 1}, pd.Series([1], index=["a"]), False),
        (pd.Series([1.0, math.nan]), pd.Series([1.0, None]), True), (pd.Series([1]), [1], False),
    ],
)  # fmt: skip
def test_values_are_equal_by_type_and_tolerance(mine, due, passed):
    assert passes(mine, due) is passed


@pytest.mark.parametrize(
    ("change", "rows", "passed"),
    [
        (lambda f: f, "order", True), (lambda f: f[["n", "share", "gene"]], "order", True), (lambda f: f.iloc[::-1], "order", False),
        (lambda f: f.iloc[::-1], ["gene"], True), (lambda f: f.set_index(pd.Index([7, 9])), ["gene"], True), (lambda f: f.set_index(pd.Index([7, 9])), "order", True),
        (lambda f: f.set_index(pd.Index([7, 9])), "index", False), (lambda f: f.iloc[:1], ["gene"], False), (lambda f: pd.concat([f, f]), ["gene"], False),
        (lambda f: f.assign(more=1), ["gene"], False), (lambda f: f.drop(columns="n"), ["gene"], False), (lambda f: f.rename(columns={"n": "N"}), ["gene"], False),
        (lambda f: f.assign(n=f["n"].astype(float)), ["gene"], True), (lambda f: f.assign(n=f["n"].astype(str)), ["gene"], False), (lambda f: f.assign(share=f["share"].round(4)), ["gene"], False),
        (lambda f: f.set_index("gene"), ["gene"], False), (lambda f: f.assign(gene=f["gene"].astype("category")), ["gene"], True), (lambda f: f.to_dict("list"), ["gene"], False),
    ],
)  # fmt: skip
def test_rows_are_told_apart_as_the_task_says(change, rows, passed):
    assert passes(change(FRAME), FRAME, rows) is passed


def test_an_index_of_labels_is_compared_where_the_task_says():
    matrix = pd.DataFrame([[3, 1], [1, 2]], index=["A", "B"], columns=["A", "B"])
    assert passes(matrix.iloc[::-1, ::-1], matrix, "index") and not passes(matrix.set_axis(["B", "A"]), matrix, "index")
    both = FRAME.set_index(["gene", "n"])
    assert passes(both.iloc[::-1], both, "index") and not passes(both.reset_index(), both, "index")


def test_every_variable_and_no_other_is_due():
    spec, gold = OracleSpec(kind="variables"), line(a=1, b=0.5)
    assert judge(spec, line(b=0.5, a=1), gold).passed
    verdict = judge(spec, line(a=1, c=2), gold)
    assert verdict.reward == 0.0 and verdict.checks["variables"] == {"a": "right", "b": "missing", "c": "not asked for"}
    assert judge(spec, line(a=[1], b=2.0), gold).checks["variables"] == {"a": "a list, not a number", "b": "wrong"}


@pytest.mark.parametrize(
    "text",
    [
        "", "{}", "[]", "1", "null", '{"x": 0.5', "{'x': 0.5}", '{"x": NaN}', '{"x": Infinity}', '{"x": 0.5}\n{"x": 0.5}', 'x\n{"x": 0.5}', '{"x": 1, "x": 0.5}',
        '{"x": {"float": "0.5", "y": 1}}', '{"x": {"float": [0.5]}}', '{"x": {"float": {"float": "nan"}}}', '{"x": {"dict": 3}}', '{"x": {"frame": 3}}', '{"x": {"frame": {"columns": 3, "data": [1]}}}',
        '{"x": {"series": {"values": 1, "index": null}}}', '{"x": {"object": "os.system"}}', '{"x": {}}', '{"x": {"dict": [[1]]}}', '{"x": {"dict": [[{}, 1]]}}', '{"x": ' + "9" * 5000 + "}",
        '{"x": ' + "[" * 100_000, '{"x": ' + "[" * 400 + "]" * 400 + "}", '{"x": [' + "0," * MAX_CHARS + "0]}", '{"x": {"frame": {"columns": ["a", "a"], "data": [[0.5, 0.5]], "index": null}}}',
    ],
)  # fmt: skip
@pytest.mark.parametrize("due", [0.5, [0.5], {"a": 0.5}, FRAME, pd.Series([0.5]), True, "0.5"])
def test_text_of_another_form_fails_at_once(text, due):
    start = time.monotonic()
    verdict = judge(OracleSpec(kind="variables"), text, line(x=due))
    assert verdict.reward == 0.0 and not verdict.passed and len(verdict.model_dump_json()) < 1000
    assert time.monotonic() - start < 1


class Code:
    """Runs where it is unpickled, compared or read."""

    ran = False

    def __reduce__(self):
        return exec, ("from tests.unit.test_variables import Code; Code.ran = True",)

    def __eq__(self, other):
        type(self).ran = True
        return True

    __hash__ = None


def test_a_pickle_with_code_is_text_that_fails():
    for data in (pickle.dumps({"x": Code()}, 0), pickle.dumps(Code(), 4)):
        assert not judge(OracleSpec(kind="variables"), data.decode("latin-1"), line(x=0.5)).passed
    assert Code.ran is False


@pytest.mark.parametrize(
    "value",
    [Code(), {1, 2}, object, len, b"x", 1j, pd.Timestamp("2020-01-01"), [Code()], {"a": {1}}, pd.Series([Code()])],
)
def test_only_plain_data_are_handed_in(value):
    with pytest.raises(TypeError, match="cannot be handed in: convert it"):
        encode(value)


def test_what_is_handed_in_keeps_its_kind():
    index = pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["gene", None])
    told = parse(line(s=pd.Series([1.5, None], index=index), f=pd.DataFrame({"b": [True]}), d={(1, 2): np.nan}))
    assert told["s"] == {
        "series": {"values": [1.5, {"float": "nan"}], "index": [["a", 1], ["b", 2]], "names": ["gene", None]}
    }
    assert told["f"] == {"frame": {"columns": ["b"], "data": [[True]], "index": None}}
    assert told["d"] == {"dict": [[[1, 2], {"float": "nan"}]]}
    assert label(1) == label(1.0) != label(True) != label("1")
