"""What MIMIC-Extract's generated tasks are worth: AUROC of chance, the baseline, a plain logistic regression, the reference.

`python benchmarks/mimic_extract.py [PATIENTS]`: the published setting on all patients of one generated hospital, mean of
three draws of stays, as Markdown. Chance is the same number for every row. The baseline sees admission data, and of windows
the last hour's state, by a logistic regression or by how often each class follows it. The logistic regression is scikit-learn's on standardised means, last, first, smallest and largest
values; the reference adds their distances from the median, and a random forest.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from data_prep.mimic_extract import cases
from data_prep.mimic_extract.build import answer
from data_prep.mimic_extract.cases import TASKS, Case
from data_prep.mimic_extract.generate import generate
from data_prep.mimic_extract.programs import baselines, columns_of, keys_of, reference, run
from galen.oracles.predictions import judge

PATIENTS, DRAWS = 4000, 3
FOREST = "trees = forest.fit(train, labels).predict_proba(test)"
DISTANCE = '.join((x[level] - centre).abs().add_prefix("far "))'


def plain(program: str) -> str:
    """The reference without its forest and its distances."""
    for part, instead in ((FOREST, "trees = odds"), (DISTANCE, "")):
        if part not in program:
            raise ValueError(f"the reference has no {part!r} any more")
        program = program.replace(part, instead)
    return program


def aurocs(folder: Path, case: Case) -> tuple[list[float], float]:
    """AUROC of the baseline, the plain regression and the reference, and the reference's seconds."""
    windows = case.spec.windows
    params = {
        "keys": keys_of(windows), "columns": columns_of(windows), "labels": "classes" if windows else "binary", "baseline": 0.5, "threshold": 0.6,
    }  # fmt: skip
    program = reference(folder, windows, str(folder))
    simple = run(plain(program))
    start = time.process_time()
    best = run(program)
    seconds = time.process_time() - start
    scores = [
        judge(table, answer(case), params).checks["auroc"] for table in (*baselines(folder, windows), simple, best)
    ]
    return [max(scores[:-2]), *scores[-2:]], seconds


def main() -> None:
    patients = int(sys.argv[1]) if len(sys.argv) > 1 else PATIENTS
    frames = generate(patients, 0)
    pool = frames.statics.index.get_level_values("subject_id").to_numpy()
    print(f"{len(frames.statics)} stays of {patients} people, {len(frames.hourly)} hours\n")
    print(
        "| task | labelled, hidden | positive or class shares | chance | baseline | logistic regression | reference | s |"
    )
    print("|---|---|---|---:|---:|---:|---:|---:|")
    for task in TASKS:
        spec = cases.spec(random.Random(0), task, published=True, unseen=False)
        found, took, sizes = [], [], ""
        for seed in range(DRAWS):
            case = cases.draw(np.random.default_rng(seed), frames, pool, spec)
            if case is None:
                raise SystemExit(f"{task}: a label is too rare; give more than {patients} patients")
            with tempfile.TemporaryDirectory() as out:
                cases.write(frames, case, Path(out) / "case")
                scores, seconds = aurocs(Path(out) / "case", case)
            found.append(scores)
            took.append(seconds)
            shares = case.test["label"].value_counts(normalize=True).sort_index().iloc[0 if spec.windows else 1 :]
            sizes = f"{len(case.train)}, {len(case.test)} | {', '.join(f'{share:.3f}' for share in shares)}"
        means = " | ".join(f"{value:.3f}" for value in np.mean(found, axis=0))
        print(f"| `{task}` | {sizes} | 0.500 | {means} | {np.mean(took):.1f} |", flush=True)


if __name__ == "__main__":
    main()
