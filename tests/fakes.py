"""Training runs small enough for tests: the real trainers and the tiny base, with the scripted teacher as sampler."""

from __future__ import annotations

from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

from galen.data.pairs import pairs_by_success
from galen.data.rows import demonstrations
from galen.paths import ROOT
from galen.train.dpo import DPOSettings, train_dpo
from galen.train.grpo import AgentGRPOTrainer, GRPOSettings, train_grpo
from galen.train.sft import SFTSettings, train_sft

BASE = ROOT / "models" / "tiny-base"
SETTINGS = GRPOSettings(learning_rate=1e-4, rollouts=4, groups=2, group_size=4, micro_batch=8, kl=0.0, warmup_steps=1)

PAIRED = DPOSettings(learning_rate=3e-4, batch_size=2, micro_batch=1, warmup_steps=1)


def tiny():
    return AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.float32)


def tiny_lora():
    """The tiny base with LoRA adapters that are not the base any more, as supervised fine-tuning would leave them."""
    torch.manual_seed(0)
    config = LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", task_type="CAUSAL_LM")
    model = get_peft_model(tiny(), config)
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.1)
    return model


def run_sft(out: Path, sampler, teacher, tasks, stops):
    rows = demonstrations(g.episodes[0] for g in sampler.sample(tasks[:40], teacher()))
    model = tiny()
    for stop in stops:
        model = tiny()
        train_sft(
            model, BASE, rows, SFTSettings(learning_rate=1e-3, batch_size=4, epochs=1), out, seed=0, context=640, max_steps=4,
            stop_after=stop,
        )  # fmt: skip
    return model.state_dict()


def run_grpo(out: Path, sampler, teacher, tasks, stops, ptx=0.0):
    """GRPO on a scripted policy's episodes, with `ptx` on demonstrations; returns the weights after the last stop."""
    policy = teacher(slip=0.1, wrong=0.45)

    def play(dealt, step, number):
        return sampler.sample(dealt, policy, samples=4, seed=1000 * step + 100 * number)

    shown = demonstrations(e for g in sampler.sample(tasks[:8], teacher()) for e in g.episodes) if ptx else []
    model = tiny()
    for stop in stops:
        model = tiny()
        train_grpo(
            model, BASE, tasks, SETTINGS.model_copy(update={"ptx": ptx}), out, seed=0, play=play, sync=lambda m: None, check=lambda m, e: (0.0, 0.0),
            context=640, demonstrations=shown, save_every=2, stop_after=stop,
        )  # fmt: skip
    return model.state_dict()


def preferences(sampler, teacher, tasks):
    """Eight pairs of a success and a failure, the winners among them with several turns."""
    groups = sampler.sample(tasks[:16], teacher(slip=0.3, wrong=0.4), samples=4)
    pairs, _ = pairs_by_success(e for g in groups for e in g.episodes)
    assert len(pairs) >= 8
    return pairs[:8]


def run_dpo_on(pairs, out: Path, stops=(0,), make=tiny, **changed):
    """DPO from `make`'s weights with `changed` settings; returns the model after the last stop.

    What goes on is given zeros to train: only the checkpoint can tell it the weights.
    """
    model = make()
    for number, stop in enumerate(stops):
        model = make()
        for parameter in model.parameters():
            if number and parameter.requires_grad:
                torch.nn.init.zeros_(parameter)
        settings = DPOSettings.model_validate(PAIRED.model_dump() | changed)
        train_dpo(model, BASE, pairs, settings, out, seed=0, context=640, save_every=100, stop_after=stop)
    return model


def run_dpo(out: Path, sampler, teacher, tasks, stops):
    return run_dpo_on(preferences(sampler, teacher, tasks), out, stops).state_dict()


def run_dpo_lora(out: Path, sampler, teacher, tasks, stops):
    return run_dpo_on(preferences(sampler, teacher, tasks), out, stops, make=tiny_lora).state_dict()


def dpo_gradients(out: Path, pairs):
    """One DPO step over `pairs`. Returns for each of their sequences its ids, and the norm of the loss's gradient at the
    model's output for each of its tokens.
    """
    seen = []

    def watch(module, args, kwargs, output):
        hidden = output.last_hidden_state
        if hidden.requires_grad:
            hidden.retain_grad()
            seen.append((kwargs["input_ids"], kwargs["attention_mask"].bool(), hidden))

    def watched():
        model = tiny()
        model.base_model.register_forward_hook(watch, with_kwargs=True)
        return model

    run_dpo_on(pairs, out, make=watched, batch_size=len(pairs), micro_batch=len(pairs))
    return [
        (row_ids[used].tolist(), gradient.norm(dim=-1)[used])
        for ids, mask, hidden in seen
        for row_ids, used, gradient in zip(ids, mask, hidden.grad, strict=True)
    ]


def run_grpo_ptx(out: Path, sampler, teacher, tasks, stops):
    return run_grpo(out, sampler, teacher, tasks, stops, ptx=1.0)


def grpo_gradients(out: Path, sampler, teacher, tasks, monkeypatch):
    """One GRPO step. Returns the loss mask and the loss's gradient at each token's log-probability, (rows, tokens)."""
    seen = {}
    loss_of, logps_of = AgentGRPOTrainer._compute_loss, AgentGRPOTrainer._get_per_token_logps_and_entropies

    def watch_logps(self, *args, **kwargs):
        logps, *rest = logps_of(self, *args, **kwargs)
        if logps.requires_grad:
            logps.retain_grad()
            seen["logps"] = logps
        return logps, *rest

    def watch_loss(self, model, inputs):
        seen["mask"] = (inputs["completion_mask"] * inputs["tool_mask"]).bool()
        return loss_of(self, model, inputs)

    monkeypatch.setattr(AgentGRPOTrainer, "_get_per_token_logps_and_entropies", watch_logps)
    monkeypatch.setattr(AgentGRPOTrainer, "_compute_loss", watch_loss)
    run_grpo(out, sampler, teacher, tasks, stops=[1])
    return seen["mask"], seen["logps"].grad
