"""Supervised fine-tuning on the stored tokens of successful episodes, on TRL's SFTTrainer.

Packed rows stay apart by their position ids, which begin again with each row: without an attention mask Transformers
makes of them one that is causal within a row and closed between rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets import Dataset, concatenate_datasets
from pydantic import Field, model_validator
from torch.utils.data import Sampler
from transformers import AutoTokenizer, PreTrainedModel, PrinterCallback, TrainerCallback
from transformers.trainer_pt_utils import LengthGroupedSampler
from trl import SFTConfig, SFTTrainer, pack_dataset
from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

from galen.data.rows import IGNORED, check_template, labels
from galen.errors import UserError
from galen.policy.template import ChatTemplate
from galen.train.device import autocast
from galen.train.epoch import AfterEpoch
from galen.train.heap import TrimHeap
from galen.train.logprobs import on_processor, score_rows
from galen.train.observe import Observer, StepLog
from galen.train.stop import StopAfter, StopDiverged
from galen.train.weights import check_weights, last_checkpoint
from galen.train.world import launch, once, passes, processes
from galen.types import Frozen, TrainRow

LOGGED = {
    "loss": "loss", "grad_norm": "grad_norm", "learning_rate": "learning_rate", "epoch": "epoch", "entropy": "entropy",
    "mean_token_accuracy": "accuracy",
}  # fmt: skip
MASKED = ("sdpa", "eager")  # attention that takes the mask made of position ids


class SFTSettings(Frozen):
    """AdamW with a cosine schedule. The paper's values: lr 1e-4, batch 8 (section 4.1).

    `batch_size` rows an optimizer step, dealt to all processes, each of which takes `micro_batch` of its own in a pass
    (None: all at once). `packing` puts whole rows behind each other, as many as fit the context: then a pack counts as a
    row. A step's loss is the mean over its trained tokens, however they are batched or packed.
    """

    learning_rate: float = Field(default=1e-4, gt=0)
    batch_size: int = Field(default=8, ge=1)
    micro_batch: int | None = Field(default=None, ge=1)
    packing: bool = False
    epochs: int = Field(default=3, ge=1)
    warmup_steps: int = Field(default=10, ge=0)
    weight_decay: float = Field(default=0.0, ge=0)

    @model_validator(mode="after")
    def _divides(self) -> SFTSettings:
        if self.micro_batch and self.batch_size % self.micro_batch:
            raise ValueError(
                f"batch_size = {self.batch_size} rows do not divide into micro-batches of micro_batch = "
                f"{self.micro_batch} rows"
            )
        return self


@dataclass(frozen=True)
class SFTReport:
    """How many rows were trained on in each epoch, in how many packs (without packing one a row), and how many were
    longer than the context and left out (law 10).
    """

    rows: int
    packs: int
    too_long: int


def train_sft(
    model: PreTrainedModel, tokenizer: Path | str, rows: Sequence[TrainRow], settings: SFTSettings, out: Path, *, seed: int,
    context: int, gradient_checkpointing: bool = False, after_epoch: Callable[[PreTrainedModel, int], None] | None = None,
    max_steps: int = -1, stop_after: int = 0, observer: Observer = Observer(), name: str = "sft",
) -> SFTReport:  # fmt: skip
    """Train `model` in place on exactly the masked tokens of the rows that fit `context` tokens; checkpoints go to `out`,
    and a later call goes on. `out/log.jsonl` has a line a step.

    `after_epoch(model, epoch)` is called at each epoch's end, in every process, with the model in evaluation mode.
    `stop_after` ends the call after so many optimizer steps without changing the schedule (tests of resuming). `name` is
    the method's.

    Raises:
        UserError: no row fits; `settings.batch_size` does not divide by the processes; the model's attention would not keep
            packed rows apart; a row's tokens are another tokenizer's; a checkpoint is of another model.
        GalenError: the loss or its gradient is no finite number; that step is not saved.
    """
    check_template(rows, ChatTemplate(Path(tokenizer)))
    if last := once(lambda: last_checkpoint(out)):
        check_weights(last, model)
    attention = model.config._attn_implementation
    if settings.packing and attention not in MASKED:
        raise UserError(
            f"sft.packing: {attention} attention takes no mask that keeps the rows of several packs apart; load the model "
            f"with one of {', '.join(MASKED)}, or leave packing out"
        )
    data, report = _fitting(rows, settings, out, context)
    packed = f" in {report.packs} packs" if settings.packing else ""
    print(f"sft: {report.rows} rows{packed}, {report.too_long} longer than {context} tokens left out", flush=True)
    steps = -(-len(data) // settings.batch_size)
    micro_batch, accumulate = passes(name, settings.batch_size, settings.micro_batch)
    tokens = AutoTokenizer.from_pretrained(tokenizer)
    config = SFTConfig(
        output_dir=str(out), learning_rate=settings.learning_rate, per_device_train_batch_size=micro_batch,
        gradient_accumulation_steps=accumulate,
        num_train_epochs=settings.epochs, max_steps=max_steps, warmup_steps=settings.warmup_steps,
        weight_decay=settings.weight_decay,
        lr_scheduler_type="cosine", max_length=None, seed=seed, data_seed=seed, gradient_checkpointing=gradient_checkpointing,
        train_sampling_strategy="group_by_length", logging_steps=1, logging_nan_inf_filter=False, disable_tqdm=True,
        include_num_input_tokens_seen="non_padding", **observer.arguments(out),
        save_strategy="epoch" if max_steps < 0 else "steps", save_steps=2, save_total_limit=1, dataloader_pin_memory=False,
        **launch(),
    )  # fmt: skip
    callbacks: list[TrainerCallback] = [StopDiverged(name), TrimHeap()]
    if after_epoch:
        callbacks.append(AfterEpoch(after_epoch))
    if stop_after:
        callbacks.append(StopAfter(stop_after))
    callbacks.append(StepLog(name, out, observer, settings, LOGGED, every=max(1, steps // 2)))
    trainer = TokenSFTTrainer(
        model=model, args=config, train_dataset=data, callbacks=callbacks, processing_class=tokens,
        data_collator=PackCollator(tokens.pad_token_id, return_position_ids=True) if settings.packing else None,
    )  # fmt: skip
    trainer.remove_callback(PrinterCallback)
    with observer.phases("train"):
        trainer.train(resume_from_checkpoint=None if last is None else str(last))
    return report


def _fitting(rows: Sequence[TrainRow], settings: SFTSettings, out: Path, context: int) -> tuple[Dataset, SFTReport]:
    """The rows that fit the context, packed where the settings say so; UserError where none fits."""
    fitting = [r for r in rows if len(r.input_ids) <= context]
    if not fitting:
        raise UserError(
            f"{out}: of {len(rows)} rows to train on none fits the context of {context} tokens; sample more "
            "demonstrations, filter fewer of them out, or raise the context"
        )
    data = Dataset.from_list([{"input_ids": r.input_ids, "labels": labels(r)} for r in fitting])
    if settings.packing:
        data = pack_dataset(data, context)
    return data, SFTReport(rows=len(fitting), packs=len(data), too_long=len(rows) - len(fitting))


class PackCollator(DataCollatorForLanguageModeling):
    """Packs as rows of `input_ids`, `labels` and `position_ids`, each of shape (packs, longest pack).

    TRL's own puts the packs of a micro-batch behind each other too, which costs its length squared without flash
    attention. Padding has the position 0, each token a row of its own.
    """

    def torch_call(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        batch = super().torch_call(examples)
        del batch["attention_mask"]  # with one Transformers would let rows see each other
        batch["labels"][batch["position_ids"] == 0] = IGNORED  # no row foretells the next one's first token
        return batch


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
        if not on_processor(model) or return_outputs:
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        labels = inputs["labels"]
        with autocast(self.args.bf16):
            found = score_rows(model, **inputs)
        trained = (labels[:, 1:] != IGNORED).sum() if num_items_in_batch is None else num_items_in_batch
        return -found.log_probs.sum() / trained  # type: ignore[union-attr]


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
