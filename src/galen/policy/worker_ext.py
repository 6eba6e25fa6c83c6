"""What runs inside vLLM's worker (`--worker-extension-cls galen.policy.worker_ext.WeightSync`): exact weight refresh.

On CPU a tied `lm_head` stays stale after `reload_weights` (measured with 0.31.0: 1.3 to 2.2 nats off), so it is tied
again and packed again; and adapters are applied by `galen.policy.lora_cpu`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from vllm.platforms import current_platform

from galen.policy import lora_cpu

if current_platform.is_cpu():
    lora_cpu.install()
if hasattr(torch.cpu, "_init_amx"):
    torch.cpu._init_amx()  # without it, eager bfloat16 on a host with AMX ends in SIGILL


class WeightSync:
    """Mixed into vLLM's worker."""

    def sync_from_disk(self: Any, path: str) -> bool:
        """Load the safetensors in folder `path`; returns whether the output head was tied again."""
        if not any(Path(path).glob("*.safetensors")):  # vLLM would find out when the old weights are gone
            raise FileNotFoundError(f"{path}: no safetensors there that this server can see")
        self.reload_weights(weights_path=path)
        return _tie(self.model_runner.get_model())


def _tie(model: Any) -> bool:
    head, body = getattr(model, "lm_head", None), getattr(model, "model", None)
    embedding = getattr(body, "embed_tokens", None)
    if head is None or embedding is None or not model.config.tie_word_embeddings:
        return False
    head.weight = embedding.weight
    if current_platform.is_cpu():
        from vllm.model_executor.layers.utils import dispatch_cpu_unquantized_gemm

        dispatch_cpu_unquantized_gemm(head, remove_weight=False)
    return True
