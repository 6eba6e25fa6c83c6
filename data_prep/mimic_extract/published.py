"""MedAgentGym's own MIMIC-Extract rows (data/mimic_extract/*_tasks.jsonl), over the files that its prompt describes.

A row names a task and a folder: X_lab_{train,val,test}.pkl (hours by subject_id, hadm_id, icustay_id and hours_in; columns
of variable and statistic) and {train,val,test}_<task>_labels.csv. Test rows are the release's test stays; a training row
learns from its train stays and predicts the val stays, so that the test stays are asked about in test tasks alone. An
instance shows a sample: the release has 30,000 stays. Its one-hot tables of age groups and units and the metrics of its own forest are not used.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from data_prep.mimic_extract import phrases, pickles
from data_prep.mimic_extract import windows as w
from data_prep.mimic_extract.build import Pair, pair, scored
from data_prep.mimic_extract.cases import HIDDEN, LABELLED, Case, Spec, mixed, too_rare, write
from data_prep.mimic_extract.frames import IDS, STATICS, STATISTICS, Frames
from data_prep.published import Refusals, json_rows, split_of, text_of
from data_prep.sources.csvs import texts
from galen.errors import UserError
from galen.types import Privacy

PARTS = {"train": ("train", "val"), "test": ("train", "test")}  # with labels, and asked about
WINDOW_ID, LABEL = "6_hour_window_id", "intervention_category"
ASKED = (*w.OUTCOMES, *w.NEXT)
SEED = 0


def read(folder: Path, resources: Path) -> tuple[list[Pair], list[Refusals]]:
    """The tasks of the folder's *_tasks.jsonl, each once a split, and what was refused of each file, which is printed.

    Raises:
        UserError: an unknown task, a file or column is missing or damaged (named), or no row is usable.
    """
    pairs, accounts = [], []
    for file in sorted(folder.glob("*_tasks.jsonl")):
        split: Literal["train", "test"] = "train" if split_of(file) == "train" else "test"
        account = Refusals(str(file))
        for number, (place, row) in enumerate(json_rows(file)):
            name = text_of(file, place, row, "task_name")
            if name not in ASKED:
                raise UserError(f"{file}: {place}: task_name {name!r} is none of {', '.join(ASKED)}")
            own = folder / text_of(file, place, row, "feature_label_directory")
            target = resources / "mimic_extract" / f"{split}-gym-{number:06d}"
            made = _instance(own, name, target, PARTS[split], account)
            if isinstance(made, str):
                account.refuse(made, place)
                continue
            account.used += 1
            case, params = made
            question = phrases.question(lambda options: options[0], case, params)
            pairs.append(pair(target, case, params, question, Privacy.CREDENTIALED, split=split, distribution="ood"))
        print(account.report())
        accounts.append(account)
    if not pairs:
        raise UserError(f"{folder}: no row is usable; the reasons are above")
    return pairs, accounts


def _instance(
    own: Path, name: str, target: Path, parts: tuple[str, str], account: Refusals
) -> tuple[Case, dict[str, Any]] | str:
    """An instance whose folder `target` is written, and its oracle's params; or why there is none."""
    spec = Spec(name, "all adults", w.HISTORY if name in w.NEXT else 24, w.GAP, "all variables", "count, mean and std")
    hours = [_hours(own / f"X_lab_{part}.pkl") for part in parts]
    rng = np.random.default_rng(SEED)
    labels = []
    for part, known, (_, most) in zip(parts, hours, (LABELLED, HIDDEN), strict=True):
        found = _labels(rng, own / f"{part}_{name}_labels.csv", spec, known, account)
        labels.append(found[found.index.get_level_values("subject_id").isin(mixed(rng, found.loc[:, "label"])[:most])])
    case = Case(spec, *labels)
    if set(case.train.index.get_level_values("subject_id")) & set(case.test.index.get_level_values("subject_id")):
        return f"a patient is in both {parts[0]} and {parts[1]}"
    if too_rare(case):
        return "a label is too rare"
    write(_frames(own, hours, case), case, target)
    params = scored(target, case)
    return (case, params) if params else "its reference is not far enough above the baseline and chance"


