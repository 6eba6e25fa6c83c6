"""Equal shares of the gradient for task families."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import torch

from galen.types import Group


def balanced(
    advantages: torch.Tensor, weights: torch.Tensor, families: torch.Tensor, count: int,
    total: Callable[[torch.Tensor], torch.Tensor],
) -> torch.Tensor:  # fmt: skip
    """`advantages`, of shape (rows,) or (rows, tokens), scaled so that each family weighs alike in the loss.

    A family's weight is the sum of its absolute advantages, each times its entry of `weights` (same shape): how often the
    loss counts it. Families that have one share the sum of all equally, so the loss as a whole keeps its size.
    `families` are the rows' numbers below `count`; `total` sums a tensor over all processes.

    Scales of advantages differ between tasks, and the largest rule the update (Hessel et al. 2019, Multi-task deep RL
    with PopArt); AgentRL normalises them a task (Zhang et al. 2025, task advantage normalization). A standard deviation is
    blind to how many groups and tokens a task has; this sum is not.
    """
    weighed = (advantages.abs() * weights).reshape(len(advantages), -1).sum(1)
    mass = total(torch.zeros(count, dtype=weighed.dtype, device=weighed.device).index_add_(0, families, weighed))
    share = mass.sum() / (mass > 0).sum().clamp(min=1)
    factors = torch.where(mass > 0, share / mass.clamp(min=torch.finfo(mass.dtype).tiny), 1.0)[families]
    return advantages * factors.reshape(-1, *[1] * (advantages.dim() - 1))


def alternating(groups: Sequence[Group]) -> list[Group]:
    """The groups, first one of each family, then a second of each, and so on."""
    seen = Counter[str]()
    ranked: list[tuple[int, Group]] = []
    for group in groups:
        family = group.episodes[0].family
        ranked.append((seen[family], group))
        seen[family] += 1
    return [group for _, group in sorted(ranked, key=lambda entry: entry[0])]
