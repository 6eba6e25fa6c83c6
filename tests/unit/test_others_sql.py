"""Gold SQL by others runs on the stand-ins: our own queries in the style of EHRSQL's release, with its conventions.

`{patient}` is a patient with several hospital visits, `{current}` one who is in intensive care. Names are those that the
release uses: D_ITEMS labels of vital signs, COST.EVENT_TYPE, care units, admission types, eICU's event types and paths.
"""

import sqlite3

import pytest

from data_prep.eicu import view as eicu
from data_prep.hospital.generate import generate
from data_prep.mimic_iii import view as mimic_iii
from data_prep.sources import sql

VISITS = "select admissions.hadm_id from admissions where admissions.subject_id = {patient}"
OPEN = (
    "select admissions.hadm_id from admissions where admissions.subject_id = {current} and admissions.dischtime is null"
)
FIRST = VISITS + " and admissions.dischtime is not null order by admissions.admittime asc limit 1"
BEDS = "chartevents.icustay_id in ( select icustays.icustay_id from icustays where icustays.hadm_id in ( {visits} ) )"


def _vital(label: str) -> str:
    return f"chartevents.itemid in ( select d_items.itemid from d_items where d_items.label = '{label}' and d_items.linksto = 'chartevents' )"


def _diagnosed(name: str) -> str:
    return f"diagnoses_icd.icd9_code = ( select d_icd_diagnoses.icd9_code from d_icd_diagnoses where d_icd_diagnoses.short_title = '{name}' )"


