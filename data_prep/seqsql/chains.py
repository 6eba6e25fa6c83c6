"""Draws chains of questions, each turn built on the one before, with slots from records that the chain has reached."""

from __future__ import annotations

import random
import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from data_prep.ehrsql import times
from data_prep.ehrsql.laws import is_readable
from data_prep.seqsql.operations import COMPUTES, FOLLOWS, HELD_OUT, NARROWS, OPENS, Operation
from data_prep.wordings import Part, pick

Slots = dict[str, Any]

# Events that slots come from: a stay's own, by HADM_ID. `time` is what time phrases are drawn around.
POOLS = {
    "admission": "select hadm_id, subject_id patient_id, admission_type, insurance, cast(strftime('%Y', admittime) as integer) year, age old, admittime time from admissions",
    "route": "select hadm_id, admission_location admission_route, admittime time from admissions",
    "length": "select hadm_id, cast(julianday(dischtime) - julianday(admittime) as integer) days from admissions where dischtime is not null",
    "person": "select hadm_id, gender, case gender when 'm' then 'male' else 'female' end sex from admissions join patients using(subject_id)",
    "icu": "select hadm_id, subject_id patient_id, first_careunit careunit, intime time from icustays",
    "diagnosis": "select hadm_id, short_title diagnosis_name, charttime time from diagnoses_icd join d_icd_diagnoses using(icd9_code)",
    "procedure": "select hadm_id, short_title procedure_name, charttime time from procedures_icd join d_icd_procedures using(icd9_code)",
    "drug": "select hadm_id, drug drug_name, startdate time from prescriptions",
    "lab": "select hadm_id, label lab_name, charttime time from labevents join d_labitems using(itemid)",
    "vital": "select hadm_id, label vital_name, charttime time from chartevents join d_items using(itemid)",
    "intake": "select hadm_id, label intake_name, charttime time from inputevents_cv join d_items using(itemid)",
    "output": "select hadm_id, label output_name, charttime time from outputevents join d_items using(itemid)",
    "culture": "select hadm_id, spec_type_desc culture_name, charttime time from microbiologyevents",
}  # fmt: skip
RANKS = (("two", 2), ("three", 3), ("four", 4), ("five", 5))
OF_PATIENT = {"abs-year-in": 1, "abs-year-since": 2, "abs-year-until": 1, "rel-year-this": 1, "rel-year-last": 1}
OF_COHORT = {
    "abs-month-in": 6,
    "abs-year-in": 3,
    "abs-month-since": 2,
    "rel-month-last": 1,
    "rel-year-last": 1,
    "abs-day-in": 1,
}
MIDDLES = ((0, 0.12), (1, 0.4), (2, 0.33), (3, 0.15))  # turns between the first and the computing one
MAX_ROWS = 100
TRIES = 6


@dataclass(frozen=True)
class Turn:
    """One question of a chain. `seqsql` refers to earlier turns by token where `sql` has them written out."""

    operation: Operation
    question: str
    whole: str
    sql: str
    seqsql: str
    rows: list[list[Any]]

    @property
    def tokens(self) -> list[str]:
        """The back-references of its query: prev_query_N and prev_result_N, N counting turns from 1."""
        return sorted(set(re.findall(r"prev_(?:query|result)_\d+", self.seqsql)))


@dataclass(frozen=True)
class Opening:
    """The first operation of a chain with its values."""

    operation: Operation
    slots: Slots
    period: times.TimeFilter

    @property
    def subject(self) -> str:
        """The patient or the cohort that the chain is about; it decides on which side of train and test it is."""
        used = {k: v for k, v in self.slots.items() if "{" + k + "}" in self.operation.sql}
        if "patient_id" in used:
            return f"patient {used['patient_id']}"
        return f"{self.operation.name} {used} {self.period.phrase}"


@dataclass(frozen=True)
class Chain:
    """Turns from the first to the last; `subject` is the patient or cohort that it opens with."""

    subject: str
    turns: tuple[Turn, ...]

    @property
    def whole(self) -> str:
        """The question that the chain takes apart."""
        last = self.turns[-1]
        return last.whole if last.operation.category == "compute" else f"what are {last.whole}?"

    @property
    def first_held(self) -> int | None:
        """The index of the first turn that makes a held-out pair with the one before it; None without such a turn."""
        names = [t.operation.name for t in self.turns]
        return next((i for i in range(1, len(names)) if (names[i - 1], names[i]) in HELD_OUT), None)


