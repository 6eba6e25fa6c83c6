"""An independent check of a note: its claims are read from the text, and a program judges them by the database.

Nothing here knows what was planted. `mentions` reads a note as a careful reader would: which sentences are about the
entity, which of those claim something of this stay, and what they say of value, unit, route and time. `program` writes
down what was read and the query that answers it; run, it prints one row a mention.
"""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

MOUNT = "/data/ehrcon.sqlite"
NO_CLAIM = re.compile(
    r"\b(no|denies|without|negative for|ruled out|never|not|declined|father|mother|brother|sister|last year|baseline|"
    r"outpatient|pcp|osh|prior admission|goal|recheck|trend|if|will|hold|consider|plan|tomorrow|allergy|keep|titrate)\b"
)
NOTHING_GREW = re.compile(r"\b(no growth|ngtd|no organisms)\b")
DATE = r"(?:\[\*\*(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})\*\*\]|(?P<mm>\d\d)/(?P<dd>\d\d)(?=[\s).,;:]|$))"
CLOCK = r"(?P<h>\d\d):(?P<min>\d\d)(?P<half>[ap]m)?"
WHEN = tuple(
    re.compile(x)
    for x in (
        rf"(?:on |\()?{DATE}(?: at)? {CLOCK}\)?", rf"\bat {CLOCK} on {DATE}", rf"(?:\bon |\(){DATE}\)?", rf"(?:\bat|@) {CLOCK}",
        r"\b(?P<admission>on admission|on arrival|at presentation|upon admission)\b", r"\b(?P<today>today|this shift)\b",
        r"\b(?P<yesterday>yesterday)\b", r"\b(?P<stay>during this stay|this admission|during hospitalization|this stay)\b",
    )
)  # fmt: skip
ROUTES = r"po|iv drip|iv|sc|im|pr|ih|sl"
NO_UNIT = rf"given|infused|in|out|charted|ordered|begun|started|bid|daily|tid|qhs|prn|qid|q\dh|qd|{ROUTES}"
UNIT = re.compile(rf"%|deg\. [cf]|mm hg|(?!(?:{NO_UNIT})\b)[a-z][a-z/]*")
GREW = re.compile(r"(?:grew|growing|showed|with|w/|:)\s+(.+)$")
LISTED = re.compile(r"^(?:\d+\.|#|-) ")
BP = re.compile(r"\bbp (\d+)/(\d+)")
NTH = {"arterial bp [systolic]": 1, "arterial bp [diastolic]": 2}


@dataclass(frozen=True)
class Query:
    """Where an entity's rows are: `columns` are value, unit, (route,) time, or none where only existence counts."""

    table: str
    dictionary: str | None
    key: str
    label: str
    columns: tuple[str, ...]


