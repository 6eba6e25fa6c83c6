"""Stored episodes under another oracle: the present one, or the paper's. Stores are read, never written (law 6)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from galen.errors import UserError
from galen.oracles import judge
from galen.oracles.paper import RULES, paper_oracle
from galen.rollout.store import read
from galen.tasks.store import GoldStore, read_tasks, require, splits
from galen.types import Action, ActionKind, Episode, Gold, Owner, Task, Verdict

Oracle = Literal["present", "paper"]


@dataclass
class Rescored:
    """The episodes of one store and family under both verdicts. `skipped` counts by reason what was not judged again."""

    store: str
    family: str
    episodes: int = 0
    passed_before: int = 0
    passed_after: int = 0
    changes: list[dict[str, Any]] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)


def stores(path: Path) -> list[Path]:
    """The episode stores at `path`: itself, or all below a run's folder; raises UserError when there is none."""
    if not path.exists():
        raise UserError(f"{path}: no such file or folder; give a run or an episode store (.jsonl)")
    found = [path] if path.is_file() else sorted(p for p in path.rglob("*.jsonl") if _holds_episodes(p))
    if not found:
        raise UserError(f"{path}: no episode store below it")
    return found


def _holds_episodes(path: Path) -> bool:
    with path.open() as file:
        first = file.readline()
    try:
        return {"schema_version", "task_id", "turns"} <= json.loads(first).keys()
    except (ValueError, AttributeError):
        return False


def task_folder(path: Path, default: Path) -> Path:
    """The task folder that the run around `path` played, else `default`."""
    for folder in (path, *path.parents):
        config = folder / "config.json"
        if config.is_file() and "data" in (known := json.loads(config.read_text())):
            return Path(known["data"])
    return default


def reverify(path: Path, data: Path, oracle: Oracle) -> Iterator[Rescored]:
    """Judge every stored episode again, a store at a time, and write each verdict beside it.

    The new file is `<store>.<oracle>.jsonl`: one line an episode with its key, the verdict before and after, and why.

    Raises:
        UserError: no store, a broken line of one, or no task folder.
    """
    require(data)
    book = _Book(data)
    for store in stores(path):
        counts: dict[str, Rescored] = {}
        lines = []
        for episode in read(store):
            count = counts.setdefault(episode.family, Rescored(str(store), episode.family))
            line = _rescore(episode, book, oracle, count)
            lines += [json.dumps(line) + "\n"] if line else []
        beside = store.with_suffix(f".{oracle}.jsonl")
        draft = beside.with_suffix(".partial")
        draft.write_text("".join(lines))
        draft.rename(beside)
        yield from counts.values()


class _Book:
    """Tasks and gold by task id."""

    def __init__(self, data: Path) -> None:
        self._data, self._gold = data, GoldStore(data)
        self._known = {family for family, _ in splits(data)}
        self._tasks = lru_cache(maxsize=None)(self._read)

    def find(self, episode: Episode) -> tuple[Task, Gold] | None:
        if episode.family not in self._known or episode.task_id not in self._tasks(episode.family):
            return None
        task = self._tasks(episode.family)[episode.task_id]
        gold = self._gold.find(task)
        return None if gold is None else (task, gold)

    def _read(self, family: str) -> dict[str, Task]:
        names = [split for _, split in splits(self._data, [family])]
        return {task.id: task for split in names for task in read_tasks(self._data, family, split)}


def _rescore(episode: Episode, book: _Book, oracle: Oracle, count: Rescored) -> dict[str, Any] | None:
    """One line of the new file, and the counts; None for what is not judged again."""
    reason, found = "", book.find(episode)
    if episode.fault is not None and (episode.fault.owner is not Owner.TASK or episode.submission is None):
        reason = f"fault of the {episode.fault.owner}"
    elif found is None:
        reason = "its task is not in this task folder"
    elif oracle == "paper" and episode.family not in RULES:
        reason = "the paper's oracle has no rule for its family"
    if reason or found is None:
        count.skipped[reason] = count.skipped.get(reason, 0) + 1
        return None
    before, after = episode.verdict, _JUDGES[oracle](episode, *found)
    count.episodes += 1
    count.passed_before += before is not None and before.passed
    count.passed_after += after.passed
    line = {
        "key": episode.key, "task_id": episode.task_id, "submission": episode.submission,
        "before": before and before.model_dump(), "after": after.model_dump(), "flipped": _flipped(before, after),
        "why": why(before, after),
    }  # fmt: skip
    if line["flipped"]:
        count.changes.append({k: line[k] for k in ("task_id", "submission", "why")})
    return line


def _present(episode: Episode, task: Task, gold: Gold) -> Verdict:
    return judge(task.oracle, episode.submission, gold.answer)


def _paper(episode: Episode, task: Task, gold: Gold) -> Verdict:
    return paper_oracle(episode.family, printed(episode), gold.answer)


_JUDGES: dict[Oracle, Callable[[Episode, Task, Gold], Verdict]] = {"present": _present, "paper": _paper}


def printed(episode: Episode) -> list[str]:
    """What the paper's oracle reads: what each run of code showed (cut where the agent's view was)."""
    code = [t for t in episode.turns if isinstance(t.action, Action) and t.action.kind is ActionKind.CODE_EXECUTION]
    return [t.observation.text for t in code if t.observation is not None]


def _flipped(before: Verdict | None, after: Verdict) -> bool:
    return before is None or (before.passed, before.reward) != (after.passed, after.reward)


def why(before: Verdict | None, after: Verdict) -> str:
    """What differs between two verdicts: the oracle and its version, then each check."""
    if before is None:
        return f"no verdict before; {after.oracle} {after.version} says {after.checks}"
    if before.oracle != after.oracle:
        return " → ".join(
            f"{v.oracle} {v.version} {'passed' if v.passed else 'failed'} {v.checks}" for v in (before, after)
        )
    parts = []
    if before.version != after.version:
        parts.append(f"{before.oracle} {before.version} → {after.oracle} {after.version}")
    for name in dict.fromkeys([*before.checks, *after.checks]):
        old, new = before.checks.get(name), after.checks.get(name)
        parts += [f"{name} {old} → {new}"] if old != new else []
    return ", ".join(parts) or "the same oracle and checks: the gold answer has changed"
