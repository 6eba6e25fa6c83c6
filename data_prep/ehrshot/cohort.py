"""The patients of one split of the gym: who is trained on, who is asked about, and the files that the agent gets.

As EHRSHOT divides its patients, so are these, into those whose labels the agent gets (train, valid) and those whose labels
are asked (test). Of the latter the agent sees only what was recorded by the prediction. Where what follows one prediction
of a patient would tell the label of an earlier one, a test patient is asked about once.
"""

# pyright: basic, reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from data_prep.ehrshot.definitions import SEVERITIES, Definition
from data_prep.ehrshot.encoder import embed
from data_prep.ehrshot.labels import label
from data_prep.ehrshot.omop import TIMED, Cdm
from data_prep.sources.counts import Counts
from galen.tasks.ehrshot import KEYS, PLACE

Features = Literal["records", "embeddings"]
SHARES = (0.5, 0.15)  # of the patients, for train and valid; the rest is asked
MOST = {"train": 1200, "valid": 300, "test": 600}  # rows
REPEATABLE = ("lab values", "chest x-ray findings")  # a later embedding tells nothing of an earlier label
SHOWN = ("person", *TIMED)
FEWEST = 10  # test rows with each value of a label, and without it
BIT_ROWS = 4  # rows of several labels each that count for one example of each class


@dataclass(frozen=True)
class Sample:
    """An instance's files, by the place where the agent sees them (its labels first), and the labels that are asked.

    `train` and `valid` count rows; a row of `gold` is patient, time and label, as `galen.oracles.predictions` reads it.
    """

    mounts: dict[str, Path]
    train: int
    valid: int
    gold: list[list[Any]]


class Cohort:
    """The patients of `cdm`; files go into folders below `resources`."""

    def __init__(self, cdm: Cdm, split: Literal["train", "valid", "test"], resources: Path, seed: int) -> None:
        self.cdm, self.split, self.resources = cdm, split, resources
        self.counts = Counts()
        self._seed = seed
        ids = np.sort(cdm.person.person_id.to_numpy())
        self._rng("patients").shuffle(ids)
        ends = (np.cumsum(SHARES) * len(ids)).round().astype(int)
        self._sides = {
            int(id_): side
            for side, some in zip(("train", "valid", "test"), np.split(ids, ends), strict=True)
            for id_ in some
        }
        self._labels: dict[str, pd.DataFrame] = {}

    def sample(self, task: Definition, kind: Features, shots: int | None, again: int, folder: str) -> Sample | str:
        """The instance's rows, written into `folder`, or why there are too few; `again` numbers samples of one sort."""
        labels = self._labelled(task)
        test = self._asked(task, kind, labels)
        if problem := _too_few(task, test):
            return problem
        rng = self._rng(f"{task.name}/{shots}/{again}")
        parts = {name: _some(labels[labels.side == name], task, shots, MOST[name], rng) for name in ("train", "valid")}
        if problem := _too_few(task, parts["train"]):
            return f"for training, {problem}"
        root = self.resources / "ehrshot"
        (root / folder).mkdir(parents=True, exist_ok=True)
        mounts = {f"{PLACE}/{folder}": root / folder}
        for name, rows in {**parts, "test": test}.items():
            (rows[list(KEYS)] if name == "test" else _shown(rows, task)).to_csv(root / folder / f"{name}.csv", index=False)
            if kind == "embeddings":
                np.save(root / folder / f"{name}.npy", embed(self.cdm, rows, rng))
        if kind == "records":
            mounts |= {f"{PLACE}/{path.name}": path for path in (self._patients(root), self._histories(root, task, test))}
        times = test.prediction_time.dt.strftime("%Y-%m-%d %H:%M:%S")
        values = test.value if task.labels == "bits" else test.value.astype(int)
        gold = [list(row) for row in zip(test.patient_id.tolist(), times.tolist(), values.tolist(), strict=True)]
        return Sample(mounts, len(parts["train"]), len(parts["valid"]), gold)

    def _rng(self, what: str) -> np.random.Generator:
        return np.random.default_rng(list(f"ehrshot/{self._seed}/{self.split}/{what}".encode()))

    def _labelled(self, task: Definition) -> pd.DataFrame:
        if task.name not in self._labels:
            found = label(self.cdm, task, self.counts)
            self._labels[task.name] = found.assign(side=found.patient_id.map(self._sides))
        return self._labels[task.name]

    def _asked(self, task: Definition, kind: Features, labels: pd.DataFrame) -> pd.DataFrame:
        """The rows of the test set; each class of several is as likely to be asked about."""
        rows = labels[labels.side == "test"]
        weights = 1 / rows.value.map(rows.value.value_counts()) if task.labels == "classes" else 1
        rows = rows.assign(order=self._rng(f"{task.name}/test").exponential(size=len(rows)) / weights)
        rows = rows.sort_values("order")
        if kind == "records" or task.group not in REPEATABLE:
            rows = rows.drop_duplicates("patient_id")
        return rows.head(MOST["test"]).sort_values(list(KEYS), ignore_index=True)

    def _patients(self, root: Path) -> Path:
        """The whole records of the patients of train and valid."""
        folder = root / f"{self.split}-patients"
        if not folder.exists():
            folder.mkdir()
            for name in SHOWN:
                table = getattr(self.cdm, name)
                table[table.person_id.map(self._sides) != "test"].to_csv(folder / f"{name}.csv", index=False)
            self.cdm.concept.to_csv(folder / "concept.csv", index=False)
        return folder

    def _histories(self, root: Path, task: Definition, test: pd.DataFrame) -> Path:
        """What was recorded of each test patient by the prediction: a stay that went on has no end yet."""
        folder = root / f"{self.split}-{task.name}-test"
        if not folder.exists():
            folder.mkdir()
            now = test.set_index("patient_id").prediction_time
            for name in SHOWN:
                table = getattr(self.cdm, name)
                until = table.person_id.map(now)
                seen = table[until.notna() if name == "person" else table[TIMED[name]] <= until]
                ends = {
                    column: seen[column].where(seen[column] <= seen.person_id.map(now))
                    for column in seen.columns[seen.columns.str.endswith("_end_datetime")]
                }
                seen.assign(**ends).to_csv(folder / f"{name}.csv", index=False)
        return folder


