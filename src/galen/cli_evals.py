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
        str, typer.Argument(help="A checkpoint (RUN/grpo/final), a preset, folder or hub id, a URL ending in /v1, or scripted.")
    ],
    data: Annotated[Path, typer.Option(help="A task folder.")] = DEFAULT_DATA,
    family: Annotated[list[str], typer.Option(help="Families; all of the folder's if not given.")] = [],  # noqa: B006
    settings: Annotated[str, typer.Option(help="A file of configs/eval/.")] = "default",
    name: Annotated[str | None, typer.Option(help="The model's name at the endpoint.")] = None,
    api_key_env: Annotated[str | None, typer.Option(help="The environment variable with the endpoint's key.")] = None,
    model: Annotated[
        str | None, typer.Option(help="Whose tokens, profile and context an endpoint or the scripted policy is played with.")
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
    folder = "-".join(["eval", who.name, *([who.policy] if who.trained else []), *([settings] if settings != "default" else [])])
    target = out or RUNS / f"{folder}-s{who.trained['seed'] if who.trained else seed}".replace("/", "-")
    rows = Evaluation(who, data, chosen, seed, target).walk()
    if as_json:
        print(json.dumps(rows))


COMMANDS = {"eval": evaluate}
