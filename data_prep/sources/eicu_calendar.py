"""When the hospital stays of raw eICU begin: eICU tells the year in which a stay ended and the time of day it began.

As EHRSQL has it (Lee et al. 2022, preprocess_db_eicu.py): the first year is one of 2100-2105, later ones likelier, the
years between a patient's stays stay, and stays of one year are spread over it. Beyond it: stays do not overlap, and one
patient in ten is moved so that the last stay holds the current time; all others have ended by then.
"""

# pyright: basic, reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false
# pyright: reportOperatorIssue=false, reportReturnType=false, reportIndexIssue=false

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from data_prep.hospital.model import NOW

FIRST, LAST = pd.Timestamp("2100-01-01"), pd.Timestamp(NOW)
YEARS, CURRENT = 6, 0.1


def calendar(units: pd.DataFrame, rng: np.random.Generator) -> tuple[dict[int, pd.Timestamp], dict[int, int]]:
    """When each hospital stay begins, and the patient's age then."""
    begins: dict[int, pd.Timestamp] = {}
    ages: dict[int, int] = {}
    stays = units.assign(length=units["hospitaldischargeoffset"] - units["hospitaladmitoffset"])
    stays = stays.sort_values("hospitaldischargeyear", kind="stable").drop_duplicates("patienthealthsystemstayid")
    people = stays.groupby("uniquepid", sort=True)
    able = [id_ for id_, own in people if _nights(own.iloc[-1]) >= 0]
    current = set(rng.choice(able, size=min(len(able), math.ceil(CURRENT * len(people))), replace=False))
    for id_, own in people:
        first = int(own["hospitaldischargeyear"].min())
        later = (own["hospitaldischargeyear"] - first).astype(int).clip(upper=YEARS - 1)
        days = _days(later, own, rng)
        if id_ in current:
            days += _to_now(own.iloc[-1], days[-1], rng)
        else:
            end = max(
                d + s + m
                for d, s, m in zip(days, own["start"], pd.to_timedelta(own["length"], unit="min"), strict=True)
            )
            days -= max(pd.Timedelta(0), (end - LAST).ceil("D"))
        for stay, day, start, years in zip(own["patienthealthsystemstayid"], days, own["start"], later, strict=True):
            begins[stay], ages[stay] = day + start, int(own["age"].min()) + years
    return begins, ages


def _days(later: pd.Series, own: pd.DataFrame, rng: np.random.Generator) -> pd.DatetimeIndex:
    """A day for each stay, in order: spread over its year, and after the end of the one before."""
    span = YEARS - int(later.max())
    weights = np.arange(1, span + 1) / np.arange(1, span + 1).sum()
    year = FIRST.year + int(rng.choice(span, p=weights))
    days: list[pd.Timestamp] = []
    free = FIRST
    for i, years in enumerate(later):
        same = int((later == years).sum())
        part = (int((later.iloc[:i] == years).sum()) + rng.random()) / same
        day = max(pd.Timestamp(year + years, 1, 1) + pd.Timedelta(days=int(part * 365)), free)
        days.append(day)
        free = (day + own["start"].iloc[i] + pd.Timedelta(minutes=float(own["length"].iloc[i]))).ceil("D")
    return pd.DatetimeIndex(days)


def _to_now(last: pd.Series, day: pd.Timestamp, rng: np.random.Generator) -> pd.Timedelta:
    """The whole days after which the last stay, and its first unit stay, hold NOW."""
    earlier = int(rng.integers(0, _nights(last) + 1))
    return _latest(last) - (day - FIRST) - pd.Timedelta(days=earlier)


def _latest(stay: pd.Series) -> pd.Timedelta:
    """The whole days from FIRST to the last day on which `stay` can begin and be in its unit by NOW."""
    return (LAST - FIRST - stay["start"] + pd.Timedelta(minutes=float(stay["hospitaladmitoffset"]))).floor("D")


def _nights(stay: pd.Series) -> int:
    """How many days before that it can begin as well and not have ended by NOW; below 0 when it cannot hold NOW at all."""
    length = pd.Timedelta(minutes=float(stay["length"]))
    earliest = (LAST - FIRST - stay["start"] - length).floor("D") + pd.Timedelta(days=1)
    return (_latest(stay) - earliest).days
