"""Generated MedAgentBench tasks over a base file: a form, a person with the outcome whose turn it is, a wording."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from data_prep.ehrsql.build import in_test
from data_prep.medagentbench import chart
from data_prep.medagentbench.base import DATABASE, MODULES
from data_prep.medagentbench.chart import Chart, Person
from data_prep.medagentbench.forms import FORMS, NOBODY, UNSEEN, Asked, Form
from data_prep.medagentbench.phrases import WORDINGS
from data_prep.wordings import Part, blocks, pick
from galen.tasks.medagentbench import ACTIONS, TASKS, contract
from galen.types import Gold, OracleSpec, Privacy, Task, TaskPrompt


def build(
    base: Path,
    n_train: int,
    n_test: int,
    n_ood: int,
    seed: int,
    *,
    demonstrations: int = 0,
    privacy: str = "synthetic",
) -> Iterator[tuple[Task, Gold]]:
    """Tasks with gold: train, test (patients and wordings of its own), test/ood (variants that training never has).

    `base` is the server's base file. The first `demonstrations` of train keep to the wordings that demonstrations show. No
    form is asked of a person twice: where everyone was asked, a form's share goes to the others, and where none of them can
    be asked any more there are fewer tasks.
    """
    read = chart.read(base)
    sides = {side: [p for p in read.people if in_test(p.mrn) is side] for side in (True, False)}
    asked: set[tuple[str, str]] = set()
    for part, block, first, n in blocks(n_train, n_test, n_ood, demonstrations):
        test = part is Part.TEST
        forms = UNSEEN if block == "ood" else FORMS[test]
        maker = _Maker(random.Random(f"medagentbench/{seed}/{part}/{block}"), read, sides[test], asked)
        for number, (form, person, found) in enumerate(maker.questions(forms, n), first):
            task, gold = _pair(
                form, person, found, pick(maker.rng, WORDINGS[form.name], part), part, block, number, read
            )
            yield task.model_copy(update={"privacy": Privacy(privacy)}), gold


class _Maker:
    def __init__(self, rng: random.Random, read: Chart, people: list[Person], asked: set[tuple[str, str]]) -> None:
        self.rng, self._chart, self._people, self._asked = rng, read, people, asked

    def questions(self, forms: tuple[Form, ...], n: int) -> Iterator[tuple[Form, Person, Asked]]:
        """`n` questions, the forms and each form's outcomes by turns; fewer where the people have no more."""
        turns = dict.fromkeys((form.name for form in forms), 0)
        pools = {form.name: self._pools(form) for form in forms}
        made, live = 0, list(forms)
        while made < n and live:
            for form in list(live):
                found = self._next(form, turns[form.name], pools[form.name]) if made < n else None
                turns[form.name] += 1
                if found:
                    made += 1
                    yield form, *found
                elif made < n:
                    live.remove(form)

    def _pools(self, form: Form) -> dict[str, list[Person]]:
        """Who can be asked, by outcome, in an order of chance; where the person does not decide it, everyone for all."""
        order = [p for p in self._people if (form.name, p.mrn) not in self._asked]
        self.rng.shuffle(order)
        labels = [(form.label(p, self._chart), p) for p in order]
        pools = {
            outcome: [p for label, p in labels if label in (outcome, "asked")] for outcome in dict.fromkeys(form.turns)
        }
        return {outcome: pool[::-1] for outcome, pool in pools.items()}

    def _next(self, form: Form, turn: int, pools: dict[str, list[Person]]) -> tuple[Person, Asked] | None:
        """The next question of the outcome whose turn it is, or of the following ones where it has nobody left."""
        for i in range(len(form.turns)):
            outcome = form.turns[(turn + i) % len(form.turns)]
            while pools[outcome]:
                person = pools[outcome].pop()
                if (form.name, person.mrn) in self._asked:
                    continue
                found = form.ask(self.rng, person, self._chart, outcome)
                if found:
                    self._asked.add((form.name, person.mrn))
                    return person, found
        return None


def _pair(
    form: Form, person: Person, found: Asked, wording: str, part: Part, block: str, index: int, read: Chart
) -> tuple[Task, Gold]:  # fmt: skip
    id_ = f"medagentbench/{part.task_split}-{block}/{index:06d}"
    nobody = found.answer == [NOBODY]
    cluster = f"nobody {found.slots['name']} {found.slots['birth']}" if nobody else f"patient {person.mrn}"
    task = Task(
        id=id_, family="medagentbench", category=TASKS[form.task], split=part.task_split, distribution=block,  # type: ignore[arg-type]
        cluster=cluster, prompt=TaskPrompt(question=wording.format(**found.slots), contract=contract(form.answer)),
        resources=(DATABASE, MODULES), now=read.now.isoformat(), actions=ACTIONS, answer_type="record",
        oracle=OracleSpec(kind="fhir", params=form.params), privacy=Privacy.SYNTHETIC,
        metadata={"task": form.task, "template": form.name, "slots": found.slots},
    )  # fmt: skip
    answer = {"task": form.task, "answer": found.answer, "writes": found.writes}
    return task, Gold(id=id_, answer=answer, solution=found.program, lang="python")