VITALS = (
    "temperature c (calc)",
    "sao2",
    "heart rate",
    "respiratory rate",
    "arterial bp [systolic]",
    "arterial bp [diastolic]",
    "arterial bp mean",
)
MIMIC_III = [
    "select patients.gender from patients where patients.subject_id = {patient}",
    "select admissions.age from admissions where admissions.subject_id = {patient} order by admissions.admittime desc limit 1",
    "select count( distinct admissions.subject_id ) from admissions where admissions.dischtime is null",
    "select count( distinct admissions.subject_id ) from admissions where admissions.dischtime is null and admissions.age between 20 and 90",
    "select count( distinct admissions.hadm_id ) from admissions where admissions.subject_id = {patient} and strftime('%y',admissions.admittime) >= '2100'",
    "select admissions.admittime from admissions where admissions.subject_id = {patient} and admissions.admission_type = 'emergency' order by admissions.admittime asc limit 1",
    "select count( distinct admissions.subject_id ) from admissions where admissions.admission_location = 'emergency room admit' and datetime(admissions.admittime,'start of year') = datetime(current_time,'start of year','-1 year')",
    "select strftime('%j',admissions.dischtime) - strftime('%j',admissions.admittime) from admissions where admissions.subject_id = {patient} and admissions.dischtime is not null order by admissions.admittime asc limit 1",
    f"select 24 * ( strftime('%j',current_time) - strftime('%j',icustays.intime) ) from icustays where icustays.hadm_id in ( {OPEN} ) and icustays.outtime is null",
    "select count( distinct admissions.subject_id ) from admissions where admissions.hadm_id in ( select transfers.hadm_id from transfers where transfers.careunit = 'micu' and datetime(transfers.intime) >= datetime(current_time,'-5 year') )",
    "select count( distinct admissions.subject_id ) from admissions where admissions.hadm_id in ( select transfers.hadm_id from transfers where transfers.wardid = 7 )",
    f"select transfers.wardid from transfers where transfers.hadm_id in ( {VISITS} ) and transfers.wardid is not null order by transfers.intime desc limit 1",
    "select count(*) from transfers where transfers.eventtype = 'admit'",
    f"select 24 * ( strftime('%j',current_time) - strftime('%j',transfers.intime) ) from transfers where transfers.icustay_id in ( select icustays.icustay_id from icustays where icustays.hadm_id in ( {OPEN} ) ) and transfers.wardid between 1 and 60 order by transfers.intime desc limit 1",
    "select t3.drug from ( select t2.drug, dense_rank() over ( order by count(*) desc ) as c1 from ( select admissions.subject_id, diagnoses_icd.charttime, admissions.hadm_id from diagnoses_icd join admissions on diagnoses_icd.hadm_id = admissions.hadm_id where " + _diagnosed("atrial fibrillation") + " ) as t1 join ( select admissions.subject_id, prescriptions.drug, prescriptions.startdate, admissions.hadm_id from prescriptions join admissions on prescriptions.hadm_id = admissions.hadm_id where admissions.subject_id in ( select patients.subject_id from patients where patients.gender = 'm' ) and admissions.age >= 60 ) as t2 on t1.subject_id = t2.subject_id where t1.charttime < t2.startdate and t1.hadm_id = t2.hadm_id group by t2.drug ) as t3 where t3.c1 <= 4",
    "select distinct cost.cost from cost where cost.event_type = 'diagnoses_icd' and cost.event_id in ( select diagnoses_icd.row_id from diagnoses_icd where " + _diagnosed("hypertension nos") + " )",
    "select distinct cost.cost from cost where cost.event_type = 'procedures_icd' and cost.event_id in ( select procedures_icd.row_id from procedures_icd where procedures_icd.icd9_code = ( select d_icd_procedures.icd9_code from d_icd_procedures where d_icd_procedures.short_title = 'hemodialysis' ) )",
    "select distinct cost.cost from cost where cost.event_type = 'labevents' and cost.event_id in ( select labevents.row_id from labevents where labevents.itemid in ( select d_labitems.itemid from d_labitems where d_labitems.label = 'potassium' ) )",
    "select distinct cost.cost from cost where cost.event_type = 'prescriptions' and cost.event_id in ( select prescriptions.row_id from prescriptions where prescriptions.drug = 'aspirin' )",
    f"select sum(cost.cost) from cost where cost.hadm_id in ( {FIRST} )",
    "select t1.drug from ( select prescriptions.drug, dense_rank() over ( order by count(*) desc ) as c1 from prescriptions where strftime('%y',prescriptions.startdate) >= '2101' group by prescriptions.drug ) as t1 where t1.c1 <= 5",
    "select d_icd_diagnoses.short_title from d_icd_diagnoses where d_icd_diagnoses.icd9_code in ( select t1.icd9_code from ( select diagnoses_icd.icd9_code, dense_rank() over ( order by count(*) desc ) as c1 from diagnoses_icd where diagnoses_icd.hadm_id in ( select admissions.hadm_id from admissions where admissions.age between 60 and 69 ) group by diagnoses_icd.icd9_code ) as t1 where t1.c1 <= 3 )",
    "select count( distinct t1.subject_id ) from ( select admissions.subject_id, diagnoses_icd.charttime from diagnoses_icd join admissions on diagnoses_icd.hadm_id = admissions.hadm_id where " + _diagnosed("hypertension nos") + " ) as t1 join ( select admissions.subject_id, prescriptions.startdate from prescriptions join admissions on prescriptions.hadm_id = admissions.hadm_id where prescriptions.drug = 'metoprolol' ) as t2 on t1.subject_id = t2.subject_id where t1.charttime < t2.startdate and datetime(t2.startdate) between datetime(t1.charttime) and datetime(t1.charttime,'+2 month')",
    "select count( distinct t1.subject_id ) from ( select t2.subject_id, t2.charttime from ( select admissions.subject_id, min(diagnoses_icd.charttime) as charttime from diagnoses_icd join admissions on diagnoses_icd.hadm_id = admissions.hadm_id where " + _diagnosed("septicemia nos") + " group by admissions.subject_id ) as t2 ) as t1 join patients on patients.subject_id = t1.subject_id where patients.dod is not null and strftime('%j',patients.dod) - strftime('%j',t1.charttime) < 1 * 365",
    *(f"select avg(chartevents.valuenum) from chartevents where {BEDS.replace('{visits}', VISITS)} and {_vital(v)}" for v in VITALS),
    f"select count(*)>0 from chartevents where {BEDS.replace('{visits}', VISITS)} and {_vital('heart rate')} and chartevents.valuenum between heart_rate_lower and heart_rate_upper",
    f"select min(chartevents.valuenum) from chartevents where {BEDS.replace('{visits}', VISITS)} and {_vital('admit wt')} group by strftime('%y-%m-%d',chartevents.charttime)",
    f"select chartevents.valuenum from chartevents where {BEDS.replace('{visits}', VISITS)} and {_vital('admit ht')} order by chartevents.charttime asc limit 1",
    "select sum(inputevents_cv.amount) from inputevents_cv where inputevents_cv.icustay_id in ( select icustays.icustay_id from icustays where icustays.hadm_id in ( " + VISITS + " ) )",
    "select count( distinct admissions.subject_id ) from admissions where admissions.hadm_id in ( select inputevents_cv.hadm_id from inputevents_cv where inputevents_cv.itemid in ( select d_items.itemid from d_items where d_items.label = 'd5w' and d_items.linksto = 'inputevents_cv' ) )",
    "select count(*) from outputevents where outputevents.itemid in ( select d_items.itemid from d_items where d_items.label = 'urine out foley' and d_items.linksto = 'outputevents' )",
    "select count( distinct admissions.subject_id ) from admissions where admissions.hadm_id in ( select microbiologyevents.hadm_id from microbiologyevents where microbiologyevents.spec_type_desc = 'urine' and datetime(microbiologyevents.charttime,'start of month') >= datetime(current_time,'start of month','-40 month') )",
    "select d_icd_diagnoses.short_title from d_icd_diagnoses where d_icd_diagnoses.long_title like '%kidney%'",
    f"select count(*)>0 from labevents where labevents.hadm_id in ( {VISITS} ) and labevents.itemid in ( select d_labitems.itemid from d_labitems where d_labitems.label = 'creatinine' )",
    f"select max(labevents.valuenum) from labevents where labevents.hadm_id in ( {VISITS} ) and labevents.itemid in ( select d_labitems.itemid from d_labitems where d_labitems.label = 'glucose' ) group by strftime('%y',labevents.charttime)",
    f"select prescriptions.drug from prescriptions where prescriptions.hadm_id in ( {FIRST} ) and prescriptions.route = 'po' order by prescriptions.startdate desc limit 1",
]  # fmt: skip

