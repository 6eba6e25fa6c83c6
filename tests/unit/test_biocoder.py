"""BioCoder: the splits of its function library, what the agent is shown, solutions, and the released rule."""

import ast
import contextlib
import io
import json
import random
from collections import Counter

import pytest

from data_prep import biocoder
from data_prep.biocoder.build import HELD_OUT, dealt, functions
from data_prep.biocoder.cases import cases, run
from data_prep.biocoder.function import Function
from data_prep.biocoder.library import CATEGORIES, modules
from data_prep.biocoder.specialise import solution
from data_prep.build import build
from data_prep.settings import DataSettings, NoteSize
from galen.agent.loop import Setting
from galen.oracles import judge
from galen.oracles.driver import MARKER, outcome
from galen.oracles.grader import Grader
from galen.oracles.paper import paper_oracle
from galen.policy.scripted import ScriptedPolicy
from galen.proofs.cheats import CheatPolicy
from galen.proofs.wrong import wrong_functions
from galen.rollout.sampler import Sampler
from galen.tasks import biocoder as family
from galen.tasks.store import GoldStore, read_tasks


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return list(biocoder.build(tmp_path_factory.mktemp("resources"), 16, 16, 7, n_valid=8))


def test_eight_categories_have_a_library_of_their_own():
    each = Counter(module.category for module in modules() for _ in module.functions)
    assert set(each) == set(CATEGORIES) and len(CATEGORIES) == 8
    assert min(each.values()) >= 19 and sum(each.values()) >= 150
    variants = {split: len(dealt(split, random.Random(0))) for split in ("train", "valid", "test")}
    assert variants["train"] >= 931 and variants["valid"] >= 50 and variants["test"] >= 157, "the paper's counts"


def test_splits_share_no_function_and_tests_no_context():
    named = {split: {f.name for _, f in functions(split)} for split in ("train", "valid", "test")}
    assert not named["train"] & named["test"] and not named["train"] & named["valid"]
    contexts = {split: {m.context for m, _ in functions(split)} for split in ("train", "valid", "test")}
    assert not contexts["test"] & (contexts["train"] | contexts["valid"])
    held = {m.name: m.category for m in modules() if m.name in HELD_OUT}
    assert len(held) == len(HELD_OUT) == 8 and set(held.values()) == set(CATEGORIES)


def test_instances_vary_the_specification(made):
    assert len({task.prompt.question for task, _ in made}) == len(made)
    assert Counter(task.split for task, _ in made) == {"train": 16, "valid": 8, "test": 16}
    assert {task.category for task, _ in made if task.split == "test"} == set(CATEGORIES)
    for task, gold in made:
        assert len(gold.answer["calls"]) == len(gold.answer["outcomes"]) == 24
        assert task.cluster == f"function {gold.answer['name']}" and gold.answer["context"] == task.prompt.documents[0]


def test_the_agent_sees_the_context_and_never_the_gold(made):
    """The release showed the problem and the signature alone."""
    for task, gold in made:
        for profile in ("full", "compact"):
            said = "\n".join(message.content for message in family.pose(task, profile))
            assert (
                task.prompt.documents[0] in said and task.prompt.question in said and said.count(f"\n{MARKER}\n") == 1
            )
            assert f"def {gold.answer['name']}(" in said
            text = gold.solution.split("r'''\n")[-1]
            assert text not in said and json.dumps(gold.answer["outcomes"]) not in said and "twin" not in said
        system, user = family.pose(task, "full")
        assert "exactly once" in system.content and "1e-6" in system.content and "two seconds" in system.content
        assert task.resources[0].mount in system.content and task.prompt.contract in user.content


def test_the_twin_is_nearly_right_and_fails(made):
    for task, gold in made[::10]:
        verdict = judge(task.oracle, gold.answer["twin"], gold.answer)
        assert verdict.reward == 0.0 and 0 <= verdict.checks["right"] < 24 and not verdict.checks["fault"]


def test_wrong_functions_are_wrong(made):
    task, gold = made[0]
    right = solution_of(gold)
    assert judge(task.oracle, right, gold.answer).passed
    for kind, text in wrong_functions(right, gold.answer["name"]).items():
        assert judge(task.oracle, text, gold.answer).reward == 0.0, kind


def solution_of(gold):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(gold.solution, {})
    return out.getvalue().strip()


def test_the_same_seed_gives_the_same_tasks(tmp_path):
    folders = [tmp_path / str(i) for i in range(3)]
    for folder in folders:
        folder.mkdir()
    same = [
        [(t.content_hash, g) for t, g in biocoder.build(folder, 3, 3, seed, n_valid=0)]
        for folder, seed in zip(folders, (1, 1, 2), strict=True)
    ]
    assert same[0] == same[1] != same[2]


