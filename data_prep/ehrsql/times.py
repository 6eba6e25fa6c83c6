"""EHRSQL's time tags: each a phrase and an SQL condition on time columns (stored as 'YYYY-MM-DD HH:MM:SS').

ISO times sort as text, so conditions compare text prefixes; this equals EHRSQL's `datetime(col, 'start of …')` form
at its fixed current time, 2105-12-31 23:59:00. A bare year must not be compared with a column: TIMESTAMP columns have
numeric affinity in SQLite, which would turn '2103' into a number, and every text is greater than any number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

NOW = "2105-12-31 23:59:00"


@dataclass(frozen=True)
class TimeFilter:
    """`condition` holds `{c}` for the column and `{a}` for its alias; empty tag and texts mean no filter."""

    tag: str = ""
    phrase: str = ""
    condition: str = ""


ANYTIME = TimeFilter()

# The prefix that the time of an event has when it is in the period of a tag.
PERIODS = {
    "rel-year-this": "2105", "rel-year-last": "2104", "rel-month-this": "2105-12", "rel-month-last": "2105-11",
    "rel-day-this": "2105-12-31", "rel-day-last": "2105-12-30", "mix-month-this_year": "2105", "mix-month-last_year": "2104",
    "mix-day-this_year": "2105", "mix-day-last_year": "2104", "mix-day-this_month": "2105-12", "mix-day-last_month": "2105-11",
}  # fmt: skip
ABSOLUTE = tuple(f"abs-{unit}-{how}" for unit in ("year", "month", "day") for how in ("in", "since", "until"))
SLIDING = tuple(f"rel-{unit}-{how}" for unit in ("year", "month", "day") for how in ("since", "until"))
HOSPITAL = ("rel-hosp-first", "rel-hosp-last", "rel-hosp-cur")
ICU = ("rel-icu-first", "rel-icu-last", "rel-icu-cur")
GLOBAL1 = (*ABSOLUTE, *PERIODS, *SLIDING, *HOSPITAL, *ICU)
GLOBAL2 = ("rel-day-this", *HOSPITAL, *ICU)
# How far back "since n … ago" goes. Months: those whose 31st exists, so that every calendar gives the same day.
AGO = {"year": (1, 2, 3), "month": (2, 4, 5, 7, 9, 11), "day": (2, 3, 5, 7, 10, 14)}
PLACES = {"hosp": "hospital", "icu": "icu"}
ORDERS = {"first": "first", "last": "last", "cur": "current"}


def visit(tag: str, visits: Mapping[str, str], patient: object) -> TimeFilter:
    """The filter of a rel-hosp-* or rel-icu-* tag, by the dialect's conditions `visits`."""
    _, place, order = tag.split("-")
    condition = visits[tag].replace("{patient_id}", str(patient))
    return TimeFilter(tag, f"on the {ORDERS[order]} {PLACES[place]} visit", condition)