class Drawer:
    """Draws chains over one database; the same `rng` state gives the same chain."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._pools: dict[str, dict[int, list[Slots]]] = {}
        for name, sql in POOLS.items():
            cursor = db.execute(sql)
            columns = [d[0].lower() for d in cursor.description]
            by_stay = self._pools.setdefault(name, {})
            for row in cursor:
                slots = dict(zip(columns, row, strict=True))
                if None not in row:
                    by_stay.setdefault(slots["hadm_id"], []).append(slots)
        self._events = {name: [s for rows in pool.values() for s in rows] for name, pool in self._pools.items()}
        self._stays: dict[str, dict[int, list[int]]] = {"patients": {}, "icu": {}}
        for kind, key, table in (("patients", "subject_id", "admissions"), ("icu", "icustay_id", "icustays")):
            for owner, stay in db.execute(f"select {key}, hadm_id from {table}"):
                self._stays[kind].setdefault(owner, []).append(stay)
        self._names = {
            pool: sorted({e[f"{pool}_name"] for e in self._events[pool]})
            for pool in ("drug", "diagnosis", "procedure", "lab", "culture")
        }

    def opening(self, rng: random.Random) -> Opening | None:
        """How a chain may begin; None where the database has no events for the operation drawn."""
        operation = rng.choice(OPENS)
        events = self._events[operation.pool]
        if not events:
            return None
        slots = rng.choice(events)
        return Opening(operation, slots, self._period(rng, operation, slots))

    def chain(self, rng: random.Random, part: Part, opening: Opening, held: bool, truth: bool) -> Chain | None:
        """A chain that opens so; None when its first question has no good answer.

        With `held` it seeks pairs of operations that are held out, without it avoids them. `truth` is the answer that a
        yes/no question should get.
        """
        first = self._turn(rng, part, (), opening.operation, opening.slots, opening.period)
        if first is None:
            return None
        turns, anchor = [first], int(opening.slots["hadm_id"])
        middles = rng.choices([n for n, _ in MIDDLES], [w for _, w in MIDDLES])[0]
        for step in range(middles + 2):
            computing = step >= middles
            if computing and step > middles and turns[-1].operation.gives not in ("mean", "extreme"):
                break
            turn = self._next(
                rng, part, turns, (*NARROWS, *FOLLOWS) if not computing else COMPUTES, anchor, held, truth
            )
            if turn is None:
                continue
            turns.append(turn)
            anchor = self._anchor(rng, turn, anchor)
        return Chain(opening.subject, tuple(turns))

    def _next(
        self, rng: random.Random, part: Part, turns: Sequence[Turn], operations: Sequence[Operation], anchor: int,
        held: bool, truth: bool,
    ) -> Turn | None:  # fmt: skip
        before = turns[-1].operation
        fit = [o for o in operations if o.takes == before.gives and o not in [t.operation for t in turns]]
        sought = {o.name for o in fit if (before.name, o.name) in HELD_OUT}
        fit = [o for o in fit if held or o.name not in sought]
        rng.shuffle(fit)
        if held:
            fit.sort(key=lambda o: o.name not in sought)
        for operation in fit[:TRIES]:
            slots = self._slots(rng, operation, turns[-1], anchor, truth)
            if slots is not None:
                turn = self._turn(rng, part, turns, operation, slots, self._period(rng, operation, slots))
                if turn is not None:
                    return turn
        return None

    def _slots(self, rng: random.Random, operation: Operation, before: Turn, anchor: int, truth: bool) -> Slots | None:
        """Values for an operation after `before`, from the stay `anchor`; None when it has none."""
        if not operation.pool:
            return {}
        if operation.pool == "rank":
            return dict(zip(("n", "rank"), rng.choice(RANKS), strict=True))
        if operation.pool == "threshold":
            values = sorted({r[0] for r in before.rows})[:-1]
            return {"threshold": rng.choice(values)} if values else None
        if operation.pool == "name":
            there = [r[0] for r in before.rows]
            others = [n for n in self._names[before.operation.pool] if n not in there]
            options = there if truth else others
            return {"name": rng.choice(options)} if options else None
        events = self._pools[operation.pool].get(anchor)
        if not events:
            return None
        name = f"{operation.pool}_name"
        if name in events[0]:  # a name, then an event: what is measured daily would crowd out the rest
            chosen = rng.choice(sorted({e[name] for e in events}))
            events = [e for e in events if e[name] == chosen]
        slots = dict(rng.choice(events))
        if "days" in slots:
            slots["days"] -= rng.randint(0, 3)
        if "old" in slots:
            slots["old"] -= rng.randint(0, 6)
            slots["year"] -= rng.randint(0, 1)
        return slots if slots.get("days", 1) > 0 else None

    def _period(self, rng: random.Random, operation: Operation, slots: Slots) -> times.TimeFilter:
        if not operation.timed:
            return times.ANYTIME
        of_patient = operation.takes == "patients" or "patient_id}" in operation.sql
        if of_patient and rng.random() < 0.5:
            return times.ANYTIME
        tags = OF_PATIENT if of_patient else OF_COHORT
        return times.make(rng.choices(list(tags), list(tags.values()))[0], slots["time"], 1)

    def _anchor(self, rng: random.Random, turn: Turn, anchor: int) -> int:
        """The stay that further slots come from: still `anchor` if the turn's answer has it."""
        kind = turn.operation.gives
        if kind not in ("stays", "patients", "icu"):
            return anchor
        owners = [r[0] for r in turn.rows]
        stays = owners if kind == "stays" else [s for o in owners for s in self._stays[kind].get(o, ())]
        return anchor if anchor in stays else rng.choice(stays)

    def _turn(
        self, rng: random.Random, part: Part, turns: Sequence[Turn], operation: Operation, slots: Slots,
        period: times.TimeFilter,
    ) -> Turn | None:  # fmt: skip
        n = len(turns)
        said = slots | {"time": period.phrase}
        prior = {"prev": turns[-1].sql, "result": f"({turns[-1].sql})"} if turns else {}
        tokens = {"prev": f"prev_query_{n}", "result": f"prev_result_{n}", "prev2": f"prev_query_{n - 1}"}
        if n > 1:
            prior["prev2"] = turns[-2].sql
        sql = _fill(operation.sql, slots, period, prior)
        rows = self._answer(sql)
        if rows is None or not _moves(operation, turns, rows):
            return None
        question = _tidy(pick(rng, operation.phrases, part).format(**said))
        whole = _tidy(operation.whole.format(**said, np=turns[-1].whole if turns else ""))
        return Turn(operation, question, whole, sql, _fill(operation.sql, slots, period, tokens), rows)

    def _answer(self, sql: str) -> list[list[Any]] | None:
        """The rows, or None where they are no single clear answer: none, too many, empty cells, repeats, a tie."""
        rows = [list(r) for r in self._db.execute(sql).fetchmany(MAX_ROWS + 1)]
        if not rows or len(rows) > MAX_ROWS or any(v is None for row in rows for v in row):
            return None
        if len({tuple(r) for r in rows}) < len(rows) or not is_readable(rows) or self._tied(sql):
            return None
        return rows

    def _tied(self, sql: str) -> bool:
        """Whether `limit n` cut through equals, or found fewer than n."""
        found = re.search(r" order by (\S+)( desc)? limit (\d+)$", sql)
        if found is None:
            return False
        key, direction, n = found.group(1), found.group(2) or "", int(found.group(3))
        body = sql[sql.index(" from ") : found.start()]
        keys = [r[0] for r in self._db.execute(f"select {key}{body} order by {key}{direction} limit {n + 1}")]
        return len(keys) < n or (len(keys) > n and keys[-1] == keys[-2])


def _moves(operation: Operation, turns: Sequence[Turn], rows: list[list[Any]]) -> bool:
    """Whether a turn says something: a narrowing one leaves fewer, a count counts more than one, a time is one."""
    if operation.category == "narrow":
        return len(rows) < len(turns[-1].rows)
    if operation.gives == "time":
        return len(rows) == 1
    return not operation.name.startswith("count_") or rows[0][0] > 1


def _fill(sql: str, slots: Slots, period: times.TimeFilter, prior: dict[str, str]) -> str:
    condition = re.sub(
        r"\{t:(\w+)\}",
        lambda m: " and " + period.condition.format(a="", c=m.group(1)) if period.condition else "",
        sql,
    )
    return condition.format(**{k: str(v).replace("'", "''") for k, v in slots.items()} | prior)


def _tidy(text: str) -> str:
    return re.sub(r" +(?=[ .,:?])", "", text).strip()
