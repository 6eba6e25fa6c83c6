"""What a note claims, and how a claim is made to contradict the record.

A claim disagrees with a row in a set of columns. The inconsistent columns of a claim are the smallest such set over
the rows about its entity; a claim is only planted where that set is the only one of its size, so each has one answer.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from data_prep.ehrcon.record import GROUPS, Fact, Names, Stay
from data_prep.ehrcon.times import ANYTIME, When, elsewhen, tell
from galen.types import Frozen

Way = Literal["value", "unit", "time", "existence"]
WAYS: tuple[Way, ...] = ("value", "unit", "time", "existence")
TRIES = 12
UNITS = {
    "labevents": ("mg/dl", "g/dl", "meq/l", "mmol/l", "ng/ml", "iu/l"), "inputevents": ("l",), "outputevents": ("l",),
    "prescriptions": ("mg", "mcg", "g", "unit", "meq"),
}  # fmt: skip
VITAL_UNITS = {"deg. c": "deg. f", "kg": "lb", "cm": "inch"}
ROUTES = ("po", "iv", "sc", "im", "pr")


class Rates(Frozen):
    """How often an entity is contradicted, by way; a diagnosis or procedure only ever by existence."""

    value: float = Field(default=0.22, ge=0, le=1)
    unit: float = Field(default=0.1, ge=0, le=1)
    time: float = Field(default=0.14, ge=0, le=1)
    existence: float = Field(default=0.09, ge=0, le=1)

    @model_validator(mode="after")
    def _shares(self) -> Rates:
        if self.value + self.unit + self.time + self.existence > 1:
            raise ValueError("value, unit, time and existence are shares of one whole: their sum is above 1")
        return self

    def draw(self, rng: random.Random) -> Way | None:
        """One of the ways, or none."""
        left = rng.random()
        for way in WAYS:
            left -= getattr(self, way)
            if left < 0:
                return way
        return None


@dataclass(frozen=True)
class Claim:
    """What a note says of one entity in one line; None is not said, an organism '' is 'no growth'.

    `planted` holds the columns in which it contradicts the record; empty for what is true.
    """

    group: str
    name: str
    value: float | str | None = None
    unit: str | None = None
    route: str | None = None
    when: When = ANYTIME
    planted: frozenset[str] = frozenset()


def disagreements(claim: Claim, fact: Fact) -> frozenset[str]:
    """The columns in which `claim` disagrees with the row `fact`."""
    wrong = {
        "value": claim.value is not None and claim.value != fact.value,
        "unit": claim.unit is not None and claim.unit != fact.unit,
        "route": claim.route is not None and claim.route != fact.route,
        "time": not claim.when.holds(fact.time),
    }
    return frozenset(fact.column(what) for what, differs in wrong.items() if differs)


def inconsistent(claim: Claim, facts: Sequence[Fact]) -> set[frozenset[str]]:
    """The smallest sets of columns in which `claim` disagrees with one of `facts`; one set means one clear answer."""
    if not facts:
        return {frozenset({GROUPS[claim.group].absent})}
    sets = {disagreements(claim, f) for f in facts}
    least = min(len(s) for s in sets)
    return {s for s in sets if len(s) == least}


def state(rng: random.Random, fact: Fact, stay: Stay, today: date | None) -> Claim:
    """A true claim about `fact`: its value, mostly its unit, and one way to say when."""
    if not GROUPS[fact.group].columns:
        return Claim(fact.group, fact.name)
    unit = fact.unit if fact.group == "prescriptions" or rng.random() < 0.55 else None
    when = tell(rng, fact.time, stay, today) if fact.time else ANYTIME
    return Claim(fact.group, fact.name, fact.value, unit, fact.route if rng.random() < 0.8 else None, when)


def contradict(
    rng: random.Random, claim: Claim, fact: Fact, way: Way, stay: Stay, today: date | None, names: Names
) -> Claim | None:
    """`claim` changed in one way so that exactly that column is inconsistent; None where it cannot be."""
    facts = stay.of(claim.group, claim.name)
    for _ in range(TRIES):
        changed = _change(rng, claim, fact, way, stay, today, names)
        if changed is None:
            return None
        found = inconsistent(changed, facts)
        what = "route" if changed.route != claim.route else way
        if changed.value != 0 and found == {frozenset({fact.column(what)})}:
            return replace(changed, planted=next(iter(found)))
    return None


def invent(rng: random.Random, group: str, stay: Stay, today: date | None, names: Names) -> Claim | None:
    """A claim about an entity that the hospital knows and the stay does not have."""
    present = {f.name for f in stay.facts if f.group == group}
    absent = sorted(n for n, facts in names[group].items() if n not in present and _usable(group, facts))
    if not absent:
        return None
    name = rng.choice(absent)
    example = rng.choice([f for f in names[group][name] if f.value is not None or not GROUPS[group].columns])
    usual = [f.time for f in stay.facts if f.time and f.time[:10] <= str(today or "9999")]
    moved = replace(example, time=rng.choice(usual) if usual else None)
    return replace(state(rng, moved, stay, today), planted=frozenset({GROUPS[group].absent}))


def _usable(group: str, facts: list[Fact]) -> bool:
    return not GROUPS[group].columns or any(f.value is not None for f in facts)


def _change(
    rng: random.Random, claim: Claim, fact: Fact, way: Way, stay: Stay, today: date | None, names: Names
) -> Claim | None:
    if way == "time":
        return replace(claim, when=elsewhen(rng, fact.time, stay, today)) if fact.time else None
    if way == "unit":
        if claim.group == "prescriptions" and rng.random() < 0.4:
            return replace(claim, route=rng.choice(ROUTES))
        unit = VITAL_UNITS.get(fact.unit or "") if claim.group == "chartevents" else _other_unit(rng, claim, fact)
        return replace(claim, unit=unit) if unit and fact.unit else None
    if isinstance(claim.value, str):
        organisms = sorted(
            {f.value for facts in names[claim.group].values() for f in facts if isinstance(f.value, str)}
        )
        return replace(claim, value=rng.choice(organisms))
    return None if claim.value is None else replace(claim, value=_other_number(rng, claim.value))


def _other_unit(rng: random.Random, claim: Claim, fact: Fact) -> str | None:
    options = [u for u in UNITS.get(claim.group, ()) if u != fact.unit]
    return rng.choice(options) if options else None


def _other_number(rng: random.Random, value: float) -> float:
    """A slip of a kind that people make: two digits swapped, one digit off, a factor of two or ten."""
    text = number(value)
    spots = [i for i, c in enumerate(text) if c.isdigit()]
    slip = rng.random()
    if slip < 0.35 and len(spots) > 1:
        i = rng.randrange(len(spots) - 1)
        a, b = spots[i], spots[i + 1]
        swapped = [*text]
        swapped[a], swapped[b] = swapped[b], swapped[a]
        return float("".join(swapped))
    if slip < 0.9:
        i = rng.choice(spots[1:] or spots)
        return float(text[:i] + str((int(text[i]) + rng.randint(1, 9)) % 10) + text[i + 1 :])
    return round(value * rng.choice((0.5, 2.0, 10.0)), 2)


def number(value: float) -> str:
    """A number as a note writes it: no trailing zeros."""
    return str(int(value)) if float(value).is_integer() else repr(round(float(value), 4))
