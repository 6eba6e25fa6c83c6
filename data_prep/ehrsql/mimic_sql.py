"""The reference SQL of every question on MIMIC-III, by the question's key. The marks are those of `template.py`.

An event 'after' another is strictly later. Survival counts patients first diagnosed more than n years (of 365 days) ago.
"""

from __future__ import annotations

from data_prep.ehrsql.times import NOW

DIAG = "icd9_code in (select icd9_code from d_icd_diagnoses where short_title = '{diagnosis_name}')"
PROC = "icd9_code in (select icd9_code from d_icd_procedures where short_title = '{procedure_name}')"
LAB = "itemid in (select itemid from d_labitems where label = '{lab_name}')"
VITAL = "itemid in (select itemid from d_items where label = '{vital_name}')"
INTAKE = "itemid in (select itemid from d_items where label = '{intake_name}')"
OUTPUT = "itemid in (select itemid from d_items where label = '{output_name}')"
HEIGHT = "itemid in (select itemid from d_items where label = 'admit ht')"
WEIGHT = "itemid in (select itemid from d_items where label = 'admit wt')"
P = "subject_id = {patient_id}"
VISIT_NOW = f"hadm_id in (select hadm_id from admissions where {P} and dischtime is null)"
STAY_NOW = f"icustay_id in (select icustay_id from icustays where {P} and outtime is null)"
AGED = "hadm_id in (select hadm_id from admissions where age between {low} and {high})"
SEX = "subject_id in (select subject_id from patients where gender = '{sex}')"
EACH = "group by substr(charttime, 1, {length})"
RANK = "order by count(*) desc limit {rank}"
SURVIVED = "dod is null or julianday(dod) - julianday(start) > {days}"
LONG_AGO = f"julianday('{NOW}') - julianday(min(charttime)) > {{days}}"

DIAGNOSES = "diagnoses_icd join d_icd_diagnoses using(icd9_code)"
PROCEDURES = "procedures_icd join d_icd_procedures using(icd9_code)"
LABS = "labevents join d_labitems using(itemid)"
# What is ranked: rows, the name, what rows are grouped by, their time.
RANKED = {
    "diagnoses": (DIAGNOSES, "short_title", "icd9_code", "charttime"),
    "procedures": (PROCEDURES, "short_title", "icd9_code", "charttime"),
    "drugs": ("prescriptions", "drug", "drug", "startdate"),
    "labs": (LABS, "label", "itemid", "charttime"),
    "specimens": ("microbiologyevents", "spec_type_desc", "spec_type_desc", "charttime"),
}


def _since(table: str, column: str, *where: str) -> str:
    return f"select {{per_day}} * (julianday('{NOW}') - julianday({column})) from {table} where " + " and ".join(where)


def _two(table: str, where: str, operator: str) -> str:
    one = f"select valuenum from {table} where {P} and {where}"
    return f"select ({one}{{t2:charttime}}{{v:valuenum}}{{x2:charttime}}) {operator} ({one}{{t:charttime}}{{v:valuenum}}{{x1:charttime}})"


def _extreme(table: str, where: str) -> str:
    rows = f"from {table} where {P} and {where}{{t:charttime}}"
    return f"select charttime {rows} and valuenum = (select {{pick}}(valuenum) {rows}){{x1:charttime}}"


def _ranked_aged(what: str) -> str:
    rows, name, group, time = RANKED[what]
    return f"select {name} from {rows} where {AGED}{{t:{time}}} group by {group} {RANK}"


def _ranked_after(what: str, first: str, cause: str, start: str = "charttime", *where: str) -> str:
    """What follows an event of `cause` in table `first`; each following event counts once."""
    rows, name, group, time = RANKED[what]
    table = rows.split()[0]
    later = (
        f"select b.row_id from {first} a join {table} b on b.subject_id = a.subject_id where a.{cause}"
        f"{{t:a.{start}}}{{t:b.{time}}}{{after:a.{start},b.{time}}}"
    )
    also = "".join(f" and {w}" for w in where)
    return f"select {name} from {rows} where {table}.row_id in ({later}){also} group by {group} {RANK}"


def _patients_after(first: str, cause: str, then: str, event: str, time: str) -> str:
    return (
        f"select count(distinct b.subject_id) from {first} a join {then} b on b.subject_id = a.subject_id "
        f"where a.{cause} and b.{event}{{t:a.charttime}}{{t:b.{time}}}{{after:a.charttime,b.{time}}}"
    )


