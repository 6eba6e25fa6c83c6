"""What EHRSHOT's generated tasks are worth: AUROC of chance, of a plain logistic regression, and of the reference.

`python benchmarks/ehrshot.py [PATIENTS]`: one cohort of the test split, every label that may be shown, as Markdown.
The logistic regression is scikit-learn's with its defaults on standardised columns: the last values, diagnoses, drugs,
stays, age and sex of a record, or an embedding as it stands. Chance is the same number for every row.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from data_prep.ehrshot import embeddings, records
from data_prep.ehrshot.build import FIRST_IDS, baseline_of
from data_prep.ehrshot.cohort import SHARES, Cohort, Features, Sample, divided, stream
from data_prep.ehrshot.definitions import TASKS, Definition
from data_prep.ehrshot.encoder import embed
from data_prep.ehrshot.generate import generate
from data_prep.ehrshot.labels import Labelled
from data_prep.sources.counts import Counts
from galen.oracles.predictions import judge
from galen.tasks.ehrshot import KEYS

PATIENTS = 1200


def plain(kind: Features, sample: Sample, task: Definition) -> pd.DataFrame:
    """The logistic regression's table."""
    labels, *folders = sample.mounts.values()
    shown, test = (pd.read_csv(labels / f"{name}.csv") for name in ("train", "test"))
    if kind == "records":
        made = records.features(records.tables(*folders), pd.concat([shown, test], ignore_index=True))
        made = made.fillna(made.median()).fillna(0).to_numpy()
    else:
        made = np.concatenate([np.load(labels / f"{name}.npy").astype(float) for name in ("train", "test")])
    x, asked = made[: len(shown)], made[len(shown) :]
    fitted = [
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(x, shown[name])
        for name in shown.columns[2:]
    ]
    if task.labels == "classes":
        return test.join(pd.DataFrame(fitted[0].predict_proba(asked), columns=fitted[0].classes_))
    return test.assign(**{name: m.predict_proba(asked)[:, 1] for name, m in zip(task.columns, fitted, strict=True)})


def main() -> None:
    patients = int(sys.argv[1]) if len(sys.argv) > 1 else PATIENTS
    cdm = generate(patients, random.Random("ehrshot/0/test"), FIRST_IDS["test"])
    sides = divided(cdm.person.person_id, SHARES, stream(0, "test/patients"))
    print(
        "| task | given | rows | guesses stay below | chance | logistic regression | reference | seconds of its processor |\n|---|---|---:|---:|---:|---:|---:|---:|"
    )
    with tempfile.TemporaryDirectory() as folder:
        cohort = Cohort("test", Path(folder), 0, sides, Labelled(cdm, Counts()), cdm, partial(embed, cdm))
        for number, (kind, task) in enumerate(
            (kind, task) for kind in (sys.argv[2:] or cohort.features) for task in TASKS.values()
        ):
            sample = cohort.sample(task, kind, None, 0, f"{number}")
            if isinstance(sample, str):
                print(f"| {task.name} | {kind} | {sample} |")
                continue
            baseline = baseline_of(task, sample.gold)
            form = {
                "keys": KEYS,
                "columns": task.columns,
                "labels": task.labels,
                "baseline": baseline,
                "threshold": 1.0,
            }
            even = pd.DataFrame([row[:-1] for row in sample.gold], columns=list(KEYS)).assign(
                **dict.fromkeys(task.columns, 1 / len(task.columns) if task.labels == "classes" else 0.5)
            )
            start = time.process_time()
            good = (records if kind == "records" else embeddings).predict(*sample.mounts.values())
            seconds = time.process_time() - start
            found = [
                judge(t.to_csv(index=False), sample.gold, form).checks["auroc"]
                for t in (even, plain(kind, sample, task), good)
            ]
            print(
                f"| `{task.name}` | {kind} | {len(sample.gold)} | {baseline:.2f} | {' | '.join(f'{a:.3f}' for a in found)} | {seconds:.1f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
