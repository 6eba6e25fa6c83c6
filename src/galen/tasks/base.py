"""What a family module provides. `tasks/<name>.py` IS the family `<name>`: plain functions, found by file name.

Each family module defines:

    CATEGORY_RULE: str                                  how `Task.category` is computed, one line
    def pose(task, profile) -> tuple[Message, ...]      system and user messages; never gold
    def answer_request(task, query, data) -> str        what `request_info` returns, in milliseconds
    def vocabulary(task, data) -> Vocabulary            names the debugging action may ground itself in
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from galen.errors import unknown
from galen.types import Message, Task

Profile = Literal["full", "compact"]
"""`full` explains everything (pretrained models); `compact` is a few words (the tiny model)."""

AnswerRequest = Callable[[Task, str, Path], str]
Pose = Callable[[Task, Profile], tuple[Message, ...]]
_NOT_FAMILIES = {"__init__", "base", "database", "store", "prompting"}


@dataclass(frozen=True)
class Vocabulary:
    """Names a runtime error can be explained with: table -> columns; functions or variables."""

    tables: dict[str, tuple[str, ...]] = field(default_factory=dict)
    names: tuple[str, ...] = ()


def no_names(task: Task, data: Path) -> Vocabulary:
    """The vocabulary of a family without tables: the debugging action reads names from the code itself."""
    return Vocabulary()


def nothing_to_request(why: str) -> AnswerRequest:
    """The `answer_request` of a family without a database."""
    return lambda task, query, data: f"nothing to request: {why}"


class Family(Protocol):
    CATEGORY_RULE: str

    def pose(self, task: Task, profile: Profile) -> tuple[Message, ...]: ...
    def answer_request(self, task: Task, query: str, data: Path) -> str: ...
    def vocabulary(self, task: Task, data: Path) -> Vocabulary: ...


def families() -> list[str]:
    """The known families, by file name."""
    here = Path(__file__).parent
    return sorted(p.stem for p in here.glob("*.py") if p.stem not in _NOT_FAMILIES)


def family(name: str) -> Family:
    """The module of family `name`; raises UserError naming the known ones."""
    if name not in families():
        raise unknown("family", name, families())
    return importlib.import_module(f"galen.tasks.{name}")  # type: ignore[return-value]
