"""What training takes on this machine's GPU, against what `galen plan` says of it: memory and seconds a step.

    python benchmarks/training.py [MODEL:METHOD[:KEY=VALUE…] …] [--steps 4] [--scratch /dev/shm] [--json]

The real trainers take steps on a model of the preset's shape with random weights, at the plan's micro-batch; rows are
random tokens of the full context, every second one an eighth shorter, as padding needs. "plan" is the plan's sum
without its reserve; "allocated" is the most that tensors took, "on the card" the most that was gone of
its memory, which nobody else uses. A row's seconds are the median of the steps after the first; MFU is the plan's count of
operations over these and the card's peak. The weights lie in `--scratch` meanwhile, one model at a time.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch.optim.optimizer import register_optimizer_step_post_hook
from transformers import AutoConfig, AutoModelForCausalLM

from galen.paths import ROOT
from galen.plan.counts import shape_of
from galen.plan.hours import training_flops
from galen.plan.machine import CARDS, GIB
from galen.plan.memory import SCORED
from galen.plan.plan import plan
from galen.plan.recipe import workload
from galen.policy.template import ChatTemplate
from galen.presets import ModelPreset, model_preset
from galen.train.grpo import GRPOSettings, train_grpo
from galen.train.models import load_model
from galen.train.sft import SFTSettings, train_sft
from galen.types import (
    Episode,
    Group,
    OracleSpec,
    ParseError,
    Privacy,
    StopReason,
    Task,
    TaskPrompt,
    TrainRow,
    Turn,
    Verdict,
)

TOKENIZER = ROOT / "models" / "tiny-base"
CASES = tuple(f"qwen2.5-{size}:{method}" for size in ("0.5b", "7b", "14b") for method in ("sft", "grpo"))
ROWS = 8  # a rollout's
WORDS = 2000  # tokens are drawn from the first so many
SHORTER = 7 / 8


class Steps:
    """The time at the end of each optimizer step."""

    def __init__(self) -> None:
        self._ends: list[float] = []
        register_optimizer_step_post_hook(self._end)

    def _end(self, *_: Any) -> None:
        torch.cuda.synchronize()
        self._ends.append(time.perf_counter())

    @property
    def seconds(self) -> float:
        """Of a step: the median of those after the first."""
        return statistics.median(b - a for a, b in zip(self._ends, self._ends[1:], strict=False))


def make(preset: ModelPreset, folder: Path) -> None:
    """A model of the preset's shape with random weights, and the tiny base's tokenizer, in `folder`."""
    sizes = shape_of(preset).a.model_dump()
    config = AutoConfig.for_model(sizes.pop("model_type"), **sizes, max_position_embeddings=32768)
    torch.manual_seed(0)
    with torch.device("cuda" if torch.cuda.is_available() else "cpu"):
        model = AutoModelForCausalLM.from_config(config, dtype=getattr(torch, preset.dtype))
    model.save_pretrained(folder)
    for path in [*TOKENIZER.glob("*token*"), *TOKENIZER.glob("*.jinja")]:
        shutil.copy(path, folder)


def lengths(rows: int, context: int) -> list[int]:
    """Tokens of each row."""
    return [context if number % 2 == 0 else int(SHORTER * context) for number in range(rows)]


def tokens(length: int, seed: int) -> tuple[list[int], list[int]]:
    """Random tokens, and a mask with so many 1 as a plan says are sampled."""
    draw = random.Random(seed)
    ids = [draw.randrange(300, WORDS) for _ in range(length)]
    return ids, [int(i % 15 < SCORED * 15) for i in range(length)]


def episode(length: int, number: int, template: str) -> Episode:
    """An episode of one turn; every second one succeeds."""
    ids, mask = tokens(length, number)
    prompt, won = length // 8, number % 2
    mask = mask[prompt:]
    turn = Turn(
        token_ids=ids[prompt:], loss_mask=mask, logprobs=[-7.6 * m for m in mask], policy_version=0, text="",
        action=ParseError(message=""), observation=None,
    )  # fmt: skip
    return Episode(
        key=f"{number}", task_id="t", family="f", category="c", cluster="c", distribution="id", seed=0, policy="p",
        policy_version=0, template=template, sandbox_tier="none", prompt_ids=ids[:prompt], turns=(turn,),
        stop=StopReason.SUBMITTED, verdict=Verdict(reward=won, passed=won == 1, oracle="o", version=1),
    )  # fmt: skip


def task(number: int) -> Task:
    """A task that no one plays."""
    return Task(
        id=f"t{number}", family="f", category="c", split="train", cluster="c", prompt=TaskPrompt(question="", contract=""),
        actions=(), answer_type="none", oracle=OracleSpec(kind="none"), privacy=Privacy.NONE,
    )  # fmt: skip


def train_on_rows(model: Any, folder: Path, micro: int, steps: int, preset: ModelPreset, out: Path) -> int:
    """SFT of `steps` steps of one micro-batch; returns a step's rows."""
    template = ChatTemplate(folder).fingerprint
    drawn = [tokens(length, i) for i, length in enumerate(lengths(micro * steps, preset.context))]
    rows = [TrainRow(task_id="t", template=template, input_ids=x, mask=m, logprobs=[0.0] * len(x)) for x, m in drawn]
    settings = SFTSettings(batch_size=micro, micro_batch=micro, epochs=1, warmup_steps=0)
    train_sft(
        model, folder, rows, settings, out, seed=0, context=preset.context, max_steps=steps,
        gradient_checkpointing=preset.gradient_checkpointing,
    )  # fmt: skip
    return micro


