"""Raw eICU CSVs in PhysioNet's layout, written here with every column of the full schema, read into the ten tables."""

import gzip
import re
import sqlite3

import numpy as np
import pandas as pd
import pytest

from data_prep.eicu import raw
from galen.errors import UserError

NOW = "2105-12-31 23:59:00"
PEOPLE = 60


def _units() -> pd.DataFrame:
    """Two unit stays in each of one to three hospital stays a person, some of them odd."""
    rng = np.random.default_rng(0)
    rows = []
    for person in range(PEOPLE):
        for visit in range(1 + person % 3):
            stay, lead = 10_000 + 10 * person + visit, int(rng.integers(60, 900))
            length = int(rng.integers(3000, 12000))
            for unit, begin in enumerate((lead, lead + 1500)):
                rows.append({
                    "patientunitstayid": 10 * stay + unit, "patienthealthsystemstayid": stay, "uniquepid": f"002-{1000 + person}",
                    "gender": ("Male", "Female")[person % 2], "age": str(30 + person), "ethnicity": "Caucasian", "hospitalid": 59,
                    "wardid": 91, "admissionheight": 170.5, "hospitaladmittime24": f"{person % 24:02d}:15:00",
                    "hospitaladmitoffset": -begin, "hospitaladmitsource": "Emergency Department",
                    "hospitaldischargeyear": 2014 + visit % 2, "hospitaldischargeoffset": length - begin,
                    "hospitaldischargestatus": "Alive", "unitdischargeoffset": min(1400, length - begin), "admissionweight": 80,
                    "dischargeweight": 79.5,
                })  # fmt: skip
    return pd.DataFrame(rows)


