"""How the actions are explained to a pretrained model; one wording for every family."""

from __future__ import annotations

from galen.tasks.base import Pose, Profile
from galen.types import ActionKind, Message, Task

FORMS = {
    ActionKind.REQUEST_INFO: "```request_info\n<tables | columns of a table | values of table.column | a term to find>\n```",
    ActionKind.TERMINAL: "```bash\n<shell commands>\n```",
    ActionKind.CODE_EXECUTION: "```python\n<a whole program; print what you want to see>\n```",
    ActionKind.DEBUGGING: "```debugging\n\n```\nexplains the last error.",
    ActionKind.SUBMIT: "```submit\n<the answer>\n```\nhands in the answer, once. `@last` as the answer hands in the whole "
    "output of your last successful code.",
}
EHRSQL_RULES = (
    "How questions are meant: in, since and until a year, month or day include it; n days, months or years ago and "
    "within n days or months are counted with SQLite's datetime(time, '-n month'); last year, last month and yesterday "
    "are those of the calendar. The first and the last hospital or icu visit are the first and last that have ended, the "
    "current one is still open. Aged 40s is 40-49 at that visit. An event after another is strictly later, and a time "
    "holds for both (of deaths and returns to the hospital: for the diagnosis). What is ranked after an event counts "
    "once, however many such events came before it. Daily, monthly and yearly values are those of days, months and years "
    "with records. Of the patients first diagnosed more than n years (of 365 days) ago, the n year survival rate is the "
    "percentage of those who did not die within n years, and the mortality rate the rest."
)
SQL = "```sql\n<one statement>\n```"


def explain_actions(actions: tuple[ActionKind, ...], *, sql: bool) -> str:
    """The reply format: one fenced block a reply, its info string names the action."""
    forms = [FORMS[a] for a in ActionKind if a in actions]
    if sql:
        forms.insert(0, SQL)
    return (
        "Think briefly, then act. Every reply holds exactly one fenced block; its first line names the action:\n\n"
        + "\n\n".join(forms)
        + "\n\nCode runs in a fresh process in a sandbox without network; files in the current folder stay."
    )


def poses(rules: str) -> Pose:
    """A family's `pose`: the question; the full profile tells `rules`, the time, and how to act."""
    return lambda task, profile: pose_query(task, profile, rules)


def pose_query(task: Task, profile: Profile, rules: str, before: str = "") -> tuple[Message, ...]:
    """A question about the task's one database. The full profile tells `rules`, the time, and how to act; `before` are the
    turns that the question builds on.
    """
    if profile == "compact":
        return (
            Message(role="system", content=f"{task.family} sqlite"),
            Message(role="user", content=f"{before}{task.prompt.question}"),
        )
    now = f" The current time is {task.now}." if task.now else ""
    system = (
        f"You are an expert in electronic health records. A SQLite database is at {task.resources[0].mount}; ```sql``` blocks "
        f"query it.{now}\n\n{rules}\n\n"
        + explain_actions(task.actions, sql=True)
        + "\n\nAsk for tables and columns with request_info before you query."
    )
    context = f"Earlier turns:\n{before}\n" if before else ""
    user = f"{context}Question: {task.prompt.question}\nAnswer form: {task.prompt.contract}."
    return Message(role="system", content=system), Message(role="user", content=user)
