"""Published asserts, evaluated on data alone by an interpreter that knows little."""

import json

import pandas as pd
import pytest

from data_prep.biodsbench.handin import encode
from galen.oracles import judge
from galen.oracles.asserts import names, refused
from galen.types import OracleSpec

FRAME = pd.DataFrame({"gene": ["TP53", "KRAS", "TP53"], "n": [3, 1, 2], "share": [0.5, 0.25, None]})
PIVOT = FRAME.pivot_table(index="gene", columns="n", values="share", aggfunc="mean")


def verdict(tests, **variables):
    told = json.dumps({name: encode(value) for name, value in variables.items()})
    return judge(OracleSpec(kind="asserts"), told, {"tests": tests, "names": names(tests)})


@pytest.mark.parametrize(
    "tests",
    [
        "assert len(x) == 3 and x.shape == (3, 3), 'three rows'", "assert set(x.columns) == {'gene', 'n', 'share'}", "assert x['gene'].nunique() == 2",
        "assert x['gene'].value_counts().to_dict() == {'TP53': 2, 'KRAS': 1}", "for c in ['gene', 'n']:\n    assert c in x.columns", "assert x[x['gene'] == 'KRAS']['n'].item() == 1",
        "assert abs(x['share'].median() - 0.375000001) <= 1e-8", "assert x.n.sum() == 6", "import numpy as np\nassert np.isclose(x['n'].mean(), 2.0)", "assert x.loc[0, 'gene'] == 'TP53'",
        "assert all(v > 0 for v in x['n'])", "expected = ['TP53', 'KRAS']\nassert sorted(set(x['gene'])) == sorted(expected)", "assert x['share'].isna().sum() == 1 and not x['n'].isna().any()",
        "assert x.iloc[-1]['n'] in [2, 3]", "assert isinstance(x, pd.DataFrame)", "assert (x['n'] > 0).all()", "assert 1 <= x['n'].min() < x['n'].max() <= 3", "assert x['share'].dropna().tolist() == [0.5000000001, 0.25]",
        "assert x.empty == False", "assert x[['n']].values.tolist() == [[3], [1], [2]]", "assert x.index.tolist() == [0, 1, 2]",
        "assert x['gene'].iloc[0].startswith('TP')",
    ],
)  # fmt: skip
def test_asserts_that_hold(tests):
    assert refused(tests) == "" and names(tests) == ["x"]
    assert verdict(tests, x=FRAME).passed, verdict(tests, x=FRAME).checks


@pytest.mark.parametrize(
    "tests",
    ["assert len(x) == 2", "assert abs(x['n'].mean() - 2.1) < 1e-8", "assert x['nothing'].sum() == 0", "assert x.n == 3", "assert x['gene'][5] == 'a'", "assert x != x and False", "assert x['n'].mean() != 2.0000000001", "assert x.query", "assert x.eval"],
)  # fmt: skip
def test_asserts_that_fail_or_raise_are_failures(tests):
    found = verdict(tests, x=FRAME)
    assert found.reward == 0.0 and tests.split("assert ")[1][:8] in found.checks["failed"]


def test_the_form_of_a_frame_is_kept():
    tests = "assert 'gene' in p.index.names\nassert p.shape == (2, 2)\nassert 3 in p.columns\nassert p.loc['KRAS', 1] == 0.25"
    assert verdict(tests, p=PIVOT).passed


@pytest.mark.parametrize(
    ("tests", "why"),
    [
        ("import os\nassert os.path.exists('a.png')", "import os"), ("assert eval('1 == 1') and x", "call eval"), ("assert open('/etc/passwd')", "call open"), ("assert x.to_csv('a')", "call .to_csv"),
        ("assert x.__class__", "use .__class__"), ("assert x.apply(lambda r: r).all()", "call .apply"), ("while x: pass\nassert x", "a While"), ("x = 1", "assert nothing"), ("assert (", "no Python"), ("assert ().__class__.__base__", "use .__"),
        ("def f(): pass\nassert f()", "a FunctionDef"), ("from os import system\nassert x", "a ImportFrom"), ("assert pd.read_csv('/workdir/a.csv').shape == x.shape", "call .read_csv"), ("assert x.plot()", "call .plot"), ("assert 2 ** 99 ** 99 > x", "a Pow"),
    ],
)  # fmt: skip
def test_what_tests_may_not_ask_for_is_told(tests, why):
    assert why in refused(tests)


@pytest.mark.parametrize(
    "text",
    ["", "{}", '{"x": {"frame": {"columns": ["gene"], "data": [[1, 2]], "index": null}}}', '{"x": {"frame": []}}', '{"x": {"series": {"values": [1], "index": [1, 2]}}}', '{"x": {"object": 1}}', '{"x": ' + "[" * 100_000, '{"x": 1, "x": 2}', '{"x": {"float": "x"}}', '{"x": 1, "y": 1}'],
)  # fmt: skip
def test_text_of_another_form_fails(text):
    found = judge(OracleSpec(kind="asserts"), text, {"tests": "assert len(x) >= 0 or True", "names": ["x"]})
    assert found.reward == 0.0


def test_loops_end():
    tests = "for a in x['n']:\n    for b in x['n']:\n        for c in x['n']:\n            assert a + b + c > 0"
    assert not verdict(tests, x=pd.DataFrame({"n": [1] * 200})).passed
    assert verdict(tests, x=FRAME).passed