ITEM = ("d_items", "itemid", "label")
QUERIES = {
    "labevents": Query("labevents", "d_labitems", "itemid", "label", ("valuenum", "valueuom", "charttime")),
    "chartevents": Query("chartevents", *ITEM, ("valuenum", "valueuom", "charttime")),
    "inputevents": Query("inputevents_cv", *ITEM, ("amount", "amountuom", "charttime")),
    "outputevents": Query("outputevents", *ITEM, ("value", "valueuom", "charttime")),
    "prescriptions": Query("prescriptions", None, "drug", "drug", ("dose_val_rx", "dose_unit_rx", "route", "startdate")),
    "microbiologyevents": Query("microbiologyevents", None, "spec_type_desc", "spec_type_desc", ("org_name", "charttime")),
    "diagnoses_icd": Query("diagnoses_icd", "d_icd_diagnoses", "icd9_code", "short_title", ()),
    "procedures_icd": Query("procedures_icd", "d_icd_procedures", "icd9_code", "short_title", ()),
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """The entity that is checked: its group of tables, its name there, and how notes write it."""

    group: str
    name: str
    forms: tuple[str, ...]


@dataclass(frozen=True)
class Mention:
    """A claim as read: its line from 1, and what it says in the order of the query's columns; None is not said.

    A time is a pair of ISO times, both inclusive.
    """

    line: int
    said: tuple[Any, ...]


def mentions(text: str, asked: Asked, admitted: str, charted: str) -> Iterator[Mention]:
    """The claims about `asked` in a note of the stay that began at `admitted`, charted on the day `charted`."""
    forms = "|".join(re.escape(f) for f in sorted(asked.forms, key=len, reverse=True))
    form = re.compile(rf"(?<![\w/])(?:{forms})(?![\w/])")
    for i, line in enumerate(text.splitlines(), 1):
        if not (form.search(line.lower()) or (NTH.get(asked.name) and BP.search(line.lower()))):
            continue
        for part in _sentences(line):
            said = _read(part.lower(), form, asked, admitted, charted)
            if said is not None:
                yield Mention(i, said)


def _sentences(line: str) -> list[str]:
    return re.split(r"(?<=\.) (?=[A-Z])", LISTED.sub("", line))


def _read(part: str, form: re.Pattern[str], asked: Asked, admitted: str, charted: str) -> tuple[Any, ...] | None:
    window, rest = _when(part, admitted, charted)
    if NO_CLAIM.search(NOTHING_GREW.sub("", part)):
        return None
    found = form.search(rest)
    if found is None:
        pressure, nth = BP.search(rest), NTH.get(asked.name)
        return (float(pressure.group(nth)), None, window) if pressure and nth else None
    after = rest[found.end() :]
    columns = len(QUERIES[asked.group].columns)
    if columns == 0:
        return ()
    if columns == 2:
        return (_organism(after), window)
    number = re.search(r"(?<![\w.])\d+(?:\.\d+)?", after.replace("-", " ", 1))
    if number is None:
        return None
    tail = after[number.end() :].strip()
    unit = re.match(
        r"%|deg\. [cf]|mm hg|(?!(?:given|infused|in|out|charted|ordered|begun|bid|daily|tid|qhs|prn|qid|q\dh|qd|started|"
        + ROUTES
        + r")\b)[a-z][a-z/]*",
        tail,
    )
    said: tuple[Any, ...] = (float(number.group()), unit.group() if unit else None)
    if columns == 4:
        route = re.search(rf"^\S*\s*({ROUTES})\b", tail)
        said += (route.group(1) if route else None,)
    return (*said, window)


def _organism(after: str) -> str:
    if NOTHING_GREW.search(after):
        return ""
    found = GREW.search(re.sub(r"\s+", " ", after))
    name = found.group(1) if found else after
    return name if name.endswith("sp.") else name.rstrip(" .")


def _when(part: str, admitted: str, charted: str) -> tuple[tuple[str, str] | None, str]:
    """The window that the sentence's time stands for (None: the whole stay), and the sentence without it."""
    for pattern in WHEN:
        if found := pattern.search(part):
            rest = f"{part[: found.start()].rstrip()} {part[found.end() :].lstrip()}"
            return _window(found.groupdict(), date.fromisoformat(admitted[:10]), date.fromisoformat(charted)), rest
    return None, part


def _window(said: dict[str, str | None], admitted: date, charted: date) -> tuple[str, str] | None:
    if said.get("stay"):
        return None
    if said.get("admission"):
        return _days(admitted, admitted + timedelta(days=1))
    if said.get("today"):
        return _days(charted, charted)
    if said.get("yesterday"):
        return _days(charted - timedelta(days=1), charted - timedelta(days=1))
    when = charted
    if said.get("y"):
        when = date(int(said["y"] or 0), int(said["m"] or 0), int(said["d"] or 0))
    elif said.get("mm"):
        month, day = int(said["mm"] or 0), int(said["dd"] or 0)
        when = date(admitted.year + (month < admitted.month), month, day)
    if not said.get("h"):
        return _days(when, when)
    hour = int(said["h"] or 0)
    if half := said.get("half"):
        hour = hour % 12 + (12 if half == "pm" else 0)
    minute = f"{when} {hour:02d}:{said['min']}"
    return f"{minute}:00", f"{minute}:59"


def _days(first: date, last: date) -> tuple[str, str]:
    return f"{first} 00:00:00", f"{last} 23:59:59"


def program(asked: Asked, hadm: int, found: list[Mention]) -> str:
    """A program that prints line, inconsistent columns (or ok) and ROW_ID of each mention, tab-separated."""
    q = QUERIES[asked.group]
    join = f" join {q.dictionary} d using ({q.key})" if q.dictionary else ""
    where = f"t.hadm_id = {hadm} and {'d' if join else 't'}.{q.label} = '{_quoted(asked.name)}'"
    select = ", ".join(f"t.{c}" for c in ("row_id", *q.columns))
    lines = [
        "import sqlite3", f'db = sqlite3.connect("{MOUNT}")', f"columns = {list(q.columns)}",
        f'sql = """select {select} from {q.table} t{join} where {where} order by 1"""', "rows = db.execute(sql).fetchall()",
    ]  # fmt: skip
    if asked.group == "inputevents":
        lines += METAVISION
    lines += [
        f"claims = {{{', '.join(f'{m.line}: {m.said!r}' for m in found)}}}",
        *JUDGE,
        f"        print(line, {q.key!r}, None, sep='\\t')",
    ]
    return "\n".join(lines)


def _quoted(name: str) -> str:
    return name.replace("'", "''")


METAVISION = (
    "if not rows:", "    columns[-1] = 'starttime'",
    "    rows = db.execute(sql.replace('inputevents_cv', 'inputevents_mv').replace('charttime', 'starttime')).fetchall()",
)  # fmt: skip
JUDGE = """
def differs(said, found):
    if said is None:
        return False
    if isinstance(said, tuple):
        return found is None or not said[0] <= found <= said[1]
    if isinstance(said, float):
        return found is None or float(found) != said
    return (found or "") != said
for line, said in claims.items():
    wrong = [[c for c, s, f in zip(columns, said, row[1:]) if differs(s, f)] for row in rows]
    if rows:
        best = min(range(len(rows)), key=lambda i: len(wrong[i]))
        print(line, ",".join(sorted(wrong[best])) or "ok", rows[best][0], sep="\\t")
    else:""".strip().splitlines()


def run(code: str, database: Path) -> list[list[Any]]:
    """The rows that `code`, a `program`, prints when `database` is mounted where it looks."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code.replace(MOUNT, str(database)), "<reference>", "exec"), {})
    rows = (line.split("\t") for line in printed.getvalue().splitlines())
    return [[int(line), columns, None if row == "None" else int(row)] for line, columns, row in rows]
