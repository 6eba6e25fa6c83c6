"""PPO: its terms against numbers worked out by hand, and what its trainer does with them."""

import json
import math
import threading

import pytest
import torch
from fakes import PPO, SEPARATE, near, scripted, tiny, tiny_lora, train_ppo_on, trainer_of, two_turns
from safetensors.torch import load_file

from galen.config import validate
from galen.errors import GalenError, UserError
from galen.train.ppo import AgentPPOTrainer, PPOSettings
from galen.train.ppo_terms import (
    explained_variance,
    gae,
    next_kl_coefficient,
    turn_rewards,
    value_losses,
    whiten,
)
from galen.train.shaping import ShapingSettings
from galen.types import Group

ALONE = lambda x: x  # the sum over all processes, where there is one
# Two turns, of two tokens and of one, around two of the environment; then padding. Values there must not count.
MASK = torch.tensor([[1, 1, 0, 0, 1, 0]])
VALUES = torch.tensor([[0.5, 0.4, 7.0, -7.0, 0.3, 9.0]], dtype=torch.float64)
REWARDS = torch.tensor([[0.0, -0.1, 0.0, 0.0, 0.9, 0.0]], dtype=torch.float64)


def test_advantages_are_over_the_agents_tokens_alone():
    # delta = 0.9 - 0.3, then -0.1 + 0.9 x 0.3 - 0.4, then 0.9 x 0.4 - 0.5; each plus 0.72 of the one after it
    advantages, returns = gae(REWARDS, VALUES, MASK, gamma=0.9, lam=0.8)
    near(advantages, [[0.00544, 0.202, 0, 0, 0.6, 0]])
    near(returns, [[0.50544, 0.602, 0, 0, 0.9, 0]])


def test_rows_of_other_lengths_do_not_touch_each_other():
    mask, values, rewards = (torch.cat([x, x.flip(1), torch.zeros_like(x)]) for x in (MASK, VALUES, REWARDS))
    advantages, _ = gae(rewards, values, mask, gamma=0.9, lam=0.8)
    near(advantages[:1], [[0.00544, 0.202, 0, 0, 0.6, 0]])
    # backwards: -0.1 + 0.9 x 0.5 - 0.4 lies between 0 - 0.5 (last) and 0.9 + 0.9 x 0.4 - 0.3 (first)
    near(advantages[1:2], [[0, 0.96 + 0.72 * (-0.05 - 0.36), 0, 0, -0.05 - 0.36, -0.5]])
    assert not advantages[2].any()


def test_whitened_advantages():
    advantages = torch.tensor([[0.00544, 0.202, 5.0, -5.0, 0.6, 3.0]], dtype=torch.float64)
    near(whiten(advantages, MASK, ALONE), [[-1.06622132, -0.27148805, 0, 0, 1.33770936, 0]])


