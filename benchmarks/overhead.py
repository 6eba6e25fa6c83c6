"""What the trainers cost over plain TRL at the same batch, and the weight refresh as a share of a whole step.

    python benchmarks/overhead.py [--only sft dpo grpo full lora] [--repeats 3] [--json]

Ours and TRL's own trainer get the same rows, model and arguments, one run after the other in changing order, in one
process. GRPO's rollouts were played before, on both sides, so generation is not in its seconds. The refresh is timed
in the tiny model's shipped GRPO recipe on a real vLLM server, once with the whole model and once with adapters. A step
is timed from its predecessor's end to its own, with logging and without saving. Read the ratios: machines differ, and
processor time is the steadier one where other work runs beside.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import io
import itertools
import json
import logging
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, ClassVar

import torch
import transformers.trainer
from datasets import Dataset
from rich.console import Console
from rich.table import Table
from transformers import AutoTokenizer, TrainerCallback
from trl import DPOTrainer, GRPOTrainer, SFTTrainer

from data_prep.build import build
from data_prep.settings import DataSettings, FamilySize, MedCalcSize, MimicSize
from galen.agent.loop import Setting
from galen.cli import _stay_inside
from galen.data.pairs import pairs_by_success
from galen.data.rows import demonstrations, labels
from galen.oracles.grader import Grader
from galen.pipeline import methods
from galen.pipeline.road import Road
from galen.policy.scripted import ScriptedPolicy
from galen.policy.template import ChatTemplate
from galen.presets import local_folder, model_preset
from galen.rollout.sampler import Sampler
from galen.sandbox.local import LocalBackend
from galen.tasks.store import GoldStore, read_tasks
from galen.train.dpo import DPOSettings, train_dpo
from galen.train.grpo import GRPOSettings, train_grpo
from galen.train.models import load_model, parity, save_model
from galen.train.sft import SFTSettings, train_sft
from galen.types import Episode, Group, Task

STEPS = 4  # of a run; the first, which warms up, is not counted
TRAINERS = ("sft", "dpo", "grpo")
WEIGHTS = {"full": [], "lora": ["lora={rank: 32, alpha: 64}"]}
OVERHEAD, REFRESH = 0.05, 0.01  # the targets
ROLLOUTS = 2
SIZE = FamilySize(train=300, demonstrations=40, valid=4, test=4, ood=4)
ROWS = GRPOSettings(rollouts=STEPS, groups=2, group_size=8, micro_batch=8, kl=0.0, warmup_steps=1, patience=STEPS + 1)

Run = Callable[[Path], None]


class Stamps(TrainerCallback):
    """When each step of the trainer in progress ended, by the clock and in processor seconds; and its arguments."""

    seen: ClassVar[list[tuple[float, float]]] = []
    args: ClassVar[Any] = None

    def on_train_begin(self, args, state, control, **kwargs):
        Stamps.seen, Stamps.args = [], args

    def on_step_end(self, args, state, control, **kwargs):
        Stamps.seen.append((time.perf_counter(), time.process_time()))


class PlainDPO(DPOTrainer):
    """TRL's, given tokens instead of text."""

    def _prepare_dataset(self, dataset: Any, *args: Any) -> Any:
        return dataset


