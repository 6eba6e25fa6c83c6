"""DPO on whole multi-turn episodes (Rafailov et al. 2023, equation 7), on TRL's DPOTrainer.

What is added to TRL 1.16: rows are the stored tokens; what the environment wrote is masked out of the log-ratios; the
reference log-probabilities of the starting weights are kept with the run, and several processes share them; a CPU scores
the trained positions only; a loss that is no number stops the run.
"""

from __future__ import annotations

import copy
import hashlib
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import torch
import torch.nn.functional as F
from datasets import Dataset
from pydantic import Field, model_validator
from torch.utils.data import DataLoader
from transformers import AutoTokenizer, PreTrainedModel, PrinterCallback, TrainerCallback
from trl import DPOConfig, DPOTrainer
from trl.models.utils import prepare_deepspeed
from trl.trainer.dpo_trainer import DataCollatorForPreference
from trl.trainer.utils import FusedCausalLMOutput

from galen.data.pairs import PairRow
from galen.data.rows import check_template
from galen.errors import GalenError, UserError
from galen.policy.template import ChatTemplate
from galen.train.device import autocast
from galen.train.epoch import AfterEpoch
from galen.train.fsdp import reference
from galen.train.heap import TrimHeap
from galen.train.logprobs import by_length, on_processor, score_rows
from galen.train.observe import Observer, StepLog
from galen.train.stop import StopAfter, StopDiverged
from galen.train.weights import check_weights, last_checkpoint
from galen.train.world import launch, once, passes, processes
from galen.types import Frozen


class DPOSettings(Frozen):
    """`batch_size` pairs an optimizer step, dealt to all processes, each of which takes `micro_batch` of its own in a pass
    (twice as many sequences).

    The paper's values: lr 5e-6, batch 64, beta 0.1 (section 4.1), one epoch and label smoothing 0.1 (its published
    command). `loss` "ipo" is TRL's, whose log-ratios are means over tokens (Azar et al. 2023, equation 17).
    `label_smoothing` is the share of wrong preferences that conservative DPO expects (Mitchell 2023, equation 3);
    `sft_weight` weighs the cross-entropy of the chosen episodes, a mean over their sampled tokens, added to the loss.
    """

    beta: float = Field(default=0.1, gt=0)
    learning_rate: float = Field(default=5e-6, gt=0)
    batch_size: int = Field(default=64, ge=1)
    micro_batch: int = Field(default=8, ge=1)
    epochs: int = Field(default=1, ge=1)
    loss: Literal["sigmoid", "ipo"] = "sigmoid"
    label_smoothing: float = Field(default=0.1, ge=0, lt=0.5)
    sft_weight: float = Field(default=0.0, ge=0)
    warmup_steps: int = Field(default=5, ge=0)
    max_grad_norm: float = Field(default=1.0, gt=0)

    @model_validator(mode="after")
    def _fits(self) -> DPOSettings:
        if self.batch_size % self.micro_batch:
            raise ValueError(
                f"batch_size = {self.batch_size} pairs do not divide into micro-batches of micro_batch = "
                f"{self.micro_batch} pairs"
            )
        if self.loss == "ipo" and self.label_smoothing:
            raise ValueError(f"label_smoothing = {self.label_smoothing} has no effect with loss = ipo; set it to 0")
        return self


@dataclass(frozen=True)
class DPOReport:
    """How many pairs were trained on in each epoch, how many were longer than the context and left out, and how many each
    epoch left over because several processes take only whole passes, other ones each time (law 10).
    """

    pairs: int
    too_long: int
    left_over: int


REFERENCE = "reference.json"  # in a run's folder: log-probabilities under the starting weights
COLUMNS = ("ref_chosen_logps", "ref_rejected_logps")
LOGGED = {
    "loss": "loss", "rewards/chosen": "chosen_reward", "rewards/rejected": "rejected_reward", "rewards/margins": "margin",
    "rewards/accuracies": "accuracy", "logps/chosen": "chosen_logp", "logps/rejected": "rejected_logp",
    "entropy": "entropy", "grad_norm": "grad_norm", "learning_rate": "learning_rate",
}  # fmt: skip


