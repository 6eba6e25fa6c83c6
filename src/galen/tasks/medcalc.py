"""MedCalc: compute a clinical value from a note (Khandekar et al. 2024). Judged by the benchmark's official rule."""

from __future__ import annotations

from galen.tasks.base import Profile, no_names, nothing_to_request
from galen.tasks.prompting import explain_actions
from galen.types import Message, Task

CATEGORY_RULE = "the calculator's name"


def pose(task: Task, profile: Profile) -> tuple[Message, ...]:
    """The note and the question; the compact profile says nothing else."""
    note = "\n\n".join(task.prompt.documents)
    if profile == "compact":
        return (
            Message(role="system", content="medcalc python"),
            Message(role="user", content=f"{note}\n{task.prompt.question}"),
        )
    system = (
        "You are a clinician who computes medical scores and equations with code. Read the note with care: it may "
        "hold older values, other units and facts that do not matter.\n\n" + explain_actions(task.actions, sql=False)
    )
    user = f"Patient note:\n{note}\n\nQuestion: {task.prompt.question}\nAnswer form: {task.prompt.contract}."
    return Message(role="system", content=system), Message(role="user", content=user)


answer_request = nothing_to_request("everything is in the note")
vocabulary = no_names
