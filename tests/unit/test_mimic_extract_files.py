"""Frames from MIMIC-III's raw tables, MIMIC-Extract's own file and MedAgentGym's rows, each written here in its layout."""

import gzip
import importlib.util
import json
import pickle

import numpy as np
import pandas as pd
import pytest

from data_prep.given import Sources, given
from data_prep.mimic_extract import h5, interventions, pickles, published, raw
from data_prep.mimic_extract.frames import IDS, STATICS, Sums
from data_prep.mimic_extract.generate import generate
from data_prep.mimic_extract.variables import CODES, ITEMS, LIMITS, VARIABLES, converted, limited
from data_prep.sources import csvs
from galen.errors import UserError
from galen.oracles import judge
from galen.types import Privacy

DAY = "2130-05-01 "
COLUMNS = {
    "PATIENTS": "ROW_ID,SUBJECT_ID,GENDER,DOB,DOD,DOD_HOSP,DOD_SSN,EXPIRE_FLAG",
    "ADMISSIONS": "ROW_ID,SUBJECT_ID,HADM_ID,ADMITTIME,DISCHTIME,DEATHTIME,ADMISSION_TYPE,ADMISSION_LOCATION,DISCHARGE_LOCATION,INSURANCE,"
    "LANGUAGE,RELIGION,MARITAL_STATUS,ETHNICITY,EDREGTIME,EDOUTTIME,DIAGNOSIS,HOSPITAL_EXPIRE_FLAG,HAS_CHARTEVENTS_DATA",
    "ICUSTAYS": "ROW_ID,SUBJECT_ID,HADM_ID,ICUSTAY_ID,DBSOURCE,FIRST_CAREUNIT,LAST_CAREUNIT,FIRST_WARDID,LAST_WARDID,INTIME,OUTTIME,LOS",
    "CHARTEVENTS": "ROW_ID,SUBJECT_ID,HADM_ID,ICUSTAY_ID,ITEMID,CHARTTIME,STORETIME,CGID,VALUE,VALUENUM,VALUEUOM,WARNING,ERROR,RESULTSTATUS,STOPPED",
    "LABEVENTS": "ROW_ID,SUBJECT_ID,HADM_ID,ITEMID,CHARTTIME,VALUE,VALUENUM,VALUEUOM,FLAG",
    "INPUTEVENTS_CV": "ROW_ID,SUBJECT_ID,HADM_ID,ICUSTAY_ID,CHARTTIME,ITEMID,AMOUNT,AMOUNTUOM,RATE,RATEUOM,STORETIME,CGID,ORDERID,LINKORDERID,STOPPED",
    "INPUTEVENTS_MV": "ROW_ID,SUBJECT_ID,HADM_ID,ICUSTAY_ID,STARTTIME,ENDTIME,ITEMID,AMOUNT,RATE,ORDERID,STATUSDESCRIPTION",
    "PROCEDUREEVENTS_MV": "ROW_ID,SUBJECT_ID,HADM_ID,ICUSTAY_ID,STARTTIME,ENDTIME,ITEMID,VALUE,STATUSDESCRIPTION",
}  # fmt: skip


def stay(subject, hadm, icustay, begin, end, unit="MICU"):
    return {
        "SUBJECT_ID": subject,
        "HADM_ID": hadm,
        "ICUSTAY_ID": icustay,
        "FIRST_CAREUNIT": unit,
        "INTIME": begin,
        "OUTTIME": end,
    }


def chart(item, time, value, icustay=11, unit="", error="", text=None):
    return {
        "ICUSTAY_ID": icustay, "ITEMID": item, "CHARTTIME": DAY + time, "VALUE": value if text is None else text, "VALUENUM": value, "VALUEUOM": unit,
        "ERROR": error,
    }  # fmt: skip


def lab(item, time, value):
    return {"HADM_ID": 10, "ITEMID": item, "CHARTTIME": time, "VALUE": value, "VALUENUM": value}


