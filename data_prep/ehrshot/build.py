"""EHRSHOT's tasks over a database: which instances there are, what each asks, and from which AUROC it is passed."""

from __future__ import annotations

import inspect
import math
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from data_prep.ehrshot import embeddings, records
from data_prep.ehrshot.cohort import Cohort, Features, Sample
from data_prep.ehrshot.definitions import TASKS, Definition
from data_prep.ehrshot.generate import generate
from data_prep.ehrshot.phrases import contract, question
from data_prep.sources.counts import Counts
from galen.errors import UserError
from galen.oracles import predictions
from galen.tasks.ehrshot import KEYS
from galen.types import ActionKind, Gold, OracleSpec, Privacy, Resource, Task, TaskPrompt

Split = Literal["train", "valid", "test"]
Pair = tuple[Task, Gold]

FAMILY = "ehrshot"
ACTIONS = (ActionKind.CODE_EXECUTION, ActionKind.TERMINAL, ActionKind.DEBUGGING, ActionKind.SUBMIT)
FEATURES: tuple[Features, ...] = ("records", "embeddings")
SHOTS = (None, 128, 64)  # labelled examples of each class, EHRSHOT's k; None is all
CLEAR = 0.03  # AUROC between baseline and threshold, at least
GUESSES = 3.0  # standard errors of a guess's AUROC above one half: the baseline
STEP = 0.75  # of the way from the baseline to the reference's AUROC: the threshold
FIRST_IDS = {"train": 1_000_000, "valid": 4_000_000, "test": 7_000_000}


def build(resources: Path, sizes: Mapping[Split, int], patients: int, seed: int) -> Iterator[Pair]:
    """`sizes` instances a split, each over `patients` generated people; their files are written below `resources`."""
    for split, n in sizes.items():
        if n:
            cdm = generate(patients, random.Random(f"ehrshot/{seed}/{split}"), FIRST_IDS[split])
            yield from _instances(Cohort(cdm, split, resources, seed), n, FEATURES, Privacy.SYNTHETIC, Counts())


def _instances(
    cohort: Cohort, n: int, given: tuple[Features, ...], privacy: Privacy, counts: Counts
) -> Iterator[Pair]:  # fmt: skip
    """`n` instances that differ in task, features, number of examples or sample; those that cannot be are counted.

    Raises:
        UserError: there are not so many.
    """
    names, made, number = list(TASKS), 0, 0
    rounds = len(given) * len(SHOTS)
    while made < n:
        turn, place = divmod(number, len(names))
        task, kind = TASKS[names[place]], given[(place + turn) % len(given)]
        shots, again = SHOTS[turn // len(given) % len(SHOTS)], turn // rounds
        if turn > n // len(names) + 3 * rounds:
            raise UserError(
                f"{cohort.split}: {made} of {n} instances of EHRSHOT's tasks can be made; ask for fewer, or of more patients\n{counts.report()}"
            )
        number += 1
        folder = f"{cohort.split}-{made:04d}"
        sample = cohort.sample(task, kind, shots, again, folder)
        pair = sample if isinstance(sample, str) else _posed(cohort, task, kind, shots, sample, folder, privacy)
        if isinstance(pair, str):
            counts.leave(f"{task.name}, {kind}, k = {shots or 'all'}: {pair}", 1)
            continue
        yield pair
        made += 1


def _posed(
    cohort: Cohort, task: Definition, kind: Features, shots: int | None, sample: Sample, folder: str, privacy: Privacy
) -> Pair | str:  # fmt: skip
    """The task and its gold, or why it is none."""
    baseline = _baseline(task, sample.gold)
    form = {"keys": KEYS, "columns": task.columns, "labels": task.labels, "baseline": baseline, "threshold": 1.0}
    program, table = _reference(kind, sample)
    reached = predictions.judge(table, sample.gold, form).checks["auroc"]
    threshold = math.floor(100 * (baseline + STEP * (reached - baseline))) / 100
    if threshold < baseline + CLEAR:
        return f"the reference's AUROC is less than {CLEAR / STEP:.2f} above {baseline:g}"
    id_ = f"{FAMILY}/{cohort.split}/{folder}"
    rows = {"train": sample.train, "valid": sample.valid, "test": len(sample.gold)}
    posed = Task(
        id=id_, family=FAMILY, category=task.name, split=cohort.split, cluster=f"{task.name}, {kind}, k {shots or 'all'}",
        prompt=TaskPrompt(
            question=question(task, kind, sample, shots, baseline, threshold), contract=contract(task)
        ),
        resources=tuple(
            Resource(kind="csv_dir", path=str(path.relative_to(cohort.resources.parent)), mount=place)
            for place, path in sample.mounts.items()
        ),
        actions=ACTIONS, answer_type="predictions",
        oracle=OracleSpec(kind=predictions.KIND, params=form | {"threshold": threshold}), privacy=privacy,
        metadata={"task_name": task.name, "group": task.group, "features": kind, "k": shots, "rows": rows},
    )  # fmt: skip
    return posed, Gold(id=id_, answer=sample.gold, solution=program, lang="python")


def _baseline(task: Definition, gold: list[list[Any]]) -> float:
    """An AUROC that guessing does not reach: one half and `GUESSES` standard errors, by the Mann-Whitney statistic's
    variance, a mean over columns; rounded up to a hundredth.
    """
    labels = [row[-1] for row in gold]
    if task.labels == "classes":
        hits = [sum(label == i for label in labels) for i in range(len(task.columns))]
    else:
        hits = [sum(str(label)[i] == "1" for label in labels) for i in range(len(task.columns))]
    n = len(labels)
    errors = [math.sqrt((n + 1) / (12 * hit * (n - hit))) for hit in hits if 0 < hit < n]
    return math.ceil(100 * (0.5 + GUESSES * sum(errors) / len(errors))) / 100


def _reference(kind: Features, sample: Sample) -> tuple[str, str]:
    """The reference program as the agent would run it, and its table."""
    module = records if kind == "records" else embeddings
    table = module.predict(*sample.mounts.values()).to_csv(index=False)
    places = ", ".join(f"Path({place!r})" for place in sample.mounts)
    return f"{inspect.getsource(module)}\n\nprint(predict({places}).to_csv(index=False))\n", table
