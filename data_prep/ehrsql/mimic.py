"""MIMIC-III as a dialect of EHRSQL: where the values of questions come from, its visits, and its SQL."""

from __future__ import annotations

from data_prep.ehrsql.mimic_sql import GROUPS, MEASURES, PERSON, TREATMENT, VISITS
from data_prep.ehrsql.template import Dialect

DIAGNOSIS = "diagnoses_icd join d_icd_diagnoses using(icd9_code)"
PROCEDURE = "procedures_icd join d_icd_procedures using(icd9_code)"
LAB, VITAL = "labevents join d_labitems using(itemid)", "chartevents join d_items using(itemid)"
HERE = "hadm_id in (select hadm_id from admissions where dischtime is null)"
# Usual names of the vitals and their normal ranges, as the task family tells them.
NORMAL = (
    ("temperature c (calc)", 35.5, 38.1), ("sao2", 95, 100), ("heart rate", 60, 100), ("respiratory rate", 12, 18),
    ("arterial bp [systolic]", 90, 120), ("arterial bp [diastolic]", 60, 90), ("arterial bp mean", 60, 110),
)  # fmt: skip
RANGES = ", ".join(f"('{label}', {low}, {high})" for label, low, high in NORMAL)


def _visit(order: str) -> str:
    return (
        "{a}hadm_id in (select hadm_id from admissions where subject_id = {patient_id} and dischtime is " + order + ")"
    )


def _stay(order: str) -> str:
    return (
        "{a}icustay_id in (select icustay_id from icustays where subject_id = {patient_id} and outtime is "
        + order
        + ")"
    )


def _diagnosis(slot: str, alias: str) -> str:
    return f"(select short_title from d_icd_diagnoses d where d.icd9_code = {alias}.icd9_code) {slot}"


def _procedure(slot: str, alias: str) -> str:
    return f"(select short_title from d_icd_procedures d where d.icd9_code = {alias}.icd9_code) {slot}"


def _pairs(first: str, second: str, names: str, key: str = "hadm_id", time: str = "charttime") -> str:
    """Two events of one visit, or (key subject_id) of one patient, the second later."""
    return (
        f"select a.subject_id patient_id, {names}, a.charttime time from {first} a join {second} b "
        f"on a.{key} = b.{key} and a.charttime < b.{time}"
    )


