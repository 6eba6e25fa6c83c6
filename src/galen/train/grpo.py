"""GRPO on live multi-turn groups (Shao et al. 2024, DeepSeekMath, section 4.1), on TRL's GRPOTrainer.

What is GRPO's own beside `galen.train.agent`: groups without a gradient are counted, and other tasks are played in
their place instead of being trained on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field
from transformers import PreTrainedModel

from galen.train.agent import AgentReport, AgentSettings, AgentTrainer, Check, Play, Rolled, Sync, train_agent
from galen.types import Group, Task, TrainRow


class GRPOSettings(AgentSettings):
    """One rollout gives `groups` live groups of `group_size` episodes, trained in `minibatches` optimizer steps.

    The paper's values: lr 1e-5, temperature 0.6, KL coefficient 1e-3, batch 128 (section 4.1); the group size is not
    published. `loss` "grpo" weighs every episode alike: failed ones are longer, and a mean over all tokens ("dapo")
    would push down more than it lifts (measured: entropy rose and success fell). `rounds` bounds how often a rollout
    plays again to replace dead groups. `kl` weighs a term of the loss.
    """

    group_size: int = Field(default=8, ge=2)
    rounds: int = Field(default=3, ge=1)
    scale_rewards: bool = False
    loss: Literal["grpo", "dapo", "bnpo", "dr_grpo"] = "grpo"


@dataclass
class GRPOReport(AgentReport):
    """`dead` groups carried no gradient; a `surplus` group was live, but one more than a rollout takes."""

    dead: int = 0
    surplus: int = 0


class AgentGRPOTrainer(AgentTrainer[GRPOSettings, GRPOReport]):
    """Trains on live groups, as far as `rounds` allow."""

    name = "grpo"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._live_share = 0.7  # of the groups played; what a rollout plans with

    def _rollout(self, groups: int) -> Rolled:
        live: list[Group] = []
        dead: list[Group] = []
        for number in range(self._settings.rounds):
            missing = groups - len(live)
            if missing <= 0:
                break
            tasks = self.feed.deal(max(2, math.ceil(missing / self._live_share)))
            played = self._play(tasks, self.state.global_step, number)
            self.feed.learn(played, self._tasks)
            live += [g for g in played if g.live]
            dead += [g for g in played if not g.live]
        self._live_share = min(0.95, max(0.25, 0.5 * self._live_share + 0.5 * len(live) / (len(live) + len(dead))))
        self.report.dead += len(dead)
        self.report.surplus += max(0, len(live) - groups)
        return Rolled(live + dead, (live + dead)[:groups], {"live": len(live)})

    def _teaches(self, rolled: Rolled) -> bool:
        return any(g.live for g in rolled.chosen)

    def own_state(self) -> dict[str, Any]:
        return {"live_share": self._live_share}

    def restore(self, checkpoint: Path) -> dict[str, Any]:
        state = super().restore(checkpoint)
        self._live_share = state["live_share"]
        return state


def train_grpo(
    model: PreTrainedModel, tokenizer: Path | str, tasks: Sequence[Task], settings: GRPOSettings, out: Path, *, seed: int,
    play: Play, sync: Sync, check: Check, context: int, demonstrations: Sequence[TrainRow] = (),
    gradient_checkpointing: bool = False, save_every: int = 4, stop_after: int = 0,
) -> GRPOReport:  # fmt: skip
    """Train `model` in place for `settings.rollouts` rollouts; a later call with the same `out` goes on exactly.

    `demonstrations` are what `settings.ptx` weighs. `stop_after` ends the call after so many optimizer steps without
    changing the schedule (tests of resuming).

    Raises:
        UserError: `settings.ptx` without demonstrations; a reward that is no number; no token to train on.
    """
    own = {
        "num_generations": settings.group_size,
        "loss_type": settings.loss,
        "scale_rewards": "group" if settings.scale_rewards else "none",
    }
    return train_agent(
        AgentGRPOTrainer, GRPOReport(), model, tokenizer, tasks, settings, out, own, seed=seed, play=play, sync=sync,
        check=check, context=context, demonstrations=demonstrations, gradient_checkpointing=gradient_checkpointing,
        save_every=save_every, stop_after=stop_after,
    )  # fmt: skip
