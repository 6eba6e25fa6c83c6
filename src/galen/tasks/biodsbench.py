"""BioDSBench: analyses of cancer studies (Wang et al. 2024). The answer is named variables, handed in as data."""

from __future__ import annotations

from galen.tasks.base import Profile, no_names, nothing_to_request
from galen.tasks.prompting import explain_actions
from galen.types import Message, Task

CATEGORY_RULE = "the kind of analysis, one of twelve of ours; of published tasks the first of their analysis types"


def pose(task: Task, profile: Profile) -> tuple[Message, ...]:
    """The study's files, the code that the task builds on, the question and the variables; both profiles hold all of it."""
    documents = "\n\n".join(task.prompt.documents)
    asked = f"{documents}\n\nQuestion: {task.prompt.question}\nAnswer form: {task.prompt.contract}."
    if profile == "compact":
        return Message(role="system", content="biodsbench python"), Message(role="user", content=asked)
    system = (
        "You are a biomedical data scientist who analyses the clinical and genomic tables of a study with code; pandas, numpy, "
        "scipy, statsmodels and lifelines are installed. The files are read-only. Where earlier code is given, your program "
        "begins with it, for nothing of it has run yet. Look at intermediate results in programs of their own; the last "
        "program hands in the variables.\n\n" + explain_actions(task.actions, sql=False)
    )
    return Message(role="system", content=system), Message(role="user", content=asked)


answer_request = nothing_to_request("the files are described in the question, read them with code")
vocabulary = no_names
