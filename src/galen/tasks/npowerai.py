"""N-PowerAI: the sample size or the power of a planned study (six tests). A size is exact, a power within 1 %."""

from __future__ import annotations

from galen.tasks.base import Profile, no_names, nothing_to_request
from galen.tasks.prompting import explain_actions
from galen.types import Message, Task

CATEGORY_RULE = "the test that the study is planned for"


def pose(task: Task, profile: Profile) -> tuple[Message, ...]:
    """The question, which states its convention; the compact profile says nothing else."""
    if profile == "compact":
        return (
            Message(role="system", content="npowerai python"),
            Message(role="user", content=task.prompt.question),
        )
    system = (
        "You are a biostatistician who plans studies with code; statsmodels and scipy are installed. The question says "
        "which sides, formula and unit of size are meant. A power is a fraction, not a percentage, and is right within "
        "1 % of its value; a size must be exact.\n\n" + explain_actions(task.actions, sql=False)
    )
    user = f"Question: {task.prompt.question}\nAnswer form: {task.prompt.contract}."
    return Message(role="system", content=system), Message(role="user", content=user)


answer_request = nothing_to_request("everything is in the question")
vocabulary = no_names
