"""What playing takes on this machine's GPU, tools aside, against what `galen plan` says of it, and what it takes to hand
the GPU from the sampler to the trainer and back.

    python benchmarks/serving.py [MODEL[:KEY=VALUE…] …] [--episodes 128] [--at-once 64] [--scratch /dev/shm] [--json]

The road's own server and client play episodes of the plan's mean length with a model of the preset's shape and random
weights: four turns, of which nothing is shared with another episode. "alone" is one episode's speed, with nothing
beside it. "to sleep" is until the GPU is the trainer's, "to play" from there to the first token of new weights: an adapter
of the preset's rank, or all weights. Both are the second time's: the first takes memory of the host that is kept.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import torch
import training
from peft import get_peft_model, get_peft_model_state_dict
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM

from galen.errors import ProviderError, UserError
from galen.pipeline.serve import open_policy
from galen.plan import fit
from galen.plan.counts import shape_of
from galen.plan.hours import playing_s
from galen.plan.machine import GIB, machine
from galen.plan.memory import SCORED
from galen.plan.recipe import workload
from galen.policy.base import Context
from galen.policy.template import ChatTemplate
from galen.policy.vllm import VLLMPolicy
from galen.presets import LoraSettings, ModelPreset, model_preset
from galen.train.models import lora_config

CASES = ("qwen2.5-7b:serve.eager=true", "qwen2.5-7b", "qwen2.5-7b:lora=null:serve.sleep=2")
TURNS = 4
PROMPT = 1 / 2  # of what an episode reads, its first prompt's share; the rest are observations


def make_adapter(lora: LoraSettings, dtype: str, base: Path, folder: Path) -> None:
    """An adapter of zeros for the model in `base`, in `folder`; it changes no output."""
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(base))
    config = lora_config(lora)
    adapted: Any = get_peft_model(model, config)
    shapes = get_peft_model_state_dict(adapted, save_embedding_layers=False)
    config.save_pretrained(str(folder))
    zeros = {name: torch.zeros(like.shape, dtype=getattr(torch, dtype)) for name, like in shapes.items()}
    save_file(zeros, folder / "adapter_model.safetensors")


def play(policy: VLLMPolicy, preset: ModelPreset, number: int) -> tuple[int, int]:
    """One episode; returns the tokens of its last context, and how many of them were sampled."""
    length = fit.EPISODE * preset.context
    sampled, read = round(length * SCORED / TURNS), length * (1 - SCORED)
    ids, _ = training.tokens(round(read * PROMPT), number)
    count = 0
    for turn in range(TURNS):
        asked = Context(token_ids=ids, messages=(), task_id=f"{number}", seed=0, turn=turn)
        reply = policy.generate(asked, max_tokens=sampled, temperature=1.0).token_ids
        observation, _ = training.tokens(round(read * (1 - PROMPT) / TURNS), TURNS * number + turn)
        ids, count = [*ids, *reply, *observation], count + len(reply)
    return len(ids), count


def planned(preset: ModelPreset, at_once: int) -> tuple[float | None, float]:
    """The plan's seconds an episode for this machine (none where the recipe does not fit it) and vLLM's share of a GPU."""
    whole, card = training.gpu() if torch.cuda.is_available() else (None, None)
    place, shape = machine(int(card is not None), whole and whole / GIB, card), shape_of(preset)
    found = fit.best(preset, shape, workload("grpo", preset, []), place, None)
    share = found.utilization if found and place.gpus else preset.serve.gpu_memory_utilization
    return found and playing_s(preset, shape, place, found, at_once), share


def gpu_gib() -> float:
    """What is gone of the GPU's memory."""
    if not torch.cuda.is_available():
        return 0.0
    free, whole = torch.cuda.mem_get_info()
    return (whole - free) / GIB


def timed(work: Any, *arguments: Any) -> float:
    """Seconds of a call."""
    begun = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - begun


