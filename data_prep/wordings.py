"""Who sees which ways to say a thing: demonstrations a few, training all but one, the test split that one.

Demonstrations are dear and tasks are cheap, so reinforcement meets wordings that no demonstration has shown; what a
policy makes of words it has never met is what the test asks.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from enum import StrEnum
from typing import Literal

DEMONSTRATED = 2


class Part(StrEnum):
    """What a task is for: `demonstrations` are the first tasks of the training split."""

    DEMONSTRATIONS = "demonstrations"
    TRAIN = "train"
    TEST = "test"

    @property
    def task_split(self) -> Literal["train", "test"]:
        """The split that tasks of this part are in."""
        return "test" if self is Part.TEST else "train"


def wordings(options: Sequence[str], part: Part) -> Sequence[str]:
    """Those of `options` that `part` may use."""
    if part is Part.TEST:
        return options[-1:]
    return options[:DEMONSTRATED] if part is Part.DEMONSTRATIONS else options[:-1]


def pick(rng: random.Random, options: Sequence[str], part: Part) -> str:
    """One of those that `part` may use."""
    return rng.choice(wordings(options, part))


def blocks(
    n_train: int, n_test: int, n_ood: int, demonstrations: int
) -> tuple[tuple[Part, Literal["id", "ood"], int, int], ...]:
    """What a family is built in: the part, the block, the number of its first instance, and how many it has."""
    return (
        (Part.DEMONSTRATIONS, "id", 0, demonstrations),
        (Part.TRAIN, "id", demonstrations, n_train - demonstrations),
        (Part.TEST, "id", 0, n_test),
        (Part.TEST, "ood", 0, n_ood),
    )
