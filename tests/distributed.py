"""Training runs for one process and for several: `accelerate launch … tests/distributed.py DATA EPISODES OUT RUN…` trains
each RUN into OUT/RUN/final, on the episodes that the same run in one process kept in EPISODES.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import torch
from fakes import BASE, SETTINGS, starts, tiny, tiny_lora, train_ppo_on

from galen.data.pairs import pairs_by_success
from galen.data.rows import demonstrations
from galen.tasks.store import read_tasks
from galen.train import device, logprobs
from galen.train.agent import Play
from galen.train.dpo import DPOSettings, train_dpo
from galen.train.grpo import train_grpo
from galen.train.models import parity, save_model
from galen.train.sft import SFTSettings, train_sft
from galen.train.world import deepspeed, join, leave_after, once, processes, whole_weights
from galen.types import Group, Task


class Kept(NamedTuple):
    """`play`, or what it gave before: sandboxes on a busy machine may fail an episode in one run and not in another."""

    folder: Path
    play: Play | None = None

    def __call__(self, dealt: list[Task], step: int, number: int) -> list[Group]:
        path = self.folder / f"{step}.{number}.pkl"
        if not path.exists() and self.play is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
            path.write_bytes(pickle.dumps(self.play(dealt, step, number)))
        groups: list[Group] = pickle.loads(path.read_bytes())
        assert [g.task_id for g in groups] == [t.id for t in dealt], "other tasks were dealt than to one process"
        return groups


def sft(out: Path, tasks: list[Task], play: Play):
    """Ten rows in batches of four: an epoch's last step has two."""
    model = tiny()
    rows = demonstrations(e for g in once(lambda: play(tasks[:20], 0, 0)) for e in g.episodes)[:10]
    assert len(rows) == 10
    settings = SFTSettings(learning_rate=1e-3, batch_size=4, epochs=2, warmup_steps=1)
    train_sft(model, BASE, rows, settings, out, seed=0, context=640)
    return model


def dpo(out: Path, tasks: list[Task], play: Play, make=tiny, **changed):
    """Eight pairs in two epochs of two steps; of several processes two steps, and two after a resume."""
    episodes = [e for g in once(lambda: play(tasks[:20], 0, 0)) for e in g.episodes]
    pairs = pairs_by_success(episodes, per_task=2, seed=0)[0][:8]
    assert len(pairs) == 8
    settings = DPOSettings(learning_rate=1e-3, batch_size=4, micro_batch=1, epochs=2, warmup_steps=1, **changed)
    for stop, model in starts(make, [0] if processes() == 1 else [2, 0]):
        train_dpo(model, BASE, pairs, settings, out, seed=0, context=640, save_every=2, stop_after=stop)
    return model


def dpo_lora(out: Path, tasks: list[Task], play: Play):
    return dpo(out, tasks, play, make=tiny_lora)


def grpo(out: Path, tasks: list[Task], play: Play, make=tiny, **changed):
    """Four steps; of several processes two, and two after a resume."""
    settings = SETTINGS.model_copy(update={"micro_batch": 2, "kl": 0.05} | changed)
    for stop, model in starts(make, [4] if processes() == 1 else [2, 4]):
        report = train_grpo(
            model, BASE, tasks, settings, out, seed=0, play=play, sync=whole_weights, check=lambda m, e: parity(m, e, 1.0),
            context=640, save_every=2, stop_after=stop,
        )  # fmt: skip
    assert report.changed_tokens == 0 and report.trained_tokens > 0
    return model


def lora(out: Path, tasks: list[Task], play: Play):
    return grpo(out, tasks, play, make=tiny_lora, loss="dapo", learning_rate=1e-3)


def ppo(out: Path, tasks: list[Task], play: Play):
    return train_ppo_on(play, out, tasks, micro_batch=2)[1]


RUNS: dict[str, Callable] = {run.__name__: run for run in (sft, dpo, dpo_lora, grpo, lora, ppo)}
SAME = {"dpo_lora": "dpo", "lora": "grpo"}  # runs on the episodes of another


def kept(episodes: Path, name: str, play: Play | None = None) -> Kept:
    """The episodes of the run `name` in the folder of everyone's."""
    return Kept(episodes / SAME.get(name, name), play)


def main(data: Path, episodes: Path, out: Path, names: list[str]) -> None:
    device.fast_bf16 = lambda: False  # sums are compared: float32
    logprobs.CHUNK_ROWS = 1  # several passes to one backward, and not as many in each process
    if deepspeed():
        from deepspeed import ops

        ops.__compatible_ops__["deepspeed_shm_comm"] = False  # on a CPU it would compile its own; gloo is there
    join()
    tasks = read_tasks(data, "mimic_iii", "train")[:40] + read_tasks(data, "medcalc", "train")[:40]
    for name in names:
        torch.manual_seed(0)
        model = RUNS[name](out / name, tasks, kept(episodes, name))
        save_model(model, BASE, out / name / "final")


if __name__ == "__main__":
    leave_after(lambda: main(*map(Path, sys.argv[1:4]), sys.argv[4:]))