class Bench:
    """The rows, and each method's run by our trainer and by TRL's."""

    def __init__(self, data: Path) -> None:
        self.preset = model_preset("tiny")
        self.folder = local_folder(self.preset)
        self.tokens = AutoTokenizer.from_pretrained(self.folder)
        self.tasks = [t for family in ("mimic_iii", "medcalc") for t in read_tasks(data, family, "train")[-200:]]
        self.episodes = self._play(data)

    def _play(self, data: Path) -> list[Episode]:
        """Four episodes of each task by the scripted teacher, which errs."""
        gold, by_id = GoldStore(data), {t.id: t for t in self.tasks}
        template = ChatTemplate(self.folder)
        policy = ScriptedPolicy(lambda i: gold.get(by_id[i]), template, 0.3, 0.4)
        backend, grader = LocalBackend(), Grader(data)
        setting = Setting(data, template, backend, self.preset.profile, self.preset.context, 112, 1.0, 5)
        try:
            groups = Sampler(setting, grader, 8).sample(self.tasks, policy, samples=4)
        finally:
            grader.close()
            backend.close()
        return [e for g in groups for e in g.episodes]

    def model(self) -> Any:
        torch.manual_seed(0)
        return load_model(str(self.folder), self.preset)

    def sft(self) -> tuple[Run, Run]:
        settings = SFTSettings(batch_size=16, epochs=1, warmup_steps=1)
        rows = demonstrations(self.episodes)[: STEPS * settings.batch_size]

        def ours(out: Path) -> None:
            train_sft(self.model(), self.folder, rows, settings, out, seed=0, context=self.preset.context)

        def plain(out: Path) -> None:
            data = Dataset.from_list([{"input_ids": r.input_ids, "labels": labels(r)} for r in rows])
            SFTTrainer(self.model(), _args(out), train_dataset=data, processing_class=self.tokens).train()

        return ours, plain

    def dpo(self) -> tuple[Run, Run]:
        settings = DPOSettings(batch_size=8, micro_batch=8, warmup_steps=1)
        pairs = pairs_by_success(self.episodes)[0][: STEPS * settings.batch_size]

        def ours(out: Path) -> None:
            train_dpo(self.model(), self.folder, pairs, settings, out, seed=0, context=self.preset.context)

        def plain(out: Path) -> None:
            data = Dataset.from_list([p.model_dump() for p in sorted(pairs, key=lambda p: p.length)])
            PlainDPO(self.model(), args=_args(out), train_dataset=data, processing_class=self.tokens).train()

        return ours, plain

    def grpo(self) -> tuple[Run, Run]:
        def play(dealt: list[Task], step: int, number: int) -> list[Group]:
            return [Group(task_id=t.id, episodes=e) for t, e in zip(dealt, self._groups(step, len(dealt)), strict=True)]

        def ours(out: Path) -> None:
            train_grpo(
                self.model(), self.folder, self.tasks, ROWS, out, seed=0, play=play, sync=lambda m: None,
                check=lambda m, episodes: parity(m, episodes, ROWS.temperature), context=self.preset.context,
                save_every=1000,
            )  # fmt: skip

        def plain(out: Path) -> None:
            blank = {"prompt": "", "episode_reward": None}
            trainer = GRPOTrainer(
                self.model(), reward_funcs=lambda prompts, completions, episode_reward, **_: episode_reward, args=_args(out),
                train_dataset=Dataset.from_list([blank] * (ROWS.groups * STEPS)), processing_class=self.tokens,
                rollout_func=lambda prompts, trainer: _rollout(self._groups(trainer.state.global_step, ROWS.groups)),
            )  # fmt: skip
            # As with a vLLM server, whose log-probabilities TRL corrects for; nothing is generated here.
            trainer.use_vllm, trainer.vllm_mode, trainer._last_loaded_step = True, "server", -1
            trainer.vllm_generation = _Server()
            trainer.train()

        return ours, plain

    def _groups(self, step: int, n: int) -> list[tuple[Episode, ...]]:
        """`n` groups for a step: no episode comes twice, which ours would score once, and rewards differ."""
        size = ROWS.group_size
        first = itertools.islice(itertools.cycle(self.episodes[::4]), step * ROWS.groups * size, None)
        return [tuple(itertools.islice(first, size)) for _ in range(n)]


class _Server:
    def sync_weights(self) -> None:
        pass


def _args(out: Path) -> Any:
    """The arguments of our trainer's last run, for TRL's."""
    args = copy.copy(Stamps.args)
    args.output_dir = str(out)
    args.save_strategy = "no"
    return args


def _rollout(groups: list[tuple[Episode, ...]]) -> dict[str, Any]:
    episodes = [e for group in groups for e in group]
    return {
        "prompt_ids": [e.prompt_ids for e in episodes], "completion_ids": [e.completion_ids for e in episodes],
        "logprobs": [e.completion_logprobs for e in episodes], "env_mask": [e.completion_mask for e in episodes],
        "episode_reward": [e.reward for e in episodes],
    }  # fmt: skip


def timed(run: Run) -> tuple[float, float]:
    """Median seconds of a step, by the clock and of the processor."""
    with tempfile.TemporaryDirectory() as out, contextlib.redirect_stdout(io.StringIO()):
        run(Path(out))
    steps = [tuple(b - a for a, b in zip(*pair, strict=True)) for pair in itertools.pairwise(Stamps.seen)]
    assert len(steps) == STEPS - 1, f"{len(steps) + 1} steps were walked, not {STEPS}"
    return statistics.median(s[0] for s in steps), statistics.median(s[1] for s in steps)


