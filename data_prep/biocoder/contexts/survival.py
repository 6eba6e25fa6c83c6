"""Follow-up of patients: `times` are days to the event or to the end of follow-up, `events` says which (1: event, 0: censored)."""

import math


def check(times: list[float], events: list[int]) -> None:
    """One event for each time, no time negative.

    Raises:
        ValueError: it is not so.
    """
    if len(times) != len(events) or any(t < 0 for t in times):
        raise ValueError("no follow-up")


def risk_table(times: list[float], events: list[int]) -> list[tuple[float, int, int, int]]:
    """For each different time, ascending: (time, at risk, events, censored). At risk are all whose time is at least this one."""
    rows = []
    for time in sorted(set(times)):
        here = [event for t, event in zip(times, events, strict=True) if t == time]
        rows.append((time, sum(t >= time for t in times), sum(here), len(here) - sum(here)))
    return rows


def chi_square_p(x: float) -> float:
    """The chance that a chi-square variable with one degree of freedom is at least `x`."""
    return math.erfc(math.sqrt(x / 2))