HEART, TEMP_F, TEMP_C, SPO2, FIO2, POUNDS, MODE, CREATININE, NOREPINEPHRINE, NOREPINEPHRINE_CV = (
    211, 678, 676, 646, 3420, 226531, 720, 50912, 221906, 30047,
)  # fmt: skip
TABLES = {
    "PATIENTS": [
        {"SUBJECT_ID": i, "GENDER": "F", "DOB": born} for i, born in enumerate(
            ["2080-01-01", "2120-01-01", "1830-01-01", "2070-01-01", "2070-01-01", "2110-04-01"], 1)
    ],
    "ADMISSIONS": [
        {"SUBJECT_ID": s, "HADM_ID": h, "ADMITTIME": a, "DISCHTIME": d, "DEATHTIME": died, "ADMISSION_TYPE": "EMERGENCY", "INSURANCE": "Private",
         "ETHNICITY": "WHITE", "DIAGNOSIS": "SEPSIS, \"SEVERE\""}
        for s, h, a, d, died in (
            (1, 10, DAY + "06:00:00", "2130-05-09 12:00:00", ""), (1, 19, "2131-05-01 06:00:00", "2131-05-09 12:00:00", ""),
            (2, 20, DAY + "06:00:00", "2130-05-09 12:00:00", ""), (3, 30, DAY + "06:00:00", "2130-05-03 08:00:00", "2130-05-03 08:00:00"),
            (4, 40, DAY + "06:00:00", "2130-05-29 12:00:00", ""), (5, 50, DAY + "06:00:00", "2130-05-09 12:00:00", "2130-05-09 12:00:00"),
            (6, 60, DAY + "06:00:00", "2130-05-09 12:00:00", ""),
        )
    ],
    "ICUSTAYS": [
        stay(1, 10, 11, DAY + "08:00:00", "2130-05-02 10:30:00"), stay(1, 10, 12, "2130-05-05 08:00:00", "2130-05-07 08:00:00"),
        stay(1, 19, 13, "2131-05-01 08:00:00", "2131-05-03 08:00:00"), stay(2, 20, 21, DAY + "08:00:00", "2130-05-03 08:00:00"),
        stay(3, 30, 31, DAY + "08:00:00", "2130-05-03 09:00:00", "CCU"), stay(4, 40, 41, DAY + "08:00:00", "2130-05-12 08:00:00"),
        stay(5, 50, 51, DAY + "08:00:00", DAY + "22:00:00"), stay(6, 60, 61, DAY + "08:00:00", "2130-05-03 08:00:00", "NICU"),
    ],
    "CHARTEVENTS": [
        chart(HEART, "08:10:00", 80), chart(220045, "08:50:00", 90), chart(HEART, "09:59:59", 70), chart(HEART, "07:59:00", 10),
        chart(HEART, "10:30:00", 391), chart(HEART, "11:30:00", 360), chart(HEART, "12:30:00", 77, error="1"), chart(HEART, "08:20:00", 99, icustay=12),
        chart(TEMP_F, "08:30:00", 98.6, unit="Deg. F"), chart(TEMP_C, "09:30:00", 100.4), chart(TEMP_C, "10:30:00", 38, unit="Deg. C"),
        chart(SPO2, "08:30:00", 0.97), chart(FIO2, "08:30:00", 50), chart(POUNDS, "08:30:00", 200), chart(FIO2, "09:30:00", ""),
        chart(MODE, "12:10:00", "", text="Assist Control"), chart(MODE, "16:10:00", "", text="CPAP"), chart(467, "18:00:00", "", text="Nasal Cannula"),
        chart(MODE, "20:00:00", "", text="Other/Remarks"), chart(HEART, "08:00:00", 60, icustay=31),
    ],
    "LABEVENTS": [
        lab(CREATININE, DAY + "03:00:00", 1.2), lab(CREATININE, DAY + "01:59:00", 9.9), lab(CREATININE, DAY + "08:30:00", 1.4),
        lab(CREATININE, DAY + "09:30:00", 0), lab(CREATININE, DAY + "11:30:00", 0.05), lab(CREATININE, "2130-05-03 08:30:00", 7),
    ],
    "INPUTEVENTS_CV": [
        {"ICUSTAY_ID": 11, "ITEMID": NOREPINEPHRINE_CV, "CHARTTIME": DAY + t, "RATE": r, "STOPPED": s}
        for t, r, s in (("09:00:00", 0, ""), ("10:15:00", 0.1, ""), ("11:00:00", "", ""), ("13:45:00", 0, ""), ("15:00:00", 0.2, ""), ("16:00:00", "", "D/C'd"))
    ],
    "INPUTEVENTS_MV": [
        {"ICUSTAY_ID": 31, "ITEMID": NOREPINEPHRINE, "STARTTIME": DAY + a, "ENDTIME": DAY + b, "STATUSDESCRIPTION": s}
        for a, b, s in (("09:30:00", "10:10:00", "FinishedRunning"), ("12:00:00", "14:00:00", "Rewritten"), ("07:00:00", "08:30:00", "Stopped"))
    ],
    "PROCEDUREEVENTS_MV": [{"ICUSTAY_ID": 31, "ITEMID": 227194, "STARTTIME": DAY + "12:00:00"}],
}  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    """PhysioNet's files, every second one gzipped."""
    for i, (name, rows) in enumerate(TABLES.items()):
        text = pd.DataFrame(rows).reindex(columns=COLUMNS[name].split(",")).to_csv(index=False)
        if i % 2:
            (tmp_path / f"{name}.csv.gz").write_bytes(gzip.compress(text.encode()))
        else:
            (tmp_path / f"{name}.csv").write_text(text)
    return tmp_path


