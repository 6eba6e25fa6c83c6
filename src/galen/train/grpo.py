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

from pydantic import Field, model_validator
from transformers import PreTrainedModel

from galen.train.agent import AgentReport, AgentSettings, AgentTrainer, Check, Play, Rolled, Sync, train_agent
from galen.train.balance import alternating
from galen.train.observe import Observer
from galen.train.outcome import Outcomes, oracle
from galen.types import Episode, Group, StopReason, Task, TrainRow

CLIPPED = ("grpo", "dapo", "bnpo", "dr_grpo", "luspo")  # losses that cut ratios to 1 - clip … 1 + clip_high
BY_EPISODE = ("grpo", "sapo")  # losses that are a mean over episodes; the others count tokens
TRUNCATED = (StopReason.MAX_TURNS, StopReason.CONTEXT, StopReason.TIMEOUT)


class GRPOSettings(AgentSettings):
    """One rollout gives `groups` live groups of `group_size` episodes, trained in `minibatches` optimizer steps.

    The paper's values: lr 1e-5, temperature 0.6, KL coefficient 1e-3, batch 128 (section 4.1); the group size is not
    published. `loss` "grpo" weighs every episode alike: failed ones are longer, and a mean over all tokens ("dapo")
    would push down more than it lifts (measured: entropy rose and success fell). `rounds` bounds how often a rollout
    plays again to replace dead groups. `kl` weighs a term of the loss.

    The losses are TRL's, each of a paper: "bnpo" and "dr_grpo" (Liu et al. 2025) divide by other lengths; "cispo"
    (MiniMax-M1) cuts the ratio itself, at `clip_high` (5.0 in ScaleRL); "sapo" (Qwen, 2025) and "vespo" (2026) weigh it
    smoothly and do not clip; "luspo" (2026) is GSPO times the length. `importance_level` "sequence" takes one ratio an
    episode; with "grpo" that is GSPO (Zheng et al. 2025). `delta` bounds the ratio where the advantage is negative
    (INTELLECT-2). `scale_rewards` divides advantages by the deviation in the "group" or the "batch" (the rollout).

    `mask_truncated` trains no token of an episode that ran out of turns, context or time; its reward still counts in its
    group's mean (DAPO, section 3.4). `entropy_quantile` trains only that share of tokens, of the highest entropy (Wang
    et al. 2025, Beyond the 80/20 rule). `off_policy_mask` leaves out episodes of negative advantage whose mean log-ratio
    of sampler to policy is above it, in nats a token (DeepSeek-V3.2, equation 9).
    """

    group_size: int = Field(default=8, ge=2)
    rounds: int = Field(default=3, ge=1)
    scale_rewards: Literal["none", "group", "batch"] = "none"
    loss: Literal["grpo", "dapo", "bnpo", "dr_grpo", "cispo", "sapo", "luspo", "vespo"] = "grpo"
    importance_level: Literal["token", "sequence"] = "token"
    delta: float | None = Field(default=None, gt=1)
    mask_truncated: bool = False
    entropy_quantile: float = Field(default=1.0, gt=0, le=1)
    off_policy_mask: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _has_effect(self) -> GRPOSettings:
        loss = self.loss
        if loss == "luspo" and self.importance_level == "token":
            raise ValueError("loss = luspo needs importance_level = sequence")
        if self.importance_level == "sequence" and loss not in (*BY_EPISODE, "luspo"):
            raise ValueError(f"importance_level = sequence goes with loss = grpo, sapo or luspo, not {loss}")
        if loss == "cispo" and (self.clip_high is None or self.clip_high < 1):
            raise ValueError("loss = cispo cuts ratios at clip_high: give it one above 1, such as 5.0")
        if loss == "vespo" and self.importance_mode.startswith("sequence"):
            raise ValueError("loss = vespo needs importance_mode = token_truncate or token_mask")
        idle = {"delta": self.delta is not None, "clip": self.clip != GRPOSettings.model_fields["clip"].default}
        idle |= {"clip_high": self.clip_high is not None and loss != "cispo"}
        for name, given in idle.items():
            if given and loss not in CLIPPED:
                raise ValueError(f"{name} has no effect with loss = {loss}: leave it out")
        high = self.clip if self.clip_high is None else self.clip_high
        if self.delta is not None and self.delta <= 1 + high:
            raise ValueError(
                f"delta = {self.delta} must be above 1 + clip_high = {1 + high}, where ratios are cut anyway"
            )
        return self


@dataclass
class GRPOReport(AgentReport):
    """`dead` groups carried no gradient; a `surplus` group was live, but one more than a rollout takes."""

    dead: int = 0
    surplus: int = 0


class AgentGRPOTrainer(AgentTrainer[GRPOSettings, GRPOReport]):
    """Trains on live groups, as far as `rounds` allow."""

    name = "grpo"
    logged = AgentTrainer.logged | {"cispo_clip_ratio": "cut_fraction"}

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
            played = self._played(self.feed.deal(max(2, math.ceil(missing / self._live_share))), number)
            live += [g for g in played if g.live]
            dead += [g for g in played if not g.live]
        self._live_share = min(0.95, max(0.25, 0.5 * self._live_share + 0.5 * len(live) / (len(live) + len(dead))))
        self.report.dead += len(dead)
        self.report.surplus += max(0, len(live) - groups)
        if self._settings.family_balance:
            live = alternating(live)  # what is one too many is of the family that has the most
        return Rolled(live + dead, (live + dead)[:groups], {"live": len(live)})

    def _teaches(self, rolled: Rolled) -> bool:
        return any(g.live for g in rolled.chosen)

    def _mask(self, episode: Episode, reward: float | None) -> list[int]:
        own = super()._mask(episode, reward)
        return [0] * len(own) if self._settings.mask_truncated and episode.stop in TRUNCATED else own

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        batch = super()._generate_and_score_completions(inputs)
        tokens = (batch["completion_mask"] * batch["tool_mask"]).sum(1)
        weights = (tokens > 0) if self._settings.loss in BY_EPISODE else tokens
        return batch | {"advantages": self._balanced(batch["advantages"], weights)}

    def own_state(self) -> dict[str, Any]:
        return {"live_share": self._live_share}

    def restore(self, checkpoint: Path) -> dict[str, Any]:
        state = super().restore(checkpoint)
        self._live_share = state["live_share"]
        return state


def train_grpo(
    model: PreTrainedModel, tokenizer: Path | str, tasks: Sequence[Task], settings: GRPOSettings, out: Path, *, seed: int,
    play: Play, sync: Sync, check: Check, context: int, demonstrations: Sequence[TrainRow] = (),
    gradient_checkpointing: bool = False, save_every: int = 4, stop_after: int = 0, outcomes: Outcomes = oracle,
    observer: Observer = Observer(),
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
        "scale_rewards": settings.scale_rewards,
        "importance_sampling_level": settings.importance_level,
        "delta": settings.delta,
        "top_entropy_quantile": settings.entropy_quantile,
        "off_policy_mask_threshold": settings.off_policy_mask,
    }
    return train_agent(
        AgentGRPOTrainer, GRPOReport(), model, tokenizer, tasks, settings, out, own, seed=seed, play=play, sync=sync,
        check=check, context=context, demonstrations=demonstrations, gradient_checkpointing=gradient_checkpointing,
        save_every=save_every, stop_after=stop_after, outcomes=outcomes, observer=observer,
    )  # fmt: skip
