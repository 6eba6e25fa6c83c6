"""Instances from templates: draw values from real events, run the reference SQL, keep what has one clear answer."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from data_prep.databases import in_memory, read_only
from data_prep.ehrsql import draws, fill
from data_prep.ehrsql.events import Events
from data_prep.ehrsql.fill import Draw
from data_prep.ehrsql.laws import Fairness, grams, is_readable
from data_prep.ehrsql.mimic import MIMIC
from data_prep.ehrsql.questions import BRIEF, OOD, QUESTIONS, UNDEMONSTRATED
from data_prep.ehrsql.tags import form, o_tag, t_tag
from data_prep.ehrsql.template import Dialect, Template, templates
from data_prep.ehrsql.times import NOW
from data_prep.wordings import Part, pick
from galen.types import ActionKind, Gold, Limits, OracleSpec, Privacy, Resource, Task, TaskPrompt

Selected = Literal["brief", "all"]
CONTRACTS = {
    "bool": "1 for yes, 0 for no", "count": "a number", "number": "a number", "time": "YYYY-MM-DD HH:MM:SS",
    "name": "the name as in the database", "list": "one value a line, order does not matter",
}  # fmt: skip
MAX_ROWS = 30
TEST_SHARE = 0.2
ACTIONS = tuple(ActionKind)
LIMITED = re.compile(r"^select .+? (from .+) order by (\S+?(?:\(\*\))?)( desc)? limit (\d+)$")


@dataclass(frozen=True)
class Selection:
    """Which questions a size asks and how.

    A template in its turn tries `tries` times; after `patience` misses in a row it has no more to give.
    """

    draw: Callable[[random.Random, Template, Events], Draw | None]
    tries: int
    patience: int
    whole: bool


SELECTIONS: dict[Selected, Selection] = {
    "brief": Selection(draws.brief, tries=1, patience=60, whole=False),
    "all": Selection(draws.whole, tries=100, patience=400, whole=True),
}


def build(
    database: Path, n_train: int, n_test: int, n_ood: int, seed: int, *, demonstrations: int = 0,
    privacy: str = "synthetic", selected: Selected = "brief", dialect: Dialect = MIMIC,
) -> Iterator[tuple[Task, Gold]]:  # fmt: skip
    """Tasks with gold for the splits train, test (unseen patients, values, phrases) and test/ood (unseen templates).

    The first `demonstrations` of train keep to the templates and paraphrases that demonstrations show. Templates take
    turns, so each has its share. `selected`: the brief subset of questions and filters, or all that are published for
    `dialect`; of all, yes/no is balanced and no answer is frequent.
    """
    maker = _Maker(database, seed, Privacy(privacy), dialect, SELECTIONS[selected])
    chosen = select(dialect, selected)
    seen = [t for t in chosen if t.key not in OOD]
    held = [t for t in chosen if t.key in OOD]
    shown = [t for t in seen if t.key not in UNDEMONSTRATED]
    yield from maker.make(Part.DEMONSTRATIONS, "id", shown, demonstrations)
    yield from maker.make(Part.TRAIN, "id", seen, n_train - demonstrations, first=demonstrations)
    yield from maker.make(Part.TEST, "id", seen, n_test)
    yield from maker.make(Part.TEST, "ood", held, n_ood)


def select(dialect: Dialect, selected: Selected) -> list[Template]:
    """The templates of `dialect` in the order in which they take turns."""
    every = templates(QUESTIONS, dialect)
    if selected == "all":
        return list(every)
    return sorted((t for t in every if t.key in BRIEF), key=lambda t: BRIEF.index(t.key))


def in_test(key: str) -> bool:
    """Whether a patient, or the values of a question about all patients, belong to the test side."""
    return int(hashlib.sha256(key.encode()).hexdigest()[:8], 16) < TEST_SHARE * 16**8


class _Maker:
    def __init__(self, database: Path, seed: int, privacy: Privacy, dialect: Dialect, selection: Selection) -> None:
        self._db = in_memory(database, dialect.indexes) if selection.whole else read_only(database)
        self._events = Events(self._db, dialect)
        self._seed, self._privacy, self._dialect, self._selection = seed, privacy, dialect, selection
        self._answers: dict[str, list[list[Any]]] = {}
        self._questions: set[str] = set()
        self._trained: set[tuple[str, ...]] = set()
        self._queries: set[str] = set()

    def make(
        self, part: Part, block: str, templates: list[Template], n: int, first: int = 0
    ) -> Iterator[tuple[Task, Gold]]:
        """`n` instances of `templates` in turn, numbered from `first`; a template that cannot give more is passed over."""
        rng = random.Random(f"{self._seed}/{part}/{block}")
        misses = dict.fromkeys(templates, 0)
        fair = Fairness()
        made = 0
        while made < n and (alive := [t for t in templates if misses[t] < self._selection.patience]):
            for template in alive:
                tries = (
                    self._instance(rng, template, part, block, first + made, fair) for _ in range(self._selection.tries)
                )
                pair, missed = next(((p, i) for i, p in enumerate(tries) if p), (None, self._selection.tries))
                misses[template] = 0 if pair else misses[template] + missed
                if pair and made < n:
                    made += 1
                    yield pair

    def _instance(
        self, rng: random.Random, template: Template, part: Part, block: str, index: int, fair: Fairness
    ) -> tuple[Task, Gold] | None:
        draw = self._selection.draw(rng, template, self._events)
        if draw is None:
            return None
        used = {k: v for k, v in draw.slots.items() if k != "time" and k in template.slots}
        if in_test(_subject(template, draw, used)) != (part is Part.TEST):
            return None
        question = fill.question(pick(rng, template.phrases(self._selection.whole), part), draw)
        sql = fill.sql(template, draw, self._dialect.visit_key)
        rows = self._run(sql, template, draw)
        if rows is None or question in self._questions or (part is Part.TEST and sql.lower() in self._queries):
            return None
        if self._selection.whole and not self._lawful(question, rows, template.answer == "bool", part, fair):
            return None
        self._questions.add(question)
        if part is not Part.TEST:
            self._queries.add(sql.lower())
        return self._pair(template, part.task_split, block, index, question, sql, rows, used, draw)

    def _lawful(self, question: str, rows: list[list[Any]], boolean: bool, part: Part, fair: Fairness) -> bool:
        """Whether an instance keeps the laws of the whole set."""
        said = grams(question)
        if part is Part.TEST and not said.isdisjoint(self._trained):
            return False
        if not is_readable(rows) or not fair.admits(rows, boolean):
            return False
        if part is not Part.TEST:
            self._trained |= said
        return True

    def _run(self, sql: str, template: Template, draw: Draw) -> list[list[Any]] | None:
        """The answer's rows, or None when there is no single clear answer (nothing, a null, a tie, a long list)."""
        rows = self._rows(sql)
        if not rows or len(rows) > MAX_ROWS or any(v is None for row in rows for v in row):
            return None
        if template.answer != "list" and len(rows) != 1:
            return None
        return None if self._tied(sql, rows, template, draw) else rows

    def _rows(self, sql: str) -> list[list[Any]]:
        if sql not in self._answers:
            self._answers[sql] = [list(r) for r in self._db.execute(sql).fetchmany(MAX_ROWS + 1)]
        return self._answers[sql]

    def _tied(self, sql: str, rows: list[list[Any]], template: Template, draw: Draw) -> bool:
        """Whether a limit cuts through equals, or picks by rows without a value: several answers would be right."""
        found = LIMITED.search(sql)
        if found is not None and self._cut(*found.groups()):
            return True
        if found is not None and "v" not in template.marks:
            return False
        others = [fill.sql(template, draw, self._dialect.visit_key, tie) for tie in fill.TIES]
        short = "limit {rank}" in template.sql and len(rows) < draw.slots["rank"]
        return short or any(sorted(self._rows(o), key=repr) != sorted(rows, key=repr) for o in others if o != sql)

    def _cut(self, body: str, key: str, descending: str | None, n: str) -> bool:
        """Whether the n-th row by `key` equals the next, or there are fewer than n."""
        keys = [
            r[0] for r in self._db.execute(f"select {key} {body} order by {key}{descending or ''} limit {int(n) + 1}")
        ]
        return len(keys) < int(n) or (len(keys) > int(n) and keys[-1] == keys[-2])

    def _pair(
        self, template: Template, split: Literal["train", "test"], block: str, index: int, question: str, sql: str,
        rows: list[list[Any]], used: dict[str, Any], draw: Draw,
    ) -> tuple[Task, Gold]:  # fmt: skip
        family, whole = self._dialect.family, self._selection.whole
        id_ = f"{family}/{split}-{block}/{index:06d}"
        tags = (
            {"t_tag": t_tag(template, draw), "o_tag": o_tag(template, draw)} if whole else {"t_tag": draw.global1.tag}
        )
        task = Task(
            id=id_, family=family, split=split, distribution=block,  # type: ignore[arg-type]
            category=form(template.tag),
            cluster=f"patient {used['patient_id']}" if "patient_id" in used else template.tag,
            prompt=TaskPrompt(question=question, contract=template.question.note or CONTRACTS[template.answer]),
            resources=(Resource(kind="sqlite", path=f"resources/{family}.sqlite", mount=f"/data/{family}.sqlite"),),
            now=NOW, actions=ACTIONS, limits=Limits(), answer_type=template.answer,
            oracle=OracleSpec(kind="rows", params={"boolean": template.answer == "bool"}), privacy=self._privacy,
            metadata={"q_tag": template.tag, **tags, "slots": used},
        )  # fmt: skip
        return task, Gold(id=id_, answer=rows, solution=sql, lang="sql")


def _subject(template: Template, draw: Draw, used: dict[str, Any]) -> str:
    """What decides on which side an instance is: its patient, or the values and times of a question about all."""
    if "patient_id" in used:
        return f"patient {used['patient_id']}"
    return " ".join(filter(None, (f"{template.tag} {used} {draw.global1.phrase}", draw.within.phrase)))
