"""The scripted policy: a demonstrator that knows the reference solution, is right most of the time, and slips.

It is the teacher of the laptop road and the mock-free policy of tests. Everything follows from (task id, seed).
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from galen.errors import TaskError
from galen.policy.base import Context, Sample
from galen.policy.template import ChatTemplate
from galen.types import Gold

SLIP = 0.15  # errs where it will notice, asks for debugging, and mends it
WRONG = 0.08  # errs without noticing
COPY_CHARS = 24


class ScriptedPolicy:
    """`solution` gives the gold of a task id."""

    def __init__(
        self, solution: Callable[[str], Gold], template: ChatTemplate, slip: float = SLIP, wrong: float = WRONG
    ) -> None:
        self.name, self.local = f"scripted(slip={slip},wrong={wrong})", True
        self._solution, self._template, self._slip, self._wrong = solution, template, slip, wrong

    def generate(self, context: Context, *, max_tokens: int, temperature: float) -> Sample:
        """The next reply; ignores `temperature`."""
        text = self._reply(context)
        ids = self._template.reply_ids(text)
        truncated = len(ids) > max_tokens
        ids = ids[:max_tokens]
        return Sample(ids, [0.0] * len(ids), text, truncated, 0)

    def _reply(self, context: Context) -> str:
        gold = self._solution(context.task_id)
        if not gold.solution:
            raise TaskError(f"{context.task_id}: no reference solution to play; set `teacher` to a model's endpoint")
        rng = random.Random(f"{context.task_id}/{context.seed}")
        fate = rng.random()
        said = context.messages[-1].content if context.turn else ""
        last = context.messages[-2].content if context.turn else ""
        if context.turn == 0:
            if fate < self._slip:
                return block(gold.lang, misspell(rng, gold.solution, gold.lang))
            if fate < self._slip + self._wrong:
                return block(gold.lang, mistake(rng, gold.solution))
            return block(gold.lang, gold.solution)
        if "Error:" in said and not last.startswith("```debugging"):
            return block("debugging", "")
        if last.startswith("```debugging"):
            return block(gold.lang, gold.solution)
        if last.startswith("```submit"):  # and was told that it is wrong
            return block(gold.lang, gold.solution)
        rng.random()
        short = "\n" not in said and len(said) <= COPY_CHARS
        return block("submit", said if short and rng.random() < 0.5 else "@last")


def block(name: str, body: str) -> str:
    """A reply that is one action: a fenced block whose first line names it."""
    return f"```{name}\n{body}\n```" if body else f"```{name}\n```"


def misspell(rng: random.Random, code: str, lang: str) -> str:
    """Two letters of one name swapped: in SQL a table or column, in Python a variable of the last line."""
    lines = code.split("\n")
    pattern = r"\b(?!select|where|order|limit|group|count|distinct|from|like|join|using)[a-z_]{4,}\b(?![^']*'(?:[^']*'[^']*')*[^']*$)"
    target = len(lines) - 1
    names = list(
        re.finditer(pattern if lang == "sql" else r"\bprint\b|\bround\b|\btimedelta\b|\bstrftime\b", lines[target])
    )
    if not names:
        return code
    found = rng.choice(names)
    word = found.group()
    k = rng.randrange(1, len(word) - 1)
    swapped = word[:k] + word[k + 1 : k + 2] + word[k] + word[k + 2 :]
    lines[target] = lines[target][: found.start()] + swapped + lines[target][found.end() :]
    return "\n".join(lines)


def mistake(rng: random.Random, code: str) -> str:
    """A slip that runs: one digit of one number changed."""
    digits = [m.start() for m in re.finditer(r"\d", code)]
    if not digits:
        return code
    i = rng.choice(digits)
    return code[:i] + str((int(code[i]) + rng.randint(1, 9)) % 10) + code[i + 1 :]
