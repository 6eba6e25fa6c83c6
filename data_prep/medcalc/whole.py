"""All 55 calculators as tasks: one maker each, which draws facts, writes the note and computes the label."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any

from data_prep.medcalc import formulas as f
from data_prep.medcalc.calculators import CALCULATORS, Calculator
from data_prep.medcalc.notes import Draft, free_of
from data_prep.medcalc.signs import ALL, FINDINGS, GRADES
from data_prep.medcalc.task import pair
from data_prep.wordings import Part
from galen.types import Gold, Task

RULE = (
    " Count the values of the visit, not earlier ones; convert units without rounding in between; what the note does not "
    "mention is absent."
)
FACTOR, CUT, DEGREES = 0.004, 0.04, 0.1
HEREDITARY = {"heart_kin", "clots"}  # criteria that are about relatives
OOD = frozenset({16, 27, 30, 33, 57, 59, 63, 67})
NAEGELE = "What is the estimated due date by Naegele's rule, 280 days after the last menstrual period, with the days by which the cycle differs from 28 added?"
LMP = ("last menstrual period began {0:%m/%d/%Y}", "lmp {0:%m/%d/%Y}", "last period started on {0:%m/%d/%Y}", "first day of the last period {0:%m/%d/%Y}", "her last menses began on {0:%m/%d/%Y}")  # fmt: skip
BEFORE = ("the period before that began {0:%m/%d/%Y}", "previous period {0:%m/%d/%Y}", "the last but one period started on {0:%m/%d/%Y}", "one period earlier: {0:%m/%d/%Y}", "the menses before those began on {0:%m/%d/%Y}")  # fmt: skip
CYCLE = ("cycle of {} days", "cycle length {} days", "menstrual cycle {} days", "cycles last {} days", "her cycle takes {} days")  # fmt: skip
TIMES = {1: "once a day", 2: "twice a day", 3: "three times a day", 4: "four times a day"}
DOSES = ("takes {0} {1} {2} {3}", "{0} {1} {2} {3}", "on {0} {1} {2} {3}", "prescribed {0} {1} {2} {3}", "current dose: {0} {1} {2} {3}")  # fmt: skip
STOPPED = ("until then {0} {1} {2} {3}, stopped since", "{0} {1} {2} {3}, discontinued that day", "formerly {0} {1} {2} {3}, now stopped", "last dose of {0} {1} {2} {3}, ended", "{0} {1} {2} {3}, given up then")  # fmt: skip
RANGES = {
    "codeine": (15, 60), "hydrocodone": (5, 15), "hydromorphone": (2, 8), "methadone": (5, 20), "morphine": (10, 60),
    "oxycodone": (5, 30), "oxymorphone": (5, 20), "tapentadol": (50, 100), "tramadol": (50, 100),
    "fentanyl buccal": (100, 400),
}  # fmt: skip

Pair = tuple[Task, Gold]
Maker = Callable[[random.Random, Part, str, int, str], Pair]


def _scored(c: Calculator, rng: random.Random, part: Part, block: str, index: int, style: str) -> Pair:
    draft = _draft(c, rng, part)
    while not _clear(c, draft):
        draft = _draft(c, rng, part)
    truth = c.truth(draft.values)
    *lines, last = c.program.split("\n")
    shown = f"int({last})" if c.kind == "integer" else f"round({last},5)"
    solution = "\n".join([*draft.lines, *lines, f"print({shown})"])
    answer = int(truth) if c.kind == "integer" else round(float(truth), 5)
    return pair(
        (c.id, c.name, c.kind, c.group), part, block, index, draft.note(style), c.question + RULE, answer, solution
    )


def _draft(c: Calculator, rng: random.Random, part: Part) -> Draft:
    draft = Draft(rng, part)
    for key in c.quantities:
        draft.measure(key)
    optional = [n for n in c.facts if n in GRADES or not FINDINGS[n].always]
    share = min(0.45, 4 / max(len(optional), 1))
    for name in c.facts:
        draft.observe(name, share, relatives=not HEREDITARY & set(c.facts))
    judged = bool(optional)
    draft.distract(free_of((ALL[key].var for key in c.quantities), judged))
    return draft


def _clear(c: Calculator, draft: Draft) -> bool:
    """Whether no converted value decides the answer by how it is converted.

    Published factors differ by less than `FACTOR`; the cut points of a score in its other unit are rounded, by less than
    `CUT`.
    """
    truth = c.truth(draft.values)
    near, slack = (CUT, 0.0) if c.kind == "integer" else (FACTOR, 0.03 * abs(truth))
    for var, thermal in draft.converted.items():
        value = draft.values[var]
        step = DEGREES if thermal else near * value
        if any(abs(c.truth(draft.values | {var: value + d}) - truth) > slack for d in (-step, step)):
            return False
    return True


def _dated(number: int, rng: random.Random, part: Part, block: str, index: int, style: str) -> Pair:
    draft = Draft(rng, part)
    weeks = rng.randint(35, 280)
    start = draft.day - timedelta(days=weeks)
    cycle = rng.choice((24, 25, 26, 27, 28, 29, 30, 31, 32, 33))
    draft.said += [draft.word(LMP).format(start), draft.word(CYCLE).format(cycle)]
    if rng.random() < 0.5:
        draft.said.append(draft.word(BEFORE).format(start - timedelta(days=cycle)))
    draft.distract(free_of((), True))
    head = f"from datetime import date,timedelta\nd={_day(start)}\n"
    shown = "print((d+timedelta({})).strftime('%m/%d/%Y'))"
    made: dict[int, tuple[str, str, str, Any, str]] = {
        13: ("Estimated Due Date", "date", NAEGELE, f"{f.due_date(start, cycle):%m/%d/%Y}", shown.format(f"252+{cycle}")),
        68: ("Estimated Date of Conception", "date", "What is the estimated date of conception, 14 days after the last menstrual period began?", f"{f.conception_date(start):%m/%d/%Y}", shown.format(14)),
        69: ("Estimated Gestational Age", "weeks_days", "What is the gestational age on the day of the visit, in completed weeks and days since the last menstrual period began?", list(f.gestational_age(start, draft.day)), f"n=({_day(draft.day)}-d).days\nprint(n//7,'weeks',n%7,'days')"),
    }  # fmt: skip
    name, kind, question, answer, tail = made[number]
    return pair((number, name, kind, "date"), part, block, index, draft.note(style), question, answer, head + tail)


def _day(day: date) -> str:
    return f"date({day.year},{day.month},{day.day})"


def _steroid(rng: random.Random, part: Part, block: str, index: int, style: str) -> Pair:
    draft = Draft(rng, part)
    given, wanted, other = rng.sample(sorted(f.STEROIDS), 3)
    dose, times = round(f.STEROIDS[given] * rng.uniform(0.5, 12), 1), rng.choice((1, 2, 3, 4))
    draft.said.append(draft.word(DOSES).format(given, dose, "mg", TIMES[times]))
    old = round(f.STEROIDS[other] * rng.uniform(0.5, 12), 1)
    draft.earlier(draft.word(STOPPED).format(other, old, "mg", TIMES[rng.choice((1, 2))]))
    draft.distract(free_of((), True))
    answer = round(f.steroid_conversion(dose * times, given, wanted), 5)
    table = ", ".join(f"{drug} {amount:g}" for drug, amount in f.STEROIDS.items())
    question = (
        f"How many mg of {wanted} a day equal the present daily dose of {given}? Equivalent doses in mg: {table}."
    )
    solution = f"print(round({dose}*{times}*{f.STEROIDS[wanted]}/{f.STEROIDS[given]},5))"
    facts = (24, "Steroid Conversion Calculator", "decimal", "dosage")
    return pair(facts, part, block, index, draft.note(style), question, answer, solution)


def _opioids(rng: random.Random, part: Part, block: str, index: int, style: str) -> Pair:
    draft = Draft(rng, part)
    *taken, stopped = rng.sample(sorted(RANGES), rng.randint(2, 4))
    daily, terms = {}, []
    for drug in taken:
        dose, times = rng.randint(*RANGES[drug]), rng.choice(tuple(TIMES))
        daily[drug] = float(dose * times)
        terms.append(f"{dose}*{times}*{f.OPIOIDS[drug]}")
        draft.said.append(draft.word(DOSES).format(drug, dose, _unit(drug), TIMES[times]))
    dose = rng.randint(*RANGES[stopped])
    draft.earlier(draft.word(STOPPED).format(stopped, dose, _unit(stopped), TIMES[rng.choice(tuple(TIMES))]))
    draft.distract(free_of((), True))
    question = "How many morphine milligram equivalents a day does the patient take at present, by the factors of the CDC guideline of 2022 (fentanyl buccal: 0.13 a ug)?"
    answer = round(f.morphine_equivalents(daily), 5)
    facts = (49, "Morphine Milligram Equivalents (MME) Calculator", "decimal", "dosage")
    return pair(facts, part, block, index, draft.note(style), question, answer, f"print(round({'+'.join(terms)},5))")


def _unit(drug: str) -> str:
    return "ug" if drug == "fentanyl buccal" else "mg"


MAKERS: dict[int, Maker] = {
    **{c.id: partial(_scored, c) for c in CALCULATORS},
    **{number: partial(_dated, number) for number in (13, 68, 69)},
    24: _steroid, 49: _opioids,
}  # fmt: skip
