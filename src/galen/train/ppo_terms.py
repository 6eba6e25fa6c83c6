"""The terms of PPO's objective (Schulman et al. 2017, section 3), as functions of tensors.

A time step is a token that the agent sampled. Tensors are of shape (rows, tokens); `mask` is 1 at the agent's tokens
and 0 at the environment's and at padding, which are passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from galen.train.shaping import ShapingSettings, costs
from galen.types import Episode

Total = Callable[[torch.Tensor], torch.Tensor]
"""Sums a tensor over all processes."""

KL_GAIN, KL_ERROR = 0.1, 0.2  # of Ziegler et al.'s controller


def turn_rewards(
    episodes: Sequence[Episode], rewards: Sequence[float | None], tokens: int, shaping: ShapingSettings
) -> torch.Tensor:
    """Rewards of shape (episodes, `tokens`), float32: minus a turn's cost at its last sampled token, and the outcome at
    the episode's last. They sum up to `rewards`, the shaped ones; an episode with None has none.
    """
    found = torch.zeros(len(episodes), tokens)
    for row, episode, reward in zip(found, episodes, rewards, strict=True):
        start, last, left = 0, None, reward
        for turn, cost in zip(episode.turns, costs(episode, shaping), strict=True):
            sampled = [i for i, own in enumerate(turn.loss_mask) if own]
            if sampled and left is not None:
                last = start + sampled[-1]
                row[last] -= cost
                left += cost
            start += len(turn.token_ids)
        if last is not None and left is not None:
            row[last] += left
    return found


def gae(
    rewards: torch.Tensor, values: torch.Tensor, mask: torch.Tensor, gamma: float, lam: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Generalised advantage estimates (Schulman et al. 2016, equation 16) and the returns that values are fitted to.

    What follows an agent's token is its next token, however much the environment wrote between; after the last one
    the value is 0. Both results are 0 where the mask is.
    """
    mask = mask.bool()
    order = (~mask).sort(dim=1, stable=True).indices  # the agent's tokens first, in their order
    r, v, m = rewards.gather(1, order), values.gather(1, order), mask.gather(1, order)
    packed = torch.zeros_like(v)
    later, later_value = torch.zeros_like(v[:, 0]), torch.zeros_like(v[:, 0])
    for t in reversed(range(int(m.sum(1).max()))):
        delta = r[:, t] + gamma * later_value - v[:, t]
        later = torch.where(m[:, t], delta + gamma * lam * later, 0.0)
        later_value = torch.where(m[:, t], v[:, t], 0.0)
        packed[:, t] = later
    advantages = torch.zeros_like(v).scatter(1, order, packed)
    return advantages, torch.where(mask, advantages + values, 0.0)


def moments(x: torch.Tensor, mask: torch.Tensor, total: Total) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and variance of `x` over the agent's tokens of all processes; 0 where there is none."""
    count = total(mask.sum()).clamp(min=1)
    mean = total((x * mask).sum()) / count
    return mean, total((((x - mean) ** 2) * mask).sum()) / count


def whiten(x: torch.Tensor, mask: torch.Tensor, total: Total) -> torch.Tensor:
    """`x` with mean 0 and variance 1 over the agent's tokens of all processes, and 0 elsewhere."""
    mean, variance = moments(x, mask, total)
    return (x - mean) / (variance.sqrt() + 1e-8) * mask


def explained_variance(returns: torch.Tensor, values: torch.Tensor, mask: torch.Tensor, total: Total) -> torch.Tensor:
    """1 for a perfect critic, 0 for one that knows the mean alone; NaN where the returns do not vary."""
    variance = moments(returns, mask, total)[1]
    return torch.where(variance > 0, 1 - moments(returns - values, mask, total)[1] / variance, torch.nan)


def value_losses(values: torch.Tensor, old: torch.Tensor, returns: torch.Tensor, clip: float) -> torch.Tensor:
    """Half the squared error of each token, the larger of that of `values` and of `values` kept within `clip` of the
    `old` ones: a value gains nothing by leaving that range (the authors' implementation, OpenAI Baselines).
    """
    near = old + (values - old).clamp(-clip, clip)
    return 0.5 * torch.maximum((values - returns) ** 2, (near - returns) ** 2)


def next_kl_coefficient(coefficient: float, kl: float, target: float) -> float:
    """The coefficient after a rollout whose divergence was `kl`: up to 2 % more or less (Ziegler et al. 2019, section
    2.2).
    """
    error = min(KL_ERROR, max(-KL_ERROR, kl / target - 1))
    return coefficient * (1 + KL_GAIN * error)