def overhead(name: str, ours: Run, plain: Run, repeats: int) -> dict[str, Any]:
    """Seconds of a step on both sides, and what ours costs more: the median of the repeats' ratios, and their range."""
    timed(ours)  # warms up, and leaves the arguments for TRL's
    mine, theirs = [], []
    for number in range(repeats):
        for run, found in ((ours, mine), (plain, theirs))[:: -1 if number % 2 else 1]:
            found.append(timed(run))
    row: dict[str, Any] = {"trainer": name}
    for i, clock in enumerate(("wall", "cpu")):
        ratios = [a[i] / b[i] - 1 for a, b in zip(mine, theirs, strict=True)]
        row |= {
            f"ours_{clock}_s": statistics.median(a[i] for a in mine),
            f"trl_{clock}_s": statistics.median(b[i] for b in theirs),
            f"overhead_{clock}": statistics.median(ratios), f"range_{clock}": [min(ratios), max(ratios)],
        }  # fmt: skip
    return row | {"met": row["overhead_cpu" if not torch.cuda.is_available() else "overhead_wall"] <= OVERHEAD}


def refresh(name: str, data: Path, out: Path) -> dict[str, Any]:
    """Seconds of a whole step, from rollout to update, and of the refresh in it; the base plays, without SFT."""
    more = [
        "demonstrations=1", f"grpo.rollouts={ROLLOUTS}", "grpo.rounds=1", f"grpo.patience={ROLLOUTS + 1}", "grpo.ptx=0"
    ]  # fmt: skip
    with contextlib.redirect_stdout(io.StringIO()), ExitStack() as stack:
        road = Road("grpo", model_preset("tiny", WEIGHTS[name]), data, 0, out, more)
        road._open(stack)
        save_model(load_model(str(road.folder), road.model), road.folder, out / "sft" / "final")
        spent = methods.train(road, "grpo")["seconds"]
    each = {part: seconds / ROLLOUTS for part, seconds in spent.items()}
    share = each["sync"] / sum(each.values())
    return {
        "weights": name, "rollout_s": each["rollout"], "refresh_s": each["sync"], "step_s": sum(each.values()),
        "share": share, "met": share <= REFRESH,
    }  # fmt: skip


def show(costs: list[dict[str, Any]], shares: list[dict[str, Any]]) -> None:
    console = Console(width=140)
    if costs:
        table = Table(
            "trainer", "ours s/step", "TRL s/step", "overhead by the clock", "of the processor", f"≤ {OVERHEAD:.0%}"
        )
        for c in costs:
            over = [
                f"{c[f'overhead_{k}']:+.1%} ({c[f'range_{k}'][0]:+.0%} … {c[f'range_{k}'][1]:+.0%})"
                for k in ("wall", "cpu")
            ]
            table.add_row(
                c["trainer"], f"{c['ours_wall_s']:.2f}", f"{c['trl_wall_s']:.2f}", *over, "yes" if c["met"] else "NO"
            )
        console.print(table)
    if shares:
        table = Table("weights", "s/step", "rollout s", "refresh s", "share of a step", f"≤ {REFRESH:.0%}")
        for s in shares:
            seconds = (f"{s['step_s']:.2f}", f"{s['rollout_s']:.2f}", f"{s['refresh_s']:.3f}")
            table.add_row(s["weights"], *seconds, f"{s['share']:.2%}", "yes" if s["met"] else "NO")
        console.print(table)


def _said(row: dict[str, Any]) -> dict[str, Any]:
    print(json.dumps(row), file=sys.stderr, flush=True)
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--only", nargs="+", choices=[*TRAINERS, *WEIGHTS], default=[*TRAINERS, *WEIGHTS])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    _stay_inside()
    logging.disable(logging.WARNING)
    transformers.trainer.DEFAULT_CALLBACKS.append(Stamps)
    with tempfile.TemporaryDirectory() as scratch:
        data = Path(scratch) / "data"
        with contextlib.redirect_stdout(io.StringIO()):
            build(
                data,
                0,
                DataSettings(
                    patients=120, mimic_iii=MimicSize(**SIZE.model_dump()), medcalc=MedCalcSize(**SIZE.model_dump())
                ),
            )
        bench = Bench(data) if set(given.only) & set(TRAINERS) else None
        costs = [_said(overhead(n, *getattr(bench, n)(), given.repeats)) for n in TRAINERS if n in given.only]
        shares = [_said(refresh(n, data, Path(scratch) / n)) for n in WEIGHTS if n in given.only]
    if given.json:
        print(json.dumps({"steps": STEPS, "repeats": given.repeats, "trainers": costs, "refresh": shares}, indent=1))
    else:
        show(costs, shares)


if __name__ == "__main__":
    main()
