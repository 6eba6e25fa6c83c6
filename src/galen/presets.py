"""Model presets: `configs/models/<name>.yaml`, or any local folder that holds a model."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from galen.config import load, preset
from galen.errors import UserError
from galen.paths import ROOT
from galen.types import Frozen


class LoraSettings(Frozen):
    """Low-rank adapters on all linear layers (Hu et al. 2021)."""

    rank: int = Field(default=32, ge=1)
    alpha: int = Field(default=64, ge=1)


class ServeSettings(Frozen):
    """How vLLM serves the policy. `gpu_memory_utilization` leaves room for the trainer on the same GPU."""

    max_num_seqs: int = Field(default=64, ge=1)
    gpu_memory_utilization: float = Field(default=0.5, gt=0, le=1)
    tensor_parallel: int = Field(default=1, ge=1)
    eager: bool = False


class ModelPreset(Frozen):
    """What a policy is and how it fits: hub id or folder, context in tokens, full or LoRA.

    `overrides` are dotted settings that this model needs of every recipe (the tiny model's learning rates, say).
    """

    name: str
    path: str
    profile: Literal["full", "compact"] = "full"
    dtype: Literal["float32", "bfloat16"] = "bfloat16"
    lora: LoraSettings | None = None
    context: int = Field(default=8192, ge=128)
    reply_tokens: int = Field(default=1024, ge=16)
    gradient_checkpointing: bool = True
    serve: ServeSettings = ServeSettings()
    overrides: dict[str, Any] = {}

    @property
    def folder(self) -> Path | None:
        """The local folder, or None for a hub id."""
        path = Path(self.path)
        path = path if path.is_absolute() else ROOT / path
        return path if path.is_dir() else None


def model_preset(name: str) -> ModelPreset:
    """Preset `name`, or a local model folder; raises UserError naming the known presets."""
    folder = Path(name)
    if folder.is_dir():
        if not (folder / "config.json").exists():
            raise UserError(f"{folder}: a folder, but no model: config.json is missing")
        return ModelPreset(name=folder.resolve().name, path=str(folder.resolve()))
    return load(preset("models", name), ModelPreset)
