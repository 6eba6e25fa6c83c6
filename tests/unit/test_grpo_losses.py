"""GRPO's variants: what each does with the same two episodes, against numbers worked out by hand."""

import math

import pytest
import torch
from fakes import BASE, SETTINGS, near, tiny, trainer_of, two_turns

from galen.config import validate
from galen.errors import UserError
from galen.train.grpo import AgentGRPOTrainer, GRPOSettings, train_grpo
from galen.train.shaping import ShapingSettings
from galen.types import Group, StopReason

SMALL = {"group_size": 2, "micro_batch": 2, "minibatches": 2}
REWARDS = [(1.0, 0.0), (0.25, 1.0)]
TOKENS = [([30, 31], [40, 41], [32]), ([33], [42, 43], [34])]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"loss": "luspo"}, "luspo needs importance_level = sequence"),
        ({"loss": "dapo", "importance_level": "sequence"}, "goes with loss = grpo, sapo or luspo"),
        ({"loss": "cispo"}, "give it one above 1"), ({"loss": "cispo", "clip_high": 0.3}, "give it one above 1"),
        ({"loss": "cispo", "clip_high": 5.0, "clip": 0.1}, "clip has no effect with loss = cispo"),
        ({"loss": "sapo", "clip_high": 0.3}, "clip_high has no effect with loss = sapo"),
        ({"loss": "vespo", "delta": 2.0}, "delta has no effect with loss = vespo"),
        ({"loss": "vespo", "importance_mode": "sequence_mask"}, "vespo needs importance_mode"),
        ({"delta": 1.25, "clip_high": 0.3}, "delta = 1.25 must be above"),
    ],
)  # fmt: skip
def test_settings_without_effect_are_refused(changes, said):
    with pytest.raises(UserError, match=said):
        validate(SETTINGS.model_dump() | changes, GRPOSettings, "grpo.yaml")


@pytest.fixture
def make(tasks, tmp_path, monkeypatch):
    """GRPO's trainer with some settings, for a rollout of two groups of two hand-made episodes of two turns."""

    def make(change=lambda row, episode: episode, **changes):
        def play(dealt, step, number):
            rows = iter(range(4))
            return [
                Group(
                    task_id=task.id,
                    episodes=tuple(
                        change(next(rows), two_turns(0, r, *t).model_copy(update={"family": f}))
                        for r, t in zip(pair, TOKENS, strict=True)
                    ),
                )
                for task, pair, f in zip(dealt, REWARDS, ("medcalc", "mimic_iii"), strict=False)
            ]

        return trainer_of(
            train_grpo, monkeypatch, AgentGRPOTrainer, tiny(), BASE, tasks,
            GRPOSettings.model_validate(SETTINGS.model_dump() | SMALL | changes), tmp_path, seed=0, play=play,
            sync=lambda m: None, check=lambda m, e: (0.0, 0.0), context=640,
        )  # fmt: skip

    return make


def scored(trainer):
    return trainer._generate_and_score_completions([{"prompt": ""} for _ in range(4)])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scale", "expected"),
    [
        ("group", [math.sqrt(0.5), -math.sqrt(0.5), -math.sqrt(0.5), math.sqrt(0.5)]),
        ("batch", [0.5 / 0.5153882, -0.5 / 0.5153882, -0.375 / 0.5153882, 0.375 / 0.5153882]),  # of 1, 0, 0.25, 1
    ],
)
def test_advantages_are_scaled_by_a_deviation(make, scale, expected):
    near(scored(make(scale_rewards=scale))["advantages"], expected, atol=2e-4)  # TRL adds 1e-4 to the deviation


@pytest.mark.slow
@pytest.mark.parametrize(
    ("loss", "expected"),
    # Of 1.0 and 0.75 by episodes; of 0.5 x 3 + 0.5 x 2 and 0.375 x 3 + 0.375 x 2 by tokens.
    [("grpo", [0.4375, -0.4375, -0.4375, 0.4375]), ("dapo", [0.4375, -0.4375, -0.4375, 0.4375])],
)
def test_families_weigh_alike(make, loss, expected):
    near(scored(make(loss=loss, family_balance=True))["advantages"], expected)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("loss", "expected"),
    # The last episode has no token: 1.0 and 0.375 by episodes; 2.5 and 0.375 x 3 by tokens.
    [
        ("grpo", [0.5 * 0.6875, -0.5 * 0.6875, -0.6875, 0.6875]),
        ("dapo", [0.5 * 0.725, -0.5 * 0.725, -1.8125 / 3, 1.8125 / 3]),
    ],
)
def test_what_the_loss_counts_is_balanced(make, loss, expected):
    """A row that trains no token brings its family nothing."""
    late = lambda row, episode: episode.model_copy(update={"stop": StopReason.CONTEXT}) if row == 3 else episode
    batch = scored(make(late, loss=loss, family_balance=True, mask_truncated=True))
    near(batch["advantages"], expected)


