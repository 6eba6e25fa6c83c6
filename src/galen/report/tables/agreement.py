"""Whether results may stand in one table: tasks, oracles and everything that an episode is played with are the same."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from galen.errors import UserError
from galen.evals.summary import summaries
from galen.report.tables.cells import Grid
from galen.report.tables.runs import Entry
from galen.types import Conditions

Mismatch = tuple[str, Any, Any]


def alike(entries: Iterable[Entry], may_differ: Collection[str]) -> list[list[Entry]]:
    """The entries in groups, in each of which all agree with one another."""
    groups: list[list[Entry]] = []
    for entry in entries:
        fitting = (g for g in groups if all(mismatch(other, entry, may_differ) is None for other in g))
        if (group := next(fitting, None)) is None:
            groups.append([entry])
        else:
            group.append(entry)
    return groups


def mismatch(a: Entry, b: Entry, may_differ: Collection[str]) -> Mismatch | None:
    """What the two differ in, and how; None where they may be compared."""
    found = _conditions(a, b) + _tasks(a, b) + _oracles(a, b)
    return next((m for m in found if m[0].partition(" ")[0] not in may_differ), None)


def _conditions(a: Entry, b: Entry) -> list[Mismatch]:
    pairs = [(name, *(getattr(e.result.conditions, name) for e in (a, b))) for name in Conditions.model_fields]
    return [(name, one, other) for name, one, other in pairs if one != other]


def _tasks(a: Entry, b: Entry) -> list[Mismatch]:
    """Versions of the task files that both played."""
    found = []
    for family in sorted(_oracle_versions(a.store).keys() & _oracle_versions(b.store).keys()):
        one, other = (e.manifest.tasks.get(f"{family}/{e.result.split}") for e in (a, b))
        if one != other or a.result.split != b.result.split:
            found.append((f"tasks of {family}", f"{a.result.split} {one}", f"{b.result.split} {other}"))
    return found


def _oracles(a: Entry, b: Entry) -> list[Mismatch]:
    ours, theirs = _oracle_versions(a.store), _oracle_versions(b.store)
    return [
        (f"oracle of {family}", f"{name} {version}", f"{name} {theirs[family][name]}")
        for family in sorted(ours.keys() & theirs.keys())
        for name, version in ours[family].items()
        if theirs[family].get(name, version) != version
    ]


@cache
def _oracle_versions(store: Path) -> dict[str, dict[str, str]]:
    """The version of each oracle that judged a family's submissions; a family without any has none."""
    found: dict[str, dict[str, str]] = {}
    for e in summaries(store):
        mine = found.setdefault(e.family, {})
        if e.oracle and e.submission is not None:  # without one no oracle was asked
            name, _, version = e.oracle.rpartition(" ")
            mine[name] = version
    return found


def used(grid: Grid) -> list[Entry]:
    """The results that the cells are made of, once each."""
    return list({e.store: e for line in grid for cell in line for e in cell.played}.values())


def plain(condition: object) -> str:
    """What an evaluation was played with, as people write it."""
    return ", ".join(map(str, condition)) or "nothing" if isinstance(condition, tuple) else str(condition)


def require_agreement(name: str, entries: Sequence[Entry], may_differ: Collection[str]) -> None:
    """Raises UserError, with the first thing that they differ in, where the results are not all of one kind."""
    for i, one in enumerate(entries):
        for other in entries[:i]:
            if found := mismatch(other, one, may_differ):
                what, a, b = found
                raise UserError(
                    f"table {name}: its results differ in {what}: {plain(a)} in {other.store}, {plain(b)} in {one.store}; show them "
                    f"apart (--apart), narrow the rows' `runs`, or, if that is what the table is about, add "
                    f"{what.partition(' ')[0]} to `may_differ`"
                )
