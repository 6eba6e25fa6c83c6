"""What the GRPO trainer changes of TRL's computation: nothing but its cost."""

import pytest
import torch
from fakes import run_grpo

from galen.train.grpo import AgentGRPOTrainer

pytestmark = pytest.mark.slow


def test_trimmed_and_shared_rows_have_trls_log_probabilities(sampler, teacher, tasks, tmp_path, monkeypatch):
    ours = AgentGRPOTrainer._get_per_token_logps_and_entropies
    theirs = AgentGRPOTrainer.__mro__[1]._get_per_token_logps_and_entropies
    shared = []

    def both(self, model, ids, mask, keep, *args, **kwargs):
        got = ours(self, model, ids, mask, keep, *args, **kwargs)
        with torch.no_grad():
            expected = theirs(self, model, ids, mask, keep, *args, **kwargs)
        written = mask[:, -keep:].bool()
        torch.testing.assert_close(got[0][written], expected[0][written], atol=2e-5, rtol=0)
        shared.append(len(ids) - len(ids.unique(dim=0)))
        return got

    monkeypatch.setattr(AgentGRPOTrainer, "_get_per_token_logps_and_entropies", both)
    run_grpo(tmp_path, sampler, teacher, tasks, stops=[2])
    assert sum(shared) > 0, "no row came twice: the test shows nothing"
