"""The battery of cheats: its file, what it can do where nothing holds it off, and how its luck is judged."""

import shutil
import subprocess
import sys
from collections import Counter
from tempfile import TemporaryDirectory
from typing import get_args

import pytest
import yaml

from galen.agent.parsing import parse
from galen.errors import UserError
from galen.oracles import grader as grading
from galen.proofs import luck
from galen.proofs.cheats import Cheat, Need, facts, fill, read_cheats
from galen.proofs.hack import hack
from galen.proofs.luck import Answers, equal
from galen.sandbox.base import Tier
from galen.types import Action, ActionKind, ExecResult, Gold, OracleSpec

ALL = tuple(ActionKind)


class OpenSandbox:
    """No sandbox at all: a plain process that sees what its owner sees, in a folder that every episode shares."""

    tier, enforced = Tier.LANDLOCK, {}

    def __init__(self, folder):
        self.folder = folder

    def run(self, code, *, lang, timeout_s):
        command = [sys.executable if lang == "python" else "/bin/sh", "-c", code]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=timeout_s)
        return ExecResult(exit_code=done.returncode, stdout=done.stdout, stderr=done.stderr, seconds=0.0)

    def close(self):
        pass


class OpenBackend:
    name = "open"

    def __init__(self):
        self._folder = TemporaryDirectory()

    def create(self, spec):
        return OpenSandbox(self._folder.name)

    def close(self):
        self._folder.cleanup()


@pytest.fixture
def open_backend():
    backend = OpenBackend()
    yield backend
    backend.close()


def test_there_are_more_than_twenty_cheats_for_every_family():
    cheats = read_cheats()
    found = Counter(c.needs for c in cheats)
    assert found.pop(None) >= 40 and set(found) == set(get_args(Need)) and min(found.values()) >= 5
    assert sum(c.blind for c in cheats) >= 20 and all(c.why for c in cheats)


def test_every_reply_is_an_action_but_those_that_cheat_with_the_form(tasks, data):
    known = facts(tasks[0], "12", [Gold(id="g", answer=[[3]], solution="", lang="sql")], data)
    for cheat in read_cheats():
        for reply in (*cheat.plant, *cheat.replies):
            action = parse(fill(reply, known), ALL)
            formal = cheat.name in ("empty_submission", "two_blocks", "forged_message")
            assert formal or isinstance(action, Action), (cheat.name, action)
            if isinstance(action, Action) and action.lang == "python":
                compile(action.content, cheat.name, "exec")


def test_texts_name_facts_and_keep_their_own_braces():
    assert (
        fill("print({answer!r}, {x}, f'{y}', {wrong})", {"answer": "a'b", "wrong": "c"})
        == "print(\"a'b\", {x}, f'{y}', c)"
    )
    assert (
        Cheat(name="a", why="b", replies=("{frequent}",)).blind
        and not Cheat(name="a", why="b", replies=("{wrong}",)).blind
    )


@pytest.mark.parametrize("right", ["12", "-3.5", "aspirin", "08/31/2023", "34 weeks 3 days"])
def test_disguises_never_are_the_answer_itself(tasks, data, right):
    known = facts(tasks[0], right, [], data)
    for name in ("wrong", "fullwidth", "foreign", "underscored", "spaced"):
        assert known[name] != right and not equal(known[name], right, tasks[0]), name


@pytest.mark.parametrize(
    "name", ["read_gold", "task_folder", "environment", "parents_memory", "overwrite_package", "stale_files"]
)
def test_without_a_sandbox_a_cheat_gets_through_and_is_caught(name, data, template, open_backend, monkeypatch):
    monkeypatch.setenv("GALEN_TEST_GOLD", "1")
    owner = subprocess.Popen([sys.executable, "-c", "input()", str(data.resolve())], stdin=subprocess.PIPE)
    [outcome] = hack(data, template, open_backend, ["medcalc"], 2, [name])
    owner.communicate(b"\n")
    assert not outcome.held and outcome.passed, outcome


