"""Training runs small enough for tests: the real trainers on a narrow model, with the scripted teacher as sampler."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

from galen.data.pairs import pairs_by_success
from galen.data.rows import demonstrations
from galen.data.verifier import verifier_rows
from galen.paths import ROOT
from galen.policy.template import ChatTemplate
from galen.train.dpo import DPOSettings, train_dpo
from galen.train.grpo import AgentGRPOTrainer, GRPOSettings, train_grpo
from galen.train.outcome import oracle
from galen.train.ppo import AgentPPOTrainer, PPOSettings, train_ppo
from galen.train.sft import SFTSettings, train_sft
from galen.train.shaping import ShapingSettings
from galen.train.tiny import new_model
from galen.train.verifier import VerifierSettings, train_verifier
from galen.types import Episode, Group, ParseError, StopReason, Turn, Verdict

BASE = ROOT / "models" / "tiny-base"
FOLDER = "GALEN_TEST_TINY"  # environment variable: where `tiny` is
FINGERPRINT = ChatTemplate(BASE).fingerprint
SETTINGS = GRPOSettings(learning_rate=1e-4, rollouts=4, groups=2, group_size=4, micro_batch=8, kl=0.0, warmup_steps=1)

PLAYED: dict[tuple, list[Group]] = {}
PAIRED = DPOSettings(learning_rate=3e-4, batch_size=2, micro_batch=1, warmup_steps=1)


def near(found, expected, atol=1e-6):
    """The tensor `found` is the list `expected`, to `atol`."""
    torch.testing.assert_close(found, torch.tensor(expected, dtype=found.dtype), atol=atol, rtol=0)


def group(*episodes):
    """A group of episodes of one task."""
    return Group(task_id="t", episodes=episodes)


@cache
def narrow() -> str:
    """A folder with random weights for the tiny base's tokenizer, a fifteenth of its parameters. It is on disk, for TRL reads
    a reference from where its model was; processes that a test starts are told of it.
    """
    if FOLDER not in os.environ:
        os.environ[FOLDER] = tempfile.mkdtemp(prefix="galen-tiny-")
        atexit.register(shutil.rmtree, os.environ[FOLDER])
        for path in BASE.glob("*token*"):
            shutil.copy(path, os.environ[FOLDER])
        with torch.random.fork_rng():
            new_model(Path(os.environ[FOLDER]), hidden=64, layers=2)
    return os.environ[FOLDER]


def tiny():
    """The tiny base's architecture with few and random weights: tests look at how a model is trained, not at what it knows."""
    return AutoModelForCausalLM.from_pretrained(narrow(), dtype=torch.float32)


def pretrained():
    """The tiny base as it is shipped."""
    return AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.float32)


def adapted(model):
    """`model` with LoRA adapters that are not its base any more, as supervised fine-tuning would leave them."""
    torch.manual_seed(0)
    config = LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", task_type="CAUSAL_LM")
    model = get_peft_model(model, config)
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.1)
    return model


def tiny_lora():
    return adapted(tiny())


def starts(make, stops):
    """For each of `stops` a model to call the trainer with. All but the first have nothing but zeros to train: what
    resumes does not mind; what starts over, where the same steps would lead to the same weights, gives itself away.
    """
    for number, stop in enumerate(stops):
        model = make()
        for parameter in model.parameters():
            if number and parameter.requires_grad:
                torch.nn.init.zeros_(parameter)
        yield stop, model


def played(sampler, policy, tasks, samples=1, seed=0):
    """The groups of a scripted policy, which would play the same again (law 7): each is played once in a process."""
    key = (sampler.setting, policy.name, *(t.id for t in tasks), samples, seed)
    if key not in PLAYED:
        PLAYED[key] = sampler.sample(tasks, policy, samples=samples, seed=seed)
    return PLAYED[key]


def run_sft(out: Path, sampler, teacher, tasks, stops, make=tiny, **changed):
    rows = demonstrations(g.episodes[0] for g in played(sampler, teacher(), tasks[:40]))
    settings = SFTSettings(learning_rate=1e-3, batch_size=4, epochs=1).model_copy(update=changed)
    for stop, model in starts(make, stops):
        train_sft(model, BASE, rows, settings, out, seed=0, context=640, max_steps=4, stop_after=stop)
    return model.state_dict()


