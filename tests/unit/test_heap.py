"""Freed memory goes back to the machine."""

import pytest
import torch
from transformers import TrainerControl, TrainerState, TrainingArguments

from galen.train.heap import TrimHeap, resident

MB = 2**20


@pytest.fixture
def holes():
    """100 MB of tensors, of which every other one is freed: the heap keeps them."""
    kept = [torch.ones(16 * 1024) for _ in range(1600)]
    del kept[::2]
    return kept


@pytest.mark.parametrize(("allowance", "given_back"), [(0, True), (2**40, False)])
def test_holes_are_given_back_once_they_are_many(holes, allowance, given_back, tmp_path):
    trim = TrimHeap(allowance)
    if not trim._trim:
        pytest.skip("no malloc_trim in this C library")
    before = resident()
    trim.on_step_end(TrainingArguments(str(tmp_path)), TrainerState(), TrainerControl())
    assert (before - resident() > 40 * MB) == given_back
    assert all(bool((t == 1).all()) for t in holes)


def test_it_is_given_back_again_only_after_as_much_growth(holes, monkeypatch):
    trimmed, now = [], iter([10, 4, 5, 6, 8, 4])  # resident before and after, before, before, before and after
    monkeypatch.setattr("galen.train.heap.resident", lambda: next(now))
    trim = TrimHeap(3)
    monkeypatch.setattr(trim, "_trim", trimmed.append)
    for _ in range(4):
        trim.on_step_end(None, None, None)
    assert len(trimmed) == 2