def test_whitening_is_over_all_processes():
    advantages = torch.tensor([[0.00544, 0.202, 5.0, 0.6]], dtype=torch.float64)
    mask, slots, barrier, found = torch.tensor([[1, 1, 0, 1]]), {}, threading.Barrier(2), {}

    def process(rank, part):
        def total(x):
            slots[rank] = x
            barrier.wait()
            both = slots[0] + slots[1]
            barrier.wait()
            return both

        found[rank] = whiten(advantages[:, part], mask[:, part], total)

    threads = [threading.Thread(target=process, args=(i, slice(2 * i, 2 * i + 2))) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    near(torch.cat([found[0], found[1]], 1), [[-1.06622132, -0.27148805, 0, 1.33770936]])


def test_explained_variance():
    returns, mask = torch.tensor([[1.0, 0.0, 9.0, 0.5]]), torch.tensor([[1, 1, 0, 1]])
    assert explained_variance(returns, returns + 0.3, mask, ALONE) == pytest.approx(1.0)
    assert explained_variance(returns, torch.full_like(returns, 0.7), mask, ALONE) == pytest.approx(0.0, abs=1e-6)
    assert math.isnan(explained_variance(torch.ones_like(returns), returns, mask, ALONE))


def test_the_kl_coefficient_follows_its_target():
    assert next_kl_coefficient(0.1, 0.011, 0.01) == pytest.approx(0.101)
    assert next_kl_coefficient(0.1, 5.0, 0.01) == pytest.approx(0.102)
    assert next_kl_coefficient(0.1, 0.0, 0.01) == pytest.approx(0.098)


def test_rewards_come_at_the_last_token_of_a_turn():
    episodes = [two_turns(0, 1.0, [10, 11], [20, 21], [12]), two_turns(1, None, [10], [20], [12])]
    near(turn_rewards(episodes, [0.8, None], 6, ShapingSettings(turn=0.1)), [[0, -0.1, 0, 0, 0.9, 0], [0] * 6])
    # Both replies did not parse: 0.15 each.
    found = turn_rewards(episodes, [0.5, None], 6, ShapingSettings(turn=0.1, format=0.3))
    near(found, [[0, -0.25, 0, 0, 0.75, 0], [0] * 6])


def test_value_losses_are_clipped():
    values = torch.tensor([0.5, 0.9, 0.2, 0.9], dtype=torch.float64, requires_grad=True)
    old, returns = torch.tensor([0.4, 0.5, 0.3, 0.5]), torch.tensor([1.0, 1.0, 0.3, 0.4])
    losses = value_losses(values, old, returns, 0.2)
    losses.sum().backward()
    near(losses.detach(), [0.125, 0.045, 0.005, 0.125])  # the second: it went further than 0.7 towards 1.0
    near(values.grad, [-0.5, 0, -0.1, 0.5])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kl": 0.0}, "kl_target has no effect"), (SEPARATE | {"value_gradient": 0.1}, "value_gradient has no effect"),
        ({"value_warmup": 4}, "value_warmup = 4 steps leave none"), ({"groups": 1, "micro_batch": 1}, "at least 2 episodes"),
        ({"micro_batch": 3}, "do not divide"),
    ],
)  # fmt: skip
def test_settings_without_effect_are_refused(changes, said):
    with pytest.raises(UserError, match=said):
        validate({**PPO.model_dump(), **changes}, PPOSettings, "ppo.yaml")


def play_of(*episodes):
    return lambda dealt, step, number: [
        Group(task_id=t.id, episodes=(e,)) for t, e in zip(dealt, episodes, strict=True)
    ]


@pytest.fixture
def trainer(tasks, tmp_path, monkeypatch):
    """PPO's trainer for a rollout of four hand-made episodes of two turns, one of them ungraded."""
    prompts = [(5, 6, 7), (8, 9, 10, 11), (5,), (12, 13)]
    rewards = [1.0, 0.0, None, 0.5]
    tokens = [([30, 31], [40, 41], [32]), ([33], [42], [34, 35]), ([36], [43], [37]), ([30, 31], [40], [38, 39])]
    episodes = [two_turns(i, r, *t, prompt=p) for i, (p, r, t) in enumerate(zip(prompts, rewards, tokens, strict=True))]

    # Autocast to bfloat16 would hide errors below a hundredth.
    monkeypatch.setattr("galen.train.device.fast_bf16", lambda: False)
    return trainer_of(train_ppo_on, monkeypatch, AgentPPOTrainer, play_of(*episodes), tmp_path, tasks, groups=4)


def scored(trainer):
    torch.manual_seed(0)
    torch.nn.init.normal_(trainer.critic.head.weight, std=0.1)
    trainer.ref_model.load_state_dict(
        {name: weight + 0.02 * torch.randn_like(weight) for name, weight in trainer.ref_model.state_dict().items()}
    )
    return trainer._generate_and_score_completions([{"prompt": ""} for _ in range(4)])


@pytest.mark.slow
@torch.no_grad()
def test_a_tokens_value_is_of_all_before_it(trainer):
    batch = scored(trainer)
    for i, episode in enumerate(trainer._rolled):
        ids = torch.tensor([[*episode.prompt_ids, *episode.completion_ids]])
        hidden = trainer._policy().base_model(input_ids=ids).last_hidden_state
        values = trainer.critic.head(hidden)[0, len(episode.prompt_ids) - 1 : -1, 0]
        expected = values * torch.tensor(trainer._masks[i])
        torch.testing.assert_close(batch["old_values"][i, : len(expected)], expected, atol=1e-5, rtol=0)
        assert not batch["old_values"][i, len(expected) :].any()
    assert batch["old_values"].abs().sum() > 0.1


