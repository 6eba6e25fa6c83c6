"""From a source to a task folder: one hospital, its views, the families' tasks, and the manifest of it all."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from pydantic import Field, model_validator

from data_prep import ehrsql, medcalc
from data_prep.hospital.fhir import from_fhir
from data_prep.hospital.generate import generate
from data_prep.hospital.model import Hospital
from data_prep.medcalc import bench
from data_prep.mimic_iii import raw
from data_prep.mimic_iii.view import write_sqlite
from galen.errors import UserError
from galen.tasks.store import write_tasks
from galen.types import Frozen, Gold, Task

Pair = tuple[Task, Gold]


class FamilySize(Frozen):
    """How many instances a family gets in each block; of `train`, the first `demonstrations` are made to be shown."""

    train: int = Field(ge=0)
    demonstrations: int = Field(default=0, ge=0)
    valid: int = Field(ge=0)
    test: int = Field(ge=0)
    ood: int = Field(ge=0)

    @model_validator(mode="after")
    def _fits(self) -> FamilySize:
        if self.demonstrations > self.train:
            raise ValueError(f"demonstrations = {self.demonstrations} are more than train = {self.train}")
        return self


class DataSettings(Frozen):
    """The size of the gym. `patients` counts generated patients (or those sampled from raw MIMIC-III)."""

    patients: int = Field(default=1500, ge=20)
    mimic_iii: FamilySize = FamilySize(train=8000, demonstrations=1000, valid=300, test=400, ood=150)
    medcalc: FamilySize = FamilySize(train=8000, demonstrations=1000, valid=300, test=400, ood=150)
    note_style: str = Field(default="brief", pattern="^(brief|full)$")


def build(
    out: Path, seed: int, settings: DataSettings, fhir: Path | None = None, mimic: Path | None = None,
    medcalc_bench: Sequence[Path] = (),
) -> None:  # fmt: skip
    """Write the task folder `out`; it appears whole or not at all.

    `fhir` or `mimic` fill the hospital in the generator's place; `medcalc_bench` holds MedCalc-Bench's own CSV files,
    the training one with `train` in its name, in place of generated notes.

    Raises:
        UserError: `out` exists already, or the source cannot be read.
    """
    if out.exists():
        raise UserError(f"{out}: exists already; remove it or choose another folder")
    if fhir and mimic:
        raise UserError("--from-fhir and --from-mimic: give one source, not both")
    draft = out.with_name(out.name + ".partial")
    shutil.rmtree(draft, ignore_errors=True)
    (draft / "resources").mkdir(parents=True)
    database = draft / "resources" / "mimic_iii.sqlite"
    source = _fill(database, seed, settings, fhir, mimic)
    privacy = "credentialed" if mimic else "synthetic"
    size = settings.mimic_iii
    pairs = _with_valid(
        ehrsql.build(
            database,
            size.train + size.valid,
            size.test,
            size.ood,
            seed,
            demonstrations=size.demonstrations,
            privacy=privacy,
        ),
        size.valid,
    )
    size = settings.medcalc
    if medcalc_bench:
        read = [p for f in medcalc_bench for p in bench.read(f, "train" if "train" in f.name else "test")]
        pairs += _with_valid(read, min(size.valid, len(read) // 10))
    else:
        notes = medcalc.build(
            size.train + size.valid,
            size.test,
            size.ood,
            seed,
            demonstrations=size.demonstrations,
            style=settings.note_style,
        )
        pairs += _with_valid(notes, size.valid)
    write_tasks(draft, pairs, seed=seed, source=source)
    draft.rename(out)


def _fill(database: Path, seed: int, settings: DataSettings, fhir: Path | None, mimic: Path | None) -> str:
    if mimic:
        raw.load(mimic, database, settings.patients, seed)
        return f"MIMIC-III CSVs ({mimic.name})"
    hospital: Hospital = from_fhir(fhir) if fhir else generate(settings.patients, seed)
    write_sqlite(hospital, database)
    return hospital.source


def _with_valid(pairs: Iterable[Pair], n: int) -> list[Pair]:
    """The last `n` training tasks become the validation split, so that test tasks are never used to choose."""
    pairs = list(pairs)
    train = [i for i, (task, _) in enumerate(pairs) if task.split == "train"]
    for i in train[len(train) - n :]:
        task, gold = pairs[i]
        pairs[i] = (task.model_copy(update={"split": "valid"}), gold)
    return pairs
