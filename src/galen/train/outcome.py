"""The outcome that an episode is trained on: its oracle's reward, or a verifier's judgement where no oracle ran."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field
from transformers import PreTrainedModel

from galen.policy.template import ChatTemplate
from galen.train.verifier import score
from galen.types import Episode, Frozen

DIGITS = 6  # of a probability: what differs further behind is arithmetic, and would tell equal episodes apart

Outcomes = Callable[[Sequence[Episode]], list[float | None]]
"""The outcome of each episode, None where there is none. It never changes an episode."""


class VerifierReward(Frozen):
    """P(YES) of the trained verifier in folder `path` as outcome (the paper's outcome reward model, section 5.2).

    It judges episodes that an oracle left `ungraded`, or with `judges` = "all" every one, and the oracle's rewards are
    for the log alone. With `threshold` the outcome is 1 from that probability on and 0 below; without, it is the
    probability, by which hardly a group is dead.
    """

    path: Path
    judges: Literal["ungraded", "all"] = "ungraded"
    threshold: float | None = Field(default=None, gt=0, lt=1)


def oracle(episodes: Sequence[Episode]) -> list[float | None]:
    """The oracles' rewards."""
    return [e.reward for e in episodes]


def verifier(model: PreTrainedModel, template: ChatTemplate, context: int, settings: VerifierReward) -> Outcomes:
    """Outcomes by `model`, whose tokenizer is `template`'s. An episode that ended in a fault has none (law 3), nor has
    one that does not fit into `context` tokens with the question.
    """

    def outcomes(episodes: Sequence[Episode]) -> list[float | None]:
        judged = [e.fault is None and (settings.judges == "all" or e.reward is None) for e in episodes]
        scores = iter(score(model, [e for e, mine in zip(episodes, judged, strict=True) if mine], template, context))
        return [
            _outcome(next(scores), settings) if mine else e.reward for e, mine in zip(episodes, judged, strict=True)
        ]

    return outcomes


def _outcome(probability: float | None, settings: VerifierReward) -> float | None:
    if probability is None or settings.threshold is None:
        return None if probability is None else round(probability, DIGITS)
    return float(probability >= settings.threshold)