@pytest.mark.slow
@pytest.mark.parametrize("stop", [StopReason.MAX_TURNS, StopReason.CONTEXT, StopReason.TIMEOUT, StopReason.LOOPING])
def test_truncated_episodes_are_not_trained_but_count_in_their_groups_mean(make, stop):
    trainer = make(
        lambda row, episode: episode.model_copy(update={"stop": stop}) if row == 1 else episode, mask_truncated=True
    )
    batch = scored(trainer)
    near(batch["advantages"], [0.5, -0.5, -0.375, 0.375])
    trained = (batch["completion_mask"] * batch["tool_mask"]).sum(1).tolist()
    assert trained == ([3, 2, 3, 2] if stop is StopReason.LOOPING else [3, 0, 3, 2])
    assert trainer.report.trained_tokens == sum(trained) and trainer.report.changed_tokens == 0


@pytest.mark.slow
def test_an_ungraded_episode_is_in_no_mean_and_trains_no_token(make):
    """Its group, of which one reward is left, comes after the live one."""

    def unknown(row, episode):
        none = episode.verdict.model_copy(update={"reward": None})
        return episode.model_copy(update={"verdict": none}) if row == 1 else episode

    trainer = make(unknown, rounds=1)
    batch = scored(trainer)
    near(batch["advantages"], [-0.375, 0.375, 0, 0])
    assert (batch["completion_mask"] * batch["tool_mask"]).sum(1).tolist() == [3, 2, 3, 0]
    assert (trainer.report.ungraded, trainer.report.dead, trainer.report.trained_tokens) == (1, 1, 8)


@pytest.mark.slow
def test_costs_make_the_advantages(make):
    """The second episode of each group has one turn less."""
    shorter = lambda row, episode: episode.model_copy(update={"turns": episode.turns[: 2 - row % 2]})
    trainer = make(shorter, shaping=ShapingSettings(turn=0.1, format=0.04))
    # 1 - 0.24 and -0.14; 0.25 - 0.24 and 1 - 0.14.
    near(scored(trainer)["advantages"], [0.45, -0.45, -0.425, 0.425])
    assert [e.reward for e in trainer._rolled] == [1.0, 0.0, 0.25, 1.0]
    assert (trainer.steplog.also["reward"], trainer.steplog.also["trained_reward"]) == pytest.approx((0.5625, 0.3725))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mode", "expected"),
    [("token_truncate", [2.0] * 5), ("token_mask", [0.0] * 5), ("sequence_truncate", [2.0]), ("sequence_mask", [0.0])],
)
def test_how_the_samplers_log_probabilities_are_corrected_for(make, mode, expected):
    """The sampler called each token of the first episode far less likely than the policy does, and is right on others."""

    def doubtful(row, episode):
        low = lambda turn: turn.model_copy(update={"logprobs": [-60.0 * own for own in turn.loss_mask]})
        return episode.model_copy(update={"turns": tuple(map(low, episode.turns))}) if row == 0 else episode

    batch = scored(make(doubtful, importance_mode=mode))
    ratios = batch["importance_sampling_ratio"][0]
    if len(expected) > 1:  # the environment's tokens have the ratio 1
        expected = [r if own else 1.0 for r, own in zip(expected, [1, 1, 0, 0, 1], strict=True)]
    near(ratios, expected)


# Two rows: the tokens at 0, 1 and 4 of the first and at 0 and 3 of the second are the agent's.
MASK = torch.tensor([[1, 1, 0, 0, 1], [1, 0, 0, 1, 0]])
RATIOS, WEIGHTS = ([1.5, 0.9, 0.5], [1.5, 0.5]), ([1.0, 0.5, 2.0], [1.0, 1.0])
ADVANTAGES = (0.5, -0.5)


def spread(first, second, elsewhere):
    rows = torch.full((2, 5), elsewhere, dtype=torch.float64)
    rows[0, [0, 1, 4]], rows[1, [0, 3]] = torch.tensor(first).double(), torch.tensor(second).double()
    return rows


def soft(ratio, temperature):
    """The derivative of SAPO's gate by the log-probability: 4 s (1 - s) times the ratio."""
    s = 1 / (1 + math.exp(-temperature * (ratio - 1)))
    return 4 * s * (1 - s) * ratio


