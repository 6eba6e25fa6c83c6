"""`galen sweep`, `reproduce` and `pack`: studies of many runs, and what came of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from galen.errors import UserError
from galen.paths import RUNS

Model = Annotated[str | None, typer.Option(help="Another preset than the file's.")]
Seeds = Annotated[list[str], typer.Option(help="Other seeds than the file's: 0,1,2, or the option once for each.")]
Out = Annotated[Path | None, typer.Option(help="The study's folder.")]
PlanOnly = Annotated[bool, typer.Option("--plan", help="Print jobs, hours and disk, and run nothing.")]
AtOnce = Annotated[int, typer.Option(min=1, help="Jobs at a time on this machine.")]
Gpus = Annotated[str | None, typer.Option(help="GPUs of this machine, each for one job at a time: 0,1,2,3.")]
SlurmSet = Annotated[
    list[str], typer.Option("--slurm", help="Submit to Slurm, with submitit's key=value: slurm_partition=gpu.")
]
Retries = Annotated[int, typer.Option(min=0, help="How often a failed job is tried again.")]


def sweep(
    name: Annotated[str, typer.Argument(help="A file of configs/sweeps/, or a YAML file.")],
    model: Model = None, seeds: Seeds = [], out: Out = None, plan: PlanOnly = False, at_once: AtOnce = 1,  # noqa: B006
    gpus: Gpus = None, slurm: SlurmSet = [], retries: Retries = 1,  # noqa: B006
) -> None:  # fmt: skip
    """Run a grid over any settings, and print a table of its cells. The same command goes on after an interruption."""
    from galen.sweep import results

    study, folder = _open("sweeps", name, model, seeds, out)
    if _run(study, folder, plan, at_once, gpus, slurm, retries):
        for path in results.tables(study, folder):
            print(path.read_text())


def reproduce(
    scale: Annotated[str, typer.Argument(help="A file of configs/studies/, or a YAML file.")] = "tiny",
    model: Model = None, seeds: Seeds = [], out: Out = None, plan: PlanOnly = False, at_once: AtOnce = 1,  # noqa: B006
    gpus: Gpus = None, slurm: SlurmSet = [], retries: Retries = 1,  # noqa: B006
) -> None:  # fmt: skip
    """The whole study from nothing to one report: tables, curves, and the paper's findings, each with its test."""
    from galen.sweep.report import write

    study, folder = _open("studies", scale, model, seeds, out)
    if _run(study, folder, plan, at_once, gpus, slurm, retries):
        print(write(study, folder).read_text())


def pack(
    runs: Annotated[Path, typer.Argument(help="A folder of runs, or of a study.")],
    out: Annotated[Path, typer.Argument(help="Where their results go.")],
) -> None:
    """Write the results of runs without weights, tokens or text: what tables, findings and curves are made of."""
    from galen.sweep.pack import pack as write

    written = write(runs, out)
    size = sum(p.stat().st_size for p in out.rglob("*") if p.is_file())
    print(f"{out}: {len(written)} runs, {size / 1e6:.1f} MB")


def _open(room: str, name: str, model: str | None, seeds: list[str], out: Path | None):
    from galen.config import load, preset
    from galen.sweep.study import Study

    path = Path(name) if name.endswith((".yaml", ".yml")) else preset(room, name)
    changes = [*([f"model={model}"] if model else []), *([f"seeds=[{','.join(seeds)}]"] if seeds else [])]
    study = load(path, Study, changes)
    return study, out or RUNS / (
        path.stem if study.model == "tiny" or path.stem == study.model else f"{path.stem}-{study.model}"
    )


def _run(study, out: Path, plan: bool, at_once: int, gpus: str | None, slurm: list[str], retries: int) -> bool:
    """Whether the study was run to its end; with `plan` nothing is run.

    Raises:
        UserError: a step does not fit this machine; or jobs failed: which, and where they say why.
    """
    import yaml

    from galen.sweep.forecast import forecast, text
    from galen.sweep.run import Local, last_words, walk
    from galen.sweep.study import jobs

    if slurm and gpus:
        raise UserError("--gpus names this machine's; with --slurm write gpus_per_node=1")
    cards = gpus.split(",") if gpus else []
    if cards and at_once > 1:
        raise UserError("--at-once has no effect with --gpus, which runs one job on each")
    todo = jobs(study, out)
    print(study.title)
    rows = forecast(study, todo, out, gpus=1 if gpus or slurm else 0)
    print(text(rows, len(cards) or at_once), flush=True)
    if plan:
        return False
    if refused := next((row.refused for row in rows if row.refused), None):
        raise refused
    if slurm:
        from galen.sweep.slurm import Slurm

        run = Slurm(out, {k: yaml.safe_load(v) for k, _, v in (item.partition("=") for item in slurm)})
    else:
        run = Local(at_once, cards)
    if failed := walk(todo, out, run, retries):
        told = "\n".join(f"  {job.name}: {last_words(job.log)}" for job in failed if job.log.exists())
        raise UserError(f"{len(failed)} of {len(todo)} jobs are not done; the same command tries them again\n{told}")
    return True


COMMANDS = [sweep, reproduce, pack]