def test_the_cohort_is_mimic_extracts(folder, capsys):
    """First stays of first hospital stays, 15 or older, 12 hours to 10 days, no newborns; above 89 is 90."""
    frames = raw.load(folder, 100, 0)
    assert frames.statics.index.get_level_values("icustay_id").tolist() == [11, 31, 51]
    assert frames.privacy is Privacy.CREDENTIALED
    assert frames.statics["age"].round().tolist() == [50, 90, 60] and frames.statics["max_hours"].tolist() == [
        26,
        49,
        14,
    ]
    assert frames.statics[["mort_icu", "mort_hosp"]].to_numpy().tolist() == [[0, 0], [1, 1], [0, 1]]
    assert frames.statics["diagnosis_at_admission"].iloc[0] == 'SEPSIS, "SEVERE"'
    said = capsys.readouterr().out
    for reason in ("2 left out: ICUSTAYS: not the patient's first", "shorter than 12 hours", "under 15", "newborns", "1 left out: CHARTEVENTS: marked as an error"):  # fmt: skip
        assert reason in said, reason


def hour(frames, variable, n, icustay=11):
    rows = frames.hourly.xs((icustay, n), level=["icustay_id", "hours_in"])[variable]
    return rows.iloc[0].round(3).tolist()


def test_an_hour_is_counted_converted_limited_and_averaged(folder):
    frames = raw.load(folder, 100, 0)
    nan = [0.0, pytest.approx(np.nan, nan_ok=True), pytest.approx(np.nan, nan_ok=True)]
    one = lambda value: [1.0, pytest.approx(value, abs=1e-3), pytest.approx(np.nan, nan_ok=True)]
    assert hour(frames, "heart rate", 0) == [2.0, 85.0, pytest.approx(7.071, abs=1e-3)]
    assert hour(frames, "heart rate", 1) == one(70) and hour(frames, "heart rate", 0, 31) == one(60)
    assert hour(frames, "heart rate", 2) == nan, "an outlier is missing"
    assert hour(frames, "heart rate", 3) == one(350), "a value beyond the valid range is its end"
    assert hour(frames, "heart rate", 4) == nan, "an error is left out"
    assert [hour(frames, "temperature", i) for i in range(3)] == [one(37), one(38), one(38)]
    assert hour(frames, "oxygen saturation", 0) == one(97) and hour(frames, "fraction inspired oxygen", 0) == one(0.5)
    assert hour(frames, "weight", 0) == one(90.718)
    assert hour(frames, "creatinine", 0) == [2.0, pytest.approx(1.3), pytest.approx(0.141, abs=1e-3)], (
        "also from six hours before"
    )
    assert hour(frames, "creatinine", 1) == nan and hour(frames, "creatinine", 3) == one(0.1)
    assert len(frames.hourly) == 27 + 50 + 15 and set(frames.hourly.columns.get_level_values(0)) <= set(VARIABLES)


def test_interventions_go_from_their_first_to_their_last_sign(folder):
    on = raw.load(folder, 100, 0).interventions
    hours = lambda name, stay: on.xs(stay, level="icustay_id")[name].loc[lambda x: x == 1].index.get_level_values("hours_in").tolist()  # fmt: skip
    assert hours("vent", 11) == [4, 5, 6, 7, 8] and hours("vent", 31) == []
    assert hours("vaso", 11) == [2, 3, 4, 5, 7, 8] and hours("vaso", 31) == [1, 2]