def _drugs_after(first: str, cause: str) -> str:
    return (
        f"select distinct b.drug from {first} a join prescriptions b on b.subject_id = a.subject_id where a.{P} and a.{cause}"
        "{t:a.charttime}{t:b.startdate}{after:a.charttime,b.startdate}"
    )


def _cost(table: str, where: str) -> str:
    return f"select distinct cost from cost where event_type = '{table}' and event_id in (select row_id from {table} where {where})"


def _visit_cost(table: str, where: str) -> str:
    visits = f"select hadm_id from {table} where {where}"
    return f"select {{fn}}(total) from (select sum(cost) total from cost where hadm_id in ({visits}){{t:chargetime}} group by hadm_id)"


def _survival(where: str) -> str:
    first = (
        f"select subject_id, min(charttime) start from diagnoses_icd where {DIAG} group by subject_id having {LONG_AGO}"
    )
    return f"select 100.0 * sum({SURVIVED}) / count(*) from ({first}) join patients using(subject_id){where}"


PERSON = {
    "gender": f"select gender from patients where {P}",
    "birth": f"select dob from patients where {P}",
    "insurance": f"select distinct insurance from admissions where {P}{{t:admittime}}",
    "marital": f"select distinct marital_status from admissions where {P}{{t:admittime}}",
    "admission_type": f"select admission_type from admissions where {P}{{t:admittime}}{{x1:admittime}}",
    "age": f"select age from admissions where {P}{{t:admittime}} order by admittime desc limit 1",
    "height": f"select valuenum from chartevents where {P} and {HEIGHT}{{t:charttime}}{{x1:charttime}}",
    "weight": f"select valuenum from chartevents where {P} and {WEIGHT}{{t:charttime}}{{x1:charttime}}",
    "weights": f"select {{fn}}(valuenum) from chartevents where {P} and {WEIGHT}{{t:charttime}} {EACH}",
    "weight_change": _two("chartevents", WEIGHT, "-"),
    "abbreviation": "select long_title from d_icd_diagnoses where short_title = '{abbreviation}' union select long_title from d_icd_procedures where short_title = '{abbreviation}'",
}

VISITS = {
    "admission_time": f"select admittime from admissions where {P}{{t:admittime}}{{x1:admittime}}",
    "discharge_time": f"select dischtime from admissions where {P} and dischtime is not null{{t:dischtime}}{{x1:dischtime}}",
    "admission_via": f"select admittime from admissions where {P} and admission_location = '{{admission_route}}'{{t:admittime}}{{x1:admittime}}",
    "been_admitted": f"select count(*) > 0 from admissions where {P}{{t:admittime}}",
    "been_to_er": f"select count(*) > 0 from admissions where {P} and admission_location = 'emergency room admit'{{t:admittime}}",
    "hospital_visits": f"select count(distinct hadm_id) from admissions where {P}{{t:admittime}}",
    "icu_visits": f"select count(distinct icustay_id) from icustays where {P}{{t:intime}}",
    "patients_admitted": "select count(distinct subject_id) from admissions{w:admittime}",
    "patients_discharged": "select count(distinct subject_id) from admissions where dischtime is not null{t:dischtime}",
    "current_patients": "select count(distinct subject_id) from admissions where dischtime is null",
    "current_aged": "select count(distinct subject_id) from admissions where dischtime is null and age between {low} and {high}",
    "admission_times": f"select admittime from admissions where {P}{{t:admittime}}",
    "icu_length": f"select julianday(outtime) - julianday(intime) from icustays where {P} and outtime is not null{{x1:intime}}",
    "hospital_length": f"select julianday(dischtime) - julianday(admittime) from admissions where {P} and dischtime is not null{{x1:admittime}}",
    "since_admitted": _since("admissions", "admittime", P, "dischtime is null"),
    "since_icu": _since("icustays", "intime", P, "outtime is null"),
    "ward": f"select wardid from transfers where {P} and wardid is not null{{t:intime}}{{x1:intime}}",
    "careunit": f"select careunit from transfers where {P} and careunit is not null{{t:intime}}{{x1:intime}}",
    "since_ward": _since("transfers", "intime", P, "wardid = {ward_id}", VISIT_NOW) + "{x1:intime}",
    "since_careunit": _since("transfers", "intime", P, "careunit = '{careunit}'", VISIT_NOW) + "{x1:intime}",
    "patients_in_ward": "select count(distinct subject_id) from transfers where wardid = {ward_id}{t:intime}",
    "patients_in_careunit": "select count(distinct subject_id) from transfers where careunit = '{careunit}'{t:intime}",
}

