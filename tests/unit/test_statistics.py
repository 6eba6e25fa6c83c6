"""Intervals and tests against closed forms, other implementations and brute force."""

import itertools
import math
import random
from collections import defaultdict
from math import comb
from statistics import mean

import numpy as np
import pytest
from scipy.stats import permutation_test
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.contingency_tables import mcnemar as published_mcnemar

from galen.evals.statistics import (
    bootstrap_mean,
    clustered_mcnemar,
    clustered_mean,
    clustered_share,
    holm,
    mcnemar,
    pass_at_k,
    wilson,
)


def drawn(seed, n=300, clusters=40):
    """0/1 outcomes that are alike within a cluster."""
    rng = np.random.default_rng(seed)
    groups = rng.integers(0, clusters, n)
    return (rng.random(n) < rng.random(clusters)[groups]).astype(float), groups


def inspect_stderr(values, groups):
    """Miller 2024 (arXiv 2411.00640), appendix A, with the factor C / (C - 1) of Inspect AI's `stderr(cluster=…)`."""
    by_cluster = defaultdict(list)
    for value, group in zip(values, groups, strict=True):
        by_cluster[group].append(value - mean(values))
    crossed = sum(a * b for found in by_cluster.values() for a in found for b in found)
    return math.sqrt(crossed * len(by_cluster) / (len(by_cluster) - 1)) / len(values)


def test_wilson_matches_the_published_example():
    assert [round(x, 4) for x in wilson(81, 263)] == [0.2553, 0.3662]  # Newcombe 1998, table I
    assert all(map(math.isnan, wilson(0, 0)))


@pytest.mark.parametrize("seed", range(5))
def test_the_clustered_error_is_inspects_and_statsmodels(seed):
    values, groups = drawn(seed)
    found = clustered_mean(values, groups)
    fit = OLS(values, np.ones((len(values), 1))).fit(cov_type="cluster", cov_kwds={"groups": groups}, use_t=True)
    assert found.se == pytest.approx(inspect_stderr(values.tolist(), groups.tolist()), rel=1e-9)
    assert found.se == pytest.approx(float(fit.bse[0]), rel=1e-9)
    assert (found.low, found.high) == pytest.approx(tuple(fit.conf_int()[0]), rel=1e-9)
    assert (found.value, found.n, found.clusters) == (pytest.approx(values.mean()), 300, len(set(groups)))


def test_clusters_of_one_give_the_standard_error_and_like_tasks_widen_it():
    values, groups = drawn(7)
    alone = clustered_mean(values, range(len(values)))
    assert alone.se == pytest.approx(np.std(values, ddof=1) / math.sqrt(len(values)), rel=1e-9)
    assert clustered_mean(values, groups).se > 1.5 * alone.se


def test_the_mean_of_families_weighs_each_alike_and_adds_their_errors():
    a, b = drawn(1, 200), drawn(2, 50)
    separate = [clustered_mean(v, g) for v, g in (a, b)]
    groups = [*(f"a{g}" for g in a[1]), *(f"b{g}" for g in b[1])]
    both = clustered_mean([*a[0], *b[0]], groups, ["a"] * 200 + ["b"] * 50)
    assert both.value == pytest.approx((separate[0].value + separate[1].value) / 2)
    assert both.se == pytest.approx(math.hypot(*(s.se for s in separate)) / 2, rel=0.02)  # but for the joint factor


def test_what_nothing_can_be_said_of_is_nan_and_unanimity_is_no_certainty():
    assert math.isnan(clustered_mean([], []).value)
    assert math.isnan(clustered_mean([1.0, 0.0], ["a", "a"]).low)
    assert (clustered_share([1.0] * 9, list("aabbccccc")).low, 1.0) == pytest.approx(wilson(3, 3))
    assert clustered_share([1.0] * 19 + [0.0], range(20)).high == 1.0
    for unanimous in (clustered_mean([0.0] * 9, range(9)), bootstrap_mean([0.1 + 0.2] * 9, range(9))):
        assert math.isnan(unanimous.low) and math.isnan(unanimous.high)
    assert clustered_mean([1.0] * 5 + [0.0] * 5, range(10)).low == pytest.approx(0.5 - 2.2622 / 6, abs=1e-4)


def test_the_bootstrap_over_clusters_agrees_with_the_clustered_error():
    values, groups = drawn(3, 2000, 200)
    found, expected = bootstrap_mean(values, groups), clustered_mean(values, groups)
    assert found.value == pytest.approx(expected.value)
    assert (found.high - found.low) / (expected.high - expected.low) == pytest.approx(1.0, abs=0.1)
    assert found == bootstrap_mean(values, groups)


@pytest.mark.parametrize(("gained", "lost"), [(8, 0), (3, 9), (0, 0), (40, 20)])
def test_mcnemar_is_the_exact_binomial(gained, lost):
    expected = float(published_mcnemar([[5, lost], [gained, 7]], exact=True).pvalue) if gained + lost else 1.0
    assert mcnemar(gained, lost) == pytest.approx(expected)
    changes = [1.0] * gained + [-1.0] * lost + [0.0] * 5
    assert clustered_mcnemar(changes, range(len(changes))) == mcnemar(gained, lost)


def test_a_cluster_counts_once_however_many_tasks_it_has():
    assert clustered_mcnemar([1.0] * 30, ["a"] * 15 + ["b"] * 15) == mcnemar(2, 0) == 0.5
    assert clustered_mcnemar([1.0, -1.0], ["a", "a"]) == 1.0


def test_with_equal_changes_it_is_the_exact_sign_flip_test():
    changes = [1.0] * 7 + [-1.0] * 2
    flipped = permutation_test((np.array(changes),), np.mean, permutation_type="samples", n_resamples=2**9)
    assert clustered_mcnemar(changes, range(9)) == pytest.approx(flipped.pvalue)


def test_holm_steps_down_and_counts_tests_that_were_not_computed():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])  # Holm 1979: 3p(1), 2p(2), p(3), kept rising
    assert holm([0.01, 0.04], tests=10) == pytest.approx([0.1, 0.36])
    assert holm([]) == []


@pytest.mark.parametrize("seed", range(10))
def test_pass_at_k_is_the_mean_over_every_subset(seed):
    rng = random.Random(seed)
    wins = [rng.random() < 0.4 for _ in range(rng.randint(1, 9))]
    for k in range(1, len(wins) + 1):
        subsets = list(itertools.combinations(wins, k))
        assert len(subsets) == comb(len(wins), k)
        assert pass_at_k(sum(wins), len(wins), k) == pytest.approx(mean(map(any, subsets)))
    with pytest.raises(ValueError):
        pass_at_k(1, len(wins), len(wins) + 1)
