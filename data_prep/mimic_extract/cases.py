"""One instance: a task on a cohort, a window, some variables, and stays drawn at random; and the folder that shows it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from data_prep.mimic_extract import windows as w
from data_prep.mimic_extract.frames import IDS, INTERVENTIONS, STATICS, Frames

VITALS = (
    "heart rate", "systolic blood pressure", "diastolic blood pressure", "mean blood pressure", "respiratory rate", "oxygen saturation",
    "temperature", "glascow coma scale total",
)  # fmt: skip
GASES = (
    "ph", "partial pressure of oxygen", "partial pressure of carbon dioxide", "lactate", "fraction inspired oxygen", "positive end-expiratory pressure",
    "bicarbonate",
)  # fmt: skip
VARIABLES: dict[str, Callable[[str], bool]] = {
    "all variables": lambda name: True,
    "vital signs and blood gases": lambda name: name in VITALS + GASES,
    "all variables but blood gases": lambda name: name not in GASES,
    "all variables but pressures": lambda name: "pressure" not in name,
    "all variables but the coma scale and temperature": lambda name: name not in ("glascow coma scale total", "temperature"),
}  # fmt: skip
STATISTICS = {
    "count, mean and std": ("count", "mean", "std"),
    "mean and count": ("count", "mean"),
    "mean only": ("mean",),
}
SURGICAL = ("sicu", "tsicu", "csru")
Chosen = Callable[[pd.DataFrame], Any]
COHORTS: dict[str, Chosen] = {
    "all adults": lambda s: s["age"] > 0,
    "men": lambda s: s["gender"].str.lower() == "m",
    "women": lambda s: s["gender"].str.lower() == "f",
    "emergency admissions": lambda s: s["admission_type"].str.lower() == "emergency",
    "patients aged 60 or more": lambda s: s["age"] >= 60,
    "patients younger than 75": lambda s: s["age"] < 75,
}
UNSEEN: dict[str, Chosen] = {
    "patients of surgical units (SICU, TSICU, CSRU)": lambda s: s["first_careunit"].str.lower().isin(SURGICAL),
    "patients of medical and coronary units (MICU, CCU)": lambda s: ~s["first_careunit"].str.lower().isin(SURGICAL),
}
OBSERVED = ((24, 6), (18, 6), (24, 12), (30, 6))  # hours of the window and of the gap; the first is the published one
OBSERVED_UNSEEN = ((12, 6), (36, 6))
TASKS = ("mort_hosp", "los_3", "vasopressor", "mort_icu", "los_7", "ventilation")
LABELLED, HIDDEN = (300, 500), (250, 350)  # stays at most, drawn
SHARE = 0.55  # of the stays that there are, with labels
FEWEST = {"labelled": 12, "hidden": 6}  # of each label


@dataclass(frozen=True)
class Spec:
    """What is drawn of an instance."""

    task: str
    cohort: str
    window: int
    gap: int
    variables: str
    statistics: str

    @property
    def windows(self) -> bool:
        return self.task in w.NEXT


@dataclass(frozen=True)
class Case:
    """A drawn instance: labels by key (subject_id, of windows window_idx too), and each window's first hour."""

    spec: Spec
    train: pd.DataFrame
    test: pd.DataFrame


def spec(rng: random.Random, task: str, *, published: bool, unseen: bool) -> Spec:
    """A task with the published setting, or a drawn one; `unseen` has cohorts and windows that training never has."""
    if published:
        return Spec(task, "all adults", *_hours(task, OBSERVED[0]), "all variables", "count, mean and std")
    hours = rng.choice(OBSERVED_UNSEEN if unseen else OBSERVED)
    return Spec(
        task, rng.choice(list(UNSEEN if unseen else COHORTS)), *_hours(task, hours), rng.choice(list(VARIABLES)), rng.choice(list(STATISTICS)),
    )  # fmt: skip


def _hours(task: str, hours: tuple[int, int]) -> tuple[int, int]:
    return (w.HISTORY, w.GAP) if task in w.NEXT else hours


