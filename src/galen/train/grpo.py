"""GRPO on live multi-turn groups (Shao et al. 2024, DeepSeekMath, section 4.1), on TRL's GRPOTrainer.

What is added to TRL 1.16: whole episodes come from the sampler; environment tokens are masked; groups without a
gradient are counted and played again with other tasks instead of being trained on; padding is trimmed; the server
gets the new weights after each step and is checked; demonstrations can be trained on beside (`ptx`); a checkpoint
also holds the task feed.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch
from datasets import Dataset
from pydantic import Field, model_validator
from transformers import AutoTokenizer, PreTrainedModel, TrainerCallback
from trl import GRPOConfig, GRPOTrainer

from galen.errors import GalenError, UserError
from galen.train import ptx
from galen.train.device import fast_bf16
from galen.train.feed import TaskFeed
from galen.train.stop import StopAfter, TimeLimit
from galen.types import Episode, Frozen, Group, Task, TrainRow


class GRPOSettings(Frozen):
    """One rollout gives `groups` live groups of `group_size` episodes, trained in `minibatches` optimizer steps.

    The paper's values: lr 1e-5, temperature 0.6, KL coefficient 1e-3, batch 128 (section 4.1); the group size is not
    published. `loss` "grpo" weighs every episode alike: failed ones are longer, and a mean over all tokens ("dapo")
    would push down more than it lifts (measured: entropy rose and success fell). `rounds` bounds how often a rollout
    plays again to replace dead groups. `ptx` weighs the cross-entropy of demonstrations, half as many as there are
    rows in each micro-batch, that is added to the loss.
    """

    learning_rate: float = Field(default=1e-5, gt=0)
    rollouts: int = Field(default=50, ge=1)
    groups: int = Field(default=16, ge=1)
    group_size: int = Field(default=8, ge=2)
    minibatches: int = Field(default=1, ge=1)
    micro_batch: int = Field(default=8, ge=1)
    rounds: int = Field(default=3, ge=1)
    temperature: float = Field(default=1.0, gt=0)
    kl: float = Field(default=1e-3, ge=0)
    ptx: float = Field(default=0.0, ge=0)
    clip: float = Field(default=0.2, gt=0)
    clip_high: float | None = None
    scale_rewards: bool = False
    loss: Literal["grpo", "dapo", "bnpo", "dr_grpo"] = "grpo"
    warmup_steps: int = Field(default=5, ge=0)
    max_grad_norm: float = Field(default=0.2, gt=0)
    curriculum: bool = True
    importance_clip: float = Field(default=2.0, gt=1)
    max_minutes: float = Field(default=0.0, ge=0)

    @model_validator(mode="after")
    def _divides(self) -> GRPOSettings:
        rows = self.groups * self.group_size
        if rows % (self.minibatches * self.micro_batch):
            raise ValueError(
                f"groups x group_size = {rows} rows do not divide into {self.minibatches} minibatches of whole "
                f"micro_batch = {self.micro_batch} rows"
            )
        return self


STATE = "rollout.json"  # in a checkpoint: what this trainer adds to it
CHUNK_ROWS = 8  # rows of one forward pass: few enough to be of like length

Play = Callable[[list[Task], int, int], list[Group]]
"""`play(tasks, step, round)` plays `group_size` episodes of each task with the served policy."""


@dataclass
class GRPOReport:
    """Counts over the whole run (law 10)."""

    episodes: int = 0
    groups: int = 0
    dead: int = 0
    surplus: int = 0
    ungraded: int = 0
    trained_tokens: int = 0
    changed_tokens: int = 0
    parity_mean: float = 0.0
    parity_max: float = 0.0
    seconds: dict[str, float] = field(default_factory=lambda: {"rollout": 0.0, "sync": 0.0, "train": 0.0})


class AgentGRPOTrainer(GRPOTrainer):
    """GRPOTrainer fed with whole episodes. Overrides two private methods of TRL, pinned and tested."""

    def __init__(
        self, *args: Any, feed: TaskFeed, tasks: dict[str, Task], play: Play, sync: Callable[[PreTrainedModel], None],
        check: Callable[[PreTrainedModel, Sequence[Episode]], tuple[float, float]], settings: GRPOSettings, log: Path,
        demonstrations: Sequence[TrainRow], **kwargs: Any,
    ) -> None:  # fmt: skip
        # TRL warns that rollout_func is experimental; the version is pinned.
        super().__init__(*args, rollout_func=lambda prompts, trainer: self.roll(len(prompts)), **kwargs)
        self.feed, self.report = feed, GRPOReport()
        self._tasks, self._play, self._sync, self._check = tasks, play, sync, check
        self._settings, self._log_path, self._demonstrations = settings, log, demonstrations
        # TRL asks this object to bring the server up to date, and corrects by the sampler's log-probabilities.
        self.use_vllm, self.vllm_mode, self._last_loaded_step = True, "server", -1
        self.vllm_generation = self
        self.vllm_importance_sampling_correction = True
        self._rolled: list[Episode] = []
        self._live_share = 0.7  # of the groups played; what a rollout plans with
        self._started = time.monotonic()

    def sync_weights(self) -> None:
        """Serve the present weights."""
        start = time.monotonic()
        self._sync(self._policy())
        self.report.seconds["sync"] += time.monotonic() - start

    def _policy(self) -> PreTrainedModel:
        return self.accelerator.unwrap_model(self.model)  # type: ignore[return-value]

    def roll(self, rows: int) -> dict[str, Any]:
        """Episodes for one rollout: `rows` of them, from live groups as far as `rounds` allow."""
        start = time.monotonic()
        need = rows // self._settings.group_size
        live: list[Group] = []
        dead: list[Group] = []
        for number in range(self._settings.rounds):
            missing = need - len(live)
            if missing <= 0:
                break
            tasks = self.feed.deal(max(2, math.ceil(missing / self._live_share)))
            groups = self._play(tasks, self.state.global_step, number)
            self.feed.learn(groups, self._tasks)
            live += [g for g in groups if g.live]
            dead += [g for g in groups if not g.live]
        self._live_share = min(0.95, max(0.25, 0.5 * self._live_share + 0.5 * len(live) / (len(live) + len(dead))))
        return self._hand_over(live, dead, need, time.monotonic() - start)

    def _hand_over(self, live: list[Group], dead: list[Group], need: int, seconds: float) -> dict[str, Any]:
        report, played = self.report, live + dead
        chosen = (live + dead)[:need]
        if len(chosen) < need:
            raise GalenError(f"only {len(chosen)} groups were played where {need} are needed")
        everyone = [e for g in played for e in g.episodes]
        rewards = [e.reward for e in everyone if e.reward is not None]
        if not rewards:
            raise GalenError("no episode of this rollout could be graded; see the faults above")
        report.episodes += len(everyone)
        report.groups += len(played)
        report.dead += len(dead)
        report.surplus += max(0, len(live) - need)
        report.ungraded += len(everyone) - len(rewards)
        report.seconds["rollout"] += seconds
        self._rolled = [e for g in chosen for e in g.episodes]
        mean, worst = self._check(self._policy(), [e for e in self._rolled if e.turns][:6])
        report.parity_mean, report.parity_max = max(report.parity_mean, mean), max(report.parity_max, worst)
        self._line = {
            "step": self.state.global_step, "reward": sum(rewards) / len(rewards), "groups": len(played),
            "live": len(live), "ungraded": len(everyone) - len(rewards), "parity": mean, "rollout_s": round(seconds, 2),
            "turns": sum(len(e.turns) for e in everyone) / len(everyone), "at_s": round(time.monotonic() - self._started, 1),
        }  # fmt: skip
        with self._log_path.open("a") as file:
            file.write(json.dumps(self._line) + "\n")
        print(
            f"grpo: step {self.state.global_step} reward {self._line['reward']:.3f} live {len(live)}/{len(played)} "
            f"turns {self._line['turns']:.2f} parity {mean:.1e} rollout {seconds:.1f} s at {self._line['at_s']:.0f} s",
            flush=True,
        )
        # A fault before the first token leaves one masked token in its row; its reward None leaves the row out.
        return {
            "prompt_ids": [e.prompt_ids for e in self._rolled],
            "completion_ids": [e.completion_ids or [self._tokenizer.pad_token_id] for e in self._rolled],
            "logprobs": [e.completion_logprobs or [0.0] for e in self._rolled],
            "env_mask": [e.completion_mask or [0] for e in self._rolled],
            "episode_reward": [e.reward for e in self._rolled],
        }

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        batch = super()._generate_and_score_completions(inputs)
        self._count_tokens(batch)
        return batch

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        loss = super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        if not self._settings.ptx:
            return loss
        return loss + self._settings.ptx * self._ptx_loss(model) / self.current_gradient_accumulation_steps

    def _ptx_loss(self, model: Any) -> torch.Tensor:
        """Cross-entropy of some demonstrations, a mean over their sampled tokens, at the rollouts' temperature."""
        micro = self._step % self.current_gradient_accumulation_steps
        where = f"{self.args.seed}/{self.state.global_step}/{micro}/{self.accelerator.process_index}"
        rows = ptx.draw(self._demonstrations, max(1, self._settings.micro_batch // 2), where)
        ids, attention, mask = (x.to(self.accelerator.device) for x in ptx.collate(rows))
        first = int(mask.any(0).nonzero()[0])  # before it there are prompts only, whose tokens need no score
        logps, _, _ = self._get_per_token_logps_and_entropies(model, ids, attention, ids.size(1) - first)
        sampled = mask[:, first:]
        return -(logps * sampled).sum() / sampled.sum()

    def _count_tokens(self, batch: dict[str, Any]) -> None:
        """Count the tokens that will be trained, and those that are not the stored ones (must stay 0, law 1)."""
        ids, mask = batch["completion_ids"], batch["completion_mask"] * batch["tool_mask"]
        for i, episode in enumerate(self._rolled):
            trained = ids[i][mask[i].bool()].tolist()
            stored = [t for t, m in zip(episode.completion_ids, episode.completion_mask, strict=True) if m]
            self.report.trained_tokens += len(trained)
            self.report.changed_tokens += abs(len(trained) - len(stored)) + sum(
                a != b for a, b in zip(trained, stored, strict=False)
            )

    def _get_per_token_logps_and_entropies(
        self, model: Any, input_ids: torch.Tensor, attention_mask: torch.Tensor, logits_to_keep: int,
        batch_size: int | None = None, **kwargs: Any,
    ) -> tuple[torch.Tensor, torch.Tensor | None, Any]:  # fmt: skip
        """TRL's, but equal rows are computed once (a sharp policy often samples the same episode twice), and rows go
        sorted by length in small chunks, each cut to its own span: TRL pads every row to the longest of the rollout.
        """
        prompt = input_ids.size(1) - logits_to_keep
        rows, same = torch.cat([input_ids, attention_mask], 1).unique(dim=0, return_inverse=True)
        input_ids, attention_mask = rows.split(input_ids.size(1), 1)
        order = attention_mask.sum(1).argsort()
        logps, entropies, extra = [], [], None
        for rows in order.split(CHUNK_ROWS):
            ids, mask = input_ids[rows], attention_mask[rows]
            used = mask.any(0).nonzero()[:, 0]
            first, last = int(used[0]), max(int(used[-1]) + 1, prompt + 1)
            part, entropy, extra = super()._get_per_token_logps_and_entropies(
                model, ids[:, first:last], mask[:, first:last], last - prompt, **kwargs
            )
            short = (0, logits_to_keep - (last - prompt))
            logps.append(torch.nn.functional.pad(part, short))
            entropies.append(None if entropy is None else torch.nn.functional.pad(entropy, short))
        back = order.argsort()[same]
        together = None if entropies[0] is None else torch.cat(entropies)[back]
        return torch.cat(logps)[back], together, extra

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        super()._save_checkpoint(model, trial)
        folder = Path(self.args.output_dir or ".") / f"checkpoint-{self.state.global_step}"
        self.clock()
        state = {"feed": self.feed.state(), "live_share": self._live_share, "report": asdict(self.report)}
        (folder / STATE).write_text(json.dumps(state))

    def clock(self) -> None:
        """Book the time that was neither rollout nor refresh as training."""
        spent = self.report.seconds
        spent["train"] = time.monotonic() - self._started - spent["rollout"] - spent["sync"]

    def restore(self, checkpoint: Path) -> None:
        """Take over what the checkpoint holds beside the weights: the feed, and the counts of the whole run."""
        state = json.loads((checkpoint / STATE).read_text())
        self.feed.restore(state["feed"])
        self._live_share, self.report = state["live_share"], GRPOReport(**state["report"])
        self._started -= sum(self.report.seconds.values())


def train_grpo(
    model: PreTrainedModel, tokenizer: Path | str, tasks: Sequence[Task], settings: GRPOSettings, out: Path, *, seed: int,
    play: Play, sync: Callable[[PreTrainedModel], None],
    check: Callable[[PreTrainedModel, Sequence[Episode]], tuple[float, float]], context: int,
    demonstrations: Sequence[TrainRow] = (), gradient_checkpointing: bool = False, save_every: int = 4,
    stop_after: int = 0,
) -> GRPOReport:  # fmt: skip
    """Train `model` in place for `settings.rollouts` rollouts; a later call with the same `out` goes on exactly.

    `demonstrations` are what `settings.ptx` weighs. `stop_after` ends the call after so many optimizer steps without
    changing the schedule (tests of resuming).

    Raises:
        UserError: `settings.ptx` without demonstrations.
    """
    if settings.ptx and not demonstrations:
        raise UserError(f"grpo.ptx={settings.ptx}: there is no successful demonstration to train on; set grpo.ptx=0")
    out.mkdir(parents=True, exist_ok=True)
    feed = TaskFeed(tasks, seed, settings.curriculum)
    last = max(out.glob("checkpoint-*"), key=lambda p: int(p.name.split("-")[1]), default=None)
    accumulate = settings.groups * settings.group_size // (settings.minibatches * settings.micro_batch)
    steps = settings.rollouts * settings.minibatches
    config = GRPOConfig(
        output_dir=str(out), max_steps=steps, learning_rate=settings.learning_rate, lr_scheduler_type="constant_with_warmup",
        warmup_steps=settings.warmup_steps, max_grad_norm=settings.max_grad_norm, beta=settings.kl, epsilon=settings.clip,
        epsilon_high=settings.clip_high, temperature=settings.temperature, num_generations=settings.group_size,
        per_device_train_batch_size=settings.micro_batch, gradient_accumulation_steps=accumulate,
        steps_per_generation=accumulate * settings.minibatches, loss_type=settings.loss,
        scale_rewards="group" if settings.scale_rewards else "none", max_completion_length=context,
        vllm_importance_sampling_correction=True, vllm_importance_sampling_mode="token_truncate",
        vllm_importance_sampling_clip_max=settings.importance_clip, seed=seed, data_seed=seed, bf16=fast_bf16(),
        use_cpu=not torch.cuda.is_available(), gradient_checkpointing=gradient_checkpointing, report_to=[],
        disable_tqdm=True, logging_steps=max(1, settings.minibatches) * 5, save_steps=save_every, save_total_limit=1,
        dataloader_pin_memory=False,
    )  # fmt: skip
    callbacks: list[TrainerCallback] = [TimeLimit(settings.max_minutes)] if settings.max_minutes else []
    if stop_after:
        callbacks.append(StopAfter(stop_after))
    tokens = AutoTokenizer.from_pretrained(tokenizer)
    tokens.padding_side = "left"
    trainer = AgentGRPOTrainer(
        model=model, args=config, processing_class=tokens, callbacks=callbacks,
        # TRL wants prompts to deal from; the feed deals tasks instead.
        train_dataset=Dataset.from_list([{"prompt": "", "episode_reward": None}] * (settings.groups * steps)),
        reward_funcs=_reward, feed=feed, tasks={t.id: t for t in tasks}, play=play, sync=sync, check=check,
        settings=settings, log=out / "log.jsonl", demonstrations=demonstrations,
    )  # fmt: skip
    if last is not None:
        trainer.restore(last)
    trainer.train(resume_from_checkpoint=last is not None)
    trainer.clock()
    return trainer.report


def _reward(
    prompts: list[Any], completions: list[Any], episode_reward: list[float | None], **_: Any
) -> list[float | None]:
    return episode_reward
