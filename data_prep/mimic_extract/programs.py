"""The reference program, as an agent could write it, and the baseline that a task states beside its threshold."""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from pathlib import Path

import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from data_prep.mimic_extract.windows import CLASSES

MOUNT = "/data/mimic_extract"
STATIC = ("gender", "admission_type", "first_careunit")
PENALTY = 0.02  # of the logistic regressions, scikit-learn's C

REFERENCE = f"""import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

folder, keys, columns = {{folder!r}}, {{keys!r}}, {{columns!r}}
read = lambda name, **more: pd.read_csv(folder + "/" + name + ".csv", **more)

def features(part):
    hours = read(part + "_hours", header=[0, 1], index_col=list(range({{levels}})))
    means = hours.xs("mean", axis=1, level="statistic")
    groups = means.groupby(level=keys)
    made = {{{{"mean": groups.mean(), "last": groups.last(), "min": groups.min(), "max": groups.max(), "first": groups.first()}}}}
    if "count" in hours.columns.get_level_values("statistic"):
        made["count"] = hours.xs("count", axis=1, level="statistic").groupby(level=keys).sum()
    x = pd.concat(made, axis=1)
    x.columns = [" ".join(name) for name in x.columns]
    if {{state}}:
        state = read(part + "_interventions").groupby(keys)[["vent", "vaso"]]
        x = x.join(state.last().add_prefix("last ")).join(state.mean().add_prefix("mean "))
    static = read(part + "_static").set_index("subject_id")[["age", *{list(STATIC)!r}]]
    return x.join(pd.get_dummies(static, dtype=float).add_prefix("mean "), on="subject_id")

labels = read("train").set_index(keys)["label"]
train, test = features("train").loc[labels.index], features("test")
test = test.loc[pd.MultiIndex.from_frame(read("test")) if len(keys) == 2 else read("test")["subject_id"]]
test = test.reindex(columns=train.columns)
full = train.columns[train.notna().any()]
train, test = train[full], test[full]
level = [name for name in full if name.startswith(("mean", "last", "min", "max", "first"))]
centre = train[level].median()
far = lambda x: x[level].join((x[level] - centre).abs().add_prefix("far "))
linear = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression(C={PENALTY}, max_iter=1000))
forest = make_pipeline(
    SimpleImputer(strategy="median"),
    RandomForestClassifier(80, min_samples_leaf=5, max_features="sqrt", random_state=0),
)
odds = linear.fit(far(train), labels).predict_proba(far(test))
trees = forest.fit(train, labels).predict_proba(test)
found = pd.DataFrame((odds + trees) / 2, index=test.index, columns=sorted(labels.unique()))
if len(columns) == 1:
    found = found[[1]]
found.columns = columns
print(found.round(5).to_csv(float_format="%.5f").strip())
"""


def reference(folder: Path, windows: bool, place: str) -> str:
    """The program that trains on what is in `folder`, which is at `place` when it runs, and prints the predictions."""
    return REFERENCE.format(
        folder=place,
        keys=keys_of(windows),
        columns=list(columns_of(windows)),
        levels=5 if windows else 4,
        state=has_state(folder),
    )


def has_state(folder: Path) -> bool:
    """Whether the hours' interventions are told."""
    return (folder / "train_interventions.csv").exists()


def keys_of(windows: bool) -> list[str]:
    """The columns that a row of predictions is known by."""
    return ["subject_id", "window_idx"] if windows else ["subject_id"]


def columns_of(windows: bool) -> tuple[str, ...]:
    """The columns that hold probabilities."""
    return CLASSES if windows else ("probability",)


def run(program: str) -> str:
    """What `program`, one of ours, prints."""
    out = io.StringIO()
    with redirect_stdout(out):
        exec(compile(program, "<reference>", "exec"), {"__name__": "__main__"})
    return out.getvalue()


def baselines(folder: Path, windows: bool) -> list[str]:
    """The tables of those who see no values: a logistic regression on the statics and the state of the last hour, and how
    often each class followed that state.
    """
    keys = keys_of(windows)
    labels = pd.read_csv(folder / "train.csv").set_index(keys)["label"]
    rows = pd.read_csv(folder / "test.csv").set_index(keys)
    train, test = (_known(folder, part, asked.index) for part, asked in (("train", labels), ("test", rows)))
    train = train.loc[:, train.notna().any()]
    found = []
    if not train.empty:
        model = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression(C=PENALTY, max_iter=1000))
        found.append(model.fit(train, labels).predict_proba(test.reindex(columns=train.columns, fill_value=0.0)))
    if has_state(folder):
        state = ["vent", "vaso"]
        often = pd.DataFrame(pd.get_dummies(labels).astype(float).groupby([train[name] for name in state]).mean())
        seen = often.reindex(pd.MultiIndex.from_frame(test.loc[:, state]))
        found.append(seen.fillna(1 / len(CLASSES)).to_numpy())
    columns = list(columns_of(windows))
    return [
        pd.DataFrame(table[:, -len(columns) :], index=test.index, columns=columns).to_csv(float_format="%.5f")
        for table in found
    ]


def _known(folder: Path, part: str, index: pd.Index) -> pd.DataFrame:
    static = pd.read_csv(folder / f"{part}_static.csv").set_index("subject_id")[["age", *STATIC]]
    made = pd.get_dummies(static, dtype=float).loc[index.get_level_values("subject_id")].set_axis(index)
    if has_state(folder):
        hours = pd.read_csv(folder / f"{part}_interventions.csv")
        made = made.join(hours.groupby(["subject_id", "window_idx"])[["vent", "vaso"]].last())
    return made