def sample(x: list[int], *, mode: str, base: int, strict: bool) -> list[int]:
    if strict and not x:
        raise ValueError("empty")
    if mode == "sum":
        return [sum(x) + base]
    elif mode in ("max", "most"):
        return [max(x) if strict or x else base]
    for i in x if not strict else sorted(x):
        x = [i, *x] if base and not strict else x
    return [y for y in x if strict or y > base] or [base or 0]


SAMPLE = Function(
    sample, "Do {mode} from {base}{strict}.",
    {"mode": {"sum": "a", "max": "b", "all": "c"}, "base": {0: "0", 5: "5"}, "strict": {True: "!", False: ""}},
    (([],),), lambda rng: ([rng.randint(0, 9) for _ in range(4)],),
)  # fmt: skip


def test_a_solution_has_no_trace_of_other_variants():
    texts = set()
    for values in SAMPLE.variants():
        text = solution(sample, values, "")
        tree = ast.parse(text)
        assert not {"mode", "base", "strict"} & {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        assert [arg.arg for arg in tree.body[0].args.args] == ["x"] and not tree.body[0].args.kwonlyargs
        space: dict = {}
        exec(text, space)
        calls = ["[[]]", "[[3, 1, 9]]", "[[7]]"]
        outcomes = run(SAMPLE, values, calls)
        assert [driver_outcome(space["sample"], call) for call in calls] == outcomes
        texts.add(text)
    assert "if" not in solution(sample, {"mode": "sum", "base": 0, "strict": False}, "")
    assert SAMPLE.signature == "def sample(x: list[int]) -> list[int]:" and len(texts) >= 10


def driver_outcome(function, call):
    return outcome(function, json.loads(call))


def test_an_option_that_makes_no_difference_is_refused():
    idle = Function(
        sample, "{mode}", {"mode": {"max": "b", "most": "c"}, "base": {0: ""}, "strict": {True: ""}}, (), SAMPLE.draw
    )
    with pytest.raises(ValueError, match="is not to be told from"):
        cases(idle, {"mode": "max", "base": 0, "strict": True}, 0)


def test_the_released_rule_ran_one_case_and_compared_letters(made):
    def one(gold):
        value = gold["outcomes"][-1].get("value")
        return isinstance(value, int | float | str) and not isinstance(value, bool)

    task, gold = next((task, gold) for task, gold in made if one(gold.answer))
    value = gold.answer["outcomes"][-1]["value"]
    constant = f"def {gold.answer['name']}(*given):\n    return {value!r}"
    assert (
        paper_oracle("biocoder", [f"{value}\n"], gold.answer).passed
        and not judge(task.oracle, constant, gold.answer).passed
    )
    assert not paper_oracle("biocoder", [f"{value} \n"], gold.answer).passed, "a space more"
    third = {"context": f"{MARKER}\n", "name": "f", "calls": ["[3]"], "outcomes": [{"value": 1 / 3}]}
    near = "def f(n):\n    return round(1 / n, 9)"
    assert (
        not paper_oracle("biocoder", [f"{round(1 / 3, 9)}\n"], third).passed and judge(task.oracle, near, third).passed
    )


def test_a_traceback_as_the_released_answer_is_never_matched(made):
    """Its gold was whatever the reference printed, errors too; with a path of its own in them nothing could match it."""
    raised = {"outcomes": [{"raises": ["ModuleNotFoundError", "Exception"]}]}
    assert not paper_oracle("biocoder", ["Traceback (most recent call last): /tmp/x1.py"], raised).passed


def test_an_episode_hands_in_a_function_and_is_graded(tmp_path, template, backend):
    """Real parts: the agent loop, the sandbox with the module in it, and a grader process with a jail of its own."""
    data = tmp_path / "gym"
    build(data, 0, DataSettings(patients=20, biocoder=NoteSize(train=2, valid=0, test=1)))
    [task] = read_tasks(data, "biocoder", "test")
    gold, grader = GoldStore(data), Grader(data)
    module, mount = task.metadata["module"], task.resources[0].mount
    look = f"```python\nimport sys\nsys.path.insert(0, {mount.rpartition('/')[0]!r})\nimport {module}\nprint({module}.__doc__)\n```"
    sampler = Sampler(Setting(data, template, backend, "full", 100_000, 100_000, 0.0), grader, 1)
    facts = {task.id: {}}
    teacher = ScriptedPolicy(lambda _: gold.get(task), template, slip=0.0, wrong=0.0)
    curious = CheatPolicy("looks", [look, "```submit\n@last\n```"], facts, template)
    right, wrong = (sampler.sample([task], policy)[0].episodes[0] for policy in (teacher, curious))
    grader.close()
    assert right.success and right.verdict.checks == {"calls": 24, "right": 24, "fault": ""}
    assert (
        wrong.reward == 0.0
        and task.prompt.documents[0].splitlines()[0].strip('"')[:20] in wrong.turns[0].observation.text
    )
