"""Reward shaping: what training takes off an episode's outcome. It is training's alone: the store keeps the verdict."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pydantic import Field

from galen.agent.loops import closes
from galen.types import Episode, Frozen, Group, ParseError


class ShapingSettings(Frozen):
    """Costs, in units of the outcome (1 is a success); each is off at 0.

    `format` is the cost of replies that did not parse, times their share among the episode's replies. `loop` is paid once
    by an episode that went in circles, as `galen.agent.loops` finds it. `turn` is paid at each turn.

    Whether a group carries a gradient follows the rewards that are trained on: with a cost, episodes that all failed (or
    all succeeded) may differ, and are then told apart by their costs alone.
    """

    format: float = Field(default=0.0, ge=0)
    loop: float = Field(default=0.0, ge=0)
    turn: float = Field(default=0.0, ge=0)


def costs(episode: Episode, settings: ShapingSettings) -> list[float]:
    """What each turn of the episode costs; a loop is paid at the turn that closes it."""
    actions = [turn.action for turn in episode.turns]
    unparsed = settings.format / max(1, len(actions))
    found = [settings.turn + unparsed * isinstance(action, ParseError) for action in actions]
    if (closing := closes(actions)) is not None:
        found[closing] += settings.loop
    return found


def shaped(episode: Episode, outcome: float | None, settings: ShapingSettings) -> float | None:
    """`outcome` less the episode's costs; None stays None (law 3)."""
    # An exact sum: episodes with the same costs in another order must not differ in the last bit, and so seem to.
    return None if outcome is None else outcome - math.fsum(costs(episode, settings))


def shape(groups: Sequence[Group], settings: ShapingSettings) -> list[Group]:
    """The groups with shaped rewards to train on."""
    return [
        group.model_copy(
            update={"trained": tuple(shaped(e, r, settings) for e, r in zip(group.episodes, group.each, strict=True))}
        )
        for group in groups
    ]
