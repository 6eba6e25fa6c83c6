"""How a note says when: the phrase, and the window of time that it stands for.

EHRCon's three kinds (Kwon et al. 2024): an exact time (a date, or a date with a clock), a specific time told in words
(on admission, today), and no time, which stands for the whole stay.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from data_prep.ehrcon.record import Stay

Kind = Literal["exact_time", "specific_time", "no_time"]
ADMISSION = ("on admission", "on arrival", "at presentation", "upon admission")
TODAY = ("today", "this shift")
STAY = ("during this stay", "this admission", "during hospitalization")


@dataclass(frozen=True)
class When:
    """A window, both ends inclusive, in ISO times. `phrase` is empty where the note says no time."""

    kind: Kind = "no_time"
    phrase: str = ""
    since: str = ""
    until: str = "9999"

    def holds(self, time: str | None) -> bool:
        """Whether an event at `time` agrees."""
        return self.kind == "no_time" or (time is not None and self.since <= time <= self.until)


ANYTIME = When()


def day(time: str) -> date:
    """The calendar day of an ISO time."""
    return date.fromisoformat(time[:10])


def tell(rng: random.Random, time: str, stay: Stay, today: date | None) -> When:
    """One of the true ways to say `time`, or to leave it out.

    `today` is the day of a progress note, which may name it as such; None for a summary, which may not.
    """
    draw = rng.random()
    if draw < 0.16:
        return When(phrase=rng.choice(STAY)) if rng.random() < 0.3 else ANYTIME
    if draw < 0.45 and (words := _words(rng, time, stay, today)):
        return words
    return exact(rng, time, today)


def exact(rng: random.Random, time: str, today: date | None) -> When:
    """The date of `time`, or its date and minute; the clock alone on the day of the note."""
    when = datetime.fromisoformat(time)
    said, clock = _date(rng, when), f"{when:%H:%M}"
    minute = f"{when:%Y-%m-%d %H:%M}"
    if rng.random() < 0.35:
        return _days("exact_time", rng.choice((f"on {said}", f"({said})")), when.date(), when.date())
    if when.date() == today and rng.random() < 0.8:
        phrase = rng.choice((f"at {clock}", f"@ {clock}"))
    else:
        phrase = rng.choice((f"on {said} at {clock}", f"at {clock} on {said}", f"({said} {clock})"))
    return When("exact_time", phrase, f"{minute}:00", f"{minute}:59")


def stamp(time: str) -> str:
    """The date and minute in the form that heads a line of results."""
    when = datetime.fromisoformat(time)
    return f"[**{when.year}-{when.month}-{when.day}**] {when:%I:%M%p}"


def elsewhen(rng: random.Random, time: str, stay: Stay, today: date | None) -> When:
    """A way to say another time than `time`, mostly on a day from admission to the day of the note."""
    last = today or day(stay.discharged or time)
    span = (last - day(stay.admitted)).days
    other = datetime.fromisoformat(time)
    if span and rng.random() < 0.6:
        other = datetime.combine(day(stay.admitted) + timedelta(days=rng.randint(0, span)), other.time())
    else:
        other += timedelta(minutes=rng.choice((-1, 1)) * rng.choice((45, 60, 90, 120, 180, 240)))
    said = f"{other:%Y-%m-%d %H:%M:%S}"
    words = _words(rng, said, stay, today) if rng.random() < 0.4 else None
    return words or exact(rng, said, today)


def _words(rng: random.Random, time: str, stay: Stay, today: date | None) -> When | None:
    admitted, when = day(stay.admitted), day(time)
    options = []
    if 0 <= (when - admitted).days <= 1:
        options.append(_days("specific_time", rng.choice(ADMISSION), admitted, admitted + timedelta(days=1)))
    if today and when == today:
        options.append(_days("specific_time", rng.choice(TODAY), today, today))
    if today and when == today - timedelta(days=1):
        options.append(_days("specific_time", "yesterday", when, when))
    return rng.choice(options) if options else None


def _days(kind: Kind, phrase: str, first: date, last: date) -> When:
    return When(kind, phrase, f"{first} 00:00:00", f"{last} 23:59:59")


def _date(rng: random.Random, when: datetime) -> str:
    return f"{when:%m/%d}" if rng.random() < 0.4 else f"[**{when.year}-{when.month}-{when.day}**]"
