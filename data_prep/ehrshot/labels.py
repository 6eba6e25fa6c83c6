"""Cohorts and labels of the fifteen tasks, computed from OMOP tables by EHRSHOT's definitions (Wornow et al. 2023).

A label frame has patient_id, prediction_time and value (a boolean, the number of a severity, or 14 bits as text), once for
each patient and time. What is no label is counted by reason.
"""

from __future__ import annotations

import pandas as pd

from data_prep.ehrshot import definitions as d
from data_prep.ehrshot.omop import Cdm, descendants
from data_prep.sources.counts import Counts

INPATIENT = (9201, 262, 8717)  # inpatient; emergency room and inpatient; inpatient hospital
INTENSIVE = (32037, 581379)  # intensive care; inpatient critical care facility
CHEST_XRAY = "chest x-ray"  # in the title of a report


class Labelled:
    """The labels of a database, those of a task computed once."""

    def __init__(self, cdm: Cdm, counts: Counts) -> None:
        self._cdm, self.counts = cdm, counts
        self._known: dict[str, pd.DataFrame] = {}

    def __call__(self, task: d.Definition) -> pd.DataFrame:
        if task.name not in self._known:
            self._known[task.name] = label(self._cdm, task, self.counts)
        return self._known[task.name]


def label(cdm: Cdm, task: d.Definition, counts: Counts) -> pd.DataFrame:
    """The labels of one task, ordered by patient and time."""
    if task.lab:
        found = _lab(cdm, task.lab, task.name, counts)
    elif task.snomed:
        found = _new_diagnosis(cdm, task, counts)
    else:
        found = {"guo_los": _long_stay, "guo_readmission": _readmission, "guo_icu": _intensive, "chexpert": _chexpert}[
            task.name
        ](cdm, counts)
    twice = found.duplicated(["patient_id", "prediction_time"])
    counts.leave(f"{task.name}: a second label of one patient and time", int(twice.sum()))
    return found.loc[~twice].sort_values(["patient_id", "prediction_time"], ignore_index=True)


def _stays(cdm: Cdm) -> pd.DataFrame:
    """Inpatient visits as stay, patient_id, start and end."""
    visits = cdm.visit_occurrence.loc[cdm.visit_occurrence.visit_concept_id.isin(INPATIENT)]
    columns = {
        "visit_occurrence_id": "stay",
        "person_id": "patient_id",
        "visit_start_datetime": "start",
        "visit_end_datetime": "end",
    }
    return visits.rename(columns=columns)[list(columns.values())].sort_values(
        ["patient_id", "start", "stay"], ignore_index=True
    )


def _overnight(cdm: Cdm, name: str, counts: Counts) -> pd.DataFrame:
    stays = _stays(cdm)
    short = stays.start.dt.normalize() >= stays.end.dt.normalize()
    counts.leave(f"{name}: discharged on the day of admission", int(short.sum()))
    return stays.loc[~short]


def _frame(patients: pd.Series, times: pd.Series, values: pd.Series) -> pd.DataFrame:
    return pd.DataFrame({"patient_id": patients.astype(int), "prediction_time": times, "value": values})


def _each(keys: pd.Series, times: pd.Series) -> pd.Series:
    """The time of each of `keys`, in their order; NaT where it has none, also where nothing has."""
    return pd.Series(pd.to_datetime(times.reindex(keys).to_numpy()), index=keys.index)


def _end_of_day(times: pd.Series) -> pd.Series:
    return times.dt.normalize() + pd.Timedelta(hours=23, minutes=59)


def _long_stay(cdm: Cdm, counts: Counts) -> pd.DataFrame:
    stays = _overnight(cdm, "guo_los", counts)
    long = stays.end - stays.start >= pd.Timedelta(days=d.LONG_STAY_DAYS)
    return _frame(stays.patient_id, _end_of_day(stays.start), long)


