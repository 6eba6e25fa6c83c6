"""Clinical questions over MIMIC-III (EHRSQL, Lee et al. 2022), answered by SQL or Python on 17 tables."""

from __future__ import annotations

import sqlite3
from functools import lru_cache
from pathlib import Path

from rapidfuzz import fuzz, process

from galen.errors import TaskError
from galen.tasks.base import Profile, Vocabulary
from galen.tasks.prompting import explain_actions
from galen.types import Message, Task

CATEGORY_RULE = "the EHRSQL operation slot of the template (age_group, agg_function, n_rank), else the answer type"
LINKS = (
    "PATIENTS, ADMISSIONS and ICUSTAYS are linked by SUBJECT_ID, HADM_ID and ICUSTAY_ID, which every event table "
    "carries too. D_ICD_DIAGNOSES, D_ICD_PROCEDURES (by ICD9_CODE), D_LABITEMS and D_ITEMS (by ITEMID) hold names. "
    "COST.EVENT_ID is the ROW_ID in the table that EVENT_TYPE names. All text is lower-case. A patient without "
    "DISCHTIME (or OUTTIME) is still here. Normal ranges: temperature 35.5-38.1, sao2 95-100, heart rate 60-100, "
    "respiration 12-18, systolic bp 90-120, diastolic bp 60-90, mean bp 60-110."
)
SEARCHED = (
    ("d_icd_diagnoses", "short_title"), ("d_icd_diagnoses", "long_title"), ("d_icd_procedures", "short_title"),
    ("d_icd_procedures", "long_title"), ("d_labitems", "label"), ("d_items", "label"), ("prescriptions", "drug"),
    ("prescriptions", "route"), ("microbiologyevents", "spec_type_desc"), ("microbiologyevents", "org_name"),
    ("admissions", "admission_location"), ("admissions", "admission_type"), ("admissions", "insurance"),
    ("icustays", "first_careunit"),
)  # fmt: skip
MAX_VALUES = 12


def pose(task: Task, profile: Profile) -> tuple[Message, ...]:
    """The question; the full profile explains the tables, the time, and how to act."""
    if profile == "compact":
        return (
            Message(role="system", content="mimic_iii sqlite"),
            Message(role="user", content=task.prompt.question),
        )
    mount = task.resources[0].mount
    system = (
        f"You are an expert in electronic health records. A SQLite database is at {mount}; ```sql``` blocks query it. "
        f"The current time is {task.now}.\n\n{LINKS}\n\n"
        + explain_actions(task.actions, sql=True)
        + "\n\nAsk for tables and columns with request_info before you query."
    )
    user = f"Question: {task.prompt.question}\nAnswer form: {task.prompt.contract}."
    return Message(role="system", content=system), Message(role="user", content=user)


def vocabulary(task: Task, data: Path) -> Vocabulary:
    """Tables and columns of the task's database, lower-case."""
    return Vocabulary(tables=_schema(_database(task, data)))


def answer_request(task: Task, query: str, data: Path) -> str:
    """Answer 'tables', a table's name, 'table.column', or find the nearest terms to anything else."""
    path = _database(task, data)
    tables = _schema(path)
    words = query.strip().lower().removeprefix("columns of").removeprefix("values of").strip()
    if words in ("", "tables"):
        return "tables: " + ", ".join(tables)
    if words in tables:
        return f"{words}: " + ", ".join(tables[words])
    table, _, column = words.partition(".")
    if column in tables.get(table, ()):
        return f"{words}: " + ", ".join(_values(path, table, column))
    terms = _terms(path)
    found = process.extract(words, [t for t, _ in terms], scorer=fuzz.WRatio, limit=3, score_cutoff=60)
    if not found:
        return f"nothing like {words!r}; ask for 'tables', a table, or table.column"
    return "\n".join(f"{term} in {terms[i][1]}" for term, _, i in found)


def _database(task: Task, data: Path) -> Path:
    path = data / task.resources[0].path
    if not path.exists():
        raise TaskError(f"{task.id}: its database {path} is missing")
    return path


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)


@lru_cache(maxsize=8)
def _schema(path: Path) -> dict[str, tuple[str, ...]]:
    with _open(path) as db:
        names = [r[0] for r in db.execute("select name from sqlite_master where type = 'table' order by rowid")]
        names = [n for n in names if not n.startswith("sqlite_")]
        return {n.lower(): tuple(r[1].lower() for r in db.execute(f"pragma table_info({n})")) for n in names}


@lru_cache(maxsize=256)
def _values(path: Path, table: str, column: str) -> list[str]:
    with _open(path) as db:
        rows = db.execute(f"select {column}, count(*) n from {table} group by 1 order by n desc limit {MAX_VALUES + 1}")
        values = [str(r[0]) for r in rows]
    return [*values[:MAX_VALUES], "…"] if len(values) > MAX_VALUES else values


@lru_cache(maxsize=8)
def _terms(path: Path) -> list[tuple[str, str]]:
    schema = _schema(path)
    with _open(path) as db:
        return [
            (str(r[0]), f"{t}.{c}")
            for t, c in SEARCHED
            if c in schema.get(t, ())
            for r in db.execute(f"select distinct {c} from {t} where {c} is not null")
        ]