def train_on_episodes(model: Any, folder: Path, micro: int, steps: int, preset: ModelPreset, out: Path) -> int:
    """GRPO of `steps` rollouts of one group; returns a step's rows."""
    template = ChatTemplate(folder).fingerprint

    def play(dealt: list[Task], step: int, number: int) -> list[Group]:
        return [
            Group(
                task_id=asked.id,
                episodes=tuple(
                    episode(length, 1000 * step + 100 * i + j, template)
                    for j, length in enumerate(lengths(ROWS, preset.context))
                ),
            )
            for i, asked in enumerate(dealt)
        ]

    train_grpo(
        model, folder, [task(i) for i in range(8)],
        GRPOSettings(rollouts=steps, groups=1, group_size=ROWS, micro_batch=micro, warmup_steps=0, curriculum=False), out,
        seed=0, play=play, sync=lambda m: None, check=lambda m, e: (0.0, 0.0), context=preset.context, save_every=10**6,
        gradient_checkpointing=preset.gradient_checkpointing,
    )  # fmt: skip
    return ROWS


TRAIN = {"sft": train_on_rows, "grpo": train_on_episodes}


def gpu() -> tuple[int, str]:
    """Bytes of this machine's GPU, and its name among the plan's cards."""
    _, whole = torch.cuda.mem_get_info()
    return whole, next(name for name in sorted(CARDS) if name.upper() in torch.cuda.get_device_name())


def measure(preset: ModelPreset, method: str, overrides: list[str], folder: Path, steps: int) -> dict[str, Any]:
    """A row of the table."""
    whole, card = gpu()
    made = plan(preset.name, method, 1, gpu_memory=whole / GIB, gpu=card, overrides=overrides)
    micro = min(ROWS, made["settings"][f"{method} micro-batch"])
    parts = made["memory_gib"][method]
    stage = next(s for s in workload(method, preset, []).stages if s.name == method)
    model = load_model(str(folder), preset.model_copy(update={"path": str(folder)})).to("cuda")
    loaded = torch.cuda.memory_allocated()
    watch = Steps()
    rows = TRAIN[method](model, folder, micro, steps, preset, folder / "out")
    mean = statistics.fmean(lengths(2, preset.context))
    work = rows * training_flops(preset, shape_of(preset), stage, mean)
    free, _ = torch.cuda.mem_get_info()
    return {
        "model": preset.name, "method": method, "training": made["settings"]["training"], "micro_batch": micro,
        "card": torch.cuda.get_device_name(), "planned_gib": parts["sum"] - parts["reserve"],
        "planned_weights_gib": parts["weights"] + parts["adapters"], "loaded_gib": loaded / GIB,
        "allocated_gib": torch.cuda.max_memory_allocated() / GIB,
        "on_card_gib": (whole - free - torch.cuda.memory_reserved() + torch.cuda.max_memory_reserved()) / GIB,
        "row_tokens": mean, "row_s": watch.seconds / rows, "tokens_per_s": rows * mean / watch.seconds,
        "mfu": work / watch.seconds / CARDS[card].flops,
    }  # fmt: skip


