"""Which tasks a reinforcement step plays: seeded order, and a curriculum by solve rate."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from galen.types import Group, Task

LOW, HIGH = 0.05, 0.95  # a kind of task outside is seen less often: it hardly ever carries a gradient
PRIOR_WINS, PRIOR_PLAYS = 1.0, 2.0
DECAY = 0.9
RARE = 0.15


class TaskFeed:
    """Deals tasks without end. A kind is a task's template or calculator; its solve rate decides how often it comes.

    The state is plain data, so that a checkpoint can hold it (law 6).
    """

    def __init__(self, tasks: Sequence[Task], seed: int, curriculum: bool) -> None:
        self._seed, self._curriculum, self._dealt = seed, curriculum, 0
        self._wins: dict[str, float] = defaultdict(lambda: PRIOR_WINS)
        self._plays: dict[str, float] = defaultdict(lambda: PRIOR_PLAYS)
        self.families = sorted({t.family for t in tasks})
        self._pools = {f: [t for t in tasks if t.family == f] for f in self.families}

    def deal(self, n: int) -> list[Task]:
        """The next `n` tasks, families in equal shares."""
        hand: list[Task] = []
        while len(hand) < n:
            family = self.families[self._dealt % len(self.families)]
            rng = random.Random(f"{self._seed}/{self._dealt}")
            self._dealt += 1
            mine = self._pools[family]
            task = rng.choice(mine)
            for _ in range(20):
                if not self._curriculum or rng.random() < self._wanted(task):
                    break
                task = rng.choice(mine)
            hand.append(task)
        return hand

    def _wanted(self, task: Task) -> float:
        rate = self._wins[kind(task)] / self._plays[kind(task)]
        return 1.0 if LOW < rate < HIGH else RARE

    def learn(self, groups: Sequence[Group], tasks: dict[str, Task]) -> None:
        """Move the solve rates towards what `groups` show; one without a reward shows nothing."""
        for group in (g for g in groups if g.rewards):
            name = kind(tasks[group.task_id])
            self._wins[name] = self._wins[name] * DECAY + sum(group.rewards)
            self._plays[name] = self._plays[name] * DECAY + len(group.rewards)

    def state(self) -> dict[str, Any]:
        return {"dealt": self._dealt, "wins": dict(self._wins), "plays": dict(self._plays)}

    def restore(self, state: dict[str, Any]) -> None:
        self._dealt = state["dealt"]
        self._wins.update(state["wins"])
        self._plays.update(state["plays"])


def kind(task: Task) -> str:
    """The template or calculator of a task."""
    return task.metadata.get("q_tag") or task.category