UNITS = "select patient.patientunitstayid from patient where patient.patienthealthsystemstayid in ( select patient.patienthealthsystemstayid from patient where patient.uniquepid = '{patient}' )"
HERE = "select patient.patientunitstayid from patient where patient.uniquepid = '{current}' and patient.hospitaldischargetime is null"
SIGNS = ("temperature", "sao2", "heartrate", "respiration", "systemicsystolic", "systemicdiastolic", "systemicmean")
EICU = [
    "select distinct patient.gender from patient where patient.uniquepid = '{patient}'",
    "select patient.age from patient where patient.uniquepid = '{patient}' order by patient.hospitaladmittime desc limit 1",
    "select count( distinct patient.uniquepid ) from patient where patient.hospitaldischargetime is null",
    "select count( distinct patient.uniquepid ) from patient where patient.hospitaldischargetime is null and patient.age between 20 and 89",
    "select count( distinct patient.patienthealthsystemstayid ) from patient where patient.uniquepid = '{patient}' and strftime('%y',patient.hospitaladmittime) >= '2100'",
    "select count( distinct patient.uniquepid ) from patient where patient.hospitaladmitsource = 'emergency department'",
    "select strftime('%j',patient.hospitaldischargetime) - strftime('%j',patient.hospitaladmittime) from patient where patient.uniquepid = '{patient}' and patient.hospitaldischargetime is not null order by patient.hospitaladmittime asc limit 1",
    "select 24 * ( strftime('%j',current_time) - strftime('%j',patient.hospitaladmittime) ) from patient where patient.uniquepid = '{current}' and patient.hospitaldischargetime is null",
    "select patient.wardid from patient where patient.uniquepid = '{patient}' order by patient.unitadmittime desc limit 1",
    "select patient.admissionweight from patient where patient.uniquepid = '{patient}' and patient.admissionweight is not null order by patient.unitadmittime asc limit 1",
    "select count( distinct patient.uniquepid ) from patient where patient.hospitaldischargestatus = 'expired'",
    "select distinct cost.cost from cost where cost.eventtype = 'diagnosis' and cost.eventid in ( select diagnosis.diagnosisid from diagnosis where diagnosis.diagnosisname = 'hypertension' )",
    "select distinct cost.cost from cost where cost.eventtype = 'treatment' and cost.eventid in ( select treatment.treatmentid from treatment where treatment.treatmentname = '{treatment}' )",
    "select distinct cost.cost from cost where cost.eventtype = 'lab' and cost.eventid in ( select lab.labid from lab where lab.labname = 'potassium' )",
    "select distinct cost.cost from cost where cost.eventtype = 'medication' and cost.eventid in ( select medication.medicationid from medication where medication.drugname = '{drug}' )",
    "select sum(cost.cost) from cost where cost.patienthealthsystemstayid in ( select patient.patienthealthsystemstayid from patient where patient.uniquepid = '{patient}' and patient.hospitaldischargetime is not null order by patient.hospitaladmittime asc limit 1 )",
    "select t1.drugname from ( select medication.drugname, dense_rank() over ( order by count(*) desc ) as c1 from medication where strftime('%y',medication.drugstarttime) >= '2101' group by medication.drugname ) as t1 where t1.c1 <= 5",
    "select t1.diagnosisname from ( select diagnosis.diagnosisname, dense_rank() over ( order by count(*) desc ) as c1 from diagnosis where diagnosis.patientunitstayid in ( select patient.patientunitstayid from patient where patient.age between 60 and 69 ) group by diagnosis.diagnosisname ) as t1 where t1.c1 <= 3",
    "select count( distinct t1.uniquepid ) from ( select patient.uniquepid, diagnosis.diagnosistime from diagnosis join patient on diagnosis.patientunitstayid = patient.patientunitstayid where diagnosis.diagnosisname = 'hypertension' ) as t1 join ( select patient.uniquepid, medication.drugstarttime from medication join patient on medication.patientunitstayid = patient.patientunitstayid ) as t2 on t1.uniquepid = t2.uniquepid where t1.diagnosistime < t2.drugstarttime and datetime(t2.drugstarttime) between datetime(t1.diagnosistime) and datetime(t1.diagnosistime,'+2 month')",
    *(f"select avg(vitalperiodic.{s}) from vitalperiodic where vitalperiodic.patientunitstayid in ( {UNITS} ) and vitalperiodic.{s} is not null" for s in SIGNS),
    f"select count(*)>0 from vitalperiodic where vitalperiodic.patientunitstayid in ( {UNITS} ) and vitalperiodic.systemicmean between mean_bp_lower and mean_bp_upper and vitalperiodic.systemicmean is not null",
    f"select sum(intakeoutput.cellvaluenumeric) from intakeoutput where intakeoutput.patientunitstayid in ( {UNITS} ) and intakeoutput.cellpath like '%intake%'",
    f"select sum(intakeoutput.cellvaluenumeric) from intakeoutput where intakeoutput.patientunitstayid in ( {UNITS} ) and intakeoutput.cellpath like '%output%'",
    "select count(*) from intakeoutput where intakeoutput.cellpath like '%output%' and intakeoutput.celllabel = 'urine'",
    "select count( distinct patient.uniquepid ) from patient where patient.patientunitstayid in ( select microlab.patientunitstayid from microlab where microlab.culturesite = 'urine, voided specimen' )",
    "select count( distinct allergy.allergyname ) from allergy where allergy.allergytime <= current_time",
    "select count(*) from allergy where allergy.drugname is not null",
    f"select max(lab.labresult) from lab where lab.patientunitstayid in ( {UNITS} ) and lab.labname = 'glucose' group by strftime('%y',lab.labresulttime)",
    f"select count(*)>0 from lab where lab.patientunitstayid in ( {HERE} ) and datetime(lab.labresulttime) >= datetime(current_time,'start of year','-0 year')",
    f"select medication.drugname from medication where medication.patientunitstayid in ( {UNITS} ) and medication.routeadmin = 'po' order by medication.drugstarttime desc limit 1",
    "select count( distinct patient.uniquepid ) from patient where patient.hospitalid <> ( select distinct patient.hospitalid from patient where patient.uniquepid = '{current}' and patient.hospitaldischargetime is null )",
]  # fmt: skip


