"""Tokens and hours of a fitted recipe: arithmetic over efficiencies that were measured once (docs/gpu.md) or are assumed."""

from __future__ import annotations

from galen.plan import counts
from galen.plan.counts import BYTES, Shape
from galen.plan.fit import EPISODE, Fit
from galen.plan.machine import Machine
from galen.plan.memory import SCORED
from galen.plan.recipe import Stage, Workload
from galen.presets import ModelPreset
from galen.types import Frozen

# Of the card's peak that training reaches (Chowdhery et al. 2022, section 4.1, define it): 0.25 in SFT and 0.27 in GRPO
# of the 7B model on an H100, 0.25 and 0.34 of the 14B model on an H200.
MFU = 0.25
# With these three, an episode of the 7B model on an H200 takes 0.207 s; without tools, 0.192 s were measured.
PREFILL = 0.4  # of the card's peak that vLLM reaches where it reads
BANDWIDTH = 0.75  # of the card's peak that decoding reaches
BUSY = 0.75  # of the places in vLLM's batch, those that decode on average: episodes end apart, and wait for their tools


class Hours(Frozen):
    """A stage's tokens, and its hours in the trainer and in vLLM; tools are extra."""

    name: str
    trained_tokens: float
    sampled_tokens: float
    training: float
    playing: float


def hours(model: ModelPreset, s: Shape, work: Workload, machine: Machine, found: Fit) -> list[Hours]:
    """A row a stage, and one for the evaluations."""
    length = EPISODE * model.context
    play = playing_s(model, s, machine, found, work.concurrency)
    rows = [
        Hours(
            name=stage.name, trained_tokens=stage.rows * length, sampled_tokens=stage.played * length * SCORED,
            training=_trainer_s(model, s, machine, found, stage) / 3600, playing=stage.played * play / 3600,
        )
        for stage in work.stages
    ]  # fmt: skip
    tests = Hours(
        name="evaluation", trained_tokens=0, sampled_tokens=work.evaluated * length * SCORED, training=0,
        playing=work.evaluated * play / 3600,
    )  # fmt: skip
    return [*rows, tests]


def _trainer_s(model: ModelPreset, s: Shape, machine: Machine, found: Fit, stage: Stage) -> float:
    """Seconds of the whole stage: rows trained by all GPUs, and episodes that the main process's verifier judges."""
    length = EPISODE * model.context
    judging = length * counts.forward(s, length) / (machine.card.flops * MFU)
    return stage.rows * training_s(model, s, machine, found, stage) + stage.judged * judging


def training_s(model: ModelPreset, s: Shape, machine: Machine, found: Fit, stage: Stage) -> float:
    """Seconds to train one row of mean length on all of the trainer's GPUs."""
    work = training_flops(model, s, stage, EPISODE * model.context)
    return work / (max(1, found.layout.trainers) * machine.card.flops * MFU)


def training_flops(model: ModelPreset, s: Shape, stage: Stage, length: float) -> float:
    """Operations to train one row of `length` tokens.

    In forward passes: the forward, one more to recompute it under checkpointing (Korthikanti et al. 2022, section 5), a
    backward of two (Kaplan et al. 2020, section 2.1), or of one where the weights are frozen, and one for each scoring
    without a gradient. A critic's trunk of its own learns as the policy does.
    """
    learn = 1 + model.gradient_checkpointing
    learn += 1 if model.lora else 2
    passes = learn * (2 if stage.critic == "separate" else 1) + stage.scored + (stage.reference != "none")
    return passes * length * counts.forward(s, length)


def playing_s(model: ModelPreset, s: Shape, machine: Machine, found: Fit, concurrency: int) -> float:
    """Seconds to play one episode of mean length on all of vLLM's GPUs, tools aside.

    What is not sampled is read in one forward pass, for vLLM caches the prefix of each turn; sampled tokens cost memory
    traffic: a decoding step reads the weights once and the cache of every sequence (Pope et al. 2022, section 2.2).
    """
    length, size = EPISODE * model.context, BYTES[model.dtype]
    sampled = length * SCORED
    engines = max(1, found.layout.servers) / found.layout.tensor_parallel
    places = min(model.serve.max_num_seqs, concurrency / engines, found.tokens / engines / length)
    active = max(1.0, BUSY * places)
    read = counts.parameters(s) * size + active * length / 2 * counts.cache(s, size)
    speed = found.layout.tensor_parallel
    decode = sampled / active * read / (speed * machine.card.bandwidth * BANDWIDTH)
    prefill = length * counts.forward(s, length) / (speed * machine.card.flops * PREFILL)
    return (decode + prefill) / engines
