"""Instances from templates: draw values from real events, run the reference SQL, keep what has one clear answer."""

from __future__ import annotations

import hashlib
import random
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from data_prep.ehrsql.templates import OOD, TEMPLATES, UNDEMONSTRATED, Template
from data_prep.ehrsql.times import ANYTIME, NOW, draw
from data_prep.wordings import Part, wordings
from galen.types import ActionKind, Gold, Limits, OracleSpec, Privacy, Resource, Task, TaskPrompt

BASES = {
    "patient": "select subject_id patient_id, '' time from patients",
    "admission": "select subject_id patient_id, admission_location admission_route, admittime time from admissions",
    "discharge": "select subject_id patient_id, dischtime time from admissions where dischtime is not null",
    "icu": "select subject_id patient_id, intime time from icustays",
    "diagnosis": "select subject_id patient_id, short_title diagnosis_name, charttime time from diagnoses_icd join d_icd_diagnoses using(icd9_code)",
    "procedure": "select subject_id patient_id, short_title procedure_name, charttime time from procedures_icd join d_icd_procedures using(icd9_code)",
    "drug": "select subject_id patient_id, drug drug_name, route drug_route, startdate time from prescriptions",
    "lab": "select subject_id patient_id, label lab_name, charttime time from labevents join d_labitems using(itemid)",
    "vital": "select subject_id patient_id, label vital_name, charttime time from chartevents join d_items using(itemid)",
    "intake": "select subject_id patient_id, label intake_name, charttime time from inputevents_cv join d_items using(itemid)",
    "output": "select subject_id patient_id, label output_name, charttime time from outputevents join d_items using(itemid)",
    "culture": "select subject_id patient_id, spec_type_desc culture_name, charttime time from microbiologyevents",
    "none": "select '' time",
}  # fmt: skip
AGES = {"20s": (20, 29), "30s": (30, 39), "40s": (40, 49), "50s": (50, 59), "60 or above": (60, 150)}
RANKS = {"three": 3, "four": 4, "five": 5}
AGGREGATES = {"average": "avg", "maximum": "max", "minimum": "min"}
CONTRACTS = {
    "bool": "1 for yes, 0 for no", "count": "a number", "number": "a number", "time": "YYYY-MM-DD HH:MM:SS",
    "name": "the name as in the database", "list": "one value a line, order does not matter",
}  # fmt: skip
MAX_ROWS = 30
TEST_SHARE = 0.2
ACTIONS = tuple(ActionKind)


def build(
    database: Path, n_train: int, n_test: int, n_ood: int, seed: int, *, demonstrations: int = 0,
    privacy: str = "synthetic",
) -> Iterator[tuple[Task, Gold]]:  # fmt: skip
    """Tasks with gold for the splits train, test (unseen patients, values, phrases) and test/ood (unseen templates).

    The first `demonstrations` of train keep to the templates and paraphrases that demonstrations show. Templates take
    turns, so each has its share. `category` is the EHRSQL operation slot, or the answer type where the template has none.
    """
    maker = _Maker(database, seed, Privacy(privacy))
    seen = [t for t in TEMPLATES if t.tag not in OOD]
    held = [t for t in TEMPLATES if t.tag in OOD]
    shown = [t for t in seen if t.tag not in UNDEMONSTRATED]
    yield from maker.make(Part.DEMONSTRATIONS, "id", shown, demonstrations)
    yield from maker.make(Part.TRAIN, "id", seen, n_train - demonstrations, first=demonstrations)
    yield from maker.make(Part.TEST, "id", seen, n_test)
    yield from maker.make(Part.TEST, "ood", held, n_ood)


def in_test(key: str) -> bool:
    """Whether a patient, or the values of a question about all patients, belong to the test side."""
    return int(hashlib.sha256(key.encode()).hexdigest()[:8], 16) < TEST_SHARE * 16**8


