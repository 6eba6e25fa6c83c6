"""`galen eval` and `galen tables`: scores of any policy, and the paper's tables from stored results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from galen.errors import UserError
from galen.paths import DEFAULT_DATA, RUNS

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def evaluate(
    policy: Annotated[
        str,
        typer.Argument(
            help="A checkpoint (RUN/grpo/final), a preset, folder or hub id, a URL ending in /v1, or scripted."
        ),
    ],
    data: Annotated[Path, typer.Option(help="A task folder.")] = DEFAULT_DATA,
    family: Annotated[list[str], typer.Option(help="Families; all of the folder's if not given.")] = [],  # noqa: B006
    settings: Annotated[str, typer.Option(help="A file of configs/eval/.")] = "default",
    name: Annotated[str | None, typer.Option(help="The model's name at the endpoint.")] = None,
    api_key_env: Annotated[str | None, typer.Option(help="The environment variable with the endpoint's key.")] = None,
    model: Annotated[
        str | None,
        typer.Option(help="Whose tokens, profile and context an endpoint or the scripted policy is played with."),
    ] = None,
    seed: int = 0,
    out: Annotated[Path | None, typer.Option(help="The run's folder.")] = None,
    set_: Annotated[list[str], typer.Option("--set", help="key.sub=value; model.key=value for the model's")] = [],  # noqa: B006
    as_json: Json = False,
) -> None:
    """Play test tasks with any policy and print its scores. The same command goes on after an interruption."""
    from galen.config import load, preset
    from galen.pipeline.evaluate import Evaluation, EvaluationSettings
    from galen.pipeline.subject import subject
    from galen.presets import split

    own, others = split(set_)
    if family:
        others.append(f"families={json.dumps(family)}")
    chosen = load(preset("eval", settings), EvaluationSettings, others)
    who = subject(policy, model=model, name=name, api_key_env=api_key_env, overrides=own)
    folder = "-".join(
        ["eval", who.name, *([who.policy] if who.trained else []), *([settings] if settings != "default" else [])]
    )
    target = out or RUNS / f"{folder}-s{who.trained['seed'] if who.trained else seed}".replace("/", "-")
    rows = Evaluation(who, data, chosen, seed, target).walk()
    if as_json:
        print(json.dumps(rows))


def tables(
    names: Annotated[list[str], typer.Argument(help="Files of configs/tables/; all of them if not given.")] = [],  # noqa: B006
    runs: Annotated[Path | None, typer.Option(help="The folder that holds the runs.")] = None,
    data: Annotated[Path, typer.Option(help="The task folder, for the table of dataset statistics.")] = DEFAULT_DATA,
    out: Annotated[Path | None, typer.Option(help="Where to write them; RUNS/tables if not given.")] = None,
    apart: Annotated[bool, typer.Option(help="Show results that must not be compared in parts of their own.")] = False,
    set_: Annotated[list[str], typer.Option("--set", help="key.sub=value, of the one table that is named")] = [],  # noqa: B006
    as_json: Json = False,
) -> None:
    """Write the paper's tables from stored results, beside what the paper said: Markdown, LaTeX, CSV and figures."""
    from galen.report.tables.make import known, make

    if set_ and len(names) != 1:
        raise UserError("--set: changes one table; name it")
    if runs is not None and not runs.is_dir():
        raise UserError(f"{runs}: no such folder; give the folder that holds the runs")
    folder = runs or RUNS
    written = make(names or known(), folder, data, out or folder / "tables", apart=apart, overrides=set_)
    print(json.dumps([str(path) for path in written]) if as_json else "\n".join(map(str, written)))


COMMANDS = {"eval": evaluate, "tables": tables}