def _hours(path: Path) -> pd.DataFrame:
    """The hours of every stay, without a gap from 0 on."""
    frame = pickles.read(path)
    if list(frame.index.names) != [*IDS, "hours_in"] or frame.columns.nlevels != 2:
        raise UserError(
            f"{path}: the index {frame.index.names} is not {', '.join([*IDS, 'hours_in'])}, or the columns are not (variable, statistic)"
        )
    names = [(str(variable).lower(), str(statistic).lower()) for variable, statistic in frame.columns]
    frame = frame.set_axis(pd.MultiIndex.from_tuples(names, names=["variable", "statistic"]), axis=1).sort_index()
    frame = frame[[name for name in frame.columns if name[1] in STATISTICS]].astype("float32")
    if (frame.groupby(level=IDS).cumcount() != frame.index.get_level_values("hours_in")).any():
        raise UserError(f"{path}: hours_in of a stay does not count from 0 without a gap")
    return pd.DataFrame(frame)


def _labels(rng: np.random.Generator, path: Path, spec: Spec, hours: pd.DataFrame, account: Refusals) -> pd.DataFrame:
    """`label` and `first` hour by stay, and of windows by window_idx, of the stays that have enough hours."""
    columns = ["subject_id", *([WINDOW_ID, LABEL] if spec.windows else [spec.task])]
    rows = _csv(path, columns).rename(columns={LABEL: "label", spec.task: "label", WINDOW_ID: "window_idx"})
    lengths = pd.Series(hours.groupby(level=IDS).size(), name="hours").reset_index()
    found = rows.merge(lengths.drop_duplicates("subject_id"), on="subject_id", how="left")
    found["first"] = found["window_idx"] if spec.windows else 0
    short = ~pd.Series(found["first"] + spec.window <= found["hours"])
    for _ in range(int(short.sum())):
        account.note(f"{path.name}: a label left out, for its stay has too few hours in the features")
    found = found.loc[~short].drop_duplicates(["subject_id", "first"]).astype({name: int for name in IDS})
    if not spec.windows:
        return found.set_index(IDS).loc[:, ["label", "first"]]
    # No window shows what another one of its stay asks, as in our own.
    base = found.iloc[rng.permutation(len(found))].groupby("subject_id")["first"].first()
    after = found["first"] - found["subject_id"].map(base)
    apart = found.loc[after.isin(range(0, w.STEP * w.MOST, w.STEP))]
    return apart.set_index([*IDS, "window_idx"]).loc[:, ["label", "first"]]


def _csv(path: Path, columns: list[str]) -> pd.DataFrame:
    """Whole numbers: ids, windows and labels, also where they are written as tensor(7), True or False."""
    frame = texts(path, columns, "MedAgentGym's data folder has it once it is prepared")
    made = {}
    for column in columns:
        text = frame[column].str.replace(r"^tensor\((.*)\)$", r"\1", regex=True).replace({"True": "1", "False": "0"})
        numbers = pd.Series(pd.to_numeric(text, errors="coerce"))
        highest = {LABEL: len(w.CLASSES)}.get(column, 1 if column in w.OUTCOMES else np.inf)
        bad = ~(numbers.ge(0) & numbers.le(highest) & (numbers % 1 == 0))
        if bad.any():
            row = int(bad.argmax())
            raise UserError(f"{path}: row {row + 2}: {column} {frame[column][row]!r} is none that it can have")
        made[column] = numbers.astype(int)
    if LABEL in made and made[LABEL].max() == len(w.CLASSES):  # counted from 1, as the release's prompt does
        made[LABEL] = made[LABEL] - 1
        if made[LABEL].min() < 0:
            raise UserError(f"{path}: {LABEL} holds 0 and {len(w.CLASSES)}: there are {len(w.CLASSES)} classes")
    return pd.DataFrame(made)


def _frames(own: Path, hours: list[pd.DataFrame], case: Case) -> Frames:
    """The frames of the case's stays; nothing is known at admission, and no state is told."""
    stays = pd.MultiIndex.from_frame(
        pd.concat([part.index.to_frame(index=False).loc[:, IDS] for part in (case.train, case.test)]).drop_duplicates()
    )
    found = pd.concat([part.loc[part.index.droplevel("hours_in").isin(stays)] for part in hours]).sort_index()
    sizes = found.groupby(level=IDS).size()
    statics = pd.DataFrame(None, index=sizes.index, columns=list(STATICS)).assign(max_hours=sizes - 1)
    return Frames(statics, found, None, str(own), Privacy.CREDENTIALED)
