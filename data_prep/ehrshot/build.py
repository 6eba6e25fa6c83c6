"""EHRSHOT's tasks over a database: which instances there are, what each asks, and from which AUROC it is passed."""

from __future__ import annotations

import inspect
import math
import random
import shutil
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import islice, product
from pathlib import Path
from typing import Any

from data_prep.ehrshot import embeddings, records
from data_prep.ehrshot.cohort import SHARES, Cohort, Features, Sample, Split, divided, stream
from data_prep.ehrshot.definitions import TASKS, Definition
from data_prep.ehrshot.encoder import embed
from data_prep.ehrshot.generate import generate
from data_prep.ehrshot.labels import Labelled
from data_prep.ehrshot.phrases import contract, question
from data_prep.sources.counts import Counts
from galen.errors import UserError
from galen.oracles import predictions
from galen.tasks.ehrshot import KEYS
from galen.types import ActionKind, Gold, OracleSpec, Privacy, Resource, Task, TaskPrompt

Pair = tuple[Task, Gold]

FAMILY = "ehrshot"
ACTIONS = (ActionKind.CODE_EXECUTION, ActionKind.TERMINAL, ActionKind.DEBUGGING, ActionKind.SUBMIT)
# How many labelled examples of each class are given (EHRSHOT's k; None is all), and whether the features change places.
ROUNDS = ((None, 0), (128, 1), (64, 0), (None, 1), (128, 0), (64, 1))
SAMPLES = 5  # of the labelled rows, of one sort of instance
CLEAR = 0.02  # AUROC between baseline and threshold, at least
GUESSES = 3.0  # standard errors of a guess's AUROC above one half: the baseline
STEP = 0.75  # of the way from the baseline to the reference's AUROC: the threshold
FIRST_IDS = {"train": 1_000_000, "valid": 4_000_000, "test": 7_000_000}


def build(resources: Path, sizes: Mapping[Split, int], patients: int, seed: int) -> list[Pair]:
    """`sizes` instances a split, each over `patients` generated people; their files are written below `resources`."""
    cohorts = []
    for split in sizes:
        if sizes[split]:
            cdm = generate(patients, random.Random(f"ehrshot/{seed}/{split}"), FIRST_IDS[split])
            sides = divided(cdm.person.person_id, SHARES, stream(seed, f"{split}/patients"))
            labelled = Labelled(cdm, Counts())
            cohorts.append(Cohort(split, resources, seed, sides, labelled, cdm, partial(embed, cdm)))
    return instances(cohorts, sizes, Privacy.SYNTHETIC)


def instances(cohorts: Iterable[Cohort], sizes: Mapping[Split, int], privacy: Privacy) -> list[Pair]:
    """As many instances of each cohort as `sizes` says, or as there can be; then why not more is printed.

    Raises:
        UserError: there is none.
    """
    pairs, refused = [], Counts()
    for cohort in cohorts:
        pairs += islice(_instances(cohort, privacy, refused), sizes[cohort.split])
    if not pairs:
        raise UserError(f"no task of EHRSHOT can be made of these patients:\n{refused.report()}")
    if len(pairs) < sum(sizes.values()):
        print(f"ehrshot: {len(pairs)} of {sum(sizes.values())} instances can be made\n{refused.report()}")
    return pairs


def _instances(cohort: Cohort, privacy: Privacy, refused: Counts) -> Iterator[Pair]:
    """Every instance that differs in task, features, number of examples or sample; those that cannot be are counted."""
    made, kinds = 0, len(cohort.features)
    rounds = dict.fromkeys((shots, turn % kinds) for shots, turn in ROUNDS)
    for again, (shots, turn) in product(range(SAMPLES), rounds):
        for place, task in enumerate(TASKS.values()):
            kind = cohort.features[(place + turn) % kinds]
            folder = f"{cohort.split}-{made:04d}"
            sample = cohort.sample(task, kind, shots, again, folder)
            pair = sample if isinstance(sample, str) else _posed(cohort, task, kind, shots, sample, folder, privacy)
            if isinstance(pair, str):
                shutil.rmtree(cohort.resources / FAMILY / folder, ignore_errors=True)
                refused.leave(f"{cohort.split}: {task.name}: {pair}", 1)
            else:
                made += 1
                yield pair


def _posed(
    cohort: Cohort, task: Definition, kind: Features, shots: int | None, sample: Sample, folder: str, privacy: Privacy
) -> Pair | str:  # fmt: skip
    """The task and its gold, or why it is none."""
    baseline = baseline_of(task, sample.gold)
    form = {"keys": KEYS, "columns": task.columns, "labels": task.labels, "baseline": baseline, "threshold": 1.0}
    program, table = _reference(kind, sample)
    reached = predictions.judge(table, sample.gold, form).checks["auroc"]
    threshold = math.floor(100 * (baseline + STEP * (reached - baseline))) / 100
    if threshold < baseline + CLEAR:
        return f"the reference's AUROC is less than {CLEAR / STEP:.2f} above {baseline:g}"
    id_ = f"{FAMILY}/{cohort.split}-id/{folder.rpartition('-')[2]}"
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


def baseline_of(task: Definition, gold: list[list[Any]]) -> float:
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
