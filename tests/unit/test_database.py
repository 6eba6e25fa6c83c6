"""What `request_info` says of a database: plain questions, from an index, in milliseconds."""

import time
from pathlib import Path

import pytest

from galen.tasks import database, mimic_iii


@pytest.fixture(scope="module")
def path(data) -> Path:
    return data / "resources" / "mimic_iii.sqlite"


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        ("tables", "tables: patients, admissions"), ("", "tables: patients"), ("What tables are there?", "tables: patients"),
        ("d_labitems", "d_labitems: row_id, itemid, label"), ("columns of admissions", "admissions: row_id, subject_id, hadm_id"),
        ("What columns does the ADMISSIONS table have?", "admissions: row_id, subject_id"), ("describe cost", "cost: row_id"),
        ("admissions, patients", "patients: row_id, subject_id, gender"), ("values of admissions.insurance", "medicare"),
        ("admissions.insurance", "admissions.insurance: medicare"), ("distinct values of insurance in admissions", "medicare"),
        ("what values does insurance take?", "admissions.insurance: medicare"), ("icd9_code", "icd9_code is a column of d_icd_diagnoses"),
        ("which table has heart rate", "heart rate in d_items.label"), ("which tables have hadm_id?", "hadm_id is a column of admissions, diagnoses_icd"),
        ("where can i find spec_type_desc", "microbiologyevents.spec_type_desc"), ("which table contains the drug metoprolol?", "metoprolol in prescriptions.drug"),
        ("what is close to 'hypertention'", "hypertension nos in d_icd_diagnoses.short_title"), ("potasium", "potassium in d_labitems.label"),
        ("nearest terms to hypertention", "hypertension nos in d_icd_diagnoses"), ("tables\nd_items", "d_items: row_id, itemid, label, linksto"),
        ("table for marital_statu", "marital_status in admissions.marital_status"), ("qqqqq zzzz", "nothing like 'qqqqq zzzz'; ask for 'tables'"),
    ],
)  # fmt: skip
def test_plain_questions_are_answered(path, request_, told):
    assert told in database.answer(path, request_, mimic_iii.SEARCHED)


def test_an_answer_takes_milliseconds(path):
    database.answer(path, "tables", mimic_iii.SEARCHED)
    start = time.process_time()
    for request in ("columns of admissions", "which table has heart rate", "what is close to 'hypertention'") * 10:
        database.answer(path, request, mimic_iii.SEARCHED)
    assert (time.process_time() - start) / 30 < 0.02
