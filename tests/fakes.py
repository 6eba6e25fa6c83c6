"""Training runs small enough for tests: the real trainers and the tiny base, with the scripted teacher as sampler."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import AutoModelForCausalLM

from galen.data.rows import demonstrations
from galen.data.verifier import verifier_rows
from galen.paths import ROOT
from galen.policy.template import ChatTemplate
from galen.train.grpo import AgentGRPOTrainer, GRPOSettings, train_grpo
from galen.train.sft import SFTSettings, train_sft
from galen.train.verifier import VerifierSettings, train_verifier

BASE = ROOT / "models" / "tiny-base"
SETTINGS = GRPOSettings(learning_rate=1e-4, rollouts=4, groups=2, group_size=4, micro_batch=8, kl=0.0, warmup_steps=1)


def tiny():
    return AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.float32)


def spoilt():
    """The tiny model with its embedding gone. What resumes does not mind; what starts over, where the same steps would
    have led to the same weights, gives itself away."""
    model = tiny()
    torch.nn.init.zeros_(model.get_input_embeddings().weight)
    return model


def run_sft(out: Path, sampler, teacher, tasks, stops):
    rows = demonstrations(g.episodes[0] for g in sampler.sample(tasks[:40], teacher()))
    model = tiny()
    for i, stop in enumerate(stops):
        model = spoilt() if i else model
        train_sft(
            model, BASE, rows, SFTSettings(learning_rate=1e-3, batch_size=4, epochs=1), out, seed=0, context=640, max_steps=4,
            stop_after=stop,
        )  # fmt: skip
    return model.state_dict()


def run_verifier(out: Path, sampler, teacher, tasks, stops, watch=lambda model: None):
    """A verifier of a careless teacher's episodes; returns the weights after the last stop."""
    played = [g.episodes[0] for g in sampler.sample(tasks[:24], teacher(slip=0.3, wrong=0.4))]
    rows, _ = verifier_rows(played, ChatTemplate(BASE), 700, balance=True, seed=0)
    settings = VerifierSettings(learning_rate=3e-4, batch_size=2, epochs=2, warmup_steps=1)
    model = tiny()
    for i, stop in enumerate(stops):
        model = spoilt() if i else model
        watch(model)
        train_verifier(model, BASE, rows, settings, out, seed=0, context=700, stop_after=stop)
    return model.state_dict()


def verifier_gradients(out: Path, sampler, teacher, tasks):
    """One step of the verifier. Returns the token ids, (rows, tokens), and the loss's gradient at each token's last
    hidden state, (rows, tokens, hidden)."""
    seen = {}

    def keep(module, args, kwargs, output):
        output.last_hidden_state.retain_grad()
        seen["ids"], seen["hidden"] = kwargs["input_ids"], output.last_hidden_state

    def watch(model):
        model.base_model.register_forward_hook(keep, with_kwargs=True)

    run_verifier(out, sampler, teacher, tasks, stops=[1], watch=watch)
    return seen["ids"], seen["hidden"].grad


def run_grpo(out: Path, sampler, teacher, tasks, stops, ptx=0.0):
    """GRPO on a scripted policy's episodes, with `ptx` on demonstrations; returns the weights after the last stop."""
    policy = teacher(slip=0.1, wrong=0.45)

    def play(dealt, step, number):
        return sampler.sample(dealt, policy, samples=4, seed=1000 * step + 100 * number)

    shown = demonstrations(e for g in sampler.sample(tasks[:8], teacher()) for e in g.episodes) if ptx else []
    model = tiny()
    for i, stop in enumerate(stops):
        model = spoilt() if i else model
        train_grpo(
            model, BASE, tasks, SETTINGS.model_copy(update={"ptx": ptx}), out, seed=0, play=play, sync=lambda m: None, check=lambda m, e: (0.0, 0.0),
            context=640, demonstrations=shown, save_every=2, stop_after=stop,
        )  # fmt: skip
    return model.state_dict()


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
