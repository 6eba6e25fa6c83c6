"""Multi-turn PPO at token level (Schulman et al. 2017; for language models Ziegler et al. 2019), on TRL's GRPOTrainer.

TRL 1.16 has no PPO. Its GRPO gives the clipped policy loss, the importance correction, minibatches and epochs; added
here are a critic, advantages over the agent's tokens alone, the penalty on the divergence from the reference, and the
clipped value loss. Every graded episode is trained on.

An episode that ran out of turns, context or time is not bootstrapped: these limits belong to the task and hold in
evaluation as well, so nothing comes after them (Pardo et al. 2018, Time limits in reinforcement learning, section 2).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from pydantic import Field, model_validator
from torch.optim.lr_scheduler import LambdaLR
from transformers import PreTrainedModel

from galen.errors import UserError
from galen.train.agent import AgentReport, AgentSettings, AgentTrainer, Check, Play, Rolled, Sync, train_agent
from galen.train.critic import Critic
from galen.train.observe import Observer
from galen.train.outcome import Outcomes, oracle
from galen.train.ppo_terms import (
    explained_variance,
    gae,
    moments,
    next_kl_coefficient,
    turn_rewards,
    value_losses,
    whiten,
)
from galen.train.world import fsdp, zero3
from galen.types import Task, TrainRow


class PPOSettings(AgentSettings):
    """One rollout gives `groups` x `group_size` episodes, trained `epochs` times in `minibatches` optimizer steps each.

    The paper's values: lr 1e-5, temperature 0.6, KL coefficient 1e-3, batch 128 (section 4.1). `gamma` and
    `gae_lambda` count the agent's tokens; with one reward at the end, a lambda of 0.95 would leave 0.6 % of it a hundred
    tokens earlier (Yuan et al. 2025, What's behind PPO's collapse in long-CoT). What `shaping` takes off is taken off at
    the turn that it is for.

    `kl` weighs log(policy / reference) of each sampled token (Schulman's estimator k1), taken off its reward. With
    `kl_target` (nats a token) the coefficient follows Ziegler et al.'s controller.

    The critic is a head on the policy ("shared") or has a trunk of its own ("separate"). `value_gradient` scales what
    the value loss adds to the gradient of a shared trunk. `critic_learning_rate` is a head's; a separate trunk learns
    at about the policy's. In the first `value_warmup` optimizer steps only the critic
    learns: the policy's learning rate is 0, and warms up afterwards.
    """

    groups: int = Field(default=128, ge=1)
    group_size: int = Field(default=1, ge=1)
    minibatches: int = Field(default=2, ge=1)
    epochs: int = Field(default=2, ge=1)
    gamma: float = Field(default=1.0, gt=0, le=1)
    gae_lambda: float = Field(default=1.0, ge=0, le=1)
    kl_target: float | None = Field(default=None, gt=0)
    critic: Literal["shared", "separate"] = "shared"
    critic_learning_rate: float = Field(default=1e-3, gt=0)
    value_clip: float = Field(default=0.2, gt=0)
    value_gradient: float = Field(default=0.0, ge=0)
    value_warmup: int = Field(default=10, ge=0)

    @property
    def steps_a_rollout(self) -> int:
        return self.minibatches * self.epochs

    @model_validator(mode="after")
    def _has_effect(self) -> PPOSettings:
        if self.groups * self.group_size < 2:
            raise ValueError("groups x group_size = 1: advantages are whitened over at least 2 episodes")
        if self.kl_target is not None and self.kl == 0:
            raise ValueError("kl_target has no effect with kl = 0: give kl a first value")
        if self.critic == "separate" and self.value_gradient:
            raise ValueError("value_gradient has no effect with critic = separate: leave it out")
        if self.value_warmup >= self.rollouts * self.steps_a_rollout:
            raise ValueError(f"value_warmup = {self.value_warmup} steps leave none of the run's to the policy")
        return self


def check_critic(settings: PPOSettings) -> None:
    """Raises UserError where the critic cannot be trained as the launcher says."""
    if settings.critic == "separate" and (zero3() or fsdp()):
        raise UserError(
            "ppo.critic = separate: its trunk is not split by ZeRO-3 or FSDP; set ppo.critic=shared, or use zero2"
        )


class AgentPPOTrainer(AgentTrainer[PPOSettings, AgentReport]):
    """GRPOTrainer with advantages of shape (rows, tokens), and a critic trained beside."""

    name = "ppo"
    logged = AgentTrainer.logged | {
        name: name for name in ("kl_coefficient", "value_loss", "explained_variance", "returns")
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        s = self._settings
        check_critic(s)
        self.critic = Critic(
            self._policy(), separate=s.critic == "separate", trunk_gradient=s.value_gradient,
            learning_rate=s.critic_learning_rate, max_grad_norm=s.max_grad_norm,
            gradient_checkpointing=self.args.gradient_checkpointing,
        ).to(self.accelerator.device)  # fmt: skip
        self.kl_coefficient = s.kl
        self._judging, self._values = False, torch.empty(0)

    def _rollout(self, groups: int) -> Rolled:
        played = self._played(self.feed.deal(groups), 0)
        return Rolled(played, played, {})

    def _teaches(self, rolled: Rolled) -> bool:
        return len({r for g in rolled.chosen for r in g.rewards}) > 1

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        # TRL scores by the reference where beta is not 0. The penalty is in the reward, so the loss has none.
        self.beta, self._judging = self.kl_coefficient, True
        batch = super()._generate_and_score_completions(inputs)
        self.beta = 0.0
        mask = batch["completion_mask"] * batch["tool_mask"]
        rewards = turn_rewards(self._rolled, self._rewards, mask.size(1), self._settings.shaping).to(mask.device)
        if "ref_per_token_logps" in batch:
            rewards -= self._penalty(batch["old_per_token_logps"] - batch.pop("ref_per_token_logps"), mask)
        values = self._values * mask
        advantages, returns = gae(rewards, values, mask, self._settings.gamma, self._settings.gae_lambda)
        whitened = self._balanced(whiten(advantages, mask, self._total), mask)
        self._note("returns", moments(returns, mask, self._total)[0])
        self._note("explained_variance", explained_variance(returns, values, mask, self._total))
        return {**batch, "advantages": whitened, "returns": returns, "old_values": values}

    def _penalty(self, log_ratio: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """What each token pays for its log-ratio to the reference; moves the coefficient for the next rollout.

        The divergence is measured by Schulman's estimator k3, as in GRPO's log: of the same mean as k1, and steadier.
        """
        kl = moments(torch.exp(-log_ratio) + log_ratio - 1, mask, self._total)[0]
        self._note("kl", kl)
        self._note("kl_coefficient", torch.tensor(self.kl_coefficient))
        penalty = self.kl_coefficient * log_ratio * mask
        if self._settings.kl_target is not None:
            self.kl_coefficient = next_kl_coefficient(self.kl_coefficient, kl.item(), self._settings.kl_target)
        return penalty

    def _note(self, metric: str, value: torch.Tensor) -> None:
        self._metrics["train"][metric].append(value.item())

    def _get_per_token_logps_and_entropies(
        self, model: Any, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor | None, Any]:
        """TRL's. The first call after `_judging` was set is the policy's and leaves the values in `_values`; a later
        one is the reference's or the demonstrations'.
        """
        scored = super()._get_per_token_logps_and_entropies(model, *args, **kwargs)
        if self._judging:
            self._judging, self._values = False, self._scored["values"]
        return scored

    def _score(
        self, model: Any, ids: torch.Tensor, mask: torch.Tensor, keep: int, **kwargs: Any
    ) -> tuple[dict[str, torch.Tensor], Any]:
        if not self._judging:
            return super()._score(model, ids, mask, keep, **kwargs)
        with self.critic.watching(self._policy()) as seen:
            part, extra = super()._score(model, ids, mask, keep, **kwargs)
        with self.accelerator.autocast():
            values = self.critic(ids, mask, seen[-1])
        # A token's state is all before it: its value is the one after the token before.
        return part | {"values": values[:, -keep - 1 : -1]}, extra

    def _compute_loss(self, model: Any, inputs: dict[str, Any]) -> torch.Tensor:
        self._judging = True
        loss = super()._compute_loss(model, inputs)
        mask = inputs["completion_mask"] * inputs["tool_mask"]
        losses = value_losses(self._values, inputs["old_values"], inputs["returns"], self._settings.value_clip)
        self._note("value_loss", moments(losses.detach(), mask, self._total)[0])
        # TRL's "dapo" divides so: by the tokens of an optimizer step, on average over those of the rollout.
        tokens = inputs["num_items_in_batch"].clamp(min=1) / self.accelerator.num_processes / self._settings.minibatches
        return loss + (losses * mask).sum() / tokens

    def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any = None) -> torch.Tensor:
        loss = super().training_step(model, inputs, num_items_in_batch)
        if self.accelerator.sync_gradients:
            self.critic.step(self.accelerator)
        return loss

    def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> LambdaLR:
        """A learning rate of 0 while only the critic learns, then warm-up, then constant."""
        wait, ramp = self._settings.value_warmup, self._settings.warmup_steps

        def rate(step: int) -> float:
            if step < wait:
                return 0.0
            return min(1.0, (step - wait) / ramp) if ramp else 1.0

        self.lr_scheduler = LambdaLR(self.optimizer if optimizer is None else optimizer, rate)  # type: ignore[arg-type]
        return self.lr_scheduler

    def own_state(self) -> dict[str, Any]:
        return {"kl_coefficient": self.kl_coefficient}

    def save_state(self, checkpoint: Path) -> None:
        self.critic.save(checkpoint)

    def restore(self, checkpoint: Path) -> dict[str, Any]:
        state = super().restore(checkpoint)
        self.kl_coefficient = state["kl_coefficient"]
        self.critic.restore(checkpoint)
        return state


def train_ppo(
    model: PreTrainedModel, tokenizer: Path | str, tasks: Sequence[Task], settings: PPOSettings, out: Path, *, seed: int,
    play: Play, sync: Sync, check: Check, context: int, demonstrations: Sequence[TrainRow] = (),
    gradient_checkpointing: bool = False, save_every: int = 4, stop_after: int = 0, outcomes: Outcomes = oracle,
    observer: Observer = Observer(),
) -> AgentReport:  # fmt: skip
    """Train `model` in place for `settings.rollouts` rollouts; a later call with the same `out` goes on exactly.

    The reference is the policy as it was loaded. `demonstrations` are what `settings.ptx` weighs. `save_every` and
    `stop_after` count optimizer steps, rounded up to whole rollouts; `stop_after` ends the call without changing the
    schedule (tests of resuming).

    Raises:
        UserError: `settings.ptx` without demonstrations; a reward that is no number; no token to train on.
    """
    own = {
        # TRL wants groups, whose advantages are not used: the whole rollout is one.
        "num_generations": settings.groups * settings.group_size,
        "num_iterations": settings.epochs,
        "loss_type": "dapo",
        "scale_rewards": "none",
    }
    return train_agent(
        AgentPPOTrainer, AgentReport(), model, tokenizer, tasks, settings, out, own, seed=seed, play=play, sync=sync,
        check=check, context=context, demonstrations=demonstrations, gradient_checkpointing=gradient_checkpointing,
        save_every=save_every, stop_after=stop_after, outcomes=outcomes, observer=observer,
    )  # fmt: skip
