"""Scores from episodes: success with its intervals, and paired comparisons."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from math import nan
from statistics import mean

from scipy.stats import t as student

from galen.evals.statistics import (
    Estimate,
    bootstrap_mean,
    clustered_mcnemar,
    clustered_mean,
    clustered_share,
    mcnemar,
    wilson,
)  # fmt: skip
from galen.evals.summary import Graded
from galen.types import Score


def score(policy: str, family: str, episodes: Iterable[Graded]) -> Score:
    """Success over valid episodes (those with a reward, law 3) and over all of them.

    With no valid episode success and its bounds are NaN, never 0.
    """
    episodes = list(episodes)
    valid = [e for e in episodes if e.reward is not None]
    wins, n = sum(e.success for e in valid), len(episodes)
    low, high = wilson(wins, len(valid))
    all_low, all_high = wilson(wins, n)
    found = clustered_share([float(e.success) for e in valid], [e.cluster for e in valid])
    return Score(
        policy=policy, family=family, n=n, valid=len(valid), success=found.value, ci_low=low, ci_high=high,
        all_success=wins / n if n else nan, all_low=all_low, all_high=all_high, clusters=found.clusters,
        cluster_low=found.low, cluster_high=found.high,
    )  # fmt: skip


@dataclass(frozen=True)
class Comparison:
    """`after` against `before` on the `n` tasks that both have a valid episode of.

    `gained` and `lost` count tasks whose success rose and fell; `p_value` is McNemar's exact one of them. `low` and
    `high` bound `delta` by a bootstrap over `clusters`; `p_cluster` is McNemar's exact one of clusters.
    """

    n: int
    gained: int
    lost: int
    delta: float
    p_value: float
    low: float
    high: float
    clusters: int
    p_cluster: float


def compare(before: Iterable[Graded], after: Iterable[Graded]) -> Comparison:
    """Paired difference in success by task; a task's success is the mean over its valid episodes."""
    _, was, now, clusters = _paired(before, after)
    changes = [b - a for a, b in zip(was, now, strict=True)]
    gained, lost = sum(c > 0 for c in changes), sum(c < 0 for c in changes)
    found = bootstrap_mean(changes, clusters)
    return Comparison(
        n=len(was), gained=gained, lost=lost, delta=found.value, p_value=mcnemar(gained, lost), low=found.low,
        high=found.high, clusters=found.clusters, p_cluster=clustered_mcnemar(changes, clusters),
    )  # fmt: skip


def mean_change(before: Iterable[Graded], after: Iterable[Graded]) -> tuple[Estimate, float]:
    """The unweighted mean over families of the paired difference in success, and its cluster-robust two-sided t-test's
    p-value; 1 where the error is unknown.
    """
    families, was, now, clusters = _paired(before, after)
    found = clustered_mean([b - a for a, b in zip(was, now, strict=True)], clusters, families)
    if not found.se > 0:
        return found, 1.0
    return found, float(2 * student.sf(abs(found.value / found.se), found.clusters - 1))


def _paired(
    before: Iterable[Graded], after: Iterable[Graded]
) -> tuple[list[str], list[float], list[float], list[str]]:  # fmt: skip
    """Family, success before, success after, and cluster of every task that both have a valid episode of."""
    old, new = _by_task(before), _by_task(after)
    both = sorted(old.keys() & new.keys())
    was, now = [mean(old[t][1]) for t in both], [mean(new[t][1]) for t in both]
    return [family for family, _ in both], was, now, [old[t][0] for t in both]


def _by_task(episodes: Iterable[Graded]) -> dict[tuple[str, str], tuple[str, list[float]]]:
    """Cluster and successes of each task that has a valid episode."""
    clusters: dict[tuple[str, str], str] = {}
    wins: dict[tuple[str, str], list[float]] = defaultdict(list)
    for e in episodes:
        if e.reward is not None:
            clusters[e.family, e.task_id] = e.cluster
            wins[e.family, e.task_id].append(float(e.success))
    return {task: (clusters[task], found) for task, found in wins.items()}
