"""Real patients in the generator's place: EHRSHOT's own files, MedAgentGym's copy of them, and any OMOP CDM.

The test patients of a release stay the test patients: what the gym trains on asks about the release's training patients.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pandas as pd

from data_prep.ehrshot import omop
from data_prep.ehrshot.build import Pair, instances
from data_prep.ehrshot.cohort import SHARES, SIDES, Cohort, Split, divided, stream
from data_prep.ehrshot.definitions import FINDINGS, TASKS, Definition
from data_prep.ehrshot.labels import Labelled
from data_prep.ehrshot.pickles import Embeddings
from data_prep.published import json_rows, text_of
from data_prep.sources.counts import Counts
from data_prep.sources.csvs import texts
from galen.errors import UserError
from galen.types import Privacy

COLUMNS = ("patient_id", "prediction_time", "value")
SPLITS = {"train": "train", "val": "valid", "valid": "valid", "test": "test"}
OMOP_SHARES = (0.5, 0.1)  # of an OMOP database's patients: the gym's train and valid; the rest is its test
MOST_PATIENTS = 20_000
SIZES: Mapping[Split, int] = {"train": 15, "valid": 15, "test": 15}
SEED = 0
AS_RELEASED = "give EHRSHOT's folder as it is released"


def read_omop(source: Path, resources: Path, sizes: Mapping[Split, int] = SIZES) -> list[Pair]:
    """Instances over an OMOP CDM 5.4: a folder of CSVs, or a zip of it. What is left out is printed.

    Raises:
        UserError: a table or column is missing or damaged, or the patients do not suffice for any task.
    """
    cdm, counts = omop.read(source, MOST_PATIENTS, SEED)
    labelled = Labelled(cdm, counts)
    for task in TASKS.values():
        counts.rows[task.name] = len(labelled(task))
    print(f"{source}: {counts.report()}")
    splits = divided(cdm.person.person_id, OMOP_SHARES, stream(SEED, "omop"))
    cohorts = []
    for split in SIDES:
        sides = divided([i for i, s in splits.items() if s == split], SHARES, stream(SEED, f"omop/{split}"))
        cohorts.append(Cohort(split, resources, SEED, sides, labelled, omop.of_patients(cdm, set(sides))))
    return instances(cohorts, sizes, Privacy.CREDENTIALED)


def read_release(folder: Path, resources: Path, sizes: Mapping[Split, int] = SIZES) -> list[Pair]:
    """Instances over EHRSHOT_ASSETS: benchmark/ (or labels/), splits/person_id_map.csv, features/clmbr_features.pkl, and
    records where an OMOP CDM is in omop/.

    Raises:
        UserError: a file or column is missing, or a value is none of its task's; named.
    """
    found = next((folder / name for name in ("benchmark", "labels") if (folder / name).is_dir()), None)
    if found is None:
        raise UserError(f"{folder}: neither benchmark/ nor labels/ in it; give the folder EHRSHOT_ASSETS")
    rows = texts(folder / "splits" / "person_id_map.csv", ("omop_person_id", "split"), AS_RELEASED)
    unknown = sorted(set(rows.split) - set(SPLITS))
    if unknown:
        raise UserError(f"{folder}/splits/person_id_map.csv: split {unknown[0]!r} is none of train, val, test")
    sides = dict(zip(rows.omop_person_id.astype(int), rows.split.map(SPLITS), strict=True))
    embeddings = Embeddings(folder / "features" / "clmbr_features.pkl")
    labels = {name: _labels(found / name / "labeled_patients.csv", TASKS[name]) for name in TASKS}
    cdm = omop.read(folder / "omop")[0] if (folder / "omop").is_dir() else None
    return _instances(folder, resources, labels, sides, embeddings, cdm, sizes)


def read_medagentgym(folder: Path, resources: Path) -> list[Pair]:
    """The tasks that MedAgentGym's task.jsonl names, each once a split, over the files that its prompt describes: in a folder of the task's name,
    or beside task.jsonl, {train,val,test}_labels.csv and clmbr_{train,val,test}.pkl.

    Raises:
        UserError: an unknown task, or a file or column is missing; named.
    """
    labels, sides, pickles = {}, {}, []
    file = min(folder.glob("*task*.jsonl"))
    for place, row in json_rows(file):
        name = text_of(file, place, row, "task_name")
        if name not in TASKS:
            raise UserError(f"{file}: {place}: task_name {name!r} is none of {', '.join(TASKS)}")
        own = folder / name if (folder / name).is_dir() else folder
        parts = {side: _labels(own / f"{side}_labels.csv", TASKS[name]) for side in ("train", "val", "test")}
        labels[name] = pd.concat(parts.values(), ignore_index=True)
        pickles += [path for side in parts if (path := own / f"clmbr_{side}.pkl") not in pickles]
        for side, part in parts.items():
            sides |= dict.fromkeys(part.patient_id, SPLITS[side])
    once: Mapping[Split, int] = dict.fromkeys(SIDES, len(labels))
    return _instances(folder, resources, labels, sides, Embeddings(*pickles), None, once)


def _instances(
    source: Path, resources: Path, labels: dict[str, pd.DataFrame], sides: dict[int, str], embeddings: Embeddings, cdm: omop.Cdm | None,
    sizes: Mapping[Split, int],
) -> list[Pair]:  # fmt: skip
    counts = Counts()
    for name, rows in labels.items():
        there = embeddings.has(rows.loc[:, ["patient_id", "prediction_time"]])
        counts.leave(f"{name}: a label without an embedding", int((~there).sum()))
        known = rows.patient_id.isin(list(sides))
        counts.leave(f"{name}: a label of a patient in no split", int((there & ~known).sum()))
        labels[name] = rows.loc[there & known].reset_index(drop=True)
        counts.rows[name] = len(labels[name])
    print(f"{source}: {counts.report()}")
    empty = pd.DataFrame(columns=list(COLUMNS))
    cohorts = []
    for split in SIDES:
        own = [patient for patient, side in sides.items() if side == split]
        divided_ = sides if split == "test" else divided(own, SHARES, stream(SEED, f"release/{split}"))
        labelled = partial(lambda known, task: known.get(task.name, empty), labels)
        records = omop.of_patients(cdm, set(divided_)) if cdm else None
        cohorts.append(Cohort(split, resources, SEED, divided_, labelled, records, embeddings))
    return instances(cohorts, sizes, Privacy.CREDENTIALED)


def _labels(path: Path, task: Definition) -> pd.DataFrame:
    """A labels file as `labels.label` gives them; the last row of one patient and time counts, as there is one."""
    frame = texts(path, COLUMNS, AS_RELEASED)
    values = [_value(value, task) for value in frame.value]
    if None in values:
        row = values.index(None)
        raise UserError(f"{path}: row {row + 2}: value {frame.value[row]!r} is no label of {task.name}")
    try:
        made = frame.assign(
            patient_id=frame.patient_id.astype(int),
            prediction_time=pd.to_datetime(frame.prediction_time, format="ISO8601").dt.floor("s"), value=values,
        )  # fmt: skip
    except ValueError as error:
        raise UserError(f"{path}: {error}: patient_id is a whole number, prediction_time a time") from None
    return made.drop_duplicates(["patient_id", "prediction_time"]).sort_values(list(COLUMNS[:2]), ignore_index=True)


def _value(text: str, task: Definition) -> int | str | None:
    """True and False, the number of a severity, or CheXpert's 14 bits as one number, the first finding the highest bit."""
    words = {"True": 1, "False": 0, "1": 1, "0": 0, "1.0": 1, "0.0": 0}
    if task.labels == "binary":
        return words.get(text)
    number = int(float(text)) if str(text).replace(".0", "").isdecimal() else -1
    if task.labels == "classes":
        return number if 0 <= number < len(task.columns) else None
    return f"{number:0{len(FINDINGS)}b}" if 0 <= number < 2 ** len(FINDINGS) else None
