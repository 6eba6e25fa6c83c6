"""`galen fhir`: the hospital's FHIR server, for a person or another program to look at."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from galen.errors import UserError
from galen.paths import DEFAULT_DATA

app = typer.Typer(no_args_is_help=True, help="The FHIR R4 server of a task folder.")


@app.callback()
def fhir() -> None:
    """The FHIR R4 server of a task folder."""


@app.command()
def serve(
    data: Annotated[
        Path, typer.Argument(help="A task folder with MedAgentBench's tasks, or a base file of one.")
    ] = DEFAULT_DATA,
    host: Annotated[
        str, typer.Option(help="0.0.0.0 for other machines: whoever reaches it reads all patients.")
    ] = "127.0.0.1",
    port: int = 8080,
) -> None:
    """Serve FHIR R4 at /fhir, and at /episodes/NAME/fhir for callers that must not see each other's writes. Ends with Ctrl-C."""
    import uvicorn

    from galen.fhir.web import application

    base = data / "resources" / "fhir.sqlite" if data.is_dir() else data
    if not base.exists():
        raise UserError(f"{base}: no FHIR base; `galen data` writes one where medagentbench has a size")
    print(f"http://{host}:{port}/fhir/metadata", flush=True)
    uvicorn.run(application(base), host=host, port=port, log_level="warning")
