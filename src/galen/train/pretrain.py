"""Pre-training of the tiny base on unlabelled text: one file, read from top to bottom.

Documents are streamed, packed into rows of `block` tokens, and trained with AdamW under a cosine schedule for a fixed
number of steps. A checkpoint every few hundred steps lets the same command go on after an interruption.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import torch
from pydantic import Field
from tokenizers import Tokenizer
from transformers import Qwen2ForCausalLM

from galen.train.device import autocast, fast_bf16
from galen.types import Frozen


class PretrainSettings(Frozen):
    """Rows a step times `block` tokens a row; AdamW's peak learning rate; steps in all."""

    steps: int = Field(default=3000, ge=1)
    rows: int = Field(default=16, ge=1)
    block: int = Field(default=320, ge=16)
    learning_rate: float = Field(default=2e-3, gt=0)
    warmup: int = Field(default=100, ge=0)
    weight_decay: float = Field(default=0.05, ge=0)
    checkpoint_every: int = Field(default=250, ge=1)
    seed: int = 0


def pretrain(model_dir: Path, documents: Iterable[str], settings: PretrainSettings) -> float:
    """Train the model in `model_dir` in place; returns the mean loss (nats a token) of the last 50 steps."""
    torch.manual_seed(settings.seed)
    model = Qwen2ForCausalLM.from_pretrained(model_dir, dtype=torch.float32)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=settings.learning_rate, betas=(0.9, 0.98), weight_decay=settings.weight_decay
    )
    checkpoint = model_dir / "pretrain.pt"
    first = 0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        first = state["step"]
        print(f"pretrain: goes on from step {first}", flush=True)
    tokenizer = Tokenizer.from_file(str(model_dir / "tokenizer.json"))
    batches = _pack(tokenizer, documents, settings, skip=first)
    bf16 = fast_bf16()
    losses: list[float] = []
    start = time.monotonic()
    for step in range(first, settings.steps):
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * _schedule(step, settings)
        ids = next(batches)
        with autocast(bf16):
            logits = model(input_ids=ids[:, :-1]).logits
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1).float(), ids[:, 1:].flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(loss.item())
        if (step + 1) % 50 == 0:
            rate = (step + 1 - first) * settings.rows * settings.block / (time.monotonic() - start)
            print(
                f"pretrain: step {step + 1}/{settings.steps} loss {_mean(losses):.3f} {rate:.0f} tokens/s", flush=True
            )
        if (step + 1) % settings.checkpoint_every == 0:
            state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step + 1}
            torch.save(state, checkpoint.with_suffix(".new"))
            checkpoint.with_suffix(".new").replace(checkpoint)
            model.save_pretrained(model_dir)
    model.half().save_pretrained(model_dir)  # half the bytes in the repository; readers load it as float32
    checkpoint.unlink(missing_ok=True)
    return _mean(losses)


def _mean(losses: list[float]) -> float:
    tail = losses[-50:]
    return sum(tail) / len(tail) if tail else math.nan


def _schedule(step: int, settings: PretrainSettings) -> float:
    if step < settings.warmup:
        return (step + 1) / settings.warmup
    done = (step - settings.warmup) / max(1, settings.steps - settings.warmup)
    return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * done))


def _pack(
    tokenizer: Tokenizer, documents: Iterable[str], settings: PretrainSettings, skip: int
) -> Iterator[torch.Tensor]:
    """Batches of shape (rows, block + 1), documents end to end; `skip` batches are passed over without training."""
    need = settings.rows * (settings.block + 1)
    buffer: list[int] = []
    for document in documents:
        buffer += tokenizer.encode(document, add_special_tokens=False).ids
        while len(buffer) >= need:
            if skip:
                skip -= 1
            else:
                yield torch.tensor(buffer[:need]).view(settings.rows, settings.block + 1)
            buffer = buffer[need:]
