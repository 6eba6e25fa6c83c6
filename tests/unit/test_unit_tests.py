"""Functions as submissions: they run in the grader's own jail, and only what comes out is compared."""

import json
import math
from dataclasses import replace

import pytest

from galen.errors import GalenError, SandboxError
from galen.oracles import driver, jail, judge
from galen.oracles.grader import Grader
from galen.oracles.unit_tests import equal, same, same_text
from galen.tasks.store import write_tasks
from galen.types import ActionKind, Gold, OracleSpec, Owner, Privacy, Task, TaskPrompt

SPEC = OracleSpec(kind="unit_tests")
CONTEXT = f"import math\n\n\ndef half(x):\n    return x / 2\n\n\n{driver.MARKER}\n"
RIGHT = "def f(xs):\n    if not xs:\n        raise ValueError('none')\n    return {'mean': sum(xs) / len(xs), 'half': half(xs[0])}"
CALLS = ["[[]]", "[[1]]", "[[1, 2, 4]]", "[[0.1, 0.2]]"]
GOLD = {
    "context": CONTEXT, "name": "f", "calls": CALLS,
    "outcomes": [
        {"raises": ["ValueError", "Exception", "BaseException", "object"]},
        *({"value": driver.encode({"mean": sum(x) / len(x), "half": x[0] / 2})} for x in ([1], [1, 2, 4], [0.1, 0.2])),
    ],
}  # fmt: skip


def test_a_right_function_passes_and_says_how_many_calls():
    verdict = judge(SPEC, RIGHT, GOLD)
    assert (verdict.reward, verdict.passed, verdict.checks) == (1.0, True, {"calls": 4, "right": 4, "fault": ""})


@pytest.mark.parametrize(
    "text",
    [
        "from __future__ import annotations\nimport numpy as np\nSCALE = 1.0\n" + RIGHT,
        '"""Mine."""\ndef helper(x):\n    return x\n\n\n' + RIGHT,
        RIGHT.replace("return {", "print('debug'); return {"),
        RIGHT.replace("return {", "xs2 = list(xs); xs.clear(); xs = xs2\n    return {"),
        RIGHT.replace("sum(xs)", "float(sum(xs)) * (1 + 1e-9)"),
        RIGHT.replace("ValueError", "UnicodeError"),
        RIGHT.replace("len(xs)", "__import__('numpy').float64(len(xs))"),
    ],
)
def test_what_may_differ(text):
    assert judge(SPEC, text, GOLD).passed


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "nothing handed in"),
        ("def f(xs:", "ended without a report"),
        ("x = 1", "defines f 0 times"),
        (f"def f(xs):\n    return 1\n\n\n{RIGHT}", "defines f 2 times"),
        (f"{RIGHT}\n\n\nprint(f([1]))", "line 7: neither an import"),
        (f"1\n2\n{RIGHT}", "line 1: neither an import"),
        ("def f(xs):\n    import os\n    os._exit(0)", "ended without a report"),
        ("import os\nclass Now:\n    os._exit(0)\ndef f(xs):\n    return 1", "ended without a report"),
        ("def f(xs):\n    raise SystemExit(0)", "ended without a report"),
        ("def f(xs):\n    import os, signal\n    os.kill(os.getppid(), 9)\n    os.kill(-1, 9)", ""),
        ("def f(xs):\n    return 'x' * 10_000_000", "ended without a report"),
        ("[" * 100_000, "ended without a report"),
        (f"{'x' * 300_000} = 1", "defines f 0 times"),
    ],
)
def test_what_ends_badly_fails_and_harms_nobody(text, fault):
    verdict = judge(SPEC, text, GOLD)
    assert (verdict.reward, verdict.passed) == (0.0, False) and fault in verdict.checks["fault"]
    assert judge(SPEC, RIGHT, GOLD).passed


@pytest.mark.parametrize(
    ("loop", "spent"), [("while True:\n        pass", "cpu_s"), ("import time; time.sleep(99)", "wall")]
)
def test_what_does_not_end_fails(monkeypatch, loop, spent):
    monkeypatch.setattr(jail, "SPEC", replace(jail.SPEC, cpu_s=0.5))
    monkeypatch.setattr(jail, "WALL_S", 2.0 if spent == "wall" else 20.0)
    verdict = judge(SPEC, f"def f(xs):\n    {loop}", GOLD)
    assert (verdict.reward, verdict.checks["fault"]) == (0.0, "took too long")


