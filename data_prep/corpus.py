"""Unlabelled text of the gym, for the tiny model's base: what a pretrained model would have read already.

Random SQL with its results, random short programs with their output, errors and how they were explained and mended,
notes, questions by themselves, values listed and then used, results copied back. Never a question with its SQL, never
a calculator's formula with its note, never an answer to either: queries and programs come from a random grammar.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from data_prep.databases import read_only
from galen.agent.debugging import explain
from galen.policy.scripted import block
from galen.tasks.base import Vocabulary
from galen.types import Task

EVENTS = {  # table: (time column, value columns, dictionary or None, link into d_items)
    "admissions": ("admittime", ("admission_type", "insurance", "age", "admission_location", "marital_status"), None),
    "icustays": ("intime", ("first_careunit", "icustay_id"), None),
    "diagnoses_icd": ("charttime", ("icd9_code",), ("d_icd_diagnoses", "icd9_code", "short_title")),
    "procedures_icd": ("charttime", ("icd9_code",), ("d_icd_procedures", "icd9_code", "short_title")),
    "prescriptions": ("startdate", ("drug", "route", "dose_val_rx"), None),
    "labevents": ("charttime", ("valuenum",), ("d_labitems", "itemid", "label")),
    "chartevents": ("charttime", ("valuenum",), ("d_items", "itemid", "label")),
    "inputevents_cv": ("charttime", ("amount",), ("d_items", "itemid", "label")),
    "outputevents": ("charttime", ("value",), ("d_items", "itemid", "label")),
    "microbiologyevents": ("charttime", ("spec_type_desc", "org_name"), None),
}
TEXT_COLUMNS = {
    "admissions": ("admission_location", "admission_type", "insurance"), "prescriptions": ("drug", "route"),
    "microbiologyevents": ("spec_type_desc",), "icustays": ("first_careunit",),
}  # fmt: skip
NUMERIC = ("age", "valuenum", "amount", "value")
NOW = "2105-12-31 23:59:00"


def documents(database: Path, tasks: Sequence[Task], seed: int) -> Iterator[str]:
    """An endless seeded stream. Of `tasks` (training split) only questions and notes are read, each alone."""
    rng = random.Random(f"corpus/{seed}")
    sql = _Sql(database, rng)
    texts = [t.prompt.question for t in tasks] + [d for t in tasks for d in t.prompt.documents]
    notes = [d for t in tasks for d in t.prompt.documents]
    while True:
        kind = rng.random()
        if kind < 0.52:
            yield sql.session()
        elif kind < 0.85:
            yield _program(rng, rng.choice(notes))
        elif kind < 0.92:
            yield sql.schema()
        else:
            yield "".join(rng.choice(texts) + "<|endoftext|>" for _ in range(4))


def _chat(*turns: tuple[str, str]) -> str:
    return "".join(f"<|im_start|>{role}\n{text}<|im_end|>\n" for role, text in turns) + "<|endoftext|>"


def _submission(rng: random.Random, output: str) -> str:
    short = "\n" not in output and len(output) <= 24
    return block("submit", output if short and rng.random() < 0.6 else "@last")


class _Sql:
    """Random queries over the schema, run for their results."""

    def __init__(self, database: Path, rng: random.Random) -> None:
        self._db = read_only(database)
        self._rng = rng
        self._patients = [r[0] for r in self._db.execute("select subject_id from patients")]
        self._names = {
            table: [r[0] for r in self._db.execute(f"select {d[2]} from {d[0]}")]
            for table, (_, _, d) in EVENTS.items()
            if d
        }
        self._words = {
            (t, c): [r[0] for r in self._db.execute(f"select distinct {c} from {t}")]
            for t, cs in TEXT_COLUMNS.items()
            for c in cs
        }
        rows = self._db.execute(
            "select lower(m.name), lower(p.name) from sqlite_master m, pragma_table_info(m.name) p where m.type = 'table'"
        )
        tables: dict[str, list[str]] = {}
        for table, column in rows:
            if not table.startswith("sqlite_"):
                tables.setdefault(table, []).append(column)
        self._vocabulary = Vocabulary(tables={t: tuple(c) for t, c in tables.items()})

    def schema(self) -> str:
        table = self._rng.choice(list(self._vocabulary.tables))
        columns = ", ".join(self._vocabulary.tables[table])
        return _chat(("user", ""), ("assistant", block("request_info", table)), ("user", f"{table}: {columns}"))

    def session(self) -> str:
        """Values listed, a query that uses them, its result, and the result handed in; sometimes an error first."""
        query, values = self._query()
        try:
            rows = self._db.execute(query).fetchmany(8)
        except sqlite3.Error as error:
            raise AssertionError(f"corpus grammar wrote bad SQL: {query}") from error
        output = "\n".join("\t".join("NULL" if v is None else str(v) for v in row) for row in rows)
        self._rng.shuffle(values)
        turns = [("system", "mimic_iii sqlite"), ("user", " ".join(values))]
        if self._rng.random() < 0.15:
            broken = _misspell(self._rng, query)
            error = self._error(broken)
            if error:
                turns += [("assistant", block("sql", broken)), ("user", error)]
                told = explain(error, broken, self._vocabulary, compact=True)
                turns += [("assistant", block("debugging", "")), ("user", told)]
        turns += [("assistant", block("sql", query)), ("user", output or "(no output)")]
        if output:
            turns.append(("assistant", _submission(self._rng, output)))
        return _chat(*turns)

    def _error(self, query: str) -> str:
        try:
            self._db.execute(query).fetchone()
        except sqlite3.Error as error:
            return f"sqlite3.{type(error).__name__}: {error}"
        return ""

    def _query(self) -> tuple[str, list[str]]:
        rng = self._rng
        table = rng.choice(list(EVENTS))
        time, columns, dictionary = EVENTS[table]
        where, values = [], []
        if rng.random() < 0.65:
            patient = str(rng.choice(self._patients))
            where.append(f"subject_id = {patient}")
            values.append(rng.choice(("patient ", "of patient ", "")) + patient)
        if dictionary and rng.random() < 0.6:
            name = rng.choice(self._names[table])
            where.append(
                f"{dictionary[1]} in (select {dictionary[1]} from {dictionary[0]} where {dictionary[2]} = '{_quote(name)}')"
            )
            values.append(name)
        elif table in TEXT_COLUMNS and rng.random() < 0.6:
            column = rng.choice(TEXT_COLUMNS[table])
            name = str(rng.choice(self._words[table, column]))
            where.append(f"{column} = '{_quote(name)}'")
            values.append(name)
        if rng.random() < 0.55:
            condition, phrase = self._time(time, where)
            where.append(condition)
            values.append(phrase)
        select, tail, source = self._shape(table, time, columns, dictionary)
        return f"select {select} from {source}" + (" where " + " and ".join(where) if where else "") + tail, values

    def _time(self, column: str, where: list[str]) -> tuple[str, str]:
        rng = self._rng
        year, month, day = rng.choice(range(2100, 2106)), f"{rng.randint(1, 12):02d}", f"{rng.randint(1, 28):02d}"
        options = [
            (f"{column} like '{year}%'", f"{year}"), (f"{column} like '{year}-{month}%'", f"{month}/{year}"),
            (f"{column} >= '{year}'", f"{year}"), (f"substr({column}, 1, 4) <= '{year}'", f"{year}"),
            (f"{column} >= '{year}-{month}'", f"{month}/{year}"), (f"substr({column}, 1, 7) <= '{year}-{month}'", f"{month}/{year}"),
            (f"{column} like '{year}-{month}-{day}%'", f"{month}/{day}/{year}"),
            (f"{column} >= datetime('{NOW}', '-{year - 2099} year')", f"{year - 2099} year"),
            (f"{column} <= datetime('{NOW}', '-{year - 2099} year')", f"{year - 2099} year"),
        ]  # fmt: skip
        if where and where[0].startswith("subject_id"):
            end = rng.choice(
                ("not null order by admittime limit 1", "not null order by admittime desc limit 1", "null")
            )
            visit = f"hadm_id in (select hadm_id from admissions where {where[0]} and dischtime is {end})"
            options += [(visit, "visit")] * 3
        return rng.choice(options)

    def _shape(
        self, table: str, time: str, columns: tuple[str, ...], dictionary: tuple[str, str, str] | None
    ) -> tuple[str, str, str]:
        rng = self._rng
        order = f" order by {time}{rng.choice(('', ' desc'))} limit {rng.choice((1, 1, 1, 3))}"
        joined = f"{table} join {dictionary[0]} using({dictionary[1]})" if dictionary else table
        column = rng.choice(columns)
        label = dictionary[2] if dictionary else column
        options = [
            ("count(*)", "", table), ("count(*) > 0", "", table), ("count(distinct subject_id)", "", table),
            ("count(distinct hadm_id)", "", table), (time, order, table), (column, order, table), (label, order, joined),
            (f"distinct {column}", " limit 5", table),
            (label, f" group by {dictionary[1] if dictionary else column} order by count(*) desc limit {rng.choice((3, 4, 5))}", joined),
        ]  # fmt: skip
        if column in NUMERIC:
            options += [(f"{rng.choice(('max', 'min', 'avg', 'sum'))}({column})", "", table)] * 2
        return rng.choice(options)


def _quote(text: str) -> str:
    return text.replace("'", "''")


def _misspell(rng: random.Random, query: str) -> str:
    """One word of the query with two letters swapped."""
    words = query.split(" ")
    places = [
        i
        for i, w in enumerate(words)
        if w.isidentifier() and len(w) > 4 and w not in ("select", "where", "order", "limit", "group")
    ]
    if not places:
        return query
    i = rng.choice(places)
    k = rng.randrange(1, len(words[i]) - 2)
    words[i] = words[i][:k] + words[i][k + 1] + words[i][k] + words[i][k + 2 :]
    return " ".join(words)


LETTERS = "abcdefghijkmnpqrstuvwxyz"


def _program(rng: random.Random, note: str) -> str:
    """Numbers of a note read into variables and put through random arithmetic, with the output."""
    numbers = [w for w in note.replace(". ", " ").rstrip(".").split() if _is_number(w)][:5] or ["1"]
    rng.shuffle(numbers)
    names = rng.sample(LETTERS, len(numbers))
    suffix = ("", "", "", "*18", "/10", "*1000", "*.4536", "*2.54", "*100", "/88.4")
    lines = [f"{n}={v}{rng.choice(suffix)}" for n, v in zip(names, numbers, strict=True)]
    expression = names[0]
    for name in names[1:]:
        expression = rng.choice(("{0}+{1}", "{0}-{1}", "{0}*{1}", "({0}+{1})/2", "{0}/(1+{1})", "({0}>{1})+1")).format(
            expression, name
        )
    if rng.random() < 0.2:
        day = f"{rng.randint(2000, 2024)},{rng.randint(1, 12)},{rng.randint(1, 28)}"
        lines, expression = ["from datetime import*", f"d=date({day})"], f"d+timedelta({rng.randint(1, 300)})"
        end = rng.choice((f"print(({expression}).strftime('%m/%d/%Y'))", f"print(({expression}-d).days//7)"))
        numbers = [f"{day.split(',')[1]:0>2}/{day.split(',')[2]:0>2}/{day.split(',')[0]}"]
    else:
        end = f"print(round({expression},3))"
    code = "\n".join([*lines, end])
    output = _run(code)
    said = note if rng.random() < 0.5 else " ".join(rng.sample(numbers, len(numbers)))
    return _chat(
        ("system", "medcalc python"), ("user", said), ("assistant", block("python", code)), ("user", output),
        ("assistant", _submission(rng, output)),
    )  # fmt: skip


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _run(code: str) -> str:
    """The output of a program that this module wrote itself."""
    import contextlib
    import io

    out = io.StringIO()
    scope: dict[str, Any] = {}
    with contextlib.redirect_stdout(out):
        exec(compile(code, "<corpus>", "exec"), scope)
    return out.getvalue().strip()
