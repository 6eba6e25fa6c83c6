"""Which episodes become demonstrations: filters that count what they leave out, and nested subsets of what is left."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from pydantic import Field

from galen.agent.loops import closes
from galen.types import Action, ActionKind, Episode, Frozen

Share = Literal[25, 50, 75, 100]  # the paper's data-scaling study, percent
SHARES: tuple[Share, ...] = get_args(Share)
CODE = (ActionKind.CODE_EXECUTION, ActionKind.TERMINAL)


class FilterSettings(Frozen):
    """What a demonstration must be beside successful; None sets no limit.

    `repeats`: as many equal actions in a row (or A-B pairs) are a loop; the agent itself stops at three.
    `distinct_code`: no two episodes of a family run the same code from first to last. `per_task`, `per_cluster` and
    `per_category`: at most so many episodes of one.
    """

    max_tokens: int | None = Field(default=None, ge=1)
    max_turns: int | None = Field(default=None, ge=1)
    repeats: int | None = Field(default=None, ge=2)
    distinct_code: bool = False
    per_task: int | None = Field(default=None, ge=1)
    per_cluster: int | None = Field(default=None, ge=1)
    per_category: int | None = Field(default=None, ge=1)


@dataclass
class FilterReport:
    """How many episodes came and stayed, and the first reason against each of the others (law 10)."""

    seen: int = 0
    kept: int = 0
    dropped: Counter[str] = field(default_factory=Counter)


def select(episodes: Iterable[Episode], settings: FilterSettings, seed: int) -> tuple[list[Episode], FilterReport]:
    """The episodes that pass every filter, in an order that follows from their keys and `seed` alone.

    Of episodes that exclude each other (equal code, a full task, cluster or category) the first in that order stays.
    """
    report, kept, diversity = FilterReport(), [], _Diversity(settings)
    for episode in shuffled(episodes, seed):
        report.seen += 1
        if reason := _unfit(episode, settings) or diversity.refuse(episode):
            report.dropped[reason] += 1
        else:
            kept.append(episode)
    report.kept = len(kept)
    return kept, report


def _unfit(episode: Episode, settings: FilterSettings) -> str | None:
    if episode.reward is None:
        return "ungraded"
    if not episode.success:
        return "failed"
    if settings.max_tokens and len(episode.prompt_ids) + len(episode.completion_ids) > settings.max_tokens:
        return "max_tokens"
    if settings.max_turns and len(episode.turns) > settings.max_turns:
        return "max_turns"
    actions = [turn.action for turn in episode.turns]
    if settings.repeats and closes(actions, settings.repeats) is not None:
        return "loop"
    return None


class _Diversity:
    """What was kept so far."""

    def __init__(self, settings: FilterSettings) -> None:
        self._settings = settings
        self._code: set[tuple[str, ...]] = set()
        self._tasks = Counter[str]()
        self._clusters, self._categories = Counter[tuple[str, str]](), Counter[tuple[str, str]]()

    def refuse(self, episode: Episode) -> str | None:
        """Why the episode adds too little; None takes it in."""
        s, ran = self._settings, _code(episode)
        cluster, category = (episode.family, episode.cluster), (episode.family, episode.category)
        if s.distinct_code and ran and (episode.family, *ran) in self._code:
            return "equal_code"
        if s.per_task and self._tasks[episode.task_id] >= s.per_task:
            return "per_task"
        if s.per_cluster and self._clusters[cluster] >= s.per_cluster:
            return "per_cluster"
        if s.per_category and self._categories[category] >= s.per_category:
            return "per_category"
        self._code.add((episode.family, *ran))
        self._tasks[episode.task_id] += 1
        self._clusters[cluster] += 1
        self._categories[category] += 1
        return None


def _code(episode: Episode) -> tuple[str, ...]:
    actions = [t.action for t in episode.turns]
    return tuple(a.content.strip() for a in actions if isinstance(a, Action) and a.kind in CODE)


def choose(
    episodes: Sequence[Episode], settings: FilterSettings, share: Share, seed: int
) -> tuple[list[Episode], FilterReport]:
    """The episodes to train on, in the order they came in: of those that `select` lets pass `share` percent.

    What a smaller share holds a larger one holds too. The report counts what the share leaves out as "share".
    """
    fit, report = select(episodes, settings, seed)
    chosen = {e.key for e in subsets(fit, seed)[share]}
    if len(chosen) < len(fit):
        report.dropped["share"] = len(fit) - len(chosen)
    report.kept = len(chosen)
    return [e for e in episodes if e.key in chosen], report


def subsets(episodes: Sequence[Episode], seed: int) -> dict[Share, list[Episode]]:
    """25, 50, 75 and 100 percent of the episodes: each holds the smaller ones, and of each family the same share
    (rounded up).
    """
    families = [
        shuffled((e for e in episodes if e.family == name), seed) for name in sorted({e.family for e in episodes})
    ]
    return {share: [e for mine in families for e in mine[: -(-len(mine) * share // 100)]] for share in SHARES}


def shuffled(episodes: Iterable[Episode], seed: int) -> list[Episode]:
    """The episodes in an order that follows from their keys and `seed`, in whatever order they finished."""
    return sorted(episodes, key=lambda e: (hashlib.sha256(f"{seed}/{e.key}".encode()).digest(), e.key))
