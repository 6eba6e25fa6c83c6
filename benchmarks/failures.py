"""Precision and recall of the failure kinds on labelled episodes.

    python benchmarks/failures.py [--json]             # on tests/data/failures.jsonl and failures_by_hand.jsonl
    python benchmarks/failures.py --make DATA          # play tests/data/failures.yaml on a task folder into failures.jsonl

What is played is known by how it was made: real sandbox, SQLite and grader, a policy that keeps to its script. The other
file holds episodes of the tiny model, labelled by hand.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Literal

import yaml
from rich.console import Console
from rich.table import Table

from galen.agent.loop import Setting
from galen.errors import ProviderError, SandboxError, TaskError
from galen.evals import labelled
from galen.evals.failures import FailureKind, classify
from galen.evals.statistics import clustered_share
from galen.oracles.grader import Grader
from galen.paths import ROOT
from galen.policy.base import Context, Sample
from galen.policy.scripted import block
from galen.policy.template import ChatTemplate
from galen.proofs.cheats import fill
from galen.rollout.sampler import Sampler
from galen.sandbox.base import SandboxBackend
from galen.sandbox.local import LocalBackend
from galen.tasks.store import GoldStore, read_tasks
from galen.types import Frozen

FILES = (ROOT / "tests/data/failures.jsonl", ROOT / "tests/data/failures_by_hand.jsonl")
SCRIPTS = ROOT / "tests/data/failures.yaml"
TASKS = 2  # that each script is played on
FAULTS = {"provider": ProviderError, "sandbox": SandboxError, "task": TaskError}
TABLES = ("admissions", "icustays", "labevents", "prescriptions", "diagnoses_icd", "transfers")
TYPOS = ("gendr", "birthdate", "sex", "birth_year", "patient_name", "admit_date", "los_days")
DRUGS = ("aspirin", "heparin", "metoprolol", "furosemide", "insulin", "potassium")


class Script(Frozen):
    """One entry of failures.yaml, which says what the fields mean."""

    name: str
    family: str
    kind: FailureKind | Literal["none"]
    held_out: bool = False
    loop: bool | None = None
    replies: list[dict[str, str]]
    cycle: int | None = None
    limits: dict[str, Any] = {}
    context: int = 100_000


class Actor:
    """Says a script's replies turn by turn; `facts` are what their names stand for, by task id."""

    local, name = True, "script"

    def __init__(self, script: Script, facts: Mapping[str, Mapping[str, str]], template: ChatTemplate) -> None:
        self._script, self._facts, self._template = script, facts, template

    def generate(self, context: Context, *, max_tokens: int, temperature: float) -> Sample:
        replies, cycle, turn = self._script.replies, self._script.cycle, context.turn
        if cycle and turn >= len(replies):
            turn = len(replies) - cycle + (turn - len(replies)) % cycle
        if turn >= len(replies):
            raise ValueError(f"{SCRIPTS}: {self._script.name}: the episode goes on after the last reply")
        [(kind, body)] = replies[turn].items()
        body = fill(body, self._facts[context.task_id])
        if kind == "fault":
            raise FAULTS[body](f"{body} failed")
        text = body if kind == "say" else block(kind, body)
        ids = self._template.reply_ids(text)
        return Sample(ids[:max_tokens], [0.0] * len(ids[:max_tokens]), text, len(ids) > max_tokens, 0)


def make(data: Path, out: Path) -> None:
    scripts = [Script.model_validate(entry) for entry in yaml.safe_load(SCRIPTS.read_text())]
    template = ChatTemplate(ROOT / "models" / "tiny-base")
    with closing(LocalBackend()) as backend, closing(Grader(data)) as grader, out.open("w") as file:
        for script in scripts:
            for row in play(script, data, template, backend, grader):
                file.write(row.model_dump_json(exclude_defaults=True) + "\n")


