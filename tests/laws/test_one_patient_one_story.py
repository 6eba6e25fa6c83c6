"""The same patient tells the same story in MIMIC-III and in eICU: both are views of one hospital."""

import sqlite3
from collections import Counter

import pytest

from data_prep.eicu import names
from data_prep.eicu import view as eicu
from data_prep.hospital.catalog import ICU_UNITS
from data_prep.hospital.generate import generate
from data_prep.mimic_iii import view as mimic

ICU_WARDS = tuple(names.ward(hospital, unit) for hospital in names.HOSPITALS for unit in ICU_UNITS)


@pytest.fixture(scope="module")
def views(tmp_path_factory):
    """Two functions, each of SQL to rows: MIMIC-III and eICU of one hospital."""
    folder, hospital = tmp_path_factory.mktemp("views"), generate(80, 5)
    asks = []
    for view in (mimic, eicu):
        path = folder / f"{view.__name__}.sqlite"
        view.write_sqlite(hospital, path)
        db = sqlite3.connect(path)
        if view is eicu:
            db.executescript(
                "create temp view stay as select *, substr(uniquepid, 5) + 0 as person from patient;"
                "create temp view visit as select distinct person, gender, age, patienthealthsystemstayid, hospitaladmittime,"
                " hospitaldischargetime, hospitaldischargestatus from stay"
            )
        asks.append(lambda sql, db=db: db.execute(sql).fetchall())
    return asks


def test_people_and_admissions(views):
    mimic_iii, eicu_ = views
    theirs = {
        (s, {"m": "male", "f": "female"}[g], "> 89" if age > 89 else str(age), start, end, status)
        for s, g, age, start, end, status in mimic_iii(
            "select subject_id, gender, age, admittime, dischtime, case when dischtime is null then null "
            "when discharge_location = 'dead/expired' then 'expired' else 'alive' end "
            "from admissions join patients using(subject_id)"
        )
    }
    mine = eicu_(
        "select person, gender, age, hospitaladmittime, hospitaldischargetime, hospitaldischargestatus from visit"
    )
    assert len(mine) == len(theirs) and set(mine) == theirs
    dead = {r[0] for r in eicu_("select person from visit where hospitaldischargestatus = 'expired'")}
    assert dead and dead <= {r[0] for r in mimic_iii("select subject_id from patients where dod is not null")}


def test_every_admission_has_a_unit_stay_and_intensive_care_stays_are_the_same(views):
    mimic_iii, eicu_ = views
    mine = eicu_(f"select person, unitadmittime, unitdischargetime from stay where wardid in {ICU_WARDS}")
    assert sorted(mine, key=str) == sorted(mimic_iii("select subject_id, intime, outtime from icustays"), key=str)
    admissions = mimic_iii("select count(*) from admissions")[0][0]
    assert eicu_("select count(distinct patienthealthsystemstayid) from patient")[0][0] == admissions
    assert eicu_("select count(*) from patient")[0][0] > admissions, "some have a step-down stay after intensive care"
    assert eicu_("select count(*) from stay where unitdischargetime is null and hospitaldischargetime is not null")[
        0
    ] == (0,)


EVENTS = {
    "diagnosis": (
        "select subject_id, icd9_code, charttime from diagnoses_icd",
        "select person, replace(upper(substr(icd9code, 1, instr(icd9code, ',') - 1)), '.', ''), diagnosistime "
        "from diagnosis join stay using(patientunitstayid)",
        {},
    ),
    "treatment": (
        "select subject_id, icd9_code, charttime from procedures_icd",
        "select person, treatmentname, treatmenttime from treatment join stay using(patientunitstayid)",
        names.TREATMENTS,
    ),
    "medication": (
        "select subject_id, drug, startdate, enddate from prescriptions",
        "select person, drugname, drugstarttime, drugstoptime from medication join stay using(patientunitstayid)",
        names.DRUGS,
    ),
    "lab": (
        "select subject_id, label, charttime, valuenum from labevents join d_labitems using(itemid) where valuenum is not null",
        "select person, labname, labresulttime, labresult from lab join stay using(patientunitstayid)",
        names.LABS,
    ),
    "intake": (
        "select subject_id, label, charttime, amount from inputevents_cv join d_items using(itemid)",
        "select person, celllabel, intakeoutputtime, cellvaluenumeric from intakeoutput join stay using(patientunitstayid) "
        "where cellpath like '%intake%'",
        {k: v[0] for k, v in names.INTAKES.items()},
    ),
    "output": (
        "select subject_id, label, charttime, value from outputevents join d_items using(itemid)",
        "select person, celllabel, intakeoutputtime, cellvaluenumeric from intakeoutput join stay using(patientunitstayid) "
        "where cellpath like '%output%'",
        {k: v[0] for k, v in names.OUTPUTS.items()},
    ),
}