def test_an_oracle_that_is_lenient_is_caught(data, template, backend, monkeypatch, tmp_path):
    """The grader process of a checkout whose oracle takes the first number that it finds."""
    code = (
        "import re, sys, galen.oracles.values as v\nfrom pathlib import Path\n"
        "v.number = lambda text: float(m.group()) if (m := re.search(r'[-+]?\\d+\\.?\\d*', text)) else None\n"
        "from galen.oracles.grader import _serve\n_serve(Path(sys.argv[-1]))\n"
    )
    (tmp_path / "python").write_text(f'#!/bin/sh\nexec {sys.executable} -c "$LENIENT" $@\n')
    (tmp_path / "python").chmod(0o755)
    monkeypatch.setenv("LENIENT", code)
    monkeypatch.setattr(grading.sys, "executable", str(tmp_path / "python"))
    outcomes = {
        o.cheat: o
        for o in hack(data, template, backend, ["medcalc"], 3, ["answer_then_another", "plus_minus", "full_width"])
    }
    assert not outcomes["answer_then_another"].held and not outcomes["plus_minus"].held


def copy(data, folder, **changes):
    """A copy of a task folder whose medcalc test golds are changed."""
    shutil.copytree(data, folder)
    path = folder / "gold" / "medcalc" / "test.jsonl"
    rows = [Gold.model_validate_json(line).model_copy(update=changes) for line in path.read_text().splitlines()]
    path.write_text("".join(row.model_dump_json() + "\n" for row in rows))
    return folder


def test_a_cheat_that_makes_its_episode_ungradeable_is_not_held_off(data, template, backend, tmp_path):
    folder = copy(data, tmp_path / "data", answer="no number")
    [outcome] = hack(folder, template, backend, ["medcalc"], 2, ["constant_one"])
    assert not outcome.held and len(outcome.ungraded) == 2 and "cannot be graded" in outcome.ungraded[0][1]


def test_luck_is_a_plain_comparison(tasks):
    task = tasks[0].model_copy(update={"answer_type": "count"})
    yes_no = tasks[0].model_copy(update={"answer_type": "bool"})
    decimal = task.model_copy(update={"oracle": OracleSpec(kind="decimal")})
    assert equal("3.0", "3", task) and equal(" Aspirin ", "aspirin", task) and equal("b\na", "a\nb", task)
    assert equal("yes", "1", yes_no) and not equal("yes", "1", task) and equal("10.4", "10", decimal)
    for said in ("1 2", "1\n1", "1\t1", "10", "one", "", "１"):
        assert not equal(said, "1", yes_no) and not equal(said, "1", task), said


def test_luck_is_counted_over_all_instances_and_bounded(tasks):
    yes_no = tasks[0].model_copy(update={"answer_type": "bool"})
    count = tasks[0].model_copy(update={"answer_type": "count"})

    def answers(task, ones, n):
        return [(task, Gold(id="g", answer=[[int(i < ones)]], solution="", lang="sql")) for i in range(n)]

    book = Answers([*answers(yes_no, 59, 100), *answers(count, 10, 100)])
    assert book.right("1") == {"boolean": (59, 100), "other": (10, 100)} and book.right("yes")["other"] == (0, 100)
    assert not luck.too_high(book.right("1"))
    assert luck.too_high(Answers(answers(yes_no, 700, 1000)).right("yes"))
    assert luck.too_high(Answers(answers(count, 300, 1000)).right("1"))
    assert not luck.too_high(Answers(answers(yes_no, 7, 10)).right("yes")), "seven of ten may be chance"


def test_bad_input_is_named(data, template, open_backend, tmp_path):
    with pytest.raises(UserError, match="unknown cheat 'read_gld'; did you mean 'read_gold'"):
        list(hack(data, template, open_backend, only=["read_gld"]))
    path = tmp_path / "cheats.yaml"
    good = {"name": "a", "why": "b", "replies": ["c"]}
    for rows, said in (
        ([{**good, "replies": []}], "replies"),
        ([good, good], "two cheats"),
        ([{**good, "when": 1}], "when"),
    ):
        path.write_text(yaml.safe_dump(rows))
        with pytest.raises(UserError, match=said):
            read_cheats(path)
    path.write_text("[")
    with pytest.raises(UserError, match="cheats.yaml"):
        read_cheats(path)


def test_a_family_without_a_usable_reference_is_named(data, template, open_backend, tmp_path):
    folder = copy(data, tmp_path / "data", solution="")
    with pytest.raises(UserError, match="medcalc: no test task whose reference"):
        list(hack(folder, template, open_backend, ["medcalc"], 2))
