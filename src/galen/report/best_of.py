"""Best@K beside Pass@K as Markdown, one row a family and K, and the verifier's own quality."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan
from typing import Any

from galen.evals.best_of import BestOfReport


def markdown(report: BestOfReport) -> str:
    """The curves with their 95 % intervals, and what was left out of them."""
    methods = list(dict.fromkeys(p.method for p in report.points))
    names = [f"{m} @ K" for m in methods]
    lines = [f"| family | K | tasks | {' | '.join(names)} |", "|---|---:|---:|" + "---:|" * len(methods)]
    for i in range(0, len(report.points), len(methods) or 1):
        row = report.points[i : i + len(methods)]
        bounds = ["" if isnan(p.ci_low) else f" ({p.ci_low:.3f} … {p.ci_high:.3f})" for p in row]
        cells = [f"{p.value:.3f}{bound}" for p, bound in zip(row, bounds, strict=True)]
        lines.append(f"| {row[0].family} | {row[0].k} | {row[0].tasks} | {' | '.join(cells)} |")
    left = f"\nLeft out: {report.ungraded} ungraded episodes, {report.short} tasks with too few graded ones"
    lines.append(left + (f"; ranked last: {report.unscored} episodes without a score" if "best" in methods else ""))
    return "\n".join(lines) + "\n"


def quality_markdown(scores: Sequence[Mapping[str, Any]]) -> str:
    """How well the verifier judges, one row a family."""
    lines = ["| family | episodes | success | AUROC | accuracy | calibration error |", "|---|---:|---:|---:|---:|---:|"]
    lines += [
        f"| {s['family']} | {s['n']} | {s['success']:.3f} | {s['auroc']:.3f} | {s['accuracy']:.3f} | {s['ece']:.3f} |"
        for s in scores
    ]
    return "\n".join(lines) + "\n"
