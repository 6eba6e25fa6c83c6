"""What the loaders of published question files share: rows of JSON, JSON Lines or Parquet, and the account of refused ones."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator, Sized
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from galen.errors import UserError

SECONDS = 60.0  # a reference that runs longer is refused


@dataclass
class Refusals:
    """Rows that gave no task, by reason, each with the first place where it was met; `notes` count what was kept."""

    source: str
    used: int = 0
    reasons: dict[str, list[str]] = field(default_factory=dict)
    notes: dict[str, int] = field(default_factory=dict)

    def refuse(self, reason: str, place: str) -> None:
        self.reasons.setdefault(reason, []).append(place)

    def note(self, what: str) -> None:
        self.notes[what] = self.notes.get(what, 0) + 1

    @property
    def refused(self) -> int:
        return sum(map(len, self.reasons.values()))

    def close(self, given: Sized) -> None:
        """Print the account; UserError where no row has `given` a task."""
        print(self.report())
        if not given:
            raise UserError(f"{self.source}: no row is usable; the reasons are above")

    def report(self) -> str:
        """One line for the sum, one for each reason and note."""
        lines = [f"{self.source}: {self.used} used, {self.refused} refused"]
        lines += [
            f"  {len(places)} refused: {reason} (first: {', '.join(places[:3])})"
            for reason, places in self.reasons.items()
        ]
        return "\n".join(lines + [f"  {n} used: {what}" for what, n in self.notes.items()])


def any_rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """As `json_rows`, or those of a Parquet file, as Hugging Face serves every data set.

    Raises:
        UserError: as `json_rows`; no Parquet that can be read, or nothing installed that reads it.
    """
    if path.suffix != ".parquet":
        yield from json_rows(path)
        return
    if not path.exists():
        raise UserError(f"{path}: no such file")
    try:
        from pyarrow import ArrowException, parquet
    except ImportError as error:
        raise UserError(f"{path}: Parquet is read with pyarrow: pip install 'galen-rl[train]' ({error})") from None
    try:
        rows = parquet.read_table(path).to_pylist()
    except (ArrowException, OSError) as error:
        raise UserError(f"{path}: no readable Parquet: {error}; get it again") from None
    if not rows:
        raise UserError(f"{path}: holds no rows")
    yield from ((f"row {i}", row) for i, row in enumerate(rows, 1))


def json_rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects of a JSON list or of JSON Lines, each with its place ("row 3") for messages.

    Raises:
        UserError: no such file, or no JSON object where one is due; named by file and row.
    """
    if not path.exists():
        raise UserError(f"{path}: no such file")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: byte {error.start}: not UTF-8: save it as UTF-8, or get it again") from None
    try:
        rows = json.loads(text) if text.lstrip().startswith("[") else None
    except json.JSONDecodeError as error:
        raise UserError(f"{path}: line {error.lineno}: not JSON: {error.msg}") from None
    if rows is None:
        rows = []
        # Not `splitlines`: JSON's texts may hold what Unicode calls the end of a line (U+0085, U+2028).
        for i, line in enumerate(text.split("\n"), 1):
            if line.strip():
                rows.append(_object(path, i, line))
    if not rows:
        raise UserError(f"{path}: holds no rows; expected a JSON list, or one JSON object a line")
    for i, row in enumerate(rows, 1):
        if not isinstance(row, dict):
            raise UserError(f"{path}: row {i}: expected a JSON object, found {type(row).__name__}")
        yield f"row {i}", row


def _object(path: Path, row: int, line: str) -> Any:
    try:
        return json.loads(line)
    except json.JSONDecodeError as error:
        raise UserError(f"{path}: row {row}: not JSON: {error.msg}") from None


def split_of(path: Path) -> Literal["train", "valid", "test"]:
    """The split that a published file's name says: train, dev or valid, else test."""
    name = path.name.lower()
    return "train" if "train" in name else "valid" if "dev" in name or "valid" in name else "test"


def text_of(path: Path, place: str, row: dict[str, Any], *names: str) -> str:
    """The first of the fields `names` that holds text; UserError when none does."""
    for name in names:
        if isinstance(row.get(name), str) and row[name].strip():
            return row[name].strip()
    raise UserError(f"{path}: {place}: field {' or '.join(map(repr, names))} is missing or no text. No row was used.")


def run(db: sqlite3.Connection, sql: str, limit: int) -> list[list[Any]] | str:
    """The rows of a published reference, or why they cannot be a gold answer."""
    end = time.monotonic() + SECONDS
    db.set_progress_handler(lambda: time.monotonic() > end, 100_000)
    try:
        rows = [list(r) for r in db.execute(sql).fetchmany(limit + 1)]
    except (sqlite3.Error, sqlite3.Warning) as error:
        return (
            f"its query took over {SECONDS:.0f} s"
            if "interrupted" in str(error)
            else f"its query does not run: {error}"
        )
    finally:
        db.set_progress_handler(None, 0)
    if len(rows) > limit:
        return f"its answer is longer than {limit} rows"
    if all(v is None for row in rows for v in row):
        return "its answer is empty or null"
    return rows
