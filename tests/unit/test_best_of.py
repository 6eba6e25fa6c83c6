"""Best@K and its neighbours against brute force over every subset; the verifier's own metrics."""

import itertools
import math
import random
from collections import Counter
from statistics import mean

import numpy as np
import pytest

from galen.evals.best_of import METHODS, Candidate, best_at_k, best_of, majority_at_k
from galen.evals.statistics import pass_at_k
from galen.evals.verifier import auroc, calibration_error, verifier_scores
from galen.report.best_of import markdown
from galen.types import Episode, StopReason, Verdict


def episode(task, reward, number=0, family="medcalc", submission="1"):
    verdict = Verdict(reward=reward, passed=reward == 1.0, oracle="decimal", version=1)
    return Episode(
        key=f"{family}/{task}/{number}", task_id=task, family=family, category="c", cluster=task, distribution="id", seed=0,
        policy="p", policy_version=0, template="t", sandbox_tier="namespaces", prompt_ids=[1], turns=(),
        stop=StopReason.SUBMITTED, verdict=verdict, submission=submission,
    )  # fmt: skip


def best_of_subset(subset):
    top = max(-math.inf if c.score is None else c.score for c in subset)
    return mean(c.success for c in subset if (-math.inf if c.score is None else c.score) == top)


def majority_of_subset(subset):
    votes = Counter(c.submission for c in subset if c.submission is not None)
    if not votes:
        return 0.0
    most = max(votes.values())
    return mean(mean(c.success for c in subset if c.submission == v) for v, n in votes.items() if n == most)


@pytest.mark.parametrize("seed", range(20))
def test_estimators_are_the_mean_over_every_subset(seed):
    rng = random.Random(seed)
    n = rng.randint(1, 8)
    scores = rng.choice([[0.1, 0.5, 0.9], [0.5], [None, 0.2, 0.7], [i / 100 for i in range(100)]])
    right = {a: rng.random() < 0.5 for a in "abc"}
    drawn = [(rng.choice(scores), rng.choice(["a", "b", "c", None])) for _ in range(n)]
    candidates = [Candidate(a is not None and right[a], s, a) for s, a in drawn]
    for k in range(1, n + 1):
        subsets = list(itertools.combinations(candidates, k))
        assert best_at_k(candidates, k) == pytest.approx(mean(map(best_of_subset, subsets)))
        assert majority_at_k(candidates, k) == pytest.approx(mean(map(majority_of_subset, subsets)))


def test_a_perfect_verifier_reaches_pass_at_k_and_a_constant_one_chance():
    wins = [True, False, False, True, False, False, False, False]
    for k in range(1, 9):
        assert best_at_k([Candidate(w, float(w), None) for w in wins], k) == pytest.approx(pass_at_k(2, 8, k))
        assert best_at_k([Candidate(w, 0.5, None) for w in wins], k) == pytest.approx(0.25)
    assert best_at_k([Candidate(w, 1.0 - w, None) for w in wins], 4) < 0.25


@pytest.mark.parametrize("estimate", [best_at_k, majority_at_k])
def test_more_than_there_are_is_refused(estimate):
    with pytest.raises(ValueError, match="k=3 needs at least 3"):
        estimate([Candidate(True, 0.5, "1")] * 2, 3)


def test_curves_leave_out_and_count_what_cannot_be_compared():
    rng = random.Random(0)
    episodes, scores = [], []
    for family, task in itertools.product(("medcalc", "mimic_iii"), range(30)):
        for i in range(4):
            won = rng.random() < 0.4
            episodes.append(episode(str(task), float(won), i, family))
            scores.append(rng.gauss(1.0 if won else 0.0, 0.5))
    episodes += [episode("short", 1.0, i) for i in range(3)] + [episode("0", None, 9)]
    scores += [0.9, 0.9, 0.9, None]
    report = best_of(episodes, scores, ks=(1, 2, 4))
    assert (report.ungraded, report.short, report.unscored) == (1, 1, 0)
    at = {(p.family, p.method, p.k): p for p in report.points}
    assert {p.tasks for p in report.points if p.family == "all"} == {60} and len(at) == 3 * 3 * len(METHODS)
    for k in (1, 2, 4):
        floor, best, ceiling = (at["all", m, k].value for m in ("random", "best", "pass"))
        assert floor <= best <= ceiling and (k == 1 or floor < best < ceiling)
        assert at["all", "best - random", k].value == pytest.approx(best - floor)
    assert at["all", "best", 1].value == pytest.approx(at["all", "pass", 1].value)
    assert at["all", "best - random", 4].ci_low > 0
    assert "| all | 4 | 60 |" in markdown(report) and "1 ungraded episodes, 1 tasks" in markdown(report)


def test_intervals_are_those_of_a_mean_over_tasks():
    """32 equal episodes a task are no more evidence than one: the interval stays that of 40 tasks."""
    episodes = [episode(str(t), float(t < 20), i) for t in range(40) for i in range(32)]
    [point] = [p for p in best_of(episodes, [0.5] * len(episodes), ks=(1,)).points if p.method == "random"]
    half = 1.96 * 0.5 / math.sqrt(40)
    assert point.ci_low == pytest.approx(0.5 - half, abs=0.04) and point.ci_high == pytest.approx(0.5 + half, abs=0.04)


def test_auroc_is_the_share_of_pairs_in_order():
    solved, score = np.array([1, 1, 0, 0, 0], bool), np.array([0.9, 0.4, 0.4, 0.1, 0.7])
    assert auroc(solved, score) == pytest.approx((3 + 1 + 0.5) / 6)
    assert math.isnan(auroc(np.array([True, True]), np.array([0.1, 0.2])))


def test_calibration_error_weighs_each_bin_by_its_episodes():
    score = np.array([0.95] * 3 + [0.15] * 1 + [1.0])
    solved = np.array([1, 1, 0, 0, 1], bool)
    assert calibration_error(solved, score) == pytest.approx((abs(3 * 0.95 + 1.0 - 3) + 0.15) / 5)


def test_metrics_come_by_family_and_count_what_has_no_verdict_or_score():
    episodes = [episode(str(i), float(i % 2), family="mimic_iii") for i in range(4)]
    episodes += [episode("a", 1.0), episode("b", None)]
    found = {v.family: v for v in verifier_scores(episodes, [0.1, 0.9, 0.2, 0.8, None, 0.3])}
    assert (found["mimic_iii"].n, found["mimic_iii"].auroc, found["mimic_iii"].accuracy) == (4, 1.0, 1.0)
    assert (found["medcalc"].n, found["medcalc"].left_out, found["all"].left_out) == (0, 2, 2)
    assert math.isnan(found["medcalc"].auroc)