@pytest.mark.slow
def test_a_rollouts_advantages_and_returns(trainer, monkeypatch):
    ratios = []
    penalty_of = AgentPPOTrainer._penalty
    monkeypatch.setattr(
        AgentPPOTrainer, "_penalty", lambda self, ratio, mask: ratios.append(ratio) or penalty_of(self, ratio, mask)
    )
    batch = scored(trainer)
    mask = (batch["completion_mask"] * batch["tool_mask"]).bool()
    assert mask.sum(1).tolist() == [3, 3, 0, 4] and batch["num_items_in_batch"] == 10
    every = []
    for i, episode in enumerate(trainer._rolled):
        if episode.reward is None:  # left out (law 3)
            continue
        at = mask[i].nonzero()[:, 0]
        rewards = (-0.05 * ratios[0][i, at]).tolist()
        own = [sum(turn.loss_mask) for turn in episode.turns]
        rewards[own[0] - 1] -= 0.01
        rewards[-1] += episode.reward - 0.01
        sums = [math.fsum(rewards[t:]) for t in range(len(rewards))]  # gamma = lambda = 1
        near(batch["returns"][i, at], sums, atol=1e-5)
        every += [x - v for x, v in zip(sums, batch["old_values"][i, at].tolist(), strict=True)]
    mean = math.fsum(every) / 10
    deviation = math.sqrt(math.fsum((x - mean) ** 2 for x in every) / 10)
    near(batch["advantages"][mask], [(x - mean) / deviation for x in every], atol=1e-4)
    assert not batch["advantages"][~mask].any() and not batch["returns"][~mask].any()
    ratio = ratios[0][mask].double()
    assert ratio.abs().max() > 0.01
    assert trainer._metrics["train"]["kl"] == [pytest.approx((torch.exp(-ratio) + ratio - 1).mean().item(), rel=1e-4)]
    assert trainer._metrics["train"]["kl_coefficient"] == [pytest.approx(0.05)]
    assert trainer.kl_coefficient in (pytest.approx(0.051), pytest.approx(0.049))


@pytest.mark.slow
def test_the_loss_and_its_gradients(trainer, monkeypatch):
    """Two rows: tokens at 0, 1 and 4 of the first and at 0 of the second are the agent's."""
    mask = torch.tensor([[1, 1, 0, 0, 1], [1, 0, 0, 0, 0]])
    spread = lambda first, second: torch.tensor(
        [[first[0], first[1], 3.0, -3.0, first[2]], [second, 2.0, -2.0, 1.0, 5.0]], dtype=torch.float64
    )
    old = spread([-1.0, -2.0, -0.5], -3.0)
    logps = old + spread([1.5, 0.9, 0.5], 1.1).abs().log()
    values = spread([0.5, 0.9, 0.2], 0.0)
    for leaf in (logps, values):
        leaf.requires_grad_()
    inputs = {
        "prompt_ids": torch.ones(2, 1, dtype=torch.long), "prompt_mask": torch.ones(2, 1, dtype=torch.long),
        "completion_ids": torch.ones(2, 5, dtype=torch.long), "completion_mask": torch.ones(2, 5, dtype=torch.long),
        "tool_mask": mask, "num_items_in_batch": mask.sum(), "old_per_token_logps": old,
        "advantages": spread([1.0, -2.0, -1.0], 0.5), "importance_sampling_ratio": spread([0.5, 1.0, 2.0], 1.0),
        "old_values": spread([0.4, 0.5, 0.3], 0.1), "returns": spread([1.0, 1.0, 0.3], 0.1) + 1 - mask,
    }  # fmt: skip

    def score(self, *args, **kwargs):
        self._values = values
        return logps, torch.zeros_like(logps), None

    monkeypatch.setattr(AgentPPOTrainer, "_get_per_token_logps_and_entropies", score)
    trainer.beta = 0.0
    loss = trainer._compute_loss(trainer.model, inputs)
    loss.backward()
    # Policy: 0.5 x -1.2 (clipped), 1.8, 2 x 0.8 (clipped), -0.55. Critic: 0.125, 0.045 (clipped), 0.005, 0.005.
    near(loss.detach(), (-0.6 + 1.8 + 1.6 - 0.55) / 4 + 0.18 / 4)
    near(logps.grad, [[0, 1.8 / 4, 0, 0, 0], [-0.55 / 4, 0, 0, 0, 0]])
    near(values.grad, [[-0.5 / 4, 0, 0, 0, -0.1 / 4], [-0.1 / 4, 0, 0, 0, 0]])
    assert trainer._metrics["train"]["value_loss"] == [pytest.approx(0.045)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("episodes", "kind", "said"),
    [
        ([(1.0, [30]), (math.nan, [30])], UserError, r"task-1: its oracle gave the reward nan \(episode key-1\)"),
        ([(1.0, []), (None, [30])], UserError, "no graded episode of step 0 holds a sampled token"),
        ([(None, [30]), (None, [30])], GalenError, "no episode of this rollout could be graded"),
    ],
)
def test_a_rollout_that_cannot_be_trained_on_is_refused(episodes, kind, said, tasks, tmp_path):
    made = [two_turns(i, reward, own, [40], own) for i, (reward, own) in enumerate(episodes)]
    with pytest.raises(kind, match=said):
        train_ppo_on(play_of(*made), tmp_path, tasks, groups=2, micro_batch=2)


