"""What follows SFT, or starts from the base: DPO on pairs of episodes, and PPO and GRPO on live ones."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transformers import PreTrainedModel

from galen.pipeline import rewards
from galen.pipeline.pairs import pair_up
from galen.pipeline.recipe import DPORounds
from galen.report.curves import VALIDATION, lines
from galen.rollout.store import EpisodeStore
from galen.train.agent import AgentReport, AgentSettings
from galen.train.dpo import train_dpo
from galen.train.feed import TaskFeed
from galen.train.grpo import train_grpo
from galen.train.models import check_parity, save_model
from galen.train.ppo import train_ppo
from galen.train.world import once
from galen.types import Episode, Group, Task

if TYPE_CHECKING:
    from galen.pipeline.road import Road

TRAINERS: dict[str, Callable[..., AgentReport]] = {"ppo": train_ppo, "grpo": train_grpo}


def train(road: Road, name: str) -> dict[str, Any]:
    """Train method `name` from the road's start into `road.out/<name>/final`, or read what a finished call reported."""
    folder = road.out / name
    report_path = folder / "report.json"
    if once((folder / "final").exists):
        return json.loads(report_path.read_text())
    road.policy.name = name
    settings = getattr(road.recipe, name)
    with road.timed(name):
        report = _dpo(road, settings) if name == "dpo" else _live(road, name, settings)
    once(lambda: report_path.write_text(json.dumps(report, indent=1) + "\n"))
    once(lambda: (folder / "draft").rename(folder / "final"))
    return report


def _live(road: Road, name: str, settings: AgentSettings) -> dict[str, Any]:
    """PPO or GRPO: rollouts by the served policy, which gets the new weights after every step."""
    out = road.out / name
    once(road.policy.sleep)
    model = road.load(road.start)

    def play(tasks: list[Task], step: int, number: int) -> list[Group]:
        rollout, late = divmod(step, settings.steps_a_rollout)
        if not late and number == 0 and road.recipe.eval.every and rollout % road.recipe.eval.every == 0:
            validate(road, name, step)
        # What a killed run had played of this step came from the same weights, for a checkpoint resumes exactly.
        with EpisodeStore(out / "episodes" / f"{step:06d}.jsonl") as store:
            return road.sampler(settings.temperature).sample(
                tasks, road.policy, samples=settings.group_size, seed=road.seed * 1_000_003 + step * 101,
                version=f"{step}.{number}", store=store,
            )  # fmt: skip

    def check(model: PreTrainedModel, episodes: Sequence[Episode]) -> tuple[float, float]:
        once(road.policy.sleep)  # the rollout is over: what follows is the trainer's
        return check_parity(model, episodes, settings.temperature)

    report = TRAINERS[name](
        model, road.folder, road.pool, settings, out, seed=road.seed, play=play,
        sync=road.refresh, check=check,
        context=road.model.context, demonstrations=road.shown,
        gradient_checkpointing=road.model.gradient_checkpointing, outcomes=rewards.outcomes(road, settings),
        observer=road.observer,
    )  # fmt: skip
    print(
        f"{name}: {report.trained_tokens} sampled tokens trained, {report.changed_tokens} of them changed; "
        f"re-tokenising would have changed {report.drifted} of {report.replies} replies", flush=True
    )  # fmt: skip
    if road.recipe.eval.every:
        road.refresh(model)
        once(lambda: validate(road, name, settings.rollouts * settings.steps_a_rollout))
    save_model(model, road.folder, out / "draft")
    return asdict(report)


def validate(road: Road, name: str, step: int) -> None:
    """A line in `<name>/validation.jsonl`: greedy success of the served policy on validation tasks before `step`."""
    out = road.out / name
    stores = [p for p in (out / "episodes").glob("*.jsonl") if int(p.stem) < step]
    played = sum(path.read_bytes().count(b"\n") for path in stores)
    line = {"step": step, "episodes": played, "success": road.validate()}
    path = out / VALIDATION
    kept = [x for x in lines(path) if x["step"] < step]  # a killed run may have come further than its checkpoint
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(x) + "\n" for x in [*kept, line]))
    print(f"{name}: step {step} success on {len(road.valid)} validation tasks {line['success']:.3f}", flush=True)


def _dpo(road: Road, settings: DPORounds) -> dict[str, Any]:
    """Rounds of playing, pairing and DPO; each round's reference is the policy that played it."""
    feed = TaskFeed(road.pool, road.seed, curriculum=True)
    by_id = {t.id: t for t in road.pool}
    last = road.start
    rounds: list[dict[str, Any]] = []
    for number in range(settings.rounds):
        folder = road.out / "dpo" / f"round-{number}"
        with road.phases("sync"):
            road.serve(last)
        episodes = road.teacher if settings.source != "policy" and number == 0 else []
        if settings.source != "teacher":
            dealt = feed.deal(settings.tasks)
            groups = once(lambda dealt=dealt, number=number: _play_round(road, settings, number, dealt))
            feed.learn(groups, by_id)
            episodes = [*episodes, *(e for g in groups for e in g.episodes)]
        if road.recipe.eval.every:
            once(lambda number=number: validate(road, "dpo", number))
        rounds.append(_pair_and_train(road, settings, last, folder, episodes))
        last = folder / "final"
    if road.recipe.eval.every:
        road.serve(last)
        once(lambda: validate(road, "dpo", settings.rounds))
    once(lambda: shutil.copytree(last, road.out / "dpo" / "draft", dirs_exist_ok=True))
    return {"episodes": sum(r["episodes"] for r in rounds), "rounds": rounds}


def _play_round(road: Road, settings: DPORounds, number: int, tasks: list[Task]) -> list[Group]:
    with EpisodeStore(road.out / "dpo" / "episodes" / f"{number:06d}.jsonl") as store, road.phases("rollout"):
        return road.sampler(settings.temperature).sample(
            tasks, road.policy, samples=settings.group_size, seed=road.seed * 1_000_003 + number * 101,
            version=str(number), store=store, label=f"dpo: round {number}",
        )  # fmt: skip


def _pair_and_train(
    road: Road, settings: DPORounds, start: Path, folder: Path, episodes: list[Episode]
) -> dict[str, Any]:  # fmt: skip
    """DPO on pairs of the episodes into `folder/final`; returns what became of them, from a finished call as well."""
    if not once((folder / "final").exists):
        once(road.policy.sleep)
        pairs, found = once(lambda: pair_up(road, settings, episodes))
        print(f"dpo: {found.pairs} pairs of {found.tasks} tasks, {found.unpaired} of them without a pair", flush=True)
        model = road.load(start)
        report = train_dpo(
            model, road.folder, pairs, settings, folder, seed=road.seed, context=road.model.context,
            gradient_checkpointing=road.model.gradient_checkpointing, observer=road.observer,
        )  # fmt: skip
        once(lambda: (folder / "report.json").write_text(json.dumps(found.model_dump() | asdict(report)) + "\n"))
        save_model(model, road.folder, folder / "final")
    return once(lambda: json.loads((folder / "report.json").read_text()))
