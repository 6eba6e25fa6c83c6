"""Clinical notes of a stay: discharge summaries, nursing and physician progress notes, with planted contradictions."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from data_prep.ehrcon.claims import Claim, Rates, Way, contradict, invent, state
from data_prep.ehrcon.hand import Hand, Note
from data_prep.ehrcon.layouts import discharge, nursing, physician
from data_prep.ehrcon.record import Fact, Names, Stay
from data_prep.ehrcon.times import day

DISCHARGE, NURSING, PHYSICIAN = "Discharge summary", "Nursing", "Physician"
ASK = {  # how many entities of each group a note states, at most
    DISCHARGE: {"labevents": 6, "prescriptions": 5, "microbiologyevents": 2, "chartevents": 4},
    NURSING: {
        "chartevents": 6, "outputevents": 3, "inputevents": 3, "labevents": 3, "prescriptions": 3, "microbiologyevents": 2,
    },
    PHYSICIAN: {
        "chartevents": 5, "labevents": 6, "prescriptions": 4, "outputevents": 1, "inputevents": 1, "microbiologyevents": 2,
    },
}  # fmt: skip
INVENTED = {"diagnoses_icd": (0, 1, 1, 2), "procedures_icd": (0, 0, 1)}
LAYOUTS = {DISCHARGE: discharge, NURSING: nursing, PHYSICIAN: physician}


def write(rng: random.Random, stay: Stay, kind: str, names: Names, held_out: bool, rates: Rates) -> Note | None:
    """A note of `kind`, or None where the stay gives no ground for one (open, not in intensive care, no events)."""
    charted = _charted(rng, stay, kind)
    if charted is None:
        return None
    known = [f for f in stay.facts if f.time is None or f.time[:10] <= str(charted)]
    today = None if kind == DISCHARGE else charted
    claims = _claims(rng, stay, kind, today, known, names, rates)
    if not claims:
        return None
    note = Note(stay, kind, charted, None if kind == DISCHARGE else _signed(known, charted))
    LAYOUTS[kind](Hand(rng, note, claims, names, held_out))
    return note


def _charted(rng: random.Random, stay: Stay, kind: str) -> date | None:
    """The day of discharge; for progress notes a day with events (of intensive care, for nursing)."""
    if kind == DISCHARGE:
        return day(stay.discharged) if stay.discharged else None
    groups = ("chartevents", "outputevents", "inputevents") if kind == NURSING else ("labevents", "chartevents")
    days = sorted(f.time[:10] for f in stay.facts if f.group in groups and f.time)
    return date.fromisoformat(rng.choice(days)) if days else None


def _signed(known: list[Fact], charted: date) -> str:
    """When the note was signed: shortly after the last event of its day."""
    last = max((f.time for f in known if f.time and f.time[:10] == str(charted)), default=f"{charted} 18:00:00")
    end = datetime.combine(charted, datetime.max.time()).replace(microsecond=0)
    return f"{min(datetime.fromisoformat(last) + timedelta(minutes=35), end):%Y-%m-%d %H:%M:%S}"


def _claims(
    rng: random.Random, stay: Stay, kind: str, today: date | None, known: list[Fact], names: Names, rates: Rates
) -> list[Claim]:
    """What the note says: per entity one to three claims, of which one may contradict the record."""
    found: list[Claim] = []
    for group, most in ASK[kind].items():
        by_name: dict[str, list[Fact]] = {}
        for f in known:
            if f.group == group and f.value is not None:
                by_name.setdefault(f.name, []).append(f)
        for name in rng.sample(sorted(by_name), min(most, len(by_name))):
            way = rates.draw(rng)
            if way == "existence":
                found += _new(found, invent(rng, group, stay, today, names))
            else:
                found += _about(rng, by_name[name], way, stay, today, names)
    for group, counts in INVENTED.items():
        found += [state(rng, f, stay, today) for f in _distinct(f for f in known if f.group == group)]
        for _ in range(rng.choice(counts) if rates.existence else 0):
            found += _new(found, invent(rng, group, stay, today, names))
    return found


def _about(
    rng: random.Random, facts: list[Fact], way: Way | None, stay: Stay, today: date | None, names: Names
) -> list[Claim]:
    chosen = rng.sample(facts, min(len(facts), rng.choice((1, 1, 1, 2, 2, 3))))
    claims = [state(rng, f, stay, today) for f in chosen]
    if way:
        wrong = contradict(rng, claims[0], chosen[0], way, stay, today, names)
        # Where this way cannot be planted (no unit, no other day), the value is what changes.
        wrong = wrong or contradict(rng, claims[0], chosen[0], "value", stay, today, names)
        claims[0] = wrong or claims[0]
    return claims


def _new(found: list[Claim], claim: Claim | None) -> list[Claim]:
    """`claim`, unless there is none or its entity is among those found."""
    return [claim] if claim and all((claim.group, claim.name) != (c.group, c.name) for c in found) else []


def _distinct(facts: Iterable[Fact]) -> list[Fact]:
    return list({f.name: f for f in facts}.values())
