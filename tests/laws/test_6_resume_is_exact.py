"""Law 6: two training steps and a resume equal four straight: weights, order of tasks, everything after."""

import pytest
import torch
from fakes import (
    run_dpo,
    run_dpo_lora,
    run_grpo,
    run_grpo_lora,
    run_grpo_ptx,
    run_ppo,
    run_ppo_lora,
    run_ppo_separate,
    run_sft,
    run_sft_packed,
    run_verifier,
)

from galen.train.agent import STATE

pytestmark = pytest.mark.slow


RUNS = [
    run_sft, run_sft_packed, run_dpo, run_dpo_lora, run_ppo, run_ppo_lora, run_ppo_separate, run_grpo, run_grpo_lora, run_grpo_ptx,
    run_verifier,
]  # fmt: skip


@pytest.mark.parametrize("run", RUNS)
def test_two_and_resume_equal_four(run, sampler, teacher, tasks, tmp_path):
    straight = run(tmp_path / "straight", sampler, teacher, tasks, stops=[4])
    resumed = run(tmp_path / "resumed", sampler, teacher, tasks, stops=[2, 4])
    assert straight.keys() == resumed.keys()
    for name, weight in straight.items():
        assert torch.equal(weight, resumed[name]), name


@pytest.mark.parametrize("run", [run_ppo_lora, run_ppo_separate, run_grpo, run_grpo_lora])
def test_a_finished_run_is_not_trained_on(run, sampler, teacher, tasks, tmp_path):
    """It was killed after its last checkpoint, before its model was used. (The others end with an epoch, and stay so.)"""
    finished = run(tmp_path, sampler, teacher, tasks, stops=[4])
    checkpoints = sorted(tmp_path.glob("checkpoint-*"))
    again = run(tmp_path, sampler, teacher, tasks, stops=[4, 4])
    assert sorted(tmp_path.glob("checkpoint-*")) == checkpoints
    assert all(torch.equal(weight, again[name]) for name, weight in finished.items())


def test_a_checkpoint_cut_off_while_written_is_passed_over(sampler, teacher, tasks, tmp_path):
    whole = run_grpo(tmp_path, sampler, teacher, tasks, stops=[4])
    (tmp_path / "checkpoint-4" / STATE).unlink()
    (tmp_path / "checkpoint-4" / "model.safetensors").unlink()
    again = run_grpo(tmp_path, sampler, teacher, tasks, stops=[4])
    assert (tmp_path / "checkpoint-4" / STATE).exists()
    assert all(torch.equal(weight, again[name]) for name, weight in whole.items())
