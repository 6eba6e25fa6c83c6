"""FSDP2, as accelerate and TRL run it: what is changed of them, at their pinned versions, and calls beside the forward pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import torch
from accelerate import Accelerator, PartialState
from accelerate.utils import DistributedType, FullyShardedDataParallelPlugin
from accelerate.utils.fsdp_utils import fsdp2_prepare_model
from torch.distributed.fsdp import FSDPModule, MixedPrecisionPolicy, register_fsdp_forward_method

from galen.train.world import whole_weights

C = TypeVar("C", bound=Callable[..., Any])


def adapt() -> None:
    """Change accelerate and TRL in this process."""
    from trl.trainer import dpo_trainer, grpo_trainer

    if not torch.cuda.is_available():  # where accelerate would train by DDP
        PartialState._prepare_backend = lambda *_, **__: ("gloo", DistributedType.MULTI_GPU)  # type: ignore[method-assign]
    FullyShardedDataParallelPlugin.set_mixed_precision = _bfloat16  # type: ignore[method-assign]
    # Theirs gathers LoRA's frozen base for each checkpoint as well.
    Accelerator.get_state_dict = lambda self, model, unwrap=True: whole_weights(model)  # type: ignore[method-assign]
    dpo_trainer.prepare_fsdp = grpo_trainer.prepare_fsdp = reference  # type: ignore[assignment]


def _bfloat16(plugin: FullyShardedDataParallelPlugin, *_: Any, **__: Any) -> None:
    """Passes in bfloat16. Accelerate's policy rounds what they give, log-probabilities too, and sums gradients so."""
    plugin.mixed_precision_policy = MixedPrecisionPolicy(param_dtype=torch.bfloat16, reduce_dtype=torch.float32)


def reference(model: Any, accelerator: Accelerator) -> Any:
    """`model`, which is not trained, split block by block: each process would hold TRL's whole while it scores."""
    return fsdp2_prepare_model(accelerator, model.requires_grad_(False)).eval()


def within(model: Any, call: C) -> C:
    """`call`, for use of `model`'s parts: those that FSDP2 splits work within a forward pass of the whole alone."""
    if not isinstance(model, FSDPModule):
        return call
    root: Any = model
    root.within = call
    register_fsdp_forward_method(root, "within")
    return root.within
