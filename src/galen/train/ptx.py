"""Demonstrations beside a reinforcement step: PPO-ptx's second term (Ouyang et al. 2022, equation 2).

Policy gradients of a few live groups cost tasks that the policy already solved and that no group shows. The
cross-entropy of demonstrations, which cover them, is added to each step's loss.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import torch
from torch.nn.utils.rnn import pad_sequence

from galen.types import TrainRow


def draw(rows: Sequence[TrainRow], n: int, where: str) -> list[TrainRow]:
    """`n` of the rows (all, where there are fewer): the same ones at the same place of a run (law 6)."""
    return random.Random(where).sample(rows, min(n, len(rows)))


def collate(rows: Sequence[TrainRow]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Token ids, attention and loss mask of the rows, zeros to their right; each of shape (rows, longest row)."""
    tokens = [torch.tensor(r.input_ids) for r in rows]
    ids = pad_sequence(tokens, batch_first=True)
    attention = pad_sequence([torch.ones_like(t) for t in tokens], batch_first=True)
    mask = pad_sequence([torch.tensor(r.mask) for r in rows], batch_first=True)
    return ids, attention, mask