LONG, SHORT = 0.675 ** (1 / 3), 0.75 ** (1 / 2)  # GSPO's ratios: geometric means of 1.5, 0.9, 0.5 and of 1.5, 0.5
PHI = math.exp(3 + 2 * math.log(0.675) - 3 * 0.675), math.exp(2 + 3 * math.log(0.75) - 2 * 0.75)
# The loss's gradient by the log-probability of each of the agent's tokens. Advantage times ratio times weight, where
# nothing is cut: -0.75, -0.225, -0.5 in the first row and 0.75, 0.25 in the second; clipped are 1.5 and 0.5.
GRADIENTS = {
    "grpo": ({}, [0, -0.225 / 6, -0.5 / 6], [0.75 / 4, 0]),
    "bnpo": ({"loss": "bnpo"}, [0, -0.225 / 5, -0.5 / 5], [0.75 / 5, 0]),
    "dr_grpo": ({"loss": "dr_grpo"}, [0, -0.225 / 1280, -0.5 / 1280], [0.75 / 1280, 0]),
    "dapo": ({"loss": "dapo"}, [0, -0.225 / 5, -0.5 / 5], [0.75 / 5, 0]),
    "cispo": ({"loss": "cispo", "clip_high": 1.2}, [-0.6 / 5, -0.225 / 5, -0.5 / 5], [0.6 / 5, 0.25 / 5]),
    "sapo": (
        {"loss": "sapo"},
        [-0.5 * soft(1.5, 1.0) / 6, -0.25 * soft(0.9, 1.0) / 6, -1.0 * soft(0.5, 1.0) / 6],
        [0.5 * soft(1.5, 1.05) / 4, 0.5 * soft(0.5, 1.05) / 4],
    ),
    # One ratio an episode: a third or a half of its gradient to each token. Weights add up to 3.5 and 2.
    "gspo": ({"importance_level": "sequence"}, [-0.5 * LONG * 3.5 / 3 / 6] * 3, [0.5 * SHORT * 2 / 2 / 4] * 2),
    "luspo": (
        {"loss": "luspo", "importance_level": "sequence"}, [-0.5 * LONG * 3.5 / 3 / 2] * 3, [0.5 * SHORT * 2 / 2 / 2] * 2
    ),
    # The product of an episode's ratios and weights, 0.675 and 0.75, is what VESPO's gate is of.
    "vespo": ({"loss": "vespo"}, [-0.5 * PHI[0] / 5] * 3, [0.5 * PHI[1] / 5] * 2),
    "delta": ({"delta": 1.3}, [0, -0.225 / 6, -0.5 / 6], [0, 0]),
    "high entropy": ({"entropy_quantile": 0.4}, [0, -0.225 / 6, 0], [0.75 / 4, 0]),
    "off policy": ({"off_policy_mask": 0.1}, [0, -0.225 / 6, -0.5 / 6], [0, 0]),
    "nearly off policy": ({"off_policy_mask": 0.3}, [0, -0.225 / 6, -0.5 / 6], [0.75 / 4, 0]),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", GRADIENTS)
def test_the_gradient(make, monkeypatch, name):
    changes, first, second = GRADIENTS[name]
    trainer = make(**changes)
    old = spread([-1.0, -2.0, -0.5], [-3.0, -1.5], -4.0)
    logps = (old + spread(*RATIOS, 1.7).log()).requires_grad_()
    inputs = {
        "prompt_ids": torch.ones(2, 1, dtype=torch.long), "prompt_mask": torch.ones(2, 1, dtype=torch.long),
        "completion_ids": torch.ones(2, 5, dtype=torch.long),
        "completion_mask": torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 1, 0]]),
        "tool_mask": torch.tensor([[1, 1, 0, 0, 1], [1, 0, 0, 1, 1]]), "old_per_token_logps": old,
        "advantages": torch.tensor(ADVANTAGES, dtype=torch.float64), "num_items_in_batch": torch.tensor(10),
        "importance_sampling_ratio": spread(*WEIGHTS, 1.0),
        # Both episodes have become less likely, by 0.2 nats a token.
        "sampling_per_token_logps": logps.detach() + spread([0.5, 0.1, 0.0], [0.4, 0.0], 9.0),
    }  # fmt: skip
    entropies = spread([1.0, 5.0, 2.0], [4.0, 3.0], 9.0)
    monkeypatch.setattr(
        AgentGRPOTrainer, "_get_per_token_logps_and_entropies", lambda *_, **__: (logps, entropies, None)
    )
    trainer._compute_loss(trainer.model, inputs).backward()
    near(logps.grad[MASK.bool()], [*first, *second])
    assert not logps.grad[~MASK.bool()].any()


@pytest.mark.slow
def test_an_entropy_bonus_lifts_the_entropy(make, monkeypatch):
    trainer = make(entropy=0.3)
    entropies = spread([1.0, 5.0, 2.0], [4.0, 3.0], 9.0).requires_grad_()
    logps = spread([-1.0, -2.0, -0.5], [-3.0, -1.5], -4.0)
    monkeypatch.setattr(
        AgentGRPOTrainer, "_get_per_token_logps_and_entropies", lambda *_, **__: (logps, entropies, None)
    )
    inputs = {
        "prompt_ids": torch.ones(2, 1, dtype=torch.long), "prompt_mask": torch.ones(2, 1, dtype=torch.long),
        "completion_ids": torch.ones(2, 5, dtype=torch.long), "completion_mask": torch.ones(2, 5, dtype=torch.long),
        "tool_mask": MASK, "old_per_token_logps": logps, "num_items_in_batch": torch.tensor(5),
        "advantages": torch.zeros(2), "importance_sampling_ratio": torch.ones(2, 5),
    }  # fmt: skip
    trainer._compute_loss(trainer.model, inputs).backward()
    near(entropies.grad, (-0.3 / 5 * MASK).tolist())
