"""The learning curves of a run: what each method's rollouts earned, and what its policy does with tasks it never trains on."""

from __future__ import annotations

import json
from itertools import accumulate
from pathlib import Path
from typing import Any

from galen.errors import UserError

PANELS = {
    "reward": "mean reward of the tasks played", "success": "greedy success on validation tasks",
    "kl": "KL to the reference, nats a token", "entropy": "entropy, nats a token", "turns": "turns an episode",
    "clip_fraction": "share of tokens clipped",
}  # fmt: skip
LOG, VALIDATION = "log.jsonl", "validation.jsonl"
PARITY = "parity.jsonl"  # the trainer's log-probabilities of the episodes that each rollout was checked by


def read(run: Path) -> dict[str, list[dict[str, Any]]]:
    """Each method's points: lines of its `log.jsonl` and `validation.jsonl`, with the `episodes` played before them.

    Raises:
        UserError: the run has neither.
    """
    folders = sorted({path.parent for name in (LOG, VALIDATION) for path in run.glob(f"*/{name}")})
    found = {f.name: [*_rollouts(f / LOG, _group_size(run, f.name)), *lines(f / VALIDATION)] for f in folders}
    found = {name: points for name, points in found.items() if points}
    if not found:
        raise UserError(
            f"{run}: no {LOG} or {VALIDATION} of a method; give the folder of a run of dpo, ppo, grpo or all"
        )
    return found


def _group_size(run: Path, method: str) -> int:
    """Episodes a group of `method`; 0 for what plays none (SFT, the verifier)."""
    return json.loads((run / "config.json").read_text())["recipe"][method].get("group_size", 0)


def _rollouts(log: Path, group_size: int) -> list[dict[str, Any]]:
    steps = {line["step"]: line for line in lines(log) if "groups" in line}  # a resumed run walks some steps again
    rollouts = [steps[step] for step in sorted(steps)]
    played = accumulate((line["groups"] * group_size for line in rollouts), initial=0)
    return [line | {"episodes": before} for line, before in zip(rollouts, played, strict=False)]


def lines(path: Path) -> list[dict[str, Any]]:
    """The lines of a JSONL file; none where there is no file."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def plot(run: Path, out: Path) -> None:
    """Draw the curves of `run` into `out` (.svg, .png or .pdf), against the episodes played."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.lines import Line2D

    methods = read(run)
    shown = [name for name in PANELS if any(name in point for points in methods.values() for point in points)]
    columns = 2
    rows = -(-len(shown) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(4.5 * columns, 2.8 * rows), squeeze=False)
    for axis, name in zip(axes.flat, shown, strict=False):
        for number, points in enumerate(methods.values()):
            mine = sorted((p["episodes"], p[name]) for p in points if p.get(name) is not None)
            x, y = [at for at, _ in mine], [value for _, value in mine]
            axis.plot(x, y, color=f"C{number}", marker="." if name == "success" else "")
        axis.set_title(PANELS[name], fontsize=9)
        axis.set_xlabel("episodes played", fontsize=8)
        axis.grid(alpha=0.3)
    for axis in axes.flat[len(shown) :]:
        axis.axis("off")
    legend = [Line2D([], [], color=f"C{number}") for number in range(len(methods))]
    figure.legend(legend, list(methods), loc="upper center", ncols=len(methods), fontsize=8)
    figure.tight_layout(rect=(0, 0, 1, 0.95))
    out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, metadata={"Date": None} if out.suffix == ".svg" else None)
    plt.close(figure)
