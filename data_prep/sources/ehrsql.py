"""EHRSQL's release (Lee et al. 2022, github.com/glee4810/EHRSQL) as tasks of the families mimic_iii and eicu.

The release is a folder for each database, `mimic_iii/` and `eicu/`, with train.json, valid.json and test.json (a list of
rows, versions 1.0 to 1.5) and the SQLite file that its preprocessing makes. Gold is what a row's query gives on that
file, its first column, by the release's own evaluation. Rows without an answer are refused: nothing could grade them.
"""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from data_prep.databases import read_only
from data_prep.ehrsql.build import ACTIONS, CONTRACTS
from data_prep.ehrsql.tags import form
from data_prep.eicu import view as eicu
from data_prep.hospital.model import NOW
from data_prep.mimic_iii import view as mimic_iii
from data_prep.published import Refusals, json_rows, split_of
from data_prep.sources import sql
from galen.errors import UserError
from galen.types import Gold, OracleSpec, Privacy, Resource, Task, TaskPrompt

Pair = tuple[Task, Gold]
Split = Literal["train", "valid", "test"]
Asked = Literal["question", "template"]
SPLITS: tuple[Split, ...] = ("train", "valid", "test")
FIELDS = ("db_id", "question", "query", "is_impossible", "id")
VIEWS = {"mimic_iii": mimic_iii, "eicu": eicu}
NAMES = {"mimic3": "mimic_iii"}  # what `db_id` was in the first version
NUMBER = re.compile(r"-?\d+(\.\d+)?")
TIME = re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)?")


@dataclass(frozen=True)
class Release:
    """One database of the release: its family, the files of questions, and the SQLite file."""

    family: str
    files: tuple[Path, ...]
    database: Path


def releases(folder: Path) -> list[Release]:
    """The databases in `folder`, which is the release's `dataset/ehrsql` or one database's folder in it.

    Raises:
        UserError: no questions are there, or no SQLite file beside them.
    """
    found = []
    for family, place in [*((name, folder / name) for name in VIEWS), (folder.name, folder)]:
        files = tuple(place / f"{split}.json" for split in SPLITS if (place / f"{split}.json").exists())
        if family not in VIEWS or not files:
            continue
        databases = [place / f"{family}{ending}" for ending in (".sqlite", ".db")]
        database = next((path for path in databases if path.exists()), None)
        if database is None:
            raise UserError(
                f"{databases[0]} (or .db) is missing; make it with the release's preprocess/preprocess_db.py"
            )
        found.append(Release(family, files, database))
    if not found:
        raise UserError(
            f"{folder}: no train.json, valid.json or test.json of EHRSQL; give its dataset/ehrsql, or mimic_iii or eicu in it"
        )
    return found


def copy(database: Path, family: str, target: Path) -> None:
    """Copy the SQLite file `database` to `target`, with our indexes: queries that others wrote are slow without.

    Raises:
        UserError: it is missing, no SQLite file, or lacks a table or column of the family's schema.
    """
    if not database.exists():
        raise UserError(f"{database}: no such database; give the SQLite file that the release's preprocessing makes")
    shutil.copyfile(database, target)
    with closing(sqlite3.connect(target)) as db, db, closing(sqlite3.connect(":memory:")) as ours:
        ours.executescript(VIEWS[family].SCHEMA.read_text())
        try:
            theirs = _columns(db)
        except sqlite3.DatabaseError as error:
            raise UserError(f"{database}: cannot be read as a SQLite database: {error}") from None
        for table, columns in _columns(ours).items():
            if table not in theirs:
                raise UserError(f"{database}: table {table} is missing; found {', '.join(theirs) or 'no table'}")
            if missing := [c for c in columns if c not in theirs[table]]:
                raise UserError(
                    f"{database}: table {table}: column {missing[0]} is missing; found {', '.join(theirs[table])}"
                )
    index(target, family)


def index(database: Path, family: str) -> None:
    """Our indexes on a database of `family` that others made."""
    with closing(sqlite3.connect(database)) as db, db:
        for i, on in enumerate(VIEWS[family].INDEXES):
            db.execute(f"create index if not exists ix_{i} on {on}")
        db.execute("analyze")


def read(
    release: Release, database: Path, *, ask: Asked = "question", privacy: Privacy = Privacy.CREDENTIALED
) -> tuple[list[Pair], list[Refusals]]:
    """All usable rows as tasks over `database`, which `copy` made; `ask` says which text is the question.

    What was refused is printed, and returned, one account a file.

    Raises:
        UserError: a file is no list of EHRSQL's rows (its place is named), or no row of the release is usable.
    """
    pairs: list[Pair] = []
    accounts = []
    with closing(read_only(database)) as db:
        maker = Maker(release.family, db, ask, privacy)
        for file in release.files:
            account = Refusals(str(file))
            pairs += maker.make(rows(file), split_of(file), "ehrsql", account)
            print(account.report())
            accounts.append(account)
    require_some(pairs, accounts)
    return pairs, accounts


def require_some(pairs: Sequence[Pair], accounts: Sequence[Refusals]) -> None:
    """Raise UserError, with the accounts, when there is no task."""
    if not pairs:
        raise UserError("no row is usable:\n" + "\n".join(account.report() for account in accounts))


