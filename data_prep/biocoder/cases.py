"""The hidden calls of a variant: its edge cases and seeded draws, among which every neighbouring variant gives itself away."""

from __future__ import annotations

import functools
import json
import random
from typing import Any

from data_prep.biocoder.function import Function, Values
from galen.oracles.driver import outcome

CALLS = 24
TRIES = 50


def cases(function: Function, values: Values, seed: int) -> tuple[list[str], list[dict[str, Any]], dict[str, int]]:
    """The calls (each a JSON list of arguments), their outcomes, and for how many each neighbour's outcome is another.

    Raises:
        ValueError: a neighbour's outcomes are the same on `TRIES` sets of calls: its option makes no difference.
    """
    named = f"biocoder/{seed}/{function.name}/{json.dumps(values)}"
    told: dict[str, int] = {}
    for attempt in range(TRIES):
        calls = _calls(function, random.Random(f"{named}/{attempt}"))
        outcomes = run(function, values, calls)
        told = {
            json.dumps(other): sum(a != b for a, b in zip(outcomes, run(function, other, calls), strict=True))
            for other in function.neighbours(values)
        }
        if all(told.values()):
            return calls, outcomes, told
    same = [other for other, n in told.items() if not n]
    raise ValueError(f"{function.name}: {values} is not to be told from {', '.join(same)}")


def _calls(function: Function, rng: random.Random) -> list[str]:
    """Distinct calls: the edge cases, then draws."""
    calls = dict.fromkeys(json.dumps(arguments) for arguments in function.edges)
    for _ in range(20 * CALLS):
        if len(calls) == CALLS:
            return list(calls)
        calls[json.dumps(function.draw(rng), allow_nan=False)] = None
    raise ValueError(f"{function.name}: fewer than {CALLS} different calls in {20 * CALLS} draws")


def run(function: Function, values: Values, calls: list[str]) -> list[dict[str, Any]]:
    """What the reference makes of `calls`, each with arguments of its own."""
    fixed = functools.partial(function.reference, **values)
    return [outcome(fixed, json.loads(call)) for call in calls]
