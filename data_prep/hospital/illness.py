"""Who is ill with what: chronic illnesses stay with a person, an acute one brings to hospital and draws others after it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from random import Random

from data_prep.hospital import catalog as c

BY_CODE = {d.code: d for d in c.DIAGNOSES}
COMMON = 0.019, 0.9  # share of people with a chronic illness of weight w: the first times w to the power of the second
LINKED = 0.18  # share of chronic illnesses that bring the chronic ones that come along with them
FOLLOWS, WORSENS = 0.45, 0.12  # chance of an acute illness after an acute cause, and after a chronic one
KNOWN = 3.0  # how many times likelier somebody comes in with what they have had before
NEW = 0.12  # chance that a later stay finds a chronic illness


def chronic(rng: Random, age: float) -> list[c.Diagnosis]:
    """The illnesses a person of `age` years lives with."""
    found = [d for d in c.DIAGNOSES if d.code in c.CHRONIC and rng.random() < _prevalence(d, age)]
    for d in list(found):
        for code in d.links:
            if code in c.CHRONIC and rng.random() < LINKED:
                found.append(BY_CODE[code])
    return unique(found)


def one_more(rng: Random, known: Sequence[c.Diagnosis], age: float) -> list[c.Diagnosis]:
    """`known`, at times with a chronic illness that was found since."""
    if rng.random() >= NEW:
        return list(known)
    others = [d for d in c.DIAGNOSES if d.code in c.CHRONIC and d not in known]
    return [*known, *rng.choices(others, [_prevalence(d, age) for d in others])]


def of_stay(rng: Random, kind: str, known: Sequence[c.Diagnosis], frailty: float) -> list[c.Diagnosis]:
    """All diagnoses of one stay, each once: the principal one, what is acute beside it, what is chronic.

    `frailty` is normal with deviation 1 and says how much goes wrong.
    """
    reasons = c.ELECTIVE if kind == "elective" else c.EMERGENT
    weights = [w * (KNOWN if BY_CODE[code] in known else 1) for code, w in reasons.items()]
    principal = BY_CODE[rng.choices(list(reasons), weights)[0]]
    found = unique([principal, *_followers(rng, [principal], FOLLOWS)])
    found = unique([*found, *_followers(rng, known, WORSENS)])
    for _ in range(_poisson(rng, math.exp(0.2 + 0.45 * frailty))):
        found.append(BY_CODE[rng.choices(list(c.COMPLICATIONS), list(c.COMPLICATIONS.values()))[0]])
    found = unique([*found, *_followers(rng, found[1:], FOLLOWS)])
    codes = {d.code for d in (*found, *known)}
    found = [d for d in found if d is principal or not c.CAUSED_BY.get(d.code) or codes & set(c.CAUSED_BY[d.code])]
    return unique([*found, *known])


def severity(rng: Random, ill: Iterable[c.Diagnosis], age: float, frailty: float) -> float:
    """How ill at the worst: about 0.3 to 3, from what the diagnoses put at risk, from age and chance."""
    risk = sum(d.risk * (0.35 if d.code in c.CHRONIC else 1.0) for d in ill)
    return max(0.1, math.log(1 + 9 * risk) + 0.008 * (age - 63) + 0.25 * frailty + rng.gauss(0, 0.3))


def unique(ill: Iterable[c.Diagnosis]) -> list[c.Diagnosis]:
    """Each diagnosis once, at its first place."""
    return list({d.code: d for d in ill}.values())


def _followers(rng: Random, causes: Iterable[c.Diagnosis], chance: float) -> list[c.Diagnosis]:
    return [BY_CODE[x] for d in causes for x in d.links if x not in c.CHRONIC and rng.random() < chance]


def _prevalence(d: c.Diagnosis, age: float) -> float:
    scale, power = COMMON
    return min(0.9, scale * d.weight**power * min(1.5, max(0.35, math.exp((age - d.age) / 30))))


def _poisson(rng: Random, mean: float) -> int:
    """Knuth's product of uniforms; fine for a handful."""
    n, left = 0, rng.random()
    while left > math.exp(-mean):
        n, left = n + 1, left * rng.random()
    return n
