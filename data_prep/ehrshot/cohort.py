"""The patients of one split of the gym: who is trained on, who is asked about, and the files that the agent gets.

As EHRSHOT divides its patients, so are these, into those whose labels the agent gets (train, valid) and those whose labels
are asked (test). Of the latter the agent sees only what was recorded by the prediction. Where what follows one prediction
of a patient would tell the label of an earlier one, a test patient is asked about once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from data_prep.ehrshot.definitions import SEVERITIES, Definition
from data_prep.ehrshot.omop import TIMED, Cdm
from galen.tasks.ehrshot import KEYS, PLACE

Features = Literal["records", "embeddings"]
Split = Literal["train", "valid", "test"]
SIDES: tuple[Split, ...] = ("train", "valid", "test")
SHARES = (0.5, 0.15)  # of the patients, for train and valid; the rest is asked
MOST = {"train": 1200, "valid": 300, "test": 600}  # rows
REPEATABLE = ("lab values", "chest x-ray findings")  # a later embedding tells nothing of an earlier label
SHOWN = ("person", *TIMED)
FEWEST = 10  # rows with a label and without it, of two labels where there are several
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


@dataclass(frozen=True)
class Cohort:
    """Patients by side (train, valid or test), the labels of each task, and what there is to predict from.

    `labelled` gives a task's labels (`labels.label`), `embedded` the embeddings of rows in their order, where there are any.
    `cdm` has the records, where there are any. Files go into folders below `resources`.
    """

    split: Split
    resources: Path
    seed: int
    sides: Mapping[int, str]
    labelled: Callable[[Definition], pd.DataFrame]
    cdm: Cdm | None = None
    embedded: Callable[[pd.DataFrame, np.random.Generator], np.ndarray] | None = None

    @property
    def features(self) -> tuple[Features, ...]:
        return ("records",) * (self.cdm is not None) + ("embeddings",) * (self.embedded is not None)

    def sample(self, task: Definition, kind: Features, shots: int | None, again: int, folder: str) -> Sample | str:
        """The instance's rows, written into `folder`, or why there are too few; `again` numbers samples of one sort."""
        labels = self.labelled(task)
        labels = labels.assign(side=labels.patient_id.map(self.sides))
        test = self._asked(task, kind, labels)
        if problem := _too_few(task, test):
            return problem
        rng = self._rng(f"{task.name}/{shots}/{again}")
        parts = {
            name: _some(labels.loc[labels.side == name], task, shots, MOST[name], rng) for name in ("train", "valid")
        }
        if problem := _too_few(task, parts["train"]):
            return f"for training, {problem}"
        if again and len(parts["train"]) == (labels.side == "train").sum():
            return "a further sample would be the same rows"
        root = self.resources / "ehrshot"
        (root / folder).mkdir(parents=True, exist_ok=True)
        mounts = {f"{PLACE}/{folder}": root / folder}
        for name, rows in parts.items():
            _shown(rows, task).to_csv(root / folder / f"{name}.csv", index=False)
        test[list(KEYS)].to_csv(root / folder / "test.csv", index=False)
        if self.embedded and kind == "embeddings":
            vectors = self.embedded(pd.concat([*parts.values(), test], ignore_index=True), rng).astype(np.float16)
            ends = np.cumsum([len(rows) for rows in parts.values()])
            for name, part in zip(SIDES, np.split(vectors, ends), strict=True):
                np.save(root / folder / f"{name}.npy", part)
        if self.cdm and kind == "records":
            folders = (self._patients(root, self.cdm), self._histories(root, self.cdm, task, test))
            mounts |= {f"{PLACE}/{path.name}": path for path in folders}
        times = test.prediction_time.dt.strftime("%Y-%m-%d %H:%M:%S")
        values = test.value if task.labels == "bits" else test.value.astype(int)
        gold = [list(row) for row in zip(test.patient_id.tolist(), times.tolist(), values.tolist(), strict=True)]
        return Sample(mounts, len(parts["train"]), len(parts["valid"]), gold)

    def _rng(self, what: str) -> np.random.Generator:
        return stream(self.seed, f"{self.split}/{what}")

    def _asked(self, task: Definition, kind: Features, labels: pd.DataFrame) -> pd.DataFrame:
        """The rows of the test set; each class of several is as likely to be asked about."""
        rows = labels[labels.side == "test"]
        weights = 1 / rows.value.map(rows.value.value_counts()) if task.labels == "classes" else 1
        rows = rows.assign(order=self._rng(f"{task.name}/test").exponential(size=len(rows)) / weights)
        rows = rows.sort_values("order")
        if kind == "records" or task.group not in REPEATABLE:
            rows = rows.drop_duplicates("patient_id")
        return rows.head(MOST["test"]).sort_values(list(KEYS), ignore_index=True)

    def _patients(self, root: Path, cdm: Cdm) -> Path:
        """The whole records of the patients of train and valid."""
        folder = root / f"{self.split}-patients"
        if not folder.exists():
            folder.mkdir()
            for name in SHOWN:
                table = getattr(cdm, name)
                table[table.person_id.map(self.sides) != "test"].to_csv(folder / f"{name}.csv", index=False)
            cdm.concept.to_csv(folder / "concept.csv", index=False)
        return folder

    def _histories(self, root: Path, cdm: Cdm, task: Definition, test: pd.DataFrame) -> Path:
        """What was recorded of each test patient by the prediction: a stay that went on has no end yet."""
        folder = root / f"{self.split}-{task.name}-test"
        if not folder.exists():
            folder.mkdir()
            now = test.set_index("patient_id").prediction_time
            for name in SHOWN:
                table = getattr(cdm, name)
                until = table.person_id.map(now)
                seen = table[until.notna() if name == "person" else table[TIMED[name]] <= until]
                ends = {
                    column: seen[column].where(seen[column] <= seen.person_id.map(now))
                    for column in seen.columns[seen.columns.str.endswith("_end_datetime")]
                }
                seen.assign(**ends).to_csv(folder / f"{name}.csv", index=False)
        return folder


def stream(seed: int, what: str) -> np.random.Generator:
    """The family's own random numbers for `what`."""
    return np.random.default_rng(list(f"ehrshot/{seed}/{what}".encode()))


def divided(ids: Iterable[int], shares: tuple[float, float], rng: np.random.Generator) -> dict[int, Split]:
    """Each of `ids` by its side; `shares` are those of the first two."""
    known = np.sort(np.fromiter(set(ids), dtype=np.int64))
    rng.shuffle(known)
    ends = (np.cumsum(shares) * len(known)).round().astype(int)
    return {int(id_): side for side, some in zip(SIDES, np.split(known, ends), strict=True) for id_ in some}


def _shown(rows: pd.DataFrame, task: Definition) -> pd.DataFrame:
    """Labels as the agent reads them: 0 or 1, the name of a class, or a column for each finding."""
    if task.labels == "bits":
        bits = pd.DataFrame(
            [[int(bit) for bit in value] for value in rows.value], columns=list(task.columns), index=rows.index
        )
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
    values = rows.value.tolist()
    if task.labels == "bits":
        hits = [sum(value[i] == "1" for value in values) for i in range(len(task.columns))]
    else:
        hits = [sum(value == i for value in values) for i in range(max(2, len(task.columns)))]
    enough = sum(min(hit, len(values) - hit) >= FEWEST for hit in hits)
    return "" if enough >= min(2, len(hits)) else f"fewer than {FEWEST} rows with or without a label"
