"""Predictions from visit embeddings: a logistic regression whose regularisation the validation rows choose.

The reference program of tasks on embeddings is this file: nothing of the project can be imported here.
"""

# pyright: basic, reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false, reportGeneralTypeIssues=false

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import LabelBinarizer, StandardScaler

KEYS = ["patient_id", "prediction_time"]
SEVERITIES = ("normal", "mild", "moderate", "severe")
STRENGTHS = (0.1, 0.01, 0.003, 0.001)


def predict(folder: Path) -> pd.DataFrame:
    """The table of predictions for `folder`/test.csv."""
    train, valid, test = (pd.read_csv(folder / f"{name}.csv") for name in ("train", "valid", "test"))
    a, b, asked = (np.load(folder / f"{name}.npy").astype(float) for name in ("train", "valid", "test"))
    names = [name for name in train.columns if name not in KEYS]
    found = {}
    for name in names:
        if train[name].nunique() == 1:
            found[name] = float(train[name].iloc[0])
            continue
        best = max(STRENGTHS, key=lambda c: score(fitted(c, a, train[name]), b, valid[name]))
        model = fitted(best, np.concatenate([a, b]), pd.concat([train[name], valid[name]]))
        chances = model.predict_proba(asked).round(4)
        if len(names) == 1 and set(train[name]) - {0, 1}:
            return test[KEYS].join(
                pd.DataFrame(chances, columns=model.classes_).reindex(columns=SEVERITIES, fill_value=0.0)
            )
        found["probability" if len(names) == 1 else name] = chances[:, -1]
    return test[KEYS].assign(**found)


def fitted(strength: float, x: np.ndarray, labels: pd.Series):
    return make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=300)).fit(x, labels)


def score(model, x: np.ndarray, labels: pd.Series) -> float:
    """The mean AUROC of each class against the rest, of those that `labels` hold."""
    truth = LabelBinarizer().fit(model.classes_).transform(labels)
    chances = model.predict_proba(x)[:, -truth.shape[1] :]
    both = [i for i in range(truth.shape[1]) if 0 < truth[:, i].mean() < 1]
    return float(np.mean([roc_auc_score(truth[:, i], chances[:, i]) for i in both])) if both else 0.0
