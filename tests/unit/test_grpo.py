"""GRPO against numbers worked out by hand; what its trainer changes of TRL's computation: nothing but its cost."""

import pytest
import torch
from fakes import BASE, SETTINGS, near, run_grpo, tiny, trainer_of, two_turns
from trl import GRPOTrainer
from trl.generation import vllm_generation

from galen.train.grpo import AgentGRPOTrainer, train_grpo
from galen.train.logprobs import trunk
from galen.types import Group

pytestmark = pytest.mark.slow


def test_the_trainer_comes_without_vllm():
    """TRL would import it wherever it is installed, which is half of a training's start."""
    assert not hasattr(vllm_generation, "LLM")


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


def test_no_pass_takes_more_rows_than_a_micro_batch(trainer):
    """Nor where a rollout of two unlike rows is scored without a gradient."""
    trainer._settings = trainer._settings.model_copy(update={"micro_batch": 1})
    taken = []
    trunk(trainer.model).register_forward_pre_hook(
        lambda _, args, read: taken.append(len(read["input_ids"])), with_kwargs=True
    )
    trainer._generate_and_score_completions([{"prompt": ""} for _ in range(4)])
    assert taken == [1] * 2


@pytest.fixture
def trainer(tasks, tmp_path, monkeypatch):
    """GRPO's trainer for a rollout of two groups of two hand-made episodes of two turns."""
    rewards = [(1.0, 0.0), (0.25, 1.0)]
    tokens = [([30, 31], [40, 41], [32]), ([33], [42, 43], [34])]

    def play(dealt, step, number):
        return [
            Group(task_id=task.id, episodes=tuple(two_turns(0, r, *t) for r, t in zip(pair, tokens, strict=True)))
            for task, pair in zip(dealt, rewards, strict=False)
        ]

    settings = SETTINGS.model_copy(update={"group_size": 2, "micro_batch": 2, "minibatches": 2, "kl": 0.1})
    return trainer_of(
        train_grpo, monkeypatch, AgentGRPOTrainer, tiny(), BASE, tasks, settings, tmp_path, seed=0, play=play,
        sync=lambda m: None, check=lambda m, e: (0.0, 0.0), context=640,
    )  # fmt: skip


def test_an_advantage_is_a_reward_against_its_groups_mean(trainer):
    batch = trainer._generate_and_score_completions([{"prompt": ""} for _ in range(4)])
    near(batch["advantages"], [0.5, -0.5, -0.375, 0.375])
    assert (batch["completion_mask"] * batch["tool_mask"]).tolist() == [[1, 1, 0, 0, 1], [1, 0, 0, 1, 0]] * 2


def test_the_loss_and_its_gradient(trainer, monkeypatch):
    """Two rows: the tokens at 0, 1 and 4 of the first and at 0 and 3 of the second are the agent's."""
    spread = lambda first, second: torch.tensor(
        [[first[0], first[1], 3.0, -3.0, first[2]], [second[0], 2.0, -2.0, second[1], 5.0]], dtype=torch.float64
    )
    old = spread([-1.0, -2.0, -0.5], [-3.0, -1.5])
    logps = (old + spread([1.5, 0.9, 0.5], [1.5, 0.5]).abs().log()).requires_grad_()
    inputs = {
        "prompt_ids": torch.ones(2, 1, dtype=torch.long), "prompt_mask": torch.ones(2, 1, dtype=torch.long),
        "completion_ids": torch.ones(2, 5, dtype=torch.long),
        "completion_mask": torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 1, 0]]),
        "tool_mask": torch.tensor([[1, 1, 0, 0, 1], [1, 0, 0, 1, 1]]), "old_per_token_logps": old,
        "advantages": torch.tensor([0.5, -0.5], dtype=torch.float64),
        "importance_sampling_ratio": spread([1.0, 0.5, 2.0], [1.0, 1.0]),
        "ref_per_token_logps": logps.detach() + torch.tensor(2.0).double().log(),
    }  # fmt: skip
    monkeypatch.setattr(
        AgentGRPOTrainer, "_get_per_token_logps_and_entropies", lambda *_, **__: (logps, torch.zeros_like(logps), None)
    )
    loss = trainer._compute_loss(trainer.model, inputs)
    loss.backward()
    # First row: -0.5 x 1.2 (clipped), -0.5 x 0.5 x 0.9, -2 x 0.5 x 0.5. Second: 0.5 x 1.5, 0.5 x 0.8 (clipped).
    # Each token's divergence, 2 - log 2 - 1, weighs 0.1 and as much as its ratio (DeepSeek-V3.2's correction, TRL's
    # default). Its gradient is the ratio times 1 - 2, plus the ratio's own.
    divergence, pull = 0.1 * 0.30685281944, 0.1 * (-1 + 0.30685281944)
    near(loss.detach(), ((-0.6 - 0.225 - 0.5) / 3 + (0.75 + 0.4) / 2) / 2 + divergence * (2.9 / 3 + 2.0 / 2) / 2)
    near(
        logps.grad,
        [
            [1.5 * pull / 6, (-0.225 + 0.9 * pull) / 6, 0, 0, (-0.5 + 0.5 * pull) / 6],
            [(0.75 + 1.5 * pull) / 4, 0, 0, 0.5 * pull / 4, 0],
        ],
    )
