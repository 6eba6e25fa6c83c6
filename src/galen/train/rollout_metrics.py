"""What a rollout was like, in numbers: flat names with slashes, none of which depends on a clock but those in `_s`."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from statistics import fmean, pstdev

from galen.types import Action, ActionKind, Episode, Group, Owner, StopReason


def rollout_metrics(groups: Sequence[Group]) -> dict[str, float]:
    """Of all groups played, at least one episode among them:

    - `valid` is the share of episodes that were graded; only these count in `reward/…` and `success/…`, by family and of
      all (law 3), and a family without one has neither.
    - `dead_groups` counts groups without two different rewards, and `reward_std` is the mean over groups of their
      rewards' standard deviation (of the population); both where groups have several episodes.
    - `stop/…` are shares of the episodes, `fault/…` counts by owner, `action/…` shares of the turns (`parse_error`: a
      reply that was no action).
    - `tokens/sampled…` are the agent's tokens an episode, `tokens/episode…` all of them with the prompt.
    - `turns_max`; `episode_s` and, within it, the sandbox's `exec_s` are means in seconds.
    """
    episodes = [e for g in groups for e in g.episodes]
    return {
        "valid": fmean(e.reward is not None for e in episodes), **_by_family(episodes), **_of_groups(groups),
        **_shares("stop", StopReason, [e.stop for e in episodes]), **_faults(episodes), **_actions(episodes),
        **_lengths(episodes), "turns_max": max(len(e.turns) for e in episodes),
        "episode_s": fmean(e.seconds for e in episodes),
        "exec_s": fmean(sum(t.exec_seconds for t in e.turns) for e in episodes),
    }  # fmt: skip


def sampled_tokens(episodes: Sequence[Episode]) -> int:
    """The tokens that the agent sampled."""
    return sum(sum(e.completion_mask) for e in episodes)


def _by_family(episodes: Sequence[Episode]) -> dict[str, float]:
    graded: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for e in episodes:
        if e.reward is not None:
            graded[e.family].append((e.reward, e.success))
    found: dict[str, float] = {}
    for family, pairs in sorted(graded.items()):
        found[f"reward/{family}"] = fmean(reward for reward, _ in pairs)
        found[f"success/{family}"] = fmean(success for _, success in pairs)
    if graded:
        found["success/all"] = fmean(success for pairs in graded.values() for _, success in pairs)
    return found


def _of_groups(groups: Sequence[Group]) -> dict[str, float]:
    if all(len(g.episodes) < 2 for g in groups):
        return {}
    found: dict[str, float] = {"dead_groups": sum(not g.live for g in groups)}
    if compared := [g.rewards for g in groups if len(g.rewards) > 1]:
        found["reward_std"] = fmean(pstdev(rewards) for rewards in compared)
    return found


def _shares(what: str, kinds: type[StopReason] | type[ActionKind], seen: Sequence[str]) -> dict[str, float]:
    counts = Counter(seen)
    return {f"{what}/{kind.value}": counts[kind] / max(1, len(seen)) for kind in kinds}


def _faults(episodes: Sequence[Episode]) -> dict[str, float]:
    counts = Counter(e.fault.owner for e in episodes if e.fault)
    return {f"fault/{owner.value}": counts[owner] for owner in Owner}


def _actions(episodes: Sequence[Episode]) -> dict[str, float]:
    taken = [t.action.kind if isinstance(t.action, Action) else "parse_error" for e in episodes for t in e.turns]
    errors = taken.count("parse_error") / max(1, len(taken))
    return _shares("action", ActionKind, taken) | {"action/parse_error": errors}


def _lengths(episodes: Sequence[Episode]) -> dict[str, float]:
    sampled = [sum(e.completion_mask) for e in episodes]
    whole = [len(e.prompt_ids) + len(e.completion_ids) for e in episodes]
    return {
        "tokens/sampled": fmean(sampled), "tokens/sampled_max": max(sampled),
        "tokens/episode": fmean(whole), "tokens/episode_max": max(whole),
    }  # fmt: skip
