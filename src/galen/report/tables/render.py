"""A table as Markdown, LaTeX and CSV. What was not run, or not published, says so."""

from __future__ import annotations

import csv
import io
import math
import re

from galen.report.tables.agreement import plain, used
from galen.report.tables.cells import Cell, Grid
from galen.report.tables.claims import Claims
from galen.report.tables.spec import TableSpec

NOT_RUN, NOT_PUBLISHED = "not run", "not published"
FEW = "†"
COLUMNS = (
    "row", "column", "metric", "paper said", "we got", "difference", "low", "high", "n", "clusters", "seeds",
    "between seeds", "best", "manifest",
)  # fmt: skip
ESCAPED = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", FEW: r"\dag{}", "–": "--", "…": r"\ldots{}",
}  # fmt: skip


def markdown(spec: TableSpec, grid: Grid, made: Claims, heading: str = "") -> str:
    """A grid of what we got beside what the paper said, then a line for each cell that was run."""
    lines = [
        f"# {spec.title}{heading}",
        "",
        f"{_place(spec)}. A cell: we got / the paper said.",
    ]
    lines += ["", f"| | {' | '.join(c.name for c in spec.columns)} |", "|---|" + "---:|" * len(spec.columns)]
    for r, row in enumerate(grid):
        shown = [f"{_value(spec, cell, bold=(r, c) in made.best)} / {_paper(spec, cell)}" for c, cell in enumerate(row)]
        lines.append(f"| {spec.rows[r].name} | {' | '.join(shown)} |")
    run = [cell for row in grid for cell in row if cell.estimate is not None]
    lines += ["", *(f"* {note}" for note in _notes(spec, grid, made, len(run)))]
    if run:
        lines += [
            "",
            f"| {' | '.join(COLUMNS[:2])} | paper said | we got | difference | 95 % interval | n | clusters | seeds | between seeds | manifest |",
        ]
        lines.append("|---|---|---:|---:|---:|---|---:|---:|---|---:|---|")
        lines += [_line(spec, cell) for cell in run]
    if made.changes:
        lines += [
            "",
            "| row | against | column | change | 95 % interval | n | clusters | p, Holm |",
            "|---|---|---|---:|---|---:|---:|---:|",
        ]
        for change in made.changes:
            d = change.difference
            lines.append(
                f"| {change.after.row.name} | {change.before.row.name} | {change.after.column.name} "
                f"| {_number(spec, d.value, sign=True)} | {_range(spec, d.low, d.high)} | {d.n} | {d.clusters} "
                f"| {change.p_value:.2g} |"
            )
    return "\n".join(lines) + "\n"


def _place(spec: TableSpec) -> str:
    return f"MedAgentGym (arXiv 2506.04405v2), {spec.place}" if spec.place else "No table of the paper"


def _line(spec: TableSpec, cell: Cell) -> str:
    e = cell.estimate
    assert e is not None
    return (
        f"| {cell.row.name} | {cell.column.name} | {_paper(spec, cell)} | {_value(spec, cell)} | {_difference(spec, cell)} "
        f"| {_range(spec, e.low, e.high)} | {e.n} | {e.clusters or '–'} | {', '.join(map(str, cell.seeds)) or '–'} "
        f"| {_number(spec, cell.spread)} | {cell.manifest} |"
    )


def _notes(spec: TableSpec, grid: Grid, made: Claims, run: int) -> list[str]:
    notes = [f"{run} of {sum(map(len, grid))} cells are run; the CSV has all of them."]
    if any(_few(spec, cell) for row in grid for cell in row):
        notes.append(f"{FEW} Fewer than {spec.smallest} clusters: the interval is what there is to say.")
    if made.tests:
        notes.append(
            f"Bold: better than every other row of its column, paired by task, p < 0.05 after Holm over {made.tests} tests."
        )
    for name in spec.may_differ:
        values = {plain(getattr(e.result.conditions, name, "")) for e in used(grid)} - {""}
        if len(values) > 1:
            notes.append(f"The rows differ in {name}: {'; '.join(sorted(values))}.")
    return [*notes, *spec.notes]


def table_csv(spec: TableSpec, grid: Grid, made: Claims) -> str:
    """Every cell, a line each; a cell without a run or a published number says so."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for r, row in enumerate(grid):
        for c, cell in enumerate(row):
            e = cell.estimate
            bounds = [_number(spec, x) for x in (e.low, e.high)] if e else ["", ""]
            writer.writerow([
                cell.row.name, cell.column.name, cell.metric, _paper(spec, cell), _value(spec, cell, mark=False),
                _difference(spec, cell), *bounds, e.n if e else "", e.clusters if e else "",
                " ".join(map(str, cell.seeds)), _number(spec, cell.spread), "yes" if (r, c) in made.best else "",
                cell.manifest,
            ])  # fmt: skip
    return out.getvalue()


def latex(spec: TableSpec, grid: Grid, made: Claims) -> str:
    """The grid as a `tabular` with booktabs' rules: we got, and the paper's number in brackets."""
    lines = [
        r"\begin{table}", rf"\caption{{{tex(f'{spec.title} ({_place(spec)}): we got (the paper said).')}}}",
        rf"\begin{{tabular}}{{l{'r' * len(spec.columns)}}}", r"\toprule",
        " & ".join(["", *(tex(c.name) for c in spec.columns)]) + r" \\", r"\midrule",
    ]  # fmt: skip
    for r, row in enumerate(grid):
        shown = []
        for c, cell in enumerate(row):
            value = tex(_value(spec, cell))
            shown.append((rf"\textbf{{{value}}}" if (r, c) in made.best else value) + f" ({tex(_paper(spec, cell))})")
        lines.append(" & ".join([tex(spec.rows[r].name), *shown]) + r" \\")
    run = sum(cell.estimate is not None for row in grid for cell in row)
    notes = " ".join(tex(note) for note in _notes(spec, grid, made, run))
    lines += [r"\bottomrule", r"\end{tabular}", rf"\par\footnotesize {notes}", r"\end{table}"]
    return "\n".join(lines) + "\n"


def tex(text: str) -> str:
    """`text` as LaTeX shows it."""
    return re.sub("|".join(map(re.escape, ESCAPED)), lambda m: ESCAPED[m[0]], text)


def _few(spec: TableSpec, cell: Cell) -> bool:
    return cell.estimate is not None and 0 < cell.estimate.clusters < spec.smallest


def _value(spec: TableSpec, cell: Cell, *, bold: bool = False, mark: bool = True) -> str:
    if cell.estimate is None:
        return NOT_RUN
    text = _number(spec, cell.estimate.value) + (FEW if mark and _few(spec, cell) else "")
    return f"**{text}**" if bold else text


def _paper(spec: TableSpec, cell: Cell) -> str:
    return NOT_PUBLISHED if cell.paper is None else f"{cell.paper:.{spec.decimals}f}"


def _difference(spec: TableSpec, cell: Cell) -> str:
    if cell.estimate is None or cell.paper is None:
        return "–"
    return f"{cell.estimate.value * spec.scale - cell.paper:+.{spec.decimals}f}"


def _number(spec: TableSpec, value: float, *, sign: bool = False) -> str:
    return "–" if math.isnan(value) else f"{value * spec.scale:{'+' if sign else ''}.{spec.decimals}f}"


def _range(spec: TableSpec, low: float, high: float) -> str:
    return "–" if math.isnan(low) else f"{_number(spec, low)} … {_number(spec, high)}"
