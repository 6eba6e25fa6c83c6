"""A study: steps of `galen train` and `galen eval`, each for every seed and every cell of a grid over any settings.

A sweep is a study with one step. The file is all there is to it: `configs/sweeps/` and `configs/studies/` hold them.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field, field_validator, model_validator

from galen.errors import UserError, unknown
from galen.types import Frozen


class Step(Frozen):
    """`train` names a method, `eval` a policy as `galen eval` takes it. `{STEP}` in a policy or a value is the folder of
    that earlier step's run of the same seed. `set` holds overrides (`key.sub=value`), `families` those of an evaluation.

    Each key of `grid` is a setting with the values that it takes; every combination is a cell. The first value of each
    is the cell that others are compared with.
    """

    train: str | None = None
    eval: str | None = None
    families: tuple[str, ...] = ()
    set: tuple[str, ...] = ()
    grid: dict[str, tuple[Any, ...]] = {}

    @field_validator("grid")
    @classmethod
    def _told_apart(cls, grid: dict[str, tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
        for key, values in grid.items():
            told = [_told(v) for v in values]
            if not told or len(set(told)) < len(told):
                raise ValueError(f"{key} needs one or more values, each once; got {list(values)}")
        return grid

    @model_validator(mode="after")
    def _one(self) -> Step:
        if (self.train is None) == (self.eval is None):
            raise ValueError("a step has either train (a method) or eval (a policy)")
        if self.train is not None and self.families:
            raise ValueError('families are an evaluation\'s; for training write set: ["families=[…]"]')
        return self

    @property
    def cells(self) -> list[dict[str, Any]]:
        """The combinations of the grid, in its order; one empty one without a grid."""
        return [dict(zip(self.grid, values, strict=True)) for values in itertools.product(*self.grid.values())]


class Study(Frozen):
    """`data` is a task folder; without it the default one, which is made where it is missing."""

    title: str
    model: str = "tiny"
    data: str | None = None
    seeds: tuple[int, ...] = Field(default=(0,), min_length=1)
    steps: dict[str, Step] = Field(min_length=1)

    @model_validator(mode="after")
    def _refers_back(self) -> Study:
        known: list[str] = []
        for name, step in self.steps.items():
            if not re.fullmatch(r"[a-z0-9_]+", name):
                raise ValueError(f"steps.{name}: a name has small letters, digits and _ alone")
            for used in _references(step):
                if used not in known:
                    raise ValueError(f"steps.{name}: {unknown('earlier step without a grid', used, known)}")
            if not step.grid:  # of a grid there is no one run to refer to
                known.append(name)
        return self


@dataclass(frozen=True)
class Job:
    """One command of a study. It is done when `out` holds a manifest, which a run writes last."""

    step: str
    cell: Mapping[str, Any]
    seed: int
    words: tuple[str, ...]
    out: Path

    @property
    def name(self) -> str:
        return self.out.name

    @property
    def log(self) -> Path:
        return self.out.with_name(self.out.name + ".log")

    @property
    def done(self) -> bool:
        return (self.out / "manifest.json").exists()


def jobs(study: Study, out: Path) -> list[Job]:
    """All commands of the study in the order of its steps, each with a folder of its own in `out`.

    Raises:
        UserError: two cells would have the same folder.
    """
    made = [
        _job(study, out, name, step, cell, seed)
        for name, step in study.steps.items() for cell in step.cells for seed in study.seeds
    ]  # fmt: skip
    names = [job.name for job in made]
    if twice := next((n for n in names if names.count(n) > 1), None):
        raise UserError(f"two cells would share the folder {twice}; write their values so that they differ in letters")
    return made


def label(cell: Mapping[str, Any]) -> str:
    """A cell in words: `grpo.kl=0.01, feedback=none`."""
    return ", ".join(f"{key}={_told(value)}" for key, value in cell.items())


def _job(study: Study, out: Path, name: str, step: Step, cell: dict[str, Any], seed: int) -> Job:
    folder = _folder(out, name, cell, seed)
    runs = {other: str(_folder(out, other, {}, seed)) for other in study.steps}
    values = [*step.set, *(f"{key}={_told(value)}" for key, value in cell.items())]
    what = ["train", step.train] if step.train is not None else ["eval", _fill(step.eval or "", runs)]
    words = [
        *what, "--seed", str(seed), "--out", str(folder), *(["--data", study.data] if study.data else []),
        *(["--model", study.model] if step.train is not None or step.eval == "scripted" else []),
        *(word for family in step.families for word in ("--family", family)),
        *(word for value in values for word in ("--set", _fill(value, runs))),
    ]  # fmt: skip
    return Job(name, cell, seed, tuple(words), folder)


def _folder(out: Path, name: str, cell: Mapping[str, Any], seed: int) -> Path:
    told = re.sub(r"[^A-Za-z0-9.=_+-]+", "-", label(cell)).strip("-")
    return out / "-".join(filter(None, (name, told, f"s{seed}")))


def _references(step: Step) -> Iterator[str]:
    """The names in braces; a policy's braces hold nothing else, a setting's may be YAML's own."""
    for text in (step.eval or "", *step.set):
        yield from re.findall(r"\{([a-z0-9_]+)\}", text)


def _fill(text: str, runs: Mapping[str, str]) -> str:
    return re.sub(r"\{([a-z0-9_]+)\}", lambda found: runs[found[1]], text)


def _told(value: Any) -> str:
    """A value as an override's YAML."""
    return value if isinstance(value, str) else json.dumps(value)
