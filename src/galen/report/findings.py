"""The paper's five findings, each asked of stored results by a test: supported, not supported, undecided, or not run.

A finding is a few comparisons, each of which must come out in its direction. p-values are McNemar's exact ones over
clusters of tasks, paired by task and averaged over seeds, after Holm's correction over all comparisons of all findings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from galen.evals.failures import FailureKind
from galen.evals.scores import compare
from galen.evals.statistics import Estimate, bootstrap_mean, clustered_mcnemar, holm
from galen.evals.summary import Summary
from galen.report.tables.runs import Entry
from galen.types import ActionKind

ALPHA = 0.05
WHOLE = 100  # percent of the demonstrations
Verdict = Literal["supported", "not supported", "undecided", "not run"]


@dataclass(frozen=True)
class Comparison:
    """What is compared and which way the finding wants it: `higher`, or `no gain` (not significantly higher)."""

    name: str
    wanted: Literal["higher", "no gain"]
    difference: Estimate
    p_value: float

    @property
    def holds(self) -> bool:
        gained = self.p_value < ALPHA and self.difference.value > 0
        return gained if self.wanted == "higher" else not gained

    @property
    def contradicted(self) -> bool:
        significant = self.p_value < ALPHA
        return significant and (self.difference.value < 0 if self.wanted == "higher" else self.difference.value > 0)


@dataclass(frozen=True)
class Finding:
    """A claim of the paper, where it makes it, and what came of it. Without an episode for a side it is not run."""

    claim: str
    place: str
    comparisons: tuple[Comparison, ...]
    missing: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        if self.missing:
            return "not run"
        if any(c.contradicted for c in self.comparisons):
            return "not supported"
        return "supported" if all(c.holds for c in self.comparisons) else "undecided"


def findings(entries: Sequence[Entry]) -> list[Finding]:
    """The five, of results of one study: runs of `train all`, and evaluations of their policies.

    In distribution is the held-out block of families that were trained on; out of distribution are unseen templates and
    families that were not.
    """
    sides = _Sides(entries)
    made = [
        sides.finding("SFT is better than the base in distribution", "Table 4", [("sft", "base", "id", "higher")]),
        sides.finding(
            "in distribution GRPO is better than PPO, and PPO than DPO", "Table 4",
            [("grpo", "ppo", "id", "higher"), ("ppo", "dpo", "id", "higher")],
        ),
        sides.finding(
            "out of distribution GRPO gains over SFT and over DPO, and DPO gains nothing over SFT", "section 5.2",
            [("grpo", "sft", "ood", "higher"), ("grpo", "dpo", "ood", "higher"), ("dpo", "sft", "ood", "no gain")],
        ),
        sides.debugging(),
        sides.loops(),
    ]  # fmt: skip
    return _corrected(made)


class _Sides:
    def __init__(self, entries: Sequence[Entry]) -> None:
        # A policy of a part of the demonstrations is the data scaling's: here it would pass for the method's own.
        self._entries = [e for e in entries if e.manifest.config.get("recipe", {}).get("share", WHOLE) == WHOLE]
        self._trained = {f for e in entries for f in e.manifest.config.get("recipe", {}).get("families", ())}

    def _episodes(self, policy: str, block: str, without: tuple[ActionKind, ...] = ()) -> list[Summary]:
        return [
            e for entry in self._entries
            if entry.result.policy == policy and entry.result.conditions.without == without and entry.result.samples == 1
            for family in entry.families
            for e in entry.episodes(family, "all")
            if block == "all" or (block == "id") == (family in self._trained and e.distribution == "id")
        ]  # fmt: skip

    def finding(
        self, claim: str, place: str, wanted: Sequence[tuple[str, str, str, Literal["higher", "no gain"]]]
    ) -> Finding:
        made, missing = [], []
        for after, before, block, way in wanted:
            new, old = self._episodes(after, block), self._episodes(before, block)
            missing += [f"{name} ({block})" for name, side in ((after, new), (before, old)) if not side]
            made.append(_compared(f"{after} against {before}", way, old, new))
        return Finding(claim, place, tuple(made), tuple(dict.fromkeys(missing)))

    def debugging(self) -> Finding:
        """Of the last policy that was evaluated without the action, on the tasks that it played both ways."""
        without = (ActionKind.DEBUGGING,)
        policies = [e.result.policy for e in self._entries if e.result.conditions.without == without]
        policy = next((p for p in ("grpo", "ppo", "dpo", "sft", "base") if p in policies), "grpo")
        old, new = self._episodes(policy, "all", without), self._episodes(policy, "all")
        missing = tuple(f"{policy} {how}" for how, side in (("without debugging", old), ("with it", new)) if not side)
        made = _compared(f"{policy} with debugging against without", "higher", old, new)
        return Finding("the debugging action helps", "Figure 6", (made,), missing)

    def loops(self) -> Finding:
        """Loops against the next kind, over the failed episodes of every policy."""
        failed = [
            e for entry in self._entries if entry.result.samples == 1
            for family in entry.families for e in entry.episodes(family, "all")
            if e.failure not in (None, FailureKind.INFRASTRUCTURE)
        ]  # fmt: skip
        kinds = Counter(e.failure for e in failed)
        loops = kinds.pop(FailureKind.LOOP, 0)
        other, n = kinds.most_common(1)[0] if kinds else ("none", 0)
        two = [e for e in failed if e.failure in (FailureKind.LOOP, other)]
        signs, clusters = [1.0 if e.failure == FailureKind.LOOP else -1.0 for e in two], [e.cluster for e in two]
        made = Comparison(
            f"stuck in loops {loops} against {other} {n}, of {len(failed)} failures", "higher",
            bootstrap_mean(signs, clusters), clustered_mcnemar(signs, clusters),
        )  # fmt: skip
        return Finding("loops lead the failures", "Figure 7", (made,), () if failed else ("failed episodes",))


def _compared(
    name: str, wanted: Literal["higher", "no gain"], old: Sequence[Summary], new: Sequence[Summary]
) -> Comparison:  # fmt: skip
    found = compare(old, new)
    return Comparison(
        name, wanted, Estimate(found.delta, found.low, found.high, found.n, found.clusters), found.p_cluster
    )


def _corrected(made: Sequence[Finding]) -> list[Finding]:
    """With Holm's p-values over all comparisons; those that were not run count as asked."""
    run = [c for f in made if not f.missing for c in f.comparisons]
    adjusted = iter(holm([c.p_value for c in run], sum(len(f.comparisons) for f in made)))
    return [
        f if f.missing else replace(f, comparisons=tuple(replace(c, p_value=next(adjusted)) for c in f.comparisons))
        for f in made
    ]


def markdown(found: Sequence[Finding]) -> str:
    """One table: claim, verdict, and each comparison with its interval and p-value."""
    lines = [
        "| the paper's finding | verdict | comparison | difference, 95 % interval | n, clusters | p (Holm) |",
        "|---|---|---|---|---|---:|",
    ]
    for f in found:
        if f.missing:
            lines.append(f"| {f.claim} ({f.place}) | not run | no episodes of {', '.join(f.missing)} | – | – | – |")
            continue
        for i, c in enumerate(f.comparisons):
            d = c.difference
            head = f"{f.claim} ({f.place}) | **{f.verdict}**" if i == 0 else " | "
            lines.append(
                f"| {head} | {c.name}: {c.wanted} | {d.value:+.3f} ({d.low:+.3f} … {d.high:+.3f}) | {d.n}, {d.clusters} | {c.p_value:.2g} |"
            )
    return "\n".join(lines) + "\n"