@pytest.mark.parametrize(
    ("signs", "episodes"),
    [
        ("v0 v7", [(0, 7)]), ("v0 v9", []), ("v0 v2 v11 v12", [(0, 2), (11, 12)]), ("v0 v1 o2 v3 v4", [(0, 1), (3, 4)]),
        ("v0 x3 v4 v6", [(0, 3), (4, 6)]), ("o0 v1 o1 v3", [(1, 3)]), ("x0 o1", []), ("v0 x2 x3", [(0, 2)]),
    ],
)  # fmt: skip
def test_ventilation_ends_with_eight_silent_hours_oxygen_or_extubation(signs, episodes):
    names = {"v": "vent", "o": "oxygen", "x": "out"}
    start = pd.Timestamp(DAY)
    rows = [{"icustay_id": 1, "time": start + pd.Timedelta(hours=int(s[1:])), **{n: k == s[0] for k, n in names.items()}} for s in signs.split()]  # fmt: skip
    found = [
        tuple(int((t - start).total_seconds() // 3600) for t in i[1:])
        for i in interventions.ventilated(pd.DataFrame(rows))
    ]
    assert [e for e in found if e[0] < e[1]] == episodes


def test_chunks_of_any_size_give_the_same_frames(folder, monkeypatch):
    whole = raw.load(folder, 100, 0)
    monkeypatch.setattr(csvs, "CHUNK", 3)
    parts = raw.load(folder, 100, 0)
    pd.testing.assert_frame_equal(parts.hourly, whole.hourly)
    assert parts.interventions.equals(whole.interventions) and parts.statics.equals(whole.statics)


def test_a_word_among_numbers_costs_its_row_alone(folder, capsys):
    whole = raw.load(folder, 100, 0)
    lines = gzip.decompress((folder / "CHARTEVENTS.csv.gz").read_bytes()).decode().splitlines()
    lines.insert(3, ",1,10,11,heart,2130-05-01 08:10:00,,,500,500,,,,,")
    (folder / "CHARTEVENTS.csv.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    capsys.readouterr()
    assert raw.load(folder, 100, 0).hourly.equals(whole.hourly)
    assert "1 left out: CHARTEVENTS: ITEMID is no number" in capsys.readouterr().out


def test_sums_are_pandas_own_however_they_come():
    rng = np.random.default_rng(0)
    stays, codes, hours = rng.integers(0, 3, 400), rng.integers(0, 2, 400), rng.integers(0, 5, 400)
    values = np.where(rng.random(400) < 0.1, np.nan, 1e6 + rng.normal(size=400))
    sums = Sums()
    for part in np.array_split(np.arange(400), 7):
        sums.add(stays[part], codes[part], hours[part], values[part])
    statics = pd.DataFrame({"max_hours": 4}, index=pd.MultiIndex.from_tuples([(i, i, i) for i in range(3)], names=IDS))
    mine = sums.hourly(statics)
    theirs = pd.Series(values).groupby([stays, codes, hours]).agg(["count", "mean", "std"])
    for (stay_, code, hour_), row in theirs.iterrows():
        assert np.allclose(mine.loc[(stay_, stay_, stay_, hour_), VARIABLES[code]], row, rtol=1e-3, equal_nan=True)


def test_a_sample_is_drawn_and_what_is_missing_is_named(folder):
    assert len(raw.load(folder, 2, 0).statics) == 2
    (folder / "INPUTEVENTS_CV.csv.gz").unlink()
    with pytest.raises(UserError, match=r"INPUTEVENTS_CV.csv \(or .csv.gz\) is missing"):
        raw.load(folder, 2, 0)
    stays_ = pd.DataFrame(TABLES["ICUSTAYS"]).drop(columns="OUTTIME")
    stays_.to_csv(folder / "ICUSTAYS.csv", index=False)
    with pytest.raises(UserError, match="ICUSTAYS.csv: column OUTTIME is missing"):
        raw.load(folder, 2, 0)


def test_items_and_limits_are_whole():
    assert (
        not ITEMS["itemid"].duplicated().any()
        and len(VARIABLES) == 55
        and LIMITS.loc["heart rate"].tolist() == [0, 0, 350, 390]
    )
    codes = np.array([CODES["ph"], CODES["ph"], CODES["calcium"], CODES["glascow coma scale total"]])
    assert limited(codes, np.array([6.0, 9.0, -5.0, 2.0])).tolist() == pytest.approx(
        [np.nan, 8.4, -5.0, np.nan], nan_ok=True
    )
    height = np.array([CODES["height"]] * 2)
    assert converted(height, np.array([70.0, 178.0]), pd.Series(["inch", "cm"])).tolist() == pytest.approx(
        [177.8, 178.0]
    )


@pytest.mark.skipif(importlib.util.find_spec("tables") is not None, reason="PyTables is installed")
def test_without_pytables_the_file_is_refused_with_what_to_install(tmp_path):
    (tmp_path / "all_hourly_data.h5").write_bytes(b"\x89HDF")
    with pytest.raises(UserError, match=r"PyTables: pip install 'galen-rl\[mimic-extract\]'"):
        h5.load(tmp_path / "all_hourly_data.h5", 5, 0)


@pytest.mark.skipif(
    importlib.util.find_spec("tables") is None,
    reason="PyTables is not installed: pip install 'galen-rl[mimic-extract]'",
)
def test_mimic_extracts_own_file_is_read(tmp_path):
    made, file = generate(40, 0), tmp_path / "all_hourly_data.h5"
    statics = made.statics.assign(gender=made.statics["gender"].str.upper(), fullcode=1.0)
    hourly = made.hourly.set_axis(made.hourly.columns.set_names(["LEVEL2", "Aggregation Function"]), axis=1)
    hourly[("cardiac index", "mean")] = 2.0
    statics.to_hdf(file, key="patients", format="table")
    hourly.to_hdf(file, key="vitals_labs")
    made.interventions.assign(dopamine=0).to_hdf(file, key="interventions")
    frames = h5.load(file, 1000, 0)
    pd.testing.assert_frame_equal(frames.hourly, made.hourly, check_names=False, check_column_type=False)
    assert frames.interventions.equals(made.interventions) and frames.privacy is Privacy.CREDENTIALED
    assert (frames.statics["max_hours"] == made.statics["max_hours"]).all() and len(h5.load(file, 7, 0).statics) == 7
    made.interventions[["vent"]].to_hdf(file, key="interventions")
    with pytest.raises(UserError, match="interventions: column vaso is missing"):
        h5.load(file, 5, 0)


ROW = {
    "task_category": "classification",
    "model": "random forest",
    "performance": {"AUC": 0.85, "AUPRC": 0.5, "ACC": 0.9, "F1": 0.1},
}


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    """MedAgentGym's data folder: imputed hours of three splits, labels as its prompt describes them."""
    root = tmp_path_factory.mktemp("gym") / "mimic_extract"
    rng = np.random.default_rng(0)
    for name, hours in (("mortality_los", 24), ("vasopressor_ventilation", 40)):
        (root / name).mkdir(parents=True)
        for k, split in enumerate(("train", "val", "test")):
            subjects = 1000 * (k + 1) + np.arange(140)
            ill = rng.random(140)
            index = pd.MultiIndex.from_tuples(
                [(s, s + 10**5, s + 2 * 10**5, h) for s in subjects for h in range(hours)], names=[*IDS, "hours_in"]
            )
            mean = np.repeat(ill, hours) + 0.1 * rng.normal(size=len(index))
            columns = pd.MultiIndex.from_product(
                [["Lactate", "pH"], ["count", "mean", "std"]], names=["LEVEL2", "Aggregation Function"]
            )
            pd.DataFrame(
                np.stack([mean > 0, mean, mean * 0, mean > 9, 0 * mean + 7.4, mean * 0], axis=1), index, columns
            ).to_pickle(root / name / f"X_lab_{split}.pkl")
            if hours == 24:
                for task in ("mort_hosp", "los_3"):
                    frame = pd.DataFrame(
                        {
                            "subject_id": [f"tensor({s})" for s in subjects],
                            "hadm_id": subjects + 10**5,
                            task: ill > 0.6,
                            "label_type": "boolean",
                        }
                    )
                    frame.to_csv(root / name / f"{split}_{task}_labels.csv", index=False)
            else:
                rows = [
                    (s, i, 1 + int(4 * p), "categorical") for s, p in zip(subjects, ill, strict=True) for i in range(20)
                ]
                pd.DataFrame(rows, columns=["subject_id", "6_hour_window_id", "intervention_category", "label_type"]).to_csv(root / name / f"{split}_vasopressor_labels.csv", index=False)  # fmt: skip
    for file, tasks in (
        ("train_tasks.jsonl", ["mort_hosp"]),
        ("test_tasks.jsonl", ["los_3", "vasopressor"]),
    ):
        rows = [
            {
                "task_name": t,
                "task_description": "…",
                "feature_label_directory": "./vasopressor_ventilation" if t == "vasopressor" else "./mortality_los",
                **ROW,
            }
            for t in tasks
        ]
        (root / file).write_text("\n".join(map(json.dumps, rows)))
    return root  # fmt: skip


def test_medagentgyms_rows_become_tasks_on_their_own_stays(release, tmp_path):
    pairs = given(Sources(medagentgym=release.parent), tmp_path, lambda: tmp_path)["mimic_extract"]
    assert {(t.split, t.metadata["task_name"]) for t, _ in pairs} == {("train", "mort_hosp"), ("test", "los_3"), ("test", "vasopressor")}  # fmt: skip
    for task, gold in pairs:
        assert task.privacy is Privacy.CREDENTIALED and "interventions" not in str(task.metadata["files"])
        shown = pd.read_csv(
            tmp_path.parent / tmp_path.name / task.resources[0].path.removeprefix("resources/") / "train.csv"
        )
        side = 3000 if task.split == "test" else 2000  # the release's test patients are asked about in test tasks alone
        assert {row[0] // 1000 * 1000 for row in gold.answer} == {side} and set(shown["subject_id"] // 1000) == {1}
        params = task.oracle.params
        if len(params["keys"]) == 2:
            rows = [",".join(map(str, (*row[:-1], *(int(row[-1] == c) for c in range(4))))) for row in gold.answer]
            first = pd.DataFrame(gold.answer).groupby(0)[1]
            assert (first.max() - first.min() <= 6).all(), "no window shows what another one asks"
        else:
            rows = [",".join(map(str, row)) for row in gold.answer]
        assert (
            judge(task.oracle, "\n".join((",".join((*params["keys"], *params["columns"])), *rows)), gold.answer).reward
            == 1.0
        )


def test_medagentgyms_damaged_files_are_named(release, tmp_path):
    with pytest.raises(UserError, match=r"test_tasks.jsonl: row 1: task_name 'sepsis' is none of mort_icu"):
        (tmp_path / "test_tasks.jsonl").write_text(
            json.dumps({"task_name": "sepsis", "feature_label_directory": "./x"})
        )
        published.read(tmp_path, tmp_path)
    (tmp_path / "test_tasks.jsonl").write_text(json.dumps({"task_name": "los_3", "feature_label_directory": "./x"}))
    with pytest.raises(UserError, match=r"x/X_lab_train.pkl: no such file"):
        published.read(tmp_path, tmp_path)
    (tmp_path / "x").mkdir()
    for name in ("X_lab_train.pkl", "X_lab_test.pkl"):
        (tmp_path / "x" / name).write_bytes((release / "mortality_los" / name).read_bytes())
    (tmp_path / "x" / "train_los_3_labels.csv").write_text("subject_id,hadm_id,los_3\n1000,1,maybe\n")
    with pytest.raises(UserError, match=r"train_los_3_labels.csv: row 2: los_3 'maybe' is none that it can have"):
        published.read(tmp_path, tmp_path)
    (tmp_path / "x" / "train_los_3_labels.csv").write_text("subject_id,hadm_id,los\n1000,1,True\n")
    with pytest.raises(UserError, match=r"train_los_3_labels.csv: column los_3 is missing"):
        published.read(tmp_path, tmp_path)


class Harm:
    def __reduce__(self):
        return eval, ("1 + 1",)


def test_a_pickle_that_does_anything_but_hold_a_frame_is_refused(tmp_path):
    for content, said in (
        (Harm(), "calls builtins.eval"),
        ([1], "holds list"),
        (pd.Series([1]), "no part of a data frame"),
    ):
        (tmp_path / "x.pkl").write_bytes(pickle.dumps(content))
        with pytest.raises(UserError, match=said):
            pickles.read(tmp_path / "x.pkl")
    (tmp_path / "x.pkl").write_bytes(b"\x80\x04junk")
    with pytest.raises(UserError, match="no pickled data frame"):
        pickles.read(tmp_path / "x.pkl")
    frame = pd.DataFrame({"a": [1.5, None], "b": ["x", "y"], "t": pd.to_datetime(["2130-01-01", "2130-01-02"])})
    for protocol in (2, 4, 5):
        frame.to_pickle(tmp_path / "x.pkl", protocol=protocol)
        pd.testing.assert_frame_equal(pickles.read(tmp_path / "x.pkl"), frame)
    assert set(STATICS) <= set(generate(30, 0).statics.columns)
