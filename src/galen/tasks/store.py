"""The task folder: tasks that everyone reads, gold that only the grader and the scripted teacher read.

`DATA/tasks/<family>/<split>.jsonl`, `DATA/gold/<family>/<split>.jsonl`, `DATA/resources/`, and `DATA/dataset.json`
with the seed, the source, counts and the sha256 of every file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from galen.errors import TaskError, UserError, unknown
from galen.types import Gold, Privacy, Task

M = TypeVar("M", bound=BaseModel)


def write_tasks(folder: Path, pairs: Iterable[tuple[Task, Gold]], *, seed: int, source: str) -> None:
    """Write tasks, gold and `dataset.json` into `folder`, whose resources are there already."""
    files: dict[tuple[str, str], list[tuple[Task, Gold]]] = {}
    for task, gold in pairs:
        if task.id != gold.id:
            raise ValueError(f"task {task.id} is paired with gold {gold.id}")
        files.setdefault((task.family, task.split), []).append((task, gold))
    counts: dict[str, int] = {}
    for (family, split), rows in files.items():
        for room, column in (("tasks", 0), ("gold", 1)):
            path = folder / room / family / f"{split}.jsonl"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(row[column].model_dump_json() + "\n" for row in rows))
        counts[f"{family}/{split}"] = len(rows)
    hashes = {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }
    manifest = {"seed": seed, "source": source, "counts": counts, "sha256": hashes}
    (folder / "dataset.json").write_text(json.dumps(manifest, indent=1) + "\n")


def require(folder: Path) -> None:
    """Raise UserError when `folder` is no task folder."""
    if not (folder / "dataset.json").exists():
        raise UserError(f"{folder}: no task folder (dataset.json is missing); make one with `galen data {folder}`")


def splits(folder: Path, families: Iterable[str] = ()) -> list[tuple[str, str]]:
    """(family, split) of every task file, of `families` only if any are given; raises UserError for an unknown one."""
    require(folder)
    known = sorted(p.name for p in (folder / "tasks").iterdir())
    for name in (chosen := list(families) or known):
        if name not in known:
            raise unknown("family in this task folder", name, known)
    return [(name, p.stem) for name in chosen for p in sorted((folder / "tasks" / name).glob("*.jsonl"))]


def read_tasks(folder: Path, family: str, split: str) -> list[Task]:
    """The tasks of one family and split.

    Raises:
        UserError: no such folder, family or split; or a broken row, named by file, row and field. Then no row is used.
    """
    require(folder)
    known = sorted(p.name for p in (folder / "tasks").iterdir())
    if family not in known:
        raise unknown("family in this task folder", family, known)
    path = folder / "tasks" / family / f"{split}.jsonl"
    if not path.exists():
        raise unknown(f"split of {family}", split, [p.stem for p in path.parent.glob("*.jsonl")])
    rows = _read(path, Task)
    expected = json.loads((folder / "dataset.json").read_text())["counts"].get(f"{family}/{split}")
    if expected is not None and expected != len(rows):
        raise UserError(f"{path}: {len(rows)} rows, dataset.json says {expected}; make the folder again")
    return rows


class _Where(BaseModel):
    """Of a task, what says where its rows may go; the rest of the row is not looked at."""

    id: str
    privacy: Privacy


class OpenTasks:
    """Which tasks' rows may leave the machine (law 9); a family's files are read when one of its tasks is first asked for.

    Raises UserError when `folder` is no task folder.
    """

    def __init__(self, folder: Path) -> None:
        require(folder)
        self._folder = folder
        self._open: dict[str, frozenset[str]] = {}

    def has(self, family: str, id_: str) -> bool:
        """Whether the folder knows this task of this family, and no row of it is credentialed.

        Raises:
            UserError: a row without an id or a privacy class, named by file, row and field.
        """
        if family not in self._open:
            paths = (self._folder / "tasks").glob("*/*.jsonl")  # by comparison: a store's family is no path to trust
            rows = [row for path in paths if path.parent.name == family for row in _read(path, _Where)]
            closed = {row.id for row in rows if row.privacy is Privacy.CREDENTIALED}
            self._open[family] = frozenset(row.id for row in rows) - closed
        return id_ in self._open[family]


class GoldStore:
    """Gold by task id, read from disk once a file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rows: dict[tuple[str, str], dict[str, Gold]] = {}

    def find(self, task: Task) -> Gold | None:
        """The gold of `task`, or None; raises TaskError when its file is missing."""
        return self._load(task).get(task.id)

    def get(self, task: Task) -> Gold:
        """The gold of `task`; raises TaskError when there is none."""
        if (gold := self.find(task)) is None:
            raise TaskError(f"no gold for {task.id}")
        return gold

    def _load(self, task: Task) -> dict[str, Gold]:
        key = (task.family, task.split)
        if key not in self._rows:
            path = self._folder / "gold" / task.family / f"{task.split}.jsonl"
            if not path.exists():
                raise TaskError(f"{path}: no gold for {task.id}")
            self._rows[key] = {g.id: g for g in _read(path, Gold)}
        return self._rows[key]


def _read(path: Path, model: type[M]) -> list[M]:
    rows = []
    for i, line in enumerate(path.read_text().splitlines(), 1):
        try:
            rows.append(model.model_validate_json(line))
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(str(x) for x in first["loc"]) or "(whole row)"
            raise UserError(f"{path}: row {i}: {field}: {first['msg']}. No row of this file was used.") from None
    return rows
