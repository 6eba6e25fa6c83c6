"""Treatment and status timelines, in days since diagnosis."""

from __future__ import annotations

import random

from data_prep.biodsbench.analyses import base as b
from data_prep.biodsbench.analyses.base import Analysis, Out
from data_prep.biodsbench.studies import Study

TIMELINE = "timeline"
DAYS = "Timeline dates are days since diagnosis."


def _agent(rng: random.Random, study: Study) -> b.Slots:
    return {"agent": rng.choice([name for name, weight in study.agents[0] if weight >= 0.25])}


ANALYSES = (
    Analysis(
        "time to treatment", TIMELINE,
        ("How many days pass from diagnosis to a patient's first treatment (median over treated patients), what share of them starts within $days days, and how many patients of the patient table have no treatment?",
         "From the treatment timeline: median day of first treatment, share of treated patients whose first treatment starts on day $days or before, and number of patients of the patient table without any."),
        (Out("median_days", "float"), Out("within", "float, 0 to 1"), Out("untreated", "int")), ("clinical_patient", "timeline_treatment"),
        """first = treatments.groupby("PATIENT_ID")["START_DATE"].min()
median_days, within = float(first.median()), float((first <= $days).mean())
untreated = int((~patients["PATIENT_ID"].isin(first.index)).sum())
""", lambda rng, study: {"days": str(rng.choice((21, 28, 30, 42)))}, (DAYS,),
    ),
    Analysis(
        "exposure by agent", TIMELINE,
        ("For each AGENT give the number of patients that had it, the number of its rows that have no STOP_DATE, and the sum of days (STOP_DATE - START_DATE) over the others.",
         "Total the exposure to each AGENT: patients, days over the rows with a known STOP_DATE (STOP_DATE - START_DATE), and the rows without."),
        (Out("exposure", "DataFrame with one row an agent and the columns agent (str), patients (int), days (float), ongoing (int)", ("agent",)),), ("timeline_treatment",),
        """treatments["days"] = treatments["STOP_DATE"] - treatments["START_DATE"]
treatments["open"] = treatments["STOP_DATE"].isna()
exposure = treatments.groupby("AGENT").agg(patients=("PATIENT_ID", "nunique"), days=("days", "sum"), ongoing=("open", "sum")).reset_index()
exposure = exposure.rename(columns={"AGENT": "agent"})
""", lambda rng, study: {}, (DAYS,),
    ),
    Analysis(
        "first-line regimens", TIMELINE,
        ("What do patients start with? A patient's first regimen is all agents that start on the earliest START_DATE, in alphabetical order and joined by +. Count patients by regimen.",
         "Derive each patient's first-line regimen (the agents of the earliest START_DATE, sorted by name, joined by +) and count how many patients had each."),
        (Out("regimens", "DataFrame with one row a regimen, from the most patients to the fewest (of equal ones the alphabetically first comes first), and the columns regimen (str), n (int)", "order"),), ("timeline_treatment",),
        """first = treatments[treatments["START_DATE"] == treatments.groupby("PATIENT_ID")["START_DATE"].transform("min")]
regimen = first.groupby("PATIENT_ID")["AGENT"].agg(lambda agents: "+".join(sorted(set(agents))))
regimens = regimen.value_counts().rename_axis("regimen").rename("n").reset_index()
regimens = regimens.sort_values(["n", "regimen"], ascending=[False, True]).reset_index(drop=True)
""", lambda rng, study: {}, (),
    ),
    Analysis(
        "progression after an agent", TIMELINE,
        ("Of the patients whose treatment with $agent started before any progression, how many progressed later, and after how many days since the start of $agent (median of those)?",
         "Take patients who began $agent (its first START_DATE) before their Progression, or who never progressed: how many are they, how many progress afterwards, and what is the median number of days from that start to progression?"),
        (Out("n", "int, patients that had $agent before a progression or without one"), Out("progressed", "int, those of them with a progression after that start"), Out("median_days", "float")), ("timeline_treatment", "timeline_status"),
        """start = treatments[treatments["AGENT"] == "$agent"].groupby("PATIENT_ID")["START_DATE"].min()
event = statuses[statuses["STATUS"] == "Progression"].groupby("PATIENT_ID")["START_DATE"].min().reindex(start.index)
chosen = event.isna() | (start < event)
n, progressed = int(chosen.sum()), int(event[chosen].notna().sum())
median_days = float((event - start)[chosen].median())
""", _agent, (DAYS, "The first START_DATE of $agent counts. Progression is the STATUS of that name."),
    ),
    Analysis(
        "treated types", TIMELINE,
        ("For each pair of $column and TREATMENT_TYPE, how many patients ever had that type of treatment, and what share of the group's patients is that?",
         "Give the share of patients of each $column group that ever received each TREATMENT_TYPE."),
        (Out("received", "DataFrame with one row for each pair that occurs and the columns group (str), type (str), n (int), share (float, 0 to 1, of all patients of the patient table in the group)", ("group", "type")),), ("clinical_patient", "timeline_treatment"),
        """merged = treatments.merge(patients[["PATIENT_ID", "$column"]], on="PATIENT_ID").dropna(subset=["$column"])
received = merged.groupby(["$column", "TREATMENT_TYPE"])["PATIENT_ID"].nunique().rename("n").reset_index().set_axis(["group", "type", "n"], axis=1)
received["share"] = received["n"] / received["group"].map(patients["$column"].value_counts())
""", lambda rng, study: b.any_group(rng, study), (b.KNOWN,),
    ),
    Analysis(
        "treatment after progression", TIMELINE,
        ("After a progression, how many patients get a treatment that starts on that day or later, after how many days (median of those), and how many get none?",),
        (Out("treated", "int"), Out("median_days", "float"), Out("none", "int")), ("timeline_treatment", "timeline_status"),
        """event = statuses[statuses["STATUS"] == "Progression"].set_index("PATIENT_ID")["START_DATE"]
later = treatments.merge(event.rename("progression"), left_on="PATIENT_ID", right_index=True)
later = later[later["START_DATE"] >= later["progression"]]
wait = (later["START_DATE"] - later["progression"]).groupby(later["PATIENT_ID"]).min()
treated, none, median_days = len(wait), len(event) - len(wait), float(wait.median())
""", lambda rng, study: {}, (DAYS,), unseen=True,
    ),
    Analysis(
        "on treatment at a day", TIMELINE,
        ("On day $day after diagnosis, how many patients are under observation, and what share of them is on treatment?",),
        (Out("observed", "int"), Out("treated", "int, of those under observation"), Out("share", "float, 0 to 1")), ("timeline_treatment", "timeline_status"),
        """last = statuses[statuses["STATUS"].isin(["Deceased", "Last Follow-up"])].groupby("PATIENT_ID")["START_DATE"].max()
under = set(last.index[last >= $day])
open_ = treatments[(treatments["START_DATE"] <= $day) & (treatments["STOP_DATE"].isna() | (treatments["STOP_DATE"] > $day))]
observed, treated = len(under), len(under & set(open_["PATIENT_ID"]))
share = treated / observed
""", lambda rng, study: {"day": str(rng.choice((60, 90, 120, 180)))},
        (DAYS, "A patient is under observation until the day of STATUS Deceased or Last Follow-up, that day included, and on treatment from START_DATE, that day included, to STOP_DATE, that day excluded; a missing STOP_DATE means that it goes on."), unseen=True,
    ),
)  # fmt: skip
