"""Families share the gradient: weights by hand."""

from functools import partial

import fakes
import pytest
import torch
from fakes import two_turns

from galen.train.balance import alternating, balanced
from galen.types import Group

ALONE = lambda x: x  # the sum over all processes, where there is one
FAMILIES = torch.tensor([0, 0, 1, 0, 2])
ADVANTAGES = torch.tensor([1.0, -1.0, 0.25, 0.5, 0.0], dtype=torch.float64)


near = partial(fakes.near, atol=1e-12)


def test_each_family_that_has_advantages_weighs_alike():
    # 2.5 and 0.25, and nothing in the third: 1.375 for each of two.
    found = balanced(ADVANTAGES, torch.ones(5), FAMILIES, 3, ALONE)
    near(found, [0.55, -0.55, 1.375, 0.275, 0.0])


def test_the_loss_counts_a_row_as_often_as_its_weight_says():
    # 1 x 4 + 1 x 1 + 0.5 x 2 = 6, and 0.25 x 8 = 2: 4 for each. A row without a token weighs nothing.
    found = balanced(ADVANTAGES, torch.tensor([4, 1, 8, 2, 0]), FAMILIES, 3, ALONE)
    near(found, [4 / 6, -4 / 6, 0.5, 2 / 6, 0.0])


def test_advantages_of_tokens():
    advantages = torch.tensor([[1.0, -2.0, 9.0], [0.5, 0.5, 0.0], [-1.0, 7.0, 7.0]], dtype=torch.float64)
    mask = torch.tensor([[1, 1, 0], [1, 1, 1], [1, 0, 0]])
    # 3 + 1 and 1: 2.5 for each
    found = balanced(advantages, mask, torch.tensor([1, 1, 0]), 2, ALONE) * mask
    near(found, [[0.625, -1.25, 0], [0.3125, 0.3125, 0], [-2.5, 0, 0]])


def test_shares_are_of_all_processes():
    """Two processes with the halves of a rollout scale them as one does that has the whole."""
    whole = balanced(ADVANTAGES, torch.ones(5), FAMILIES, 3, ALONE)
    masses = []
    parts = [slice(0, 2), slice(2, 5)]
    for part in parts:
        balanced(ADVANTAGES[part], torch.ones(5)[part], FAMILIES[part], 3, lambda x: masses.append(x) or x)
    for part in parts:
        found = balanced(ADVANTAGES[part], torch.ones(5)[part], FAMILIES[part], 3, lambda x: sum(masses))
        torch.testing.assert_close(found, whole[part])


def test_nothing_to_balance():
    zeros = torch.zeros(5)
    assert torch.equal(balanced(zeros, torch.ones(5), FAMILIES, 3, ALONE), zeros)


@pytest.mark.parametrize(("given", "expected"), [("aaabab", "abab" + "aa"), ("bbb", "bbb"), ("cab", "cab"), ("", "")])
def test_families_take_turns(given, expected):
    groups = [
        Group(task_id=str(i), episodes=(two_turns(i, 1.0, [1], [2], [3]).model_copy(update={"family": f}),))
        for i, f in enumerate(given)
    ]
    ordered = alternating(groups)
    assert "".join(g.episodes[0].family for g in ordered) == expected
    for family in set(given):  # and each keeps its order
        mine = [int(g.task_id) for g in ordered if g.episodes[0].family == family]
        assert mine == sorted(mine)
