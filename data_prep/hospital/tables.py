"""The numbers of hospitals side by side, as Markdown for docs/hospital.md."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from data_prep.hospital.describe import Description
from data_prep.hospital.links import Shift


def markdown(described: list[Description]) -> str:
    """Markdown: people and stays of all hospitals in one table, then what is ill, given and measured in each."""
    rows = [(name, *(str(d.shares[name]) for d in described)) for name in described[0].shares]
    rows += [(name, *(_spread(d.samples[name]) for d in described)) for name in described[0].samples]
    rows += [
        (f"rows a stay: {name}", *(f"{d.events[name].mean():.1f}" for d in described)) for name in described[0].events
    ]
    parts = [_table(("", *(d.source for d in described)), rows)]
    for d in described:
        parts += [
            f"### {d.source[:1].upper()}{d.source[1:]}",
            _table(("diagnosis", "stays"), d.diagnoses.items()),
            _table(
                ("two diagnoses in one stay", "stays", "lift"),
                ((f"{p.first}; {p.second}", p.together, f"{p.lift:.1f}") for p in d.pairs),
            ),
            _table(
                ("diagnosis", "drug", "stays with the diagnosis", "stays without"),
                ((g.diagnosis, g.drug, g.present, g.absent) for g in d.drugs),
            ),
            _table(("lab", "usual range", "diagnosis", "median (quartiles) with", "without"), map(_lab, d.labs)),
        ]
    return "\n\n".join(parts) + "\n"


def _lab(s: Shift) -> tuple[str, ...]:
    normal = f"{s.normal[0]:g}-{s.normal[1]:g} {s.unit}".strip()
    return (s.lab, normal, s.diagnosis, *(f"{b:.4g} ({a:.4g}-{c:.4g})" for a, b, c in (s.present, s.absent)))


def _spread(values: np.ndarray) -> str:
    if not len(values):
        return "none"
    low, middle, high, top = map(_number, np.quantile(values, (0.25, 0.5, 0.75, 0.95)))
    return f"median {middle} ({low}-{high}), 95th percentile {top}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _table(head: tuple[str, ...], rows: Iterable[tuple]) -> str:
    rows = list(rows)
    if not rows:
        return f"No {head[0]} is frequent enough."
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)