TREATMENT = {
    "diagnosed": f"select count(*) > 0 from diagnoses_icd where {P} and {DIAG}{{t:charttime}}",
    "any_diagnosis": f"select count(*) > 0 from diagnoses_icd where {P}{{t:charttime}}",
    "diagnosis_name": f"select short_title from diagnoses_icd join d_icd_diagnoses using(icd9_code) where {P}{{t:charttime}}{{x1:charttime}}",
    "diagnosis_time": f"select charttime from diagnoses_icd where {P} and {DIAG}{{t:charttime}}{{x1:charttime}}",
    "since_diagnosis": _since("diagnoses_icd", "charttime", P, DIAG, VISIT_NOW) + "{x1:charttime}",
    "had_procedure": f"select count(*) > 0 from procedures_icd where {P} and {PROC}{{t:charttime}}",
    "any_procedure": f"select count(*) > 0 from procedures_icd where {P}{{t:charttime}}",
    "procedure_name": f"select short_title from procedures_icd join d_icd_procedures using(icd9_code) where {P}{{t:charttime}}{{x1:charttime}}",
    "procedures_repeated": f"select short_title from procedures_icd join d_icd_procedures using(icd9_code) where {P}{{t:charttime}} group by icd9_code having count(*) {{having}}",
    "procedure_time": f"select charttime from procedures_icd where {P}{{t:charttime}}{{x1:charttime}}",
    "procedure_time_of": f"select charttime from procedures_icd where {P} and {PROC}{{t:charttime}}{{x1:charttime}}",
    "procedure_times": f"select count(*) from procedures_icd where {P} and {PROC}{{t:charttime}}",
    "prescribed": f"select count(*) > 0 from prescriptions where {P} and drug = '{{drug_name}}'{{t:startdate}}",
    "prescribed_any_of": f"select count(*) > 0 from prescriptions where {P} and drug in ('{{drug_name1}}', '{{drug_name2}}', '{{drug_name3}}'){{t:startdate}}",
    "any_drug": f"select count(*) > 0 from prescriptions where {P}{{t:startdate}}",
    "drug_name": f"select drug from prescriptions where {P}{{t:startdate}}{{x1:startdate}}",
    "drug_via": f"select drug from prescriptions where {P} and route = '{{drug_route}}'{{t:startdate}}{{x1:startdate}}",
    "drugs_after_diagnosis": _drugs_after("diagnoses_icd", DIAG),
    "drugs_after_procedure": _drugs_after("procedures_icd", PROC),
    "drugs_repeated": f"select drug from prescriptions where {P}{{t:startdate}} group by drug having count(*) {{having}}",
    "new_drugs": f"select distinct drug from prescriptions where {P}{{t2:startdate}} and drug not in (select drug from prescriptions where {P}{{t:startdate}})",
    "prescription_time": f"select startdate from prescriptions where {P}{{t:startdate}}{{x1:startdate}}",
    "prescription_time_of": f"select startdate from prescriptions where {P} and drug = '{{drug_name}}'{{t:startdate}}{{x1:startdate}}",
    "prescription_time_via": f"select startdate from prescriptions where {P} and route = '{{drug_route}}'{{t:startdate}}{{x1:startdate}}",
    "prescription_time_both": f"select a.startdate from prescriptions a where a.{P} and a.drug = '{{drug_name1}}'{{t:a.startdate}} and exists (select 1 from prescriptions b where b.subject_id = a.subject_id and b.drug = '{{drug_name2}}'{{t:b.startdate}}{{with:a.startdate,b.startdate}}){{x1:a.startdate}}",
    "drug_count": f"select count(distinct drug) from prescriptions where {P}{{t:startdate}}",
    "drug_times": f"select count(*) from prescriptions where {P} and drug = '{{drug_name}}'{{t:startdate}}",
    "drug_dose": f"select dose_val_rx from prescriptions where {P} and drug = '{{drug_name}}'{{t:startdate}}{{x1:startdate}}",
    "drug_total": f"select sum(dose_val_rx) from prescriptions where {P} and drug = '{{drug_name}}'{{t:startdate}}",
    "since_drug": _since("prescriptions", "startdate", P, "drug = '{drug_name}'", VISIT_NOW) + "{x1:startdate}",
}

