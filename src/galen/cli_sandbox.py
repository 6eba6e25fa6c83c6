"""`galen sandbox`: images, attacks and what was left behind."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from galen.errors import UserError

app = typer.Typer(no_args_is_help=True, help="Build images, attack a backend, remove what is left.")
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Engines = Annotated[list[str], typer.Option("--engine", help="Base URL of a Docker engine; none is the environment's.")]


@app.command()
def build(
    names: Annotated[list[str] | None, typer.Argument(help="Folders of sandbox/images/; none is all.")] = None,
    base: Annotated[str | None, typer.Option(help="The image to start from.")] = None,
    engine: Engines = [],  # noqa: B006
) -> None:
    """Build images on each engine and bring images.lock up to date."""
    from galen.sandbox import images
    from galen.sandbox.engines import connect

    for url in engine or [""]:
        client = connect(url)
        for name in names or images.known():
            print(f"{images.tag(name)} …", flush=True)
            print(f"{images.tag(name)} {images.build(client, name, base, lambda text: print(f'  {text}', flush=True))}")


@app.command()
def reap(engine: Engines = []) -> None:  # noqa: B006
    """Remove containers whose owner is dead or whose time is over; no others."""
    from galen.sandbox.docker import reap
    from galen.sandbox.engines import connect

    for url in engine or [""]:
        print(f"{url or 'default engine'}: {reap(connect(url))} removed")


@app.command()
def attack(
    only: Annotated[list[str] | None, typer.Argument(help="Names of attacks; none is all.")] = None,
    backend: Annotated[str, typer.Option(help="auto, local or docker.")] = "auto",
    as_json: Json = False,
) -> None:
    """Try to break out, and fail if anything got through."""
    from galen.sandbox.battery import Outcome, run_battery
    from galen.sandbox.choose import open_backend, plain

    def show(outcome: Outcome) -> None:
        if not as_json:
            print(
                f"{'held' if outcome.held else 'GOT THROUGH':12} {outcome.name:28} {outcome.seconds:6.2f} s", flush=True
            )

    opened = open_backend(plain(backend), 2)  # some attacks need a sibling
    try:
        outcomes = run_battery(opened, tuple(only or ()), show)
    finally:
        opened.close()
    failed = [outcome for outcome in outcomes if not outcome.held]
    if as_json:
        print(json.dumps([outcome.model_dump() for outcome in outcomes]))
    else:
        _print(failed)
        print(f"{len(outcomes) - len(failed)} of {len(outcomes)} attacks held off")
    if failed:
        raise UserError(f"{len(failed)} of {len(outcomes)} attacks got through: {', '.join(o.name for o in failed)}")


def _print(failed: list) -> None:
    shown = Table("attack", "must", "evidence")
    for outcome in failed:
        shown.add_row(outcome.name, outcome.must, outcome.evidence[:400])
    if failed:
        Console().print(shown)
