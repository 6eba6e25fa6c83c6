"""EHR-SeqSQL's own data.json (Ryu et al. 2024) over EHRSQL's MIMIC-III database, and MedAgentGym's rows of the same.

A row of data.json holds the lists `question`, `sql` and `seqsql`, one entry a turn; each turn becomes a task with the
turns before it as context, its gold computed by running its `sql`; as the benchmark grades sets, rows that repeat count
once. The file is at github.com/seonhee99/EHR-SeqSQL; the database is made by EHRSQL's preprocessing from MIMIC-III v1.4
(PhysioNet, credentialed access) or by `data_prep.mimic_iii.raw`. MedAgentGym's rows (`seed_question`, `question`, `ans`)
hold one question and its answer without SQL; the answer is taken as it stands, the seed question is the context.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from data_prep.databases import read_only
from data_prep.ehrsql.times import NOW
from data_prep.published import Refusals, json_rows, run, split_of, text_of
from data_prep.seqsql.build import ACTIONS, RESOURCE, document
from data_prep.seqsql.chains import MAX_ROWS
from data_prep.sources.sql import official
from galen.errors import UserError
from galen.types import Gold, OracleSpec, Privacy, Task, TaskPrompt

By = Literal["random_split", "compositional_split"]
Pair = tuple[Task, Gold]
CONTRACT = "one row a line, cells separated by a tab, in any order, each row once"


def read(
    file: Path, database: Path, by: By = "random_split", privacy: str = "credentialed"
) -> tuple[list[Pair], Refusals]:
    """Tasks of one file over a MIMIC-III database in EHRSQL's form; `by` names the split that decides train and test.

    A turn that the random split would show in training and the compositional one holds back is of distribution ood under
    `compositional_split`. What was refused is printed, and returned.

    Raises:
        UserError: the file cannot be read, or a row lacks a field; named by file, row and field, and no row is used.
    """
    account = Refusals(str(file))
    pairs: list[Pair] = []
    seen: set[tuple[str, ...]] = set()
    db = read_only(database)
    for place, row in json_rows(file):
        turns = _answered(file, place, row) if "ans" in row else _turns(file, place, row)
        if "ans" not in row and row.get(by) not in ("train", "test"):
            account.refuse(f"is neither train nor test in {by}", place)
            continue
        for i, (documents, question, sql) in enumerate(turns, 1):
            where = place if sql is None else f"{place} turn {i}"
            rows = _table(row["ans"]) if sql is None else run(db, once(sql), MAX_ROWS)
            if isinstance(rows, str):
                account.refuse(rows, where)
            elif (*documents, question) in seen:
                account.refuse("asks the same after the same turns as an earlier row", where)
            else:
                seen.add((*documents, question))
                pairs.append(_pair(file, place, row, by, i, documents, question, sql, rows, Privacy(privacy)))
                account.used += 1
    db.close()
    print(account.report())
    return pairs, account


def once(sql: str) -> str:
    """The query with each row once: turns are graded as sets."""
    return f"select distinct * from ({sql.rstrip('; ')})"


def _turns(file: Path, place: str, row: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """(documents, question, executable SQL) of each turn of a row of data.json."""
    questions, queries = (_texts(file, place, row, name) for name in ("question", "sql"))
    if len(questions) != len(queries):
        raise UserError(
            f"{file}: {place}: field 'sql': {len(queries)} queries for {len(questions)} questions; expected one each. "
            "No row was used."
        )
    documents: tuple[str, ...] = ()
    for i, (question, query) in enumerate(zip(questions, map(official, queries), strict=True), 1):
        yield documents, question, query
        documents = (*documents, document(i, question, query))


def _answered(file: Path, place: str, row: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], str, None]]:
    seed = text_of(file, place, row, "seed_question")
    yield (f"the whole question: {seed}",), text_of(file, place, row, "question"), None


def _texts(file: Path, place: str, row: dict[str, Any], name: str) -> list[str]:
    value = row.get(name)
    if isinstance(value, str):
        try:
            value = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            value = [value]
    if not isinstance(value, list) or not value or not all(isinstance(v, str) for v in value):
        raise UserError(f"{file}: {place}: field {name!r}: expected a list of texts, one a turn. No row was used.")
    return value


def _table(answer: Any) -> list[list[Any]] | str:
    """A stored answer as rows, or why it is no gold answer."""
    cells = answer if isinstance(answer, list) else [answer]
    rows = [list(r) for r in dict.fromkeys(tuple(c) if isinstance(c, list) else (c,) for c in cells)]
    if len(rows) > MAX_ROWS:
        return f"its answer is longer than {MAX_ROWS} rows"
    return rows if any(v is not None for r in rows for v in r) else "its answer is empty or null"


def _pair(
    file: Path, place: str, row: dict[str, Any], by: By, turn: int, documents: tuple[str, ...], question: str,
    sql: str | None, rows: list[list[Any]], privacy: Privacy,
) -> Pair:  # fmt: skip
    splits: dict[str, Any] = {name: row.get(name) for name in ("random_split", "compositional_split")}
    split: Literal["train", "valid", "test"] = split_of(file)
    if sql is not None:
        split = splits[by]
    held = by == "compositional_split" and split == "test"
    tokens = _texts(file, place, row, "seqsql") if row.get("seqsql") else []
    key = f"{row.get('id') or place.removeprefix('row ')}"
    id_ = f"ehr_seqsql/{split}-published/{key}/{turn}"
    task = Task(
        id=id_, family="ehr_seqsql", category=_category(turn, sql or ""), split=split, distribution="ood" if held else "id",
        cluster=str(row.get("seed_question") or key), prompt=TaskPrompt(question=question, documents=documents, contract=CONTRACT),
        resources=(RESOURCE,), now=NOW, actions=ACTIONS, answer_type="list", oracle=OracleSpec(kind="rows"), privacy=privacy,
        metadata={
            "seed_question": row.get("seed_question"), "turn": turn, "seqsql": tokens[: turn - 1],
            "tokens": sorted(set(re.findall(r"prev_(?:query|result)\w*", tokens[turn - 1]))) if len(tokens) >= turn else [],
            "source": file.name, **splits,
        },
    )  # fmt: skip
    return task, Gold(id=id_, answer=rows, solution="" if sql is None else once(sql), lang="sql")


def _category(turn: int, text: str) -> str:
    """The generated turns' category, read from the query: it computes, or opens, or narrows, or follows."""
    if re.match(
        r"\s*select (?:distinct )?(?:count|max|min|avg|sum)\b|.*\blimit \d+\s*$", text, re.IGNORECASE | re.DOTALL
    ):
        return "compute"
    if turn == 1:
        return "open"
    found = re.match(
        r"\s*select (?:distinct )?(\S+) from (\S+) where .*?\(\s*select (?:distinct )?(\S+) from (\S+)",
        text,
        re.IGNORECASE | re.DOTALL,
    )
    return "narrow" if found and found.group(1) == found.group(3) and found.group(2) == found.group(4) else "follow"
