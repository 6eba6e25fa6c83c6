"""Survival: curves, quantiles, comparison of two groups, rates."""

from __future__ import annotations

import math
import random

from data_prep.biocoder.contexts.survival import check, chi_square_p, risk_table
from data_prep.biocoder.function import Function

CATEGORY = "statistics"


def survival_curve(
    times: list[float], events: list[int], *, estimate: str, ties: str, rows: str, start: str
) -> list[list[float]]:
    check(times, events)
    survival, hazard = 1.0, 0.0
    found = [[0.0, 0.0 if estimate == "hazard" else 1.0]] if start == "yes" else []
    for time, at_risk, died, censored in risk_table(times, events):
        if ties == "censored":
            at_risk -= censored
        if died:
            survival *= 1 - died / at_risk
            hazard += died / at_risk
        elif rows == "events":
            continue
        value = survival
        if estimate == "hazard":
            value = hazard
        elif estimate == "breslow":
            value = math.exp(-hazard)
        found.append([time, value])
    return found


def survival_time(
    times: list[float], events: list[int], share: float, *, level: str, never: str, estimate: str
) -> float | None:
    check(times, events)
    survival, waiting = 1.0, None
    for time, at_risk, died, _ in risk_table(times, events):
        if not died:
            continue
        if waiting is not None:
            return (waiting + time) / 2
        survival *= 1 - died / at_risk if estimate == "product" else math.exp(-died / at_risk)
        if abs(survival - share) < 1e-9 and level != "first":
            if level == "middle":
                waiting = time
        elif survival < share + 1e-9:
            return time
    if waiting is not None:
        return waiting
    if never == "error":
        raise ValueError("never so low")
    return None if never == "none" else max(times, default=0.0)


def compare_survival(
    times: list[float], events: list[int], groups: list[int], *, weight: str, result: str, empty: str
) -> float | None:
    check(times, events)
    expected = variance = observed = 0.0
    for time, n, died, _ in risk_table(times, events):
        if not died:
            continue
        first = [(t, e) for t, e, g in zip(times, events, groups, strict=True) if g == 1]
        here = sum(t >= time for t, _ in first)
        if weight == "gehan":
            w = float(n)
        elif weight == "tarone":
            w = math.sqrt(n)
        else:
            w = 1.0
        observed += w * sum(e for t, e in first if t == time)
        expected += w * died * here / n
        if n > 1:
            variance += w * w * died * (n - died) / (n - 1) * here * (n - here) / n**2
    if variance < 1e-12:
        if empty == "error":
            raise ValueError("no variance")
        return None
    z = (observed - expected) / math.sqrt(variance)
    if result == "z":
        return z
    return chi_square_p(z * z) if result == "p" else z * z


def event_rate(
    rows: list[list[int]], start: int, end: int, *, unit: int, days: str, repeated: str, empty: str
) -> float | None:
    total, count = 0, 0
    ended: set[int] = set()
    for person, entry, leave, event in sorted(rows, key=lambda row: (row[1], row[2])):
        if entry > leave:
            raise ValueError("left before entry")
        if repeated == "first" and person in ended:
            continue
        if event:
            ended.add(person)
        first, last = max(entry, start), min(leave, end)
        if days == "both":
            last += 1
        if last <= first:
            continue
        total += last - first
        if event and leave <= end:
            count += 1
    if not total:
        return None if empty == "none" else 0.0
    return unit * count / total


def _followed(rng: random.Random) -> tuple[list[float], list[int]]:
    """Many equal times."""
    times = [float(rng.choice([1, 2, 2, 3, 5, 8, 8, 13, 21])) for _ in range(rng.randint(2, 10))]
    return (times, [int(rng.random() < 0.65) for _ in times])


def _share(rng: random.Random) -> tuple[list[float], list[int], float]:
    times, events = _followed(rng)
    if rng.random() < 0.5:
        n = rng.choice([4, 8])
        times, events = [float(t) for t in rng.sample(range(1, 30), n)], [int(rng.random() < 0.85) for _ in range(n)]
    return (times, events, rng.choice([0.5, 0.5, 0.75, 0.25]))


