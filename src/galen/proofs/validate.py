"""Every oracle against its references, over every instance, without a model (law 4).

Of each instance: the reference solution gives the stored answer, its submission passes, and no submission, an empty one
and wrong ones fail. Each verdict is asked for twice, here and of a grader process, and must be the same.
"""

from __future__ import annotations

import atexit
import json
import math
import multiprocessing
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from galen.errors import GalenError
from galen.oracles import NONE, judge
from galen.oracles.fhir import KIND as FHIR
from galen.oracles.grader import Grader
from galen.oracles.predictions import KIND as PREDICTIONS
from galen.oracles.predictions import Form
from galen.proofs.reference import Computed, References
from galen.proofs.wrong import wrong_answers, wrong_functions
from galen.proofs.wrong_records import wrong_records
from galen.proofs.wrong_tables import wrong_tables
from galen.sandbox.choose import open_backend, plain
from galen.tasks.store import GoldStore, read_tasks, splits
from galen.types import Gold, Task, Verdict

CHUNK = 250
YES_NO = ("bool", "boolean")
YES = ("1", "true", "yes")
EMPTY = ("", "null", "none")


@dataclass
class Count:
    """What became of the instances of one family and split. `failures` are (task id, reason).

    Of the gold answers: how many are `empty`, how often each of those that are no yes or no occurs (`answers`), and how
    many of `booleans` are `yes`.
    """

    family: str
    split: str
    instances: int = 0
    no_solution: int = 0
    ungraded: int = 0
    passed: int = 0
    wrong: int = 0
    wrong_failed: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[str, str]] = field(default_factory=list)
    empty: int = 0
    booleans: int = 0
    yes: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def add(self, other: Count) -> None:
        for name in (
            "instances",
            "no_solution",
            "ungraded",
            "passed",
            "wrong",
            "wrong_failed",
            "empty",
            "booleans",
            "yes",
        ):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.kinds.update(other.kinds)
        self.answers.update(other.answers)
        self.failures += other.failures

    def see(self, task: Task, answer: Any) -> None:
        """Count a gold answer."""
        text = written(answer).strip()
        if is_boolean(task):
            self.booleans += 1
            self.yes += text.lower() in YES
        else:
            self.empty += text.lower() in EMPTY
            self.answers[text] += 1

    def row(self) -> dict[str, Any]:
        """For the table and JSON; `most` is the share of the instances that have the most frequent answer, yes and no aside."""
        most = max(self.answers.values(), default=0) / max(self.instances, 1)
        known = {k: v for k, v in asdict(self).items() if k != "answers"}
        return known | {
            "kinds": dict(self.kinds), "per_second": round(self.instances / max(self.seconds, 1e-9), 1), "most": round(most, 3)
        }  # fmt: skip


def validate(
    data: Path, families: Sequence[str] = (), sample: int | None = None, *, workers: int = 2, backend: str = "auto"
) -> Iterator[Count]:
    """One count a family and split, as they are done. `sample` instances of each; None is all.

    Raises:
        UserError: no task folder, an unknown family, a broken row, a missing database, no sandbox.
    """
    # Spawned: a process that has threads is not forked.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _start, (data, backend)) as pool:
        for family, split in splits(data, families):
            start = time.monotonic()
            count = Count(family, split)
            tasks = drawn(read_tasks(data, family, split), sample)
            gold = GoldStore(data)
            pairs = [(task, gold.find(task)) for task in tasks]
            for part in pool.map(_check, [pairs[i : i + CHUNK] for i in range(0, len(pairs), CHUNK)]):
                count.add(part)
            count.seconds = round(time.monotonic() - start, 2)
            yield count


def drawn(tasks: list[Task], n: int | None) -> list[Task]:
    """`n` of `tasks` in their order, always the same ones; all where there are fewer."""
    if n is None or n >= len(tasks):
        return tasks
    # Not at even distances: templates take turns, and a distance can be a multiple of their number.
    return [tasks[i] for i in sorted(random.Random(n).sample(range(len(tasks)), n))]


class _Worker:
    """What a worker process keeps open."""

    def __init__(self, data: Path, backend: str) -> None:
        opened = open_backend(plain(backend), 1)
        self.references, self.grader = References(data, opened), Grader(data)
        atexit.register(opened.close)
        atexit.register(self.grader.close)


_worker: list[_Worker] = []


def _start(data: Path, backend: str) -> None:
    _worker.append(_Worker(data, backend))


