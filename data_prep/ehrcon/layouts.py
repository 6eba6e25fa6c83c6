"""The three kinds of notes: which sections they have, and what stands in them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from data_prep.ehrcon import phrases as p
from data_prep.ehrcon.claims import Claim
from data_prep.ehrcon.hand import Hand, after, sentence
from data_prep.ehrcon.times import day

RELATIVES = ("father", "mother", "brother", "sister")


def discharge(hand: Hand) -> None:
    """A discharge summary: who, why, history, examination, results, course and drugs."""
    note, stay = hand.note, hand.stay
    note.add(f"Admission Date: {_deid(day(stay.admitted))}   Discharge Date: {_deid(note.charted)}")
    note.add(f"Date of Birth: {_deid(day(stay.birth))}   Sex: {stay.sex.upper()}")
    note.add(f"Service: {hand.pick(p.SERVICES)}")
    _section(hand, "complaint", lambda: note.add(sentence(hand.complaint)))
    if done := hand.take("procedures_icd", share=0.7):
        _section(hand, "procedure", lambda: _list(hand, done))
    _section(hand, "hpi", lambda: _present(hand))
    if ill := hand.take("diagnoses_icd", share=0.5):
        _section(hand, "pmh", lambda: _list(hand, ill))
    _section(hand, "social", lambda: note.add(sentence(hand.some(p.SOCIAL, 1)[0])))
    _section(hand, "family", lambda: _family(hand))
    _section(hand, "exam", lambda: _examination(hand))
    later = hand.take("labevents", share=0.25)
    _section(hand, "labs", lambda: hand.results(hand.take("labevents")))
    if cultures := hand.take("microbiologyevents"):
        _section(hand, "micro", lambda: hand.write(cultures))
    _section(hand, "course", lambda: _course(hand, later))
    if drugs := hand.take("prescriptions"):
        _section(hand, "drugs", lambda: _drugs(hand, drugs))
    _section(hand, "disposition", lambda: note.add(sentence(stay.destination or "home")))


def nursing(hand: Hand) -> None:
    """A nurse's note of one day, system by system."""
    note, rng = hand.note, hand.rng
    note.add(f"{hand.pick(p.NURSING_TITLES)} {(hand.stay.unit or 'icu').upper()} {_deid(note.charted)}")
    note.add(sentence(f"{_person(hand)}, {', '.join(hand.some(p.SHIFT, 2))}"))
    systems = list(p.NURSING)
    rng.shuffle(systems)
    for group in systems:
        if claims := hand.take(group):
            note.add(hand.pick(p.NURSING[group]))
            hand.prose(hand.signs(claims) if group == "chartevents" else claims, p.SHIFT, 1)
    note.add(hand.pick(p.PLANS))
    _seeming(hand, ("labevents", "chartevents", "prescriptions"), rng.randint(1, 2))
    for text in hand.some(p.PLAN, rng.randint(1, 3)):
        note.add(sentence(text))


def physician(hand: Hand) -> None:
    """A physician's progress note: events, vital signs, results, drugs, assessment and plan."""
    note, rng = hand.note, hand.rng
    note.add(f"{hand.pick(p.PHYSICIAN_TITLES)} {_deid(note.charted)}")
    _section(hand, "complaint", lambda: note.add(sentence(hand.complaint)))
    events = hand.take("procedures_icd") + hand.take("microbiologyevents", share=0.4)
    _section(hand, "events", lambda: hand.prose(events, p.COURSE, rng.randint(1, 2)))
    if drugs := hand.take("prescriptions", share=0.6):
        _section(hand, "drugs", lambda: _drugs(hand, drugs))
    _section(hand, "vitals", lambda: hand.prose(hand.signs(hand.take("chartevents")), p.EXAM, rng.randint(1, 4)))
    if fluids := hand.take("inputevents", "outputevents"):
        _section(hand, "fluids", lambda: hand.write(fluids))
    later = hand.take("labevents", share=0.2) + hand.take("prescriptions")
    _section(hand, "labs", lambda: hand.results(hand.take("labevents")))
    if cultures := hand.take("microbiologyevents"):
        _section(hand, "micro", lambda: hand.write(cultures))
    _section(hand, "assessment", lambda: _assessment(hand, later))


def _section(hand: Hand, heading: str, body: Callable[[], None]) -> None:
    hand.note.add()
    hand.note.add(hand.pick(p.HEADINGS[heading]))
    body()


def _present(hand: Hand) -> None:
    hand.note.add(sentence(f"{_person(hand)} p/w {hand.complaint}"))
    claims = hand.take("labevents", share=0.3) + hand.take("chartevents", share=0.2)
    hand.prose(claims, p.STORY, hand.rng.randint(2, 4))


def _examination(hand: Hand) -> None:
    hand.write(hand.signs(hand.take("chartevents")))
    for text in hand.some(p.EXAM, hand.rng.randint(2, 5)):
        hand.note.add(sentence(text))


def _course(hand: Hand, labs: list[Claim]) -> None:
    hand.prose(hand.take("diagnoses_icd"), p.COURSE, 1, "# ")
    told = labs + hand.take("procedures_icd") + hand.take("prescriptions", share=0.35)
    hand.prose(told, p.COURSE, hand.rng.randint(1, 4))
    _seeming(hand, ("labevents", "prescriptions", "procedures_icd", "diagnoses_icd"), hand.rng.randint(1, 3))


def _assessment(hand: Hand, told: list[Claim]) -> None:
    hand.note.add(sentence(f"{_person(hand)} with issues as below"))
    hand.prose(hand.take("diagnoses_icd"), p.PLAN, 1, "# ")
    hand.prose(told, p.COURSE, hand.rng.randint(0, 2))
    _seeming(hand, ("labevents", "prescriptions", "chartevents", "diagnoses_icd"), hand.rng.randint(1, 3), "- ")
    for text in hand.some(p.PLAN, hand.rng.randint(1, 3)):
        hand.note.add(f"- {sentence(text)}")


def _drugs(hand: Hand, claims: list[Claim]) -> None:
    """A numbered list; where a time is told, it is the start's."""
    for i, c in enumerate(claims, 1):
        began = f", started{after(c.when.phrase)}" if c.when.phrase else ""
        hand.note.add(f"{i}. {sentence(hand.form(c))[:-1]} {hand.value(c)}{began}", c)


def _list(hand: Hand, claims: list[Claim]) -> None:
    for i, c in enumerate(claims, 1):
        hand.note.add(f"{i}. {hand.form(c)}", c)


def _family(hand: Hand) -> None:
    who, ill = hand.rng.choice(RELATIVES), hand.any_illness()
    hand.note.add(sentence(f"{who} w/ {ill}"))


def _seeming(hand: Hand, groups: tuple[str, ...], n: int, bullet: str = "") -> None:
    known = [g for g in groups if hand.knows(g)]
    for group in hand.rng.sample(known, min(n, len(known))):
        hand.note.add(bullet + sentence(hand.seeming(group)))


def _person(hand: Hand) -> str:
    return f"{hand.stay.age} yo {hand.stay.sex.upper()}"


def _deid(when: date) -> str:
    return f"[**{when.year}-{when.month}-{when.day}**]"
