"""MedCalc-Bench's rows over our calculators: its own, and one worked by hand of every calculator that those lack."""

import codecs
import csv
import zipfile

import pytest

from data_prep.medcalc import bench
from data_prep.medcalc.entities import Entities
from data_prep.medcalc.labels import CALCULATORS
from galen.errors import UserError

PEOPLE = {"age": [60, "years"], "sex": "Male"}
WOMAN = {"age": [70, "years"], "sex": "Female"}
GAP = {"Sodium": [140, "mEq/L"], "Chloride": [100, "mEq/L"], "Bicarbonate": [14, "mmol/L"]}
LOW = GAP | {"Albumin": [20, "g/L"]}
BODY = {"weight": [100, "kg"], "height": [5, "ft", 10, "in"]}
PRESSURE = {"Systolic Blood Pressure": [120, "mm Hg"], "Diastolic Blood Pressure": [80, "mm Hg"]}
FATS = {"Total cholesterol": [200, "mg/dL"], "high-density lipoprotein cholesterol": [50, "mg/dL"]}
PULSE = {"Heart Rate or Pulse": [101, "beats per minute"]}

# The steps are in test_medcalc.py; here it is names, units and choices that are read.
WORKED = [
    (2, PEOPLE | BODY | {"creatinine": [176.8, "µmol/L"]}, "46.556"),
    (3, PEOPLE | {"creatinine": [1.8, "mg/dL"]}, "42.559"),
    (4, {"age": [76, "years"], "sex": "Female", "Stroke": True, "Transient Ischemic Attacks History": True}, "5"),
    (5, PRESSURE, "93.333"),
    (6, {"weight": [154.32, "lbs"], "height": [1.75, "m"]}, "22.857"),
    (7, {"Calcium": [8, "mg/dL"], "Albumin": [20, "g/L"]}, "9.6"),
    (8, PULSE | {"Clinical signs and symptoms of Deep Vein Thrombosis": True, "Immobilization for at least 3 days": True, "Surgery in the previous 4 weeks": True, "Hemoptysis": True}, "7"),
    (9, {"age": [60, "years"], "sex": "Female", "Race": "Black", "creatinine": [2, "mg/dL"]}, "30.803"),
    (10, PEOPLE | {"height": [70, "in"]}, "73"),
    (15, {"Bilirubin": [2, "mg/dL"], "Albumin": [3.5, "g/dL"], "international normalized ratio": 1.7, "Ascites": "slight", "Encephalopathy": "No Encephalopathy"}, "9"),
    (18, {"age": [65, "years"], "Suspicion History": "Highly suspicious", "Electrocardiogram Test": "Non-specific repolarization disturbance", "Initial troponin": "between the normal limit or up to three times the normal limit", "smoking": True, "Hypertension history": True}, "7"),
    (19, PEOPLE | {"Aspartate aminotransferase": [50, "U/L"], "Alanine aminotransferase": [36, "U/L"], "Platelet count": [150000, "µL"]}, "3.333"),
    (20, {"age": [14, "years"], "Temperature": [100.6, "degrees fahrenheit"], "Exudate or swelling on tonsils": True, "Cough Absent": True}, "4"),
    (22, {"weight": [25000, "g"]}, "65"),
    (23, {"creatinine": [2, "mg/dL"], "Bilirubin": [3, "mg/dL"], "international normalized ratio": 1.5, "Sodium": [130, "mEq/L"], "Dialysis at least twice in the past week": False}, "26"),
    (26, {"Sodium": [130, "mEq/L"], "Glucose": [600, "mg/dL"]}, "142"),
    (27, PRESSURE | {"sex": "Male", "Systolic Blood Pressure": [95, "mm Hg"], "Heart Rate or Pulse": [100, "beats per minute"], "Hemoglobin": [110, "g/L"], "Blood Urea Nitrogen (BUN)": [22.4, "mg/dL"], "Melena Present": True, "Recent Syncope": True}, "12"),
    (30, {"Sodium": [140, "mEq/L"], "Blood Urea Nitrogen (BUN)": [14, "mg/dL"], "Glucose": [5, "mmol/L"]}, "290"),
    (32, {"age": [65, "years"], "Myocardial infarction": True, "Transient Ischemic Attacks History": True, "Hemiplegia": True, "Liver disease severity": "moderate to severe", "Solid tumor": "metastatic", "Diabetes mellitus": "none or diet-controlled"}, "15"),
    (33, {"Fever in past 24 hours": True, "Absence of cough or coryza": False, "Symptom onset <=3 days": True}, "2"),
    (38, WOMAN | {"weight": [60, "kg"], "Sodium": [160, "mmol/L"]}, "3.857"),
    (39, GAP, "26"),
    (40, {"Urine sodium": [20, "mEq/L"], "Sodium": [140, "mEq/L"], "Urine creatinine": [100, "mg/dL"], "creatinine": [2, "mg/dL"]}, "0.2857"),
    (44, FATS | {"Triglycerides": [150, "mg/dL"]}, "120"),
    (45, {"age": [70, "years"], "Confusion": True, "Blood Urea Nitrogen (BUN)": [25, "mg/dL"], "respiratory rate": [32, "breaths per minute"], "Systolic Blood Pressure": [85, "mm Hg"], "Diastolic Blood Pressure": [50, "mm Hg"]}, "5"),
    (46, {"age": [50, "years"], "sex": "Male", "Smoker": False} | FATS | PRESSURE, "3.938"),
    (48, {"age": [50, "years"], "Heart Rate or Pulse": [100, "beats per minute"], "O₂ saturation percentage": [94, "%"], "Previously Documented Pulmonary Embolism": True}, "4"),
    (51, PULSE | {"Temperature": [38.5, "degrees celsius"], "respiratory rate": [18, "breaths per minute"], "PaCO2": [30, "mm Hg"], "White blood cell count": [13000, "mm^3"]}, "4"),
    (60, {"weight": [70, "kg"], "height": [175, "cm"]}, "1.8447"),
    (62, PEOPLE | BODY, "83.8"),
    (63, GAP, "14"), (64, GAP, "1.4"), (65, LOW, "31"), (66, LOW, "19"), (67, LOW, "1.9"),
]  # fmt: skip


