"""MedAgentBench's own tasks (data/medagentbench/test_data_v2.json), and MedAgentGym's rows of them, over any FHIR server's data.

The gold is made of what the server holds, as the release makes it; the stored solutions of task 1 are compared with ours.
Each task is asked as it is published, its context beside it; the answer form is ours.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from data_prep.medagentbench import chart, orders
from data_prep.medagentbench.base import DATABASE, MODULES
from data_prep.medagentbench.chart import Chart, Person
from data_prep.medagentbench.forms import FORMS, NOBODY, Asked, Form, by_birth, referral, vital
from data_prep.published import Refusals, json_rows, split_of, text_of
from data_prep.sources.medagentgym import Difference, tell
from galen.errors import UserError
from galen.tasks.medagentbench import ACTIONS, TASKS, contract
from galen.types import Gold, OracleSpec, Privacy, Task, TaskPrompt

Pair = tuple[Task, Gold]
ID = re.compile(r"(task(?:10|[1-9]))_\d+")
MRN = re.compile(r"\bS\d{7}\b")
NAMED = re.compile(r"name\s+(?:of\s+)?(.+?)\s+and\s+DOB\s+of\s+(\d{4}-\d\d-\d\d)")
QUOTED = re.compile(r"[\"“](.+)[\"”]", re.DOTALL)
BY_TASK = {form.task: form for form in FORMS[False]}


def read(file: Path, base: Path) -> tuple[list[Pair], Refusals, list[Difference]]:
    """The file's usable rows as tasks over the base file `base`, what was refused, and where a stored solution is not ours.

    Raises:
        UserError: no rows of MedAgentBench (named by row and field), or no row is usable.
    """
    known = chart.read(base)
    people = {person.mrn: person for person in known.people}
    pairs: list[Pair] = []
    account, differences = Refusals(str(file)), []
    said: set[str] = set()
    for place, row in json_rows(file):
        id_, task, instruction, context = _row(file, place, row)
        asked = _asked(task, instruction, str(row.get("eval_MRN") or ""), people, known)
        if instruction in said or isinstance(asked, str):
            account.refuse(asked if isinstance(asked, str) else "it says the same as an earlier row", id_)
            continue
        said.add(instruction)
        stored = row.get("sol")
        if isinstance(stored, list) and stored and stored != asked.answer:
            differences.append(Difference(id_, stored, asked.answer))
        account.used += 1
        pairs.append(_pair(file, id_, BY_TASK[task], instruction, context, asked, known))
    tell(file, differences)
    account.close(pairs)
    return pairs, account, differences


def _row(file: Path, place: str, row: dict[str, Any]) -> tuple[str, str, str, str]:
    id_ = text_of(file, place, row, "id")
    found = ID.fullmatch(id_)
    if not found:
        raise UserError(f"{file}: {place}: id: {id_!r} is none of task1_1 to task10_30. No row was used.")
    context = row.get("context") or ""
    if not isinstance(context, str):
        raise UserError(f"{file}: {place}: context: {context!r:.60} is no text. No row was used.")
    return id_, found[1], text_of(file, place, row, "instruction"), context.strip()


def _asked(task: str, instruction: str, mrn: str, people: dict[str, Person], known: Chart) -> Asked | str:
    """The question with its gold, or why there is none."""
    if task == "task1":
        return _whose(instruction, known)
    mrn = mrn or next(iter(MRN.findall(instruction)), "")
    person = people.get(mrn)
    if person is None:
        return "its patient is not on the server" if mrn else "it names no patient"
    if task in ("task3", "task8"):
        quoted = QUOTED.search(instruction)
        if quoted is None:
            return "it quotes no text to record"
        return (
            vital(person, known, "BP", quoted[1])
            if task == "task3"
            else referral(person, known, orders.ORTHOPEDICS, quoted[1])
        )
    form = BY_TASK[task]
    person = replace(person, living=True)  # the benchmark asks about whom it likes
    outcome = form.label(person, known)
    if not outcome:
        return "its latest values share one time, or lie on the edge of the window"
    found = form.ask(_NO_CHANCE, person, known, outcome)
    return found or "it has no answer"


_NO_CHANCE: Any = None  # these forms draw nothing


def _whose(instruction: str, known: Chart) -> Asked | str:
    found = NAMED.search(instruction)
    if found is None:
        return "it does not name a patient and a date of birth as the release does"
    given, _, family = found[1].strip().rpartition(" ")
    try:
        birth = date.fromisoformat(found[2])
    except ValueError:
        return "its date of birth is no date"
    same = [
        p.mrn for p in known.people if (p.given.split()[:1], p.family, p.birth) == (given.split()[:1], family, birth)
    ]
    if len(same) > 1:
        return "several patients have its name and date of birth"
    return by_birth(known, given, family, birth, same[0] if same else NOBODY)


def _pair(file: Path, id_: str, form: Form, instruction: str, context: str, asked: Asked, known: Chart) -> Pair:
    split = split_of(file)
    task = Task(
        id=f"medagentbench/{split}-medagentbench/{id_}", family="medagentbench", category=TASKS[form.task], split=split,
        cluster=f"patient {asked.slots['mrn']}" if "mrn" in asked.slots else f"name {asked.slots['name']}",
        prompt=TaskPrompt(question=instruction, documents=(context,) if context else (), contract=contract(form.answer)),
        resources=(DATABASE, MODULES), now=known.now.isoformat(), actions=ACTIONS, answer_type="record",
        oracle=OracleSpec(kind="fhir", params=form.params), privacy=Privacy.OPEN, metadata={"task": form.task, "source": file.name},
    )  # fmt: skip
    answer = {"task": form.task, "answer": asked.answer, "writes": asked.writes}
    return task, Gold(id=task.id, answer=answer, solution=asked.program, lang="python")
