"""BioCoder: write one function into a bioinformatics module. It is run on hidden calls beside the reference."""

from __future__ import annotations

from galen.tasks.base import Profile, no_names, nothing_to_request
from galen.tasks.prompting import explain_actions
from galen.types import Message, Task

CATEGORY_RULE = "the subject of the function's module"
RULES = (
    "You are a bioinformatics software engineer. A function is missing from a Python 3 module. You are shown the module, with "
    "<<insert solution here>> where the function goes, and the function's signature and specification. Hand in the function as "
    "Python source text. It may use all that stands above the marker. With it you may hand in imports, constants, helper functions "
    "and classes, but no other statements at the top level (no calls, no `if __name__ == ...`), and the function itself exactly once, "
    "under its own name.\n\n"
    "It is called in the module with hidden arguments, edge cases among them, and is right when every call gives what the "
    "specification says: floats within a relative 1e-6 (1e-9 near zero); tuples and lists are the same, True and 1 are not; "
    "dictionaries and sets have no order. A call is to raise an exception only where the specification says so, and then of that "
    "class. Each call gets arguments of its own, so changing them does no harm; what is printed is ignored. All calls "
    "together have two seconds of CPU time."
)


def pose(task: Task, profile: Profile) -> tuple[Message, ...]:
    """The module, the signature and the specification."""
    user = f"{task.prompt.documents[0]}\n\n{task.prompt.question}"
    if profile == "compact":
        return Message(role="system", content="biocoder python"), Message(role="user", content=user)
    where = "".join(f" The module as it stands is at {r.mount}, for you to try things." for r in task.resources)
    system = f"{RULES}{where}\n\n{explain_actions(task.actions, sql=False)}"
    shown = f"The module:\n```\n{task.prompt.documents[0]}\n```\n\n{task.prompt.question}\n\nAnswer form: {task.prompt.contract}."
    return Message(role="system", content=system), Message(role="user", content=shown)


answer_request = nothing_to_request("everything is in the module and the specification")
vocabulary = no_names
