"""A MedCalc task and its gold, of what a generator has drawn."""

from __future__ import annotations

from typing import Any

from data_prep.wordings import Part
from galen.types import ActionKind, Gold, OracleSpec, Privacy, Task, TaskPrompt

ACTIONS = (ActionKind.CODE_EXECUTION, ActionKind.TERMINAL, ActionKind.DEBUGGING, ActionKind.SUBMIT)
CONTRACTS = {
    "decimal": "a number", "integer": "a whole number", "date": "MM/DD/YYYY", "weeks_days": "W weeks D days",
}  # fmt: skip


def pair(
    facts: tuple[int, str, str, str], part: Part, block: str, index: int, note: str, question: str, answer: Any,
    solution: str,
) -> tuple[Task, Gold]:  # fmt: skip
    """Number `index` of its part and block; `facts` are the calculator's id, name, oracle and group."""
    number, name, kind, group = facts
    id_ = f"medcalc/{part.task_split}-{block}/{index:06d}"
    task = Task(
        id=id_, family="medcalc", category=name, split=part.task_split, distribution=block, cluster=f"{name} {index}",  # type: ignore[arg-type]
        prompt=TaskPrompt(question=question, documents=(note,), contract=CONTRACTS[kind]), actions=ACTIONS,
        answer_type=kind, oracle=OracleSpec(kind=kind), privacy=Privacy.SYNTHETIC,
        metadata={"calculator_id": number, "group": group},
    )  # fmt: skip
    return task, Gold(id=id_, answer=answer, solution=solution, lang="python")
