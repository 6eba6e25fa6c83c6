"""A table as a picture: its rows along the axis, the paper's numbers beside ours with their intervals."""

from __future__ import annotations

import math
from pathlib import Path

from galen.report.tables.cells import Cell, Grid
from galen.report.tables.spec import TableSpec


def draw(spec: TableSpec, grid: Grid, out: Path) -> bool:
    """Write `out` (.svg, .png or .pdf); returns whether there was a number to draw."""
    if not any(cell.estimate or cell.paper is not None for row in grid for cell in row):
        return False
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "galen"  # the same table gives the same file
    import matplotlib.pyplot as plt
    from matplotlib.lines import Line2D

    figure, axis = plt.subplots(figsize=(max(5.0, 0.5 * len(grid) + 3), 3.6))
    for c in range(len(spec.columns)):
        column = [row[c] for row in grid]
        shift = (c - (len(spec.columns) - 1) / 2) * (0.8 / len(spec.columns) if spec.figure == "bars" else 0.0)
        _paper(axis, spec, column, shift, f"C{c}")
        _ours(axis, spec, column, shift, f"C{c}")
    axis.set_xticks(range(len(grid)), [row.name for row in spec.rows], rotation=30, ha="right", fontsize=8)
    axis.set_title(spec.title, fontsize=10)
    axis.grid(alpha=0.3, axis="y")
    series = [Line2D([], [], color=f"C{c}", label=line.name) for c, line in enumerate(spec.columns)]
    kinds = [
        Line2D([], [], color="grey", marker="o", label="we got"),
        Line2D([], [], color="grey", linestyle=":", marker="x", label="the paper said"),
    ]
    axis.legend(handles=[*series, *kinds], fontsize=7, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    figure.savefig(out, bbox_inches="tight", metadata={"Date": None} if out.suffix == ".svg" else None)
    plt.close(figure)
    return True


def _paper(axis, spec: TableSpec, column: list[Cell], shift: float, color: str) -> None:
    points = [(i + shift, cell.paper) for i, cell in enumerate(column) if cell.paper is not None]
    line = ":" if spec.figure == "lines" else ""
    axis.plot([x for x, _ in points], [y for _, y in points], color=color, linestyle=line, marker="x", alpha=0.7)


def _ours(axis, spec: TableSpec, column: list[Cell], shift: float, color: str) -> None:
    found = [(i + shift, cell.estimate) for i, cell in enumerate(column) if cell.estimate is not None]
    x, y = [at for at, _ in found], [e.value * spec.scale for _, e in found]
    bars = [
        [
            0.0 if math.isnan(bound) else abs(bound - e.value) * spec.scale
            for _, e in found
            for bound in [getattr(e, side)]
        ]
        for side in ("low", "high")
    ]
    if spec.figure == "bars":
        axis.bar(x, y, width=0.7 / len(spec.columns), color=color, alpha=0.4)
    line = "-" if spec.figure == "lines" else ""
    axis.errorbar(x, y, yerr=bars, color=color, linestyle=line, marker="o", markersize=3, capsize=2)
