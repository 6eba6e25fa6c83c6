"""TREQS instances: a form is drawn, said, and answered by its reference query on the five tables."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from data_prep.databases import in_memory
from data_prep.ehrsql.build import in_test
from data_prep.ehrsql.laws import Fairness, grams, is_readable
from data_prep.treqs.draw import Plan, Records, draw, plan
from data_prep.treqs.forms import Form
from data_prep.treqs.phrases import say
from data_prep.wordings import Part, blocks
from galen.types import ActionKind, Gold, Limits, OracleSpec, Privacy, Resource, Task, TaskPrompt

MOUNT = "/data/treqs.sqlite"
RESOURCE = Resource(kind="sqlite", path="resources/treqs.sqlite", mount=MOUNT)
ACTIONS = tuple(ActionKind)
MAX_ROWS = 20
TRIES = 40  # draws for one plan, so that the shares of the plans are those of the instances
WORDINGS = 3  # questions that may share a query
PATIENCE = 100  # plans in a row that came to nothing, after which the tables are taken to have no more


def build(
    database: Path, n_train: int, n_test: int, n_ood: int, seed: int, *, demonstrations: int = 0,
    privacy: str = "synthetic",
) -> Iterator[tuple[Task, Gold]]:  # fmt: skip
    """Tasks with gold for train, test (unseen patients, conditions, wordings) and test/ood (unseen condition columns).

    `database` is the TREQS view. The first `demonstrations` of train keep to the wordings that demonstrations show.
    No two tasks share a question; what a question is about puts it on one side of train and test.
    """
    maker = _Maker(database, seed, Privacy(privacy))
    for part, block, first, n in blocks(n_train, n_test, n_ood, demonstrations):
        yield from maker.make(part, block, n, first)


def category(aggregation: str) -> str:
    """The aggregation; a plain selection, which has none, is listed with the counts."""
    return aggregation or "count"


class _Maker:
    def __init__(self, database: Path, seed: int, privacy: Privacy) -> None:
        self._db = in_memory(database)
        self._records = Records(self._db)
        self._seed, self._privacy = seed, privacy
        self._named: dict[str, set[str]] = {}
        for (row,) in self._records.by_table["DEMOGRAPHIC"].values():
            self._named.setdefault(row["NAME"], set()).add(row["SUBJECT_ID"])
        self._said: set[str] = set()
        self._trained: set[tuple[str, ...]] = set()
        self._asked: Counter[str] = Counter()

    def make(self, part: Part, block: str, n: int, first: int) -> Iterator[tuple[Task, Gold]]:
        """`n` instances numbered from `first`; fewer where the tables have no more."""
        rng = random.Random(f"treqs/{self._seed}/{part}/{block}")
        fairness = Fairness()
        made = misses = 0
        while made < n and misses < PATIENCE:
            wanted = plan(rng)
            tries = (self._instance(rng, wanted, fairness, part, block, first + made) for _ in range(TRIES))
            pair = next(filter(None, tries), None)
            misses = 0 if pair else misses + 1
            if pair:
                made += 1
                yield pair

    def _instance(
        self, rng: random.Random, wanted: Plan, fairness: Fairness, part: Part, block: str, index: int
    ) -> tuple[Task, Gold] | None:
        form = draw(rng, self._records, wanted, block == "ood")
        if form is None:
            return None
        cluster = self._cluster(form)
        if cluster is None or in_test(cluster if cluster.startswith("patient") else form.subject) != (
            part is Part.TEST
        ):
            return None
        question = say(rng, form, part)
        sql = form.sql()
        if question in self._said or self._asked[sql] == WORDINGS:
            return None
        rows = self._answer(form)
        words = grams(question)
        if rows is None or (part is Part.TEST and not words.isdisjoint(self._trained)):
            return None
        if not fairness.admits(rows, boolean=False):
            return None
        if part is not Part.TEST:
            self._trained |= words
        self._said.add(question)
        self._asked[sql] += 1
        id_ = f"treqs/{part.task_split}-{block}/{index:06d}"
        task = Task(
            id=id_, family="treqs", category=category(form.aggregation), split=part.task_split, distribution=block,  # type: ignore[arg-type]
            cluster=cluster, prompt=TaskPrompt(question=question, contract=contract(form.aggregation, len(form.selected))),
            resources=(RESOURCE,), actions=ACTIONS, limits=Limits(), answer_type="number" if form.aggregation else "list",
            oracle=OracleSpec(kind="rows"), privacy=self._privacy,
            metadata={
                "aggregation": form.aggregation, "tables": list(form.tables), "selected": list(form.selected),
                "conditions": [c.key for c in form.conditions], "template": form.template,
            },
        )  # fmt: skip
        return task, Gold(id=id_, answer=rows, solution=sql, lang="sql")

    def _cluster(self, form: Form) -> str | None:
        """The patient asked about, or the form's template; None where several patients share the name."""
        if form.aggregation:
            return form.template
        who = form.conditions[0]
        ids = {who.value} if who.column == "SUBJECT_ID" else self._named[str(who.value)]
        return f"patient {next(iter(ids))}" if len(ids) == 1 else None

    def _answer(self, form: Form) -> list[list[Any]] | None:
        """The reference's rows, or None where they are no clear answer: none, too many, empty cells, repeated rows."""
        rows = [list(r) for r in self._db.execute(form.sql()).fetchmany(MAX_ROWS + 1)]
        if not rows or len(rows) > MAX_ROWS or not is_readable(rows) or any(v is None for row in rows for v in row):
            return None
        if len({tuple(r) for r in rows}) < len(rows) or (
            form.aggregation == "avg" and self._weighted(form, rows[0][0])
        ):
            return None
        return rows

    def _weighted(self, form: Form, mean: float) -> bool:
        """Whether a mean changes when each admission counts once: joined rows would then weigh it in silence."""
        inner = form.sql().partition(" from ")[2]
        once = f"select avg(x) from (select distinct DEMOGRAPHIC.HADM_ID, {form.selected[0]} x from {inner})"
        return abs(self._db.execute(once).fetchone()[0] - mean) > 5e-4


def contract(aggregation: str, columns: int) -> str:
    """What the answer looks like."""
    if aggregation:
        return "a number"
    cells = "the value" if columns == 1 else "the values, in the order asked and separated by a tab,"
    return f"{cells} of each matching record, one record a line"
