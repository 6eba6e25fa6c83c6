"""The same patient tells the same story in MIMIC-III and in the tables that EHRCon's notes are checked against."""

import sqlite3

import pytest

from data_prep.ehrcon.view import EVENTS, METAVISION_ITEMS, write_sqlite
from data_prep.hospital.generate import generate
from data_prep.mimic_iii import view


@pytest.fixture(scope="module")
def hospital(tmp_path_factory):
    path = tmp_path_factory.mktemp("hospital") / "mimic_iii.sqlite"
    view.write_sqlite(generate(60, 3), path)
    return path


@pytest.fixture(scope="module")
def database(hospital, tmp_path_factory):
    """The tables of every third admission."""
    path = tmp_path_factory.mktemp("view") / "ehrcon.sqlite"
    stays = [r[0] for r in sqlite3.connect(hospital).execute("select hadm_id from admissions order by 1")]
    write_sqlite(hospital, path, stays[::3])
    return path


def test_every_event_is_the_same_row(hospital, database):
    db = sqlite3.connect(database)
    db.execute("attach ? as mimic", (str(hospital),))
    ours = "(select distinct hadm_id from (" + " union ".join(f"select hadm_id from main.{t}" for t in EVENTS) + "))"
    same = {
        "diagnoses_icd": "row_id, subject_id, hadm_id, icd9_code", "procedures_icd": "row_id, subject_id, hadm_id, icd9_code",
        "labevents": "row_id, subject_id, hadm_id, itemid, charttime, valuenum, valueuom",
        "prescriptions": "row_id, subject_id, hadm_id, startdate, enddate, drug, dose_val_rx, dose_unit_rx, route",
        "chartevents": "row_id, subject_id, hadm_id, icustay_id, itemid, charttime, valuenum, valueuom",
        "outputevents": "row_id, subject_id, hadm_id, icustay_id, itemid, charttime, value",
        "microbiologyevents": "row_id, subject_id, hadm_id, charttime, spec_type_desc, org_name",
    }  # fmt: skip
    for table, columns in same.items():
        ask = f"select {columns} from {{0}}.{table} where hadm_id in {ours} order by 1"
        here, there = (db.execute(ask.format(x)).fetchall() for x in ("main", "mimic"))
        assert here == there != [], table
    intake = "row_id, subject_id, hadm_id, icustay_id, amount"
    here = db.execute(
        f"select {intake}, itemid, charttime from main.inputevents_cv union all "
        f"select {intake}, itemid - {METAVISION_ITEMS}, starttime from main.inputevents_mv order by 1"
    ).fetchall()
    there = db.execute(
        f"select {intake}, itemid, charttime from mimic.inputevents_cv where hadm_id in {ours} order by 1"
    )
    assert here == there.fetchall() != []
    for table in ("inputevents_cv", "inputevents_mv"):
        items = f"(select * from main.d_items where linksto = '{table}')"
        linked = f"select count(*), count(label) from main.{table} left join {items} using (itemid)"
        rows, found = db.execute(linked).fetchone()
        assert rows == found > 0, table
