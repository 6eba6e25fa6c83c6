"""Loading a policy to train, and handing its weights to the server that samples from it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, PreTrainedModel
from transformers.integrations.deepspeed import unset_hf_deepspeed_config

from galen.errors import GalenError
from galen.policy.vllm import VLLMPolicy
from galen.presets import ModelPreset
from galen.train.world import deepspeed, once, whole_weights
from galen.types import Episode

PARITY_NATS = 0.01  # mean difference a token that float32 must stay below


def load_model(source: str, preset: ModelPreset) -> PreTrainedModel:
    """The model in `source` (folder or hub id) in the preset's dtype; with the preset's LoRA adapters, if any."""
    dtype = getattr(torch, preset.dtype)
    if deepspeed():
        # Else a ZeRO-3 trainer of before would have all processes split the weights while one of them loads.
        unset_hf_deepspeed_config()
    path = Path(source)
    adapter = path / "adapter_config.json"
    if preset.lora is None:
        return AutoModelForCausalLM.from_pretrained(source, dtype=dtype)
    from peft import LoraConfig, PeftModel, get_peft_model

    base = AutoModelForCausalLM.from_pretrained(preset.folder or preset.path, dtype=dtype)
    if adapter.exists():
        return PeftModel.from_pretrained(base, source, is_trainable=True)  # type: ignore[return-value]
    config = LoraConfig(
        r=preset.lora.rank, lora_alpha=preset.lora.alpha, target_modules="all-linear", task_type="CAUSAL_LM"
    )
    return get_peft_model(base, config)  # type: ignore[return-value]


def serve_weights(model: PreTrainedModel, policy: VLLMPolicy, folder: Path) -> None:
    """Make `policy` sample from `model`'s present weights: the whole model, or its LoRA adapter. Every process calls it."""
    weights = whole_weights(model)

    def serve() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        model.save_pretrained(folder, state_dict=weights)
        if hasattr(model, "peft_config"):
            policy.publish(folder)
        else:
            policy.refresh(folder)

    once(serve)


def save_model(model: Any, base: Path, target: Path) -> None:
    """Model and tokenizer in folder `target`, which appears whole or not at all. Every process calls it."""
    weights = whole_weights(model)
    once(lambda: _save(model, weights, base, target))


def _save(model: Any, weights: dict[str, torch.Tensor] | None, base: Path, target: Path) -> None:
    draft = target.with_name(target.name + ".partial")
    shutil.rmtree(draft, ignore_errors=True)
    model.save_pretrained(draft, state_dict=weights)
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "vocab.json", "merges.txt"):
        if (base / name).exists():
            shutil.copy(base / name, draft / name)
    shutil.rmtree(target, ignore_errors=True)
    draft.rename(target)


@torch.no_grad()
def parity(model: PreTrainedModel, episodes: Sequence[Episode], temperature: float) -> tuple[float, float]:
    """Mean and largest difference (nats a token) between the server's log-probabilities and the trainer's, in the
    model's own dtype. The episodes must have been sampled at `temperature` from the same weights.
    """
    was_training = model.training
    model.eval()
    # While training in bfloat16 accelerate wraps `forward` in autocast: the comparison is of the weights themselves.
    forward = getattr(model, "_original_forward", model)
    total, count, worst = 0.0, 0, 0.0
    for episode in episodes:
        ids = torch.tensor([[*episode.prompt_ids, *episode.completion_ids]], device=model.device)
        logits = forward(input_ids=ids).logits[0, len(episode.prompt_ids) - 1 : -1].float() / temperature
        mine = logits.log_softmax(-1).gather(1, ids[0, len(episode.prompt_ids) :, None])[:, 0].cpu()
        theirs = torch.tensor(episode.completion_logprobs)
        mask = torch.tensor(episode.completion_mask, dtype=torch.bool)
        gap = (mine - theirs)[mask].abs()
        total, count, worst = total + gap.sum().item(), count + int(mask.sum()), max(worst, gap.max().item())
    model.train(was_training)
    return total / max(1, count), worst


def check_parity(model: PreTrainedModel, episodes: Sequence[Episode], temperature: float) -> tuple[float, float]:
    """`parity`, and an error where the server samples from other weights than the trainer's."""
    mean, worst = parity(model, episodes, temperature)
    limit = PARITY_NATS if model.dtype == torch.float32 else 5 * PARITY_NATS
    if mean > limit:
        raise GalenError(
            f"the server's log-probabilities differ from the trainer's by {mean:.4f} nats a token (limit {limit}): "
            "it does not sample from the weights that are trained"
        )
    return mean, worst
