"""Loading a policy to train, and handing its weights to the server that samples from it."""

from __future__ import annotations

import gc
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model, set_peft_model_state_dict
from safetensors.torch import load_file
from transformers import PreTrainedModel
from transformers.integrations.deepspeed import unset_hf_deepspeed_config

from galen.errors import GalenError
from galen.policy.vllm import VLLMPolicy
from galen.presets import LoraSettings, ModelPreset, local_folder
from galen.train.device import fast_bf16
from galen.train.fsdp import within
from galen.train.logprobs import token_scores, trunk
from galen.train.weights import FETCH, again, check_base, check_trained, check_weights, load_whole
from galen.train.world import deepspeed, once, split, whole_weights
from galen.types import Episode

PARITY_NATS = 0.01  # mean difference a token that float32 must stay below


def load_model(source: str, preset: ModelPreset) -> PreTrainedModel:
    """The model in folder `source`, the preset's own or one trained from it, in the preset's dtype and with its LoRA
    adapters, if any.

    Raises:
        UserError: it is not the preset's model, or not all of its weights are there.
    """
    dtype = getattr(torch, preset.dtype)
    if deepspeed():
        # Else a ZeRO-3 trainer of before would have all processes split the weights while one of them loads.
        unset_hf_deepspeed_config()
    base, folder = local_folder(preset), Path(source)
    check_base(base, preset)
    trained = folder.resolve() != base.resolve()
    if trained:
        check_trained(folder, base, preset)
    if preset.lora is None:
        return load_whole(folder, dtype, again(folder) if trained else FETCH)
    model: Any = get_peft_model(load_whole(base, dtype, FETCH), lora_config(preset.lora))
    if trained:
        check_weights(folder, model)
        set_peft_model_state_dict(model, load_file(folder / "adapter_model.safetensors"))
    return model


def lora_config(lora: LoraSettings) -> LoraConfig:
    """New adapters on all linear layers, as peft wants them described."""
    return LoraConfig(r=lora.rank, lora_alpha=lora.alpha, target_modules="all-linear", task_type="CAUSAL_LM")


def serve_weights(model: PreTrainedModel, policy: VLLMPolicy, folder: Path) -> None:
    """Make `policy` sample from `model`'s present weights: the whole model, or its LoRA adapter. Every process calls it."""
    weights = whole_weights(model)
    if torch.cuda.is_available():  # what the trainer keeps in reserve, a server that wakes on its GPU needs
        gc.collect()
        torch.cuda.empty_cache()

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
def trainer_logprobs(model: PreTrainedModel, episode: Episode, temperature: float) -> torch.Tensor:
    """The trainer's log-probabilities of the episode's sampled tokens, shape (sampled tokens,), in the model's own dtype."""
    mask = torch.tensor(episode.completion_mask, dtype=torch.bool)
    ids = torch.tensor([[*episode.prompt_ids, *episode.completion_ids]], device=model.device)
    sampled = mask.to(ids.device)
    targets = ids[0, len(episode.prompt_ids) :][sampled]

    def scores() -> torch.Tensor:
        # The trunk itself: while training in bfloat16 accelerate wraps the model's `forward` in autocast.
        hidden = trunk(model)(input_ids=ids, use_cache=False).last_hidden_state[0, len(episode.prompt_ids) - 1 : -1]
        return token_scores(model, hidden[sampled], targets, temperature=temperature)["log_probs"].cpu()

    return within(model, scores)()


def parity(
    model: PreTrainedModel, episodes: Sequence[Episode], temperature: float, record: Path | None = None
) -> tuple[float, float]:
    """Mean and largest difference (nats a token) between the server's log-probabilities and the trainer's. The episodes
    must have been sampled at `temperature` from the same weights. `record` is a file to append the trainer's to.
    """
    was_training = model.training
    model.eval()
    total, count, worst, lines = 0.0, 0, 0.0, []
    for episode in episodes:
        mine = trainer_logprobs(model, episode, temperature)
        sampled = torch.tensor(episode.completion_mask, dtype=torch.bool)
        gap = (mine - torch.tensor(episode.completion_logprobs)[sampled]).abs()
        total, count, worst = total + gap.sum().item(), count + len(gap), max(worst, gap.max().item())
        lines.append(json.dumps({"key": episode.key, "logprobs": mine.tolist()}) + "\n")
    model.train(was_training)
    if record is not None:
        once(lambda: _append(record, lines))
    return total / max(1, count), worst


def _append(path: Path, lines: list[str]) -> None:
    with path.open("a") as file:
        file.writelines(lines)


def check_parity(
    model: PreTrainedModel, episodes: Sequence[Episode], temperature: float, record: Path | None = None
) -> tuple[float, float]:
    """`parity`, and an error where the server samples from other weights than the trainer's."""
    mean, worst = parity(model, episodes, temperature, record)
    # The passes of a model whose weights are split may be bfloat16, and its weights not (FSDP2).
    rounded = model.dtype != torch.float32 or (split(model) and fast_bf16())
    limit = 5 * PARITY_NATS if rounded else PARITY_NATS
    if not mean <= limit:  # where one of them is no number, neither is the difference
        raise GalenError(
            f"the server's log-probabilities differ from the trainer's by {mean:.4f} nats a token (limit {limit}): "
            "it does not sample from the weights that are trained"
        )
    return mean, worst