def _readmission(cdm: Cdm, counts: Counts) -> pd.DataFrame:
    stays = _stays(cdm)
    following = stays.groupby("patient_id").start.shift(-1)
    again_at_once = following.dt.normalize() <= stays.end.dt.normalize()
    counts.leave("guo_readmission: admitted again on the day of discharge", int(again_at_once.sum()))
    within = following - stays.end <= pd.Timedelta(days=d.READMISSION_DAYS)
    return _frame(stays.patient_id, _end_of_day(stays.end), within).loc[~again_at_once]


def _intensive(cdm: Cdm, counts: Counts) -> pd.DataFrame:
    stays = _overnight(cdm, "guo_icu", counts)
    units = cdm.visit_detail[cdm.visit_detail.visit_detail_concept_id.isin(INTENSIVE)]
    first = units.groupby("visit_occurrence_id").visit_detail_start_datetime.min()
    moved = _each(stays.stay, first)
    at_once = moved.dt.normalize() <= stays.start.dt.normalize()
    counts.leave("guo_icu: in intensive care on the day of admission", int(at_once.sum()))
    return _frame(stays.patient_id, _end_of_day(stays.start), moved.notna()).loc[~at_once]


def _lab(cdm: Cdm, lab: d.Lab, name: str, counts: Counts) -> pd.DataFrame:
    rows = cdm.measurement.loc[cdm.measurement.measurement_concept_id.isin(descendants(cdm, "LOINC", lab.loinc))]
    factors = rows.unit_source_value.str.strip().str.lower().map(lab.factors)
    missing = rows.value_as_number.isna()
    foreign = factors.isna() & ~missing
    counts.leave(f"{name}: a result without a number", int(missing.sum()))
    counts.leave(f"{name}: a result in another unit than {', '.join(lab.factors)}", int(foreign.sum()))
    rows, factors = rows.loc[~missing & ~foreign], factors.loc[~missing & ~foreign]
    values = (rows.value_as_number * factors).round(9).map(lambda value: d.severity(lab, value))
    return _frame(rows.person_id, rows.measurement_datetime - pd.Timedelta(minutes=1), values.astype(int))


def _new_diagnosis(cdm: Cdm, task: d.Definition, counts: Counts) -> pd.DataFrame:
    conditions = cdm.condition_occurrence
    ill = conditions[conditions.condition_concept_id.isin(descendants(cdm, "SNOMED", (task.snomed,)))]
    stays = _stays(cdm)
    times = _end_of_day(stays.end)
    first = _each(stays.patient_id, ill.groupby("person_id").condition_start_datetime.min())
    last = _each(stays.patient_id, cdm.observation_period.groupby("person_id").observation_period_end_date.max())
    horizon = times + pd.Timedelta(days=d.NEW_DIAGNOSIS_DAYS)
    known, follows = first <= times, (first > times) & (first <= horizon)
    lost = ~known & ~follows & ~(last >= horizon)
    counts.leave(f"{task.name}: the diagnosis is known at discharge", int(known.sum()))
    counts.leave(f"{task.name}: observed for less than a year after discharge", int(lost.sum()))
    return _frame(stays.patient_id, times, follows).loc[~known & ~lost]


def _chexpert(cdm: Cdm, counts: Counts) -> pd.DataFrame:
    reports = cdm.note.loc[cdm.note.note_title.str.lower().str.contains(CHEST_XRAY, na=False, regex=False)]
    stated = cdm.note_nlp[cdm.note_nlp.term_exists.str.upper().eq("Y")].groupby("note_id").lexical_variant.agg(set)
    found = reports.note_id.map(stated)
    counts.leave("chexpert: a report without a finding", int(found.isna().sum()))
    reports, found = reports.loc[found.notna()], found.loc[found.notna()]
    bits = found.map(lambda names: "".join(str(int(finding in names)) for finding in d.FINDINGS))
    return _frame(reports.person_id, reports.note_datetime - pd.Timedelta(hours=d.IMAGING_HOURS), bits)
