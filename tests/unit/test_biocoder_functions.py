"""Every function of BioCoder's library: its variants, its hidden calls, and its references as solutions in their context."""

import ast
import json
import random
import string

import pytest

from data_prep.biocoder.cases import CALLS, cases, run
from data_prep.biocoder.library import CATEGORIES, modules
from data_prep.biocoder.specialise import solution
from galen.oracles.driver import MARKER, fault, outcome

EACH = [pytest.param(m, f, id=f"{m.name}-{f.name}") for m in modules() for f in m.functions]


@pytest.mark.parametrize(("module", "function"), EACH)
def test_a_function_says_what_its_variants_do(module, function):
    fields = [field for _, field, _, _ in string.Formatter().parse(function.says) if field]
    assert sorted(set(fields)) == sorted(function.options), "each option has a placeholder, each placeholder an option"
    for sentences in function.options.values():
        assert len(set(sentences.values())) == len(sentences) > 1
    texts = {function.specification(values) for values in function.variants()}
    assert len(texts) == len(function.variants()) >= 8
    assert module.category in CATEGORIES
    assert ast.parse(f"{function.signature}\n    pass")
    assert len(function.edges) <= CALLS // 2


@pytest.mark.parametrize(("module", "function"), EACH[::4])
def test_its_solutions_give_the_references_outcomes(module, function):
    rng = random.Random(function.name)
    for values in rng.sample(function.variants(), 4):
        calls, outcomes, told = cases(function, values, 5)
        assert len(set(calls)) == len(calls) == CALLS >= 20
        assert all(told.values()), "every neighbouring variant fails some call"
        assert len({json.dumps(o) for o in outcomes}) >= 4, "its outcomes vary"
        assert '{"object":' not in json.dumps(outcomes), "outcomes are data"
        assert {n for o in outcomes for n in o.get("raises", [])} <= {
            "ValueError",
            "Exception",
            "BaseException",
            "object",
        }
        text = solution(function.reference, values, module.source)
        assert not fault(text, function.name) and MARKER not in module.context
        assert not set(function.options) & {n.id for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Name)}
        namespace = {"__name__": "solution"}
        exec(module.context + "\n" + text, namespace)
        assert [outcome(namespace[function.name], json.loads(call)) for call in calls] == outcomes
        assert run(function, values, calls) == outcomes


def test_names_are_its_own():
    names = [function.name for module in modules() for function in module.functions]
    assert len(set(names)) == len(names)