def _events(units: pd.DataFrame) -> dict[str, pd.DataFrame]:
    ids = list(units["patientunitstayid"])

    def table(key: str, **columns) -> pd.DataFrame:
        return pd.DataFrame({key: range(len(ids)), "patientunitstayid": ids, **columns})

    return {
        "diagnosis": table("diagnosisid", diagnosisoffset=30, diagnosisstring="Cardiovascular|shock / hypotension|Sepsis|severe", icd9code="038.9, A41.9"),
        "treatment": table("treatmentid", treatmentoffset=60, treatmentstring="pulmonary|ventilation and oxygenation|mechanical ventilation"),
        "lab": table("labid", labresultoffset=-30, labname="Hgb", labresult=11.2),
        "medication": table("medicationid", drugstartoffset=10, drugstopoffset=100_000, drugname="Aspirin 81 MG", dosage="1 tab", routeadmin="NA", drugordercancelled=["No", "Yes"] * (len(ids) // 2)),
        "allergy": table("allergyid", allergyoffset=5, drugname=None, allergyname="Penicillins"),
        "intakeOutput": table("intakeoutputid", intakeoutputoffset=200, cellpath="flowsheet|Flowsheet Cell Labels|I&O|Intake (ml)|Oral Intake", celllabel="Oral Intake", cellvaluenumeric=240.0),
        "microLab": table("microlabid", culturetakenoffset=100, culturesite="Urine, Voided", organism="no growth"),
        "vitalPeriodic": table("vitalperiodicid", observationoffset=15, temperature=37.1, sao2=97, heartrate=None, respiration=18, systemicsystolic=120, systemicdiastolic=70, systemicmean=85),
    }  # fmt: skip


def _columns(shared, table: str) -> list[str]:
    ddl = (shared / "schemas" / "eicu_full_ddl.sql").read_text()
    body = re.search(rf"CREATE TABLE {table}\s*\((.*?)\n\s*\)", ddl, re.S | re.I)
    assert body, table
    return [found.group(1).lower() for found in re.finditer(r"^\s*(\w+)\s+[A-Z]", body.group(1), re.M)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory, shared):
    """PhysioNet's layout: every file lower- or camel-case as released, every second one gzipped."""
    out = tmp_path_factory.mktemp("eicu")
    units = _units()
    tables = {"patient": units} | _events(units)
    for i, (name, frame) in enumerate(tables.items()):
        frame.reindex(columns=_columns(shared, name.lower())).to_csv(out / f"{name}.csv{'.gz' * (i % 2)}", index=False)
    return out


@pytest.fixture(scope="module")
def loaded(folder, tmp_path_factory):
    path = tmp_path_factory.mktemp("loaded") / "eicu.sqlite"
    counts = raw.load(folder, path, 40, 0)
    return sqlite3.connect(path), counts


def test_the_ten_tables_are_filled_lower_case_with_absolute_times(loaded):
    db, counts = loaded
    tables = [
        r[0] for r in db.execute("select name from sqlite_master where type = 'table' and name not like 'sqlite%'")
    ]
    found = {t: db.execute(f"select count(*) from {t}").fetchone()[0] for t in tables}
    assert len(found) == 10 and all(found.values())
    assert counts.rows == found
    assert db.execute("select count(distinct uniquepid) from patient").fetchone() == (40,)
    low, high = db.execute("select min(hospitaladmittime), max(unitadmittime) from patient").fetchone()
    assert low >= "2100-01-01" and high <= NOW
    assert db.execute("select count(*) from lab where labresulttime > ?", (NOW,)).fetchone() == (0,)
    assert db.execute("select distinct diagnosisname, icd9code from diagnosis").fetchall() == [
        ("sepsis - severe", "038.9, a41.9")
    ]
    assert db.execute("select distinct celllabel from intakeoutput").fetchall() == [("oral",)]
    assert db.execute("select distinct routeadmin from medication").fetchall() == [("na",)], "'NA' is text, not a gap"


def test_offsets_keep_the_time_of_day_and_the_order_of_a_stay(loaded):
    db, _ = loaded
    for admitted, moved, unit, out, end in db.execute(
        "select substr(hospitaladmittime, 12), hospitaladmittime, unitadmittime, unitdischargetime, hospitaldischargetime from patient"
    ):
        assert admitted.endswith(":15:00") and moved <= unit <= (out or NOW) <= (end or NOW)
    late = "select count(*) from patient p join patient q on p.uniquepid = q.uniquepid and p.hospitaladmittime < q.hospitaladmittime"
    assert db.execute(
        late + " where p.hospitaldischargetime is null or p.hospitaldischargetime > q.hospitaladmittime"
    ).fetchone() == (0,)
    minutes = "select distinct round((julianday(labresulttime) - julianday(unitadmittime)) * 1440) from lab join patient using (patientunitstayid)"
    assert db.execute(minutes).fetchall() == [(-30.0,)]


def test_one_patient_in_ten_is_still_there_and_nothing_is_known_of_the_end(loaded):
    db, _ = loaded
    current = "from patient where hospitaldischargetime is null"
    assert db.execute(f"select count(distinct uniquepid) {current}").fetchone() == (4,)
    assert db.execute(
        f"select count(*) {current} and (hospitaldischargestatus is not null or dischargeweight is not null)"
    ).fetchone() == (0,)
    ages = db.execute(
        "select uniquepid, age, substr(hospitaladmittime, 1, 4) year from patient group by patienthealthsystemstayid order by 1, 3"
    ).fetchall()
    for (a, age, _), (b, later, _) in zip(ages, ages[1:], strict=False):
        assert a != b or int(later) - int(age) in (0, 1)


def test_an_event_of_a_code_costs_the_same_each_time(loaded):
    db, counts = loaded
    kinds = db.execute(
        "select eventtype, count(distinct cost), count(distinct eventid) from cost group by 1 order by 1"
    ).fetchall()
    assert [k for k, _, _ in kinds] == ["diagnosis", "lab", "medication", "treatment"]
    assert all(prices == 1 for _, prices, _ in kinds)
    assert [n for _, _, n in kinds] == [counts.rows[k] for k, _, _ in kinds]


def test_the_same_seed_gives_the_same_rows(folder, tmp_path):
    dumps = []
    for name in ("a", "b"):
        raw.load(folder, tmp_path / name, 20, 1)
        dumps.append(list(sqlite3.connect(tmp_path / name).iterdump()))
    assert dumps[0] == dumps[1]


def _copy(folder, out):
    for path in folder.iterdir():
        (out / path.name).write_bytes(path.read_bytes())
    return out


def test_what_is_left_out_is_counted_by_reason(folder, tmp_path):
    _copy(folder, tmp_path)
    units = pd.read_csv(folder / "patient.csv", dtype=str)
    units.loc[0, "age"], units.loc[2, "gender"], units.loc[3, "hospitaladmittime24"] = "> 89", "Unknown", "soon"
    units.loc[4, "hospitaladmitsource"], units.loc[5, "hospitaladmitoffset"], units.loc[6, "wardid"] = (
        None,
        "12",
        "west",
    )
    units.to_csv(tmp_path / "patient.csv", index=False)
    counts = raw.load(tmp_path, tmp_path / "e.sqlite", 1000, 0)
    said = counts.left_out
    assert said["patient: the age is '> 89': eICU hides it"] == 1
    assert said["patient: gender is neither male nor female"] == 1
    assert said["patient: hospitaladmittime24 is no time of day"] == 1
    assert said["patient: hospitaladmitsource is empty"] == 1
    assert said["patient: wardid is no number"] == 1
    assert said["patient: the unit stay is not inside the hospital stay"] == 1
    assert said["medication: the order was cancelled"] > 0
    assert "  1 left out: patient: wardid is no number" in counts.report()


def test_a_name_that_is_usual_elsewhere_is_left_out(folder, tmp_path):
    _copy(folder, tmp_path)
    frame = pd.read_csv(folder / "diagnosis.csv.gz")
    frame.loc[0, "diagnosisstring"] = "infectious diseases|systemic|Sepsis|severe"
    frame.to_csv(tmp_path / "diagnosis.csv.gz", index=False)
    counts = raw.load(tmp_path, tmp_path / "e.sqlite", 1000, 0)
    assert counts.left_out["diagnosis: the name is usual under another path"] == 1


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "lab.csv.gz").unlink(), r"lab.csv \(or .csv.gz\) is missing; give the folder of eICU-CRD 2.0"),
        (lambda f: (f / "patient.csv").write_text(""), "patient.csv: the file is empty"),
        (lambda f: (f / "patient.csv").write_text("patientunitstayid\n1\n"), "patient.csv: column uniquepid is missing"),
        (lambda f: (f / "lab.csv.gz").write_bytes((f / "lab.csv.gz").read_bytes()[:60]), "lab.csv.gz: unreadable after 0 rows"),
        (lambda f: (f / "lab.csv.gz").write_bytes(b"labid,patientunitstayid"), "lab.csv.gz: unreadable after 0 rows"),
        (lambda f: (f / "lab.csv.gz").write_bytes(gzip.compress(b'labid,labname\n1,"caf\xe9"\n')), "lab.csv.gz: .*not UTF-8"),
    ],
)  # fmt: skip
def test_a_broken_folder_is_named_by_file_place_and_fix(folder, tmp_path, damage, message):
    damage(_copy(folder, tmp_path))
    with pytest.raises(UserError, match=message):
        raw.load(tmp_path, tmp_path / "e.sqlite", 10, 0)


def test_a_folder_that_is_none(tmp_path):
    (tmp_path / "eicu.zip").write_bytes(b"PK")
    with pytest.raises(UserError, match="is a file; unpack it and give the folder"):
        raw.load(tmp_path / "eicu.zip", tmp_path / "e.sqlite", 10, 0)
    with pytest.raises(UserError, match="no such folder"):
        raw.load(tmp_path / "nowhere", tmp_path / "e.sqlite", 10, 0)
