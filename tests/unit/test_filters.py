"""Filters of demonstrations leave out what they say, and count it; subsets are nested and hold every family's share."""

import random
from collections import Counter

import pytest

from galen.data.filters import SHARES, FilterSettings, choose, select, subsets
from galen.types import Action, ActionKind, Episode, StopReason, Turn, Verdict

NONE = FilterSettings()


def code(text):
    return Action(kind=ActionKind.CODE_EXECUTION, content=text, lang="sql")


def turn(action):
    return Turn(
        token_ids=[5, 6], loss_mask=[1, 0], logprobs=[0.0, 0.0], policy_version=0, text="", action=action, observation=None
    )  # fmt: skip


def episode(key, actions=(), reward: float | None = 1.0, family="medcalc", cluster="c", category="k"):
    verdict = Verdict(reward=reward, passed=reward == 1.0, oracle="decimal", version=1)
    return Episode(
        key=key, task_id=key, family=family, category=category, cluster=cluster, distribution="id", seed=0, policy="p",
        policy_version=0, template="t", sandbox_tier="namespaces", prompt_ids=[1, 2], turns=tuple(map(turn, actions)),
        stop=StopReason.SUBMITTED, verdict=verdict,
    )  # fmt: skip


A, B, SUBMIT = code("select 1"), code("select 2"), Action(kind=ActionKind.SUBMIT, content="1")


@pytest.mark.parametrize(
    ("settings", "good", "bad", "reason"),
    [
        ({}, episode("x", [A]), episode("y", [A], reward=0.0), "failed"),
        ({}, episode("x", [A]), episode("y", [A], reward=None), "ungraded"),
        ({"max_tokens": 6}, episode("x", [A, SUBMIT]), episode("y", [A, B, SUBMIT]), "max_tokens"),
        ({"max_turns": 2}, episode("x", [A, SUBMIT]), episode("y", [A, B, SUBMIT]), "max_turns"),
        ({"repeats": 2}, episode("x", [A, B, A, SUBMIT]), episode("y", [A, A, B, SUBMIT]), "loop"),
        ({"repeats": 2}, episode("x", [A, B, A, SUBMIT]), episode("y", [A, B, A, B, SUBMIT]), "loop"),
        ({"repeats": 3}, episode("x", [A, A, SUBMIT]), episode("y", [A, A, A, SUBMIT]), "loop"),
    ],
)
def test_each_filter_leaves_out_and_counts(settings, good, bad, reason):
    kept, report = select([good, bad], NONE.model_copy(update=settings), seed=0)
    assert kept == [good] and report.dropped == {reason: 1} and (report.seen, report.kept) == (2, 1)


def test_the_same_code_comes_once_a_family():
    episodes = [episode(str(i), [A, SUBMIT]) for i in range(4)]
    others = [episode("debugged", [B, A, SUBMIT]), episode("family", [A, SUBMIT], family="mimic_iii")]
    answered = [episode(f"no code {i}", [SUBMIT]) for i in range(2)]
    kept, report = select([*episodes, *others, *answered], FilterSettings(distinct_code=True), seed=0)
    assert report.dropped == {"equal_code": 3} and {e.key for e in kept} > {e.key for e in [*others, *answered]}


@pytest.mark.parametrize(
    ("setting", "field"), [("per_task", "task_id"), ("per_cluster", "cluster"), ("per_category", "category")]
)
def test_at_most_so_many_of_a_kind(setting, field):
    episodes = [episode(f"{kind}{i}").model_copy(update={field: kind}) for kind in "abc" for i in range(5)]
    kept, report = select(episodes, NONE.model_copy(update={setting: 2}), seed=0)
    assert Counter(getattr(e, field) for e in kept) == {"a": 2, "b": 2, "c": 2} and report.dropped == {setting: 9}
    assert select(episodes, NONE.model_copy(update={setting: 2}), seed=1)[0] != kept


def test_what_stays_depends_on_no_order_of_finishing():
    episodes = [episode(str(i), [code(str(i % 7))], cluster=str(i % 5)) for i in range(40)]
    settings = FilterSettings(per_cluster=1, distinct_code=True)
    kept, _ = select(episodes, settings, seed=3)
    random.Random(0).shuffle(episodes)
    assert select(episodes, settings, seed=3)[0] == kept


def test_subsets_are_nested_and_stratified():
    episodes = [episode(f"m{i}", family="medcalc") for i in range(40)] + [
        episode(f"s{i}", family="mimic_iii") for i in range(10)
    ]
    found = subsets(episodes, seed=0)
    keys = {share: {e.key for e in found[share]} for share in SHARES}
    assert keys[25] < keys[50] < keys[75] < keys[100] == {e.key for e in episodes}
    for share, (medcalc, mimic) in {25: (10, 3), 50: (20, 5), 75: (30, 8), 100: (40, 10)}.items():
        assert Counter(e.family for e in found[share]) == {"medcalc": medcalc, "mimic_iii": mimic}
    assert subsets(episodes[::-1], seed=0) == found and subsets(episodes, seed=1)[25] != found[25]


def test_real_demonstrations_pass_but_for_their_failures(sampler, teacher, tasks):
    episodes = [g.episodes[0] for g in sampler.sample(tasks[:16], teacher(slip=0.3, wrong=0.3))]
    kept, report = select(episodes, FilterSettings(), seed=0)
    failed = sum(not e.success for e in episodes)
    assert failed > 0 and report.dropped["failed"] == failed
    assert len(kept) + report.dropped.total() == 16 and all(e.success for e in kept)


def test_what_is_chosen_comes_in_its_own_order_and_the_rest_is_counted():
    episodes = [episode(f"e{i}", [A, SUBMIT] if i == 2 else [A, A, SUBMIT], reward=float(i > 1)) for i in range(12)]
    assert choose(episodes, NONE, 100, seed=0)[0] == episodes[2:]
    half, report = choose(episodes, FilterSettings(repeats=3), 50, seed=0)
    assert half == [e for e in episodes if e in half] and len(half) == 5
    assert (report.seen, report.kept, report.dropped) == (12, 5, {"failed": 2, "share": 5})
    assert {e.key for e in half} < {e.key for e in choose(episodes, FilterSettings(repeats=3), 75, seed=0)[0]}
    assert choose(episodes, FilterSettings(repeats=2), 100, seed=0)[0] == [episodes[2]]
