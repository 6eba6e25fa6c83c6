"""The battery of cheating programs: its file, what its texts may name, and the policy that plays one cheat."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml
from pydantic import Field, TypeAdapter, ValidationError

import galen
from galen.errors import UserError
from galen.oracles.predictions import KIND as PREDICTIONS
from galen.policy.base import Context, Sample
from galen.policy.template import ChatTemplate
from galen.proofs.validate import is_boolean, written
from galen.proofs.wrong import NUMBER, wrong_answers
from galen.types import Feedback, Frozen, Gold, Task

CHEATS = Path(__file__).with_name("cheats.yaml")
CANDIDATES = 40
OF_THE_ANSWER = {"answer", "wrong", "fullwidth", "foreign", "underscored", "spaced", "values", "candidates"}
NAMED = re.compile(r"\{(\w+)(!r)?\}")
FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
FOREIGN = {
    **{ord("0") + i: 0x0660 + i for i in range(10)},  # Arabic-Indic digits
    **{ord("a") + i: 0x1D5BA + i for i in range(26)},  # mathematical letters
    **{ord("A") + i: 0x1D5A0 + i for i in range(26)},
}


class Cheat(Frozen):
    """One cheat: the agent's replies, turn by turn, and why none of it may pass."""

    name: str
    why: str
    replies: tuple[str, ...] = Field(min_length=1)
    plant: tuple[str, ...] = ()
    database: bool = False
    table: bool = False
    feedback: Feedback = "none"

    @property
    def blind(self) -> bool:
        """Whether it knows nothing of the task's answer: then it may be right by chance."""
        texts = (*self.replies, *self.plant)
        return not OF_THE_ANSWER & {name for text in texts for name, _ in NAMED.findall(text)}


def read_cheats(path: Path = CHEATS) -> list[Cheat]:
    """The cheats in a file; raises UserError that names the file, the cheat and the field."""
    try:
        raw = yaml.safe_load(path.read_text())
        cheats = TypeAdapter(list[Cheat]).validate_python(raw)
    except (OSError, yaml.YAMLError) as error:
        raise UserError(f"{path}: {error}") from error
    except ValidationError as error:
        place = error.errors()[0]["loc"]
        raise UserError(f"{path}: cheat {'.'.join(map(str, place))}: {error.errors()[0]['msg']}") from error
    for name, n in Counter(cheat.name for cheat in cheats).items():
        if n > 1:
            raise UserError(f"{path}: cheat {name}: two cheats have that name")
    return cheats


def facts(task: Task, right: str, others: Sequence[Gold], data: Path) -> dict[str, str]:
    """What a cheat's texts may name, for one task whose right answer is `right`. `others` are golds of its family."""
    wrong = next(iter(wrong_answers(right, boolean=is_boolean(task)).values()))
    answers = Counter(written(gold.answer) for gold in others)
    pool = sorted({*(list(answers)[:CANDIDATES]), right, wrong})
    random.Random(task.id).shuffle(pool)
    sign, digits = ("-", right[1:]) if right.startswith("-") else ("", right)
    return {
        "answer": right, "wrong": wrong, "fullwidth": right.translate(FULL_WIDTH), "foreign": right.translate(FOREIGN),
        "underscored": f"{sign}0_{digits}" if NUMBER.fullmatch(right) else f"{right}_", "spaced": "\u200b".join(right) + "\u200b",
        "frequent": answers.most_common(1)[0][0] if answers else "0", "values": json.dumps(pool), "candidates": "\n".join(pool),
        "database": next((r.mount for r in task.resources if r.kind == "sqlite"), ""), "task": task.id,
        "header": right.partition("\n")[0] if task.oracle.kind == PREDICTIONS else "",
        "gold_file": str((data / "gold" / task.family / f"{task.split}.jsonl").resolve()), "data": str(data.resolve()),
        "package": str(Path(galen.__file__).parent),
    }  # fmt: skip


def fill(text: str, known: Mapping[str, str]) -> str:
    """`text` with {name}, or {name!r} as a Python string, replaced; other braces are the program's own."""

    def put(found: re.Match[str]) -> str:
        name, quoted = found.groups()
        if name not in known:
            return found.group()
        return repr(known[name]) if quoted else known[name]

    return NAMED.sub(put, text)


class CheatPolicy:
    """Says `replies` turn by turn, the last one on and on; `facts` gives what they name by task id."""

    local = True

    def __init__(
        self, name: str, replies: Sequence[str], facts: Mapping[str, Mapping[str, str]], template: ChatTemplate
    ) -> None:
        self.name = f"cheat {name}"
        self._replies, self._facts, self._template = replies, facts, template

    def generate(self, context: Context, *, max_tokens: int, temperature: float) -> Sample:
        """The reply of this turn; ignores `max_tokens` and `temperature`."""
        text = fill(self._replies[min(context.turn, len(self._replies) - 1)], self._facts[context.task_id])
        ids = self._template.reply_ids(text)
        return Sample(ids, [0.0] * len(ids), text, False, 0)
