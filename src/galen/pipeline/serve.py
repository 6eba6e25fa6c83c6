"""The server that the policy of a run samples from: its own child, on the trainer's GPU or others, or one that runs."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn

import torch

from galen.pipeline.fetch import fetch
from galen.policy.attach import require_server
from galen.policy.template import ChatTemplate
from galen.policy.vllm import VLLMPolicy, VLLMServer, command, environment
from galen.presets import ModelPreset


def open_policy(
    model: ModelPreset, folder: Path, template: ChatTemplate, log: Path, workers: int, stack: ExitStack
) -> VLLMPolicy:
    """A policy that samples from the weights in `folder`, or from a running server's; what is started, `stack` ends.

    Raises:
        UserError: the preset's place for the server is none.
        ProviderError: the server does not start.
    """
    cpu = not torch.cuda.is_available()
    if model.serve.url:
        require_server(model.serve.url, model)
        return VLLMPolicy(model.serve.url, template, "base", workers)
    server = VLLMServer(
        str(folder), model.serve, dtype=model.dtype, context=model.context, log=log, cpu=cpu, lora_rank=_rank(model)
    )
    stack.callback(server.close)
    server.wait()
    level = model.serve.sleep_level(cpu=cpu)
    return VLLMPolicy(server.url, template, "base", workers, sleep=level, folder=folder)


def serve_here(model: ModelPreset, host: str, port: int) -> NoReturn:
    """Become the server of `model`, for a trainer's `serve.url`. Its GPUs are those that it sees, or `serve.gpus`."""
    cpu = not torch.cuda.is_available()
    settings = model.serve.model_copy(update={"sleep": 0})  # no trainer shares its place
    words = command(
        str(fetch(model)), settings, dtype=model.dtype, context=model.context, host=host, port=port, cpu=cpu,
        lora_rank=_rank(model),
    )  # fmt: skip
    os.execve(words[0], words, environment(settings, cpu=cpu))


def _rank(model: ModelPreset) -> int:
    return model.lora.rank if model.lora else 0