def _groups(rng: random.Random) -> tuple[list[float], list[int], list[int]]:
    times, events = _followed(rng)
    return (times, events, [rng.choice([1, 2]) for _ in times])


def _stays(rng: random.Random) -> tuple[list[list[int]], int, int]:
    rows = []
    for _ in range(rng.randint(1, 6)):
        entry = rng.randint(0, 30)
        rows.append([rng.randint(1, 4), entry, entry + rng.randint(0, 20), int(rng.random() < 0.5)])
    start = rng.randint(0, 15)
    return (rows, start, start + rng.randint(5, 30))


NOBODY: list[float] = []
FOUR = ([1.0, 2.0, 3.0, 4.0], [1, 1, 1, 1])
WRONG = "What `check` does not take raises a ValueError."

FUNCTIONS = (
    Function(
        survival_curve,
        says="""The curve of {estimate} over time, as rows [time, value] from the earliest on; the value at a time takes in the events at this time. {ties} {rows} {start} """
        + WRONG,
        options={
            "estimate": {
                "product": "survival by Kaplan and Meier, the product of (1 - events / at risk),",
                "hazard": "the cumulative hazard by Nelson and Aalen, the sum of events / at risk,",
                "breslow": "survival as exp(-H) with the cumulative hazard H by Nelson and Aalen, the sum of events / "
                "at risk,",
            },
            "ties": {
                "events": "Those who are censored at the time of an event are at risk for it, as in `risk_table`.",
                "censored": "Those who are censored at the time of an event are no longer at risk for it: they are "
                "taken off the number of `risk_table`.",
            },
            "rows": {
                "events": "There is a row for each different time with an event.",
                "all": "There is a row for each different time, also for one without an event.",
            },
            "start": {
                "no": "Nothing precedes them.",
                "yes": "A row for time 0.0 without events (survival 1.0, hazard 0.0) precedes them, also when there "
                "are no others, or one at time 0.",
            },
        },
        edges=(
            (NOBODY, []),
            (FOUR[0], FOUR[1]),
            ([5.0, 5.0, 5.0], [1, 0, 1]),
            ([2.0, 1.0], [0, 0]),
            ([1.0], [1, 0]),
            ([0.0, 3.0], [1, 1]),
            ([-1.0], [1]),
        ),
        draw=_followed,
    ),
    Function(
        survival_time,
        says="""The time at which survival, {estimate} with the numbers of `risk_table`, has come down to `share`: {level} Differences of less than 1e-9
        between survival and `share` are none. {never} """
        + WRONG,
        options={
            "estimate": {
                "product": "the product of (1 - events / at risk) over the times so far (Kaplan and Meier)",
                "exponential": "exp of minus the sum of events / at risk over the times so far (Nelson and Aalen)",
            },
            "level": {
                "first": "the first time with an event at which it is at most `share`.",
                "below": "the first time with an event at which it is less than `share`.",
                "middle": "the first time with an event at which it is less than `share`; but if it is equal to "
                "`share` from one time with an event on, the mean of this time and "
                "the next time with an event (this time itself when there is no other).",
            },
            "never": {
                "none": "None when there is no such time.",
                "last": "When there is no such time, the greatest of all times, 0.0 without any.",
                "error": "A ValueError is raised when there is no such time.",
            },
        },
        edges=(
            (NOBODY, [], 0.5),
            (FOUR[0], FOUR[1], 0.5),
            (FOUR[0], [1, 1, 0, 0], 0.5),
            ([1.0, 2.0, 9.0], [0, 0, 0], 0.5),
            ([1.0, 2.0, 9.0], [1, 0, 1], 0.5),
            ([3.0, -2.0], [1, 1], 0.5),
            ([4.0, 4.0, 6.0, 7.0], [1, 1, 0, 1], 0.5),
            ([1.0, 3.0, 4.0, 5.0, 6.0], [1, 1, 1, 0, 1], 0.6065306597126334),
            ([1.0, 6.0, 9.0], [1, 1, 0], 0.36787944117144233),
            ([2.0, 6.0], [1, 1], 0.6065306597126334),
        ),
        draw=_share,
    ),
    Function(
        compare_survival,
        says="""Compares the survival of group 1 with that of group 2 (`groups` has each patient's). At each time with an event, of n at risk (`risk_table`) with d
        events, a of the n are in group 1: expected there are d a / n events, with the variance d (n - d) / (n - 1) times a (n - a) / n ** 2 (0 when n is 1). {weight}
        {result} {empty} """
        + WRONG,
        options={
            "weight": {
                "none": "Observed and expected events of group 1, and variances, are summed over the times (the "
                "log-rank test).",
                "gehan": "Observed and expected events of group 1, each times n, and variances, each times n ** 2, "
                "are summed over the times (Gehan's test).",
                "tarone": "Observed and expected events of group 1, each times the square root of n, and variances, "
                "each times n, are summed over the times (the test of "
                "Tarone and Ware).",
            },
            "result": {
                "chi": "The result is the squared difference of the sums of observed and expected events over the sum "
                "of the variances.",
                "p": "The result is the p-value (`chi_square_p`) of the squared difference of the sums of observed "
                "and expected events over the sum of the variances.",
                "z": "The result is the sum of observed less that of expected events, over the square root of the sum "
                "of the variances.",
            },
            "empty": {
                "none": "None when the variances sum to 0 (less than 1e-12).",
                "error": "A ValueError is raised when the variances sum to 0 (less than 1e-12).",
            },
        },
        edges=(
            (NOBODY, [], []),
            (FOUR[0], FOUR[1], [1, 2, 1, 2]),
            (FOUR[0], [0, 0, 0, 1], [1, 2, 1, 2]),
            ([2.0, 2.0, 4.0], [1, 1, 1], [1, 1, 1]),
            ([2.0, 2.0, 4.0, 4.0, 6.0], [1, 0, 1, 1, 1], [1, 2, 2, 1, 1]),
            ([2.0, -1.0], [1, 1], [1, 2]),
        ),
        draw=_groups,
    ),
    Function(
        event_rate,
        says="""The rate of events between the days `start` and `end`: `rows` are stays [person, day of entry, day of
        leaving, 1 when it ends with an event]. A stay counts for the days that it has in that time: {days} {repeated}
        The result is the number of events of stays that count for at least one day, and whose day of leaving is not
        after `end`, over the sum of all these days, times {unit}. {empty} An entry after its leaving raises a
        ValueError.""",
        options={
            "unit": {1: "1", 365: "365", 1000: "1000"},
            "days": {
                "one": "the smaller of its leaving and `end`, less the greater of its entry and `start`, and none "
                "when that is negative.",
                "both": "the smaller of its leaving and `end`, less the greater of its entry and `start`, plus 1 "
                "(both days count), and none when that is negative.",
            },
            "repeated": {
                "all": "All stays count.",
                "first": "Stays are taken by day of entry, then by day of leaving, then in their order; after one "
                "with an event, whenever that was, a person's later stays do not count.",
            },
            "empty": {
                "none": "None when there are no days.",
                "zero": "0.0 when there are no days.",
            },
        },
        edges=(
            ([], 0, 10),
            ([[1, 0, 10, 1], [1, 5, 20, 1], [2, 3, 4, 0]], 0, 12),
            ([[1, 5, 5, 1]], 0, 10),
            ([[1, 20, 30, 1]], 0, 10),
            ([[1, 7, 3, 0]], 0, 10),
            ([[1, 10, 30, 1], [2, 0, 10, 1]], 10, 30),
        ),
        draw=_stays,
    ),
)
