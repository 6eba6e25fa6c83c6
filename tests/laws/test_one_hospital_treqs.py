"""One hospital, many views: a patient's story in TREQS is the one that MIMIC-III tells."""

import sqlite3

import pytest

from data_prep import treqs
from data_prep.hospital import catalog
from data_prep.hospital.generate import generate
from data_prep.mimic_iii.view import write_sqlite
from data_prep.treqs.story import REASONS

SAME = {  # TREQS's rows = the MIMIC-III view's
    "select subject_id, hadm_id, gender, dob, dod, admittime, dischtime, admission_type, admission_location, discharge_location, insurance, language, marital_status, ethnicity, age from demographic":
    "select cast(subject_id as text), cast(hadm_id as text), gender, dob, dod, admittime, dischtime, admission_type, admission_location, discharge_location, insurance, language, marital_status, ethnicity, age from admissions join patients using(subject_id)",
    "select subject_id, hadm_id, icd9_code, short_title, long_title from diagnoses":
    "select cast(subject_id as text), cast(hadm_id as text), icd9_code, short_title, long_title from diagnoses_icd join d_icd_diagnoses using(icd9_code)",
    "select subject_id, hadm_id, icd9_code, short_title, long_title from procedures":
    "select cast(subject_id as text), cast(hadm_id as text), icd9_code, short_title, long_title from procedures_icd join d_icd_procedures using(icd9_code)",
    "select subject_id, hadm_id, drug, route, drug_dose from prescriptions":
    "select cast(subject_id as text), cast(hadm_id as text), drug, route, dose_val_rx || dose_unit_rx from prescriptions",
    "select subject_id, hadm_id, itemid, charttime, label from lab":
    "select cast(subject_id as text), cast(hadm_id as text), cast(itemid as text), charttime, label from labevents join d_labitems using(itemid) where valuenum is not null",
}  # fmt: skip


@pytest.fixture(scope="module")
def views(tmp_path_factory):
    out = tmp_path_factory.mktemp("views")
    write_sqlite(generate(80, 5), out / "m.sqlite")
    treqs.write_sqlite(out / "m.sqlite", out / "t.sqlite", 5)
    with sqlite3.connect(out / "m.sqlite") as mimic, sqlite3.connect(out / "t.sqlite") as db:
        yield mimic, db
    mimic.close()
    db.close()


@pytest.mark.parametrize("ours", SAME, ids=lambda q: q.rpartition(" ")[2])
def test_the_records_are_the_same(views, ours):
    mimic, db = views
    assert sorted(map(str, db.execute(ours))) == sorted(map(str, mimic.execute(SAME[ours])))


def test_what_is_added_follows_from_the_record(views):
    _, db = views
    assert db.execute(
        "select max(n) from (select count(distinct name || religion) n from demographic group by subject_id)"
    ).fetchone() == (1,)
    for code, reason in db.execute(
        "select icd9_code, diagnosis from demographic join diagnoses using(hadm_id) where diagnoses.rowid in (select min(rowid) from diagnoses group by hadm_id)"
    ):
        assert reason in REASONS[code]
    died, days = "select count(*) from demographic where (dod is not null) <> expire_flag", (
        "select count(*) from demographic where days_stay <> cast(julianday(dischtime) - julianday(admittime) as integer)"
    )  # fmt: skip
    assert db.execute(died).fetchone() == db.execute(days).fetchone() == (0,)
    for label, shown, flag in db.execute("select label, value_unit, flag from lab"):
        low, high, unit, *_ = catalog.LABS[label]
        value = float(shown.removesuffix(unit))
        assert (flag == "abnormal") is not (low <= value <= high), (label, shown, flag)


def test_icu_prescriptions_lie_in_their_stay(views):
    mimic, db = views
    stays = {str(r[0]): str(r[1]) for r in mimic.execute("select icustay_id, hadm_id from icustays")}
    found = db.execute("select icustay_id, hadm_id from prescriptions where icustay_id is not null").fetchall()
    assert found and all(stays[i] == h for i, h in found)


def test_a_patients_additions_do_not_depend_on_the_others(tmp_path, views):
    _, db = views
    write_sqlite(generate(40, 5), tmp_path / "m.sqlite")
    treqs.write_sqlite(tmp_path / "m.sqlite", tmp_path / "t.sqlite", 5)
    with sqlite3.connect(tmp_path / "t.sqlite") as fewer:
        ask = "select subject_id, name, religion, diagnosis, admittime from demographic"
        assert set(fewer.execute(ask)) < set(db.execute(ask))
    fewer.close()
