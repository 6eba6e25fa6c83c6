"""eICU as a dialect of EHRSQL: where the values of questions come from, its visits, and its SQL."""

from __future__ import annotations

from itertools import combinations

from data_prep.ehrsql.eicu_sql import GROUPS, MEASURES, PERSON, TREATMENT, VISITS
from data_prep.ehrsql.template import Dialect

WITH_PATIENT = "join patient using(patientunitstayid)"
HERE, IN_UNIT = "hospitaldischargetime is null", "unitdischargetime is null"
# How questions call the columns of vitalperiodic, and the normal ranges, as the task family tells them.
VITALS = (
    ("temperature", "temperature", 35.5, 38.1), ("sao2", "sao2", 95, 100), ("heart rate", "heartrate", 60, 100),
    ("respiration rate", "respiration", 12, 18), ("systolic bp", "systemicsystolic", 90, 120),
    ("diastolic bp", "systemicdiastolic", 60, 90), ("mean bp", "systemicmean", 60, 110),
)  # fmt: skip
SAMPLED = 5  # one row in so many of vitalperiodic is drawn from


def _visit(order: str) -> str:
    visits = f"select patienthealthsystemstayid from patient where uniquepid = '{{patient_id}}' and hospitaldischargetime is {order}"
    return f"{{a}}patientunitstayid in (select patientunitstayid from patient where patienthealthsystemstayid in ({visits}))"


def _stay(order: str) -> str:
    return (
        "{a}patientunitstayid in (select patientunitstayid from patient where uniquepid = '{patient_id}' "
        f"and unitdischargetime is {order})"
    )


def _events(table: str, slots: str, time: str, where: str = "") -> str:
    return f"select uniquepid patient_id, {slots}, {time} time from {table} {WITH_PATIENT}{' where ' if where else ''}{where}"


def _distinct(names: str, rows: str) -> str:
    """Those of `rows` in which no two of `names` are the same."""
    return f"select * from ({rows}) where " + " and ".join(f"{a} <> {b}" for a, b in combinations(names.split(), 2))


def _vitals() -> str:
    """A row for each sign of a sampled row."""
    return " union all ".join(
        f"select uniquepid patient_id, '{words}' vital_name, '{column}' vital_column, {low} normal_low, {high} normal_high, "
        f"{column} value, vitalperiodicid, observationtime time from vitalperiodic {WITH_PATIENT} "
        f"where {column} is not null and vitalperiodicid % {SAMPLED} = 0"
        for words, column, low, high in VITALS
    )


def _pairs(first: str, second: str, names: str, key: str = "patienthealthsystemstayid") -> str:
    """Two events of one visit, or (key uniquepid) of one patient, the second later."""
    (a, start), (b, end) = (table.split() for table in (first, second))
    return (
        f"select a.uniquepid patient_id, {names}, a.{start} time from (select * from {a} {WITH_PATIENT}) a "
        f"join (select * from {b} {WITH_PATIENT}) b on a.{key} = b.{key} and a.{start} < b.{end}"
    )


DIAGNOSIS, TREATMENTS, DRUGS = "diagnosis diagnosistime", "treatment treatmenttime", "medication drugstarttime"

