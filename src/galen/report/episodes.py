"""What a run's episodes were like, a line a store: health, failures, actions. Numbers only, no word of an episode (law 9)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean

from galen.evals.actions import PAPER, ActionMix, action_mix
from galen.evals.failures import FailureKind, classify
from galen.evals.suspicion import suspicions
from galen.types import Episode


@dataclass
class Summary:
    """`cut` turns showed less than the program wrote, `cut_chars` characters less in all."""

    name: str
    episodes: int = 0
    valid: int = 0
    passed: int = 0
    suspicious: int = 0
    cut: int = 0
    cut_chars: int = 0
    turns: float = 0.0
    seconds: float = 0.0
    stops: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    kinds: Counter[FailureKind] = field(default_factory=Counter)
    actions: list[ActionMix] = field(default_factory=list)


def summarise(name: str, episodes: Sequence[Episode]) -> Summary:
    """The summary of one store's episodes, at least one."""
    found = Summary(name, len(episodes))
    for e in episodes:
        found.valid += e.reward is not None
        found.passed += e.success
        found.suspicious += bool(suspicions(e))
        found.stops[e.stop.value] += 1
        if e.fault:
            found.faults[e.fault.owner.value] += 1
        if failure := classify(e):
            found.kinds[failure.kind] += 1
        cuts = [t.observation.cut_chars for t in e.turns if t.observation and t.observation.cut_chars]
        found.cut, found.cut_chars = found.cut + len(cuts), found.cut_chars + sum(cuts)
    found.turns, found.seconds = fmean(len(e.turns) for e in episodes), fmean(e.seconds for e in episodes)
    found.actions = action_mix(episodes)
    return found


def health(found: Iterable[Summary], dead: Mapping[str, str]) -> str:
    """Valid episodes, faults, stops and dead groups as Markdown; `dead` is what is known of a store's groups."""
    lines = ["| episodes of | n | valid | passed | turns | seconds | stops | faults by owner | dead groups |"]
    lines.append("|---|---:|---:|---:|---:|---:|---|---|---|")
    for s in found:
        passed = f"{s.passed / s.valid:.3f}" if s.valid else "–"
        lines.append(
            f"| {s.name} | {s.episodes} | {100 * s.valid / s.episodes:.1f} % | {passed} | {s.turns:.2f} | {s.seconds:.2f} "
            f"| {counted(s.stops)} | {counted(s.faults) or '0'} | {dead.get(s.name, '–')} |"
        )
    return "\n".join(lines) + "\n"


def failures(found: Iterable[Summary]) -> str:
    """How many episodes failed of each kind, and their share of the policy's own failures, as Markdown."""
    kinds = [k for k in FailureKind if k is not FailureKind.INFRASTRUCTURE]
    lines = [f"| episodes of | failed | {' | '.join(k.value.replace('_', ' ') for k in kinds)} | suspicious passes |"]
    lines.append("|---|---:|" + "---:|" * (len(kinds) + 1))
    for s in found:
        own = sum(s.kinds[k] for k in kinds)
        cells = [f"{s.kinds[k]} ({100 * s.kinds[k] / own:.0f} %)" if s.kinds[k] else "0" for k in kinds]
        lines.append(f"| {s.name} | {own} | {' | '.join(cells)} | {s.suspicious} of {s.passed} |")
    return "\n".join(lines) + "\n"


def actions(found: Iterable[Summary]) -> str:
    """The mix of the paper's four actions by family (Table 7), and how many turns were submissions or no action, as
    Markdown.
    """
    lines = [
        f"| episodes of | family | {' | '.join(k.value for k in PAPER)} | submissions, of all turns | no action, of all turns |"
    ]
    lines.append("|---|---|" + "---:|" * (len(PAPER) + 2))
    for s in found:
        for mix in s.actions:
            shares = " | ".join(f"{100 * mix.shares[k.value]:.1f} %" for k in PAPER)
            lines.append(
                f"| {s.name} | {mix.family} | {shares} | {100 * mix.submissions:.1f} % | {100 * mix.no_action:.1f} % |"
            )
    return "\n".join(lines) + "\n"


def counted(counts: Mapping[str, int]) -> str:
    """Counts in words, the largest first."""
    return ", ".join(f"{name} {n}" for name, n in sorted(counts.items(), key=lambda x: (-x[1], x[0])))
