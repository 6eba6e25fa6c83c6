"""The table a run ends with: one row a policy, family and block; JSON for machines, Markdown for people."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from galen.evals.scores import compare, score
from galen.types import Episode

BLOCKS = {"id": "held-out", "ood": "unseen templates"}


def rows(runs: Mapping[str, Sequence[Episode]], parents: Mapping[str, str]) -> list[dict[str, Any]]:
    """Table rows from `policy name -> test episodes`, in road order; each policy is paired with its parent, if any."""
    table: list[dict[str, Any]] = []
    for block in BLOCKS:
        families = sorted({e.family for es in runs.values() for e in es if e.distribution == block})
        for family in [*families, "all"] if len(families) > 1 else families:
            for name, episodes in runs.items():
                parent = parents.get(name)
                before = _pick(runs[parent], block, family) if parent else None
                table.append(_row(name, family, block, _pick(episodes, block, family), parent, before))
    return table


def _pick(episodes: Sequence[Episode], block: str, family: str) -> list[Episode]:
    return [e for e in episodes if e.distribution == block and family in ("all", e.family)]


def _row(
    name: str, family: str, block: str, mine: list[Episode], parent: str | None, before: list[Episode] | None
) -> dict[str, Any]:
    result = score(name, family, mine).model_dump()
    paired = compare(before, mine) if before is not None else None
    return {
        **result,
        "block": block,
        "against": parent,
        "delta": paired and paired.delta,
        "p_value": paired and paired.p_value,
        "gained": paired and paired.gained,
        "lost": paired and paired.lost,
        "turns": sum(len(e.turns) for e in mine) / len(mine) if mine else math.nan,
        "stops": dict(Counter(e.stop.value for e in mine).most_common()),
        "faults": dict(Counter(e.fault.owner.value for e in mine if e.fault)),
    }


def markdown(table: Sequence[Mapping[str, Any]]) -> str:
    """The table as Markdown; a missing number prints as a dash."""
    head = "| block | family | policy | n | success | 95 % interval | change | p | turns | stops | faults |"
    lines = [head, "|---|---|---|---:|---:|---|---:|---:|---:|---|---|"]
    for r in table:
        change = "–" if r["delta"] is None else f"{r['delta']:+.3f} vs {r['against']}"
        p = "–" if r["p_value"] is None else f"{r['p_value']:.2g}"
        stops = ", ".join(f"{k} {v}" for k, v in r["stops"].items())
        faults = ", ".join(f"{k} {v}" for k, v in r["faults"].items()) or "0"
        lines.append(
            f"| {BLOCKS[r['block']]} | {r['family']} | {r['policy']} | {r['valid']} | {r['success']:.3f} "
            f"| {r['ci_low']:.3f} … {r['ci_high']:.3f} | {change} | {p} | {r['turns']:.2f} | {stops} | {faults} |"
        )
    return "\n".join(lines) + "\n"


def write(out: Path, table: list[dict[str, Any]], notes: str = "") -> None:
    """Write `out/table.json` and `out/table.md`."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "table.json").write_text(json.dumps(table, indent=1, allow_nan=True) + "\n")
    (out / "table.md").write_text(markdown(table) + notes)