MEASURES = {
    "had_lab": f"select count(*) > 0 from labevents where {P} and {LAB}{{t:charttime}}",
    "any_lab": f"select count(*) > 0 from labevents where {P}{{t:charttime}}",
    "lab_name": f"select label from labevents join d_labitems using(itemid) where {P}{{t:charttime}}{{x1:charttime}}",
    "lab_value": f"select valuenum from labevents where {P} and {LAB}{{t:charttime}}{{v:valuenum}}{{x1:charttime}}",
    "lab_agg": f"select {{fn}}(valuenum) from labevents where {P} and {LAB}{{t:charttime}}",
    "lab_values": f"select {{fn}}(valuenum) from labevents where {P} and {LAB}{{t:charttime}} {EACH}",
    "lab_change": _two("labevents", LAB, "-"),
    "lab_compare": _two("labevents", LAB, "{op}"),
    "lab_percentile": f"select distinct percentile from (select valuenum, 100 * percent_rank() over (order by valuenum) percentile from labevents where {LAB} and valuenum is not null and hadm_id in (select hadm_id from admissions where age = (select age from admissions where {P} order by admittime desc limit 1)){{p:charttime}}) where valuenum = {{lab_value}}",
    "lab_time": f"select charttime from labevents where {P}{{t:charttime}}{{x1:charttime}}",
    "lab_time_of": f"select charttime from labevents where {P} and {LAB}{{t:charttime}}{{x1:charttime}}",
    "lab_extreme_time": _extreme("labevents", LAB),
    "lab_times": f"select count(*) from labevents where {P} and {LAB}{{t:charttime}}",
    "since_lab": _since("labevents", "charttime", P, LAB, VISIT_NOW) + "{x1:charttime}",
    "vital_agg": f"select {{fn}}(valuenum) from chartevents where {P} and {VITAL}{{t:charttime}}",
    "vital_first": f"select valuenum from chartevents where {P} and {VITAL}{{t:charttime}}{{v:valuenum}}{{x1:charttime}}",
    "vital_values": f"select {{fn}}(valuenum) from chartevents where {P} and {VITAL}{{t:charttime}} {EACH}",
    "vital_change": _two("chartevents", VITAL, "-"),
    "vital_compare": _two("chartevents", VITAL, "{op}"),
    "vital_time": f"select charttime from chartevents where {P} and {VITAL}{{t:charttime}}{{x1:charttime}}",
    "vital_extreme_time": _extreme("chartevents", VITAL),
    "vital_beyond_time": f"select charttime from chartevents where {P} and {VITAL} and valuenum {{op}} {{vital_value}}{{t:charttime}}{{x1:charttime}}",
    "vital_beyond": f"select count(*) > 0 from chartevents where {P} and {VITAL} and valuenum {{op}} {{vital_value}}{{t:charttime}}",
    "vital_normal": f"select count(*) > 0 from chartevents where {P} and {VITAL} and valuenum between {{normal_low}} and {{normal_high}}{{t:charttime}}",
    "intake_of_total": f"select sum(amount) from inputevents_cv where {P} and {INTAKE}{{t:charttime}}",
    "intake_total": f"select sum(amount) from inputevents_cv where {P}{{t:charttime}}",
    "output_of_total": f"select sum(value) from outputevents where {P} and {OUTPUT}{{t:charttime}}",
    "output_total": f"select sum(value) from outputevents where {P}{{t:charttime}}",
    "balance": f"select (select sum(amount) from inputevents_cv where {P}{{t:charttime}}) - (select sum(value) from outputevents where {P}{{t:charttime}})",
    "intake_values": f"select {{fn}}(amount) from inputevents_cv where {P} and {INTAKE}{{t:charttime}} {EACH}",
    "output_values": f"select {{fn}}(value) from outputevents where {P} and {OUTPUT}{{t:charttime}} {EACH}",
    "intake_times": f"select count(*) from inputevents_cv where {P} and {INTAKE}{{t:charttime}}",
    "output_times": f"select count(*) from outputevents where {P} and {OUTPUT}{{t:charttime}}",
    "had_intake": f"select count(*) > 0 from inputevents_cv where {P} and {INTAKE}{{t:charttime}}",
    "had_output": f"select count(*) > 0 from outputevents where {P} and {OUTPUT}{{t:charttime}}",
    "intake_name": f"select label from inputevents_cv join d_items using(itemid) where {P}{{t:charttime}}{{x1:charttime}}",
    "output_name": f"select label from outputevents join d_items using(itemid) where {P}{{t:charttime}}{{x1:charttime}}",
    "intake_time": f"select charttime from inputevents_cv where {P}{{t:charttime}}{{x1:charttime}}",
    "intake_time_of": f"select charttime from inputevents_cv where {P} and {INTAKE}{{t:charttime}}{{x1:charttime}}",
    "output_time_of": f"select charttime from outputevents where {P} and {OUTPUT}{{t:charttime}}{{x1:charttime}}",
    "since_intake": _since("inputevents_cv", "charttime", P, INTAKE, STAY_NOW) + "{x1:charttime}",
    "any_culture": f"select count(*) > 0 from microbiologyevents where {P}{{t:charttime}}",
    "had_culture": f"select count(*) > 0 from microbiologyevents where {P} and spec_type_desc = '{{culture_name}}'{{t:charttime}}",
    "organism_found": f"select count(*) > 0 from microbiologyevents where org_name is not null and row_id in (select row_id from microbiologyevents where {P} and spec_type_desc = '{{culture_name}}'{{t:charttime}}{{x1:charttime}})",
    "organism": f"select org_name from microbiologyevents where {P} and spec_type_desc = '{{culture_name}}'{{t:charttime}}{{x1:charttime}}",
    "specimen": f"select spec_type_desc from microbiologyevents where {P}{{t:charttime}}{{x1:charttime}}",
    "culture_time": f"select charttime from microbiologyevents where {P}{{t:charttime}}{{x1:charttime}}",
    "culture_time_of": f"select charttime from microbiologyevents where {P} and spec_type_desc = '{{culture_name}}'{{t:charttime}}{{x1:charttime}}",
    "total_cost": f"select sum(cost) from cost where {P}{{t:chargetime}}",
}

