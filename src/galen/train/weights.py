"""Whether a folder holds the weights that a run trains, all of them and no other model's; asked before any training.

PyTorch's and Transformers' loaders fill what a folder lacks with new random numbers, and say so in a warning.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from huggingface_hub.errors import StrictDataclassError
from peft import PeftConfig, get_peft_model_state_dict
from safetensors import SafetensorError, safe_open
from transformers import AutoConfig, AutoModelForCausalLM, PretrainedConfig, PreTrainedModel

from galen.errors import UserError
from galen.policy.template import ChatTemplate
from galen.presets import Architecture, ModelPreset, read_config
from galen.train.world import split

ADAPTER = "adapter_config.json"
STATE = "trainer_state.json"  # what Transformers writes last into a checkpoint
SIZES = (*Architecture.model_fields, "rope_parameters")
FETCH = "make or fetch the model again, or choose another one"
TUNED = ("r", "lora_alpha", "target_modules")


def last_checkpoint(out: Path, written_last: str = STATE) -> Path | None:
    """The newest whole checkpoint in a run's folder: a kill while one was written leaves it without `written_last`."""
    return max((p.parent for p in out.glob(f"checkpoint-*/{written_last}")), key=step_of, default=None)


def step_of(checkpoint: Path) -> int:
    """The optimizer step after which a checkpoint was written."""
    return int(checkpoint.name.rpartition("-")[2])


def load_whole(folder: Path, dtype: torch.dtype, fix: str) -> PreTrainedModel:
    """The model in `folder`, every weight of it read from there.

    Raises:
        UserError: a file is missing or cut off, or a weight is missing or has another shape.
    """
    try:
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            folder, dtype=dtype, output_loading_info=True, ignore_mismatched_sizes=True
        )
    except (OSError, SafetensorError) as error:
        raise UserError(f"{folder}: its weights cannot be read ({_line(error)}); {fix}") from None
    model, found = loaded
    for name, stored, wanted in sorted(found["mismatched_keys"]):
        raise UserError(f"{folder}: {name} has shape {tuple(stored)}, but its config.json says {tuple(wanted)}; {fix}")
    if missing := sorted(found["missing_keys"]):
        raise UserError(f"{folder}: {len(missing)} weights are missing, {missing[0]} among them; {fix}")
    return model


def check_base(folder: Path, preset: ModelPreset) -> None:
    """Raise UserError where the model in `folder` has other sizes than its preset says, or a file is cut off."""
    _shapes(folder, FETCH)
    if preset.architecture is not None:
        wanted = preset.architecture.model_dump()
        _compare(folder / "config.json", _config(folder, FETCH).to_dict(), wanted, f"preset {preset.name}", FETCH)


def check_trained(folder: Path, base: Path, preset: ModelPreset) -> None:
    """Raise UserError where `folder`, of a run, cannot hold a model trained from `base`: by its kind, its sizes or its
    tokenizer.
    """
    fix = again(folder)
    adapter = (folder / ADAPTER).exists()
    if adapter and preset.lora is None:
        raise UserError(f"{folder}: holds a LoRA adapter, but model {preset.name} has lora none; {fix}")
    if not adapter and preset.lora is not None:
        raise UserError(
            f"{folder}: {ADAPTER} is missing, but model {preset.name} trains LoRA of rank {preset.lora.rank}; {fix}"
        )
    if not adapter:
        wanted = _config(base, FETCH).to_dict()
        found = _config(folder, fix).to_dict()
        _compare(folder / "config.json", found, {n: wanted.get(n) for n in SIZES}, str(base), fix)
    theirs, ours = ChatTemplate(folder).fingerprint, ChatTemplate(base).fingerprint
    if theirs != ours:
        raise UserError(
            f"{folder}: its tokenizer and chat template have the fingerprint {theirs}, but {base} has {ours}; put back the "
            f"tokenizer.json that it was trained with, or {fix}"
        )


def check_weights(folder: Path, model: PreTrainedModel) -> None:
    """Raise UserError where `folder` does not hold just `model`'s weights, or its adapter's, each in its shape."""
    if split(model):
        return  # every process holds a part of each weight: its shape says nothing
    fix = again(folder)
    if hasattr(model, "peft_config"):
        config: PeftConfig = model.peft_config["default"]  # type: ignore[assignment,index]
        wanted = {name: getattr(config, name) for name in TUNED}
        _compare(folder / ADAPTER, _json(folder / ADAPTER, fix), wanted, "the model to train", fix)
        weights = get_peft_model_state_dict(model, save_embedding_layers=False)
    else:
        wanted = model.config.to_dict()
        stored = _config(folder, fix).to_dict()
        _compare(folder / "config.json", stored, {n: wanted.get(n) for n in SIZES}, "the model to train", fix)
        weights = model.state_dict()
    _compare_shapes(folder, weights, fix)


def _compare_shapes(folder: Path, weights: Mapping[str, torch.Tensor], fix: str) -> None:
    stored = _shapes(folder, fix)
    for name in sorted(stored.keys() - weights.keys()):
        raise UserError(f"{folder}: {name} is no weight of the model to train; {fix}")
    there = {weights[name].data_ptr() for name in stored}
    for name, weight in weights.items():
        if name not in stored and weight.data_ptr() not in there:  # of tied weights one is stored
            raise UserError(f"{folder}: {name} is missing; {fix}")
        if name in stored and stored[name] != tuple(weight.shape):
            raise UserError(
                f"{folder}: {name} has shape {stored[name]}, but the model to train has {tuple(weight.shape)}; {fix}"
            )


def _shapes(folder: Path, fix: str) -> dict[str, tuple[int, ...]]:
    """The shape of each stored weight, from the files' headers; a file that is cut off is refused."""
    found: dict[str, tuple[int, ...]] = {}
    for path in sorted(folder.glob("*.safetensors")):
        try:
            with safe_open(path, "pt") as file:
                found |= {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
        except SafetensorError as error:
            raise UserError(f"{path}: cannot be read ({_line(error)}); {fix}") from None
    return found


def _compare(path: Path, found: Mapping[str, Any], wanted: Mapping[str, Any], owner: str, fix: str) -> None:
    for name, value in wanted.items():
        mine, theirs = (sorted(v) if isinstance(v, list | set) else v for v in (found.get(name), value))
        if mine != theirs:
            raise UserError(f"{path}: {name} is {mine}, but {owner} has {theirs}: it is another model; {fix}")


def _config(folder: Path, fix: str) -> PretrainedConfig:
    """The configuration with its defaults filled in."""
    path = folder / "config.json"
    if not path.exists():
        raise UserError(f"{path}: no such file; {fix}")
    read_config(folder)  # says where it is not JSON
    try:
        return AutoConfig.from_pretrained(folder).get_text_config()
    except (ValueError, StrictDataclassError) as error:
        raise UserError(f"{path}: is no configuration of a model ({_line(error)}); {fix}") from None


def _json(path: Path, fix: str) -> dict[str, Any]:
    try:
        return json.loads(path.read_text())
    except (OSError, json.JSONDecodeError) as error:
        raise UserError(f"{path}: cannot be read ({_line(error)}); {fix}") from None


def again(folder: Path) -> str:
    """What helps where a folder of a run is broken."""
    return f"remove {folder}, and the same command makes it again"


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
