"""What an evaluation prints: success with both intervals, and what it took."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from galen.evals.scores import score
from galen.evals.statistics import clustered_share
from galen.evals.summary import Summary
from galen.report.table import BLOCKS
from galen.types import Frozen

MEAN = "mean of families"


class Prices(Frozen):
    """Of a million tokens, in `currency`: `input` of what is sent, the conversation anew with each request."""

    input: float = Field(ge=0)
    output: float = Field(ge=0)
    currency: str = "USD"


def rows(episodes: Sequence[Summary], prices: Prices | None = None) -> list[dict[str, Any]]:
    """A row a block and family; where there are several, one of all episodes and one of the families' unweighted mean."""
    found = []
    for block in BLOCKS:
        mine = [e for e in episodes if e.distribution == block]
        families = sorted({e.family for e in mine})
        found += [_row(block, f, [e for e in mine if e.family == f], prices) for f in families]
        if len(families) > 1:
            found += [_row(block, "all", mine, prices), _mean(block, mine)]
    return found


def _row(block: str, family: str, episodes: Sequence[Summary], prices: Prices | None) -> dict[str, Any]:
    n, solved = len(episodes), sum(e.success for e in episodes)
    total = {name: sum(getattr(e, name) for e in episodes) for name in ("sent_tokens", "output_tokens", "seconds")}
    cost = None
    if prices:
        cost = (total["sent_tokens"] * prices.input + total["output_tokens"] * prices.output) / 1e6
    return score("", family, episodes).model_dump(exclude={"policy"}) | {
        "block": block, "tasks": len({e.task_id for e in episodes}), "solved": solved,
        "stops": dict(Counter(e.stop for e in episodes).most_common()),
        "faults": dict(Counter(e.fault for e in episodes if e.fault)), "turns": sum(e.turns for e in episodes) / n,
        "read_tokens": sum(e.read_tokens for e in episodes) / n, "sent_tokens": total["sent_tokens"] / n,
        "output_tokens": total["output_tokens"] / n, "seconds": total["seconds"] / n, "cost": cost,
        "tokens_per_solved": _per(total["sent_tokens"] + total["output_tokens"], solved),
        "seconds_per_solved": _per(total["seconds"], solved), "cost_per_solved": cost and _per(cost, solved),
    }  # fmt: skip


def _per(total: float, solved: int) -> float | None:
    return total / solved if solved else None


def _mean(block: str, episodes: Sequence[Summary]) -> dict[str, Any]:
    """The families' unweighted mean, which has no Wilson interval; None where a family has no valid episode."""
    valid = [e for e in episodes if e.reward is not None]
    families = sorted({e.family for e in episodes})
    whole = {e.family for e in valid} == set(families)
    found = clustered_share([float(e.success) for e in valid], [e.cluster for e in valid], [e.family for e in valid])
    shares = [
        sum(e.success for e in episodes if e.family == f) / sum(e.family == f for e in episodes) for f in families
    ]
    return {
        "block": block, "family": MEAN, "n": len(episodes), "valid": len(valid), "clusters": found.clusters,
        "success": found.value if whole else math.nan, "cluster_low": found.low if whole else math.nan,
        "cluster_high": found.high if whole else math.nan, "all_success": sum(shares) / len(shares),
    }  # fmt: skip


def markdown(table: Sequence[Mapping[str, Any]], prices: Prices | None = None) -> str:
    """Two tables: success, and what it took; a missing number prints as a dash."""
    head = (
        "| block | family | tasks | episodes | valid | success | Wilson | clusters | cluster-robust | over all | Wilson "
        "| stops | faults |"
    )
    lines = [head, "|---|---|---:|---:|---:|---:|---|---:|---|---:|---|---|---|"]
    for r in table:
        stops, faults = (_counted(r.get(name)) for name in ("stops", "faults"))
        lines.append(
            f"| {BLOCKS[r['block']]} | {r['family']} | {r.get('tasks', '–')} | {r['n']} | {r['valid']} | {_n(r['success'])} "
            f"| {_range(r.get('ci_low'), r.get('ci_high'))} | {r['clusters']} | {_range(r['cluster_low'], r['cluster_high'])} "
            f"| {_n(r['all_success'])} | {_range(r.get('all_low'), r.get('all_high'))} | {stops} | {faults} |"
        )
    lines += [
        "",
        "| block | family | solved | turns | tokens read | tokens sent | tokens sampled | seconds | tokens a solved task "
        "| seconds a solved task |" + (f" {prices.currency} a solved task |" if prices else ""),
        "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|" + ("---:|" if prices else ""),
    ]
    lines += [
        f"| {BLOCKS[r['block']]} | {r['family']} | {r['solved']} | {r['turns']:.2f} | {r['read_tokens']:.0f} "
        f"| {r['sent_tokens']:.0f} | {r['output_tokens']:.0f} | {r['seconds']:.2f} | {_n(r['tokens_per_solved'], 0)} "
        f"| {_n(r['seconds_per_solved'], 2)} |" + (f" {_n(r['cost_per_solved'], 4)} |" if prices else "")
        for r in table if r["family"] != MEAN
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _n(value: float | None, digits: int = 3) -> str:
    return "–" if value is None or math.isnan(value) else f"{value:.{digits}f}"


def _range(low: float | None, high: float | None) -> str:
    return "–" if _n(low) == "–" else f"{low:.3f} … {high:.3f}"


def _counted(counts: Mapping[str, int] | None) -> str:
    return "–" if counts is None else ", ".join(f"{k} {v}" for k, v in counts.items()) or "0"