GROUPS = {
    "patients_diagnosed": f"select count(distinct subject_id) from diagnoses_icd where {DIAG}{{t:charttime}}",
    "patients_with_procedure": f"select count(distinct subject_id) from procedures_icd where {PROC}{{t:charttime}}",
    "patients_with_procedures": f"select count(*) from (select subject_id from procedures_icd where {PROC}{{t:charttime}} group by subject_id having count(*) {{having}})",
    "procedure_cases": f"select count(*) from procedures_icd where {PROC}{{t:charttime}}",
    "patients_prescribed": "select count(distinct subject_id) from prescriptions where drug = '{drug_name}'{t:startdate}",
    "prescription_cases": "select count(*) from prescriptions where drug = '{drug_name}'{t:startdate}",
    "patients_with_lab": f"select count(distinct subject_id) from labevents where {LAB}{{t:charttime}}",
    "patients_with_intake": f"select count(distinct subject_id) from inputevents_cv where {INTAKE}{{t:charttime}}",
    "patients_with_culture": "select count(distinct subject_id) from microbiologyevents where spec_type_desc = '{culture_name}'{t:charttime}",
    "ids_diagnosed": f"select distinct subject_id from diagnoses_icd where {DIAG}{{t:charttime}}",
    "route": "select distinct route from prescriptions where drug = '{drug_name}'",
    "records_diagnosed": f"select {{fn}}(n) from (select count(*) n from diagnoses_icd where {DIAG}{{t:charttime}} {EACH})",
    "top_diagnoses": "select short_title from diagnoses_icd join d_icd_diagnoses using(icd9_code){w:charttime} group by icd9_code " + RANK,
    "top_procedures": "select short_title from procedures_icd join d_icd_procedures using(icd9_code){w:charttime} group by icd9_code " + RANK,
    "top_drugs": "select drug from prescriptions{w:startdate} group by drug " + RANK,
    "top_labs": "select label from labevents join d_labitems using(itemid){w:charttime} group by itemid " + RANK,
    "top_specimens": "select spec_type_desc from microbiologyevents{w:charttime} group by spec_type_desc " + RANK,
    "top_outputs": "select label from outputevents join d_items using(itemid){w:charttime} group by itemid " + RANK,
    "top_intakes": "select label from inputevents_cv join d_items using(itemid){w:charttime} group by itemid " + RANK,
    "top_diagnoses_aged": _ranked_aged("diagnoses"),
    "top_procedures_aged": _ranked_aged("procedures"),
    "top_drugs_aged": _ranked_aged("drugs"),
    "top_labs_aged": _ranked_aged("labs"),
    "top_drugs_also": "select drug from prescriptions where row_id in (select b.row_id from prescriptions a join prescriptions b on b.subject_id = a.subject_id where a.drug = '{drug_name}' and b.drug <> a.drug{t:a.startdate}{t:b.startdate}{with:a.startdate,b.startdate}) group by drug " + RANK,
    "top_diagnoses_after_procedure": _ranked_after("diagnoses", "procedures_icd", PROC),
    "top_diagnoses_after_diagnosis": _ranked_after("diagnoses", "diagnoses_icd", DIAG),
    "top_procedures_after_procedure": _ranked_after("procedures", "procedures_icd", PROC),
    "top_procedures_after_diagnosis": _ranked_after("procedures", "diagnoses_icd", DIAG),
    "top_drugs_after_drug": _ranked_after("drugs", "prescriptions", "drug = '{drug_name}'", "startdate"),
    "top_drugs_after_procedure": _ranked_after("drugs", "procedures_icd", PROC),
    "top_drugs_after_diagnosis": _ranked_after("drugs", "diagnoses_icd", DIAG),
    "top_drugs_aged_after_diagnosis": _ranked_after("drugs", "diagnoses_icd", DIAG, "charttime", AGED),
    "top_drugs_sex_aged_after_diagnosis": _ranked_after("drugs", "diagnoses_icd", DIAG, "charttime", AGED, SEX),
    "top_labs_after_diagnosis": _ranked_after("labs", "diagnoses_icd", DIAG),
    "top_labs_after_procedure": _ranked_after("labs", "procedures_icd", PROC),
    "top_specimens_after_diagnosis": _ranked_after("specimens", "diagnoses_icd", DIAG),
    "top_specimens_after_procedure": _ranked_after("specimens", "procedures_icd", PROC),
    "patients_diagnosed_again": _patients_after("diagnoses_icd", DIAG.replace("_name", "_name1"), "diagnoses_icd", DIAG.replace("_name", "_name2"), "charttime"),
    "patients_procedure_again": _patients_after("procedures_icd", PROC.replace("_name", "_name1"), "procedures_icd", PROC.replace("_name", "_name2"), "charttime"),
    "patients_procedure_after_diagnosis": _patients_after("diagnoses_icd", DIAG, "procedures_icd", PROC, "charttime"),
    "patients_drug_after_procedure": _patients_after("procedures_icd", PROC, "prescriptions", "drug = '{drug_name}'", "startdate"),
    "patients_drug_after_diagnosis": _patients_after("diagnoses_icd", DIAG, "prescriptions", "drug = '{drug_name}'", "startdate"),
    "patients_dead_after": f"select count(distinct b.subject_id) from diagnoses_icd a join patients b on b.subject_id = a.subject_id where a.{DIAG}{{t:a.charttime}}{{soon:a.charttime,b.dod}}",
    "patients_not_back": f"select count(distinct subject_id) from diagnoses_icd where {DIAG}{{t:charttime}} and subject_id not in (select a.subject_id from diagnoses_icd a join admissions b on b.subject_id = a.subject_id where a.{DIAG}{{t:a.charttime}}{{soon:a.charttime,b.admittime}})",
    "survival": _survival(""),
    "survival_with_drug": _survival(" where exists (select 1 from prescriptions b where b.subject_id = patients.subject_id and b.drug = '{drug_name}' and b.startdate > start)"),
    "top_mortality": f"select short_title from (select icd9_code, subject_id, min(charttime) start from diagnoses_icd group by icd9_code, subject_id having {LONG_AGO}) join patients using(subject_id) join d_icd_diagnoses using(icd9_code) group by icd9_code order by avg(not ({SURVIVED})) desc limit {{rank}}",
    "diagnosis_cost": _cost("diagnoses_icd", DIAG),
    "procedure_cost": _cost("procedures_icd", PROC),
    "drug_cost": _cost("prescriptions", "drug = '{drug_name}'"),
    "lab_cost": _cost("labevents", LAB),
    "visit_cost_procedure": _visit_cost("procedures_icd", PROC),
    "visit_cost_lab": _visit_cost("labevents", LAB),
    "visit_cost_drug": _visit_cost("prescriptions", "drug = '{drug_name}'"),
    "visit_cost_diagnosis": _visit_cost("diagnoses_icd", DIAG),
}  # fmt: skip
