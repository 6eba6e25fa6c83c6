"""What a cell can hold: a number over episodes, with an interval that knows of clusters."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from galen.evals.actions import PAPER
from galen.evals.best_of import at_k, candidates
from galen.evals.failures import FailureKind
from galen.evals.statistics import NOTHING, Estimate, clustered_mean, clustered_share
from galen.evals.summary import CODE, Summary

SHARES: dict[str, Callable[[Summary], tuple[float, float]]] = {
    **{
        f"actions.{kind.value}": lambda e, k=kind.value: (e.actions.get(k, 0), sum(e.actions.get(a.value, 0) for a in PAPER))
        for kind in PAPER
    },
    **{
        f"failures.{kind.value}": lambda e, k=kind.value: (float(e.failure == k), float(e.failure not in UNCOUNTED))
        for kind in FailureKind if kind is not FailureKind.INFRASTRUCTURE
    },
    **{f"code.{name}": lambda e, n=name: (e.code[n], e.programs) for name in CODE},
}  # fmt: skip
"""Ratios of sums over episodes: of the paper's four actions, of failed episodes, of Python programs."""
UNCOUNTED = (None, FailureKind.INFRASTRUCTURE.value)
MEANS = ("turns", "read_tokens", "sent_tokens", "output_tokens", "seconds")
DATASET = ("categories", "tables", "elements", "train", "test", "total")
NAMES = ("success", "all_success", *MEANS, *SHARES, *(f"tasks.{name}" for name in DATASET))


def measure(
    metric: str, episodes: Sequence[Summary], verifier: Mapping[str, float | None] | None, largest_k: int
) -> Estimate:  # fmt: skip
    """`metric` of the episodes; of several families the unweighted mean of theirs. `verifier` scores by episode key."""
    if "@" in metric:
        return _at_k(metric, episodes, verifier, largest_k)
    if metric in SHARES:
        return _ratio(metric, [SHARES[metric](e) for e in episodes], episodes)
    used = [e for e in episodes if metric != "success" or e.reward is not None]
    field = "success" if metric == "all_success" else metric
    values = [float(getattr(e, field)) for e in used]
    mean = clustered_mean if metric in MEANS else clustered_share
    return mean(values, [e.cluster for e in used], [e.family for e in used])


def _ratio(metric: str, pairs: Sequence[tuple[float, float]], episodes: Sequence[Summary]) -> Estimate:
    """Σ numerators / Σ denominators of each family; the error is that of the linearised ratio."""
    families = [e.family for e in episodes]
    values = [math.nan] * len(pairs)
    for family in set(families):
        mine = [i for i, f in enumerate(families) if f == family]
        top, bottom = (sum(pairs[i][side] for i in mine) for side in (0, 1))
        if not bottom:
            return NOTHING
        ratio, size = top / bottom, bottom / len(mine)
        for i in mine:
            values[i] = ratio + (pairs[i][0] - ratio * pairs[i][1]) / size
    mean = clustered_mean if metric.startswith("code.") else clustered_share
    return mean(values, [e.cluster for e in episodes], families)


def _at_k(
    metric: str, episodes: Sequence[Summary], verifier: Mapping[str, float | None] | None, largest_k: int
) -> Estimate:  # fmt: skip
    method, _, k = metric.partition("@")
    if method == "best" and verifier is None:
        return NOTHING
    scores = None if verifier is None else [verifier.get(e.key) for e in episodes]
    tasks, clusters = candidates(episodes, scores)
    full = [t for t, found in tasks.items() if len(found) >= largest_k]
    values = [at_k(tasks[t], int(k))[method] for t in full]
    return clustered_share(values, [clusters[t] for t in full], [family for family, _ in full])
