"""Generated BioCoder tasks: a function of the library and a variant of its behaviour; gold are hidden calls and outcomes.

The test split has modules of its own (`HELD_OUT`, one a category): neither their functions nor their contexts are trained
on. The validation split has functions of its own.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from data_prep.biocoder.cases import cases
from data_prep.biocoder.function import Function, Values
from data_prep.biocoder.library import CATEGORIES, Module, modules
from data_prep.biocoder.specialise import solution
from galen.oracles.driver import MARKER
from galen.types import ActionKind, Gold, OracleSpec, Privacy, Resource, Task, TaskPrompt

Split = Literal["train", "valid", "test"]
Asked = tuple[Module, Function, Values]
ACTIONS = (ActionKind.CODE_EXECUTION, ActionKind.TERMINAL, ActionKind.DEBUGGING, ActionKind.SUBMIT)
ORACLE = OracleSpec(kind="unit_tests")
CONTRACT = "the source text of the function, which is run on hidden calls"
HELD_OUT = ("proteins", "multiple", "regions", "parsimony", "outbreaks", "structures", "survival", "measure")


def build(resources: Path, n_train: int, n_test: int, seed: int, *, n_valid: int) -> Iterator[tuple[Task, Gold]]:
    """Tasks with gold; their contexts are written below `resources`.

    Raises:
        ValueError: more tasks are wanted of a split than there are variants.
    """
    folder = resources / "biocoder"
    folder.mkdir()
    for module in modules():
        (folder / f"{module.name}.py").write_text(module.context)
    wanted: tuple[tuple[Split, int], ...] = (("train", n_train), ("valid", n_valid), ("test", n_test))
    for split, n in wanted:
        found = dealt(split, random.Random(f"biocoder/{seed}/{split}"))
        if n > len(found):
            raise ValueError(f"biocoder: {split} has {len(found)} variants, {n} are wanted")
        for index, (module, function, values) in enumerate(found[:n]):
            yield _pair(split, index, module, function, values, seed)


def dealt(split: Split, rng: random.Random) -> list[Asked]:
    """All variants of a split's functions: a function's come in random order, functions take turns, and so do categories."""
    hands: dict[str, list[list[Asked]]] = {category: [] for category in CATEGORIES}
    for module, function in functions(split):
        variants = function.variants()
        hands[module.category].append([(module, function, v) for v in rng.sample(variants, len(variants))])
    return _turns([_turns(rng.sample(hand, len(hand))) for hand in hands.values()])


def functions(split: Split) -> list[tuple[Module, Function]]:
    """The functions of a split: those of held-out modules are tests, and each category's last other one is for validation."""
    found = []
    for category in CATEGORIES:
        own = [m for m in modules() if m.category == category]
        train = [(m, f) for m in own if m.name not in HELD_OUT for f in m.functions]
        test = [(m, f) for m in own if m.name in HELD_OUT for f in m.functions]
        found += {"train": train[:-1], "valid": train[-1:], "test": test}[split]
    return found


def _turns(hands: Sequence[list[Asked]]) -> list[Asked]:
    """The first of each hand, the second of each, and so on while there are any."""
    longest = max(map(len, hands), default=0)
    return [hand[i] for i in range(longest) for hand in hands if i < len(hand)]


def _pair(split: Split, index: int, module: Module, function: Function, values: Values, seed: int) -> tuple[Task, Gold]:
    id_ = f"biocoder/{split}-id/{index:06d}"
    path = f"{module.name}.py"
    calls, outcomes, told = cases(function, values, seed)
    twin = json.loads(min(told, key=lambda other: told[other]))
    context = f"{module.context}\n\n{MARKER}\n"
    task = Task(
        id=id_, family="biocoder", category=module.category, split=split, cluster=f"function {function.name}",
        prompt=TaskPrompt(
            question=f"{function.signature}\n\n{function.specification(values)}", documents=(context,), contract=CONTRACT
        ),
        resources=(Resource(kind="file", path=f"resources/biocoder/{path}", mount=f"/data/biocoder/{path}"),),
        actions=ACTIONS, answer_type="function", oracle=ORACLE, privacy=Privacy.NONE,
        metadata={"template": function.name, "module": module.name, "function": function.name, "slots": values},
    )  # fmt: skip
    gold = {"context": context, "name": function.name, "calls": calls, "outcomes": outcomes}
    texts = [solution(function.reference, v, module.source) for v in (values, twin)]
    return task, Gold(id=id_, answer=gold | {"twin": texts[1]}, solution=program(texts[0]), lang="python")


def program(text: str) -> str:
    """A program that hands in `text` by printing it."""
    quoted = repr(text) if "'''" in text or text.endswith("\\") else f"r'''\n{text}'''"
    return f"solution = {quoted}\nprint(solution.strip())"
