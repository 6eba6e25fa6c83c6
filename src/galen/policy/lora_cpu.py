"""LoRA in vLLM on a processor: two matrix products an adapter of the batch.

vLLM's own way there (0.31) copies both matrices of the adapter once for every token, and gives requests without an
adapter another one's where both stand in a batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch


def install() -> None:
    """Have this process's `PunicaWrapperCPU` add adapters by `add_lora_linear`."""
    from vllm.lora.punica_wrapper.punica_cpu import PunicaWrapperCPU

    PunicaWrapperCPU.add_lora_linear = _method


def _method(
    self: Any, y: torch.Tensor, x: torch.Tensor, lora_a_stacked: Sequence[torch.Tensor],
    lora_b_stacked: Sequence[torch.Tensor], scale: float, output_slices: Sequence[int], **_: Any,
) -> None:  # fmt: skip
    add_lora_linear(y, x, lora_a_stacked, lora_b_stacked, scale, output_slices, self.token_lora_indices)


def add_lora_linear(
    y: torch.Tensor, x: torch.Tensor, a: Sequence[torch.Tensor], b: Sequence[torch.Tensor], scale: float,
    widths: Sequence[int], adapters: torch.Tensor,
) -> None:  # fmt: skip
    """Add `scale * x @ A.T @ B.T` to `y` in place, each token with its own adapter.

    `x` is (tokens, in), `y` (tokens, sum of `widths`), `a[i]` (slots, 1, rank, in), `b[i]` (slots, 1, widths[i], rank):
    one of each for every layer that vLLM has merged into this one. `adapters` (tokens,) holds slots, -1 for none.
    """
    slots = adapters.unique().tolist()
    for slot in slots:
        if slot < 0:
            continue
        mine = slice(None) if len(slots) == 1 else adapters == slot
        inputs, start = x[mine], 0
        for first, second, width in zip(a, b, widths, strict=True):
            y[mine, start : start + width] += (inputs @ first[slot, 0].T * scale) @ second[slot, 0].T
            start += width