BASES = {
    "patient": "select distinct uniquepid patient_id, '' time from patient",
    "admission": "select distinct uniquepid patient_id, hospitaladmitsource admission_route, hospitaladmittime time from patient",
    "discharge": "select distinct uniquepid patient_id, hospitaldischargetime time from patient where hospitaldischargetime is not null",
    "charge": "select distinct uniquepid patient_id, hospitaladmittime time from patient",
    "icu": "select uniquepid patient_id, unitadmittime time from patient",
    "height": "select uniquepid patient_id, unitadmittime time from patient where admissionheight is not null",
    "weight": "select uniquepid patient_id, unitadmittime time from patient where admissionweight is not null",
    "admission_now": f"select distinct uniquepid patient_id, hospitaladmittime time from patient where {HERE}",
    "icu_now": f"select uniquepid patient_id, unitadmittime time from patient where {IN_UNIT}",
    "ward": "select uniquepid patient_id, wardid ward_id, unitadmittime time from patient",
    "ward_now": f"select uniquepid patient_id, wardid ward_id, unitadmittime time from patient where {HERE}",
    "diagnosis": _events("diagnosis", "diagnosisname diagnosis_name", "diagnosistime"),
    "diagnosis_now": _events("diagnosis", "diagnosisname diagnosis_name", "diagnosistime", HERE),
    "diagnosis_sex": _events("diagnosis", "gender, diagnosisname diagnosis_name", "diagnosistime"),
    "procedure": _events("treatment", "treatmentname procedure_name", "treatmenttime"),
    "procedure_now": _events("treatment", "treatmentname procedure_name", "treatmenttime", HERE),
    "procedure_elsewhere": _events("treatment", "treatmentname procedure_name", "treatmenttime", f"uniquepid in (select p.uniquepid from patient p where p.{HERE})"),
    "procedure_twice": f"select uniquepid patient_id, max(treatmenttime) time from treatment {WITH_PATIENT} group by uniquepid, treatmentname having count(*) > 1",
    "drug": _events("medication", "drugname drug_name, routeadmin drug_route", "drugstarttime"),
    "drug_now": _events("medication", "drugname drug_name", "drugstarttime", HERE),
    "drug_twice": f"select uniquepid patient_id, max(drugstarttime) time from medication {WITH_PATIENT} group by uniquepid, drugname having count(*) > 1",
    "drug_three": _distinct("drug_name1 drug_name2 drug_name3", _events("medication", "drugname drug_name1, lead(drugname, 5) over (order by medicationid) drug_name2, lead(drugname, 11) over (order by medicationid) drug_name3", "drugstarttime")),
    "drug_pair": _distinct("drug_name1 drug_name2", _events("medication", "drugname drug_name1, lead(drugname) over (partition by patienthealthsystemstayid order by drugstarttime) drug_name2", "drugstarttime")),
    "lab": _events("lab", "labname lab_name", "labresulttime"),
    "lab_now": _events("lab", "labname lab_name", "labresulttime", HERE),
    "lab_value": _events("lab", "labname lab_name, printf('%g', labresult) lab_value", "labresulttime"),
    "vital": f"select patient_id, vital_name, vital_column, time from ({_vitals()})",
    "vital_value": f"select patient_id, vital_name, vital_column, printf('%g', lead(value, 7) over (partition by vital_name order by vitalperiodicid)) vital_value, time from ({_vitals()})",
    "vital_normal": f"select patient_id, vital_name, vital_column, normal_low, normal_high, time from ({_vitals()})",
    "intake": _events("intakeoutput", "celllabel intake_name", "intakeoutputtime", "cellpath like '%intake%'"),
    "intake_now": _events("intakeoutput", "celllabel intake_name", "intakeoutputtime", f"cellpath like '%intake%' and {IN_UNIT}"),
    "output": _events("intakeoutput", "celllabel output_name", "intakeoutputtime", "cellpath like '%output%'"),
    "culture": _events("microlab", "culturesite culture_name", "culturetakentime"),
    "culture_grown": _events("microlab", "culturesite culture_name", "culturetakentime", "organism <> 'no growth'"),
    "allergy": f"select uniquepid patient_id, allergytime time from allergy {WITH_PATIENT}",
    "diagnosis_pair": _pairs(DIAGNOSIS, DIAGNOSIS, "a.diagnosisname diagnosis_name1, b.diagnosisname diagnosis_name2", "uniquepid"),
    "procedure_pair": _pairs(TREATMENTS, TREATMENTS, "a.treatmentname procedure_name1, b.treatmentname procedure_name2", "uniquepid"),
    "diagnosis_procedure": _pairs(DIAGNOSIS, TREATMENTS, "a.diagnosisname diagnosis_name, b.treatmentname procedure_name"),
    "procedure_diagnosis": _pairs(TREATMENTS, DIAGNOSIS, "a.treatmentname procedure_name, b.diagnosisname diagnosis_name", "uniquepid"),
    "procedure_drug": _pairs(TREATMENTS, DRUGS, "a.treatmentname procedure_name, b.drugname drug_name"),
    "diagnosis_drug": _pairs(DIAGNOSIS, DRUGS, "a.diagnosisname diagnosis_name, b.drugname drug_name"),
    "none": "select '' time",
}  # fmt: skip

EICU = Dialect(
    family="eicu",
    bases=BASES,
    visits={
        "rel-hosp-first": _visit("not null order by hospitaladmittime limit 1"),
        "rel-hosp-last": _visit("not null order by hospitaladmittime desc limit 1"),
        "rel-hosp-cur": _visit("null"),
        "rel-icu-first": _stay("not null order by unitadmittime limit 1"),
        "rel-icu-last": _stay("not null order by unitadmittime desc limit 1"),
        "rel-icu-cur": _stay("null"),
    },
    visit_key="patienthealthsystemstayid",
    spans="select distinct 'hosp', uniquepid, hospitaladmittime, hospitaldischargetime from patient union all select 'icu', uniquepid, unitadmittime, unitdischargetime from patient order by 3",
    stays=frozenset({"vital", "vital_value", "vital_normal", "height", "weight", "intake", "output", "lab", "drug", "culture", "procedure"}),
    sql=PERSON | VISITS | TREATMENT | MEASURES | GROUPS,
)  # fmt: skip
