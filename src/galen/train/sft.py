"""Supervised fine-tuning on the stored tokens of successful episodes, on TRL's SFTTrainer."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch.nn.functional as F
from datasets import Dataset, concatenate_datasets
from pydantic import Field
from torch.utils.data import Sampler
from transformers import AutoTokenizer, PreTrainedModel, TrainerCallback
from transformers.trainer_pt_utils import LengthGroupedSampler
from trl import SFTConfig, SFTTrainer

from galen.data.rows import IGNORED, labels
from galen.train.device import autocast
from galen.train.epoch import AfterEpoch
from galen.train.stop import StopAfter
from galen.train.world import launch, once, processes, share
from galen.types import Frozen, TrainRow


class SFTSettings(Frozen):
    """AdamW with a cosine schedule; `batch_size` rows a step, dealt to all processes. The paper's values: lr 1e-4, batch
    8 (section 4.1).
    """

    learning_rate: float = Field(default=1e-4, gt=0)
    batch_size: int = Field(default=8, ge=1)
    epochs: int = Field(default=3, ge=1)
    warmup_steps: int = Field(default=10, ge=0)
    weight_decay: float = Field(default=0.0, ge=0)


def train_sft(
    model: PreTrainedModel, tokenizer: Path | str, rows: Sequence[TrainRow], settings: SFTSettings, out: Path, *, seed: int,
    context: int, gradient_checkpointing: bool = False, after_epoch: Callable[[PreTrainedModel, int], None] | None = None,
    max_steps: int = -1, stop_after: int = 0,
) -> None:  # fmt: skip
    """Train `model` in place on exactly the rows' masked tokens; checkpoints go to `out`, and a later call goes on.

    `after_epoch(model, epoch)` is called at each epoch's end, in every process, with the model in evaluation mode.
    `stop_after` ends the call after so many optimizer steps without changing the schedule (tests of resuming).

    Raises:
        UserError: `settings.batch_size` does not divide by the processes.
    """
    data = Dataset.from_list([{"input_ids": r.input_ids, "labels": labels(r)} for r in rows])
    steps = -(-len(rows) // settings.batch_size)
    config = SFTConfig(
        output_dir=str(out), learning_rate=settings.learning_rate,
        per_device_train_batch_size=share(settings.batch_size, "batch_size"),
        num_train_epochs=settings.epochs, max_steps=max_steps, warmup_steps=settings.warmup_steps,
        weight_decay=settings.weight_decay,
        lr_scheduler_type="cosine", max_length=context, seed=seed, data_seed=seed,
        gradient_checkpointing=gradient_checkpointing,
        train_sampling_strategy="group_by_length", logging_steps=max(1, steps // 2), report_to=[], disable_tqdm=True,
        save_strategy="epoch" if max_steps < 0 else "steps", save_steps=2, save_total_limit=1, dataloader_pin_memory=False,
        **launch(),
    )  # fmt: skip
    callbacks: list[TrainerCallback] = [AfterEpoch(after_epoch)] if after_epoch else []
    if stop_after:
        callbacks.append(StopAfter(stop_after))
    trainer = TokenSFTTrainer(
        model=model, args=config, train_dataset=data, callbacks=callbacks,
        processing_class=AutoTokenizer.from_pretrained(tokenizer),
    )  # fmt: skip
    trainer.train(resume_from_checkpoint=once(lambda: any(out.glob("checkpoint-*"))))


class TokenSFTTrainer(SFTTrainer):
    """SFTTrainer whose loss on a CPU scores the trained positions only, and whose steps are the same in any number of
    processes.

    TRL's fused head does so where Triton is; elsewhere it scores every position, twice (measured with the tiny model
    on two AVX2 cores: 3.0 s a step against 2.1 s).
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._rows = self.train_dataset
        if processes() > 1:  # a last row that trains nothing, with which an epoch's last step is filled up
            row = min(self._rows, key=lambda r: len(r["input_ids"]))  # type: ignore[arg-type, call-overload]
            nothing = [row | {"labels": [IGNORED] * len(row["input_ids"])}]
            filler = Dataset.from_list(nothing, features=self._rows.features)  # type: ignore[union-attr]
            self.train_dataset = concatenate_datasets([self._rows, filler])  # type: ignore[list-item]

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        if processes() == 1:
            return super()._get_train_sampler(train_dataset)
        whole = self.args.train_batch_size * processes()
        order = LengthGroupedSampler(whole * self.args.gradient_accumulation_steps, self._rows)  # type: ignore[arg-type]
        return WholeBatches(order, whole)

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        if not isinstance(model, PreTrainedModel) or model.device.type != "cpu" or return_outputs:
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        targets = inputs["labels"][:, 1:]
        trained = targets != IGNORED
        with autocast(self.args.bf16):
            hidden = model.base_model(
                input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], use_cache=False
            ).last_hidden_state
            logits = model.get_output_embeddings()(hidden[:, :-1][trained])  # type: ignore[misc]
        total = F.cross_entropy(logits.float(), targets[trained], reduction="sum")
        return total / (trained.sum() if num_items_in_batch is None else num_items_in_batch)


class WholeBatches(Sampler[int]):
    """An order of rows, the main process's, filled up to whole batches with the row after the last.

    Accelerate would fill up with rows of the epoch's beginning, which would then count twice.
    """

    def __init__(self, order: LengthGroupedSampler, batch: int) -> None:
        self._order, self._batch = order, batch

    def __len__(self) -> int:
        return math.ceil(len(self._order) / self._batch) * self._batch

    def __iter__(self) -> Iterator[int]:
        order = once(lambda: list(self._order))
        return iter(order + [len(order)] * (len(self) - len(order)))
