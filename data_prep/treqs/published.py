"""TREQS's own files: MIMICSQL's JSON Lines (Wang et al. 2020) over its database, and MedAgentGym's JSONL of the same.

The questions are at github.com/wangpinggl/TREQS (`mimicsql_data/mimicsql_natural` and `mimicsql_template`: train, dev and
test.json, one object a line). The database is the SQLite file or the folder of five CSVs that the preparation of that
repository (`evaluation/process_mimic_db.py`) writes from MIMIC-III v1.4 (PhysioNet, credentialed access). Every gold answer is computed
here by running the row's query; rows whose query gives no answer are refused, counted and printed.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from data_prep.databases import read_only
from data_prep.published import Refusals, json_rows, run, split_of, text_of
from data_prep.treqs.build import ACTIONS, RESOURCE, category, contract
from data_prep.treqs.view import SCHEMA, TABLES, add_indexes
from galen.errors import UserError
from galen.oracles.rows import canonical
from galen.types import Gold, OracleSpec, Privacy, Task, TaskPrompt

MAX_ROWS = 1000
QUOTED = re.compile(r"""(\.\s*)?(?:"((?:[^"]|"")*)"|'((?:[^']|'')*)')""")
AGGREGATE = re.compile(r"\s*select\s+(count|max|min|avg)\s*\(", re.IGNORECASE)
PATIENT = re.compile(r"subject_id\W*=\s*'?(\d+)", re.IGNORECASE)


def prepare(source: Path, path: Path) -> None:
    """Copy TREQS's database (a SQLite file, or a folder of five CSVs) to a new file `path`, checked and indexed.

    Raises:
        UserError: a table or column is missing, or the file is no database; named, with what is expected.
    """
    if not source.exists():
        raise UserError(f"{source}: no such file; give TREQS's SQLite database or the folder of its five CSV files")
    if source.is_dir():
        _from_csv(source, path)
    else:
        shutil.copyfile(source, path)
    db = sqlite3.connect(path)
    try:
        for table, columns in _columns().items():
            found = [r[1].upper() for r in db.execute(f"pragma table_info({table})")]
            if not found:
                raise UserError(f"{source}: table {table} is missing; expected TREQS's tables {', '.join(TABLES)}")
            _require(source, table, columns, found)
        add_indexes(db)
        db.commit()
    except sqlite3.DatabaseError as error:
        raise UserError(f"{source}: cannot be read as a SQLite database: {error}") from None
    finally:
        db.close()


def read(
    files: Sequence[Path], database: Path, privacy: str = "credentialed"
) -> tuple[list[tuple[Task, Gold]], list[Refusals]]:
    """Tasks from question files over a database that `prepare` made; the file's name says the split.

    MIMICSQL rows have `question_refine` and `sql`, MedAgentGym's `question` and `query`. What was refused is printed, and
    returned, one account a file.

    Raises:
        UserError: a file cannot be read, or a row lacks a field; named by file, row and field, and no row is used.
    """
    pairs, accounts = [], []
    db = read_only(database)
    said: set[tuple[str, str]] = set()
    ids: set[str] = set()
    for file in files:
        account = Refusals(str(file))
        for place, row in json_rows(file):
            question = text_of(file, place, row, "question_refine", "question")
            query = requote(text_of(file, place, row, "sql", "query"))
            if row.get("is_impossible"):
                account.refuse("is marked impossible", place)
                continue
            if (question, query) in said:
                account.refuse("says the same as an earlier row", place)
                continue
            rows = run(db, query, MAX_ROWS)
            if isinstance(rows, str):
                account.refuse(rows, place)
                continue
            id_ = f"treqs/{split_of(file)}-published/{row.get('key') or row.get('id') or place.removeprefix('row ')}"
            if id_ in ids:
                account.refuse("has the key of an earlier row", place)
                continue
            said.add((question, query))
            ids.add(id_)
            if "answer" in row and not _agrees(row["answer"], rows):
                account.note("the stored answer differs from what the query gives on this database")
            pairs.append(_pair(id_, file, question, query, rows, Privacy(privacy)))
            account.used += 1
        print(account.report())
        accounts.append(account)
    db.close()
    return pairs, accounts


def requote(sql: str) -> str:
    """The query with values in single quotes and column names in double ones: published ones mix both ways.

    SQLite reads `"text"` as a value only where it knows no such column, and not at all in strict builds.
    """

    def one(found: re.Match[str]) -> str:
        dot, double, single = found.groups()
        text = double.replace('""', '"') if double is not None else single.replace("''", "'")
        return f'{dot}"{text}"' if dot else "'" + text.replace("'", "''") + "'"

    return QUOTED.sub(one, sql)


def _pair(
    id_: str, file: Path, question: str, query: str, rows: list[list[Any]], privacy: Privacy
) -> tuple[Task, Gold]:
    found = AGGREGATE.match(query)
    aggregation = found.group(1).lower() if found else ""
    template = re.sub(r"'(?:[^']|'')*'", "?", query).lower()
    patient = PATIENT.search(query)
    task = Task(
        id=id_, family="treqs", category=category(aggregation), split=split_of(file),
        cluster=f"patient {patient.group(1)}" if patient else template,
        prompt=TaskPrompt(question=question, contract=contract(aggregation, len(rows[0]))), resources=(RESOURCE,),
        actions=ACTIONS, answer_type="number" if aggregation else "list", oracle=OracleSpec(kind="rows"), privacy=privacy,
        metadata={"aggregation": aggregation, "template": template, "source": file.name},
    )  # fmt: skip
    return task, Gold(id=id_, answer=rows, solution=query, lang="sql")


def _agrees(stored: Any, rows: list[list[Any]]) -> bool:
    cells = stored if isinstance(stored, list) else [stored]
    return set(canonical([[v] for v in cells], False)) == set(canonical([[v] for row in rows for v in row], False))


def _columns() -> dict[str, dict[str, str]]:
    """TREQS's columns with their types, by table."""
    db = sqlite3.connect(":memory:")
    db.executescript(SCHEMA.read_text())
    found = {t: {r[1]: r[2] for r in db.execute(f"pragma table_info({t})")} for t in TABLES}
    db.close()
    return found


def _require(source: Path, table: str, columns: dict[str, str], found: Sequence[str]) -> None:
    for column in columns:
        if column not in found:
            raise UserError(
                f"{source}: table {table}: column {column} is missing; expected {', '.join(columns)}, found {', '.join(found)}"
            )


def _from_csv(folder: Path, path: Path) -> None:
    files = {p.name.upper(): p for p in folder.iterdir()}
    with sqlite3.connect(path) as db:
        for table, columns in _columns().items():
            file = files.get(f"{table}.CSV") or files.get(f"{table}.CSV.GZ")
            if file is None:
                raise UserError(f"{folder}: {table}.csv is missing; expected {', '.join(t + '.csv' for t in TABLES)}")
            names = [str(c) for c in pd.read_csv(file, nrows=0).columns]
            _require(file, table, columns, [n.upper() for n in names])
            text: Any = {n: str for n in names if columns.get(n.upper()) == "TEXT"}
            for chunk in pd.read_csv(file, dtype=text, chunksize=500_000):
                chunk.columns = [n.upper() for n in names]
                chunk[list(columns)].to_sql(table, db, if_exists="append", index=False, dtype=columns)  # type: ignore[arg-type]
    db.close()
