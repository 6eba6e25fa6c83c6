"""A task folder as datasets that others load: Parquet files and a dataset card for each family."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from datasets import Dataset
from pydantic import Field

from galen.errors import UserError
from galen.report.census import Census, census
from galen.tasks.base import family as family_module
from galen.tasks.store import GoldStore, read_tasks, splits
from galen.types import Frozen, Gold, Privacy, Task

CARDS = Path(__file__).with_name("cards.yaml")
KINDS = ("tasks", "gold")


class Facts(Frozen):
    """What `cards.yaml` says of a family."""

    title: str
    derived: str
    limits: str = Field(min_length=1)


def export(folder: Path, out: Path) -> list[Path]:
    """Write `out/<family>/` for every family of the task folder: `tasks-<split>.parquet`, `gold-<split>.parquet`, the
    files that its tasks read, and `README.md`, the card. Returns the cards.

    Raises:
        UserError: `out` exists, or tasks are credentialed: they are published nowhere (law 9).
    """
    if out.exists():
        raise UserError(f"{out}: exists already; remove it or choose another folder")
    found = census(folder)
    if closed := [c.family for c in found if Privacy.CREDENTIALED.value in c.privacy]:
        raise UserError(
            f"{folder}: the tasks of {', '.join(closed)} are made of credentialed rows, which never leave the machine; export a "
            "folder without them"
        )
    facts = {name: Facts.model_validate(said) for name, said in yaml.safe_load(CARDS.read_text()).items()}
    made = json.loads((folder / "dataset.json").read_text())
    draft = out.with_name(out.name + ".partial")
    shutil.rmtree(draft, ignore_errors=True)
    for c in found:
        _family(folder, draft / c.family, c, facts[c.family], made)
    draft.rename(out)
    return [out / c.family / "README.md" for c in found]


def _family(folder: Path, out: Path, counted: Census, facts: Facts, made: dict[str, Any]) -> None:
    out.mkdir(parents=True)
    store, files, read = GoldStore(folder), {}, set()
    for _, split in splits(folder, [counted.family]):
        tasks = read_tasks(folder, counted.family, split)
        read |= {r.path for t in tasks for r in t.resources}
        gold = [found for t in tasks if (found := store.find(t)) is not None]
        for kind, rows in zip(KINDS, (map(_task, tasks), map(_gold, gold)), strict=True):
            path = out / f"{kind}-{split}.parquet"
            Dataset.from_list(list(rows)).to_parquet(path)
            files[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    for uri in sorted(read):
        source, target = folder / uri, out / uri
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
    (out / "README.md").write_text(card(counted, facts, files, made))


def _task(task: Task) -> dict[str, Any]:
    """A row: what people filter by, and the whole task as JSON."""
    return {
        "id": task.id, "category": task.category, "distribution": task.distribution, "cluster": task.cluster,
        "question": task.prompt.question, "oracle": task.oracle.kind, "privacy": task.privacy.value,
        "content_sha256": task.content_hash, "task": task.model_dump_json(),
    }  # fmt: skip


def _gold(gold: Gold) -> dict[str, Any]:
    return {"id": gold.id, "answer": json.dumps(gold.answer), "solution": gold.solution, "lang": gold.lang}


def card(counted: Census, facts: Facts, files: dict[str, str], made: dict[str, Any]) -> str:
    """The dataset card, with the front matter that hubs read."""
    splits = ("train", "valid", "test")
    head = {
        "pretty_name": facts.title,
        "language": ["en"],
        "tags": ["medical", "code", "agents", "reinforcement-learning", "verifiable-rewards"],
        "size_categories": [_size(counted.instances)],
        "configs": [
            {"config_name": kind, "data_files": [{"split": s, "path": f"{kind}-{s}.parquet"} for s in splits if f"{kind}-{s}.parquet" in files]}
            for kind in KINDS
        ],
    }  # fmt: skip
    rule = family_module(counted.family).CATEGORY_RULE
    parts = [
        "---\n" + yaml.safe_dump(head, sort_keys=False) + "---",
        f"# {facts.title}",
        f"{counted.train:,} training, {counted.valid:,} validation and {counted.test:,} test instances, {counted.unseen:,} of "
        "the last of unseen templates.",
        f"**Provenance.** {made['source']}; seed {made['seed']}. {facts.derived}",
        f"**Privacy.** {', '.join(sorted(counted.privacy))}. No file holds a real patient's rows.",
        f"**Known limits.** {facts.limits}",
        f"**Categories**: {rule}.",
        _rows(("category", "instances"), counted.categories.items()),
        "**Files**, by sha256. `gold-*` holds the answers: keep it from what is evaluated.",
        _rows(("file", "sha256"), files.items()),
    ]
    return "\n\n".join(parts) + "\n"


def _rows(head: tuple[str, str], rows: Iterable[tuple[str, Any]]) -> str:
    return "\n".join([f"| {head[0]} | {head[1]} |", "|---|---|", *(f"| {a} | {b} |" for a, b in rows)])


def _size(n: int) -> str:
    return next((name for limit, name in ((1000, "n<1K"), (10_000, "1K<n<10K")) if n < limit), "10K<n<100K")
