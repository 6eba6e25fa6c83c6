"""The task feed: families in equal shares, kinds by their solve rate, and the same again after a restart."""

from collections import Counter

import pytest
from fakes import two_turns

from galen.train.feed import RARE, TaskFeed, kind
from galen.types import Group


@pytest.fixture
def made(tasks):
    """A family with three kinds of ten tasks, and a small one."""
    own = [
        tasks[0].model_copy(update={"id": f"a/{name}{i}", "family": "a", "category": name, "metadata": {}})
        for name in ("easy", "hard", "fair") for i in range(10)
    ]  # fmt: skip
    return [*own, tasks[0].model_copy(update={"id": "b/0", "family": "b", "metadata": {}})]


def played(task, rewards):
    return Group(task_id=task.id, episodes=tuple(two_turns(i, r, [1], [2], [3]) for i, r in enumerate(rewards)))


def taught(feed, made):
    by_id = {t.id: t for t in made}
    for name, rewards in (("easy", [1.0] * 8), ("hard", [0.0] * 8), ("fair", [1.0, 0.0] * 4)):
        task = next(t for t in made if t.category == name)
        for _ in range(9):
            feed.learn([played(task, rewards)], by_id)
    return feed


def shares(feed, n=2000):
    counts = Counter(kind(t) for t in feed.deal(n) if t.family == "a")
    return {name: count / sum(counts.values()) for name, count in counts.items()}


def test_families_come_in_equal_shares_whatever_their_size_and_solve_rate(made):
    feed = taught(TaskFeed(made, 0, curriculum=True), made)
    for n in (2, 6, 8):
        assert Counter(t.family for t in feed.deal(n)) == {"a": n / 2, "b": n / 2}


def test_kinds_that_are_solved_or_hopeless_are_rare(made):
    fresh = TaskFeed(made, 0, curriculum=True)
    assert min(shares(fresh).values()) > 0.28
    found = shares(taught(fresh, made))
    rare = RARE / (1 + 2 * RARE)
    assert found["easy"] == pytest.approx(rare, abs=0.03) and found["hard"] == pytest.approx(rare, abs=0.03)


def test_a_kind_comes_back_when_its_solve_rate_does(made):
    feed = taught(TaskFeed(made, 0, curriculum=True), made)
    hard = next(t for t in made if t.category == "hard")
    for _ in range(3):
        feed.learn([played(hard, [1.0, 0.0, 1.0, 0.0])], {t.id: t for t in made})
    assert shares(feed)["hard"] > 0.4


def test_without_the_curriculum_nothing_is_rare(made):
    assert min(shares(taught(TaskFeed(made, 0, curriculum=False), made)).values()) > 0.28


def test_ungraded_episodes_say_nothing_of_a_kind(made):
    feed = taught(TaskFeed(made, 0, curriculum=True), made)
    before = feed.state()
    task = next(t for t in made if t.category == "fair")
    feed.learn([played(task, [None] * 8)], {t.id: t for t in made})
    assert feed.state() == before


def test_a_restored_feed_goes_on_as_it_would_have(made):
    feed = taught(TaskFeed(made, 7, curriculum=True), made)
    feed.deal(5)
    other = TaskFeed(made, 7, curriculum=True)
    other.restore(feed.state())
    assert feed.deal(50) == other.deal(50)