def hand_over(policy: VLLMPolicy, preset: ModelPreset, new: Path) -> dict[str, float]:
    """Seconds until the server sleeps and until it plays with the weights in `new`, and GiB that it holds meanwhile."""
    asleep = timed(policy.sleep)
    held = gpu_gib()
    awake = timed(policy.publish if preset.lora else policy.refresh, new)
    one = Context(token_ids=training.tokens(64, 0)[0], messages=(), task_id="t", seed=0, turn=0)
    awake += timed(lambda: policy.generate(one, max_tokens=1, temperature=1.0))
    return {"sleep_s": asleep, "wake_s": awake, "asleep_gib": held}


def measure(case: str, folder: Path, episodes: int, at_once: int) -> dict[str, Any]:
    """A row of the table."""
    name, *own = case.split(":")
    preset = model_preset(name, own)
    plan_s, share = planned(preset, at_once)
    serve = preset.serve.model_copy(update={"gpu_memory_utilization": round(share, 3)})
    preset = preset.model_copy(update={"path": str(folder), "serve": serve})
    before = gpu_gib()
    new = folder / "adapter" if preset.lora else folder
    if preset.lora:
        make_adapter(preset.lora, preset.dtype, folder, new)
    with ExitStack() as stack:
        begun = time.perf_counter()
        policy = open_policy(preset, folder, ChatTemplate(folder), folder / f"{case}.log", at_once, stack)
        start = time.perf_counter() - begun
        if preset.lora:
            policy.publish(new)
        play(policy, preset, 0)
        alone = time.perf_counter()
        _, count = play(policy, preset, 1)
        alone = count / (time.perf_counter() - alone)
        begun = time.perf_counter()
        with ThreadPoolExecutor(at_once) as threads:
            played = list(threads.map(lambda number: play(policy, preset, number), range(2, 2 + episodes)))
        seconds = time.perf_counter() - begun
        awake = gpu_gib()
        hand_over(policy, preset, new)
        handed = hand_over(policy, preset, new)
    tokens, sampled = (sum(column) for column in zip(*played, strict=True))
    handed["asleep_gib"] -= before
    return {
        "case": case, "card": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu", "share": share,
        "episodes": episodes, "at_once": at_once, "start_s": start, "planned_s": plan_s, "episode_s": seconds / episodes,
        "sampled_per_s": sampled / seconds, "read_per_s": (tokens - sampled) / seconds, "alone_per_s": alone,
        "awake_gib": awake - before, **handed,
    }  # fmt: skip


COLUMNS = {
    "case": "served", "start_s": "start, s", "planned_s": "plan, s an episode", "episode_s": "measured",
    "sampled_per_s": "sampled tokens/s", "read_per_s": "read tokens/s", "alone_per_s": "alone, sampled tokens/s",
    "awake_gib": "awake, GiB", "asleep_gib": "asleep, GiB", "sleep_s": "to sleep, s", "wake_s": "to play, s",
}  # fmt: skip
FORMS = {
    "start_s": ".1f", "planned_s": ".3f", "episode_s": ".3f", "sampled_per_s": ",.0f", "read_per_s": ",.0f",
    "alone_per_s": ".1f", "awake_gib": ".2f", "asleep_gib": ".2f", "sleep_s": ".2f", "wake_s": ".2f",
}  # fmt: skip


def run(cases: list[str], episodes: int, at_once: int, scratch: Path) -> list[dict[str, Any]]:
    """A row a case; one that cannot be served is told, and the others go on."""
    rows: list[dict[str, Any]] = []
    for case, folder in training.with_models(cases, scratch):
        try:
            rows.append(measure(case, folder, episodes, at_once))
        except (ProviderError, UserError) as error:
            print(f"{case}: {error}", file=sys.stderr)
            continue
        print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", default=list(CASES), metavar="MODEL[:KEY=VALUE…]")
    parser.add_argument("--episodes", type=int, default=128)
    parser.add_argument("--at-once", type=int, default=64)
    parser.add_argument("--scratch", type=Path, default=Path("/dev/shm"))
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    rows = run(asked.cases, asked.episodes, asked.at_once, asked.scratch)
    training.show(rows, COLUMNS, FORMS, 1, as_json=asked.json)


if __name__ == "__main__":
    main()
