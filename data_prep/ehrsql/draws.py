"""How an instance is drawn: the values of slots, the time tags and the operations.

`brief` keeps to 18 filters of global1 and to first and last; `whole` uses every published tag. Both draw values from real
events, so that most questions have an answer; a yes/no question often mixes two events, so that many answers are no.
"""

from __future__ import annotations

import random
from typing import Any

from data_prep.ehrsql import operations as op
from data_prep.ehrsql import times as t
from data_prep.ehrsql.events import Events
from data_prep.ehrsql.fill import Draw
from data_prep.ehrsql.template import Template

COMMON = (
    "abs-year-in", "abs-year-since", "abs-year-until", "abs-month-in", "abs-month-since", "abs-month-until", "abs-day-in",
    "rel-year-this", "rel-year-last", "rel-month-this", "rel-month-last", "rel-year-since", "rel-year-until",
    "mix-month-this_year", "mix-month-last_year",
)  # fmt: skip
COMMON_WEIGHTS = {"abs-year-in": 5, "abs-year-since": 4, "abs-month-in": 3, "rel-year-this": 3, "rel-year-last": 3, "rel-hosp-first": 3, "rel-hosp-last": 3, "rel-hosp-cur": 2}  # fmt: skip
UNIT_WEIGHTS = {"year": 6, "month": 3, "day": 1, "hosp": 6, "icu": 4}
EXACT1_WEIGHTS, EXACT2_WEIGHTS = (3, 3, 1, 1), (2, 2, 1)


def brief(rng: random.Random, template: Template, events: Events) -> Draw | None:
    """A draw for the small sizes, or None where the database has no event to draw from."""
    base = events.rows(template.base)
    if not base:
        return None
    slots = events.slots(template.base, rng.choice(base))
    if template.answer == "bool" and rng.random() < 0.4:
        other = events.slots(template.base, rng.choice(base))
        slots |= {k: v for k, v in other.items() if k != "patient_id"}
    exact = rng.choice((t.FIRST, t.LAST))
    n, agg, age = rng.choice(list(op.RANKS)), rng.choice(list(op.AGGREGATES)), rng.choice(list(op.AGES))
    slots |= {
        "nth": exact.phrase,
        "dir": exact.direction,
        "n": n,
        "rank": op.RANKS[n],
        "agg": agg,
        "fn": op.AGGREGATES[agg],
    }
    slots |= _age(age)
    when = _common(rng, slots, template.personal, events) if template.timed else t.ANYTIME
    return Draw(slots, when, exact1=exact)


def _common(rng: random.Random, slots: dict[str, Any], personal: bool, events: Events) -> t.TimeFilter:
    if rng.random() < 0.25:
        return t.ANYTIME
    tags = COMMON + (t.HOSPITAL if personal else ())
    tag = rng.choices(tags, [COMMON_WEIGHTS.get(x, 1) for x in tags])[0]
    n = rng.choice((1, 2, 3))
    return _filter(tag, slots, n, events)


def whole(rng: random.Random, template: Template, events: Events) -> Draw | None:
    """A draw with any published tag, or None where its event does not fit its tags."""
    tags, weights = _tags(template, events)
    compared = "t2" in template.marks and "x1" not in template.marks  # two periods, so there must be one
    tag = rng.choices(tags, weights)[0] if tags and (compared or rng.random() > 0.12) else ""
    base = events.pool(template.base, tag)
    if not base:
        return None
    slots = events.slots(template.base, rng.choice(base))
    if template.answer == "bool" and rng.random() < 0.5:
        source = base if tag in events.dialect.visits else events.rows(template.base)
        slots["patient_id"] = events.slots(template.base, rng.choice(source))["patient_id"]
    if any(v is None for v in slots.values()):
        return None
    when = _fitting(rng, tag, slots, events)
    if when is None:
        return None
    exact1, exact2 = rng.choices(t.EXACT1, EXACT1_WEIGHTS)[0], rng.choices(t.EXACT2, EXACT2_WEIGHTS)[0]
    slots |= _operations(rng) | {"nth": exact1.phrase, "dir": exact1.direction, "nth2": exact2.phrase}
    second = _second(rng, template, slots, events)
    if "t2" in template.marks and (when.tag, exact1.tag) == (second.tag, exact2.tag):
        return None  # one measurement against itself
    return Draw(slots, when, second, rng.choice(_withins(template)), exact1, exact2)