def train_dpo(
    model: PreTrainedModel, tokenizer: Path | str, pairs: Sequence[PairRow], settings: DPOSettings, out: Path, *, seed: int,
    context: int, gradient_checkpointing: bool = False, after_epoch: Callable[[PreTrainedModel, int], None] | None = None,
    save_every: int = 10, stop_after: int = 0, observer: Observer = Observer(),
) -> DPOReport:  # fmt: skip
    """Train `model` in place on the pairs that fit `context` tokens; the reference is the model as it comes.

    Checkpoints go to `out` every `save_every` optimizer steps, and a later call with the same pairs goes on exactly;
    `out/log.jsonl` has a line a step. `after_epoch(model, epoch)` is called at each epoch's end, with the model in
    evaluation mode. `stop_after` ends the call after so many optimizer steps without changing the schedule (tests of
    resuming).

    Raises:
        UserError: no pair fits, or fewer than the processes take in one pass; `settings.batch_size` does not divide by the
            processes; a pair has tokens of another tokenizer or chat template; `out` holds a run on other pairs, or a
            checkpoint of another model.
        GalenError: the loss or its gradient is no finite number; that step is not saved.
    """
    check_template(pairs, ChatTemplate(Path(tokenizer)))
    rows = sorted((p for p in pairs if p.length <= context), key=lambda p: p.length)
    left_over = len(rows) % (settings.micro_batch * processes()) if processes() > 1 else 0
    report = DPOReport(pairs=len(rows) - left_over, too_long=len(pairs) - len(rows), left_over=left_over)
    if not rows:
        raise UserError(
            f"dpo: of {len(pairs)} pairs none fits the context of {context} tokens; sample more episodes a task, or "
            "raise the context"
        )
    if not report.pairs:
        raise UserError(
            f"dpo: {len(rows)} pairs are fewer than {processes()} processes take in a pass of micro_batch = "
            f"{settings.micro_batch}; set dpo.micro_batch lower, or sample more episodes a task"
        )
    print(
        f"dpo: {report.pairs} pairs, {report.too_long} longer than {context} tokens left out, {left_over} left over each epoch",
        flush=True,
    )  # fmt: skip
    out.mkdir(parents=True, exist_ok=True)
    if last := once(lambda: last_checkpoint(out)):
        check_weights(last, model)
    callbacks: list[TrainerCallback] = [AfterEpoch(after_epoch)] if after_epoch else []
    if stop_after:
        callbacks.append(StopAfter(stop_after))
    with observer.phases("reference"):
        trainer = dpo_trainer(
            model, tokenizer, rows, settings, out, seed=seed, gradient_checkpointing=gradient_checkpointing,
            save_every=save_every, callbacks=callbacks, observer=observer,
        )  # fmt: skip
    with observer.phases("train"):
        trainer.train(resume_from_checkpoint=None if last is None else str(last))
    return report


def dpo_trainer(
    model: PreTrainedModel, tokenizer: Path | str, rows: Sequence[PairRow], settings: DPOSettings, out: Path, *, seed: int,
    gradient_checkpointing: bool, save_every: int, callbacks: Sequence[TrainerCallback] = (), observer: Observer = Observer(),
) -> TokenDPOTrainer:  # fmt: skip
    """The trainer of `train_dpo`, with the reference computed, or read where `out` holds a checkpoint."""
    losses = _losses(settings)
    micro_batch, accumulate = passes("dpo", settings.batch_size, settings.micro_batch)
    config = DPOConfig(
        output_dir=str(out), beta=settings.beta, loss_type=list(losses), loss_weights=list(losses.values()),
        label_smoothing=settings.label_smoothing, learning_rate=settings.learning_rate,
        per_device_train_batch_size=micro_batch, gradient_accumulation_steps=accumulate, num_train_epochs=settings.epochs,
        # Accelerate would fill up the last pass with pairs of the epoch's beginning, which would then count twice.
        dataloader_drop_last=processes() > 1,
        warmup_steps=settings.warmup_steps, lr_scheduler_type="cosine", max_grad_norm=settings.max_grad_norm,
        # Rows longer than the context are left out before; nothing is cut. The collator needs columns of our own.
        max_length=None, remove_unused_columns=False, precompute_ref_log_probs=True, seed=seed, data_seed=seed,
        gradient_checkpointing=gradient_checkpointing,
        # Each step is looked at before it is saved: a loss that is no number must show.
        logging_steps=1, logging_nan_inf_filter=False, disable_tqdm=True, save_strategy="steps", save_steps=save_every,
        save_total_limit=1, dataloader_pin_memory=False, include_num_input_tokens_seen="non_padding",
        **launch(), **observer.arguments(out),
    )  # fmt: skip
    tokens = AutoTokenizer.from_pretrained(tokenizer)
    trainer = TokenDPOTrainer(
        model=model, args=config, train_dataset=Dataset.from_list([r.model_dump() for r in rows]), processing_class=tokens,
        data_collator=PairCollator(pad_token_id=tokens.pad_token_id),
        callbacks=[StopDiverged("dpo"), TrimHeap(), *callbacks, StepLog("dpo", out, observer, settings, LOGGED)],
    )  # fmt: skip
    trainer.remove_callback(PrinterCallback)
    if hasattr(model, "peft_config"):
        model.delete_adapter("ref")  # TRL's copy of the starting adapter: the reference is computed by now
    return trainer


def _losses(settings: DPOSettings) -> dict[str, float]:
    """TRL's losses and their weights.

    TRL smooths labels as robust DPO does, R = ((1 - e) A - e B) / (1 - 2 e) of the losses A of a pair and B of the same
    pair turned round; conservative DPO is (1 - e) A + e B = 2 (1 - e) A - (1 - 2 e) R.
    """
    smoothing = settings.label_smoothing
    losses = {settings.loss: 1.0}
    if smoothing:
        losses = {"sigmoid": 2 * (1 - smoothing), "robust": -(1 - 2 * smoothing)}
    if settings.sft_weight:
        losses["sft"] = settings.sft_weight
    return losses


