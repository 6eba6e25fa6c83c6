"""MIMIC-Extract (Wang et al. 2020): predict an outcome or an intervention from hourly frames; probabilities are handed in."""

from __future__ import annotations

import re
from pathlib import Path

from rapidfuzz import fuzz, process

from galen.errors import TaskError
from galen.tasks.base import Profile, Vocabulary
from galen.tasks.prompting import explain_actions
from galen.types import Message, Task

CATEGORY_RULE = "what is predicted: mortality (mort_icu, mort_hosp), length of stay (los_3, los_7) or an intervention (vasopressor, ventilation)"
HAND_IN = "Print it and submit @last, or write it to a file of the work folder and submit @file NAME."
FILES = {
    "hours": "one row an hour; two header rows (variable, statistic), index columns first; count is how many values the hour has, std their "
    "deviation, what was not measured is empty, and a statistic that no training hour has is left out",
    "static": "one row a stay: what is known at admission",
    "interventions": "whether a ventilator (vent) and a vasopressor (vaso) were on, 0 or 1, in the hours that are given",
}  # fmt: skip
NEAR = 60


def pose(task: Task, profile: Profile) -> tuple[Message, ...]:
    """The question and the form of the answer; the full profile explains the files, and how the table is scored."""
    mount = task.resources[0].mount
    if profile == "compact":
        return (
            Message(role="system", content=f"mimic_extract python {mount}"),
            Message(role="user", content=f"{task.prompt.question} {task.prompt.contract}."),
        )
    index = "subject_id, hadm_id, icustay_id, " + ("window_idx, hours_in" if _windows(task) else "hours_in")
    classes = ", ".join(f"{i} {name}" for i, name in enumerate(task.oracle.params["columns"]))
    labels = f" Labels are {classes}." if _windows(task) else " Labels are 0 or 1."
    system = (
        "You are a machine-learning engineer for intensive care; pandas and scikit-learn are installed. The files are in "
        f"{mount}, read-only:\n{_listed(task)}\n"
        f"Read the hours with pandas.read_csv(path, header=[0, 1], index_col={list(range(index.count(',') + 1))}); the index is {index}, where "
        f"hours_in counts from admission to the unit.{labels} No patient is in both train and test.\n\n"
        "Train a model on the train files, predict the test rows. The reward is where the AUROC lies between the lower stated one (there it is 0) "
        "and 1; solved is from the stated threshold on, which is 80 % of the way to a reference model (a random forest and a logistic regression "
        "on summaries of the hours). A table that misses a row, or has one twice, counts nothing. Tables are long: do not type them. "
        f"{HAND_IN}\n\n" + explain_actions(task.actions, sql=False)
    )  # fmt: skip
    user = f"Question: {task.prompt.question}\nAnswer form: {task.prompt.contract}."
    return Message(role="system", content=system), Message(role="user", content=user)


def _windows(task: Task) -> bool:
    return "window_idx" in task.oracle.params["keys"]


def _kinds(task: Task) -> list[str]:
    return [kind for kind in FILES if f"train_{kind}.csv" in task.metadata["files"]]


def _listed(task: Task) -> str:
    lines = [f"train_{kind}.csv, test_{kind}.csv: {FILES[kind]}" for kind in _kinds(task)]
    keys = ", ".join(task.oracle.params["keys"])
    return "\n".join(
        [*lines, f"train.csv: {keys} and label of the rows to learn from", f"test.csv: {keys} of the rows to predict"]
    )


def answer_request(task: Task, query: str, data: Path) -> str:
    """The files; the columns of one; or the columns that are most like a term."""
    columns = vocabulary(task, data).tables
    words = re.findall(r"[\w.]+", query.lower())
    named = [name for name in columns if name in words or name.removesuffix(".csv") in words]
    if named:
        return "\n".join(f"{name}: {', '.join(columns[name])}" for name in named)
    if not words or {"files", "tables", "schema", "data"} & set(words):
        return "files: " + ", ".join(columns)
    known = sorted({column for names in columns.values() for column in names})
    found = [
        name for name, _, _ in process.extract(" ".join(words), known, scorer=fuzz.WRatio, limit=5, score_cutoff=NEAR)
    ]
    return "\n".join(f"{c} in {', '.join(f for f in columns if c in columns[f])}" for c in found) or f"nothing like {query!r}; ask for 'files' or one of them"  # fmt: skip


def vocabulary(task: Task, data: Path) -> Vocabulary:
    """Files and their columns; of the hours the variables."""
    folder = data / task.resources[0].path
    tables = {}
    for name in task.metadata["files"]:
        if not (folder / name).exists():
            raise TaskError(f"{task.id}: its file {folder / name} is missing")
        with (folder / name).open(encoding="utf-8") as file:
            head = file.readline().strip().split(",")
        tables[name] = tuple(dict.fromkeys(cell for cell in head if cell and cell != "variable"))
    return Vocabulary(tables=tables)
