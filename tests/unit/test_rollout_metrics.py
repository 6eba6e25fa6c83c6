"""The numbers of a rollout, against hand-made episodes."""

import pytest
from fakes import group, two_turns

from galen.train.rollout_metrics import rollout_metrics, sampled_tokens
from galen.types import Action, ActionKind, Fault, Owner, StopReason


def episode(reward, family="f", stop=StopReason.SUBMITTED, fault=None, kinds=(), tokens=([1, 2], [3, 4, 5], [6])):
    """Two turns after a prompt of three tokens; `kinds` are the turns' actions, parse errors where there is none."""
    made = two_turns(0, reward, *tokens)
    actions = [Action(kind=kind, content="") for kind in kinds]
    turns = [t.model_copy(update={"action": a}) for t, a in zip(made.turns, actions, strict=False)]
    changed = {"family": family, "stop": stop, "turns": (*turns, *made.turns[len(turns) :])}
    if fault:
        changed |= {"fault": Fault(owner=fault, message=""), "stop": StopReason.FAULT, "verdict": None}
    return made.model_copy(update=changed)


def test_rewards_are_means_of_graded_episodes_by_family():
    found = rollout_metrics([
        group(episode(1.0, "a"), episode(0.5, "a")), group(episode(0.0, "b"), episode(1.0, "b", fault=Owner.SANDBOX)),
        group(episode(0.0, "c", fault=Owner.PROVIDER), episode(0.0, "c", fault=Owner.SANDBOX)),
    ])  # fmt: skip
    rewards = {k: v for k, v in found.items() if k.startswith(("reward/", "success/"))}
    assert rewards == {"reward/a": 0.75, "success/a": 0.5, "reward/b": 0.0, "success/b": 0.0, "success/all": 1 / 3}
    assert found["valid"] == 0.5
    assert {k: v for k, v in found.items() if k.startswith("fault/")} == {
        "fault/policy": 0, "fault/task": 0, "fault/sandbox": 2, "fault/provider": 1, "fault/harness": 0,
    }  # fmt: skip


def test_dead_groups_and_the_spread_within_groups():
    groups = [group(episode(1.0), episode(0.0)), group(episode(1.0), episode(1.0))]
    lost = group(episode(1.0), episode(0.0, fault=Owner.SANDBOX))
    found = rollout_metrics([*groups, lost])
    assert (found["dead_groups"], found["reward_std"]) == (2, 0.25)
    assert rollout_metrics([lost]).get("dead_groups") == 1 and "reward_std" not in rollout_metrics([lost])
    alone = rollout_metrics([group(episode(1.0)), group(episode(0.0))])
    assert not {"dead_groups", "reward_std"} & alone.keys(), "a group of one is neither dead nor alive"


def test_stops_and_actions_are_shares_that_sum_to_one():
    found = rollout_metrics([
        group(
            episode(1.0, kinds=[ActionKind.CODE_EXECUTION, ActionKind.SUBMIT]),
            episode(0.0, kinds=[ActionKind.CODE_EXECUTION], stop=StopReason.MAX_TURNS),
        )
    ])  # fmt: skip
    assert (found["stop/submitted"], found["stop/max_turns"], found["stop/looping"]) == (0.5, 0.5, 0.0)
    assert found["action/code_execution"] == 0.5 and found["action/parse_error"] == found["action/submit"] == 0.25
    for what in ("stop", "action"):
        assert sum(v for k, v in found.items() if k.startswith(f"{what}/")) == pytest.approx(1)


def test_lengths_in_tokens():
    short, long = episode(1.0), episode(0.0, tokens=([1] * 5, [2] * 10, [3] * 2))
    found = rollout_metrics([group(short, long)])
    assert (found["tokens/sampled"], found["tokens/sampled_max"]) == (5, 7)
    assert (found["tokens/episode"], found["tokens/episode_max"]) == (3 + (6 + 17) / 2, 20)
    assert (found["turns_max"], sampled_tokens([short, long])) == (2, 10)


def test_an_episode_that_broke_before_its_first_turn_counts():
    broken = episode(0.0, fault=Owner.PROVIDER).model_copy(update={"turns": ()})
    found = rollout_metrics([group(broken)])
    assert found["valid"] == found["turns_max"] == found["action/parse_error"] == 0 and found["tokens/episode"] == 3
