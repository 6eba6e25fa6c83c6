"""What `request_info` answers for a family whose task has one SQLite database: schema, values, nearest terms.

A request is a few words or a plain question. `tables`, `columns of admissions`, `values of admissions.insurance`,
`which table has heart rate`, `what is close to 'hypertention'` and a bare table, column or term are all understood. The
names and terms are read once a file and process; an answer then takes milliseconds.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from rapidfuzz import fuzz, process

from galen.errors import TaskError
from galen.tasks.base import AnswerRequest, Vocabulary
from galen.types import Task

Columns = tuple[tuple[str, str], ...]
"""(table, column), lower-case."""

MAX_VALUES = 12
MAX_TERMS = 3
NEAR = 60  # the least likeness (0-100) of a term that is worth telling
SAME = 90  # that of a table or column whose name was misspelt
FILLERS = frozenset((
    "a", "about", "all", "and", "any", "are", "attributes", "available", "can", "column", "columns", "contain",
    "contains", "database", "define", "describe", "description", "do", "does", "details", "distinct", "each",
    "examples", "exist", "field", "fields", "for", "from", "give", "has", "have", "how", "i", "in", "info",
    "information", "is", "it", "list", "me", "names", "of", "on", "please", "possible", "record", "schema", "see",
    "show", "some", "structure", "table", "tables", "take", "taken", "tell", "that", "the", "there", "to", "unique",
    "used", "value", "values", "view", "what", "which", "with",
))  # fmt: skip
VALUES = frozenset(("distinct", "examples", "possible", "unique", "value", "values", "take", "taken"))
_HOLDS = "has|have|holds?|contains?|stores?|is|are|lists?|includes?"
_NEAR = "close|closest|similar|nearest|near|like"
_NOISE = "the|a|an|any|columns?|terms?|named|called|values?|of|for|data|stored|located|to|in"
SEARCH = re.compile(  # which table has …, table for …, where is …, find …, what is close to …
    r"^(?:please )?(?:"
    rf"(?:in )?(?:which|what) (?:tables?|columns?)(?: or columns?)? (?:{_HOLDS})"
    r"|tables? (?:for|of|with)"
    r"|where (?:is|are|can i find|do i find|to find)"
    r"|find|search(?: for)?|look ?up|look for"
    rf"|(?:what|which)?(?: (?:is|are|terms?|names?|values?))*? ?(?:{_NEAR})(?: terms?| names?| values?)?(?: to| for)?"
    rf")\s+(?:(?:{_NOISE})\s+)*(?P<term>.+)$"
)


def locate(task: Task, data: Path) -> Path:
    """The task's database in task folder `data`; raises TaskError when it is missing."""
    path = data / task.resources[0].path
    if not path.exists():
        raise TaskError(f"{task.id}: its database {path} is missing")
    return path


def vocabulary(task: Task, data: Path) -> Vocabulary:
    """Tables and columns of the task's database, lower-case."""
    return Vocabulary(tables=_index(locate(task, data), ()).tables)


def answer(path: Path, request: str, searched: Columns) -> str:
    """The answer to `request`, one line or more for each of its lines; terms are looked for in the columns `searched`."""
    index = _index(path, searched)
    lines = [line for line in request.lower().splitlines() if line.strip()] or [""]
    return "\n".join(_answer(index, line) for line in lines)


def answers(searched: Columns) -> AnswerRequest:
    """A family's `answer_request`: tables, columns, values and nearest terms, these of the columns `searched`."""
    return lambda task, query, data: answer(locate(task, data), query, searched)


@dataclass(frozen=True)
class _Index:
    path: Path
    tables: dict[str, tuple[str, ...]]
    terms: Columns  # (term, where it is)
    names: Columns  # tables and columns, the same way

    def near(self, term: str, *, schema: bool) -> list[str]:
        """The terms most like `term`; tables and columns count where `schema`, or where they are nearly the same."""
        found = _matches(self.terms, term, NEAR) + _matches(self.names, term, NEAR if schema else SAME)
        return [word for _, word in sorted(found, key=lambda x: -x[0])[:MAX_TERMS]]


