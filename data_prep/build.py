"""From sources to a task folder: one hospital, its views, the families' tasks, and the manifest of it all."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from filelock import FileLock

from data_prep import (
    biocoder,
    biodsbench,
    ehrshot,
    ehrsql,
    medagentbench,
    medcalc,
    mimic_extract,
    npowerai,
    seqsql,
    treqs,
)
from data_prep.ehrcon.build import build as build_ehrcon
from data_prep.ehrsql.eicu import EICU
from data_prep.eicu import raw as raw_eicu
from data_prep.eicu import view as eicu
from data_prep.given import Pair, Sources, given
from data_prep.hospital.fhir import from_fhir
from data_prep.hospital.generate import generate
from data_prep.hospital.model import Hospital
from data_prep.medagentbench import base as fhir
from data_prep.mimic_iii import raw as raw_mimic
from data_prep.mimic_iii import view as mimic_iii
from data_prep.settings import DataSettings, FamilySize
from data_prep.thin import thin
from galen.errors import UserError
from galen.tasks.store import write_tasks


def making(out: Path) -> FileLock:
    """Held while the task folder `out` is made; whoever else would make it waits. One process may take it again."""
    out.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(f"{out}.lock", is_singleton=True)


def build(out: Path, seed: int, settings: DataSettings, sources: Sources = Sources()) -> None:
    """Write the task folder `out`; it appears whole or not at all.

    A family whose tasks `sources` hold takes them as they are; every other family that has a size is made of the
    databases, which the generated hospital fills where no source does.

    Raises:
        UserError: `out` exists already, a source cannot be read, or two sources give the same.
    """
    with making(out):
        if out.exists():
            raise UserError(f"{out}: exists already; remove it or choose another folder")
        _build(out, seed, settings, sources)


def _build(out: Path, seed: int, settings: DataSettings, sources: Sources) -> None:
    draft = out.with_name(out.name + ".partial")
    shutil.rmtree(draft, ignore_errors=True)
    (draft / "resources").mkdir(parents=True)
    views = _Views(draft / "resources", seed, settings, sources)
    published = given(sources, views.resources, lambda: views.mimic_iii)
    pairs: list[Pair] = []
    for family, make in FAMILIES.items():
        size = getattr(settings, family)
        if family in published:
            tenth = len(published[family]) // 10
            made = _with_valid(published[family], tenth if size is None else min(size.valid, tenth))
        elif size is not None:
            made = make(views, size)
        else:
            continue
        pairs += thin(made, settings.keep[family], seed) if family in settings.keep else made
    write_tasks(draft, pairs, seed=seed, source="; ".join(filter(None, (views.source, sources.told))))
    draft.rename(out)


class _Views:
    """The databases in `resources`; each is written when the first family asks for it."""

    def __init__(self, resources: Path, seed: int, settings: DataSettings, sources: Sources) -> None:
        self.resources, self.seed, self.settings, self.sources = resources, seed, settings, sources
        self.source = ""  # of the hospital, once it is asked for
        self._real: set[str] = set()

    @cached_property
    def hospital(self) -> Hospital:
        fhir, n = self.sources.fhir, self.settings.patients
        found = from_fhir(fhir) if fhir else generate(n, self.seed)
        self.source = found.source
        for note in found.notes:
            print(note)
        return found

    @cached_property
    def mimic_iii(self) -> Path:
        return self._database("mimic_iii", self.sources.mimic, raw_mimic.load, mimic_iii.write_sqlite)

    @cached_property
    def eicu(self) -> Path:
        return self._database("eicu", self.sources.eicu, raw_eicu.load, eicu.write_sqlite)

    @cached_property
    def treqs(self) -> Path:
        path = self.resources / "treqs.sqlite"
        treqs.write_sqlite(self.mimic_iii, path, self.seed)
        return path

    @cached_property
    def fhir(self) -> Path:
        path, bundles = self.resources / Path(fhir.DATABASE.path).name, self.sources.fhir
        if path.exists():  # a published one
            return path
        if self.sources.fhir_url:
            return fhir.of_server(self.resources, self.sources.fhir_url)
        self.source = self.source or (f"FHIR R4 bundles ({bundles.name})" if bundles else "")
        return (
            fhir.of_bundles(self.resources, bundles, self.seed)
            if bundles
            else fhir.of_hospital(self.resources, self.hospital)
        )

    def privacy(self, name: str) -> str:
        """Of what is made of the database `name`, which must be there."""
        return "credentialed" if name in self._real else "synthetic"

    def _database(self, name: str, raw: Path | None, load: Callable, write: Callable[[Hospital, Path], None]) -> Path:
        path = self.resources / f"{name}.sqlite"
        if raw:
            load(raw, path, self.settings.patients, self.seed)
        if path.exists():  # that, or a published one
            self._real.add(name)
        else:
            write(self.hospital, path)
        return path


def _made(make: Callable[..., Iterator[Pair]], seed: int, size: FamilySize) -> list[Pair]:
    pairs = make(
        n_train=size.train + size.valid, n_test=size.test, n_ood=size.ood, seed=seed, demonstrations=size.demonstrations
    )
    return _with_valid(pairs, size.valid)


def _with_valid(pairs: Iterable[Pair], n: int) -> list[Pair]:
    """The last `n` training tasks become the validation split, so that test tasks are never used to choose."""
    pairs = list(pairs)
    if any(task.split == "valid" for task, _ in pairs):
        return pairs
    train = [i for i, (task, _) in enumerate(pairs) if task.split == "train"]
    for i in train[len(train) - n :]:
        task, gold = pairs[i]
        pairs[i] = (task.model_copy(update={"split": "valid"}), gold)
    return pairs


def _mimic_iii(views: _Views, size: Any) -> list[Pair]:
    make = partial(ehrsql.build, views.mimic_iii, privacy=views.privacy("mimic_iii"), selected=size.questions)
    return _made(make, views.seed, size)


def _eicu(views: _Views, size: Any) -> list[Pair]:
    make = partial(ehrsql.build, views.eicu, privacy=views.privacy("eicu"), selected="all", dialect=EICU)
    return _made(make, views.seed, size)


def _treqs(views: _Views, size: Any) -> list[Pair]:
    return _made(partial(treqs.build, views.treqs, privacy=views.privacy("mimic_iii")), views.seed, size)


def _ehr_seqsql(views: _Views, size: Any) -> list[Pair]:
    return _made(partial(seqsql.build, views.mimic_iii, privacy=views.privacy("mimic_iii")), views.seed, size)


def _ehrcon(views: _Views, size: Any) -> list[Pair]:
    database = views.mimic_iii
    made = build_ehrcon(
        database, views.resources, size.train, size.test, views.seed, n_valid=size.valid,
        privacy=views.privacy("mimic_iii"),
    )  # fmt: skip
    return list(made)


def _medcalc(views: _Views, size: Any) -> list[Pair]:
    make = partial(medcalc.build, style=views.settings.note_style, selected=size.calculators)
    return _made(make, views.seed, size)


def _npowerai(views: _Views, size: Any) -> list[Pair]:
    return _made(npowerai.build, views.seed, size)


def _biodsbench(views: _Views, size: Any) -> list[Pair]:
    return _made(partial(biodsbench.build, views.resources), views.seed, size)


def _medagentbench(views: _Views, size: Any) -> list[Pair]:
    privacy = "credentialed" if views.sources.fhir_url else "synthetic"
    return _made(partial(medagentbench.build, views.fhir, privacy=privacy), views.seed, size)


def _ehrshot(views: _Views, size: Any) -> list[Pair]:
    sizes: dict[ehrshot.Split, int] = {"train": size.train, "valid": size.valid, "test": size.test}
    return ehrshot.build(views.resources, sizes, size.patients, views.seed)


def _biocoder(views: _Views, size: Any) -> list[Pair]:
    return list(biocoder.build(views.resources, size.train, size.test, views.seed, n_valid=size.valid))


def _mimic_extract(views: _Views, size: Any) -> list[Pair]:
    frames = mimic_extract.frames(views.sources.mimic, views.sources.mimic_extract, size.patients, views.seed)
    return _made(partial(mimic_extract.build, frames, views.resources), views.seed, size)


FAMILIES: dict[str, Callable[[_Views, Any], list[Pair]]] = {
    "mimic_iii": _mimic_iii, "eicu": _eicu, "treqs": _treqs, "ehr_seqsql": _ehr_seqsql, "ehrcon": _ehrcon,
    "medcalc": _medcalc, "medagentbench": _medagentbench, "biocoder": _biocoder, "biodsbench": _biodsbench,
    "ehrshot": _ehrshot, "mimic_extract": _mimic_extract, "npowerai": _npowerai,
}  # fmt: skip
