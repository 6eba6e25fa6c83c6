"""What a question is, and what a database adds to it: the types that both dialects of EHRSQL share.

A `Question` is one published tag with our paraphrases; it knows no table. A `Dialect` is a database: the SQL that answers
each question there, where the values of its slots come from, and what a hospital visit and an ICU stay are. The two meet
in a `Template`.

Slots of paraphrases: `{time}` and `{time2}` (the phrases of global1 and global2), `{within}`, `{nth}` and `{nth2}` (exact1
and exact2), the operations of `operations.py`, and the values that the question's base gives (`{patient_id}`,
`{drug_name}`, …).

SQL holds the same values, and these marks (`fill.py`):

    {t:column} {w:column}   " and …" or " where …": global1 on that time column; nothing when there is no filter
    {t2:column}             " and …": global2
    {p:column}              as {t:column}, where the visits of one patient make no sense as a filter
    {x1:column} {x2:column} " order by column … limit 1": exact1, exact2
    {after:a.x,b.y}         " and a.x < b.y and …": b follows a, within …
    {soon:a.x,b.y}          the same where b has no hospital visit of its own: within days or months only
    {with:a.x,b.y}          " and …": a and b at the same time, on the same day, in the same month or hospital visit

An alias before a column (`a.charttime`) is put before the visit's key too. Ranks are written `limit {rank}`.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True)
class Question:
    """`key` is our short name of the published `tag`; `base` names the events that slot values are drawn from.

    `answer` is the type of the answer, and `note` says its form where the type alone does not. `more` paraphrases are of the
    whole set only.
    """

    key: str
    tag: str
    base: str
    answer: str
    phrases: tuple[str, ...]
    note: str = ""
    more: tuple[str, ...] = ()


@dataclass(frozen=True)
class Template:
    """A question with its reference SQL in one dialect."""

    question: Question
    sql: str

    @property
    def key(self) -> str:
        return self.question.key

    @property
    def tag(self) -> str:
        return self.question.tag

    @property
    def base(self) -> str:
        return self.question.base

    @property
    def answer(self) -> str:
        return self.question.answer

    def phrases(self, whole: bool) -> tuple[str, ...]:
        """The paraphrases of the brief or the whole set."""
        return self.question.phrases + self.question.more if whole else self.question.phrases

    @cached_property
    def slots(self) -> frozenset[str]:
        """The values that make an instance of this template."""
        text = self.sql + self.question.phrases[0]
        found = {name for _, name, _, _ in string.Formatter().parse(text) if name}
        return frozenset(found | ({"dir"} if "{x1:" in self.sql else set()))

    @cached_property
    def marks(self) -> frozenset[str]:
        """The kinds of time marks in the SQL: t, w, p, t2, x1, x2, after, soon, with."""
        return frozenset(re.findall(r"\{(\w+):", self.sql))

    @property
    def timed(self) -> bool:
        """Whether it has a global1 filter."""
        return not self.marks.isdisjoint("twp")

    @property
    def personal(self) -> bool:
        """Whether it asks about one patient."""
        return "{patient_id}" in self.sql


@dataclass(frozen=True)
class Dialect:
    """A database that EHRSQL's questions are asked of.

    family: name of the task family and of its database, `resources/<family>.sqlite`.
    bases: SQL of the rows that slots are drawn from. A base of events gives `patient_id`, `time` and its slots.
    visits: the condition of each rel-hosp-* and rel-icu-* tag; `{a}` is the alias, `{patient_id}` the patient.
    visit_key: the column that two events of one hospital visit share.
    spans: SQL of all visits and stays: ('hosp' or 'icu', patient_id, start, end or null), in order of start.
    stays: the bases whose SQL has the ICU stay's key, so that rel-icu-* filters fit.
    sql: the reference SQL of each question that this database can answer, by the question's key.
    indexes: what the builder indexes in its own copy of the database, as `table(columns)`.
    """

    family: str
    bases: Mapping[str, str]
    visits: Mapping[str, str]
    visit_key: str
    spans: str
    stays: frozenset[str]
    sql: Mapping[str, str] = field(repr=False)
    indexes: tuple[str, ...] = ()


def templates(questions: tuple[Question, ...], dialect: Dialect) -> tuple[Template, ...]:
    """The questions that `dialect` answers, in their order."""
    return tuple(Template(q, dialect.sql[q.key]) for q in questions if q.key in dialect.sql)
