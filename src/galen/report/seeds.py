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
    """A row a run, policy, block and family; then one a policy, block and family: the mean, and how many runs show it.

    The policies are those that no other one of the run started from: `grpo`, say, or `dpo`, `ppo` and `grpo`.

    Raises:
        UserError: a folder without a finished run, or runs that end with different policies.
    """
    single = [row for run in runs for row in _of_run(run)]
    ends = {run: ", ".join(dict.fromkeys(r["policy"] for r in single if r["run"] == str(run))) for run in runs}
    if len(found := set(ends.values())) > 1:
        raise UserError(f"the runs end differently ({'; '.join(sorted(found))}): compare like ones")
    kinds = list(dict.fromkeys(map(_kind, single)))
    return [*single, *(_mean([r for r in single if _kind(r) == kind]) for kind in kinds)]


def _kind(row: dict[str, Any]) -> tuple[str, str, str]:
    return row["policy"], row["block"], row["family"]


def _of_run(run: Path) -> list[dict[str, Any]]:
    path = run / "table.json"
    if (run / "scores.json").exists():
        raise UserError(f"{run}: an evaluation of one policy; `galen tables` sets it beside others")
    if not path.exists():
        raise UserError(f"{path}: there is none; finish the run with the command that began it")
    table = json.loads(path.read_text())
    before = {_kind(r): r["success"] for r in table}
    starts = {r["against"] for r in table}
    return [
        {
            "run": str(run), "block": r["block"], "family": r["family"], "policy": r["policy"], "against": r["against"],
            "n": r["valid"], "before": before[r["against"], r["block"], r["family"]], "success": r["success"],
            "delta": r["delta"], "p_value": r["p_value"],
        }
        for r in table if r["policy"] not in starts and r["against"]
    ]  # fmt: skip


def _mean(rows: list[dict[str, Any]]) -> dict[str, Any]:
    mean = {name: statistics.mean(row[name] for row in rows) for name in ("before", "success", "delta")}
    return {
        "run": f"mean of {len(rows)}", "block": rows[0]["block"], "family": rows[0]["family"],
        "policy": rows[0]["policy"], "against": rows[0]["against"], "n": sum(row["n"] for row in rows), **mean, "p_value": None,
        "better": sum(row["delta"] > 0 and row["p_value"] < ALPHA for row in rows),
        "worse": sum(row["delta"] < 0 and row["p_value"] < ALPHA for row in rows),
    }  # fmt: skip


def markdown(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as Markdown, pooled families first."""
    lines = [
        f"| block | family | policy | run | n | {rows[0]['against']} | policy's | change | p |",
        "|---|---|---|---|---:|---:|---:|---:|---|",
    ]
    order = list(dict.fromkeys(row["policy"] for row in rows))
    for row in sorted(rows, key=lambda r: _place(r, order)):
        told = (
            f"{row['p_value']:.2g}" if row["p_value"] is not None
            else f"p < {ALPHA}: better {row['better']}, worse {row['worse']}"
        )  # fmt: skip
        lines.append(
            f"| {BLOCKS[row['block']]} | {row['family']} | {row['policy']} | {row['run']} | {row['n']} "
            f"| {row['before']:.3f} | {row['success']:.3f} | {row['delta']:+.3f} | {told} |"
        )
    return "\n".join(lines) + "\n"


def _place(row: dict[str, Any], policies: list[str]) -> tuple[int, bool, str, int]:
    """Where a row stands in the table."""
    family = row["family"]
    return list(BLOCKS).index(row["block"]), family != "all", family, policies.index(row["policy"])