def draw(rng: np.random.Generator, frames: Frames, pool: np.ndarray, spec: Spec) -> Case | None:
    """Stays of the subjects `pool` with labels and others without; nothing where a label is too rare."""
    asked = _labels(rng, frames, spec)
    chosen = (COHORTS | UNSEEN)[spec.cohort](frames.statics)
    stays = frames.statics.index[chosen].get_level_values("icustay_id")
    ids = asked.index.get_level_values
    asked = asked.loc[ids("icustay_id").isin(stays) & ids("subject_id").isin(pool)]
    subjects = mixed(rng, asked["label"])
    most = [int(rng.integers(low, high + 1)) for low, high in (LABELLED, HIDDEN)]
    n = min(most[0], int(SHARE * len(subjects)))
    parts = [
        asked.loc[asked.index.get_level_values("subject_id").isin(part)]
        for part in (subjects[:n], subjects[n : n + most[1]])
    ]
    case = Case(spec, *parts)
    return None if too_rare(case) else case


def too_rare(case: Case) -> bool:
    """Whether a label has fewer rows than `FEWEST`."""
    classes = range(len(w.CLASSES)) if case.spec.windows else (0, 1)
    parts = zip((case.train, case.test), FEWEST.values(), strict=True)
    return any((part["label"] == c).sum() < fewest for part, fewest in parts for c in classes)


def mixed(rng: np.random.Generator, labels: pd.Series) -> np.ndarray:
    """The subjects in a random order, any stretch of which has a label about as often as any other."""
    often = labels.map(labels.value_counts())
    rarest = labels.iloc[np.argsort(often.to_numpy(), kind="stable")].groupby(level="subject_id").first()
    shuffled = rarest.iloc[rng.permutation(len(rarest))]
    groups = shuffled.groupby(shuffled)
    place = (groups.cumcount() + rng.random(len(shuffled))) / groups.transform("size")
    return place.sort_values().index.to_numpy()


def _labels(rng: np.random.Generator, frames: Frames, spec: Spec) -> pd.DataFrame:
    if spec.windows:
        return w.windows(frames, spec.task, rng)
    return w.outcomes(frames, spec.task, spec.window, spec.gap).rename("label").to_frame().assign(first=0)


def write(frames: Frames, case: Case, folder: Path) -> None:
    """The folder that the agent sees: hours, statics and labels of the one part, and of the other all but the labels."""
    folder.mkdir(parents=True)
    names = ["window_idx"] if case.spec.windows else []
    keys = ["subject_id", *names]
    columns = _columns(frames, case.spec)
    for part, asked in (("train", case.train), ("test", case.test)):
        rows, index = _rows(frames, asked, case.spec.window, names)
        hours = frames.hourly[columns].iloc[rows].set_axis(index)
        columns = hours.columns[hours.notna().any()] if part == "train" else columns
        hours[columns].to_csv(folder / f"{part}_hours.csv", float_format="%.4g")
        stays = frames.statics.index.isin(asked.index.droplevel(names) if names else asked.index)
        frames.statics.loc[stays, list(STATICS)].to_csv(folder / f"{part}_static.csv")
        if case.spec.windows and frames.interventions is not None:
            frames.interventions[list(INTERVENTIONS)].iloc[rows].set_axis(index).to_csv(
                folder / f"{part}_interventions.csv"
            )
    case.train.reset_index()[[*keys, "label"]].to_csv(folder / "train.csv", index=False)
    case.test.reset_index()[keys].to_csv(folder / "test.csv", index=False)


def _rows(frames: Frames, asked: pd.DataFrame, window: int, names: list[str]) -> tuple[np.ndarray, pd.MultiIndex]:
    """The places in the hourly frame of the `window` hours from `first` on of each asked row, and their index."""
    starts = pd.Series(np.cumsum([0, *frames.statics["max_hours"][:-1] + 1]), index=frames.statics.index.get_level_values("icustay_id"))  # fmt: skip
    begin = starts.loc[asked.index.get_level_values("icustay_id")].to_numpy() + asked["first"].to_numpy()
    rows = (begin[:, None] + np.arange(window)).ravel()
    keys = asked.index.to_frame(index=False).loc[np.repeat(np.arange(len(asked)), window)]
    hours = frames.hourly.index.get_level_values("hours_in").to_numpy()[rows]
    levels = [*IDS, *names]
    return rows, pd.MultiIndex.from_arrays([*(keys[name] for name in levels), hours], names=[*levels, "hours_in"])


def _columns(frames: Frames, spec: Spec) -> pd.Index:
    """The columns of the hourly frame that the instance asks for."""
    columns = frames.hourly.columns
    kept = [
        VARIABLES[spec.variables](variable) and statistic in STATISTICS[spec.statistics]
        for variable, statistic in columns
    ]
    return columns[kept]