def rows(path, found):
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(bench.COLUMNS)
        out.writerows((id_, f"calculator {id_}", "a note", "a question", str(raw), label) for id_, raw, label in found)
    return path


def test_every_calculator_is_read_from_a_row(shared, tmp_path):
    theirs = bench.audit(shared / "medcalc" / "one_shot_template_synthetic.csv")
    ours = bench.audit(rows(tmp_path / "worked.csv", WORKED))
    assert [finding for finding in theirs + ours if not finding.agrees] == []
    assert len(theirs) == 20 and {finding.calculator for finding in theirs + ours} == set(CALCULATORS)


def test_what_disagrees_is_told_by_calculator_row_and_difference(tmp_path):
    # Rounded to a whole number before it is multiplied by ten, MELD(i) is 20, and the score 20 + 9.24 - 4.62 = 24.62.
    wrong = [(23, WORKED[14][1], "25"), (23, WORKED[14][1], "26"), (45, {"age": [70, "years"]}, "1"), (39, GAP, "-26")]
    said = bench.report(bench.audit(rows(tmp_path / "wrong.csv", wrong)))
    assert said.startswith("2 of 4 labels disagree with our calculators\n  calculator 39: 1 of 1, by at most -52")
    assert "row 5: label -26, ours 26.0, -52" in said
    odd = [(24, {"input steroid": [None, 5, "mg"], "target steroid": ""}, "1"), (13, {}, "01/01/2000"), (5, [1], "90")]
    assert [f.agrees for f in bench.audit(rows(tmp_path / "odd.csv", odd))] == [False] * 3
    assert "row 4: label 1, ours not computable from Relevant Entities (KeyError: 'Blood Urea Nitrogen (BUN)')" in said


@pytest.mark.parametrize(
    ("raw", "said"),
    [({"creatinine": [2, "grains"]}, "creatinine: unit 'grains'"), ({"Platelet count": [2, "x"]}, "platelet count: unit 'x'")],
)  # fmt: skip
def test_a_unit_that_is_not_known_is_no_number(raw, said):
    with pytest.raises(ValueError, match=said):
        Entities(raw).n(*raw)


def test_a_calculator_that_the_benchmark_has_not_is_named(tmp_path):
    with pytest.raises(UserError, match=r"row 2: Calculator ID: 12: MedCalc-Bench has 55 calculators"):
        bench.read(rows(tmp_path / "odd.csv", [(12, {}, "1")]))


def test_the_release_is_read_in_each_form_that_it_comes_in(shared, tmp_path):
    """GitHub's CSV, its training file zipped, Hugging Face's Parquet, and what a spreadsheet makes of the CSV."""
    source = shared / "medcalc" / "one_shot_template_synthetic.csv"
    ours = bench.read(source)
    with zipfile.ZipFile(tmp_path / "train_data.csv.zip", "w") as archive:
        archive.write(source, "train_data.csv")
        archive.writestr("__MACOSX/._train_data.csv", b"\x00\x05")
    (tmp_path / "marked.csv").write_bytes(codecs.BOM_UTF8 + source.read_bytes())
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    with source.open(newline="") as file:
        held = [row | {"Row Number": int(row["Row Number"])} for row in csv.DictReader(file)]
    parquet.write_table(arrow.Table.from_pylist(held), tmp_path / "test-00000-of-00001.parquet")
    for path in sorted(tmp_path.iterdir()):
        theirs = bench.read(path)
        assert [(t.id, t.prompt, g.answer) for t, g in theirs] == [(t.id, t.prompt, g.answer) for t, g in ours], path


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.csv", ",".join(bench.COLUMNS).encode() + b"\n5,caf\xe9", r"x.csv: byte \d+: not UTF-8"),
        ("x.csv", ",".join(bench.COLUMNS).encode() + b'\n5,"cut of', "x.csv: after line 1: no CSV: unexpected end of data"),
        ("x.csv.zip", b"PK\x03\x04cut", "no readable zip"),
    ],
)  # fmt: skip
def test_a_file_that_is_none_is_named(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=said):
        bench.read(tmp_path / name)