def _shown(rows: pd.DataFrame, task: Definition) -> pd.DataFrame:
    """Labels as the agent reads them: 0 or 1, the name of a class, or a column for each finding."""
    if task.labels == "bits":
        bits = pd.DataFrame([[int(bit) for bit in value] for value in rows.value], columns=list(task.columns), index=rows.index)
        return rows[list(KEYS)].join(bits)
    values = rows.value.map(dict(enumerate(SEVERITIES))) if task.labels == "classes" else rows.value.astype(int)
    return rows[list(KEYS)].assign(value=values)


def _some(rows: pd.DataFrame, task: Definition, shots: int | None, most: int, rng: np.random.Generator) -> pd.DataFrame:
    """`shots` rows of each class, or at most `most` in all where there is no such number."""
    rows = rows.iloc[rng.permutation(len(rows))]
    if shots is None:
        rows = rows.head(most)
    elif task.labels == "bits":
        rows = rows.head(BIT_ROWS * shots)
    else:
        rows = rows.groupby("value", sort=False).head(shots)
    return rows.sort_values(list(KEYS), ignore_index=True)


def _too_few(task: Definition, rows: pd.DataFrame) -> str:
    """Why AUROC cannot be had of these rows; empty where it can."""
    if task.labels == "bits":
        hits = [int(rows.value.str[i].eq("1").sum()) for i in range(len(task.columns))]
    else:
        hits = [int((rows.value == i).sum()) for i in range(max(2, len(task.columns)))]
    fewest = min(min(hits), len(rows) - max(hits)) if len(rows) else 0
    return f"{fewest} rows with one value of a label, {FEWEST} are needed" if fewest < FEWEST else ""