@pytest.fixture(scope="module")
def stand_ins(tmp_path_factory):
    """Both views of one hospital, each with a patient of several visits and one who is in intensive care."""
    out, hospital = tmp_path_factory.mktemp("views"), generate(150, 0)
    mimic_iii.write_sqlite(hospital, out / "mimic_iii.sqlite")
    eicu.write_sqlite(hospital, out / "eicu.sqlite")
    m, e = sqlite3.connect(out / "mimic_iii.sqlite"), sqlite3.connect(out / "eicu.sqlite")
    several = "select subject_id from admissions where hadm_id in (select hadm_id from icustays) and dischtime is not null group by 1 order by count(*) desc, 1"
    here = "select subject_id from icustays join admissions using (subject_id, hadm_id) where outtime is null and dischtime is null"
    return {
        "mimic_iii": (m, {"patient": _one(m, several), "current": _one(m, here)}),
        "eicu": (e, {
            "patient": _one(e, "select uniquepid from patient group by 1 order by count(distinct patienthealthsystemstayid) desc, 1"),
            "current": _one(e, "select uniquepid from patient where hospitaldischargetime is null"),
            "treatment": _one(e, "select treatmentname from treatment"), "drug": _one(e, "select drugname from medication"),
        }),
    }  # fmt: skip