class _Maker:
    def __init__(self, database: Path, seed: int, privacy: Privacy) -> None:
        self._db = sqlite3.connect(f"file:{database}?mode=ro&immutable=1", uri=True)
        self._db.row_factory = sqlite3.Row
        self._bases = {k: [dict(r) for r in self._db.execute(sql)] for k, sql in BASES.items()}
        self._seed, self._privacy = seed, privacy
        self._answers: dict[str, list[list[Any]]] = {}
        self._questions: set[str] = set()

    def make(
        self, part: Part, block: str, templates: list[Template], n: int, first: int = 0
    ) -> Iterator[tuple[Task, Gold]]:
        """`n` instances of `templates` in turn, numbered from `first`; a template that cannot give more is passed over."""
        rng = random.Random(f"{self._seed}/{part}/{block}")
        misses = dict.fromkeys(templates, 0)
        made = 0
        while made < n and (alive := [t for t in templates if misses[t] < 60]):
            for template in alive:
                pair = self._instance(rng, template, part, block, first + made)
                misses[template] = 0 if pair else misses[template] + 1
                if pair and made < n:
                    made += 1
                    yield pair

    def _instance(
        self, rng: random.Random, template: Template, part: Part, block: str, index: int
    ) -> tuple[Task, Gold] | None:
        slots = self._slots(rng, template)
        if slots is None:
            return None
        when = ANYTIME
        if "{t:" in template.sql or "{w:" in template.sql:
            when = draw(rng, slots["time"], slots["patient_id"] if "{patient_id}" in template.sql else None)
        used = {k: v for k, v in slots.items() if k != "time" and "{" + k + "}" in template.sql + template.phrases[0]}
        subject = f"patient {used['patient_id']}" if "patient_id" in used else f"{template.tag} {used} {when.phrase}"
        if in_test(subject) != (part is Part.TEST):
            return None
        phrase = rng.choice(wordings(template.phrases, part))
        question = re.sub(r" +(?=[ .?])", "", phrase.format(**(slots | {"time": when.phrase})))
        sql = _fill(template.sql, slots, when.condition)
        rows = self._run(sql, template)
        if rows is None or question in self._questions:
            return None
        self._questions.add(question)
        return self._pair(template, part.task_split, block, index, question, sql, rows, used, when.tag)

    def _slots(self, rng: random.Random, template: Template) -> dict[str, Any] | None:
        base = self._bases[template.base]
        if not base:
            return None
        slots = dict(rng.choice(base))
        if template.answer == "bool" and rng.random() < 0.4:
            slots |= {k: v for k, v in rng.choice(base).items() if k != "patient_id"}
        nth, n, agg, age = (
            rng.choice(("first", "last")),
            rng.choice(list(RANKS)),
            rng.choice(list(AGGREGATES)),
            rng.choice(list(AGES)),
        )
        return slots | {
            "nth": nth, "dir": " desc" if nth == "last" else "", "n": n, "rank": RANKS[n], "agg": agg,
            "fn": AGGREGATES[agg], "age_group": age, "low": AGES[age][0], "high": AGES[age][1],
        }  # fmt: skip

    def _run(self, sql: str, template: Template) -> list[list[Any]] | None:
        """The answer's rows, or None when there is no single clear answer (nothing, a null, a tie, a long list)."""
        if sql not in self._answers:
            self._answers[sql] = [list(r) for r in self._db.execute(sql).fetchmany(MAX_ROWS + 1)]
        rows = self._answers[sql]
        if not rows or len(rows) > MAX_ROWS or any(v is None for row in rows for v in row):
            return None
        if template.answer not in ("list",) and len(rows) != 1:
            return None
        return None if self._tied(sql, rows) else rows

    def _tied(self, sql: str, rows: list[list[Any]]) -> bool:
        """Whether `limit n` cut through equals: the first n+1 rows would then have several right answers."""
        found = re.search(r"^select .+? (from .+) order by (\S+?(?:\(\*\))?)( desc)? limit (\d+)$", sql)
        if found is None:
            return False
        body, key, _, n = found.groups()
        order = f"order by {key}{found.group(3) or ''}"
        keys = [r[0] for r in self._db.execute(f"select {key} {body} {order} limit {int(n) + 1}")]
        return len(keys) < int(n) or (len(keys) > int(n) and keys[-1] == keys[-2])

    def _pair(
        self, template: Template, split: Literal["train", "test"], block: str, index: int, question: str, sql: str, rows: list[list[Any]],
        used: dict[str, Any], time_tag: str,
    ) -> tuple[Task, Gold]:  # fmt: skip
        id_ = f"mimic_iii/{split}-{block}/{index:06d}"
        task = Task(
            id=id_, family="mimic_iii", category=_category(template), split=split, distribution=block,  # type: ignore[arg-type]
            cluster=f"patient {used['patient_id']}" if "patient_id" in used else template.tag,
            prompt=TaskPrompt(question=question, contract=CONTRACTS[template.answer]),
            resources=(Resource(kind="sqlite", path="resources/mimic_iii.sqlite", mount="/data/mimic_iii.sqlite"),),
            now=NOW, actions=ACTIONS, limits=Limits(), answer_type=template.answer,
            oracle=OracleSpec(kind="rows", params={"boolean": template.answer == "bool"}), privacy=self._privacy,
            metadata={"q_tag": template.tag, "t_tag": time_tag, "slots": used},
        )  # fmt: skip
        return task, Gold(id=id_, answer=rows, solution=sql, lang="sql")


def _fill(sql: str, slots: dict[str, Any], condition: str) -> str:
    def time(found: re.Match[str]) -> str:
        word = " and " if found.group(1) == "t" else " where "
        return word + condition.replace("{c}", found.group(2)) if condition else ""

    quoted = {k: str(v).replace("'", "''") for k, v in slots.items()}
    return re.sub(r"\{([tw]):(\w+)\}", time, sql).format(**quoted)


def _category(template: Template) -> str:
    for slot in ("age_group", "agg_function", "n_rank"):
        if f"[{slot}]" in template.tag:
            return slot
    return template.answer
