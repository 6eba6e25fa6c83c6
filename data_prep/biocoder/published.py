"""BioCoder's own Python functions (Tang et al. 2024), as its release has them or as MedAgentGym's JSONL does.

A row is a module with a place for the solution, and a `main` that calls the function with random arguments and prints.
One case is no test, so `main` is run on several: seeds are replaced, and the placeholders of the release's fuzzer
(`<|int;range=2,5|>`, `<|string|>`) filled. The last case is the module as shipped. The reference is run in the grader's
jail; a row is refused where it does not run there, says two things on one case, or one thing on all of them.
"""

from __future__ import annotations

import json
import random
import re
import string
from pathlib import Path
from typing import Any

from data_prep.biocoder.build import ACTIONS, ORACLE, program
from data_prep.published import Refusals, json_rows, split_of, text_of
from galen.errors import UserError
from galen.oracles import jail
from galen.oracles.driver import MARKER
from galen.types import Gold, Privacy, Task, TaskPrompt

Pair = tuple[Task, Gold]
CASES = 20
FIELDS = {
    "problem": ("problem", "promptSummaryOnly"), "solution": ("solution", "goldenCode"), "context": ("context", "contextCode"),
    "signature": ("signature",),
}  # fmt: skip
CONTRACT = (
    "the source text of the function; the module's main() is run with hidden random seeds and arguments, and what it "
    "prints is compared"
)
SEED = re.compile(r"(\brandom\.seed\()\s*\d+\s*(\))")
UNSEEDED = "import numpy, random; random.seed({seed}); numpy.random.seed({seed})"
PLACEHOLDER = re.compile(r"<\|(\w+)((?:;[^|]*)?)\|>")
NUMBERS = {"int": (-100, 100), "float": (-100.0, 100.0)}


def read(file: Path) -> tuple[list[Pair], Refusals]:
    """The file's usable rows as tasks, and what was refused, which is printed.

    Raises:
        UserError: no JSON of BioCoder (named by row and field), or no row is usable.
        JailError: the grader's jail failed.
    """
    pairs: list[Pair] = []
    account = Refusals(str(file))
    said: set[str] = set()
    for place, row in json_rows(file):
        if row.get("language", "Python").lower() != "python":
            account.refuse(f"it is {row['language']}, and only Python is run", place)
            continue
        texts = {field: text_of(file, place, row, *names) for field, names in FIELDS.items()}
        why = "it says the same as an earlier row" if str(texts) in said else _usable(texts, place, pairs, file)
        said.add(str(texts))
        if why:
            account.refuse(why, place)
    account.used = len(pairs)
    print(account.report())
    if not pairs:
        raise UserError(f"{file}: no row is usable; the reasons are above")
    return pairs, account


def _usable(texts: dict[str, str], place: str, pairs: list[Pair], file: Path) -> str:
    """Add the row's task to `pairs`, or say why it gives none."""
    named = re.search(r"def\s+(\w+)", texts["signature"]) or re.search(r"def\s+(\w+)", texts["solution"])
    if texts["context"].count(MARKER) != 1 or named is None:
        return "its module has no one place for the solution" if named else "its signature names no function"
    programs = [filled(texts["context"], case) for case in reversed(range(CASES))]
    asked = {"text": texts["solution"], "name": named[1], "programs": programs}
    first, second = (_outcomes(asked) for _ in range(2))
    if isinstance(first, str):
        return f"its reference does not run: {first}"
    if first != second:
        return "its reference prints two things on one case"
    if len({json.dumps(outcome) for outcome in first}) == 1:
        return f"its reference prints the same on all {CASES} cases"
    pairs.append(_pair(texts, place, file, {"name": named[1], "programs": programs, "outcomes": first}))
    return ""


def _outcomes(asked: dict[str, Any]) -> list[dict[str, Any]] | str:
    """What the reference prints of each case, or why it does not."""
    written, why = jail.run(json.dumps(asked))
    try:
        report = json.loads(written)
    except ValueError:
        return why
    if "fault" in report:
        return str(report["fault"])
    for outcome in report["outcomes"]:
        if "raises" in outcome:
            return f"{outcome['raises'][0]}: {outcome['message'][:80]}"
        if not outcome["printed"].strip():
            return "it prints nothing"
    return report["outcomes"]


def filled(context: str, case: int) -> str:
    """The module of one case: case 0 keeps its seeds, others have other ones; one that sets none gets one, and placeholders
    are filled in every case.
    """
    rng = random.Random(f"biocoder/published/{case}")
    if case:
        context = SEED.sub(lambda found: f"{found[1]}{rng.randrange(10**6)}{found[2]}", context)
    if not SEED.search(context) and "from __future__" not in context:
        context = f"{UNSEEDED.format(seed=rng.randrange(10**6))}\n{context}"
    return PLACEHOLDER.sub(lambda found: repr(_drawn(rng, found[1], found[2])), context)


def _drawn(rng: random.Random, kind: str, options: str) -> Any:
    limits = re.search(r"range=(-?[\d.]+),(-?[\d.]+)", options)
    if kind in NUMBERS:
        low, high = (float(limits[1]), float(limits[2])) if limits else NUMBERS[kind]
        return rng.randint(int(low), int(high)) if kind == "int" else rng.uniform(low, high)
    if kind == "bool":
        return rng.random() < 0.5
    length = rng.randint(int(float(limits[1])), int(float(limits[2]))) if limits else rng.randint(3, 10)
    return "".join(rng.choice(string.ascii_letters) for _ in range(length))


def _pair(texts: dict[str, str], place: str, file: Path, gold: dict[str, Any]) -> Pair:
    split = split_of(file)
    id_ = f"biocoder/{split}-published/{place.removeprefix('row ')}"
    task = Task(
        id=id_, family="biocoder", category="published", split=split, cluster=f"function {gold['name']}",
        prompt=TaskPrompt(
            question=f"{texts['signature']}\n\n{texts['problem']}", documents=(texts["context"],), contract=CONTRACT
        ),
        actions=ACTIONS, answer_type="function", oracle=ORACLE, privacy=Privacy.NONE,
        metadata={"function": gold["name"], "source": file.name},
    )  # fmt: skip
    return task, Gold(id=id_, answer=gold, solution=program(texts["solution"]), lang="python")