def run_sft_packed(out: Path, sampler, teacher, tasks, stops):
    return run_sft(out, sampler, teacher, tasks, stops, make=tiny_lora, packing=True, micro_batch=2)


def run_verifier(out: Path, sampler, teacher, tasks, stops, watch=lambda model: None):
    """A verifier of a careless teacher's episodes; returns the weights after the last stop."""
    episodes = [g.episodes[0] for g in played(sampler, teacher(slip=0.3, wrong=0.4), tasks[:24])]
    rows, _ = verifier_rows(episodes, ChatTemplate(BASE), 700, balance=True, seed=0)
    settings = VerifierSettings(learning_rate=3e-4, batch_size=2, epochs=2, warmup_steps=1)
    for stop, model in starts(tiny, stops):
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


def run_grpo(out: Path, sampler, teacher, tasks, stops, make=tiny, **changed):
    """GRPO on a scripted policy's episodes with `changed` settings; returns the weights after the last stop."""
    play = scripted(sampler, teacher, samples=4)
    settings = SETTINGS.model_copy(update=changed)
    shown = demonstrations(e for g in played(sampler, teacher(), tasks[:8]) for e in g.episodes) if settings.ptx else []
    for stop, model in starts(make, stops):
        train_grpo(
            model, BASE, tasks, settings, out, seed=0, play=play, sync=lambda m: None, check=lambda m, e: (0.0, 0.0),
            context=640, demonstrations=shown, save_every=2, stop_after=stop,
        )  # fmt: skip
    return model.state_dict()


def preferences(sampler, teacher, tasks):
    """Eight pairs of a success and a failure, the winners among them with several turns."""
    groups = played(sampler, teacher(slip=0.3, wrong=0.4), tasks[:16], samples=4)
    pairs, _ = pairs_by_success(e for g in groups for e in g.episodes)
    assert len(pairs) >= 8
    return pairs[:8]


def run_dpo_on(pairs, out: Path, stops=(0,), make=tiny, **changed):
    """DPO from `make`'s weights with `changed` settings; returns the model after the last stop."""
    for stop, model in starts(make, stops):
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


def run_grpo_lora(out: Path, sampler, teacher, tasks, stops):
    """With a reference, which is an adapter beside the policy's."""
    return run_grpo(out, sampler, teacher, tasks, stops, make=tiny_lora, kl=0.1, learning_rate=1e-3)


def _watch(method, monkeypatch):
    """What the last micro-batch trains: its loss mask, and per token the log-probabilities and a critic's values."""
    seen = {}
    loss_of, logps_of = method._compute_loss, method._get_per_token_logps_and_entropies

    def watch_logps(self, *args, **kwargs):
        logps, *rest = logps_of(self, *args, **kwargs)
        if logps.requires_grad:
            seen["logps"], seen["values"] = logps, getattr(self, "_values", torch.zeros(0, requires_grad=True))
            for x in (seen["logps"], seen["values"]):
                x.retain_grad()
        return logps, *rest

    def watch_loss(self, model, inputs):
        seen["mask"] = (inputs["completion_mask"] * inputs["tool_mask"]).bool()
        return loss_of(self, model, inputs)

    monkeypatch.setattr(method, "_get_per_token_logps_and_entropies", watch_logps)
    monkeypatch.setattr(method, "_compute_loss", watch_loss)
    return seen


def grpo_gradients(out: Path, sampler, teacher, tasks, monkeypatch):
    """One GRPO step. Returns the loss mask and the loss's gradient at each token's log-probability, (rows, tokens)."""
    seen = _watch(AgentGRPOTrainer, monkeypatch)
    run_grpo(out, sampler, teacher, tasks, stops=[1])
    return seen["mask"], seen["logps"].grad


