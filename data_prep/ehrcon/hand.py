"""The hand that writes a note: what is left to say of a stay, and in which words."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from data_prep.ehrcon import phrases as p
from data_prep.ehrcon.claims import Claim, number
from data_prep.ehrcon.forms import forms
from data_prep.ehrcon.record import GROUPS, Names, Stay
from data_prep.ehrcon.times import When, stamp

UNWATCHED = ("admit ht", "admit wt")  # no goal is set for these


@dataclass
class Note:
    """A written note: its lines, and the claims that each line (counted from 1) makes.

    `time` is when a progress note was signed; a discharge summary has a date only.
    """

    stay: Stay
    kind: str
    charted: date
    time: str | None
    lines: list[str] = field(default_factory=list)
    claims: dict[int, list[Claim]] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def add(self, line: str = "", *claims: Claim) -> None:
        """Append one line that makes `claims`, at most one about an entity."""
        self.lines.append(line)
        if claims:
            self.claims[len(self.lines)] = list(claims)


class Hand:
    """Writes into `note`. `held_out` picks the words that test notes use."""

    def __init__(self, rng: random.Random, note: Note, claims: list[Claim], names: Names, held_out: bool) -> None:
        self.rng, self.note, self.stay, self._names, self.held_out = rng, note, note.stay, names, held_out
        self._left = claims
        self._said = sorted({(c.group, c.name) for c in claims})
        self._told: set[str] = set()
        self.complaint = self.pick(p.COMPLAINTS)

    def pick(self, pool: Sequence[str]) -> str:
        """One of `pool`'s words."""
        return p.choose(self.rng, pool, self.held_out)

    def some(self, pool: Sequence[str], n: int) -> list[str]:
        """Up to `n` different ones of `pool` that the note does not have yet."""
        options = [x for x in p.part(pool, self.held_out) if x not in self._told]
        chosen = self.rng.sample(options, min(n, len(options)))
        self._told.update(chosen)
        return chosen

    def take(self, *groups: str, share: float = 1.0) -> list[Claim]:
        """Claims of `groups` that are not yet written, each with the chance `share`, in any order."""
        taken = [c for c in self._left if c.group in groups and self.rng.random() < share]
        chosen = {id(c) for c in taken}
        self._left = [c for c in self._left if id(c) not in chosen]
        self.rng.shuffle(taken)
        return taken

    def form(self, claim: Claim) -> str:
        """The entity of `claim` in one of its written forms."""
        written = self.rng.choice(forms(claim.group, claim.name))
        return written.upper() if len(written) <= 5 and self.rng.random() < 0.6 else written

    def value(self, claim: Claim) -> str:
        """What `claim` says of value, unit and route; a drug that no time follows has its frequency too."""
        if isinstance(claim.value, str):
            return claim.value or self.pick(p.NOTHING)
        if claim.value is None:
            return ""
        words = [number(claim.value), *(w for w in (claim.unit, claim.route) if w)]
        if claim.group == "prescriptions" and claim.when.kind == "no_time":
            words.append(self.pick(p.FREQUENCIES))
        return " ".join(words).replace(" %", "%")

    def say(self, claim: Claim, frames: Sequence[str]) -> str:
        """`claim` in one of `frames`."""
        return self.pick(frames).format(e=self.form(claim), v=self.value(claim), t=after(claim.when.phrase))

    def seeming(self, group: str) -> str:
        """A sentence that names an entity of `group` and claims nothing of this stay.

        What the note measures or gives may be named again; a diagnosis or procedure that it states is not denied.
        """
        names = self._names[group]
        mine = [n for g, n in self._said if g == group and n in names]
        if not GROUPS[group].columns:
            had = {f.name for f in self.stay.facts if f.group == group} | set(mine)
            options = [n for n in sorted(names) if n not in had]
        else:
            options = mine if mine and self.rng.random() < 0.6 else sorted(names)
            options = [n for n in options if n not in UNWATCHED]
        facts = names[self.rng.choice(options or sorted(names))]
        fact = self.rng.choice([f for f in facts if f.value is not None] or facts)
        return self.say(Claim(group, fact.name, fact.value, None, fact.route, When("exact_time")), p.SEEMING[group])

    def knows(self, group: str) -> bool:
        """Whether the hospital has entities of `group`."""
        return bool(self._names[group])

    def any_illness(self) -> str:
        """Any diagnosis of the hospital, as it is written."""
        return self.form(Claim("diagnoses_icd", self.rng.choice(sorted(self._names["diagnoses_icd"]))))

    def write(self, claims: list[Claim]) -> None:
        """One line a claim."""
        for claim in claims:
            self.note.add(sentence(self.say(claim, p.STATED[claim.group])), claim)

    def prose(self, claims: list[Claim], filler: Sequence[str], n: int, bullet: str = "") -> None:
        """Lines of claims and of `n` sentences of filler, some of which share a line with a claim."""
        spare = self.some(filler, n)
        for claim in claims:
            said = sentence(self.say(claim, p.STATED[claim.group]))
            if spare and self.rng.random() < 0.5:
                other = sentence(spare.pop())
                said = f"{other} {said}" if self.rng.random() < 0.5 else f"{said} {other}"
            self.note.add(bullet + said, claim)
        for text in spare:
            self.note.add(sentence(text))

    def results(self, claims: list[Claim]) -> None:
        """Lines of laboratory results; a minute may be written as the stamp that heads a line of the report."""
        for c in claims:
            if c.when.since[:16] == c.when.until[:16] and c.when.phrase and self.rng.random() < 0.6:
                self.note.add(f"{stamp(c.when.since)} BLOOD {self.form(c)}-{self.value(c)}", c)
            else:
                self.write([c])

    def signs(self, claims: list[Claim]) -> list[Claim]:
        """Write vital signs that share a time into one line; returns those that stand alone."""
        lines: list[list[Claim]] = []
        for c in claims:
            home = [x for x in lines if x[0].when == c.when and all(c.name != y.name for y in x)]
            (home[0] if home else lines.append([]) or lines[-1]).append(c)
        for line in lines:
            if len(line) > 1:
                said = ", ".join(self._sign(line))
                self.note.add(f"VS{after(line[0].when.phrase)}: {said}", *line)
        return [x[0] for x in lines if len(x) == 1]

    def _sign(self, line: list[Claim]) -> list[str]:
        pressure = [c for part in ("systolic", "diastolic") for c in line if f"[{part}]" in c.name]
        both = len(pressure) == 2 and not any(c.unit for c in pressure) and self.rng.random() < 0.7
        said = [f"{self.form(c)} {self.value(c)}" for c in line if not (both and c in pressure)]
        return [f"BP {self.value(pressure[0])}/{self.value(pressure[1])}", *said] if both else said


def sentence(text: str) -> str:
    """`text` with a capital and a full stop."""
    return f"{text[0].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"


def after(phrase: str) -> str:
    """A phrase of time with the space that parts it from what it follows."""
    return f" {phrase}" if phrase else ""