@pytest.mark.parametrize("table", EVENTS)
def test_events(views, table):
    mimic_iii, eicu_ = views
    theirs, mine, renamed = EVENTS[table]
    expected = Counter((who, renamed.get(what, what), *rest) for who, what, *rest in mimic_iii(theirs))
    assert Counter(eicu_(mine)) == expected and expected


def test_cultures(views):
    mimic_iii, eicu_ = views
    specimen = {site: known for known, sites in names.SITES.items() for site in sites}
    mine = Counter(
        (who, specimen[site], organism, time)
        for who, site, organism, time in eicu_(
            "select person, culturesite, organism, culturetakentime from microlab join stay using(patientunitstayid)"
        )
    )
    assert mine == Counter(
        (who, known, names.NO_GROWTH if grown is None else names.ORGANISMS.get(grown, grown), time)
        for who, known, grown, time in mimic_iii(
            "select subject_id, spec_type_desc, org_name, charttime from microbiologyevents"
        )
    )


def test_charted_vital_signs_are_there_and_the_monitor_adds_no_extreme(views):
    mimic_iii, eicu_ = views
    for item, column in list(names.VITALS.items())[:7]:
        charted = mimic_iii(
            f"select subject_id, charttime, valuenum from chartevents join d_items using(itemid) where label = '{item}'"
        )
        monitored = eicu_(
            f"select person, observationtime, {column} from vitalperiodic join stay using(patientunitstayid) "
            f"where {column} is not null"
        )
        assert set(charted) <= set(monitored) and len(monitored) > 2 * len(charted) > 0
        for rows in (charted, monitored):
            rows.sort(key=lambda row: row[2])
        assert (charted[0][2], charted[-1][2]) == (monitored[0][2], monitored[-1][2])


def test_heights_and_weights(views):
    mimic_iii, eicu_ = views
    chart = lambda label: mimic_iii(
        "select subject_id, charttime, valuenum from chartevents join d_items using(itemid) "
        f"where label = '{label}' order by charttime"
    )
    heights, weights = ({(who, value) for who, _, value in chart(label)} for label in ("admit ht", "admit wt"))
    stays = eicu_(
        "select person, admissionheight, admissionweight, dischargeweight, unitdischargetime from stay "
        f"where wardid in {ICU_WARDS}"
    )
    for who, height, first, last, end in stays:
        assert (who, height) in heights and (who, first) in weights
        assert last is None or ((who, last) in weights and end is not None)


def test_costs_are_the_same_but_for_labs_without_a_value(views):
    mimic_iii, eicu_ = views
    kinds = {
        "diagnoses_icd": "diagnosis",
        "procedures_icd": "treatment",
        "labevents": "lab",
        "prescriptions": "medication",
    }
    theirs = mimic_iii(
        "select c.subject_id, c.event_type, c.chargetime, c.cost from cost c left join labevents l "
        "on c.event_type = 'labevents' and l.row_id = c.event_id where c.event_type <> 'labevents' or l.valuenum is not null"
    )
    mine = eicu_("select substr(uniquepid, 5) + 0, eventtype, chargetime, cost from cost")
    assert Counter(mine) == Counter((who, kinds[kind], time, cost) for who, kind, time, cost in theirs)
