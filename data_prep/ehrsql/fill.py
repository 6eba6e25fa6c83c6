"""A template and what was drawn for it become SQL and a question."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from data_prep.ehrsql.template import Template
from data_prep.ehrsql.times import ANYTIME, EVER, FIRST, ONLY, Exact, TimeFilter, Within

MARK = re.compile(r"\{(t|w|p|t2|v|x1|x2|after|soon|with):([\w.,]+)\}")
TIES = ((", 1", ", 1"), (", 1 desc", ", 1 desc"), (", 1", ", 1 desc"), (", 1 desc", ", 1"))
"""How equals are ordered: of what the first exact tag or a rank chooses, and of what the second one does."""


@dataclass(frozen=True)
class Draw:
    """The values of an instance: slots by name, and its time tags."""

    slots: dict[str, Any]
    global1: TimeFilter = ANYTIME
    global2: TimeFilter = ANYTIME
    within: Within = EVER
    exact1: Exact = FIRST
    exact2: Exact = ONLY


def question(phrase: str, draw: Draw) -> str:
    """The paraphrase with its slots filled; what a missing tag leaves is one space, and none before the end."""
    said = {
        "time": draw.global1.phrase, "time2": draw.global2.phrase, "within": draw.within.phrase,
        "nth": draw.exact1.phrase, "nth2": draw.exact2.phrase,
    }  # fmt: skip
    return re.sub(r" +(?=[ .,?])", "", phrase.format(**(draw.slots | said))).strip()


def sql(template: Template, draw: Draw, visit_key: str, tie: tuple[str, str] = ("", "")) -> str:
    """The reference SQL, or with `tie` (one of `TIES`) a variant of it that must give the same for an answer to be clear.

    The variants order equals by the value selected, up or down, and leave out rows without a value.
    """

    def mark(found: re.Match[str]) -> str:
        kind, columns = found.groups()
        if kind in ("t", "w", "p", "t2"):
            return _time(kind, columns, draw.global2 if kind == "t2" else draw.global1)
        if kind == "v":
            return f" and {columns} is not null" if tie[0] else ""
        if kind == "x1":
            return _exact(columns, draw.exact1, tie[0])
        if kind == "x2":
            return _exact(columns, draw.exact2, tie[1])
        a, b = columns.split(",")
        return _within(kind, a, b, draw.within, visit_key)

    text = MARK.sub(mark, template.sql).replace(" limit {rank}", tie[0] + " limit {rank}")
    return text.format(**{k: str(v).replace("'", "''") for k, v in draw.slots.items()})


def _alias(column: str) -> str:
    alias, dot, _ = column.rpartition(".")
    return alias + dot


def _time(kind: str, column: str, when: TimeFilter) -> str:
    if not when.condition:
        return ""
    word = " where " if kind == "w" else " and "
    return word + when.condition.replace("{c}", column).replace("{a}", _alias(column))


def _exact(column: str, exact: Exact, tie: str) -> str:
    if exact.direction is None:
        return f" order by {tie.removeprefix(', ')} limit 1" if tie else ""
    offset = f" offset {exact.offset}" if exact.offset else ""
    return f" order by {column}{exact.direction}{tie} limit 1{offset}"


def _within(kind: str, a: str, b: str, within: Within, visit_key: str) -> str:
    keys = {"{a}": a, "{b}": b, "{u}": _alias(a) + visit_key, "{v}": _alias(b) + visit_key}
    text = within.condition
    for name, column in keys.items():
        text = text.replace(name, column)
    order = f" and {a} < {b}" if kind != "with" else ""
    return order + (f" and {text}" if text else "")
