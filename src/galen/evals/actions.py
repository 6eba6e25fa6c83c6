"""What agents do with their turns, by family: the paper's Table 7."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from galen.types import Action, ActionKind, Episode

PAPER = (ActionKind.REQUEST_INFO, ActionKind.TERMINAL, ActionKind.CODE_EXECUTION, ActionKind.DEBUGGING)


@dataclass(frozen=True)
class ActionMix:
    """`turns` are a mean an episode. `shares` are of the paper's four actions, whose sum is 1 (no action: all 0);
    `submissions` and `no_action` (replies that are none) are shares of all turns, since the paper has neither.
    """

    family: str
    episodes: int
    turns: float
    shares: dict[str, float]
    submissions: float
    no_action: float


def action_mix(episodes: Sequence[Episode]) -> list[ActionMix]:
    """One a family, and one of all together where there are several."""
    families = sorted({e.family for e in episodes})
    names = [*families, "all"] if len(families) > 1 else families
    return [_mix(name, [e for e in episodes if name in ("all", e.family)]) for name in names]


def _mix(family: str, episodes: Sequence[Episode]) -> ActionMix:
    taken = Counter(t.action.kind if isinstance(t.action, Action) else None for e in episodes for t in e.turns)
    four, turns = sum(taken[kind] for kind in PAPER), max(1, sum(taken.values()))
    return ActionMix(
        family, len(episodes), fmean(len(e.turns) for e in episodes),
        {kind.value: taken[kind] / max(1, four) for kind in PAPER},
        submissions=taken[ActionKind.SUBMIT] / turns, no_action=taken[None] / turns,
    )  # fmt: skip
