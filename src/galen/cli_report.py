"""`galen view` and `report`: a run's episodes in one page, and its report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def view(
    runs: Annotated[list[Path], typer.Argument(help="Folders of runs, or stores of episodes (.jsonl).")],
    out: Annotated[Path | None, typer.Option(help="The page; RUN/episodes.html if not given.")] = None,
    data: Annotated[Path | None, typer.Option(help="The task folder, where a run does not say.")] = None,
    model: Annotated[str | None, typer.Option(help="Whose tokens they are, where a run does not say.")] = None,
) -> None:
    """Write episodes into one HTML file that needs no server: every turn, its tokens, and two policies side by side."""
    from galen.report.viewer import page

    first = runs[0]
    target = out or (first.with_suffix(".html") if first.suffix == ".jsonl" else first / page.NAME)
    print(f"{target}: {page.told(page.write(runs, target, data, model))}")


def report(
    run: Annotated[Path, typer.Argument(help="A run's folder, or a store of episodes (.jsonl).")],
) -> None:
    """Write the report of a run again: what ran, curves, health, why episodes failed, what was left out."""
    from galen.report import run as reports

    print(reports.write(run))


COMMANDS = (view, report)
