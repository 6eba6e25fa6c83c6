"""Runs side by side: what the last policy of each gained over the one before, and the mean over runs."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from galen.errors import UserError
from galen.report.table import BLOCKS

ALPHA = 0.05


def rows(runs: Sequence[Path]) -> list[dict[str, Any]]:
    """A row a run, block and family; then one a block and family with the mean change, and how many runs show it.

    Raises:
        UserError: a folder without a finished run, or runs that end with different policies.
    """
    single = [row for run in runs for row in _of_run(run)]
    if len(ends := {(row["policy"], row["against"]) for row in single}) > 1:
        raise UserError(
            f"the runs end differently ({', '.join(sorted(policy for policy, _ in ends))}): compare like ones"
        )
    kinds = list(dict.fromkeys((row["block"], row["family"]) for row in single))
    return [*single, *(_mean(kind, [r for r in single if (r["block"], r["family"]) == kind]) for kind in kinds)]


def _of_run(run: Path) -> list[dict[str, Any]]:
    path = run / "table.json"
    if not path.exists():
        raise UserError(f"{path}: there is none; finish the run with the command that began it")
    table = json.loads(path.read_text())
    before = {(r["policy"], r["block"], r["family"]): r["success"] for r in table}
    last = table[-1]["policy"]
    return [
        {
            "run": str(run), "block": r["block"], "family": r["family"], "policy": last, "against": r["against"],
            "n": r["valid"], "before": before[r["against"], r["block"], r["family"]], "success": r["success"],
            "delta": r["delta"], "p_value": r["p_value"],
        }
        for r in table if r["policy"] == last and r["against"]
    ]  # fmt: skip


def _mean(kind: tuple[str, str], rows: list[dict[str, Any]]) -> dict[str, Any]:
    mean = {name: statistics.mean(row[name] for row in rows) for name in ("before", "success", "delta")}
    return {
        "run": f"mean of {len(rows)}", "block": kind[0], "family": kind[1], "policy": rows[0]["policy"],
        "against": rows[0]["against"], "n": sum(row["n"] for row in rows), **mean, "p_value": None,
        "better": sum(row["delta"] > 0 and row["p_value"] < ALPHA for row in rows),
        "worse": sum(row["delta"] < 0 and row["p_value"] < ALPHA for row in rows),
    }  # fmt: skip


def markdown(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as Markdown, pooled families first."""
    first = rows[0]
    lines = [
        f"| block | family | run | n | {first['against']} | {first['policy']} | change | p |",
        "|---|---|---|---:|---:|---:|---:|---|",
    ]
    for row in sorted(rows, key=lambda r: (list(BLOCKS).index(r["block"]), r["family"] != "all", r["family"])):
        told = (
            f"{row['p_value']:.2g}" if row["p_value"] is not None
            else f"p < {ALPHA}: better {row['better']}, worse {row['worse']}"
        )  # fmt: skip
        lines.append(
            f"| {BLOCKS[row['block']]} | {row['family']} | {row['run']} | {row['n']} | {row['before']:.3f} "
            f"| {row['success']:.3f} | {row['delta']:+.3f} | {told} |"
        )
    return "\n".join(lines) + "\n"
