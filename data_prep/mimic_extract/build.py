"""MIMIC-Extract tasks: predict an outcome or what is done next, from hourly frames; a table of probabilities is handed in.

The baseline and the threshold are measured on the instance. The baseline is the AUROC that is reached without the hours'
values: by a logistic regression on the statics, of windows also on what was on in the last hour; by how often each class
follows that state; by luck, one half and `GUESS` standard errors. The threshold lies `REACH` of the way from there to that of
the reference program, a mean of a random forest and a logistic regression. An instance whose threshold is less than `GAIN`
above its baseline is not asked.
"""

from __future__ import annotations

import math
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from data_prep.mimic_extract import cases, phrases
from data_prep.mimic_extract.cases import TASKS, Case, Spec
from data_prep.mimic_extract.frames import Frames
from data_prep.mimic_extract.programs import MOUNT, baselines, columns_of, keys_of, reference, run
from data_prep.wordings import Part, blocks, pick
from galen.errors import UserError
from galen.oracles import judge
from galen.types import ActionKind, Gold, OracleSpec, Privacy, Resource, Task, TaskPrompt

ACTIONS = tuple(ActionKind)
REACH, GAIN, GUESS = 0.8, 0.03, 3.0
TEST_SHARE = 0.45  # of the patients, who are in no training instance
TRIES, PATIENCE = 30, 5  # draws of an instance, and of one task for it
CATEGORIES = {"mort_icu": "mortality", "mort_hosp": "mortality", "los_3": "length of stay", "los_7": "length of stay"}
Pair = tuple[Task, Gold]


def build(
    frames: Frames, resources: Path, n_train: int, n_test: int, n_ood: int, seed: int, *, demonstrations: int = 0
) -> Iterator[Pair]:
    """Tasks with gold, each with a folder in `resources`: train, test (other patients and wordings), test/ood (cohorts and
    windows that training never has).

    The first six of a block are MIMIC-Extract's own tasks in its setting, on a sample of stays; the others are drawn. A task
    whose labels are too rare among the frames' stays is passed over.

    Raises:
        UserError: too few stays for an instance.
    """
    maker = _Maker(frames, resources, seed)
    for part, block, first, n in blocks(n_train, n_test, n_ood, demonstrations):
        rng = random.Random(f"mimic_extract/{seed}/{part}/{block}")
        taken: set[Spec] = set()
        for number in range(first, first + n):
            case, params, folder = maker.draw(rng, part, block, number, taken)
            taken.add(case.spec)
            question = phrases.question(lambda options, rng=rng, part=part: pick(rng, options, part), case, params)
            yield pair(folder, case, params, question, frames.privacy, split=part.task_split, distribution=block)


class _Maker:
    """Draws instances and writes their folders."""

    def __init__(self, frames: Frames, resources: Path, seed: int) -> None:
        self._frames, self._root = frames, resources / "mimic_extract"
        subjects = frames.statics.index.get_level_values("subject_id").unique()
        order = np.random.default_rng([seed, len(TASKS)]).permutation(subjects)
        cut = int(TEST_SHARE * len(order))
        self._pools = {"test": order[:cut], "train": order[cut:]}

    def draw(
        self, rng: random.Random, part: Part, block: str, number: int, taken: set[Spec]
    ) -> tuple[Case, dict[str, Any], Path]:
        """An instance that none of `taken` is like, its oracle's params, and its folder, which is written."""
        folder = self._root / f"{part.task_split}-{block}-{number:06d}"
        pool, published = self._pools[part.task_split], block == "id" and number < len(TASKS)
        for i in range(TRIES):
            # Where a task's labels are too rare, another one's may do.
            name = TASKS[(number + i // PATIENCE) % len(TASKS)]
            spec = cases.spec(rng, name, published=published, unseen=block == "ood")
            if spec in taken:
                continue
            case = cases.draw(np.random.default_rng(rng.getrandbits(64)), self._frames, pool, spec)
            if case is None:
                continue
            shutil.rmtree(folder, ignore_errors=True)
            cases.write(self._frames, case, folder)
            if params := scored(folder, case):
                return case, params, folder
        raise UserError(
            f"mimic_extract: {len(pool)} patients are too few for {folder.name}; raise mimic_extract.patients"
        )


def scored(folder: Path, case: Case) -> dict[str, Any] | None:
    """The oracle's params, with baseline and threshold; nothing where the instance is not to be asked."""
    windows = case.spec.windows
    form = {
        "keys": tuple(keys_of(windows)), "columns": columns_of(windows), "labels": "classes" if windows else "binary",
        "baseline": 0.5, "threshold": 0.75,
    }  # fmt: skip
    gold = answer(case)
    programs = [*baselines(folder, windows), run(reference(folder, windows, str(folder)))]
    *lows, high = (judge(OracleSpec(kind="predictions", params=form), text, gold).checks["auroc"] for text in programs)
    low = math.ceil(1000 * max([*lows, 0.5 + GUESS * chance(pd.Series(case.test["label"]))])) / 1000
    threshold = math.floor(1000 * (low + REACH * (high - low))) / 1000
    return form | {"baseline": low, "threshold": threshold} if threshold >= low + GAIN else None


def chance(labels: pd.Series) -> float:
    """The standard error of a random ranking's AUROC (Mann and Whitney's U), at most; of classes the mean over them."""
    counts = labels.value_counts().to_numpy() if labels.nunique() > 2 else labels.value_counts().to_numpy()[:1]
    n = len(labels)
    return float(np.mean([math.sqrt((n + 1) / (12 * k * (n - k))) for k in counts]))


def answer(case: Case) -> list[list[int]]:
    """The gold rows: keys and label."""
    return case.test.reset_index()[[*keys_of(case.spec.windows), "label"]].to_numpy().tolist()


def pair(
    folder: Path, case: Case, params: dict[str, Any], question: str, privacy: Privacy, *,
    split: Literal["train", "valid", "test"], distribution: Literal["id", "ood"],
) -> Pair:  # fmt: skip
    """The task and gold of an instance whose `folder`, in resources/mimic_extract, is written; its name is the task's id."""
    spec = case.spec
    start, number = folder.name.rsplit("-", 1)
    id_ = f"mimic_extract/{start}/{number}"
    place = f"{MOUNT}/{folder.name}"
    counts = {"labelled": len(case.train), "hidden": len(case.test)}
    task = Task(
        id=id_, family="mimic_extract", category=CATEGORIES.get(spec.task, "intervention"), split=split, distribution=distribution,
        cluster=f"{spec.task}, {spec.cohort}",
        prompt=TaskPrompt(question=question, contract=phrases.contract(spec.windows, len(case.test))),
        resources=(Resource(kind="csv_dir", path=f"resources/mimic_extract/{folder.name}", mount=place),),
        actions=ACTIONS, answer_type="predictions", oracle=OracleSpec(kind="predictions", params=params), privacy=privacy,
        metadata={
            "template": f"{spec.task}, {spec.cohort}, {spec.window} h", "task_name": spec.task, "files": sorted(path.name for path in folder.iterdir()),
            "slots": {**counts, "baseline": params["baseline"], "threshold": params["threshold"]},
        },
    )  # fmt: skip
    return task, Gold(id=id_, answer=answer(case), solution=reference(folder, spec.windows, place), lang="python")
