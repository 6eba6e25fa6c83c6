"""PPO's critic: what reward is still to come at each token. No part of the policy, nor of what is served."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from torch import nn
from transformers import PreTrainedModel

from galen.errors import GalenError
from galen.train.logprobs import trunk

FILE = "critic.pt"  # in a checkpoint


class Critic(nn.Module):
    """A linear value head, on the policy's last hidden states or on those of a trunk of its own.

    The trunk begins as a copy of the policy's. It shares the policy's frozen weights: under LoRA it is a second
    adapter. The critic has its own optimizer, so that neither its learning rate nor the size of its gradients touches
    the policy's; every process holds it whole.
    """

    def __init__(
        self, policy: PreTrainedModel, *, separate: bool, trunk_gradient: float, learning_rate: float,
        max_grad_norm: float, gradient_checkpointing: bool,
    ) -> None:  # fmt: skip
        """`trunk_gradient` scales the gradient that a head on the policy sends into the policy's trunk."""
        super().__init__()
        self.trunk: Any = _copy(trunk(policy)) if separate else None
        if separate and gradient_checkpointing:
            self.trunk.gradient_checkpointing_enable({"use_reentrant": False})
        self.head = nn.Linear(policy.config.get_text_config().hidden_size, 1, device=policy.device)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        self.train()
        self._trunk_gradient, self._max_grad_norm = trunk_gradient, max_grad_norm
        self._weights = {name: p for name, p in self.named_parameters() if p.requires_grad}
        self.optimizer = torch.optim.AdamW(self._weights.values(), lr=learning_rate, weight_decay=0.0)

    @contextmanager
    def watching(self, policy: PreTrainedModel) -> Iterator[list[torch.Tensor]]:
        """Keep the last hidden states, (rows, tokens, width), of each pass of `policy` within the block."""
        seen: list[torch.Tensor] = []
        hook = trunk(policy).register_forward_hook(lambda module, args, out: seen.append(out.last_hidden_state))
        try:
            yield seen
        finally:
            hook.remove()

    def forward(self, ids: torch.Tensor, mask: torch.Tensor, hidden: torch.Tensor) -> torch.Tensor:
        """Values, float32, (rows, tokens): of what comes after each token of `ids`, given it and all before.

        `hidden` are the policy's last hidden states there.
        """
        if self.trunk is not None:
            hidden = self.trunk(input_ids=ids, attention_mask=mask, use_cache=False).last_hidden_state
        else:
            still = hidden.detach()
            hidden = still + self._trunk_gradient * (hidden - still) if self._trunk_gradient else still
        with torch.autocast(hidden.device.type, enabled=False):
            return self.head(hidden.float())[..., 0]

    def step(self, accelerator: Accelerator) -> None:
        """One step on the gradients of all processes, averaged."""
        for weight in self._weights.values():
            weight.grad = accelerator.reduce(weight.grad, "mean")  # type: ignore[assignment]
        norm = nn.utils.clip_grad_norm_(self._weights.values(), self._max_grad_norm).item()
        if not math.isfinite(norm):
            raise GalenError(
                f"ppo: the critic's gradient has the norm {norm}: its weights diverged and are not saved. The same command "
                "goes on from the last checkpoint; if it ends here again, lower ppo.critic_learning_rate in another OUT"
            )
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)

    def save(self, checkpoint: Path) -> None:
        """Write what training changes: weights and the optimizer's moments."""
        torch.save({"weights": self._weights, "optimizer": self.optimizer.state_dict()}, checkpoint / FILE)

    def restore(self, checkpoint: Path) -> None:
        """Take over what `save` wrote."""
        state = torch.load(checkpoint / FILE, map_location=self.head.weight.device, weights_only=True)
        self.load_state_dict(state["weights"], strict=False)  # strict would miss the weights that are frozen
        self.optimizer.load_state_dict(state["optimizer"])


def _copy(policy: nn.Module) -> nn.Module:
    return copy.deepcopy(policy, memo={id(p): p for p in policy.parameters() if not p.requires_grad})
