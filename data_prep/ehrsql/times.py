"""EHRSQL's time tags: each a phrase and an SQL condition on a time column (stored as 'YYYY-MM-DD HH:MM:SS').

ISO times sort as text, so conditions compare text prefixes; this equals EHRSQL's `datetime(col, 'start of …')` form
at its fixed current time, 2105-12-31 23:59:00. A bare year must not be compared with a column: TIMESTAMP columns have
numeric affinity in SQLite, which would turn '2103' into a number, and every text is greater than any number.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

NOW = "2105-12-31 23:59:00"


@dataclass(frozen=True)
class TimeFilter:
    """`condition` holds `{c}` for the column; empty tag and texts mean no filter."""

    tag: str = ""
    phrase: str = ""
    condition: str = ""


ANYTIME = TimeFilter()
COMMON = (
    "abs-year-in", "abs-year-since", "abs-year-until", "abs-month-in", "abs-month-since", "abs-month-until", "abs-day-in",
    "rel-year-this", "rel-year-last", "rel-month-this", "rel-month-last", "rel-year-since", "rel-year-until",
    "mix-month-this_year", "mix-month-last_year",
)  # fmt: skip
VISITS = ("rel-hosp-first", "rel-hosp-last", "rel-hosp-cur")
WEIGHTS = {"abs-year-in": 5, "abs-year-since": 4, "abs-month-in": 3, "rel-year-this": 3, "rel-year-last": 3, "rel-hosp-first": 3, "rel-hosp-last": 3, "rel-hosp-cur": 2}  # fmt: skip


def draw(rng: random.Random, time: str, patient: int | None) -> TimeFilter:
    """A random filter around an event at `time`; hospital-visit filters need a `patient`. A quarter have none."""
    if rng.random() < 0.25:
        return ANYTIME
    tags = COMMON + (VISITS if patient is not None else ())
    tag = rng.choices(tags, [WEIGHTS.get(t, 1) for t in tags])[0]
    return make(tag, time, patient, rng.choice((1, 2, 3)))


def make(tag: str, time: str, patient: int | None, years: int) -> TimeFilter:
    """The filter of `tag`, with the year, month and day of `time`; `years` is used by 'since n years ago'."""
    y, m, d = time[:4], time[5:7], time[8:10]
    ago = f"datetime('{NOW}', '-{years} year')"
    since = f"{years} year{'s' if years > 1 else ''} ago"
    visit = f"hadm_id in (select hadm_id from admissions where subject_id = {patient} and dischtime is "
    texts = {
        "abs-year-in": (f"in {y}", f"{{c}} like '{y}%'"),
        "abs-year-since": (f"since {y}", f"substr({{c}}, 1, 4) >= '{y}'"),
        "abs-year-until": (f"until {y}", f"substr({{c}}, 1, 4) <= '{y}'"),
        "abs-month-in": (f"in {m}/{y}", f"{{c}} like '{y}-{m}%'"),
        "abs-month-since": (f"since {m}/{y}", f"{{c}} >= '{y}-{m}'"),
        "abs-month-until": (f"until {m}/{y}", f"substr({{c}}, 1, 7) <= '{y}-{m}'"),
        "abs-day-in": (f"on {m}/{d}/{y}", f"{{c}} like '{y}-{m}-{d}%'"),
        "rel-year-this": ("this year", "{c} like '2105%'"),
        "rel-year-last": ("last year", "{c} like '2104%'"),
        "rel-month-this": ("this month", "{c} like '2105-12%'"),
        "rel-month-last": ("last month", "{c} like '2105-11%'"),
        "rel-year-since": (f"since {since}", f"{{c}} >= {ago}"),
        "rel-year-until": (f"until {since}", f"{{c}} <= {ago}"),
        "mix-month-this_year": (f"in {m}/this year", f"{{c}} like '2105-{m}%'"),
        "mix-month-last_year": (f"in {m}/last year", f"{{c}} like '2104-{m}%'"),
        "rel-hosp-first": ("on the first hospital visit", visit + "not null order by admittime limit 1)"),
        "rel-hosp-last": ("on the last hospital visit", visit + "not null order by admittime desc limit 1)"),
        "rel-hosp-cur": ("on the current hospital visit", visit + "null)"),
    }
    return TimeFilter(tag, *texts[tag])
