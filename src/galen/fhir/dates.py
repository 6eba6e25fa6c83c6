"""FHIR's dates are spans of time: a day is 24 hours long. Seconds since 1970 UTC, half-open; UTC where no zone is said."""

import math
import re
from datetime import datetime, timedelta, timezone
from typing import Any

DATE = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)(?:T(?P<hour>\d\d):(?P<minute>\d\d)"
    r"(?::(?P<second>\d\d)(?:\.(?P<fraction>\d{1,6}))?)?(?P<zone>Z|[+ -]\d\d:\d\d)?)?)?)?",
    re.ASCII,
)
PREFIXES = ("eq", "ne", "gt", "ge", "lt", "le", "sa", "eb", "ap")
CONTAINED = "(low >= ? and high <= ?)"
NEARLY = 0.1  # of the time between now and a date: the specification's recommendation for `ap`
Span = tuple[float, float]


def span(text: str) -> Span:
    """What a date, dateTime or instant covers, by its precision; raises ValueError for anything else."""
    found = DATE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no date: write 2023, 2023-11, 2023-11-13 or 2023-11-13T10:15:00+00:00")
    part = {name: int(value) for name, value in found.groupdict().items() if value and name not in ("zone", "fraction")}
    fraction = found["fraction"] or ""
    start = datetime(
        part["year"], part.get("month", 1), part.get("day", 1), part.get("hour", 0), part.get("minute", 0), part.get("second", 0),
        int(fraction.ljust(6, "0") or 0), _zone(found["zone"]),
    )  # fmt: skip
    low = start.timestamp()
    if "month" not in part:
        return low, _first(start, part["year"] + 1, 1)
    if "day" not in part:
        return low, _first(start, part["year"] + part["month"] // 12, part["month"] % 12 + 1)
    if "hour" not in part:
        return low, low + 86400
    if "second" not in part:
        return low, low + 60
    return low, low + (10 ** -len(fraction) if fraction else 1)


def _first(start: datetime, year: int, month: int) -> float:
    return math.inf if year > 9999 else start.replace(year=year, month=month).timestamp()


def _zone(text: str | None) -> timezone:
    """A space is a plus that a URL has lost."""
    if text in (None, "Z"):
        return timezone.utc  # noqa: UP017 - a sandbox may run Python 3.10
    hours, minutes = int(text[1:3]), int(text[4:6])
    return timezone((-1 if text[0] == "-" else 1) * timedelta(hours=hours, minutes=minutes))


def value_span(value: Any) -> Span:
    """The span of a date or Period in a resource; an open Period goes on for ever."""
    if isinstance(value, dict):
        low = span(value["start"])[0] if "start" in value else -math.inf
        return low, span(value["end"])[1] if "end" in value else math.inf
    return span(str(value))


def condition(text: str, now: float) -> tuple[str, list[float]]:
    """SQL on the columns `low` and `high` of a resource's span, and its arguments, for one search value with its prefix.

    https://hl7.org/fhir/R4/search.html#prefix. Raises ValueError for a value that is no date.
    """
    prefix, value = (text[:2], text[2:]) if text[:2] in PREFIXES else ("eq", text)
    if text[:2].isalpha() and text[:2] not in PREFIXES and text[2:3].isdigit():
        raise ValueError(f"{text[:2]!r} is no prefix; known: {', '.join(PREFIXES)}")
    low, high = span(value)
    slack = NEARLY * abs(now - low)
    return {
        "eq": (CONTAINED, [low, high]),
        "ne": (f"not {CONTAINED}", [low, high]),
        "lt": ("low < ?", [low]),
        "gt": ("high > ?", [high]),
        "le": (f"(low < ? or {CONTAINED})", [low, low, high]),
        "ge": (f"(high > ? or {CONTAINED})", [high, low, high]),
        "sa": ("low >= ?", [high]),
        "eb": ("high <= ?", [low]),
        "ap": ("(low < ? and high > ?)", [high + slack, low - slack]),
    }[prefix]
