"""Supervised fine-tuning: however rows are batched or packed, the same loss and the same gradient."""

import random

import pytest
import torch
from fakes import BASE, tiny, tiny_lora
from torch.optim.optimizer import register_optimizer_step_pre_hook

from galen.errors import UserError
from galen.policy.template import ChatTemplate
from galen.train import device
from galen.train.sft import PackCollator, SFTSettings, TokenSFTTrainer, train_sft
from galen.types import TrainRow

CONTEXT = 64


def rows(n, shortest=8, longest=40):
    """Random tokens, of which about half are trained."""
    rng = random.Random(0)
    lengths = [rng.randint(shortest, longest) for _ in range(n)]
    return [
        TrainRow(
            task_id="task", template=ChatTemplate(BASE).fingerprint,
            input_ids=[rng.randrange(5, 400) for _ in range(length)], mask=[0, *rng.choices((0, 1), k=length - 2), 1],
        )
        for length in lengths
    ]  # fmt: skip


def one_step(make, found, out, monkeypatch, **changed):
    """The loss of one step over all the rows, the gradient of each weight, and how many batches were scored."""
    losses, gradients = [], []
    loss_of = TokenSFTTrainer.compute_loss

    def watch(self, *args, **kwargs):
        losses.append(loss := loss_of(self, *args, **kwargs))
        return loss

    def keep(optimizer, args, kwargs):
        gradients.extend(p.grad.clone() for group in optimizer.param_groups for p in group["params"])

    handle = register_optimizer_step_pre_hook(keep)
    try:
        with monkeypatch.context() as patch:
            patch.setattr(TokenSFTTrainer, "compute_loss", watch)
            patch.setattr(device, "fast_bf16", lambda: False)
            settings = SFTSettings(batch_size=16, epochs=1, **changed)
            report = train_sft(make(), BASE, found, settings, out, seed=0, context=CONTEXT, max_steps=1)
    finally:
        handle.remove()
    return sum(losses).item(), gradients, len(losses), report


@pytest.mark.slow
@pytest.mark.parametrize("make", [tiny, tiny_lora])
def test_packs_and_micro_batches_leave_loss_and_gradient_as_they_are(make, tmp_path, monkeypatch):
    found = rows(12)
    plain, expected, batches, report = one_step(make, found, tmp_path / "plain", monkeypatch)
    assert (batches, report.rows, report.packs) == (1, 12, 12) and len(expected) > 10
    for changed, number in (({"micro_batch": 4}, 3), ({"packing": True}, 1), ({"packing": True, "micro_batch": 2}, 4)):
        out = tmp_path / str(len(changed)) / next(iter(changed))
        loss, gradients, batches, report = one_step(make, found, out, monkeypatch, **changed)
        assert batches == number and report.packs == (7 if "packing" in changed else 12)
        assert loss == pytest.approx(plain, rel=1e-6)
        for a, b in zip(gradients, expected, strict=True):
            torch.testing.assert_close(a, b, atol=1e-5 * b.abs().max().item(), rtol=1e-5)


def test_a_pack_is_rows_apart():
    packs = [
        {"input_ids": [7, 8, 9, 5, 6], "labels": [-100, 8, 9, 5, 6], "seq_lengths": [3, 2]},
        {"input_ids": [4, 3, 2], "labels": [-100, 3, 2], "seq_lengths": [3]},
    ]
    batch = PackCollator(0, return_position_ids=True)(packs)
    assert batch["position_ids"].tolist() == [[0, 1, 2, 0, 1], [0, 1, 2, 0, 0]]
    assert batch["labels"].tolist() == [[-100, 8, 9, -100, 6], [-100, 3, 2, -100, -100]]
    assert "attention_mask" not in batch


@pytest.mark.parametrize("packing", [False, True])
def test_rows_longer_than_the_context_are_counted_and_left_out(packing, tmp_path, capsys):
    found = [*rows(3), *rows(2, CONTEXT + 1, CONTEXT + 9), *rows(1, CONTEXT, CONTEXT)]
    settings = SFTSettings(batch_size=4, packing=packing)
    report = train_sft(tiny(), BASE, found, settings, tmp_path, seed=0, context=CONTEXT, max_steps=1)
    assert (report.rows, report.too_long) == (4, 2) and "2 longer than 64 tokens left out" in capsys.readouterr().out


def test_nothing_to_train_on_is_refused_before_anything_is_written(tmp_path):
    for found in ([], rows(2, CONTEXT + 1, CONTEXT + 9)):
        with pytest.raises(UserError, match=f"of {len(found)} rows to train on none fits the context of 64 tokens"):
            train_sft(tiny(), BASE, found, SFTSettings(), tmp_path / "sft", seed=0, context=CONTEXT)
    assert not (tmp_path / "sft").exists()


def test_packing_is_refused_where_attention_would_not_keep_rows_apart(tmp_path):
    model = tiny()
    model.config._attn_implementation = "flash_attention_2"
    with pytest.raises(UserError, match="flash_attention_2 attention takes no mask"):
        train_sft(model, BASE, rows(3), SFTSettings(packing=True), tmp_path / "sft", seed=0, context=CONTEXT)
    assert not (tmp_path / "sft").exists()
