"""BioCoder's own Python functions (Tang et al. 2024), as its release has them or as MedAgentGym's JSONL does.

A row is a module with a place for the solution, and a `main` that calls the function with random arguments and prints.
One case is no test, so `main` is run on several: seeds are replaced, and the placeholders of the release's fuzzer
(`<|int;range=2,5|>`, `<|string;length=8;type=alpha|>`) filled by its rules. The last case is the module as shipped. The
reference is run in the grader's jail; a row is refused where it does not run there, says two things on one case, or one
thing on all of them.
"""

from __future__ import annotations

import json
import random
import re
import string
from pathlib import Path
from typing import Any

from data_prep.biocoder.build import ACTIONS, ORACLE, program
from data_prep.published import Refusals, any_rows, split_of, text_of
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
PLACEHOLDER = re.compile(r"<\|(.*?)\|>", re.DOTALL)
WIDEST = 100_000  # of a number without a range
ALPHABETS = {  # of a text; what would end a literal is left out
    "ascii": string.ascii_letters, "alpha": string.ascii_lowercase, "alphanumeric": string.ascii_lowercase + string.digits,
    "alphanumeric_special": string.ascii_lowercase + string.digits + re.sub(r"[\"'\\]", "", string.punctuation),
    "alphanumeric_allcases": string.ascii_letters + string.digits,
}  # fmt: skip
QUOTES = {"double": '"', "single": "'"}
HUGGING_FACE = "lilbillbiscuit/biocoder_public on Hugging Face"


def read(file: Path) -> tuple[list[Pair], Refusals]:
    """The file's usable rows as tasks, and what was refused, which is printed.

    Raises:
        UserError: no rows of BioCoder (named by row and field), or no row is usable.
        JailError: the grader's jail failed.
    """
    pairs: list[Pair] = []
    account = Refusals(str(file))
    said: set[str] = set()
    for place, row in any_rows(file):
        if isinstance(row.get("golden"), dict):
            raise UserError(f"{file}: holds functions without the modules that call them; give {HUGGING_FACE}")
        if str(row.get("language") or "Python").lower() != "python":
            account.refuse(f"it is {row['language']}, and only Python is run", place)
            continue
        texts = {field: text_of(file, place, row, *names) for field, names in FIELDS.items()}
        why = "it says the same as an earlier row" if str(texts) in said else _usable(texts, place, pairs, file)
        said.add(str(texts))
        if why:
            account.refuse(why, place)
    account.used = len(pairs)
    account.close(pairs)
    return pairs, account


def _usable(texts: dict[str, str], place: str, pairs: list[Pair], file: Path) -> str:
    """Add the row's task to `pairs`, or say why it gives none."""
    named = re.search(r"def\s+(\w+)", texts["signature"]) or re.search(r"def\s+(\w+)", texts["solution"])
    if texts["context"].count(MARKER) != 1 or named is None:
        return "its module has no one place for the solution" if named else "its signature names no function"
    try:
        programs = [filled(texts["context"], case) for case in reversed(range(CASES))]
    except ValueError as error:
        return f"its module has a placeholder that the fuzzer does not fill: {error}"
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
    are filled in every case. ValueError for one that cannot be.
    """
    rng = random.Random(f"biocoder/published/{case}")
    if case:
        context = SEED.sub(lambda found: f"{found[1]}{rng.randrange(10**6)}{found[2]}", context)
    if not SEED.search(context) and "from __future__" not in context:
        context = f"{UNSEEDED.format(seed=rng.randrange(10**6))}\n{context}"
    return PLACEHOLDER.sub(lambda found: _drawn(rng, *found[1].split(";")), context)


def _drawn(rng: random.Random, kind: str, *options: str) -> str:
    """What the fuzzer writes in a placeholder's place: a literal, or bare letters where no quotes are asked for.

    Raises:
        ValueError: a kind or a number that it does not know.
    """
    given = {name.strip(): value.strip() for name, _, value in (option.partition("=") for option in options)}
    if kind == "bool":
        return rng.choice("10") if given.get("type") == "int" else str(rng.random() < 0.5)
    if kind == "string":
        letters = (
            given["custom"].split(",")
            if "custom" in given
            else ALPHABETS.get(given.get("type", ""), ALPHABETS["ascii"])
        )
        quote = QUOTES.get(given.get("quotes", "double"), "")
        return quote + "".join(rng.choice(letters) for _ in range(int(given.get("length", 10)))) + quote
    if kind not in ("int", "float"):
        raise ValueError(f"kind {kind!r}")
    low, high = map(float, given["range"].split(",")) if "range" in given else (-WIDEST, WIDEST)
    return str(rng.randint(int(low), int(high)) if kind == "int" else rng.uniform(low, high))


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
