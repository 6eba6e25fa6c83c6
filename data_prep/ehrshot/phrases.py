"""How an instance is asked: the task, the files, the numbers of rows, and what the score is worth."""

from __future__ import annotations

from data_prep.ehrshot.cohort import Features, Sample
from data_prep.ehrshot.definitions import Definition
from data_prep.ehrshot.encoder import WIDTH
from galen.tasks.ehrshot import KEYS

_LABELS = {
    "binary": "The column value is 1 or 0.",
    "classes": "The column value is one of {names}.",
    "bits": "Each finding has a column of 1 or 0: {names}.",
}


def question(
    task: Definition, kind: Features, sample: Sample, shots: int | None, baseline: float, threshold: float
) -> str:
    """All that is asked but the form of the table."""
    place, *folders = sample.mounts
    counts = f"{sample.train} labelled rows, valid.csv {sample.valid}, and test.csv {len(sample.gold)} rows to predict"
    few = f" It is a few-shot task: at most {shots} rows of each label." if shots and task.labels != "bits" else ""
    return (
        f"{task.name}: predict {task.predicts}. The prediction is made {task.when}.\n"
        f"{place}/train.csv has {counts}.{few} {_LABELS[task.labels].format(names=', '.join(task.columns))}\n"
        f"{_given(kind, folders)}\n"
        f"The reward is 0 up to an AUROC of {baseline:.2f}, which guessing does not reach, and rises to 1 at 1.00; the "
        f"task is passed from {threshold:.2f} on."
    )


def _given(kind: Features, folders: list[str]) -> str:
    if kind == "embeddings":
        return (
            f"Beside them train.npy, valid.npy and test.npy hold, row by row, a visit embedding of {WIDTH} numbers, made from "
            "what was recorded by the prediction."
        )
    patients, histories = folders
    return (
        f"OMOP tables as CSV (person_id is patient_id): {patients} has those of the patients of train.csv and valid.csv, whole, and "
        f"concept.csv with the concepts' names; {histories} has those of the patients of test.csv, up to the prediction."
    )


def contract(task: Definition) -> str:
    """The form of the table."""
    sums = ", which sum to 1 in a row" if task.labels == "classes" else ""
    names = ",".join((*KEYS, *task.columns))
    return f"CSV with the columns {names}, one row for each row of test.csv, probabilities from 0 to 1{sums}"
