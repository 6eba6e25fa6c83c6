"""EHRSHOT (Wornow et al. 2023): train a model on patients' records or embeddings, and predict for other patients."""

from __future__ import annotations

import csv
from pathlib import Path

from galen.tasks.base import Profile, Vocabulary, nothing_to_request
from galen.tasks.prompting import explain_actions
from galen.types import Message, Task

CATEGORY_RULE = "the task of EHRSHOT, of which there are fifteen"
PLACE = "/data/ehrshot"
KEYS = ("patient_id", "prediction_time")
RULES = (
    "train.csv and valid.csv give labels; test.csv has the same keys, patient_id and prediction_time, of other patients and no "
    "labels; a patient may have several rows. A model may use only what was recorded by its row's prediction_time: the test patients' records end there, "
    "those of the training patients go on. Write a program that trains a model (scikit-learn, numpy and pandas are "
    "installed; one core, no GPU) and hands in CSV with one header line and each row of test.csv once, keys as they "
    "stand there, rows and columns in any order. A row that is missing, doubled or unknown, or a value that is no number from 0 to 1, "
    "makes the whole table worthless. The score is AUROC, of several columns their mean (each against the rest)."
)
FILE = (
    "`@file predictions.csv` as the answer hands in that file of the current folder; `@last` hands in a table that your last code "
    "printed, with nothing else."
)


def pose(task: Task, profile: Profile) -> tuple[Message, ...]:
    """The question; the full profile explains the files, the table and how it is scored."""
    question = f"{task.prompt.question}\nAnswer form: {task.prompt.contract}."
    if profile == "compact":
        return Message(role="system", content="ehrshot python"), Message(role="user", content=question)
    system = (
        f"You are a machine learning engineer who works with health records.\n\n{RULES}\n\n"
        f"{explain_actions(task.actions, sql=False)} {FILE}"
    )
    return Message(role="system", content=system), Message(role="user", content=f"Question: {question}")


answer_request = nothing_to_request("read the files with code")


def vocabulary(task: Task, data: Path) -> Vocabulary:
    """The CSVs and their columns."""
    tables: dict[str, tuple[str, ...]] = {}
    for resource in task.resources:
        for path in sorted((data / resource.path).glob("*.csv")):
            with path.open(newline="") as file:
                tables[path.stem] = tuple(next(csv.reader(file), ()))
    return Vocabulary(tables=tables)
