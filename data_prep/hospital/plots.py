"""Plots of hospitals side by side: people and stays in one figure, illnesses and what follows from them in another."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.patches import Patch

from data_prep.hospital.describe import AGE, COST, ICU_LENGTH, ILL, LENGTH, REPEATS, STAYS, Description

COLOURS = ("C0", "C1")
LOG = {LENGTH: (0.005, 100), ICU_LENGTH: (0.005, 100), COST: (10, 30000)}
WIDE = {AGE: np.arange(0, 101, 10), **{name: np.geomspace(low, high, 25) for name, (low, high) in LOG.items()}}
LABEL = 26


def stays(described: list[Description], out: Path) -> None:
    """Distributions of people and stays, all hospitals in each panel; `out` is an SVG."""
    figure, axes = _figure(4, 2, (9, 10))
    names = (AGE, STAYS, LENGTH, ICU_LENGTH, ILL, REPEATS, COST)
    for axis, name in zip(axes.flat, names, strict=False):
        _histogram(axis, name, described)
    _events(axes.flat[len(names)], described)
    handles = [Patch(color=c) for c in COLOURS[: len(described)]]
    figure.legend(handles, [d.source for d in described], loc="upper center", ncols=2, fontsize=8)
    _save(figure, out)


def illnesses(described: list[Description], out: Path) -> None:
    """Diagnoses, pairs of them, drugs and labs with and without their diagnosis: one column a hospital; `out` is an SVG."""
    figure, axes = _figure(4, len(described), (6.5 * len(described), 13))
    for column, (d, colour) in enumerate(zip(described, COLOURS, strict=False)):
        axes[0, column].set_title(f"{d.source}\n\nmost frequent diagnoses, % of stays", fontsize=9)
        _bars(axes[0, column], {title: 100 * float(share) for title, share in d.diagnoses.items()}, colour)
        axes[1, column].set_title("pairs of diagnoses in one stay: lift", fontsize=9)
        _bars(axes[1, column], {f"{_cut(p.first)} + {_cut(p.second)}": p.lift for p in d.pairs}, colour)
        _drugs(axes[2, column], d, colour)
        _labs(axes[3, column], d, colour)
    _save(figure, out)


def _figure(rows: int, columns: int, size: tuple[float, float]):
    mpl.use("Agg")
    import matplotlib.pyplot as plt

    return plt.subplots(rows, columns, figsize=size, squeeze=False)


def _save(figure, out: Path) -> None:
    """The same bytes each time: no date, ids from a fixed salt, text as text (glyphs would be most of the file)."""
    import matplotlib.pyplot as plt

    figure.tight_layout(rect=(0, 0, 1, 0.97))
    with mpl.rc_context({"svg.hashsalt": "hospital", "svg.fonttype": "none"}):
        figure.savefig(out, metadata={"Date": None})
    plt.close(figure)


def _histogram(axis, name: str, described: list[Description]) -> None:
    """Shares of each hospital's own number; whole numbers from 10 on are counted as 10."""
    if name in WIDE:
        for d, colour in zip(described, COLOURS, strict=False):
            values = np.clip(d.samples[name], WIDE[name][0], WIDE[name][-1])
            weights = np.full(len(values), 100 / max(len(values), 1))
            axis.hist(values, bins=WIDE[name], weights=weights, histtype="stepfilled", alpha=0.5, color=colour)
        axis.set_xscale("log" if name in LOG else "linear")
        axis.minorticks_off()
        axis.set_title(name, fontsize=9)
    else:
        at = np.arange(11)
        for number, (d, colour) in enumerate(zip(described, COLOURS, strict=False)):
            counts = np.bincount(np.minimum(d.samples[name], 10).astype(int), minlength=11)
            axis.bar(at + 0.4 * number - 0.2, 100 * counts / max(counts.sum(), 1), 0.4, color=colour)
        axis.set_xticks(at, [*map(str, at[:-1]), "10+"])
        axis.set_title(name, fontsize=9)
    axis.set_ylabel("%", fontsize=8)
    axis.tick_params(labelsize=7)


def _events(axis, described: list[Description]) -> None:
    at = np.arange(len(described[0].events))
    for number, (d, colour) in enumerate(zip(described, COLOURS, strict=False)):
        axis.bar(at + 0.4 * number - 0.2, [rows.mean() for rows in d.events.values()], 0.4, color=colour)
    axis.set_xticks(at, list(described[0].events), rotation=30)
    axis.set_title("rows a stay by table, mean", fontsize=9)
    axis.tick_params(labelsize=7)


def _bars(axis, values: dict[str, float], colour: str) -> None:
    axis.barh(range(len(values)), list(values.values()), color=colour)
    _rows(axis, [_cut(label, 2 * LABEL + 3) for label in values])


def _drugs(axis, d: Description, colour: str) -> None:
    axis.set_title("drugs, % of stays\nwith the diagnosis (filled), without (open)", fontsize=9)
    for y, given in enumerate(d.drugs):
        axis.plot([100 * float(given.absent), 100 * float(given.present)], [y, y], color=colour, alpha=0.4)
        axis.plot(100 * float(given.absent), y, "o", color=colour, fillstyle="none")
        axis.plot(100 * float(given.present), y, "o", color=colour)
    _rows(axis, [f"{_cut(g.diagnosis)}: {_cut(g.drug)}" for g in d.drugs])


def _labs(axis, d: Description, colour: str) -> None:
    axis.set_title(
        "labs, quartiles in widths of the usual range (grey)\nwith the diagnosis (filled), without (open)", fontsize=9
    )
    axis.axvspan(0, 1, color="0.9")
    for y, shift in enumerate(d.labs):
        low, high = shift.normal
        for quartiles, up, style in ((shift.absent, -0.17, "none"), (shift.present, 0.17, "full")):
            left, middle, right = ((q - low) / (high - low) for q in quartiles)
            axis.plot([left, right], [y + up, y + up], color=colour, alpha=0.4)
            axis.plot(middle, y + up, "o", color=colour, fillstyle=style, markersize=4)
    _rows(axis, [f"{_cut(s.diagnosis)}: {_cut(s.lab)}" for s in d.labs])


def _rows(axis, labels: list[str]) -> None:
    """One labelled row an entry, the first on top; says so where there is none."""
    axis.set_yticks(range(len(labels)), labels, fontsize=7)
    axis.tick_params(axis="x", labelsize=7)
    axis.invert_yaxis()
    if not labels:
        axis.axis("off")
        axis.text(0.5, 0.5, "none frequent enough", ha="center", transform=axis.transAxes, fontsize=8)


def _cut(text: str, length: int = LABEL) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
