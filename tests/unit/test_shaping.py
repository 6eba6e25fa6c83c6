"""Reward shaping: costs by hand, and what they do to a group. The verdict stays what it was."""

import pytest
from fakes import group, two_turns

from galen.train.shaping import ShapingSettings, costs, shape, shaped
from galen.types import Action, ActionKind, ParseError, Turn

A, B = (Action(kind=ActionKind.CODE_EXECUTION, content=c, lang="sql") for c in "ab")
BAD, WORSE = ParseError(message="no action"), ParseError(message="2 blocks")
DONE = Action(kind=ActionKind.SUBMIT, content="1")


def episode(*actions, reward=0.0):
    turns = tuple(
        Turn(token_ids=[9], loss_mask=[1], logprobs=[-1.0], policy_version=0, text="", action=a, observation=None)
        for a in actions
    )
    return two_turns(0, reward, [1], [2], [3]).model_copy(update={"turns": turns})


@pytest.mark.parametrize(
    ("settings", "actions", "expected"),
    [
        ({}, (A, BAD, A, A, A), [0, 0, 0, 0, 0]),
        ({"turn": 0.01}, (A, DONE), [0.01, 0.01]),
        ({"format": 0.2}, (A, BAD, B, DONE), [0, 0.05, 0, 0]),
        ({"format": 0.2}, (BAD,), [0.2]),
        ({"loop": 0.5}, (B, A, A, A), [0, 0, 0, 0.5]),
        ({"loop": 0.5}, (A, A, A, A), [0, 0, 0.5, 0]),  # once
        ({"loop": 0.5}, (A, B, A, B, A, B), [0, 0, 0, 0, 0, 0.5]),
        ({"loop": 0.5}, (A, A, B, A, A, B), [0, 0, 0, 0, 0, 0]),
        ({"loop": 0.5, "format": 0.3, "turn": 0.1}, (BAD, BAD, BAD), [0.2, 0.2, 0.7]),
        ({"loop": 0.5, "format": 0.3, "turn": 0.1}, (), []),
    ],
)
def test_what_each_turn_costs(settings, actions, expected):
    assert costs(episode(*actions), ShapingSettings(**settings)) == pytest.approx(expected, abs=1e-12)


def test_an_outcome_less_its_costs():
    settings = ShapingSettings(turn=0.1, format=0.4)
    assert shaped(episode(A, BAD), 1.0, settings) == pytest.approx(0.6)
    assert shaped(episode(A, BAD), None, settings) is None
    assert shaped(episode(A, BAD, A, A, A), 0.25, ShapingSettings()) == 0.25


def test_a_group_is_live_by_the_rewards_that_are_trained_on():
    failed = group(episode(A, DONE), episode(A, B, DONE))
    assert not failed.live and not shape([failed], ShapingSettings(format=0.3))[0].live
    [costly] = shape([failed], ShapingSettings(turn=0.1))
    assert costly.live and costly.rewards == pytest.approx([-0.2, -0.3])
    ungraded = group(episode(A, DONE), episode(A, B, DONE, reward=None))
    [one] = shape([ungraded], ShapingSettings(turn=0.1))
    assert not one.live and one.each[1] is None and one.rewards == pytest.approx([-0.2])


def test_equal_costs_in_another_order_do_not_make_a_group_live():
    settings = ShapingSettings(turn=0.1, format=0.7, loop=0.3)
    replies = (A, B, A, DONE, BAD, WORSE, A)
    orders = [replies[i:] + replies[:i] for i in range(len(replies))]
    [shaped_group] = shape([group(*(episode(*order) for order in orders))], settings)
    assert len({tuple(costs(episode(*order), settings)) for order in orders}) == len(orders)
    assert not shaped_group.live


def test_the_verdict_stays():
    before = group(episode(A, BAD, reward=1.0), episode(A, DONE))
    [after] = shape([before], ShapingSettings(turn=0.1, format=0.5))
    assert after.episodes == before.episodes and [e.reward for e in after.episodes] == [1.0, 0.0]