def _matches(places: Columns, term: str, cutoff: int) -> list[tuple[float, str]]:
    """(likeness, what and where) of the few of `places` that are most like `term`."""
    found = process.extract(term, [t for t, _ in places], scorer=fuzz.WRatio, limit=MAX_TERMS, score_cutoff=cutoff)
    return [(likeness, f"{word} in {places[i][1]}") for word, likeness, i in found]


def _answer(index: _Index, request: str) -> str:
    quoted = re.search(r"""(?<!\w)(['"`‘“])(.+?)['"`’”](?!\w)""", request)
    text = request.strip(" \t?.!;:'\"`")
    text = re.sub(r"\s+", " ", text)
    if told := _columns_named(index, text):
        return told
    if quoted and (told := _columns_named(index, quoted.group(2))):
        return told
    asked = SEARCH.match(text)
    if quoted or asked:
        term = quoted.group(2) if quoted else asked.group("term") if asked else text
        return _near(index, term.strip(" '\"`"), schema=True)
    return _near(index, text, schema=False)


def _columns_named(index: _Index, text: str) -> str:
    """The answer to a request that names nothing but tables and columns; empty for any other."""
    words = re.findall(r"[\w.]+", text)
    said = [w.strip(".") for w in words if w in index.tables or w not in FILLERS]
    if not said:
        return (
            "tables: " + ", ".join(index.tables)
            if not words or {"tables", "table", "schema", "database"} & set(words)
            else ""
        )
    pairs = [w.partition(".") for w in said]
    tables = [t for t, _, c in pairs if not c and t in index.tables]
    dotted = [(t, c) for t, _, c in pairs if c in index.tables.get(t, ())]
    columns = [t for t, _, c in pairs if not c and t not in index.tables and _owners(index, t)]
    if len(tables) + len(dotted) + len(columns) < len(said):
        return ""
    bare = [(t, c) for c in columns for t in (tables or _owners(index, c)) if c in index.tables[t]]
    if columns and not bare:
        return ""
    wanted = dotted + bare
    if bare and not tables and not VALUES & set(words) and len(bare) > 1:
        return "\n".join(f"{c} is a column of {', '.join(_owners(index, c))}" for c in dict.fromkeys(columns))
    if wanted:
        return "\n".join(f"{t}.{c}: {', '.join(_values(index.path, t, c))}" for t, c in wanted)
    return "\n".join(f"{t}: {', '.join(index.tables[t])}" for t in dict.fromkeys(tables))


def _owners(index: _Index, column: str) -> list[str]:
    return [t for t, columns in index.tables.items() if column in columns]


def _near(index: _Index, term: str, *, schema: bool) -> str:
    found = index.near(term, schema=schema)
    return "\n".join(found) if found else f"nothing like {term!r}; ask for 'tables', a table, or table.column"


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)


@lru_cache(maxsize=8)
def _index(path: Path, searched: Columns) -> _Index:
    db = _open(path)
    names = [r[0] for r in db.execute("select name from sqlite_master where type = 'table' order by rowid")]
    names = [n for n in names if not n.startswith("sqlite_")]
    tables = {n.lower(): tuple(r[1].lower() for r in db.execute(f'pragma table_info("{n}")')) for n in names}
    terms = tuple(
        (str(r[0]), f"{t}.{c}")
        for t, c in searched
        if c in tables.get(t, ())
        for r in db.execute(f"select distinct {c} from {t} where {c} is not null")
    )
    db.close()
    return _Index(path, tables, terms, tuple(_schema_names(tables)))


def _schema_names(tables: dict[str, tuple[str, ...]]) -> Iterable[tuple[str, str]]:
    for table, columns in tables.items():
        yield table, f"the tables: {', '.join(columns)}"
        yield from ((column, f"{table}.{column}, a column") for column in columns)


@lru_cache(maxsize=256)
def _values(path: Path, table: str, column: str) -> list[str]:
    """The most frequent values first, at most `MAX_VALUES` of them."""
    db = _open(path)
    rows = db.execute(f"select {column}, count(*) n from {table} group by 1 order by n desc limit {MAX_VALUES + 1}")
    values = [str(r[0]) for r in rows]
    db.close()
    return [*values[:MAX_VALUES], "…"] if len(values) > MAX_VALUES else values