def ppo_gradients(out: Path, sampler, teacher, tasks, monkeypatch, **changes):
    """As `grpo_gradients`, and third the gradient at each token's value, of two steps: a new critic's values are 0."""
    seen = _watch(AgentPPOTrainer, monkeypatch)
    run_ppo(out, sampler, teacher, tasks, stops=[2], **changes)
    return seen["mask"], seen["logps"].grad, seen["values"].grad


def trainer_of(train, monkeypatch, method, *args, **kwargs):
    """The trainer that `train(*args, **kwargs)` builds, before its first step, ready to score and to take a loss."""
    built = []
    with monkeypatch.context() as patch:
        patch.setattr(method, "train", lambda self, **_: built.append(self))
        train(*args, **kwargs)
    [trainer] = built
    trainer.current_gradient_accumulation_steps = 1
    trainer.model.train()
    return trainer


def two_turns(number, reward, first, shown, second, prompt=(5, 6, 7)):
    """An episode of two turns: the agent's tokens, what the environment showed, the agent's tokens again."""
    turns = [
        Turn(
            token_ids=[*own, *seen], loss_mask=[1] * len(own) + [0] * len(seen),
            logprobs=[-1.0] * len(own) + [0.0] * len(seen), policy_version=0, text="",
            action=ParseError(message=""), observation=None,
        )
        for own, seen in ((first, shown), (second, ()))
    ]  # fmt: skip
    return Episode(
        key=f"key-{number}", task_id=f"task-{number}", family="f", category="c", cluster="c", distribution="id", seed=0,
        policy="p", policy_version=0, template=FINGERPRINT, sandbox_tier="unused", prompt_ids=list(prompt), turns=tuple(turns),
        stop=StopReason.SUBMITTED, verdict=Verdict(reward=reward, passed=reward == 1, oracle="o", version=1),
    )  # fmt: skip


PPO = PPOSettings(
    learning_rate=1e-4, rollouts=2, groups=8, minibatches=1, epochs=2, micro_batch=4, kl=0.05, kl_target=0.01,
    shaping=ShapingSettings(turn=0.01), value_gradient=0.1, critic_learning_rate=3e-4, value_warmup=1, warmup_steps=0,
)  # fmt: skip
SEPARATE = {"critic": "separate", "value_gradient": 0.0, "critic_learning_rate": 1e-4}


def train_ppo_on(play, out: Path, tasks, model=None, stop=0, sync=lambda m: None, outcomes=oracle, **changes):
    """One call of PPO on the episodes that `play` gives; returns its report and the model."""
    model = tiny() if model is None else model
    report = train_ppo(
        model, BASE, tasks, PPOSettings(**{**PPO.model_dump(), **changes}), out, seed=0, play=play, sync=sync,
        check=lambda m, e: (0.0, 0.0), context=640, save_every=2, stop_after=stop, outcomes=outcomes,
    )  # fmt: skip
    return report, model


def scripted(sampler, teacher, samples=1):
    """`play` of a scripted policy that slips and errs."""
    policy = teacher(slip=0.1, wrong=0.45)
    return lambda dealt, step, number: played(sampler, policy, dealt, samples, seed=1000 * step + 100 * number)


def run_ppo(out: Path, sampler, teacher, tasks, stops, make=tiny, **changes):
    """PPO on a scripted policy's episodes. Returns what the last stop's checkpoint holds: policy, critic, coefficient."""
    for stop, model in starts(make, stops):
        train_ppo_on(scripted(sampler, teacher), out, tasks, model, stop=stop, **changes)
    last = out / f"checkpoint-{stops[-1]}"
    critic = torch.load(last / "critic.pt")
    coefficient = json.loads((last / "rollout.json").read_text())["kl_coefficient"]
    return {
        **model.state_dict(), **{f"critic.{name}": weight for name, weight in critic["weights"].items()},
        "kl_coefficient": torch.tensor(coefficient, dtype=torch.float64),
    }  # fmt: skip


def run_ppo_separate(out: Path, sampler, teacher, tasks, stops):
    return run_ppo(out, sampler, teacher, tasks, stops, **SEPARATE)


def run_ppo_lora(out: Path, sampler, teacher, tasks, stops):
    return run_ppo(out, sampler, teacher, tasks, stops, make=tiny_lora, learning_rate=1e-3)
