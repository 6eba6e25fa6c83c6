"""Generated N-PowerAI tasks: a study is drawn, the question states its numbers and its convention, a calculator answers.

The reference is a program that an agent could write, by statsmodels or the stated formula; `galen validate` holds it to
the calculator's answer. A size is not asked where the power at it or below it lies within `MARGIN` of the wanted one, so
that no numerical routine decides between two sizes.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from data_prep.npowerai import calculators as c
from data_prep.npowerai import phrases as p
from data_prep.npowerai.plans import ALPHAS, FORMS, OOD, Draw, Plan, Rule
from data_prep.npowerai.programs import power_program, size_program
from data_prep.npowerai.studies import Counted
from data_prep.wordings import Part, blocks, pick
from galen.types import ActionKind, Gold, OracleSpec, Privacy, Task, TaskPrompt

ACTIONS = (ActionKind.CODE_EXECUTION, ActionKind.TERMINAL, ActionKind.DEBUGGING, ActionKind.SUBMIT)
TOLERANCE = 0.01  # of a power, relative
ORACLES = {"size": OracleSpec(kind="integer"), "power": OracleSpec(kind="decimal", params={"tolerance": TOLERANCE})}
CONTRACTS = {
    "size": "one whole number, exact",
    "power": "one number between 0 and 1 with four decimals (right within 1 % of the true power)",
}
POWERS = ("0.8", "0.85", "0.9", "0.95")
MARGIN = 2e-4
FEWEST, MOST = 5, 400  # of a part
UNITS = {
    "one-sample t-test": ("patients",), "two-sample t-test": ("group", "total"), "paired t-test": ("pairs",),
    "one-way ANOVA": ("group", "total"), "chi-square test of independence": ("all",), "Cox proportional hazards": ("group", "total"),
}  # fmt: skip
OWN_UNITS = {"allocation": "split", "events": "events", "share": "all"}
NAMES = {"two-sample t-test": "pooled two-sample t-test"}  # not Welch's
TAILED = ("one-sample t-test", "two-sample t-test", "paired t-test", "Cox proportional hazards")

Cell = tuple[str, str, str]  # test, form, target
Asked = tuple[str, str, Any, str]  # unit, the sentence, answer, program


def build(n_train: int, n_test: int, n_ood: int, seed: int, *, demonstrations: int = 0) -> Iterator[tuple[Task, Gold]]:
    """Tasks with gold: train, test (studies, numbers and wordings of its own), test/ood (effects stated in unseen forms).

    The first `demonstrations` of train keep to the wordings that demonstrations show.
    """
    taken: set[tuple] = set()
    for part, block, first, n in blocks(n_train, n_test, n_ood, demonstrations):
        forms = OOD if block == "ood" else FORMS
        rng = random.Random(f"npowerai/{seed}/{part}/{block}")
        cells = [
            ((test, form, goal), draw)
            for test, known in forms.items()
            for form, draw in known.items()
            for goal in ORACLES
        ]
        made = 0
        while made < n:
            cell, draw = cells[made % len(cells)]
            if found := _question(rng, cell, draw, part, taken):
                yield _pair(cell, part, block, first + made, *found)
                made += 1


def _question(
    rng: random.Random, cell: Cell, draw: Draw, part: Part, taken: set[tuple]
) -> tuple[Plan, str, Any, str] | None:
    """A plan with its question, answer and program; nothing where it is too small, too large or known already."""
    test, form, goal = cell
    sides: c.Sides = rng.choice((1, 2)) if test in TAILED else 2
    rule = Rule(rng.choice(ALPHAS), sides)
    plan = draw(rng, part is Part.TEST, rule)
    asked = (_size if goal == "size" else _power)(rng, test, form, plan, part)
    if asked is None:
        return None
    unit, sentence, answer, program = asked
    key = (cell, *plan.numbers.values(), rule.alpha, rule.sides, unit, answer)
    if key in taken:
        return None
    taken.add(key)
    return plan, f"{_story(rng, test, form, plan, rule, part)} {sentence}", answer, program


def _size(rng: random.Random, test: str, form: str, plan: Plan, part: Part) -> Asked | None:
    wanted = rng.choice(POWERS)
    n = c.smallest(plan.power, float(wanted))
    if not FEWEST <= n <= MOST or min(plan.power(n) - float(wanted), float(wanted) - plan.power(n - 1)) < MARGIN:
        return None
    unit = OWN_UNITS.get(form) or rng.choice(UNITS[test])
    parts = _parts(unit, plan)
    sentence = pick(rng, p.SIZES, part).format(counted=p.COUNTED[unit].format(parts=plan.parts), power=wanted)
    program = size_program(plan.imports, "\n".join(plan.setup), plan.call, wanted, parts)
    return unit, sentence, n * parts, program


def _power(rng: random.Random, test: str, form: str, plan: Plan, part: Part) -> Asked | None:
    n = c.smallest(plan.power, rng.uniform(0.35, 0.96))
    if not FEWEST <= n <= MOST or plan.power(n) > 0.98:
        return None
    unit = OWN_UNITS.get(form) or rng.choice(UNITS[test])
    parts = _parts(unit, plan)
    enrolled = p.ENROLLED[unit].format(n=n * parts, parts=plan.parts)
    sentence = pick(rng, p.POWERS, part).format(enrolled=enrolled)
    program = power_program(plan.imports, "\n".join(plan.setup), plan.call, n, parts)
    return unit, sentence, round(plan.power(n), 6), program


def _parts(unit: str, plan: Plan) -> int:
    """How many parts the asked size counts."""
    return plan.parts if unit in ("total", "split") else 1


def _story(rng: random.Random, test: str, form: str, plan: Plan, rule: Rule, part: Part) -> str:
    """All of a question but what it asks."""
    slots = {**asdict(plan.study), **plan.numbers}
    if isinstance(plan.study, Counted):
        slots["a"], slots["b"] = plan.study.versus
        slots["topic"] = p.TOPICS[form].format(**slots)
    sentences = [
        pick(rng, p.OPENINGS[test], part),
        pick(rng, p.EFFECTS[test, form], part),
        pick(rng, p.RULES[test], part),
    ]
    if "control_risk" in slots:
        sentences.append(pick(rng, p.EXPECTED, part))
    told = {
        "alpha": rule.alpha, "sides": "two-sided" if rule.sides == 2 else "one-sided", "tail": rule.tail, "name": NAMES.get(test, test),
        "direction": "" if rule.sides == 2 else " towards the expected effect",
    }  # fmt: skip
    said = [sentence.format(**slots, **told) for sentence in sentences]
    return " ".join(sentence[0].upper() + sentence[1:] for sentence in said)


def _pair(
    cell: Cell, part: Part, block: str, index: int, plan: Plan, question: str, answer: Any, solution: str
) -> tuple[Task, Gold]:
    test, form, goal = cell
    id_ = f"npowerai/{part.task_split}-{block}/{index:06d}"
    task = Task(
        id=id_, family="npowerai", category=test, split=part.task_split, distribution=block,  # type: ignore[arg-type]
        cluster=f"{test}, {form}, {plan.study.population}",
        prompt=TaskPrompt(question=question, contract=CONTRACTS[goal]), actions=ACTIONS,
        answer_type="integer" if goal == "size" else "decimal", oracle=ORACLES[goal], privacy=Privacy.NONE,
        metadata={"template": f"{test}, {form}, {goal}", "estimate_target": goal, "slots": plan.numbers},
    )  # fmt: skip
    return task, Gold(id=id_, answer=answer, solution=solution, lang="python")