def folders_of_weights(folder):
    return {p.relative_to(folder).as_posix(): set(load_file(p)) for p in folder.rglob("*.safetensors")}


@pytest.mark.slow
@pytest.mark.parametrize("critic", [{}, SEPARATE], ids=["shared", "separate"])
@pytest.mark.parametrize("lora", [False, True], ids=["full", "lora"])
def test_the_policy_is_saved_without_a_critic(lora, critic, sampler, teacher, tasks, tmp_path):
    policy = tiny_lora if lora else tiny
    policy().save_pretrained(tmp_path / "plain")
    [plain] = folders_of_weights(tmp_path / "plain").values()
    served = []

    def sync(model):
        model.save_pretrained(tmp_path / "served" / str(len(served)))
        served.append(folders_of_weights(tmp_path / "served" / str(len(served))))

    _, model = train_ppo_on(
        scripted(sampler, teacher), tmp_path / "ppo", tasks, policy(), sync=sync, rollouts=1, groups=4, value_warmup=0, **critic
    )  # fmt: skip
    model.save_pretrained(tmp_path / "final")
    saved = [*served, folders_of_weights(tmp_path / "final"), folders_of_weights(tmp_path / "ppo" / "checkpoint-2")]
    assert len(served) == 1
    for files in saved:  # TRL keeps an adapter's first state beside it, in `ref`
        assert all(names == plain for names in files.values())
    state = torch.load(tmp_path / "ppo" / "checkpoint-2" / "critic.pt")
    own = {name for name in state["weights"] if not name.startswith("head.")}
    assert bool(own) is bool(critic)
    if lora and critic:  # a second adapter, not a second model
        assert all("lora_" in name for name in own)


@pytest.mark.slow
def test_value_warmup_trains_the_critic_alone(sampler, teacher, tasks, tmp_path):
    settings = {"value_warmup": 2, "value_gradient": 0.1, "groups": 4}
    play, before = scripted(sampler, teacher), tiny().state_dict()
    _, model = train_ppo_on(play, tmp_path, tasks, stop=2, **settings)
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())
    assert torch.load(tmp_path / "checkpoint-2" / "critic.pt")["weights"]["head.weight"].abs().sum() > 0
    _, model = train_ppo_on(play, tmp_path, tasks, **settings)
    assert not any(torch.equal(w, before[n]) for n, w in model.state_dict().items() if "proj.weight" in n)


@pytest.mark.slow
def test_a_rollout_is_trained_on_for_all_its_epochs_and_logged(sampler, teacher, tasks, tmp_path, monkeypatch):
    play, played, trained = scripted(sampler, teacher), [], []
    loss_of = AgentPPOTrainer._compute_loss

    def watch(self, model, inputs):
        trained.append((self.state.global_step, inputs["completion_ids"].tolist()))
        return loss_of(self, model, inputs)

    monkeypatch.setattr(AgentPPOTrainer, "_compute_loss", watch)
    report, _ = train_ppo_on(
        lambda *where: played.append(where[1:]) or play(*where), tmp_path, tasks, minibatches=2, epochs=2, micro_batch=4,
        value_warmup=0,
    )  # fmt: skip
    assert played == [(0, 0), (4, 0)] and [step for step, _ in trained] == list(range(8))
    for first in (0, 4):
        rows = [rows for _, rows in trained[first : first + 4]]
        assert rows[:2] == rows[2:] and rows[0] != rows[1]
    assert (report.episodes, report.groups, report.ungraded, report.changed_tokens) == (16, 16, 0, 0)
    assert report.trained_tokens > 500
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [0, 4]
    for key in ("reward", "kl", "clip_fraction", "entropy", "importance", "value_loss", "returns", "kl_coefficient"):
        assert all(math.isfinite(line[key]) for line in lines), key
    assert lines[0]["kl"] == 0 < lines[1]["kl"]
    assert lines[1]["kl_coefficient"] == pytest.approx(0.98 * 0.05)
    assert lines[1]["explained_variance"] != lines[0]["explained_variance"]
