"""What a task folder holds, counted from its files. The paper's counts stand beside them in `galen tables dataset`."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from galen.tasks.store import read_tasks, splits
from galen.types import Task

ONCE = ("ehrshot", "mimic_extract")
"""Families whose training and test tasks are the same ones, and count once (table 2's note)."""
SHARED = {"eicu": "mimic_iii"}
"""Families that share another one's categories."""


@dataclass(frozen=True)
class Census:
    """One family. `test` counts the `unseen` block too; `databases` are files of the folder."""

    family: str
    train: int
    valid: int
    test: int
    unseen: int
    categories: dict[str, int]
    privacy: frozenset[str]
    databases: frozenset[str]

    @property
    def instances(self) -> int:
        """How many count: of families whose training and test tasks are the same, the training ones."""
        return self.train + self.valid if self.family in ONCE else self.train + self.valid + self.test


def census(folder: Path) -> list[Census]:
    """The families of a task folder.

    Raises:
        UserError: no such folder, or a broken row.
    """
    tasks: dict[str, list[Task]] = {}
    for family, split in splits(folder):
        tasks.setdefault(family, []).extend(read_tasks(folder, family, split))
    return [_count(family, tasks[family]) for family in sorted(tasks)]


def _count(family: str, tasks: list[Task]) -> Census:
    splits = Counter(task.split for task in tasks)
    return Census(
        family=family, train=splits["train"], valid=splits["valid"], test=splits["test"],
        unseen=sum(t.split == "test" and t.distribution == "ood" for t in tasks),
        categories=dict(sorted(Counter(t.category for t in tasks).items())), privacy=frozenset(t.privacy.value for t in tasks),
        databases=frozenset(r.path for t in tasks for r in t.resources if r.kind == "sqlite"),
    )  # fmt: skip


def total_categories(found: list[Census]) -> int:
    """Categories of all families; those that two families share count once."""
    return len({(SHARED.get(c.family, c.family), name) for c in found for name in c.categories})


def markdown(found: list[Census]) -> str:
    """A row a family, and their sum."""
    lines = [
        "| family | categories | train | valid | test | of them unseen | instances |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for c in found:
        lines.append(_row(c.family, len(c.categories), c.train, c.valid, c.test, c.unseen, c.instances))
    sums = [sum(getattr(c, name) for c in found) for name in ("train", "valid", "test", "unseen", "instances")]
    lines.append(_row("all", total_categories(found), *sums))
    return "\n".join(lines) + "\n"


def _row(name: str, *numbers: int) -> str:
    return f"| {name} | " + " | ".join(f"{n:,}" for n in numbers) + " |"
