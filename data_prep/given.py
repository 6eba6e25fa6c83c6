"""Published files in the generator's place: which there are, and the tasks that they hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

from data_prep import seqsql, treqs
from data_prep.biocoder import published as biocoder
from data_prep.biodsbench import published as biodsbench
from data_prep.ehrcon import source as ehrcon
from data_prep.ehrshot import release as ehrshot
from data_prep.medagentbench import base as fhir_base
from data_prep.medagentbench import published as medagentbench
from data_prep.medcalc import bench
from data_prep.mimic_extract import published as mimic_extract
from data_prep.npowerai import published as npowerai
from data_prep.sources import ehrsql, medagentgym
from galen.errors import UserError
from galen.types import Gold, Task

Pair = tuple[Task, Gold]
DATABASES = ("*.sqlite", "*.sqlite3", "*.db")
GYM = {"mimic_iii": "mimic_iii", "eicu": "eicu", "treqs": "treqs", "medcalcbench": "medcalc"}  # its folder: our family


@dataclass(frozen=True)
class Sources:
    """Files that others made, as they ship them (docs/data.md).

    Hospitals: `fhir`, FHIR R4 bundles; `mimic` and `eicu`, PhysioNet's folders of CSVs.
    Frames: `mimic_extract`, MIMIC-Extract's all_hourly_data.h5.
    Tasks: `ehrsql`, the release's dataset/ehrsql with its databases; `treqs`, a folder of question files with the database
    or its CSVs; `seqsql`, EHR-SeqSQL's data.json, over whichever MIMIC-III database there is; `ehrcon`, PhysioNet's folder;
    `medagentgym`, its data folder, the databases beside the questions; `medcalc`, MedCalc-Bench's files, the training
    one with `train` in its name; `biodsbench`, its folder with the studies' tables; `medagentbench`, its task file, over the
    server at `fhir_url` (or the bundles of `fhir`); `ehrshot`, the folder EHRSHOT_ASSETS, or `omop`, a folder or zip of an
    OMOP CDM's CSVs, of which EHRSHOT's labels are computed; `biocoder`, a file of its Python functions.
    """

    fhir: Path | None = None
    mimic: Path | None = None
    eicu: Path | None = None
    ehrsql: Path | None = None
    treqs: Path | None = None
    seqsql: Path | None = None
    ehrcon: Path | None = None
    medagentgym: Path | None = None
    medcalc: tuple[Path, ...] = ()
    biodsbench: Path | None = None
    medagentbench: Path | None = None
    fhir_url: str | None = None
    ehrshot: Path | None = None
    omop: Path | None = None
    biocoder: Path | None = None
    mimic_extract: Path | None = None

    def __post_init__(self) -> None:
        if self.fhir and self.mimic:
            raise UserError("--from-fhir and --from-mimic: give one source, not both")

    @property
    def told(self) -> str:
        """What they are, for the manifest; the hospital's bundles are told with the hospital."""
        given = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("fhir", "medcalc", "fhir_url")}
        told = [f"{name}: {path.name}" for name, path in given.items() if path]
        told += [f"FHIR server: {self.fhir_url}"] if self.fhir_url else []
        return "; ".join(told + [f"medcalc: {path.name}" for path in self.medcalc])


