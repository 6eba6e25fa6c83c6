"""Whole notes: facts of the visit among older values, relatives' diseases, excluded diagnoses and what does not matter."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from data_prep.medcalc.facts import Quantity
from data_prep.medcalc.signs import ALL, EXCLUDED, FINDINGS, FIXED, GRADES, NEUTRAL, RELATIVES
from data_prep.wordings import Part, pick

HEADERS = ("Visit of {:%m/%d/%Y}", "Seen on {:%m/%d/%Y}", "Note of {:%m/%d/%Y}", "Date of visit: {:%m/%d/%Y}", "Examined on {:%m/%d/%Y}")  # fmt: skip
EARLIER = ("on {0:%m/%d/%Y}: {1}", "earlier, on {0:%m/%d/%Y}, {1}", "results of {0:%m/%d/%Y}: {1}", "back on {0:%m/%d/%Y}, {1}", "as of {0:%m/%d/%Y}, {1}")  # fmt: skip
FILLER = (
    "no known drug allergies", "family was informed by telephone", "reviewed with the attending physician",
    "old records were requested", "vaccination record is not at hand", "insurance details were confirmed",
    "next of kin is listed in the chart", "a dietitian will be consulted", "follow-up will be arranged",
    "samples reached the laboratory in time", "transport arrived on time", "consent forms are in the chart",
    "the referring practice will receive a copy", "belongings were handed to the ward", "the chart was updated",
)  # fmt: skip


class Draft:
    """What a note will say, with the values behind it and the lines of program that state them."""

    def __init__(self, rng: random.Random, part: Part) -> None:
        self.rng, self.part = rng, part
        self.day = date(2012, 1, 1) + timedelta(days=rng.randrange(365 * 12))
        self.said: list[str] = []
        self.lines: list[str] = []
        self.values: dict[str, Any] = {}
        self.converted: dict[str, bool] = {}  # variables whose unit is another; True for a temperature

    def word(self, options: Sequence[str]) -> str:
        return pick(self.rng, options, self.part)

    def measure(self, key: str) -> None:
        """A quantity of the visit; one in three that can differ has an older value, too."""
        quantity = ALL[key]
        stated, unit = quantity.draw(self.rng)
        self.values[quantity.var] = stated * unit.factor + unit.offset
        self.lines.append(f"{quantity.var}={stated}{unit.code}")
        self.said.append(self._stated(quantity, stated, unit.name))
        if unit.code:
            self.converted[quantity.var] = unit.offset != 0
        if quantity.var not in FIXED and self.rng.random() < 1 / 3:
            old, old_unit = quantity.draw(self.rng)
            self.earlier(self._stated(quantity, old, old_unit.name))

    def earlier(self, fact: str) -> None:
        """`fact` as of a day one to 600 days before the visit."""
        then = self.day - timedelta(days=self.rng.randint(1, 600))
        self.said.append(self.word(EARLIER).format(then, fact))

    def observe(self, name: str, share: float, relatives: bool) -> None:
        """A fact of `signs`: present with probability `share`, else denied or, if it may be, not mentioned."""
        if name in GRADES:
            self._grade(name, share)
            return
        finding, rng = FINDINGS[name], self.rng
        noun = rng.choice(finding.nouns)
        present = rng.random() < (0.5 if finding.always else share)
        self._set(name, int(present))
        if present or finding.always or rng.random() < 0.5:
            self.said.append(self.word(finding.yes if present else finding.no).format(noun))
        elif finding.inherited and rng.random() < 0.4:
            trap = RELATIVES if relatives and rng.random() < 0.5 else EXCLUDED
            self.said.append(self.word(trap).format(noun))

    def distract(self, known: Iterable[str]) -> None:
        """One or two measurements of `known` that no program needs."""
        free = [key for key in known if ALL[key].var not in self.values]
        for key in self.rng.sample(free, self.rng.randint(1, 2)):
            stated, unit = ALL[key].draw(self.rng)
            self.said.append(self._stated(ALL[key], stated, unit.name))

    def note(self, style: str) -> str:
        """All that is said in any order after the date; `full` puts nine sentences or more of a chart among it."""
        said = list(self.said)
        self.rng.shuffle(said)
        for filler in self.rng.sample(FILLER, self.rng.randint(9, len(FILLER))) if style == "full" else ():
            said.insert(self.rng.randint(0, len(said)), filler)
        sentences = [self.word(HEADERS).format(self.day), *said]
        return " ".join(sentence[0].upper() + sentence[1:] + "." for sentence in sentences)

    def _stated(self, quantity: Quantity, value: float, unit: str) -> str:
        return f"{self.word(quantity.wordings)} {value} {unit}".rstrip()

    def _grade(self, name: str, share: float) -> None:
        levels = GRADES[name]
        told = [value for value, said in levels.items() if said]
        silent = len(told) < len(levels) and self.rng.random() > share
        value = 0 if silent else self.rng.choice(told)
        self._set(name, value)
        if not silent:
            self.said.append(self.word(levels[value]))

    def _set(self, name: str, value: int) -> None:
        self.values[name] = value
        self.lines.append(f"{name}={value}")


def free_of(variables: Iterable[str], judged: bool) -> list[str]:
    """Measurements that can stand beside `variables`: where findings are `judged`, only those that bear on none."""
    used = set(variables)
    if judged:
        return [key for key in NEUTRAL if key not in used]
    body = {"w", "h", "b", "bmi"}  # of which two imply a third
    return [key for key, q in ALL.items() if q.var == key and key not in used and not (used & body and key in body)]
