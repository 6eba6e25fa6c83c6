"""What a study will take before it starts: jobs, hours and disk, from its own finished jobs where there are any."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from galen.plan import counts
from galen.plan.counts import BYTES
from galen.plan.fit import DoesNotFit
from galen.plan.plan import plan
from galen.plan.recipe import METHODS, settings_read
from galen.presets import ModelPreset, model_preset
from galen.sweep.run import attempts
from galen.sweep.study import Job, Step, Study

MOMENTS = 2  # Adam's, in float32, in the one checkpoint that a trainer keeps
KEPT = 2  # folders of weights that a method leaves: what it ends with, and what the server was sent last
GB = 1e9


@dataclass(frozen=True)
class Forecast:
    """One step: its jobs, those done, hours of one job and gigabytes of one run; None where nothing tells.

    `source` says what the hours are from; `refused`, where a step cannot run on this machine, what would.
    """

    step: str
    jobs: int
    done: int
    hours: float | None
    source: str
    gigabytes: float | None
    refused: DoesNotFit | None = None


def forecast(study: Study, todo: Sequence[Job], out: Path, gpus: int) -> list[Forecast]:
    """A forecast a step. `gpus` of one job: without a finished job, hours are `galen plan`'s on so many."""
    spent = _spent(out)
    found = []
    for name, step in study.steps.items():
        mine = [job for job in todo if job.step == name]
        done = [job for job in mine if job.done]
        took = [spent[job.name] for job in done if job.name in spent]
        refused = None
        try:
            hours, source = (mean(took) / 3600, f"{len(took)} finished") if took else _planned(study, step, gpus)
        except DoesNotFit as error:
            hours, source, refused = None, f"not on this machine: {error}", error
        found.append(Forecast(name, len(mine), len(done), hours, source, _gigabytes(study, step, done), refused))
    return found


def text(rows: Sequence[Forecast], at_once: int) -> str:
    """The forecast for people, with the sum of what is left to do, `at_once` jobs at a time."""
    lines = [f"{'step':24}{'jobs':>6}{'done':>6}{'hours a job':>13}{'GB a run':>10}  from"]
    for r in rows:
        hours, size = _number(r.hours), _number(r.gigabytes)
        lines.append(f"{r.step:24}{r.jobs:>6}{r.done:>6}{hours:>13}{size:>10}  {r.source}")
    left = [r for r in rows if r.done < r.jobs]
    known = sum((r.jobs - r.done) * r.hours / at_once for r in left if r.hours is not None)
    size = sum((r.jobs - r.done) * r.gigabytes for r in left if r.gigabytes is not None)
    unknown = [r.step for r in left if r.hours is None]
    lines.append(
        f"left: {sum(r.jobs - r.done for r in left)} jobs, {known:.2f} hours with {at_once} at a time, {size:.1f} GB"
        + (f", and what {', '.join(unknown)} take, which nothing tells yet" if unknown else "")
    )
    return "\n".join(lines)


def _number(value: float | None) -> str:
    return "?" if value is None else f"{value:.2f}"


def _spent(out: Path) -> dict[str, float]:
    """Seconds of each job over all of its attempts: one that was interrupted went on from where it was."""
    found: dict[str, float] = {}
    for attempt in attempts(out):
        found[attempt.job] = found.get(attempt.job, 0.0) + attempt.seconds
    return found


def gigabytes(folder: Path) -> float:
    """Of all files below `folder`."""
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) / GB


def _planned(study: Study, step: Step, gpus: int) -> tuple[float | None, str]:
    """Hours by `galen plan` of the step's first cell; `all` is each method with what it shares counted once.

    Settings that cost no hours in a plan are not asked of it: the training refuses those that have no effect.
    """
    if step.train not in (*METHODS, "all"):
        return None, "no finished job"
    cell = [f"{key}={json.dumps(value)}" for key, value in step.cells[0].items()]
    names = METHODS[1:] if step.train == "all" else (step.train,)
    rows: dict[str, float] = {}
    for name in names:
        read = settings_read(name)
        mine = [item for item in (*step.set, *cell) if item.startswith("model.") or item.partition("=")[0] in read]
        for row in plan(study.model, name, gpus, overrides=mine)["hours"]:
            rows[row["stage"]] = row["training h"] + row["playing h"]
    return sum(rows.values()), "galen plan"


def _gigabytes(study: Study, step: Step, done: Sequence[Job]) -> float | None:
    """The mean size of finished runs; before any, the weights and the optimizer's state that a training leaves."""
    if done:
        return mean(gigabytes(job.out) for job in done)
    if step.train is None:
        return None
    model = model_preset(study.model)
    stages = len(METHODS) if step.train == "all" else 2
    return stages * (KEPT * _weights(model) + _trained(model) * (MOMENTS + 1) * BYTES["float32"]) / GB


def _weights(model: ModelPreset) -> int:
    return _trained(model) * BYTES[model.dtype]


def _trained(model: ModelPreset) -> int:
    shape = counts.shape_of(model)
    return counts.adapters(shape, model.lora.rank) if model.lora else counts.parameters(shape)