def make(tag: str, time: str, n: int) -> TimeFilter:
    """The filter of `tag`, with the year, month and day of `time`; `n` is used by 'since n … ago'."""
    y, m, d = time[:4], time[5:7], time[8:10]
    if tag in SLIDING:
        return _sliding(tag, n)
    texts = {
        "abs-year-in": (f"in {y}", f"{{c}} like '{y}%'"),
        "abs-year-since": (f"since {y}", f"substr({{c}}, 1, 4) >= '{y}'"),
        "abs-year-until": (f"until {y}", f"substr({{c}}, 1, 4) <= '{y}'"),
        "abs-month-in": (f"in {m}/{y}", f"{{c}} like '{y}-{m}%'"),
        "abs-month-since": (f"since {m}/{y}", f"{{c}} >= '{y}-{m}'"),
        "abs-month-until": (f"until {m}/{y}", f"substr({{c}}, 1, 7) <= '{y}-{m}'"),
        "abs-day-in": (f"on {m}/{d}/{y}", f"{{c}} like '{y}-{m}-{d}%'"),
        "abs-day-since": (f"since {m}/{d}/{y}", f"{{c}} >= '{y}-{m}-{d}'"),
        "abs-day-until": (f"until {m}/{d}/{y}", f"substr({{c}}, 1, 10) <= '{y}-{m}-{d}'"),
        "rel-year-this": ("this year", "{c} like '2105%'"),
        "rel-year-last": ("last year", "{c} like '2104%'"),
        "rel-month-this": ("this month", "{c} like '2105-12%'"),
        "rel-month-last": ("last month", "{c} like '2105-11%'"),
        "rel-day-this": ("today", "{c} like '2105-12-31%'"),
        "rel-day-last": ("yesterday", "{c} like '2105-12-30%'"),
        "mix-month-this_year": (f"in {m}/this year", f"{{c}} like '2105-{m}%'"),
        "mix-month-last_year": (f"in {m}/last year", f"{{c}} like '2104-{m}%'"),
        "mix-day-this_year": (f"on {m}/{d}/this year", f"{{c}} like '2105-{m}-{d}%'"),
        "mix-day-last_year": (f"on {m}/{d}/last year", f"{{c}} like '2104-{m}-{d}%'"),
        "mix-day-this_month": (f"on day {d} of this month", f"{{c}} like '2105-12-{d}%'"),
        "mix-day-last_month": (f"on day {d} of last month", f"{{c}} like '2105-11-{d}%'"),
    }
    return TimeFilter(tag, *texts[tag])


def _sliding(tag: str, n: int) -> TimeFilter:
    _, unit, how = tag.split("-")
    sign = ">=" if how == "since" else "<="
    condition = f"{{c}} {sign} datetime('{NOW}', '-{n} {unit}')"
    return TimeFilter(tag, f"{how} {n} {unit}{'s' if n > 1 else ''} ago", condition)


def edge(tag: str, n: int) -> str:
    """The time that a 'since/until n … ago' tag is about."""
    unit = tag.split("-")[1]
    now = datetime.fromisoformat(NOW)
    months = now.year * 12 + now.month - 1 - n * {"year": 12, "month": 1, "day": 0}[unit]
    return str(now.replace(year=months // 12, month=months % 12 + 1) - timedelta(days=n if unit == "day" else 0))


def reaches(tag: str, time: str, n: int) -> bool:
    """Whether an event at `time` lies in the period of a 'since/until n … ago' tag."""
    return time >= edge(tag, n) if tag.endswith("since") else time <= edge(tag, n)


@dataclass(frozen=True)
class Within:
    """How soon an event follows another. In `condition` `{a}` and `{b}` are time columns, `{u}` and `{v}` visit keys."""

    tag: str = ""
    phrase: str = ""
    condition: str = ""


EVER = Within()
SAME = (
    Within("within-same", "at the same time", "{a} = {b}"),
    Within("within-day", "on the same day", "substr({a}, 1, 10) = substr({b}, 1, 10)"),
    Within("within-month", "in the same month", "substr({a}, 1, 7) = substr({b}, 1, 7)"),
    Within("within-hosp", "during the same hospital visit", "{u} = {v}"),
)
SOON = tuple(
    Within(f"within-n_{unit}", f"within {n} {unit}s", f"{{b}} <= datetime({{a}}, '+{n} {unit}')")
    for unit, spans in (("day", (2, 3, 5, 10)), ("month", (2, 3, 6)))
    for n in spans
)
AFTER = (EVER, *SAME[1:], *SOON)  # what a question may say of an event that follows another


@dataclass(frozen=True)
class Exact:
    """Which of several events; without a direction there must be only one."""

    tag: str
    phrase: str
    direction: str | None
    offset: int = 0


FIRST = Exact("exact-first", "first", "")
LAST = Exact("exact-last", "last", " desc")
SECOND = Exact("exact-second", "second", "", 1)
SECOND_TO_LAST = Exact("exact-second_to_last", "second to last", " desc", 1)
ONLY = Exact("exact-default", "", None)
EXACT1 = (FIRST, LAST, SECOND_TO_LAST, ONLY)
EXACT2 = (SECOND, LAST, ONLY)