COLUMNS = {
    "model": "model", "method": "method", "training": "training", "micro_batch": "micro-batch", "planned_gib": "plan, GiB",
    "allocated_gib": "allocated", "on_card_gib": "on the card", "row_s": "s a row", "tokens_per_s": "tokens/s", "mfu": "MFU",
}  # fmt: skip
FORMS = {"planned_gib": ".2f", "allocated_gib": ".2f", "on_card_gib": ".2f", "row_s": ".3f", "tokens_per_s": ",.0f", "mfu": ".3f"}  # fmt: skip


def with_models(cases: Sequence[str], scratch: Path) -> Iterator[tuple[str, Path]]:
    """Each case with the folder of its model, one model at a time; a process that leaves the GPU makes it."""
    for name in dict.fromkeys(case.partition(":")[0] for case in cases):
        with tempfile.TemporaryDirectory(dir=scratch) as folder:
            subprocess.run([sys.executable, __file__, "--folder", folder, "--case", name], check=True)
            yield from ((case, Path(folder)) for case in cases if case.partition(":")[0] == name)


def run(cases: list[str], steps: int, scratch: Path) -> list[dict[str, Any]]:
    """A row a case, each measured in a process of its own; what one of them ends with is told, and the others go on."""
    rows: list[dict[str, Any]] = []
    for case, folder in with_models(cases, scratch):
        words = [sys.executable, __file__, "--folder", str(folder), "--steps", str(steps), "--case", case]
        done = subprocess.run(words, stdout=subprocess.PIPE, text=True)
        if done.returncode:
            print(f"{case}: failed with status {done.returncode}", file=sys.stderr)
            continue
        rows.append(json.loads(done.stdout.splitlines()[-1]))
        print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
        shutil.rmtree(folder / "out", ignore_errors=True)
    return rows


def show(
    rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], forms: Mapping[str, str], texts: int, *, as_json: bool
) -> None:  # fmt: skip
    """Print the table, whose first `texts` columns are words; a missing number prints as a dash."""
    if as_json:
        print(json.dumps(rows))
        return
    print("| " + " | ".join(columns.values()) + " |")
    print("|" + "---|" * texts + "---:|" * (len(columns) - texts))
    for row in rows:
        cells = ["–" if row[name] is None else format(row[name], forms.get(name, "")) for name in columns]
        print("| " + " | ".join(cells) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", default=list(CASES), metavar="MODEL:METHOD[:KEY=VALUE…]")
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--scratch", type=Path, default=Path("/dev/shm"))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--case", help=argparse.SUPPRESS)  # this one, in this process
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    name, *rest = (asked.case or "").split(":")
    if name and not rest:
        make(model_preset(name), asked.folder)
        return
    if not torch.cuda.is_available():
        parser.error("there is no GPU here; `galen plan` needs none")
    if name:
        method, *own = rest
        overrides = [f"model.{item}" for item in own]
        print(json.dumps(measure(model_preset(name, own), method, overrides, asked.folder, asked.steps)))
        return
    show(run(asked.cases, asked.steps, asked.scratch), COLUMNS, FORMS, 3, as_json=asked.json)


if __name__ == "__main__":
    main()
