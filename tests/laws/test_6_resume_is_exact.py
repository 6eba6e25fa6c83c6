"""Law 6: two training steps and a resume equal four straight: weights, order of tasks, everything after."""

import pytest
import torch
from fakes import run_dpo, run_dpo_lora, run_grpo, run_grpo_ptx, run_sft, run_verifier

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("run", [run_sft, run_dpo, run_dpo_lora, run_grpo, run_grpo_ptx, run_verifier])
def test_two_and_resume_equal_four(run, sampler, teacher, tasks, tmp_path):
    straight = run(tmp_path / "straight", sampler, teacher, tasks, stops=[4])
    resumed = run(tmp_path / "resumed", sampler, teacher, tasks, stops=[2, 4])
    assert straight.keys() == resumed.keys()
    for name, weight in straight.items():
        assert torch.equal(weight, resumed[name]), name
