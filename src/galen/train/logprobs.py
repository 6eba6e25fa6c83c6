"""Log-probabilities and entropies of chosen tokens, from hidden states: the logits of a row are never there at once.

TRL's kernel scores tiles of tokens x vocabulary and recomputes each tile in the backward pass. TRL's own head gives it
the labelled positions where Triton is, and every position elsewhere; here it gets the labelled ones on any device.
"""

from __future__ import annotations

from typing import Any

import torch
from peft import PeftModel
from torch import nn
from transformers import PreTrainedModel
from trl.kernels import ChunkedLogProbFunction
from trl.trainer.utils import FusedCausalLMOutput

from galen.data.rows import IGNORED
from galen.errors import UserError

COLUMNS = 4096  # of the vocabulary in a tile; its rows are TRL's 4,096 tokens at most
RESCALED = ("final_logit_softcapping", "logit_scale", "logits_scaling", "output_multiplier", "lm_head_multiplier")


def inner(model: Any) -> Any:
    """The causal language model within its adapters, if any."""
    return model.get_base_model() if hasattr(model, "peft_config") else model


def trunk(model: Any) -> nn.Module:
    """The transformer under the language-model head: its output has the last hidden states, (rows, tokens, width)."""
    return inner(model).base_model


def token_scores(
    model: Any, hidden: torch.Tensor, targets: torch.Tensor, *, temperature: float = 1.0, outputs: tuple[str, ...] = ()
) -> dict[str, torch.Tensor]:
    """`log_probs` of the `targets`, (n,), after `hidden`, (n, width), in float32, at `temperature`; of `outputs` also
    `entropy`, in nats and with a gradient, and without one `mean_logits` and `is_top1`.

    Raises:
        UserError: the model changes its logits after the head.
    """
    config = inner(model).config.get_text_config()
    if odd := [name for name in RESCALED if getattr(config, name, None) is not None]:
        raise UserError(f"{config.model_type}: {odd[0]} changes its logits, which are not scored so; choose another model")
    head = inner(model).get_output_embeddings()
    found = ChunkedLogProbFunction.apply(
        hidden, head.weight, head.bias, targets, temperature, COLUMNS, None, 1.0, outputs
    )  # fmt: skip
    names = ("log_probs", "entropy", "log_sum_sq_probs", "mean_logits", "is_top1")
    return {name: x for name, x in zip(names, found, strict=True) if x is not None}


def on_processor(model: Any) -> bool:
    """Whether `model` is scored by `score_rows`: a bare one on a CPU. TRL's own head does it elsewhere, and within what
    wraps a model to train it on several processes.
    """
    return isinstance(model, PreTrainedModel | PeftModel) and model.device.type == "cpu"


def score_rows(
    model: Any, *, input_ids: torch.Tensor, attention_mask: torch.Tensor, labels: torch.Tensor, temperature: float = 1.0,
    outputs: tuple[str, ...] = (),
) -> FusedCausalLMOutput:  # fmt: skip
    """What TRL's fused head gives, of shape (rows, tokens - 1) and 0 where there is no label, from the labelled positions
    alone. The caller chooses the autocast.
    """
    hidden = trunk(model)(input_ids=input_ids, attention_mask=attention_mask, use_cache=False).last_hidden_state[:, :-1]
    targets = labels[:, 1:]
    chosen = targets != IGNORED
    found = token_scores(model, hidden[chosen], targets[chosen], temperature=temperature, outputs=outputs)
    # masked_scatter keeps the graph where no position is labelled.
    spread = {name: x.new_zeros(chosen.shape).masked_scatter(chosen, x) for name, x in found.items()}
    return FusedCausalLMOutput(**spread)