def given(sources: Sources, resources: Path, mimic: Callable[[], Path]) -> dict[str, list[Pair]]:
    """The tasks that `sources` hold, by family; their databases are copied into `resources`. `mimic` is the MIMIC-III one.

    What was refused is printed.

    Raises:
        UserError: a source cannot be read (named, with what is expected), or two of them give one family's tasks.
    """
    found: dict[str, list[Pair]] = {}

    def add(family: str, pairs: list[Pair]) -> None:
        if family in found:
            raise UserError(f"{family}: two sources hold its tasks; give one of them")
        found[family] = pairs

    if sources.ehrsql:
        for release in ehrsql.releases(sources.ehrsql):
            database = _room(sources, resources, release.family)
            ehrsql.copy(release.database, release.family, database)
            add(release.family, ehrsql.read(release, database)[0])
    if sources.treqs:
        files = sorted(p for p in sources.treqs.iterdir() if p.suffix in (".json", ".jsonl"))
        database = resources / "treqs.sqlite"
        treqs.prepare(_database(sources.treqs), database)
        add("treqs", treqs.read(files, database)[0])
    if sources.medagentgym:
        for folder in sorted(p for p in sources.medagentgym.iterdir() if p.is_dir()):
            _gym(folder, sources, resources, mimic, add)
    if sources.seqsql:
        add("ehr_seqsql", seqsql.read(sources.seqsql, mimic())[0])
    if sources.ehrcon:
        add("ehrcon", ehrcon.read_physionet(sources.ehrcon, resources)[0])
    if sources.biodsbench:
        add("biodsbench", biodsbench.read_release(sources.biodsbench, resources)[0])
    if sources.medagentbench:
        add("medagentbench", medagentbench.read(sources.medagentbench, _server(sources, resources))[0])
    if sources.ehrshot:
        add("ehrshot", ehrshot.read_release(sources.ehrshot, resources))
    if sources.omop:
        add("ehrshot", ehrshot.read_omop(sources.omop, resources))
    if sources.biocoder:
        add("biocoder", biocoder.read(sources.biocoder)[0])
    if sources.medcalc:
        add("medcalc", [p for f in sources.medcalc for p in bench.read(f, "train" if "train" in f.name else "test")])
    return found


def _gym(
    folder: Path, sources: Sources, resources: Path, mimic: Callable[[], Path], add: Callable[[str, list[Pair]], None]
) -> None:
    """One folder of MedAgentGym's data; those of families that are not read here are passed over, and said."""
    files = sorted(folder.glob("*_tasks*.jsonl"))
    if folder.name == "ehrcon" and files:
        add("ehrcon", ehrcon.read_medagentgym(folder, resources)[0])
    elif folder.name == "ehr_seqsql" and files:
        add("ehr_seqsql", [pair for file in files for pair in seqsql.read(file, mimic())[0]])
    elif folder.name == "npowerai" and files:
        add("npowerai", [pair for file in files for pair in npowerai.read(file)[0]])
    elif folder.name == "biodsbench" and files:
        add("biodsbench", [pair for file in files for pair in biodsbench.read_medagentgym(file, resources)[0]])
    elif folder.name == "medagentbench" and files:
        base = _server(sources, resources)
        add("medagentbench", [pair for file in files for pair in medagentbench.read(file, base)[0]])
    elif folder.name == "mimic_extract" and files:
        add("mimic_extract", mimic_extract.read(folder, resources)[0])
    elif folder.name == "ehrshot" and list(folder.glob("*task*.jsonl")):
        add("ehrshot", ehrshot.read_medagentgym(folder, resources))
    elif folder.name == "biocoder" and files:
        add("biocoder", [pair for file in files for pair in biocoder.read(file)[0]])
    elif folder.name in GYM and files:
        database = None
        if folder.name != "medcalcbench":
            database = _room(sources, resources, folder.name)
            medagentgym.prepare(_database(folder), folder.name, database)
        add(GYM[folder.name], [pair for file in files for pair in medagentgym.read(file, folder.name, database)[0]])
    else:
        print(f"{folder}: passed over: {'no family of its name is read' if files else 'no *_tasks.jsonl in it'}")


def _server(sources: Sources, resources: Path) -> Path:
    """The base file of the FHIR server that published tasks are asked of."""
    if sources.fhir_url:
        return fhir_base.of_server(resources, sources.fhir_url)
    if sources.fhir:
        return fhir_base.of_bundles(resources, sources.fhir, 0)
    raise UserError(
        "MedAgentBench's tasks need the data of its FHIR server: give --fhir-url, or --from-fhir with its bundles"
    )


def _room(sources: Sources, resources: Path, family: str) -> Path:
    """Where the published database of `family` is put."""
    path = resources / f"{family}.sqlite"
    raw = {"mimic_iii": sources.mimic, "eicu": sources.eicu}.get(family)
    if raw or path.exists():
        raise UserError(f"{family}: its database is given twice{f', also by {raw}' if raw else ''}; leave one out")
    return path


def _database(folder: Path) -> Path:
    """The one SQLite file in `folder`, or the folder itself, which then holds the tables as CSVs."""
    found = sorted(path for pattern in DATABASES for path in folder.glob(pattern))
    if len(found) > 1:
        raise UserError(f"{folder}: {len(found)} databases ({', '.join(p.name for p in found)}); leave one there")
    return found[0] if found else folder