@dataclass
class PairCollator(DataCollatorForPreference):
    """TRL's collator, whose completion mask leaves out what the environment wrote."""

    def torch_call(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        """Token ids, attention and completion mask of shape (2 x pairs, longest row), the chosen ones first."""
        batch = super().torch_call(examples)
        sides = [(e["prompt_ids"], e[f"{side}_mask"]) for side in ("chosen", "rejected") for e in examples]
        for row, (prompt, mask) in zip(batch["completion_mask"], sides, strict=True):
            row[len(prompt) : len(prompt) + len(mask)] = torch.tensor(mask)
        return batch


class TokenDPOTrainer(DPOTrainer):
    """DPOTrainer fed with stored tokens. Overrides three private methods of TRL, pinned and tested."""

    def _prepare_dataset(self, dataset: Any, processing_class: Any, args: Any, dataset_name: str) -> Any:
        return dataset

    def _precompute_ref_logps(self, dataset: Dataset, name: str, batch_size: int) -> Dataset:
        """As two more columns, computed once a run: what resumes has the same reference, whichever weights it is given.

        TRL's own keeps them in a cache of each process, where the others do not find them.
        """
        path = Path(self.args.output_dir or ".") / REFERENCE
        digest = hashlib.sha256(json.dumps(list(dataset)).encode()).hexdigest()
        resumed = once(lambda: last_checkpoint(path.parent)) is not None
        if resumed:
            stored = once(lambda: json.loads(path.read_text()))
        else:
            stored = {"pairs": digest, **self._reference(dataset, batch_size)}
        if stored["pairs"] != digest:
            raise UserError(f"{path.parent}: holds a run on other pairs; choose another folder or remove it")
        found = {column: stored[column] for column in COLUMNS}
        for task_id, *values in zip(dataset["task_id"], *found.values(), strict=True):
            if not all(map(math.isfinite, values)):
                raise GalenError(f"dpo: the starting weights give a pair of {task_id} the log-probabilities {values}")
        if not resumed:
            once(lambda: path.write_text(json.dumps(stored) + "\n"))
        for column, values in found.items():
            dataset = dataset.add_column(column, values)  # type: ignore[call-arg]
        return dataset

    def _reference(self, dataset: Dataset, batch_size: int) -> dict[str, list[float]]:
        """Log-probabilities of the pairs, in their order, under the starting weights; each process scores its share."""
        loader = self.accelerator.prepare(DataLoader(dataset, batch_size=batch_size, collate_fn=self.data_collator))  # type: ignore[arg-type]
        model: Any = self.ref_model or self.model
        if self.is_deepspeed_enabled:
            model = prepare_deepspeed(model, self.accelerator)
        elif self.is_fsdp_enabled and self.ref_model is None:  # the model itself is split when it is trained
            model = reference(copy.deepcopy(model), self.accelerator)
        scored = [self.accelerator.gather_for_metrics(self.compute_ref_log_probs(model, batch)) for batch in loader]
        return {
            column: torch.cat([side.cpu() for side in sides]).tolist()
            for column, sides in zip(COLUMNS, zip(*scored, strict=True), strict=True)
        }

    def compute_ref_log_probs(self, model: Any, inputs: dict[str, Any]) -> Any:
        return super().compute_ref_log_probs(self._head(model), inputs)

    def _compute_loss(self, model: Any, inputs: dict[str, Any], return_outputs: bool) -> Any:
        return super()._compute_loss(self._head(model), inputs, return_outputs)

    def _head(self, model: Any) -> Any:
        """What scores a batch: TRL's fused head, or `score` where that would score every position of every row."""
        return partial(score, model, bf16=self.args.bf16) if on_processor(model) else model


def score(
    model: Any, *, input_ids: torch.Tensor, attention_mask: torch.Tensor, labels: torch.Tensor, bf16: bool, **_: Any
) -> FusedCausalLMOutput:
    """What TRL's fused head gives, of shape (rows, tokens - 1), from the trained positions alone.

    Rows are padded on the right; they go sorted by length in small chunks, each cut to its own span.
    """

    def chunk(rows: torch.Tensor) -> dict[str, torch.Tensor]:
        span = int(attention_mask[rows].sum(1).max())
        with autocast(bf16):
            found = score_rows(
                model, input_ids=input_ids[rows, :span], attention_mask=attention_mask[rows, :span],
                labels=labels[rows, :span], outputs=("entropy", "mean_logits", "is_top1"),
            )  # fmt: skip
        return {name: F.pad(x, (0, labels.size(1) - span)) for name, x in found.items()}

    return FusedCausalLMOutput(**by_length(attention_mask, chunk, len(input_ids)))
