"""What a finished study comes to, in one file: the findings, every table, and each run's curves."""

from __future__ import annotations

import json
from pathlib import Path

from galen.paths import DEFAULT_DATA
from galen.report import curves
from galen.report.findings import findings, markdown
from galen.report.tables.make import known, make
from galen.report.tables.runs import index
from galen.sweep.forecast import gigabytes
from galen.sweep.run import attempts
from galen.sweep.study import Study

DRAWN = ("all", "dpo", "ppo", "grpo")
NAME = "report.md"


def write(study: Study, out: Path) -> Path:
    """Write `out/report.md` with the tables beside it in `out/tables`."""
    entries = index(out)
    parts = [f"# {study.title}", _what(study, out), "## The paper's findings", markdown(findings(entries))]
    data = Path(study.data) if study.data else DEFAULT_DATA
    for path in make(known(), out, data, out / "tables", apart=True):
        parts += [path.read_text()]
        parts += [f"![{p.stem}](tables/{p.name})" for p in sorted(path.parent.glob(f"{path.stem}*.svg"))]
    parts += ["## Learning curves", *_curves(out)]
    target = out / NAME
    target.write_text("\n\n".join(parts) + "\n")
    return target


def _what(study: Study, out: Path) -> str:
    tried = attempts(out)
    hours = sum(a.seconds for a in tried) / 3600
    failed = [a.job for a in tried if a.status]
    told = f", of which ended badly and were tried again: {', '.join(failed)}" if failed else ""
    return (
        f"Model {study.model}, seeds {', '.join(map(str, study.seeds))}, {len(tried)} commands{told}; {hours:.2f} hours, "
        f"{gigabytes(out):.2f} GB."
    )


def _curves(out: Path) -> list[str]:
    drawn = []
    for path in sorted(out.glob("*/manifest.json")):
        run = path.parent
        if json.loads(path.read_text())["name"] in DRAWN:
            curves.plot(run, run / "curves.svg")
            drawn.append(f"![{run.name}]({run.name}/curves.svg)")
    return drawn
