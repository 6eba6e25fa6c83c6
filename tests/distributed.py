"""Training runs for one process and for several: `accelerate launch … tests/distributed.py DATA OUT RUN…` trains each RUN
into OUT/RUN/final, which `unit/test_distributed.py` compares with the same run in one process.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import torch
from fakes import BASE, run_grpo, scripted, tiny, tiny_lora, train_ppo_on

from galen.agent.loop import Setting
from galen.data.rows import demonstrations
from galen.oracles.grader import Grader
from galen.policy.scripted import ScriptedPolicy
from galen.policy.template import ChatTemplate
from galen.rollout.sampler import Sampler
from galen.sandbox.local import LocalBackend
from galen.tasks.store import GoldStore, read_tasks
from galen.train import agent, device
from galen.train.models import save_model
from galen.train.sft import SFTSettings, train_sft
from galen.train.world import deepspeed, join, once


def sft(out: Path, sampler, teacher, tasks):
    """Ten rows in batches of four: an epoch's last step has two."""
    rows = demonstrations(g.episodes[0] for g in sampler.sample(tasks[:20], teacher()))[:10]
    model = tiny()
    settings = SFTSettings(learning_rate=1e-3, batch_size=4, epochs=2, warmup_steps=1)
    train_sft(model, BASE, rows, settings, out, seed=0, context=640)
    return model


def grpo(out: Path, sampler, teacher, tasks, make=tiny, stops=(2,), **changed):
    model = []
    run_grpo(
        out, sampler, teacher, tasks, stops, make=lambda: model.append(make()) or model[-1], micro_batch=2,
        **{"kl": 0.05, **changed},
    )  # fmt: skip
    return model[-1]


def dapo(*args):
    return grpo(*args, loss="dapo")


def resumed(*args):
    """Two steps, and two after a resume. In one process: as `straight`."""
    return grpo(*args, stops=(2, 4))


def lora(*args):
    return grpo(*args, make=tiny_lora, learning_rate=1e-3)


def ppo(out: Path, sampler, teacher, tasks):
    return train_ppo_on(scripted(sampler, teacher), out, tasks, micro_batch=2)[1]


RUNS: dict[str, Callable] = {f.__name__: f for f in (sft, grpo, dapo, resumed, lora, ppo)}


class Once:
    """A sampler that plays in the main process."""

    def __init__(self, sampler: Sampler) -> None:
        self._sampler = sampler

    def sample(self, *args, **kwargs):
        return once(lambda: self._sampler.sample(*args, **kwargs))


def main(data: Path, out: Path, names: list[str]) -> None:
    device.fast_bf16 = lambda: False  # sums are compared: float32
    agent.CHUNK_ROWS = 1  # several passes to one backward, and not as many in each process
    template, backend, grader = ChatTemplate(BASE), LocalBackend(), Grader(data)
    sampler = Sampler(Setting(data, template, backend, "compact", 640, 160, 0.0, 6), grader, 8)
    tasks = read_tasks(data, "mimic_iii", "train")[:40] + read_tasks(data, "medcalc", "train")[:40]
    gold, by_id = GoldStore(data), {t.id: t for t in tasks}

    def teacher(slip: float = 0.15, wrong: float = 0.08) -> ScriptedPolicy:
        return ScriptedPolicy(lambda i: gold.get(by_id[i]), template, slip, wrong)

    if deepspeed():
        from deepspeed import ops

        ops.__compatible_ops__["deepspeed_shm_comm"] = False  # on a CPU it would compile its own; gloo is there
    join()
    for name in names:
        torch.manual_seed(0)
        model = RUNS[name](out / name, Once(sampler), teacher, tasks)
        save_model(model, BASE, out / name / "final")
    grader.close()
    backend.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