BASES = {
    "patient": "select subject_id patient_id, '' time from patients",
    "admission": "select subject_id patient_id, admission_location admission_route, admittime time from admissions",
    "discharge": "select subject_id patient_id, dischtime time from admissions where dischtime is not null",
    "icu": "select subject_id patient_id, intime time from icustays",
    "diagnosis": f"select subject_id patient_id, short_title diagnosis_name, charttime time from {DIAGNOSIS}",
    "procedure": f"select subject_id patient_id, short_title procedure_name, charttime time from {PROCEDURE}",
    "drug": "select subject_id patient_id, drug drug_name, route drug_route, startdate time from prescriptions",
    "lab": f"select subject_id patient_id, label lab_name, charttime time from {LAB}",
    "vital": f"select subject_id patient_id, label vital_name, charttime time from {VITAL}",
    "intake": "select subject_id patient_id, label intake_name, charttime time from inputevents_cv join d_items using(itemid)",
    "output": "select subject_id patient_id, label output_name, charttime time from outputevents join d_items using(itemid)",
    "culture": "select subject_id patient_id, spec_type_desc culture_name, charttime time from microbiologyevents",
    "none": "select '' time",
    "height": f"select subject_id patient_id, charttime time from {VITAL} where label = 'admit ht'",
    "weight": f"select subject_id patient_id, charttime time from {VITAL} where label = 'admit wt'",
    "abbreviation": "select short_title abbreviation, '' time from d_icd_diagnoses where short_title <> long_title union select short_title, '' from d_icd_procedures where short_title <> long_title",
    "admission_now": "select subject_id patient_id, admittime time from admissions where dischtime is null",
    "icu_now": "select subject_id patient_id, intime time from icustays where outtime is null",
    "ward": "select subject_id patient_id, wardid ward_id, intime time from transfers where wardid is not null",
    "careunit": "select subject_id patient_id, careunit careunit, intime time from transfers where careunit is not null",
    "ward_now": f"select subject_id patient_id, wardid ward_id, intime time from transfers where wardid is not null and {HERE}",
    "careunit_now": f"select subject_id patient_id, careunit careunit, intime time from transfers where careunit is not null and {HERE}",
    "diagnosis_now": f"select subject_id patient_id, short_title diagnosis_name, charttime time from {DIAGNOSIS} where {HERE}",
    "drug_now": f"select subject_id patient_id, drug drug_name, startdate time from prescriptions where {HERE}",
    "lab_now": f"select subject_id patient_id, label lab_name, charttime time from {LAB} where {HERE}",
    "intake_now": "select subject_id patient_id, label intake_name, charttime time from inputevents_cv join d_items using(itemid) where icustay_id in (select icustay_id from icustays where outtime is null)",
    "procedure_twice": "select subject_id patient_id, max(charttime) time from procedures_icd group by subject_id, icd9_code having count(*) > 1",
    "drug_twice": "select subject_id patient_id, max(startdate) time from prescriptions group by subject_id, drug having count(*) > 1",
    "drug_three": "select * from (select subject_id patient_id, drug drug_name1, lead(drug, 5) over (order by row_id) drug_name2, lead(drug, 11) over (order by row_id) drug_name3, startdate time from prescriptions) where drug_name1 <> drug_name2 and drug_name2 <> drug_name3 and drug_name1 <> drug_name3",
    "drug_pair": "select * from (select subject_id patient_id, drug drug_name1, lead(drug) over (partition by hadm_id order by startdate) drug_name2, startdate time from prescriptions) where drug_name1 <> drug_name2",
    "lab_value": f"select subject_id patient_id, label lab_name, printf('%g', valuenum) lab_value, charttime time from {LAB} where valuenum is not null",
    "vital_value": f"select subject_id patient_id, label vital_name, printf('%g', lead(valuenum, 7) over (partition by itemid order by chartevents.row_id)) vital_value, charttime time from {VITAL} where valuenum is not null",
    "vital_normal": f"with ranges(label, normal_low, normal_high) as (values {RANGES}) select subject_id patient_id, label vital_name, normal_low, normal_high, charttime time from {VITAL} join ranges using(label)",
    "culture_grown": "select subject_id patient_id, spec_type_desc culture_name, charttime time from microbiologyevents where org_name is not null",
    "charge": "select subject_id patient_id, admittime time from admissions",
    "diagnosis_sex": f"select subject_id patient_id, case gender when 'm' then 'male' else 'female' end gender, gender sex, short_title diagnosis_name, charttime time from {DIAGNOSIS} join patients using(subject_id)",
    "diagnosis_pair": _pairs("diagnoses_icd", "diagnoses_icd", _diagnosis("diagnosis_name1", "a") + ", " + _diagnosis("diagnosis_name2", "b"), "subject_id"),
    "procedure_pair": _pairs("procedures_icd", "procedures_icd", _procedure("procedure_name1", "a") + ", " + _procedure("procedure_name2", "b"), "subject_id"),
    "diagnosis_procedure": _pairs("diagnoses_icd", "procedures_icd", _diagnosis("diagnosis_name", "a") + ", " + _procedure("procedure_name", "b")),
    "procedure_drug": _pairs("procedures_icd", "prescriptions", _procedure("procedure_name", "a") + ", b.drug drug_name", time="startdate"),
    "diagnosis_drug": _pairs("diagnoses_icd", "prescriptions", _diagnosis("diagnosis_name", "a") + ", b.drug drug_name", time="startdate"),
}  # fmt: skip

MIMIC = Dialect(
    family="mimic_iii",
    bases=BASES,
    visits={
        "rel-hosp-first": _visit("not null order by admittime limit 1"),
        "rel-hosp-last": _visit("not null order by admittime desc limit 1"),
        "rel-hosp-cur": _visit("null"),
        "rel-icu-first": _stay("not null order by intime limit 1"),
        "rel-icu-last": _stay("not null order by intime desc limit 1"),
        "rel-icu-cur": _stay("null"),
    },
    visit_key="hadm_id",
    spans="select 'hosp', subject_id, admittime, dischtime from admissions union all select 'icu', subject_id, intime, outtime from icustays order by 3",
    stays=frozenset({"vital", "vital_value", "vital_normal", "height", "weight", "intake", "output"}),
    sql=PERSON | VISITS | TREATMENT | MEASURES | GROUPS,
    indexes=(
        "diagnoses_icd(subject_id, charttime)", "procedures_icd(subject_id, charttime)", "prescriptions(subject_id, startdate)",
        "labevents(subject_id, charttime)", "chartevents(subject_id)", "inputevents_cv(subject_id)", "outputevents(subject_id)",
        "microbiologyevents(subject_id, charttime)", "icustays(subject_id)", "transfers(subject_id)", "cost(subject_id)",
        "diagnoses_icd(icd9_code, subject_id, charttime)", "procedures_icd(icd9_code, subject_id, charttime)",
        "prescriptions(drug, subject_id, startdate)",
    ),
)  # fmt: skip
