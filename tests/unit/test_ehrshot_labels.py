"""EHRSHOT's definitions on OMOP tables: a real public database, and stays made for each edge."""

import zipfile

import numpy as np
import pandas as pd
import pytest

from data_prep.ehrshot import definitions as d
from data_prep.ehrshot import omop
from data_prep.ehrshot.definitions import TASKS, severity
from data_prep.ehrshot.labels import label
from data_prep.sources.counts import Counts
from galen.errors import UserError

ROWS = {
    "person": [(1, 8507, 2050), (2, 8532, 2060)],
    "observation_period": [(1, "2100-01-01", "2103-01-01"), (2, "2100-01-01", "2100-12-31")],
    "visit_occurrence": [
        (10, 1, 9201, "2100-03-01 10:00", "2100-03-08 10:00"),  # seven days to the minute; back on the 30th day
        (11, 1, 262, "2100-04-07 10:00", "2100-04-14 09:59"),  # a minute less; back the same day
        (12, 1, 9201, "2100-04-14 23:00", "2100-04-16 08:00"),
        (13, 1, 9202, "2100-04-17 08:00", "2100-04-17 09:00"),  # no admission
        (20, 2, 9201, "2100-06-01 08:00", "2100-06-01 20:00"),  # not overnight
        (21, 2, 9201, "2100-07-02 08:00", "2100-07-05 20:00"),  # 30.5 days later
    ],
    "visit_detail": [
        (1, 1, 32037, "2100-03-02 00:10", "2100-03-03 00:00", 10), (2, 1, 32037, "2100-04-07 23:00", None, 11),
        (3, 2, 9201, "2100-07-03 08:00", "2100-07-05 20:00", 21),
    ],
    "condition_occurrence": [(1, 900, "2101-03-08 10:00"), (2, 55, "2100-07-06 00:00"), (2, 54, "2100-06-01 09:00")],
    "drug_exposure": [],
    "measurement": [
        (1, 77, "2100-03-02 06:00", 150.0, "10*3/uL"), (1, 77, "2100-03-02 06:00", 20.0, "10*3/uL"),
        (1, 77, "2100-03-03 06:00", 149.9, "K/uL"), (1, 77, "2100-03-04 06:00", 49000.0, "/uL"),
        (1, 77, "2100-03-05 06:00", None, "K/uL"), (1, 77, "2100-03-06 06:00", 90.0, "furlong"),
    ],
    "note": [(1, 1, "2100-03-04 09:00", "CHEST X-RAY 2 views"), (2, 1, "2100-03-04 09:00", "Discharge summary"), (3, 2, "2100-07-04 09:00", "Chest X-ray")],
    "note_nlp": [(1, "Edema", "Y"), (1, "Pneumonia", "N"), (1, "Support Devices", "y"), (2, "Fracture", "Y")],
    "concept": [(900, "ess. hypertension", "SNOMED", "59621000"), (54, "MI", "SNOMED", "57054005"), (55, "form", "SNOMED", "1"), (50, "lupus", "SNOMED", "55464009"), (77, "platelets", "LOINC", "777-3")],
    "concept_ancestor": [(50, 55)],
}  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    """The tables as CSVs, names in upper case, a `*_datetime` empty where the day is midnight, as Eunomia ships them."""
    for table, rows in ROWS.items():
        frame = pd.DataFrame(rows, columns=list(omop.COLUMNS[table]))
        for column in [c for c in frame.columns if c.endswith("_datetime")]:
            frame[column.replace("datetime", "date")] = frame[column].str[:10]
            frame[column] = frame[column].where(~frame[column].str.endswith(" 00:00", na=False), None)
        frame.to_csv(tmp_path / f"{table.upper()}.csv", index=False)
    return tmp_path


def labels(folder, name):
    counts = Counts()
    found = label(omop.read(folder)[0], TASKS[name], counts)
    return [(int(p), f"{t:%m-%d %H:%M}", v) for p, t, v in found.itertuples(index=False)], counts.left_out


def test_a_long_stay_is_seven_days_to_the_minute_from_the_evening_of_admission(folder):
    found, left = labels(folder, "guo_los")
    assert found == [
        (1, "03-01 23:59", True),
        (1, "04-07 23:59", False),
        (1, "04-14 23:59", False),
        (2, "07-02 23:59", False),
    ]
    assert left == {"guo_los: discharged on the day of admission": 1}


def test_a_readmission_is_within_thirty_days_and_not_on_the_day_of_discharge(folder):
    found, left = labels(folder, "guo_readmission")
    assert found == [
        (1, "03-08 23:59", True),
        (1, "04-16 23:59", False),
        (2, "06-01 23:59", False),
        (2, "07-05 23:59", False),
    ]
    assert left == {"guo_readmission: admitted again on the day of discharge": 1}


