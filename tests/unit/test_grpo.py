"""What the GRPO trainer changes of TRL's computation: nothing but its cost."""

import pytest
import torch
from fakes import run_grpo
from trl import GRPOTrainer

from galen.train.grpo import AgentGRPOTrainer

pytestmark = pytest.mark.slow


def test_trimmed_and_shared_rows_have_trls_log_probabilities(sampler, teacher, tasks, tmp_path, monkeypatch):
    ours = AgentGRPOTrainer._get_per_token_logps_and_entropies
    theirs = GRPOTrainer._get_per_token_logps_and_entropies
    compared = []

    def both(self, model, ids, mask, keep, *args, **kwargs):
        twice = torch.arange(len(ids)).repeat(2)
        with torch.no_grad():
            got = ours(self, model, ids[twice], mask[twice], keep, *args, **kwargs)
            expected = theirs(self, model, ids[twice], mask[twice], keep, *args, **kwargs)
        written = mask[twice][:, -keep:].bool()
        torch.testing.assert_close(got[0][written], expected[0][written], atol=2e-5, rtol=0)
        compared.append(int(written.sum()))
        return ours(self, model, ids, mask, keep, *args, **kwargs)

    monkeypatch.setattr(AgentGRPOTrainer, "_get_per_token_logps_and_entropies", both)
    run_grpo(tmp_path, sampler, teacher, tasks, stops=[2])
    assert len(compared) >= 2 and min(compared) > 100
