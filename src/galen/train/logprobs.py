"""Log-probabilities and entropies of chosen tokens, from hidden states: the logits of a long row are never there at once.

TRL's fused head does so where Triton is; elsewhere it scores every position, and each more slowly than plain logits do
(benchmarks/logprobs.py). Here the chosen positions are scored alone, and where they are many in parts, whose logits
the backward pass computes again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from peft import PeftModel
from torch import nn
from torch.utils.checkpoint import checkpoint
from transformers import PreTrainedModel
from trl.trainer.utils import FusedCausalLMOutput

from galen.data.rows import IGNORED
from galen.errors import UserError
from galen.train.world import split

NUMBERS = 2**25  # logits that are there at once: 128 MiB in float32, and a few times that with what is made of them
CHUNK_ROWS = 8  # rows of one forward pass: few enough to be of like length
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
        raise UserError(f"{config.model_type}: {odd[0]} changes its logits, which is not known here; choose another")
    head = inner(model).get_output_embeddings()
    size = max(1, NUMBERS // config.vocab_size)
    if len(targets) <= size:
        return _scores(head, hidden, targets, temperature, outputs)
    parts = [
        checkpoint(_scores, head, *part, temperature, outputs, use_reentrant=False, preserve_rng_state=False)
        for part in zip(hidden.split(size), targets.split(size), strict=True)
    ]
    return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}


def _scores(
    head: nn.Module, hidden: torch.Tensor, targets: torch.Tensor, temperature: float, outputs: tuple[str, ...]
) -> dict[str, torch.Tensor]:
    logits = head(hidden)
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32)) / temperature
    logs = logits.log_softmax(-1)
    found = {"log_probs": logs.gather(1, targets[:, None])[:, 0]}
    if "entropy" in outputs:
        found["entropy"] = -(logs.exp() * logs).sum(-1)
    if "mean_logits" in outputs:
        found["mean_logits"] = logits.detach().mean(-1)
    if "is_top1" in outputs:
        found["is_top1"] = logits.argmax(-1) == targets
    return found


def by_length(
    attention_mask: torch.Tensor, score: Callable[[torch.Tensor], dict[str, torch.Tensor]], most: int
) -> dict[str, torch.Tensor]:
    """What `score` gives for all rows of `attention_mask`, (rows, tokens), in their order. It is called with the numbers
    of few rows at a time, at `most` so many, shortest first, and cuts them to their own span: padded are its results alone.
    """
    order = attention_mask.sum(1).argsort()
    parts = [score(rows) for rows in order.split(min(CHUNK_ROWS, most))]
    back = order.argsort()
    return {name: torch.cat([part[name] for part in parts])[back] for name in parts[0]}


def on_processor(model: Any) -> bool:
    """Whether `model` is scored by `score_rows`: a bare and whole one on a CPU. TRL's own head does it elsewhere, and where
    a model is wrapped or split to train it on several processes.
    """
    return isinstance(model, PreTrainedModel | PeftModel) and model.device.type == "cpu" and not split(model)


def score_rows(
    model: Any, *, labels: torch.Tensor, temperature: float = 1.0, outputs: tuple[str, ...] = (), **read: torch.Tensor
) -> FusedCausalLMOutput:
    """What TRL's fused head gives, of shape (rows, tokens - 1) and 0 where there is no label, from the labelled positions
    alone. `read` is what the trunk reads: `input_ids`, and `attention_mask` or the `position_ids` of packed rows. The
    caller chooses the autocast.
    """
    hidden = trunk(model)(**read, use_cache=False).last_hidden_state[:, :-1]
    targets = labels[:, 1:]
    chosen = targets != IGNORED
    found = token_scores(model, hidden[chosen], targets[chosen], temperature=temperature, outputs=outputs)
    # masked_scatter keeps the graph where no position is labelled.
    spread = {name: x.new_zeros(chosen.shape).masked_scatter(chosen, x) for name, x in found.items()}
    return FusedCausalLMOutput(**spread)
