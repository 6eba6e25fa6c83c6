"""Predictions from records: what is known by each prediction as one row of numbers, and boosted trees on them.

The reference program of tasks on records is this file: nothing of the project can be imported here.
"""

# pyright: basic, reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false, reportGeneralTypeIssues=false

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier

KEYS = ["patient_id", "prediction_time"]
FEMALE, INPATIENTS = 8532, (9201, 262, 8717)
CODED = {"condition_occurrence": "condition_start_datetime", "drug_exposure": "drug_exposure_start_datetime"}
SEVERITIES = ("normal", "mild", "moderate", "severe")
LEAST = 15  # rows that a column needs to be kept


def tables(*folders: Path) -> dict[str, pd.DataFrame]:
    """The CSVs of `folders`, one below the other, times parsed."""
    found = {
        name: pd.concat([pd.read_csv(folder / f"{name}.csv") for folder in folders], ignore_index=True)
        for name in ("person", "visit_occurrence", "measurement", *CODED)
    }
    for frame in found.values():
        for column in frame.columns[frame.columns.str.endswith("_datetime")]:
            frame[column] = pd.to_datetime(frame[column])
    return found


def features(known: dict[str, pd.DataFrame], keys: pd.DataFrame) -> pd.DataFrame:
    """A row of numbers for each row of `keys`: who, earlier stays, last values, diagnoses ever, and what this stay has."""
    rows = keys[KEYS].assign(prediction_time=pd.to_datetime(keys.prediction_time)).reset_index(drop=True)
    rows = rows.rename_axis("row").reset_index()

    def before(table: str, time: str) -> pd.DataFrame:
        events = rows.merge(known[table], left_on="patient_id", right_on="person_id")
        return events[events[time] <= events.prediction_time].sort_values(time, kind="stable")

    person = known["person"].set_index("person_id")
    made = pd.DataFrame({"age": rows.prediction_time.dt.year - rows.patient_id.map(person.year_of_birth)})
    made["female"] = rows.patient_id.map(person.gender_concept_id) == FEMALE
    stays = before("visit_occurrence", "visit_start_datetime")
    stays = stays[stays.visit_concept_id.isin(INPATIENTS)]
    admitted = stays.groupby("row").visit_start_datetime.max()
    year = stays[stays.visit_start_datetime > stays.row.map(admitted) - pd.Timedelta(days=365)]
    made["stays"] = rows.row.map(year.row.value_counts()).fillna(0)
    values = before("measurement", "measurement_datetime").groupby(["row", "measurement_concept_id"]).value_as_number
    made = made.join(values.last().unstack().add_prefix("last "))
    for table, time in CODED.items():
        concept = f"{table.partition('_')[0]}_concept_id"
        events = before(table, time)
        for name, some in (("ever ", events), ("now ", events[events[time] >= events.row.map(admitted)])):
            there = some.groupby(["row", concept]).size().unstack(fill_value=0).clip(upper=1).add_prefix(name)
            made = made.join(there.reindex(made.index, fill_value=0))
    return made.astype(float)


def predict(labels: Path, *folders: Path) -> pd.DataFrame:
    """The table of predictions for `labels`/test.csv; `folders` hold records."""
    train, valid, test = (pd.read_csv(labels / f"{name}.csv") for name in ("train", "valid", "test"))
    shown = pd.concat([train, valid], ignore_index=True)
    made = features(tables(*folders), pd.concat([shown, test], ignore_index=True)).to_numpy()
    made = made[:, (~np.isnan(made[: len(shown)])).sum(0) >= LEAST]
    names = [name for name in shown.columns if name not in KEYS]
    return test[KEYS].join(fitted(made[: len(shown)], shown[names], made[len(shown) :]))


def fitted(known: np.ndarray, labels: pd.DataFrame, asked: np.ndarray) -> pd.DataFrame:
    """Probabilities for `asked`: one column for a yes or no, one a class, or one for each column of several labels."""
    classes = labels.iloc[:, 0].nunique() if labels.shape[1] == 1 else 0
    rounds, rate = {0: (20, 0.18), 2: (90, 0.1)}.get(classes, (50, 0.1))
    found = {}
    for name in labels.columns:
        if len(labels[name].unique()) == 1:
            found[name] = np.full(len(asked), float(labels[name].iloc[0]))
            continue
        model = HistGradientBoostingClassifier(
            max_iter=rounds, learning_rate=rate, max_leaf_nodes=8, l2_regularization=5, random_state=0
        )
        chances = model.fit(known, labels[name]).predict_proba(asked).round(4)
        if labels.shape[1] == 1 and set(labels[name]) - {0, 1}:
            return pd.DataFrame(chances, columns=model.classes_).reindex(columns=SEVERITIES, fill_value=0.0)
        found["probability" if labels.shape[1] == 1 else name] = chances[:, -1]
    return pd.DataFrame(found)
