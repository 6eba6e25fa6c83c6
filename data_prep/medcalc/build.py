"""Generated MedCalc tasks: facts are drawn, a note states them among distractors, the calculator gives the label."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from typing import Any, Literal

from data_prep.medcalc import formulas as f
from data_prep.medcalc.facts import FINDINGS, QUANTITIES, Quantity
from data_prep.medcalc.recipes import DATE_RECIPES, OOD, RECIPES, Recipe
from data_prep.medcalc.task import pair
from data_prep.medcalc.whole import MAKERS, Maker
from data_prep.medcalc.whole import OOD as WHOLE_OOD
from data_prep.wordings import Part, blocks, pick
from galen.types import Gold, Task

Selected = Literal["brief", "all"]
OLD = ("last year {0}", "a year ago {0}", "previously {0}", "two years back {0}")
FILLER = (
    "Seen in clinic today.", "Resting comfortably.", "Lungs clear on auscultation.", "Abdomen soft, not tender.",
    "No known drug allergies.", "Family present at the bedside.", "Reviewed with the attending.", "Gait is steady.",
    "Skin warm and dry.", "Reports poor sleep this week.", "Ate half of breakfast.", "Plan discussed with the patient.",
)  # fmt: skip


def build(
    n_train: int, n_test: int, n_ood: int, seed: int, *, demonstrations: int = 0, style: str = "brief",
    selected: Selected = "brief",
) -> Iterator[tuple[Task, Gold]]:  # fmt: skip
    """Tasks with gold: train, test (unseen values and wordings), test/ood (calculators that train never shows).

    The first `demonstrations` of train keep to the wordings that demonstrations show. `style` brief states the facts in a
    few words; full wraps them in a note of a paragraph or more. `selected` brief has 28 calculators, some without all of
    their criteria, as a tiny model can learn them; all has the 55, whole.
    """
    makers, unseen = (BRIEF, OOD) if selected == "brief" else (MAKERS, WHOLE_OOD)
    seen = [maker for id_, maker in makers.items() if id_ not in unseen]
    held = [maker for id_, maker in makers.items() if id_ in unseen]
    taken: set[str] = set()
    for part, block, first, n in blocks(n_train, n_test, n_ood, demonstrations):
        chosen = held if block == "ood" else seen
        rng = random.Random(f"medcalc/{seed}/{part}/{block}")
        made = 0
        while made < n:
            task, gold = chosen[made % len(chosen)](rng, part, block, first + made, style)
            if task.prompt.documents[0] not in taken:
                taken.add(task.prompt.documents[0])
                made += 1
                yield task, gold


def _calculated(
    recipe: Recipe, rng: random.Random, part: Part, block: str, index: int, style: str
) -> tuple[Task, Gold]:
    values: dict[str, Any] = {}
    lines: list[str] = []
    said: list[str] = []
    for var in recipe.quantities:
        quantity = QUANTITIES[var]
        stated, unit = quantity.draw(rng)
        values[var] = stated * unit.factor + unit.offset
        lines.append(f"{var}={stated}{unit.code}")
        said.append(_say(rng, quantity, f"{stated} {unit.name}", part))
        if rng.random() < 0.2:
            old, old_unit = quantity.draw(rng)
            said.append(pick(rng, OLD, part).format(_say(rng, quantity, f"{old} {old_unit.name}", part)))
    for name in recipe.findings:
        present = rng.random() < 0.45
        values[name] = present
        lines.append(f"{name}={int(present)}")
        said.append(pick(rng, FINDINGS[name][0 if present else 1], part))
    said += _distractors(rng, recipe, part)
    rng.shuffle(said)
    truth = recipe.truth(values)
    body = recipe.program if recipe.kind == "integer" else f"round({recipe.program},3)"
    solution = "\n".join([*lines, f"print({body})"])
    answer = int(truth) if recipe.kind == "integer" else round(float(truth), 5)
    question = recipe.ask + "?" if style == "brief" else recipe.long
    facts = (recipe.id, recipe.name, recipe.kind, recipe.category)
    return pair(facts, part, block, index, _note(rng, said, style), question, answer, solution)


def _distractors(rng: random.Random, recipe: Recipe, part: Part) -> list[str]:
    others = [q for v, q in QUANTITIES.items() if v not in recipe.quantities]
    said = []
    for quantity in rng.sample(others, rng.randint(1, 2)):
        stated, unit = quantity.draw(rng)
        said.append(_say(rng, quantity, f"{stated} {unit.name}", part))
    return said


def _dated(id_: int, rng: random.Random, part: Part, block: str, index: int, style: str) -> tuple[Task, Gold]:
    name, ask = DATE_RECIPES[id_]
    start = date(2000, 1, 1) + timedelta(days=rng.randrange(365 * 24))
    said = [f"last menstrual period {start:%m/%d/%Y}", *_distractors(rng, RECIPES[0], part)]
    kind = "weeks_days" if id_ == 69 else "date"
    first = f"d=date({start.year},{start.month},{start.day})"
    if id_ == 69:
        today = start + timedelta(days=rng.randint(30, 285))
        said.append(f"today is {today:%m/%d/%Y}")
        answer: Any = list(f.gestational_age(start, today))
        tail = f"n=(date({today.year},{today.month},{today.day})-d).days\nprint(n//7,'weeks',n%7,'days')"
    else:
        cycle = rng.choice((26, 27, 28, 29, 30, 31, 32))
        if id_ == 13:
            said.append(f"cycle of {cycle} days")
        days = f"252+{cycle}" if id_ == 13 else "14"
        answer = f"{f.due_date(start, cycle) if id_ == 13 else f.conception_date(start):%m/%d/%Y}"
        tail = f"print((d+timedelta({days})).strftime('%m/%d/%Y'))"
    rng.shuffle(said)
    solution = f"from datetime import*\n{first}\n{tail}"
    question = ask + "?" if style == "brief" else f"What is the patient's {name}?"
    return pair((id_, name, kind, "date"), part, block, index, _note(rng, said, style), question, answer, solution)


def _say(rng: random.Random, quantity: Quantity, value: str, part: Part) -> str:
    return f"{pick(rng, quantity.wordings, part)} {value}"


def _note(rng: random.Random, said: list[str], style: str) -> str:
    if style == "brief":
        return ". ".join(said) + "."
    sentences = [s[0].upper() + s[1:] + "." for s in said]
    for filler in rng.sample(FILLER, rng.randint(9, len(FILLER))):
        sentences.insert(rng.randint(0, len(sentences)), filler)
    return " ".join(sentences)


BRIEF: dict[int, Maker] = {
    **{recipe.id: partial(_calculated, recipe) for recipe in RECIPES},
    **{id_: partial(_dated, id_) for id_ in DATE_RECIPES},
}