def _fitting(rng: random.Random, tag: str, slots: dict[str, Any], events: Events) -> t.TimeFilter | None:
    """The filter of `tag` around the time of the draw, or None where that does not fit."""
    if not tag:
        return t.ANYTIME
    fitting = [n for n in _ago(tag) if tag not in t.SLIDING or t.reaches(tag, slots["time"], n)]
    return _filter(tag, slots, rng.choice(fitting), events) if fitting else None


def _tags(template: Template, events: Events) -> tuple[list[str], list[int]]:
    """The global1 tags that fit the template, and their weights: years more than days, which have few events."""
    if not template.timed or not events.rows(template.base):
        return [], []
    visits = _visits(template, events) if "p" not in template.marks else ()
    tags = [x for x in (*t.ABSOLUTE, *t.PERIODS, *t.SLIDING, *visits) if events.pool(template.base, x)]
    return tags, [UNIT_WEIGHTS[x.split("-")[1]] for x in tags]


def _visits(template: Template, events: Events) -> tuple[str, ...]:
    if not template.personal:
        return ()
    return t.HOSPITAL + (t.ICU if template.base in events.dialect.stays else ())


def _second(rng: random.Random, template: Template, slots: dict[str, Any], events: Events) -> t.TimeFilter:
    """A global2 filter; without one the question is about all of the patient's record."""
    if "t2" not in template.marks:
        return t.ANYTIME
    visits = [x for x in _visits(template, events) if events.has_visit(x, slots["patient_id"])]
    today = ["rel-day-this"] if events.has_visit("rel-hosp-cur", slots["patient_id"]) else []
    tag = rng.choice(["", *today, *visits])
    return _filter(tag, slots, 0, events) if tag else t.ANYTIME


def _withins(template: Template) -> tuple[t.Within, ...]:
    if "after" in template.marks:
        return t.AFTER
    if "soon" in template.marks:
        return (t.EVER, *t.SOON)
    return t.SAME if "with" in template.marks else (t.EVER,)


def _filter(tag: str, slots: dict[str, Any], n: int, events: Events) -> t.TimeFilter:
    if tag in events.dialect.visits:
        return t.visit(tag, events.dialect.visits, slots["patient_id"])
    return t.make(tag, slots["time"], n)


def _ago(tag: str) -> tuple[int, ...]:
    return t.AGO[tag.split("-")[1]] if tag in t.SLIDING else (0,)


def _age(group: str) -> dict[str, Any]:
    return {"age_group": group, "low": op.AGES[group][0], "high": op.AGES[group][1]}


def _operations(rng: random.Random) -> dict[str, Any]:
    """A random value of every operation slot, and what it is in SQL."""
    n, agg, comparison = rng.choice(list(op.RANKS)), rng.choice(list(op.AGGREGATES)), rng.choice(list(op.COMPARISONS))
    period, times, sort = rng.choice(list(op.PERIODS)), rng.choice(list(op.TIMES)), rng.choice(list(op.SORTS))
    each, unit = rng.choice(list(op.AVERAGES)), rng.choice(list(op.UNITS))
    return _age(rng.choice(list(op.AGES))) | {
        "n": n, "rank": op.RANKS[n], "agg": agg, "fn": op.AGGREGATES[agg], "comparison": comparison,
        "op": op.COMPARISONS[comparison], "period": period, "days": op.PERIODS[period], "times": times,
        "having": op.TIMES[times], "sort": sort, "pick": op.SORTS[sort], "each": each, "length": op.AVERAGES[each],
        "unit": unit, "per_day": op.UNITS[unit],
    }  # fmt: skip