def play(
    script: Script, data: Path, template: ChatTemplate, backend: SandboxBackend, grader: Grader
) -> Iterator[labelled.Labelled]:
    rng = random.Random(script.name)
    gold = GoldStore(data)
    tasks = rng.sample([t for t in read_tasks(data, script.family, "test") if gold.get(t).solution], TASKS)
    tasks = [t.model_copy(update={"limits": t.limits.model_copy(update=script.limits)}) for t in tasks]
    facts = {t.id: drawn(rng, data) | {"solution": gold.get(t).solution} for t in tasks}
    setting = Setting(data, template, backend, "compact", script.context, script.context, 0.0)
    for group in Sampler(setting, grader, 1).sample(tasks, Actor(script, facts, template)):
        [episode] = group.episodes
        bare = {"token_ids": [], "loss_mask": [], "logprobs": [], "seconds": 0.0, "exec_seconds": 0.0}
        turns = tuple(t.model_copy(update=bare) for t in episode.turns)
        kept = episode.model_copy(update={"turns": turns, "prompt_ids": [], "sandbox_enforced": {}, "seconds": 0.0})
        kind = None if script.kind == "none" else script.kind
        loop = script.kind == FailureKind.LOOP if script.loop is None else script.loop
        yield labelled.Labelled(name=script.name, held_out=script.held_out, kind=kind, loop=loop, episode=kept)


def drawn(rng: random.Random, data: Path) -> dict[str, str]:
    with closing(sqlite3.connect(data / "resources" / "mimic_iii.sqlite")) as db:
        known = [str(row[0]) for row in db.execute("select subject_id from patients order by 1")]
    patients = rng.sample(known[len(known) // 4 : -len(known) // 4], 6)
    return {
        "p": patients[0], **{f"p{i}": p for i, p in enumerate(patients[1:], 1)}, "n": str(rng.randrange(1000, 9999)),
        "table": rng.choice(TABLES), "typo": rng.choice(TYPOS), "drug": rng.choice(DRUGS),
    }  # fmt: skip


def table(title: str, rows: Sequence[labelled.Labelled], lines: Sequence[labelled.Agreement]) -> Table:
    ways = len({row.name.partition("/")[0] for row in rows})
    shown = Table(
        "kind", "labelled", "said", "precision", "recall", title=f"{title}: {len(rows)} episodes, {ways} ways of making"
    )
    for x in lines:
        shown.add_row(x.kind, str(x.labelled), str(x.said), f"{x.precision:.3f}", f"{x.recall:.3f}")
    return shown


def intervals(rows: Sequence[labelled.Labelled]) -> str:
    """Precision and recall of the loops with 95 % intervals over ways of making, whose episodes are alike."""
    said = [(failure.kind if (failure := classify(row.episode)) else None) for row in rows]
    pairs = [(row.kind, kind, row.name.partition("/")[0]) for row, kind in zip(rows, said, strict=True)]
    told = []
    for what, of in (("precision", 1), ("recall", 0)):
        mine = [p for p in pairs if p[of] is FailureKind.LOOP]
        e = clustered_share([float(p[0] is p[1]) for p in mine], [p[2] for p in mine])
        told.append(f"{what} {e.value:.3f} ({e.low:.3f} … {e.high:.3f}; {e.n} episodes, {e.clusters} ways of making)")
    return ", ".join(told)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--make", type=Path, metavar="DATA")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    if args.make:
        make(args.make, FILES[0])
        return
    everything = [row for path in FILES for row in labelled.read(path)]
    parts = {"all": everything, "held out": [row for row in everything if row.held_out]}
    found = {name: labelled.agreement(rows) for name, rows in parts.items()}
    if args.json:
        told = {
            name: [vars(x) | {"precision": x.precision, "recall": x.recall} for x in xs]
            for name, (xs, _) in found.items()
        }
        print(json.dumps(told))
        return
    for name, (lines, _) in found.items():
        Console().print(table(name, parts[name], lines))
    for name, rows in parts.items():
        print(f"{name}, stuck in loops: {intervals(rows)}")
    for row, said in found["all"][1]:
        print(f"{row.name} ({row.episode.key}): {said}")


if __name__ == "__main__":
    main()