def test_a_transfer_on_the_day_of_admission_is_no_prediction(folder):
    found, left = labels(folder, "guo_icu")
    assert found == [(1, "03-01 23:59", True), (1, "04-14 23:59", False), (2, "07-02 23:59", False)]
    assert left["guo_icu: in intensive care on the day of admission"] == 1


def test_a_result_is_graded_in_its_unit_a_minute_before_it(folder):
    found, left = labels(folder, "lab_thrombocytopenia")
    assert found == [(1, "03-02 05:59", 0), (1, "03-03 05:59", 1), (1, "03-04 05:59", 3)]
    assert sum(left.values()) == 3 and any("without a number" in reason for reason in left)


def test_a_first_diagnosis_follows_within_a_year_by_itself_or_a_form_of_it(folder):
    """A year without it is known to be one only where the patient was observed for a year."""
    found, _ = labels(folder, "new_hypertension")
    assert found == [(1, "03-08 23:59", True), (1, "04-14 23:59", True), (1, "04-16 23:59", True)]
    found, left = labels(folder, "new_lupus")
    assert [row for row in found if row[0] == 2] == [(2, "06-01 23:59", True), (2, "07-05 23:59", True)]
    found, left = labels(folder, "new_acutemi")
    assert not [row for row in found if row[0] == 2] and left["new_acutemi: the diagnosis is known at discharge"] == 2
    assert labels(folder, "new_celiac")[1]["new_celiac: observed for less than a year after discharge"] == 2


def test_a_report_has_fourteen_findings_a_day_before_it(folder):
    found, left = labels(folder, "chexpert")
    assert found == [(1, "03-03 09:00", "00000100000001")] and left == {"chexpert: a report without a finding": 1}


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("lab_thrombocytopenia", [(150, 0), (149, 1), (100, 1), (99, 2), (50, 2), (49, 3)]),
        ("lab_hyperkalemia", [(5.5, 0), (5.6, 1), (6, 1), (6.1, 2), (7, 2), (7.1, 3)]),
        ("lab_hypoglycemia", [(4, 0), (3.9, 1), (3.5, 1), (3.4, 2), (3, 2), (2.9, 3)]),
        ("lab_hyponatremia", [(135, 0), (134, 1), (130, 1), (129, 2), (125, 2), (124, 3)]),
        ("lab_anemia", [(120, 0), (119, 1), (110, 1), (109, 2), (70, 2), (69, 3)]),
    ],
)
def test_severities_have_ehrshots_cut_offs(name, steps):
    assert [severity(TASKS[name].lab, value) for value, _ in steps] == [grade for _, grade in steps]


def test_there_are_fifteen_tasks_with_ehrshots_codes():
    assert len(TASKS) == 15 and len(d.FINDINGS) == 14
    assert {task.snomed for task in TASKS.values()} - {""} == {
        "59621000",
        "55822004",
        "372003004",
        "396331005",
        "55464009",
        "57054005",
    }


def test_a_public_omop_database_gives_labels_by_the_same_definitions(shared):
    """Synthea27Nj: 13 inpatient visits, results coded in LOINC, no chest x-rays, an empty CONCEPT_ANCESTOR."""
    cdm, counts = omop.read(shared / "omop_synthea" / "Synthea27Nj_5.4.zip")
    assert (len(cdm.person), len(cdm.visit_occurrence), counts.left_out) == (28, 1791, {})
    found = {name: label(cdm, task, Counts()) for name, task in TASKS.items()}
    stays = cdm.visit_occurrence[cdm.visit_occurrence.visit_concept_id == 9201]
    assert len(found["guo_readmission"]) == len(stays) == 13
    long = (stays.visit_end_datetime - stays.visit_start_datetime) >= np.timedelta64(7, "D")
    assert found["guo_los"].value.sum() == long.sum()
    assert {len(found[f"lab_{name}"]) > 100 for name in ("anemia", "thrombocytopenia", "hyperkalemia")} == {True}
    assert len(found["chexpert"]) == 0 and not found["guo_icu"].value.any()


def test_a_zip_that_lacks_a_column_or_a_table_is_told(folder, tmp_path):
    pd.read_csv(folder / "MEASUREMENT.csv").drop(columns="unit_source_value").to_csv(
        folder / "MEASUREMENT.csv", index=False
    )
    with zipfile.ZipFile(tmp_path / "cdm.zip", "w") as archive:
        for path in folder.glob("*.csv"):
            archive.write(path, f"deep/{path.name}")
    with pytest.raises(UserError, match="column unit_source_value is missing; expected OMOP CDM 5.4's columns"):
        omop.read(tmp_path / "cdm.zip")
    (folder / "VISIT_DETAIL.csv").unlink()
    with pytest.raises(UserError, match=r"visit_detail.csv \(or .csv.gz\) is missing"):
        omop.read(folder)
    (tmp_path / "no.zip").write_text("no")
    with pytest.raises(UserError, match="no readable zip"):
        omop.read(tmp_path / "no.zip")
