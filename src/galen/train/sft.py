"""Supervised fine-tuning on the stored tokens of successful episodes, on TRL's SFTTrainer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from datasets import Dataset
from pydantic import Field
from transformers import AutoTokenizer, PreTrainedModel, PrinterCallback, TrainerCallback
from trl import SFTConfig, SFTTrainer

from galen.data.rows import IGNORED, check_template, labels
from galen.policy.template import ChatTemplate
from galen.train.device import autocast, fast_bf16
from galen.train.epoch import AfterEpoch
from galen.train.logprobs import on_processor, score_rows
from galen.train.observe import Observer, StepLog
from galen.train.stop import StopAfter, StopDiverged
from galen.train.weights import check_weights, last_checkpoint
from galen.types import Frozen, TrainRow

LOGGED = {
    "loss": "loss", "grad_norm": "grad_norm", "learning_rate": "learning_rate", "epoch": "epoch", "entropy": "entropy",
    "mean_token_accuracy": "accuracy",
}  # fmt: skip


class SFTSettings(Frozen):
    """AdamW with a cosine schedule. The paper's values: lr 1e-4, batch 8 (section 4.1)."""

    learning_rate: float = Field(default=1e-4, gt=0)
    batch_size: int = Field(default=8, ge=1)
    epochs: int = Field(default=3, ge=1)
    warmup_steps: int = Field(default=10, ge=0)
    weight_decay: float = Field(default=0.0, ge=0)


def train_sft(
    model: PreTrainedModel, tokenizer: Path | str, rows: Sequence[TrainRow], settings: SFTSettings, out: Path, *, seed: int,
    context: int, gradient_checkpointing: bool = False, after_epoch: Callable[[PreTrainedModel, int], None] | None = None,
    max_steps: int = -1, stop_after: int = 0, observer: Observer = Observer(), name: str = "sft",
) -> None:  # fmt: skip
    """Train `model` in place on exactly the rows' masked tokens; checkpoints go to `out`, and a later call goes on.
    `out/log.jsonl` has a line a step.

    `after_epoch(model, epoch)` is called at each epoch's end, with the model in evaluation mode. `stop_after` ends the
    call after so many optimizer steps without changing the schedule (tests of resuming). `name` is the method's.

    Raises:
        UserError: a row's tokens are another tokenizer's; a checkpoint is of another model.
        GalenError: the loss or its gradient is no finite number; that step is not saved.
    """
    check_template(rows, ChatTemplate(Path(tokenizer)))
    if last := last_checkpoint(out):
        check_weights(last, model)
    data = Dataset.from_list([{"input_ids": r.input_ids, "labels": labels(r)} for r in rows])
    steps = -(-len(rows) // settings.batch_size)
    config = SFTConfig(
        output_dir=str(out), learning_rate=settings.learning_rate, per_device_train_batch_size=settings.batch_size,
        num_train_epochs=settings.epochs, max_steps=max_steps, warmup_steps=settings.warmup_steps,
        weight_decay=settings.weight_decay,
        lr_scheduler_type="cosine", max_length=context, seed=seed, data_seed=seed, bf16=fast_bf16(),
        use_cpu=not torch.cuda.is_available(), gradient_checkpointing=gradient_checkpointing,
        train_sampling_strategy="group_by_length", logging_steps=1, logging_nan_inf_filter=False, disable_tqdm=True,
        include_num_input_tokens_seen="non_padding", **observer.arguments(out),
        save_strategy="epoch" if max_steps < 0 else "steps", save_steps=2, save_total_limit=1, dataloader_pin_memory=False,
    )  # fmt: skip
    callbacks: list[TrainerCallback] = [StopDiverged(name)]
    if after_epoch:
        callbacks.append(AfterEpoch(after_epoch))
    if stop_after:
        callbacks.append(StopAfter(stop_after))
    callbacks.append(StepLog(name, out, observer, settings, LOGGED, every=max(1, steps // 2)))
    trainer = TokenSFTTrainer(
        model=model, args=config, train_dataset=data, callbacks=callbacks,
        processing_class=AutoTokenizer.from_pretrained(tokenizer),
    )  # fmt: skip
    trainer.remove_callback(PrinterCallback)
    with observer.phases("train"):
        trainer.train(resume_from_checkpoint=None if last is None else str(last))


class TokenSFTTrainer(SFTTrainer):
    """SFTTrainer whose loss on a CPU scores the trained positions only.

    TRL's fused head does so where Triton is; elsewhere it scores every position, twice (measured with the tiny model
    on two AVX2 cores: 3.0 s a step against 2.1 s).
    """

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        if not on_processor(model) or return_outputs:
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        labels = inputs["labels"]
        with autocast(self.args.bf16):
            found = score_rows(
                model, input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], labels=labels
            )
        trained = (labels[:, 1:] != IGNORED).sum() if num_items_in_batch is None else num_items_in_batch
        return -found.log_probs.sum() / trained  # type: ignore[union-attr]
