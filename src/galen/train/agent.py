"""What the reinforcement methods share: a trainer fed with live multi-turn episodes, on TRL's GRPOTrainer.

What is added to TRL 1.16: whole episodes come from the sampler, with the oracle's or a verifier's outcome, less the costs
of reward shaping; environment tokens are masked; padding is trimmed and equal rows are scored once; the server gets the
new weights after each step and is checked; demonstrations can be trained on beside (`ptx`); a checkpoint also holds the
task feed; a line of log.jsonl says how each rollout went.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any, ClassVar, Generic, Literal, NamedTuple, TypeVar

import torch
from datasets import Dataset
from pydantic import Field, model_validator
from transformers import AutoTokenizer, PreTrainedModel, PrinterCallback, TrainerCallback
from trl import import_utils

from galen.data.rows import IGNORED, check_template, drift
from galen.errors import GalenError, UserError
from galen.policy.template import ChatTemplate
from galen.train import ptx
from galen.train.balance import balanced
from galen.train.feed import TaskFeed
from galen.train.heap import TrimHeap
from galen.train.logprobs import by_length, on_processor, score_rows
from galen.train.observe import PHASES, Observer, StepLog
from galen.train.outcome import Outcomes, VerifierReward, oracle
from galen.train.rollout_metrics import rollout_metrics, sampled_tokens
from galen.train.shaping import ShapingSettings, shape
from galen.train.stop import StopAfter, StopDiverged, TimeLimit
from galen.train.weights import check_weights, last_checkpoint, step_of
from galen.train.world import launch, once, part, processes, rank, split, take_weights, whole_weights, zero3
from galen.types import Episode, Frozen, Group, Task, TrainRow

# TRL's trainer imports vLLM wherever it is installed: half of a training's start, and for nothing, for the policy's server
# is a process of its own.
import_utils.is_vllm_available = lambda min_version=None: False
from trl import GRPOConfig, GRPOTrainer  # noqa: E402

REFERENCE = "ref"  # TRL's name of the adapter that is the reference, and of its folder in a checkpoint
STATE = "rollout.json"  # in a checkpoint: what this trainer adds to it, written last

Play = Callable[[list[Task], int, int], list[Group]]
"""`play(tasks, step, round)` plays `group_size` episodes of each task with the served policy."""
Sync = Callable[[PreTrainedModel], None]
Check = Callable[[PreTrainedModel, Sequence[Episode]], tuple[float, float]]


class AgentSettings(Frozen):
    """One rollout gives `groups` x `group_size` episodes, trained in `minibatches` optimizer steps.

    These are of all processes together; `micro_batch` is the rows that one of them takes in one pass. `kl` is the
    coefficient of the divergence from the reference, the policy before the first step. `ptx` weighs the cross-entropy of
    demonstrations, half as many as there are rows in each micro-batch, that is added to the loss.
    `entropy` weighs a bonus. `importance_mode` says how the loss is corrected for the sampler's log-probabilities, by
    ratios a token or an episode that are cut at `importance_clip`, or dropped above it (TRL's names).

    `shaping` takes costs off the reward. With `verifier` a trained verifier gives the outcome where no oracle does.
    `family_balance` gives every task family the same share of the gradient. `patience` rollouts in a row whose rewards are
    all alike stop the run: they carry no gradient.
    """

    learning_rate: float = Field(default=1e-5, gt=0)
    rollouts: int = Field(default=50, ge=1)
    groups: int = Field(default=16, ge=1)
    group_size: int = Field(default=8, ge=1)
    minibatches: int = Field(default=1, ge=1)
    micro_batch: int = Field(default=8, ge=1)
    temperature: float = Field(default=1.0, gt=0)
    kl: float = Field(default=1e-3, ge=0)
    ptx: float = Field(default=0.0, ge=0)
    entropy: float = Field(default=0.0, ge=0)
    clip: float = Field(default=0.2, gt=0)
    clip_high: float | None = None
    warmup_steps: int = Field(default=5, ge=0)
    max_grad_norm: float = Field(default=0.2, gt=0)
    curriculum: bool = True
    shaping: ShapingSettings = ShapingSettings()
    verifier: VerifierReward | None = None
    family_balance: bool = False
    importance_mode: Literal["token_truncate", "token_mask", "sequence_truncate", "sequence_mask"] = "token_truncate"
    importance_clip: float = Field(default=2.0, gt=1)
    patience: int = Field(default=5, ge=1)
    max_minutes: float = Field(default=0.0, ge=0)

    @property
    def steps_a_rollout(self) -> int:
        """Optimizer steps that one rollout is trained for."""
        return self.minibatches

    @model_validator(mode="after")
    def _divides(self) -> AgentSettings:
        rows = self.groups * self.group_size
        if rows % (self.minibatches * self.micro_batch):
            raise ValueError(
                f"groups x group_size = {rows} rows do not divide into {self.minibatches} minibatches of whole "
                f"micro_batch = {self.micro_batch} rows"
            )
        return self


@dataclass
class AgentReport:
    """Counts over the whole run (law 10), and seconds by phase.

    `changed_tokens` were trained as others than the sampled ones (none may be); `drifted` of the `replies` would have
    been, had their text been encoded again.
    """

    episodes: int = 0
    groups: int = 0
    ungraded: int = 0
    trained_tokens: int = 0
    changed_tokens: int = 0
    replies: int = 0
    drifted: int = 0
    parity_mean: float = 0.0
    parity_max: float = 0.0
    seconds: dict[str, float] = field(default_factory=dict)


class Rolled(NamedTuple):
    """A rollout: every group that was played, those to train on, and what the method's log says of them."""

    played: list[Group]
    chosen: list[Group]
    notes: dict[str, Any]


S = TypeVar("S", bound=AgentSettings)
R = TypeVar("R", bound=AgentReport)


class AgentTrainer(GRPOTrainer, Generic[S, R]):
    """GRPOTrainer fed with whole episodes. Overrides private methods of TRL, pinned and tested."""

    name: ClassVar[str]
    # TRL's metrics, means over the rollout's optimizer steps, and their names in log.jsonl.
    logged: ClassVar[dict[str, str]] = {
        "loss": "loss", "grad_norm": "grad_norm", "learning_rate": "learning_rate", "kl": "kl", "entropy": "entropy",
        "clip_ratio/region_mean": "clip_fraction", "clip_ratio/low_mean": "clip_fraction/low",
        "clip_ratio/high_mean": "clip_fraction/high", "sampling/importance_sampling_ratio/mean": "importance",
        "sampling/importance_sampling_ratio/min": "importance/min",
        "sampling/importance_sampling_ratio/max": "importance/max",
        "sampling/sampling_logp_difference/mean": "sampler_gap", "sampling/sampling_logp_difference/max": "sampler_gap/max",
    }  # fmt: skip

    def __init__(
        self, *args: Any, feed: TaskFeed, tasks: dict[str, Task], play: Play, outcomes: Outcomes, sync: Sync, check: Check,
        settings: S, report: R, out: Path, demonstrations: Sequence[TrainRow], template: ChatTemplate, observer: Observer,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        # TRL warns that rollout_func is experimental; the version is pinned.
        super().__init__(*args, rollout_func=lambda prompts, trainer: self.roll(len(prompts)), **kwargs)
        self.feed, self.report = feed, report
        self._tasks, self._play, self._outcomes, self._sync, self._check = tasks, play, outcomes, sync, check
        self._settings, self._demonstrations, self._template = settings, demonstrations, template
        self.steplog = StepLog(self.name, out, observer, settings, self.logged, first_step=0)
        self.add_callback(self.steplog)
        self._phases, self._idle = observer.phases, 0
        self._spent, self._restored = self._phases.spent(), report.seconds
        # TRL asks this object to bring the server up to date, and corrects by the sampler's log-probabilities.
        self.use_vllm, self.vllm_mode, self._last_loaded_step = True, "server", -1
        self.vllm_generation = self
        self.vllm_importance_sampling_correction = True
        self._rolled: list[Episode] = []
        self._rewards: list[float | None] = []  # what each of `_rolled` is trained on
        self._masks: list[list[int]] = []  # which tokens of each of `_rolled` are
        self._scored: dict[str, torch.Tensor] = {}
        self._started = time.monotonic()

    def _rollout(self, groups: int) -> Rolled:
        """Play tasks with the served policy, and choose `groups` groups to train on. Each method has its own."""
        raise NotImplementedError

    def _played(self, tasks: list[Task], number: int) -> list[Group]:
        """Groups of episodes of `tasks`, with the rewards to train on. The curriculum goes by outcomes without costs."""
        groups = self._play(tasks, self.state.global_step, number)
        episodes = [e for g in groups for e in g.episodes]
        outcomes = self._outcomes(episodes)
        for e, outcome in zip(episodes, outcomes, strict=True):
            for who, given in (("oracle", e.reward), ("verifier", outcome)):
                if given is not None and not math.isfinite(given):
                    raise UserError(f"{e.task_id}: its {who} gave the reward {given} (episode {e.key}); mend the {who}")
        rest = iter(outcomes)
        judged = [g.model_copy(update={"trained": tuple(next(rest) for _ in g.episodes)}) for g in groups]
        self.feed.learn(judged, self._tasks)
        return shape(judged, self._settings.shaping)

    def _total(self, x: torch.Tensor) -> torch.Tensor:
        """`x` summed over all processes."""
        return self.accelerator.reduce(x, "sum")  # type: ignore[return-value]

    def _balanced(self, advantages: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """`advantages` with the same weight in each family, where `family_balance` is on; see `galen.train.balance`."""
        if not self._settings.family_balance:
            return advantages
        number = {family: i for i, family in enumerate(self.feed.families)}
        rows = torch.tensor([number[e.family] for e in self._rolled], device=advantages.device)
        return balanced(advantages, weights, rows, len(number), self._total)

    def sync_weights(self) -> None:
        """Serve the present weights."""
        with self._phases("sync"):
            self._sync(self._policy())

    def _policy(self) -> PreTrainedModel:
        return self.accelerator.unwrap_model(self.model)  # type: ignore[return-value]

    def roll(self, rows: int) -> dict[str, Any]:
        """Episodes for one rollout: this process's `rows` of them, in TRL's form. The main process plays for all.

        Raises:
            UserError: a reward is no finite number, no episode holds a token to train on, or tokens are another
                tokenizer's.
            GalenError: too few episodes were played, or none could be graded, or rollouts no longer teach anything.
        """
        before, needed = self._phases.spent(), rows * processes()
        with self._phases("rollout"):
            rolled = once(lambda: self._rollout(needed // self._settings.group_size))
        everyone = [e for g in rolled.played for e in g.episodes]
        chosen = [e for g in rolled.chosen for e in g.episodes]
        if len(chosen) != needed:
            raise GalenError(f"{len(chosen)} episodes were played where {needed} are needed")
        trained = [r for g in rolled.chosen for r in g.each]
        masks = [self._mask(e, r) for e, r in zip(chosen, trained, strict=True)]
        self._rolled, self._rewards, self._masks = part(chosen), part(trained), part(masks)
        check_template(everyone, self._template)
        rewards = [r for g in rolled.played for r in g.rewards]
        if not rewards:
            raise GalenError("no episode of this rollout could be graded; see the faults above")
        if not any(any(mask) for mask in masks):
            raise UserError(f"no graded episode of step {self.state.global_step} holds a sampled token to train on")
        self._count_idle(rolled)
        self.report.episodes += len(everyone)
        self.report.groups += len(rolled.played)
        self.report.ungraded += len(everyone) - len(rewards)
        return self._hand_over(rolled, everyone, rewards, self._phases.since(before)["rollout"])

    def _teaches(self, rolled: Rolled) -> bool:
        """Whether some of the episodes to train on did better than others. Each method has its own."""
        raise NotImplementedError

    def _count_idle(self, rolled: Rolled) -> None:
        """Say that a rollout teaches nothing, and stop where `patience` of them came in a row.

        The others are trained on: demonstrations and the reference have gradients of their own. A resumed run counts
        anew, so it is given other tasks before it stops.
        """
        self._idle = 0 if self._teaches(rolled) else self._idle + 1
        if not self._idle:
            return
        step, patience = self.state.global_step, self._settings.patience
        print(
            f"{self.name}: step {step} has no gradient: all its rewards are alike ({self._idle} of {patience})",
            flush=True,
        )
        if self._idle == patience:
            raise GalenError(
                f"{self.name}: {patience} rollouts in a row, until step {step}, had no gradient: their rewards are all alike, "
                f"the last one's {rolled.chosen[0].rewards or 'none'}, so the policy no longer learns. The same command goes on "
                f"from the last checkpoint; if it ends here again, choose easier or harder tasks, a higher "
                f"{self.name}.temperature, or more patience in another OUT"
            )

    def _hand_over(
        self, rolled: Rolled, everyone: list[Episode], rewards: list[float], seconds: float
    ) -> dict[str, Any]:
        report = self.report
        with self._phases("check"):
            chosen = [e for g in rolled.chosen for e in g.episodes if e.turns]
            mean, worst = self._check(self._policy(), chosen[:6])
        report.parity_mean, report.parity_max = max(report.parity_mean, mean), max(report.parity_max, worst)
        replies, drifted = sum(len(e.turns) for e in everyone), drift(everyone, self._template)
        report.replies, report.drifted = report.replies + replies, report.drifted + drifted
        graded = [e.reward for e in everyone if e.reward is not None]
        line = {
            "step": self.state.global_step, "reward": fmean(graded) if graded else None, "trained_reward": fmean(rewards),
            "groups": len(rolled.played), **rolled.notes, "ungraded": len(everyone) - len(rewards), "parity": mean, "parity_max": worst,
            "rollout_s": round(seconds, 2), "turns": replies / len(everyone),
            "at_s": round(time.monotonic() - self._started, 1), "drift": drifted / max(1, replies),
            "sampled_tokens_per_s": round(sampled_tokens(everyone) / max(seconds, 1e-9), 1), **rollout_metrics(rolled.played),
        }  # fmt: skip
        self.steplog.also = line
        print(
            f"{self.name}: step {self.state.global_step} "
            + (f"reward {line['reward']:.3f} " if graded else "")
            + f"trained on {line['trained_reward']:.3f} groups {len(rolled.played)} "
            + "".join(f"{key} {value} " for key, value in rolled.notes.items())
            + f"turns {line['turns']:.2f} parity {mean:.1e} rollout {seconds:.1f} s at {line['at_s']:.0f} s",
            flush=True,
        )
        # A fault before the first token leaves one masked token in its row; its reward None leaves the row out.
        return {
            "prompt_ids": [e.prompt_ids for e in self._rolled],
            "completion_ids": [e.completion_ids or [self._tokenizer.pad_token_id] for e in self._rolled],
            "logprobs": [e.completion_logprobs or [0.0] for e in self._rolled],
            "env_mask": self._masks,
            "episode_reward": self._rewards,
        }

    def _mask(self, episode: Episode, reward: float | None) -> list[int]:
        """1 at each token of the episode's completion that is trained: none without a reward (law 3)."""
        return [0] * max(1, len(episode.completion_mask)) if reward is None else episode.completion_mask or [0]

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        with self._phases("score"):
            batch = super()._generate_and_score_completions(inputs)
        before = self.report.trained_tokens
        self._count_tokens(batch)
        epochs = self._settings.steps_a_rollout // self._settings.minibatches
        self.steplog.also["trained_tokens"] = epochs * (self.report.trained_tokens - before)
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
        counts = torch.zeros(2, dtype=torch.long, device=self.accelerator.device)
        ids, mask = batch["completion_ids"], batch["completion_mask"] * batch["tool_mask"]
        for i, (episode, own) in enumerate(zip(self._rolled, self._masks, strict=True)):
            trained = ids[i][mask[i].bool()].tolist()
            # A row of padding stands for an episode without a token.
            stored = [t for t, m in zip(episode.completion_ids, own, strict=False) if m]
            counts[0] += len(trained)
            counts[1] += abs(len(trained) - len(stored)) + sum(a != b for a, b in zip(trained, stored, strict=False))
        trained, changed = self.accelerator.reduce(counts, "sum").tolist()  # type: ignore[union-attr]
        self.report.trained_tokens += trained
        self.report.changed_tokens += changed

    def _get_per_token_logps_and_entropies(
        self, model: Any, input_ids: torch.Tensor, attention_mask: torch.Tensor, logits_to_keep: int,
        batch_size: int | None = None, **kwargs: Any,
    ) -> tuple[torch.Tensor, torch.Tensor | None, Any]:  # fmt: skip
        """TRL's, but equal rows are computed once (a sharp policy often samples the same episode twice), and rows go
        sorted by length in small chunks, each cut to its own span: TRL pads every row to the longest of the rollout. A
        chunk is no larger than a micro-batch: what is scored without a gradient must not need more memory than training.
        """
        prompt = input_ids.size(1) - logits_to_keep
        same = torch.arange(len(input_ids), device=input_ids.device)
        if not split(self._policy()):  # there, all processes must take as many passes
            rows, same = torch.cat([input_ids, attention_mask], 1).unique(dim=0, return_inverse=True)
            input_ids, attention_mask = rows.split(input_ids.size(1), 1)
        extra = None

        def chunk(rows: torch.Tensor) -> dict[str, torch.Tensor]:
            nonlocal extra
            ids, mask = input_ids[rows], attention_mask[rows]
            used = mask.any(0).nonzero()[:, 0]
            first, last = int(used[0]), max(int(used[-1]) + 1, prompt + 1)
            found, extra = self._score(model, ids[:, first:last], mask[:, first:last], last - prompt, **kwargs)
            short = (0, logits_to_keep - (last - prompt))
            return {name: torch.nn.functional.pad(x, short) for name, x in found.items()}

        scored = by_length(attention_mask, chunk, self._settings.micro_batch)
        self._scored = {name: x[same] for name, x in scored.items()}
        return self._scored["logps"], self._scored.get("entropies"), extra

    def _score(
        self, model: Any, ids: torch.Tensor, mask: torch.Tensor, keep: int, **kwargs: Any
    ) -> tuple[dict[str, torch.Tensor], Any]:
        """Of the last `keep` tokens of each row: `logps`, `entropies` if asked for, and what a method adds; each of
        shape (rows, keep). Second, TRL's auxiliary loss.
        """
        if on_processor(model) and not kwargs.get("compute_aux_loss"):
            labels = ids.masked_fill(mask == 0, IGNORED)
            labels[:, :-keep] = IGNORED
            outputs = ("entropy",) if kwargs.get("compute_entropy") else ()
            with self.accelerator.autocast():
                found = score_rows(
                    model, input_ids=ids, attention_mask=mask, labels=labels, temperature=self.temperature, outputs=outputs
                )  # fmt: skip
            names = {"logps": found.log_probs, "entropies": found.entropy}
            return {name: x[:, -keep:] for name, x in names.items() if x is not None}, None
        logps, entropies, extra = super()._get_per_token_logps_and_entropies(model, ids, mask, keep, **kwargs)
        return {"logps": logps} if entropies is None else {"logps": logps, "entropies": entropies}, extra

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        with self._phases("checkpoint"):
            super()._save_checkpoint(model, trial)
            self._save_reference()
            self._add_to_checkpoint()

    def _save_reference(self) -> None:
        """The reference that is an adapter: frozen, Transformers leaves it out under ZeRO-3."""
        policy: Any = self._policy()
        if zero3() and REFERENCE in getattr(policy, "peft_config", ()):
            weights = whole_weights(policy)
            if self.args.should_save:
                policy.save_pretrained(self._checkpoint, selected_adapters=[REFERENCE], state_dict=weights)

    @property
    def _checkpoint(self) -> Path:
        """The folder of this step's."""
        return Path(self.args.output_dir or ".") / f"checkpoint-{self.state.global_step}"

    def _add_to_checkpoint(self) -> None:
        if not self.args.should_save:
            return
        folder = self._checkpoint
        self.save_state(folder)
        self.clock()
        state = {"feed": self.feed.state(), "report": asdict(self.report), **self.own_state()}
        draft = folder / f"{STATE}.partial"
        draft.write_text(json.dumps(state))
        draft.rename(folder / STATE)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        """Transformers' knows no weights that are split, and loads only the folders it finds where the reference is an
        adapter too (TRL's `ref`): the policy's own lies in none.
        """
        policy: Any = self._policy()
        if split(policy):
            take_weights(policy, Path(resume_from_checkpoint))
            return
        super()._load_from_checkpoint(resume_from_checkpoint, model)
        if hasattr(policy, "peft_config"):
            policy.load_adapter(resume_from_checkpoint, policy.active_adapter, is_trainable=True)

    def own_state(self) -> dict[str, Any]:
        """What the method adds to a checkpoint's state, as plain data; `restore` gets it back."""
        return {}

    def save_state(self, checkpoint: Path) -> None:
        """Write what the method adds to a checkpoint as files."""

    def clock(self) -> None:
        """Bring the report's seconds by phase up to now."""
        spent = self._phases.since(self._spent)
        total = {phase: spent.get(phase, 0.0) + self._restored.get(phase, 0.0) for phase in PHASES}
        self.report.seconds = {phase: seconds for phase, seconds in total.items() if seconds}

    def restore(self, checkpoint: Path) -> dict[str, Any]:
        """Take over what the checkpoint holds beside the weights: the feed, and the counts of the whole run. Returns
        the state for a method to take over its own.
        """
        state = json.loads((checkpoint / STATE).read_text())
        self.feed.restore(state["feed"])
        self.report = type(self.report)(**state["report"])
        self._restored = self.report.seconds
        self._started -= sum(self._restored.values())
        if (checkpoint / REFERENCE).exists():  # DeepSpeed's and FSDP's checkpoints leave frozen adapters out
            policy: Any = self._policy()
            policy.load_adapter(str(checkpoint / REFERENCE), REFERENCE)
        return state


def train_agent(
    method: type[AgentTrainer[S, R]], report: R, model: PreTrainedModel, tokenizer: Path | str, tasks: Sequence[Task],
    settings: S, out: Path, own: dict[str, Any], *, seed: int, play: Play, sync: Sync, check: Check, context: int,
    demonstrations: Sequence[TrainRow], gradient_checkpointing: bool, save_every: int, stop_after: int, outcomes: Outcomes,
    observer: Observer,
) -> R:  # fmt: skip
    """Train `model` in place for `settings.rollouts` rollouts; a later call with the same `out` goes on exactly.

    `outcomes` judges what was played: the oracle, or the verifier that `settings.verifier` names. `own` are the method's own
    fields of GRPOConfig; `out/log.jsonl` has a line a rollout. Checkpoints come every `save_every` optimizer steps and
    `stop_after` ends the call after so many, both rounded up to whole rollouts: a rollout is not kept, but rolled. Of several
    processes each calls this; `play` and `outcomes` then run in the main one alone, `sync` and `check` in each.

    Raises:
        UserError: `settings.ptx` without demonstrations, or with ones of another tokenizer; `settings.verifier` without a
            verifier's outcomes; a checkpoint of another model; the rows do not divide by the processes.
    """
    if settings.verifier is not None and outcomes is oracle and not rank():
        raise UserError(f"{method.name}.verifier has no effect: the oracle's rewards were handed in as outcomes")
    if settings.ptx and not demonstrations:
        raise UserError(
            f"{method.name}.ptx={settings.ptx}: there is no successful demonstration to train on; set {method.name}.ptx=0"
        )
    template = ChatTemplate(Path(tokenizer))
    check_template(demonstrations, template)
    out.mkdir(parents=True, exist_ok=True)
    last = once(lambda: last_checkpoint(out, STATE))
    if last is not None:
        check_weights(last, model)
    own = own | observer.arguments(out)
    config = _config(
        method.name, settings, out, seed, context, gradient_checkpointing, _whole(save_every, settings), own
    )
    callbacks: list[TrainerCallback] = [StopDiverged(method.name), TrimHeap()]
    if settings.max_minutes:
        callbacks.append(TimeLimit(settings.max_minutes))
    if stop_after:
        callbacks.append(StopAfter(_whole(stop_after, settings)))
    tokens = AutoTokenizer.from_pretrained(tokenizer)
    tokens.padding_side = "left"
    trainer = method(
        model=model, args=config, processing_class=tokens, callbacks=callbacks,
        # TRL wants prompts to deal from; the feed deals tasks instead.
        train_dataset=Dataset.from_list([{"prompt": "", "episode_reward": None}] * (settings.groups * config.max_steps)),
        reward_funcs=_reward, feed=TaskFeed(tasks, seed, settings.curriculum), tasks={t.id: t for t in tasks}, play=play,
        outcomes=outcomes, sync=sync, check=check, settings=settings, report=report, out=out, demonstrations=demonstrations,
        template=template, observer=observer,
    )  # fmt: skip
    trainer.remove_callback(PrinterCallback)  # the trainer prints its own lines
    if last is not None:
        trainer.restore(last)
    if last is not None and step_of(last) >= config.max_steps:
        trainer._load_from_checkpoint(str(last))  # Transformers would train one rollout more
    else:
        with observer.phases("train"):
            trainer.train(resume_from_checkpoint=None if last is None else str(last))
        trainer.clock()
    return once(lambda: trainer.report)


def _whole(steps: int, settings: AgentSettings) -> int:
    """`steps` rounded up to whole rollouts."""
    return math.ceil(steps / settings.steps_a_rollout) * settings.steps_a_rollout


def accumulation(name: str, settings: AgentSettings) -> int:
    """Passes of each process in an optimizer step of method `name`.

    Raises:
        UserError: the rows do not divide by the processes.
    """
    rows, step = settings.groups * settings.group_size, settings.minibatches * settings.micro_batch * processes()
    if rows % step:
        raise UserError(
            f"{name}: groups x group_size = {rows} rows do not divide into {settings.minibatches} minibatches of whole "
            f"micro_batch = {settings.micro_batch} rows on each of {processes()} processes; set {name}.micro_batch or "
            f"{name}.groups"
        )
    return rows // step


def _config(
    name: str, settings: AgentSettings, out: Path, seed: int, context: int, gradient_checkpointing: bool, save_steps: int,
    own: dict[str, Any],
) -> GRPOConfig:  # fmt: skip
    accumulate = accumulation(name, settings)
    return GRPOConfig(
        output_dir=str(out), max_steps=settings.rollouts * settings.steps_a_rollout, learning_rate=settings.learning_rate,
        lr_scheduler_type="constant_with_warmup", warmup_steps=settings.warmup_steps, max_grad_norm=settings.max_grad_norm,
        beta=settings.kl, epsilon=settings.clip, epsilon_high=settings.clip_high, temperature=settings.temperature,
        entropy_coef=settings.entropy, per_device_train_batch_size=settings.micro_batch, gradient_accumulation_steps=accumulate,
        steps_per_generation=accumulate * settings.minibatches, max_completion_length=context,
        vllm_importance_sampling_correction=True, vllm_importance_sampling_mode=settings.importance_mode,
        vllm_importance_sampling_clip_max=settings.importance_clip, seed=seed, data_seed=seed,
        gradient_checkpointing=gradient_checkpointing,
        disable_tqdm=True, logging_steps=settings.steps_a_rollout, logging_nan_inf_filter=False, save_steps=save_steps,
        save_total_limit=2, dataloader_pin_memory=False, **launch(), **own,
    )  # fmt: skip


def _reward(
    prompts: list[Any], completions: list[Any], episode_reward: list[float | None], **_: Any
) -> list[float | None]:
    return episode_reward
