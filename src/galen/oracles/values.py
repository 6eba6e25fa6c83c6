"""One value against one value, by MedCalc-Bench's official rule (Khandekar et al. 2024, evaluate.py).

Integers must be equal; decimals lie within 5 % of the truth on either side, whatever its sign; dates are equal as
dates; a gestational age is equal in weeks and days. A submission must hold exactly one value: a list of guesses fails.
Its digits are ASCII, and it is no longer than `MAX_CHARS`.
"""

from __future__ import annotations

import math
import re
from datetime import date, datetime
from typing import Any

from galen.types import Verdict

VERSION = 2  # 1 read digits of any script, -34 -3 and 34.3 as 34 weeks 3 days, and took hours over a long submission
TOLERANCE = 0.05
MAX_CHARS = 200
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?", re.ASCII)
_GAP = r"[\s,;:()\[\]'\"]"
WEEKS_DAYS = re.compile(rf"{_GAP}*(\d+)\s*(?:weeks?|w)?{_GAP}+(\d+)\s*(?:days?|d)?{_GAP}*", re.ASCII | re.IGNORECASE)


def _verdict(kind: str, passed: bool, **checks: Any) -> Verdict:
    return Verdict(reward=float(passed), passed=passed, checks=checks, oracle=kind, version=VERSION)


def number(submission: str) -> float | None:
    """The one number of a submission, which a unit of letters may follow; None for none, several, or not finite."""
    text = submission.strip()
    if len(text) > MAX_CHARS:
        return None
    found = re.fullmatch(rf"({NUMBER.pattern})\s*([a-zA-Z%/µ²]+[a-zA-Z0-9%/µ²^.\s]*)?", text, re.ASCII)
    if found is None or (found.group(2) and NUMBER.search(re.sub(r"[a-zA-Z]\^?\d", "", found.group(2)))):
        return None
    value = float(found.group(1))
    return value if math.isfinite(value) else None


def integer(submission: str, gold: int) -> Verdict:
    """Pass iff the one number equals the integer `gold`."""
    value = number(submission)
    return _verdict("integer", value is not None and value == int(gold), value=value)


def decimal(submission: str, gold: float, tolerance: float = TOLERANCE) -> Verdict:
    """Pass iff the one number lies within `tolerance`, relative to `gold`: the benchmark's 5 % where a task says no other."""
    value = number(submission)
    low, high = sorted((gold * (1 - tolerance), gold * (1 + tolerance)))
    # A relative hair, so that the limits themselves pass after rounding.
    slack = 1e-9 * max(1.0, abs(gold))
    return _verdict("decimal", value is not None and low - slack <= value <= high + slack, value=value)


def day(submission: str, gold: str) -> Verdict:
    """Pass iff the submission is the date `gold`, both as MM/DD/YYYY."""
    value = _date(submission)
    return _verdict("date", value is not None and value == _date(gold), value=str(value))


def weeks_days(submission: str, gold: list[int]) -> Verdict:
    """Pass iff the submission holds exactly two whole numbers, the weeks and days of `gold`."""
    text = submission.strip()
    found = WEEKS_DAYS.fullmatch(text) if len(text) <= MAX_CHARS else None
    value = [int(found.group(1)), int(found.group(2))] if found else None
    return _verdict("weeks_days", value == list(gold), value=value)


def _date(text: str) -> date | None:
    if not text.isascii():
        return None
    try:
        return datetime.strptime(text.strip(), "%m/%d/%Y").date()
    except ValueError:
        return None
