"""Who is in: MIMIC-Extract's cohort of PATIENTS, ADMISSIONS and ICUSTAYS (Wang et al. 2020, statics.sql)."""

from __future__ import annotations

import pandas as pd

from data_prep.mimic_extract.frames import IDS, OUTCOMES, STATICS
from data_prep.sources.counts import Counts

MIN_AGE, HIDDEN_AGE = 15, 90  # years; MIMIC-III makes people above 89 about 300 years old
SHORTEST, LONGEST = 12, 240  # hours
HOUR = pd.Timedelta(hours=1)


def cohort(people: pd.DataFrame, admissions: pd.DataFrame, stays: pd.DataFrame, counts: Counts) -> pd.DataFrame:
    """The statics of each person's first stay of the first hospital stay with one, and its `intime` and `outtime`.

    Aged 15 or more (`HIDDEN_AGE` stands for all who are older), not in a unit for newborns, 12 hours to 10 days long. What
    is left out is counted. Columns are the tables' in lower-case; times are parsed.
    """
    every = stays.merge(admissions, on=["subject_id", "hadm_id"]).merge(people, on="subject_id")
    counts.leave("ICUSTAYS: no such hospital stay or patient", len(stays) - len(every))
    first = every.sort_values(["admittime", "hadm_id", "intime", "icustay_id"]).drop_duplicates("subject_id")
    counts.leave("ICUSTAYS: not the patient's first", len(every) - len(first))
    # In seconds: 300 years are more than a nanosecond Timedelta holds.
    born, came = (first[name].astype("datetime64[s]") for name in ("dob", "admittime"))
    years = (came - born).dt.days / 365.25
    hours = (first["outtime"] - first["intime"]) / HOUR
    kept = first.assign(age=years.clip(upper=HIDDEN_AGE).round(1), hours=hours)
    for reason, bad in (
        ("it has no end", hours.isna()),
        ("the patient is under 15", years < MIN_AGE),
        ("a unit for newborns", first["first_careunit"].str.lower().str.contains("nicu", na=False)),
        ("shorter than 12 hours or longer than 10 days", ~hours.between(SHORTEST, LONGEST)),
    ):
        counts.leave(f"ICUSTAYS: {reason}", int(bad.loc[kept.index].sum()))
        kept = kept.loc[~bad.loc[kept.index]]
    kept = kept.assign(
        mort_icu=kept["deathtime"].between(kept["intime"], kept["outtime"]).astype(int),
        mort_hosp=kept["deathtime"].between(kept["admittime"], kept["dischtime"]).astype(int),
        los_icu=kept["hours"] / 24, max_hours=kept["hours"].astype(int), diagnosis_at_admission=kept["diagnosis"],
    )  # fmt: skip
    return kept.set_index(IDS).sort_index().loc[:, [*STATICS, *OUTCOMES, "intime", "outtime"]]
