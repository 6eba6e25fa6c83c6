"""The statistics of every table: intervals that know of clusters, paired tests, and Holm's correction.

A cluster is what tasks have in common that makes their outcomes alike (`Task.cluster`: a patient, a template), and all
episodes of one task. Intervals are two-sided, 95 %.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import binomtest, bootstrap
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

CONFIDENCE = 0.95
RESAMPLES = 2000
ROUNDING = 1e-12


@dataclass(frozen=True)
class Estimate:
    """A mean over `n` values in `clusters` clusters; NaN where there is nothing to compute it from."""

    value: float
    low: float
    high: float
    n: int
    clusters: int
    se: float = math.nan


NOTHING = Estimate(math.nan, math.nan, math.nan, 0, 0)


def wilson(wins: float, n: float) -> tuple[float, float]:
    """Wilson's score interval of a share (Wilson 1927); NaN for n = 0. It takes every draw as independent."""
    if not n:
        return math.nan, math.nan
    low, high = proportion_confint(wins, n, alpha=1 - CONFIDENCE, method="wilson")
    return float(low), float(high)  # type: ignore[arg-type]


def clustered_mean(
    values: Sequence[float], clusters: Sequence[Hashable], strata: Sequence[Hashable] = ()
) -> Estimate:  # fmt: skip
    """The mean of `values` with its cluster-robust standard error; with `strata`, the unweighted mean of their means.

    The error is statsmodels' of the regression on one dummy a stratum, with its finite-sample factor
    (n - 1) / (n - strata) · G / (G - 1), and the interval is Student's with G - 1 degrees of freedom. Without strata the
    factor is G / (G - 1), as in Inspect AI's clustered `stderr`. Clusters may span strata.

    The interval is NaN where there is one cluster, and where each stratum's values are all the same: the error is then 0,
    which tells nothing.
    """
    y = np.asarray(values, float)
    if not len(y):
        return NOTHING
    groups = _codes(clusters)
    dummies = np.eye(1)[np.zeros(len(y), int)] if not len(strata) else np.eye(len(set(strata)))[_codes(strata)]
    n_groups, n_strata = int(groups.max()) + 1, dummies.shape[1]
    value = float((dummies.T @ y / dummies.sum(0)).mean())
    if n_groups < 2 or len(y) <= n_strata:
        return Estimate(value, math.nan, math.nan, len(y), n_groups)
    if np.allclose(y, dummies @ (dummies.T @ y / dummies.sum(0)), rtol=0, atol=ROUNDING):
        return Estimate(value, math.nan, math.nan, len(y), n_groups, 0.0)
    fit = OLS(y, dummies).fit(cov_type="cluster", cov_kwds={"groups": groups}, use_t=True)
    test = fit.t_test(np.full((1, n_strata), 1 / n_strata))
    low, high = test.conf_int(1 - CONFIDENCE)[0]
    return Estimate(value, float(low), float(high), len(y), n_groups, float(test.sd.item()))


def clustered_share(
    values: Sequence[float], clusters: Sequence[Hashable], strata: Sequence[Hashable] = ()
) -> Estimate:  # fmt: skip
    """`clustered_mean` of what lies between 0 and 1, where its interval ends. Where the values are all the same it is
    Wilson's over as many draws as there are clusters.
    """
    found = clustered_mean(values, clusters, strata)
    if found.se == 0.0:
        low, high = wilson(found.value * found.clusters, found.clusters)
        return replace(found, low=low, high=high)
    return replace(found, low=max(found.low, 0.0), high=min(found.high, 1.0))


def bootstrap_mean(values: Sequence[float], clusters: Sequence[Hashable], seed: int = 0) -> Estimate:
    """The mean of `values` with a percentile interval by bootstrap over clusters; NaN where there is one cluster or the
    values are all the same.

    Of paired differences it is the paired cluster bootstrap.
    """
    if not len(values):
        return NOTHING
    groups, y = _codes(clusters), np.asarray(values, float)
    sums, sizes = np.bincount(groups, y), np.bincount(groups).astype(float)
    low = high = math.nan
    if len(sums) > 1 and not np.allclose(y, y[0], rtol=0, atol=ROUNDING):
        found = bootstrap(
            (sums, sizes), lambda s, n, axis: s.sum(axis=axis) / n.sum(axis=axis), paired=True, vectorized=True,
            n_resamples=RESAMPLES, confidence_level=CONFIDENCE, method="percentile", batch=100,
            rng=np.random.default_rng(seed),
        ).confidence_interval  # fmt: skip
        low, high = float(found.low), float(found.high)
    return Estimate(float(y.mean()), low, high, len(y), len(sums))


def mcnemar(gained: int, lost: int) -> float:
    """McNemar's exact two-sided p-value: the binomial test on discordant pairs; 1 without any."""
    return float(binomtest(gained, gained + lost, 0.5).pvalue) if gained + lost else 1.0


def clustered_mcnemar(changes: Iterable[float], clusters: Iterable[Hashable]) -> float:
    """McNemar's exact test with clusters as its pairs: of those that changed on balance, how many for the better.

    Exact under the hypothesis that each cluster's change is as likely in either direction. It takes any number of tasks
    a cluster and of episodes a task, and is McNemar's where each cluster has one.
    """
    net: dict[Hashable, float] = defaultdict(float)
    for change, cluster in zip(changes, clusters, strict=True):
        net[cluster] += change
    signs = [v > 0 for v in net.values() if abs(v) > ROUNDING]
    return mcnemar(sum(signs), len(signs) - sum(signs))


def holm(p_values: Sequence[float], tests: int | None = None) -> list[float]:
    """Holm's adjusted p-values (Holm 1979), in the order given.

    `tests` counts all that could have been asked, where only some of them were computed: the rest stand as p = 1.
    """
    if not len(p_values):
        return []
    rest = max(0, (tests or 0) - len(p_values))
    adjusted = np.asarray(multipletests([*p_values, *[1.0] * rest], method="holm")[1])
    return adjusted[: len(p_values)].tolist()


def pass_at_k(successes: int, samples: int, k: int) -> float:
    """Unbiased pass@k from `samples` draws of one task (Chen et al. 2021, equation 1)."""
    if k > samples:
        raise ValueError(f"pass@{k} needs at least {k} samples, got {samples}")
    miss = 1.0
    for i in range(samples - successes + 1, samples + 1):
        miss *= max(0.0, 1 - k / i)
    return 1.0 - miss


def _codes(labels: Sequence[Hashable]) -> np.ndarray:
    """Whole numbers from 0 for `labels`, in order of first appearance, shape (n,)."""
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(label, len(numbers)) for label in labels], int)
