"""Scores from episodes: success with Wilson intervals, and paired comparisons by McNemar's exact test."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

from galen.types import Episode, Score

CONFIDENCE = 0.95


def score(policy: str, family: str, episodes: Iterable[Episode]) -> Score:
    """Success over valid episodes (those with a reward, law 3), with Wilson's 95 % interval.

    With no valid episode success and both bounds are NaN, never 0.
    """
    episodes = list(episodes)
    valid = [e for e in episodes if e.reward is not None]
    wins = sum(e.success for e in valid)
    if not valid:
        nan = float("nan")
        return Score(policy=policy, family=family, n=len(episodes), valid=0, success=nan, ci_low=nan, ci_high=nan)
    low, high = proportion_confint(wins, len(valid), alpha=1 - CONFIDENCE, method="wilson")
    return Score(
        policy=policy,
        family=family,
        n=len(episodes),
        valid=len(valid),
        success=wins / len(valid),
        ci_low=float(low),  # type: ignore[arg-type]
        ci_high=float(high),  # type: ignore[arg-type]
    )


@dataclass(frozen=True)
class Comparison:
    """`after` against `before` on the tasks both have a valid episode of."""

    n: int
    gained: int
    lost: int
    delta: float
    p_value: float


def compare(before: Iterable[Episode], after: Iterable[Episode]) -> Comparison:
    """Paired difference in success and McNemar's exact two-sided p-value (binomial on discordant pairs)."""
    old = {e.task_id: e.success for e in before if e.reward is not None}
    new = {e.task_id: e.success for e in after if e.reward is not None}
    both = sorted(old.keys() & new.keys())
    gained = sum(new[t] and not old[t] for t in both)
    lost = sum(old[t] and not new[t] for t in both)
    kept = sum(new[t] and old[t] for t in both)
    table = [[kept, lost], [gained, len(both) - kept - lost - gained]]
    result = mcnemar(table, exact=True)
    p_value = float(result.pvalue) if gained + lost else 1.0  # type: ignore[attr-defined]
    delta = (gained - lost) / len(both) if both else float("nan")
    return Comparison(n=len(both), gained=gained, lost=lost, delta=delta, p_value=p_value)


def pass_at_k(successes: int, samples: int, k: int) -> float:
    """Unbiased pass@k from `samples` draws of one task (Chen et al. 2021, equation 1)."""
    if k > samples:
        raise ValueError(f"pass@{k} needs at least {k} samples, got {samples}")
    miss = 1.0
    for i in range(samples - successes + 1, samples + 1):
        miss *= max(0.0, 1 - k / i)
    return 1.0 - miss
