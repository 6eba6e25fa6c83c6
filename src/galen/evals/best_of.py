"""What a verifier is worth at inference: Best@K, the success of the best-scored of K episodes, beside Pass@K.

Pass@K is the ceiling (a perfect choice), Random@K the floor, and a majority vote over submissions needs no verifier.
Every one is the exact mean over all subsets of K of a task's n episodes, so none depends on an order of sampling.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby

from galen.evals.statistics import bootstrap_mean, pass_at_k
from galen.evals.summary import Graded

METHODS = ("pass", "best", "majority", "random", "best - random")
UNVERIFIED = ("pass", "majority", "random")
"""Those that need no verifier."""


@dataclass(frozen=True)
class Candidate:
    """One graded episode of a task. An episode without a score (None) is chosen only where none has one."""

    success: bool
    score: float | None
    submission: str | None


@dataclass(frozen=True)
class Point:
    """Mean over `tasks` of one method of `METHODS` at `k`, with a 95 % interval by bootstrap over clusters."""

    family: str
    method: str
    k: int
    tasks: int
    value: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True)
class BestOfReport:
    """Left out: `ungraded` episodes (law 3) and the `short` tasks that have fewer than the largest K others. In:
    `unscored` episodes, ranked last.
    """

    points: list[Point]
    ungraded: int
    short: int
    unscored: int


def best_of(
    episodes: Sequence[Graded],
    scores: Sequence[float | None] | None,
    ks: Sequence[int] = (1, 2, 4, 8, 16),
    seed: int = 0,
) -> BestOfReport:
    """Every method at every K, by family and together. `scores` go with `episodes`, several of which share a task;
    without them (None) there are the methods that need no verifier.

    All K are estimated on the same tasks, so that a curve rises by K alone. `seed` is the bootstrap's.
    """
    tasks, clusters = candidates(episodes, scores)
    full = {t: c for t, c in tasks.items() if len(c) >= max(ks)}
    families = sorted({family for family, _ in full})
    points = []
    for family in [*families, "all"] if len(families) > 1 else families:
        mine = [t for t in full if family in ("all", t[0])]
        groups = [clusters[t] for t in mine]
        for k in ks:
            found = [at_k(full[t], k) for t in mine]
            for method in METHODS if scores is not None else UNVERIFIED:
                points.append(_point(family, method, k, [f[method] for f in found], groups, seed))
    return BestOfReport(
        points, ungraded=len(episodes) - sum(map(len, tasks.values())), short=len(tasks) - len(full),
        unscored=0 if scores is None else sum(c.score is None for cs in full.values() for c in cs),
    )  # fmt: skip


def candidates(
    episodes: Sequence[Graded], scores: Sequence[float | None] | None
) -> tuple[dict[tuple[str, str], list[Candidate]], dict[tuple[str, str], str]]:
    """The graded episodes of each task (family and id), and its cluster."""
    tasks: dict[tuple[str, str], list[Candidate]] = defaultdict(list)
    clusters: dict[tuple[str, str], str] = {}
    for episode, value in zip(episodes, scores or [None] * len(episodes), strict=True):
        if episode.reward is not None:
            task = episode.family, episode.task_id
            tasks[task].append(Candidate(episode.success, value, episode.submission))
            clusters[task] = episode.cluster
    return tasks, clusters


def at_k(candidates: Sequence[Candidate], k: int) -> Mapping[str, float]:
    """Each method of `METHODS` on one task's episodes."""
    wins = sum(c.success for c in candidates)
    best, mean = best_at_k(candidates, k), wins / len(candidates)
    return {
        "pass": pass_at_k(wins, len(candidates), k), "best": best, "majority": majority_at_k(candidates, k),
        "random": mean, "best - random": best - mean,
    }  # fmt: skip


def best_at_k(candidates: Iterable[Candidate], k: int) -> float:
    """Expected success of the highest-scored of k episodes drawn without replacement; ties are broken at random.

    Of C(n, k) subsets, C(L + m, k) - C(L, k) have their highest score in a tie group of m episodes with L below it,
    and each of the m is chosen equally often: the sum over tie groups of that share times the group's mean success.

    Raises:
        ValueError: there are fewer than k candidates.
    """
    ranked = sorted(candidates, key=_rank)
    _enough(len(ranked), k)
    total, below = 0.0, 0
    for _, group in groupby(ranked, key=_rank):
        wins = [c.success for c in group]
        subsets = math.comb(below + len(wins), k) - math.comb(below, k)
        total += subsets * sum(wins) / len(wins)
        below += len(wins)
    return total / math.comb(below, k)


def _rank(candidate: Candidate) -> float:
    return -math.inf if candidate.score is None else candidate.score


def majority_at_k(candidates: Iterable[Candidate], k: int) -> float:
    """Expected success of the submission that most of k episodes drawn without replacement hand in; ties are broken
    at random, an episode without a submission has no vote, and without any vote the task is failed.

    Raises:
        ValueError: there are fewer than k candidates.
    """
    candidates = list(candidates)
    _enough(len(candidates), k)
    votes: dict[str, list[bool]] = defaultdict(list)
    for c in candidates:
        if c.submission is not None:
            votes[c.submission].append(c.success)
    sizes = sorted(map(len, votes.values()))
    silent = len(candidates) - sum(sizes)
    total = 0.0
    for wins in votes.values():
        others = list(sizes)
        others.remove(len(wins))
        total += _elected(len(wins), tuple(others), silent, k) * sum(wins) / len(wins)
    return total


@cache
def _elected(size: int, others: tuple[int, ...], silent: int, k: int) -> float:
    """Probability that an answer held by `size` episodes wins the vote of k; `others` are the other answers' sizes.

    For each number j of its votes the draws of the others, none above j, are counted by votes drawn and ties.
    """
    total = 0.0
    for j in range(1, min(size, k) + 1):
        ways = Counter({(0, 0): 1})
        for other in others:
            after: Counter[tuple[int, int]] = Counter()
            for (drawn, ties), n in ways.items():
                for i in range(min(other, j, k - j - drawn) + 1):
                    after[drawn + i, ties + (i == j)] += n * math.comb(other, i)
            ways = after
        rest = sum(n * math.comb(silent, k - j - drawn) / (ties + 1) for (drawn, ties), n in ways.items())
        total += math.comb(size, j) * rest
    return total / math.comb(size + sum(others) + silent, k)


def _enough(n: int, k: int) -> None:
    if not 1 <= k <= n:
        raise ValueError(f"k={k} needs at least {k} candidates and k >= 1, got {n}")


def _point(
    family: str, method: str, k: int, values: Sequence[float], clusters: Sequence[str], seed: int
) -> Point:  # fmt: skip
    found = bootstrap_mean(values, clusters, seed)
    return Point(family, method, k, len(values), found.value, found.low, found.high)