@pytest.mark.parametrize(
    "text",
    [
        RIGHT.replace("if not xs", "if False"),
        RIGHT.replace("ValueError", "KeyError"),
        RIGHT.replace("sum(xs)", "sum(xs) * (1 + 1e-5)"),
        "class A(str):\n    def __eq__(self, other):\n        return True\n    def __hash__(self):\n        return 0\ndef f(xs):\n    return A()",
        "class All(ValueError, KeyError):\n    pass\ndef f(xs):\n    raise All",
        "import json\ndef f(xs):\n    json.dumps = json.dump = lambda *a, **k: '{}'\n    return None",
        "import sys\ndef f(xs):\n    frame = sys._getframe()\n    while frame:\n        if 'outcomes' in frame.f_locals or 'gold' in frame.f_locals:\n            return frame.f_locals\n        frame = frame.f_back",
        "def f(xs):\n    xs.append(1)\n    return xs",
        'import os\ndef f(xs):\n    for fd in range(64):\n        try:\n            os.write(fd, b\'{"outcomes": [{}, {}, {}, {}], "passed": true}\')\n        except OSError:\n            pass',
    ],
)
def test_what_is_wrong_fails(text):
    verdict = judge(SPEC, text, GOLD)
    assert (verdict.reward, verdict.passed) == (0.0, False)


@pytest.mark.parametrize(
    ("mine", "theirs", "agree"),
    [
        (1.0, 1, True), (1, 1.0, True), (1 + 1e-7, 1.0, True), (1 + 1e-7, 1, False), (1 + 1e-5, 1.0, False), (1e-10, 0.0, True),
        (True, 1, False), (1, True, False), ("1", 1, False), (None, 0, False), (10**400, 1.0, False), ([1, 2], [2, 1], False),
        ([1], [1, 2], False), ({"a": 1, 2: [3]}, {2: (3,), "a": 1}, True), ({1, 2}, {2, 1}, True), (math.nan, math.nan, True),
        (math.inf, -math.inf, False), ("nan", math.nan, False), (object(), None, False),
    ],
)  # fmt: skip
def test_values_are_equal_as_data(mine, theirs, agree):
    mine, theirs = (json.loads(json.dumps(driver.encode(value))) for value in (mine, theirs))
    assert equal(mine, theirs) is agree
    assert same({"value": mine}, {"value": theirs}) is agree
    assert not same({"value": mine}, {"raises": ["ValueError"]}) and not same(mine, {"value": theirs})


@pytest.mark.parametrize(
    ("mine", "theirs", "agree"),
    [
        ("0.3333333333\n", "0.33333334", True), ("[1. 2.5]", "[1.0 2.5 ]", True), ("1e-3 x", "0.001 x", True), ("0.334", "0.333", False),
        ("3", "4", False), ("3.0", "3", False), ("a 1.0", "b 1.0", False), ("1.0 2.0", "1.0", False), ("9" * 10_000, "1.0", False),
    ],
)  # fmt: skip
def test_printed_texts_may_differ_in_the_last_digits_of_floats(mine, theirs, agree):
    assert same_text(mine, theirs) is agree


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "resources").mkdir()
    task = Task(
        id="biocoder/1", family="biocoder", category="sequences", split="test", cluster="f",
        prompt=TaskPrompt(question="", contract=""), actions=(ActionKind.SUBMIT,), answer_type="function", oracle=SPEC,
        privacy=Privacy.NONE,
    )  # fmt: skip
    write_tasks(tmp_path, [(task, Gold(id=task.id, answer=GOLD, solution=RIGHT, lang="python"))], seed=0, source="")
    return tmp_path, task


def test_a_grader_process_has_its_own_jail_and_survives(folder):
    data, task = folder
    grader = Grader(data)
    forged = "import os\ndef f(xs):\n    for fd in range(3, 64):\n        try:\n            os.write(fd, b'{\"reward\": 1.0}\\n')\n        except OSError:\n            pass"
    assert [
        grader.grade(task, text).reward for text in (RIGHT, forged, "def f(xs):\n    import os; os.kill(1, 9)", RIGHT)
    ] == [1, 0, 0, 1]
    grader.close()


def test_a_jail_that_fails_is_the_harness_fault_and_no_reward(monkeypatch, folder):
    """Law 3: nothing that the candidate has not done costs it reward."""

    class Broken:
        def create(self, spec):
            raise SandboxError("no process left")

    monkeypatch.setattr(jail, "_backend", Broken)
    with pytest.raises(GalenError, match="jail failed: no process left") as failed:
        judge(SPEC, RIGHT, GOLD)
    assert failed.value.owner is Owner.HARNESS