def _one(db, query):
    return db.execute(query + " limit 1").fetchone()[0]


@pytest.mark.parametrize(("family", "queries"), [("mimic_iii", MIMIC_III), ("eicu", EICU)])
def test_published_style_sql_runs_and_finds_something(stand_ins, family, queries):
    db, slots = stand_ins[family]
    assert len(queries) >= 30
    silent = {}
    for query in queries:
        rows = sql.answer(db, sql.official(query.format(**slots)))
        if isinstance(rows, str) or (rows == [[0]] and ">0" not in query):
            silent[query] = rows
    assert silent == {}


def test_values_follow_the_published_conventions(stand_ins):
    m, e = stand_ins["mimic_iii"][0], stand_ins["eicu"][0]

    def values(db, query):
        return {row[0] for row in db.execute(query)}

    assert values(m, "select event_type from cost") == {"diagnoses_icd", "procedures_icd", "labevents", "prescriptions"}
    assert values(m, "select admission_type from admissions") <= {"emergency", "elective", "urgent", "newborn"}
    assert values(m, "select careunit from transfers") <= {
        "micu",
        "sicu",
        "ccu",
        "csru",
        "tsicu",
        "nicu",
        "nward",
        None,
    }
    assert values(m, "select eventtype from transfers") == {"admit", "transfer", "discharge"}
    assert values(m, "select typeof(wardid) from transfers") == {"integer", "null"}
    assert values(m, "select linksto from d_items") == {"chartevents", "inputevents_cv", "outputevents"}
    assert values(e, "select eventtype from cost") == {"diagnosis", "treatment", "lab", "medication"}
    assert values(e, "select gender from patient") == {"male", "female"}
    assert values(e, "select hospitaldischargestatus from patient") == {"alive", "expired", None}
    assert values(e, "select typeof(wardid) from patient") == {"integer"}
    for path in values(e, "select distinct cellpath from intakeoutput"):
        assert ("intake (ml)" in path) != ("output (ml)" in path)


def test_official_fills_time_ranges_and_formats_and_nothing_else():
    now = "'2105-12-31 23:59:00'"
    assert (
        sql.official("SELECT 1 FROM t WHERE c < datetime(CURRENT_TIME,'-1 year');")
        == f"select 1 from t where c < datetime({now},'-1 year')"
    )
    assert (
        sql.official("select x where c < 'current_time'")
        == sql.official("select x where c < ''current_time''")
        == f"select x where c < {now}"
    )
    assert (
        sql.official("select strftime('%j',a) - strftime('%y-%m',b)") == "select strftime('%J',a) - strftime('%Y-%m',b)"
    )
    assert sql.official("select strftime('%H:%M',a)") == "select strftime('%H:%M',a)"
    both = "v between heart_rate_lower and heart_rate_upper or w between systemicmean_lower and systemicmean_upper"
    assert sql.official(both) == "v between 60.0 and 100.0 or w between 60.0 and 110.0"
    assert sql.official("where d = 'alzheimer''s disease' and x < = 3") == "where d = 'alzheimer''s disease' and x <= 3"
    assert sql.official("select my_current_time, salary_lower") == "select my_current_time, salary_lower"


@pytest.fixture(scope="module")
def read_only(tmp_path_factory):
    path = tmp_path_factory.mktemp("small") / "m.sqlite"
    mimic_iii.write_sqlite(generate(20, 0), path)
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("select date('now')", "reads the real clock"),
        ("select subject_id from patients order by random() limit 1", "draws at random"),
        ("select shoe_size from patients", "no such column: shoe_size"),
        ("select 1 from emar", "no such table: emar"),
        ("select max(dod) from patients where subject_id = -1", "empty or null"),
        ("select 1 where 0", "empty or null"),
        ("select 'a' union all select null", "its answer is null"),
        ("delete from patients", "does not run"),
        ("select 1; select 2", "one statement"),
        (
            "with recursive n(i) as (select 1 union all select i + 1 from n) select i from n limit 20000",
            "longer than 10000 rows",
        ),
    ],
)
def test_what_is_no_gold_is_told_why(read_only, query, reason):
    rows = sql.answer(read_only, query)
    assert isinstance(rows, str) and reason in rows


def test_only_the_first_column_is_gold_as_the_release_compares_it():
    assert sql.answer(sqlite3.connect(":memory:"), "select 'a', 1 union all select 'b', null") == [["a"], ["b"]]