def rows(path: Path) -> list[dict[str, Any]]:
    """The rows of one file with EHRSQL's fields; UserError for anything else, EHRSQL 2024's files among it."""
    _refuse_2024(path)
    found = []
    for place, row in json_rows(path):
        if missing := [f for f in FIELDS if f not in row]:
            raise UserError(f"{path}: {place}: {missing[0]} is missing; expected EHRSQL's fields {', '.join(FIELDS)}")
        found.append(row)
    return found


def _refuse_2024(path: Path) -> None:
    """EHRSQL 2024 splits its questions (data.json) from its queries by id (label.json), each one JSON object."""
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError):
        return  # JSON Lines, or broken: `json_rows` says where
    if isinstance(data, dict) and "question" not in data:
        raise UserError(
            f"{path}: one object, as EHRSQL 2024 has it: its questions are about MIMIC-IV, which no family here has. "
            "Give EHRSQL's own train.json, valid.json or test.json (a list of rows)"
        )


class Maker:
    """Rows of EHRSQL's form as tasks of one family over one database, no id and no question twice."""

    def __init__(self, family: str, db: sqlite3.Connection, ask: Asked, privacy: Privacy) -> None:
        self._family, self._db, self._privacy = family, db, privacy
        self._ask: Asked = ask
        self._seen: set[tuple[str, ...]] = set()

    def make(self, found: Iterable[dict[str, Any]], split: Split, source: str, account: Refusals) -> list[Pair]:
        """The usable rows as tasks of `split`; the others are entered in `account` by id."""
        pairs = []
        for row in found:
            pair = self._pair(row, split, source)
            if isinstance(pair, str):
                account.refuse(pair, str(row["id"]))
            else:
                account.used += 1
                pairs.append(pair)
        return pairs

    def _pair(self, row: dict[str, Any], split: Split, source: str) -> Pair | str:
        """The task and gold of a row, or why it is refused."""
        if NAMES.get(row["db_id"], row["db_id"]) != self._family:
            return f"is about another database: {row['db_id']}"
        if row["is_impossible"] or str(row["query"]).strip().lower() in ("", "null", "none"):
            return "is impossible to answer (is_impossible)"
        question = str(row.get(self._ask) or "").strip()
        if not question:
            return f"has no {self._ask}"
        keys = {("id", str(row["id"])), ("question", question.lower(), str(row["query"]))}
        if keys & self._seen:
            return "says the same, or has the same id, as an earlier row"
        query = sql.official(str(row["query"]))
        answer = sql.answer(self._db, query)
        if isinstance(answer, str):
            return answer
        self._seen |= keys
        return self._task(row, split, source, question, query, answer)

    def _task(
        self, row: dict[str, Any], split: Split, source: str, question: str, query: str, answer: list[list[Any]]
    ) -> Pair:
        kind = answer_type(row, query, answer)
        tag, value = str(row.get("q_tag") or ""), row.get("value") or {}
        id_ = f"{self._family}/{split}-{source}/{row['id']}"
        database = f"{self._family}.sqlite"
        task = Task(
            id=id_, family=self._family, category=form(tag), split=split,
            cluster=f"patient {value['patient_id']}" if "patient_id" in value else tag or str(row["id"]),
            prompt=TaskPrompt(question=question, contract=contract(kind, query, answer)),
            resources=(Resource(kind="sqlite", path=f"resources/{database}", mount=f"/data/{database}"),),
            now=f"{NOW}", actions=ACTIONS, answer_type=kind,
            oracle=OracleSpec(kind="rows", params={"boolean": kind == "bool"}), privacy=self._privacy,
            metadata={
                "q_tag": tag, "t_tag": row.get("t_tag") or [], "o_tag": row.get("o_tag") or [], "slots": value,
                "asked": self._ask, "source": source,
            },
        )  # fmt: skip
        return task, Gold(id=id_, answer=answer, solution=query, lang="sql")


def answer_type(row: dict[str, Any], query: str, answer: list[list[Any]]) -> str:
    """bool, count, number, time, name or list, by the question's tag and what the query gives."""
    value, tag = answer[0][0], str(row.get("q_tag") or "")
    if len(answer) > 1:
        return "list"
    if value in (0, 1) and (
        tag.startswith(("has_verb", "is the")) or re.match(r"select count\s*\([^()]*\)\s*>\s*0", query)
    ):
        return "bool"
    if tag.startswith("count ") or re.match(r"select count\s*\([^()]*\)\s*from", query):
        return "count"
    if isinstance(value, int | float) or NUMBER.fullmatch(str(value)):  # eICU's ages are text
        return "number"
    return "time" if TIME.fullmatch(str(value)) else "name"


def contract(kind: str, query: str, answer: list[list[Any]]) -> str:
    """The form of the answer, with what the query alone tells: fractions of days, repeated values."""
    text = "YYYY-MM-DD" if kind == "time" and len(str(answer[0][0])) == 10 else CONTRACTS[kind]
    if kind == "number" and "'%J'" in query:
        text += "; elapsed time with its fraction, not in whole days"
    if kind == "list" and len({str(row[0]) for row in answer}) < len(answer):
        text += "; a value that occurs in several rows is repeated"
    return text


def _columns(db: sqlite3.Connection) -> dict[str, list[str]]:
    tables = [r[0] for r in db.execute("select name from sqlite_master where type = 'table'") if r[0][:7] != "sqlite_"]
    return {t.lower(): [r[1].lower() for r in db.execute(f'pragma table_info("{t}")')] for t in tables}