def _check(pairs: list[tuple[Task, Gold | None]]) -> Count:
    """The count of some instances of one family and split, in a worker process."""
    [worker] = _worker
    count = Count("", "", instances=len(pairs))
    count.failures += [(task.id, "its gold file has no row for it") for task, gold in pairs if gold is None]
    known = [(task, gold) for task, gold in pairs if gold is not None]
    for task, gold in known:
        count.see(task, gold.answer)
    graded = [(task, gold) for task, gold in known if task.oracle.kind != NONE]
    count.ungraded = len(known) - len(graded)
    tries: list[_Try] = []
    for (task, gold), computed in zip(graded, worker.references.compute(graded), strict=True):
        if not gold.solution.strip():
            count.no_solution += 1
            computed = Computed(written(gold.answer))
        fault = computed.error or _other_rows(computed, gold)
        if fault:
            count.failures.append((task.id, f"its reference fails: {fault}"))
        else:
            tries += _tries(task, gold, computed.text)
    theirs = worker.grader.grade_all([(t.task, t.text) for t in tries])
    for one, there in zip(tries, theirs, strict=True):
        fault = _judged(one, there, count)
        if fault:
            count.failures.append((one.task.id, fault))
    return count


class _Try(NamedTuple):
    """One submission; `kind` is empty for the reference's, else how it is wrong."""

    task: Task
    gold: Gold
    right: str
    kind: str
    text: str | None


def _tries(task: Task, gold: Gold, right: str) -> list[_Try]:
    made = wrong_code(task, right, gold) if is_code(task) else wrong_answers(right, boolean=is_boolean(task))
    if task.oracle.kind == PREDICTIONS:
        made |= wrong_tables(right, Form.model_validate(task.oracle.params))
    if task.oracle.kind == FHIR:
        made |= wrong_records(right)
    wrong = {"no submission": None, "empty": "", **made}
    if not right.strip():
        del wrong["empty"]  # of a question whose right answer is nothing
    return [_Try(task, gold, right, kind, text) for kind, text in {"": right, **wrong}.items()]


def is_boolean(task: Task) -> bool:
    """Whether the answer is a yes or no."""
    return task.answer_type in YES_NO or bool(task.oracle.params.get("boolean"))


def is_code(task: Task) -> bool:
    """Whether the submission is a function's source text."""
    return task.oracle.kind == "unit_tests"


def wrong_code(task: Task, right: str, gold: Gold) -> dict[str, str]:
    """Wrong submissions for a function."""
    return wrong_functions(right, gold.answer["name"], gold.answer.get("twin", ""))


def _judged(one: _Try, there: Verdict | GalenError, count: Count) -> str:
    """What speaks against the oracle; nothing, and `count` is added to, where it held."""
    count.wrong += bool(one.kind)
    count.kinds[one.kind] += bool(one.kind)
    try:
        here = judge(one.task.oracle, one.text, one.gold.answer)
    except Exception as error:  # noqa: BLE001 - an oracle that raises has failed, whatever it raised
        return f"its oracle raises on {one.text!r:.80}: {type(error).__name__}: {error}"
    if isinstance(there, GalenError):
        return f"the grader cannot judge {one.text!r:.80}: {there}"
    if here != there:
        return f"two verdicts on {one.text!r:.80}: {here} and {there}"
    if not one.kind:
        # A table of predictions is right without being perfect.
        held = here.passed and (here.reward == 1.0 or here.oracle == PREDICTIONS)
        count.passed += held
        return "" if held else f"its reference {one.right!r:.120} fails: {here.checks}"
    if here.passed or here.reward != 0.0:
        return f"a wrong answer passes ({one.kind}): {one.text!r:.120} beside {one.right!r:.120}"
    count.wrong_failed += 1
    return ""


def _other_rows(computed: Computed, gold: Gold) -> str:
    """How SQL's rows differ from the stored answer."""
    if computed.rows is None or same_rows(computed.rows, gold.answer):
        return ""
    return f"it gives {computed.rows!s:.120}, the stored answer is {gold.answer!s:.120}"


def same_rows(rows: list[list[Any]], answer: Any) -> bool:
    """Whether SQL's rows are the stored answer (rows, one column of values, or one value), floats but for a hair."""
    if not isinstance(answer, list):
        answer = [[answer]]
    theirs = [row if isinstance(row, list) else [row] for row in answer]
    key = lambda row: [(value is None, str(type(value)), str(value)) for value in row]  # noqa: E731
    if len(rows) != len(theirs):
        return False
    pairs = zip(sorted(rows, key=key), sorted(theirs, key=key), strict=True)
    return all(len(a) == len(b) and all(map(_same, a, b)) for a, b in pairs)


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, int | float) and isinstance(b, int | float):
        return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)
    return a == b


def written(answer: Any) -> str:
    """A stored answer as a submission: rows one a line, cells by tabs; an answer with writes as JSON."""
    if isinstance(answer, dict) and "writes" in answer:
        return json.dumps({name: answer[name] for name in ("answer", "writes")}, ensure_ascii=False)
    if not isinstance(answer, list):
        return str(answer)
    if answer and not isinstance(answer[0], list):
        return "\t".join(map(str, answer))
    return "\n".join("\t".join("NULL" if v is None else str(v) for v in row) for row in answer)
