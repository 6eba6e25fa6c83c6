"""EHRSHOT's own files, MedAgentGym's copy of them and an OMOP zip, in their published layouts."""

import csv
import json
import pickle
import random
import zipfile
from dataclasses import fields

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix

from data_prep.build import build
from data_prep.ehrshot import omop
from data_prep.ehrshot.definitions import TASKS
from data_prep.ehrshot.generate import generate
from data_prep.ehrshot.labels import Labelled
from data_prep.ehrshot.pickles import Embeddings, read
from data_prep.ehrshot.release import _value, read_medagentgym, read_omop, read_release
from data_prep.given import Sources
from data_prep.settings import DataSettings
from data_prep.sources.counts import Counts
from galen.errors import UserError
from galen.types import Privacy

DONE = ("guo_los", "lab_anemia", "chexpert")
ONE = {"train": 1, "valid": 1, "test": 1}


@pytest.fixture(scope="module")
def cdm():
    return generate(700, random.Random(5), 1)


@pytest.fixture(scope="module")
def labels(cdm):
    """As the release has them; embeddings from which a label can be read."""
    labelled = Labelled(cdm, Counts())
    return {name: labelled(TASKS[name]) for name in DONE}


def frame_of(found, name):
    values = found.value.map(lambda bits: int(bits, 2)) if name == "chexpert" else found.value
    kind = "boolean" if TASKS[name].labels == "binary" else "categorical"
    return pd.DataFrame(
        {
            "patient_id": found.patient_id,
            "prediction_time": found.prediction_time.dt.strftime("%Y-%m-%dT%H:%M:%S"),
            "value": values,
            "label_type": kind,
        }
    )


def pickled(path, frames, *, sparse=False):
    keys = pd.concat(frames).drop_duplicates(["patient_id", "prediction_time"])
    signal = keys.value.map(lambda v: [float(b) for b in v] if isinstance(v, str) else [float(v)] * 14).tolist()
    matrix = np.array(signal) + 0.5 * np.random.default_rng(0).standard_normal((len(keys), 14))
    held = {
        "data_matrix": csr_matrix(matrix) if sparse else matrix.astype(np.float16),
        "patient_ids": keys.patient_id.to_numpy(),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(held | {"labeling_time": [t.to_pydatetime() for t in keys.prediction_time]}))


def side(patient):
    return ("train", "train", "val", "test")[patient // 7 % 4]


@pytest.fixture
def release(tmp_path, labels):
    root = tmp_path / "EHRSHOT_ASSETS"
    for name in TASKS:
        folder = root / "benchmark" / name
        folder.mkdir(parents=True)
        found = labels.get(name, labels["guo_los"].head(0))
        frame_of(found, name).to_csv(folder / "labeled_patients.csv", index=False)
    patients = sorted({p for found in labels.values() for p in found.patient_id})
    (root / "splits").mkdir()
    pd.DataFrame({"split": [side(p) for p in patients], "omop_person_id": patients}).to_csv(
        root / "splits" / "person_id_map.csv", index=False
    )
    pickled(root / "features" / "clmbr_features.pkl", [labels["guo_los"]])
    return root


def test_the_release_gives_tasks_whose_test_patients_are_its_own(release, labels, tmp_path, capsys):
    pairs = read_release(release, tmp_path, ONE)
    assert {task.split for task, _ in pairs} == {"train", "valid", "test"}
    assert {task.category for task, _ in pairs} == {"guo_los"} and all(
        t.privacy is Privacy.CREDENTIALED for t, _ in pairs
    )
    for task, gold in pairs:
        asked = {side(row[0]) for row in gold.answer}
        assert asked == {{"train": "train", "valid": "val", "test": "test"}[task.split]}
        truth = {(p, str(t)): int(v) for p, t, v in labels["guo_los"].itertuples(index=False)}
        assert all(truth[row[0], row[1]] == row[2] for row in gold.answer)
    said = capsys.readouterr().out
    assert "guo_los 2" in said.replace(f"guo_los {len(labels['guo_los'])}", "guo_los 2")
    assert f"{len(labels['lab_anemia'])} left out: lab_anemia: a label without an embedding" in said


def test_medagentgyms_rows_and_files(labels, tmp_path):
    root = tmp_path / "gym" / "ehrshot"
    root.mkdir(parents=True)
    rows = [{"task_id": i, "task_name": name, "task_description": "Predict …"} for i, name in enumerate(DONE[:2])]
    (root / "task.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for name in DONE[:2]:
        for part in ("train", "val", "test"):
            found = labels[name][labels[name].patient_id.map(side) == part]
            (root / name).mkdir(exist_ok=True)
            frame_of(found, name)[["patient_id", "value", "label_type", "prediction_time"]].to_csv(
                root / name / f"{part}_labels.csv", index=False
            )
            pickled(root / name / f"clmbr_{part}.pkl", [found], sparse=True)
    build(tmp_path / "out", 0, DataSettings(), Sources(medagentgym=tmp_path / "gym"))
    counts = json.loads((tmp_path / "out" / "dataset.json").read_text())["counts"]
    assert counts["ehrshot/test"] == 2
    (root / "task.jsonl").write_text(json.dumps(rows[0] | {"task_name": "guo_lso"}))
    with pytest.raises(UserError, match="row 1: task_name 'guo_lso' is none of guo_los"):
        read_medagentgym(root, tmp_path)


def test_an_omop_zip_gives_the_labels_of_its_tables(tmp_path):
    cdm = generate(120, random.Random(6), 1)
    with zipfile.ZipFile(tmp_path / "cdm.zip", "w") as archive:
        for field in fields(cdm):
            table = getattr(cdm, field.name)
            days = {c.replace("datetime", "date"): table[c].dt.date for c in table.columns if c.endswith("_datetime")}
            archive.writestr(f"{field.name.upper()}.csv", table.assign(**days).to_csv(index=False))
    again, counts = omop.read(tmp_path / "cdm.zip")
    assert counts.left_out == {}
    for task in TASKS.values():
        ours, theirs = Labelled(cdm, Counts())(task), Labelled(again, Counts())(task)
        assert ours.astype(str).equals(theirs.astype(str)), task.name
    few, counts = omop.read(tmp_path / "cdm.zip", 10)
    assert few.person.person_id.nunique() == few.visit_occurrence.person_id.nunique() == 10 and counts.left_out


def test_athenas_vocabulary_is_read_with_its_tabs(tmp_path):
    """CONCEPT.csv and CONCEPT_ANCESTOR.csv as Athena has them: tab-separated, a quote is a letter, names hold commas."""
    cdm = generate(40, random.Random(6), 1)
    named = cdm.concept.assign(concept_name=['5" needle, sterile', *cdm.concept.concept_name.tolist()[1:]])
    with zipfile.ZipFile(tmp_path / "cdm.zip", "w") as archive:
        for field in fields(cdm):
            table = named if field.name == "concept" else getattr(cdm, field.name)
            days = {c.replace("datetime", "date"): table[c].dt.date for c in table.columns if c.endswith("_datetime")}
            form = {"sep": "\t", "quoting": csv.QUOTE_NONE} if field.name.startswith("concept") else {}
            archive.writestr(f"{field.name.upper()}.csv", table.assign(**days).to_csv(index=False, **form))
    again, counts = omop.read(tmp_path / "cdm.zip")
    assert counts.left_out == {} and again.concept.concept_name.tolist() == named.concept_name.tolist()
    assert len(again.concept_ancestor) == len(cdm.concept_ancestor)


@pytest.mark.slow
def test_an_omop_database_gives_tasks_on_records(cdm, tmp_path):
    folder = tmp_path / "cdm"
    folder.mkdir()
    for field in fields(cdm):
        table = getattr(cdm, field.name)
        days = {c.replace("datetime", "date"): table[c].dt.date for c in table.columns if c.endswith("_datetime")}
        table.assign(**days).to_csv(folder / f"{field.name}.csv", index=False)
    pairs = read_omop(folder, tmp_path, ONE)
    assert pairs and {task.metadata["features"] for task, _ in pairs} == {"records"}


class Boom:
    def __reduce__(self):
        return exec, ("raise SystemExit('it ran')",)


@pytest.mark.parametrize(
    ("held", "told"),
    [
        ({"data_matrix": Boom()}, "it calls builtins.exec"), ([1], "a dict with data_matrix"),
        ({"data_matrix": np.zeros((2, 3)), "patient_ids": [1], "labeling_time": [pd.Timestamp(0).to_pydatetime()]}, "there are 1 rows"),
        ({"data_matrix": np.zeros((1, 3)), "patient_ids": ["x"], "labeling_time": [pd.Timestamp(0).to_pydatetime()]}, "holds something else"),
        (random.Random(0), "it calls random.Random"),
    ],
)  # fmt: skip
def test_a_pickle_is_read_and_never_run(held, told, tmp_path):
    path = tmp_path / "clmbr_features.pkl"
    path.write_bytes(pickle.dumps(held))
    with pytest.raises(UserError, match=told):
        read(path)
    path.write_bytes(b"\x80\x05no")
    with pytest.raises(UserError, match="no feature pickle"):
        Embeddings(path)


def test_labels_are_read_as_the_release_writes_them():
    los, anemia, chest = (TASKS[name] for name in DONE)
    assert [_value(text, los) for text in ("True", "False", "1", "maybe")] == [1, 0, 1, None]
    assert [_value(text, anemia) for text in ("0", "3", "3.0", "4", "severe")] == [0, 3, 3, None, None]
    assert [_value(text, chest) for text in ("8192", "1", "16384")] == ["1" + 13 * "0", 13 * "0" + "1", None]


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda root: (root / "splits" / "person_id_map.csv").unlink(), "person_id_map.csv: no such file"),
        (lambda root: (root / "splits" / "person_id_map.csv").write_text("omop_person_id\n1\n"), "column split is missing"),
        (lambda root: (root / "splits" / "person_id_map.csv").write_text("omop_person_id,split\n1,dev\n"), "split 'dev' is none of"),
        (lambda root: (root / "benchmark" / "guo_icu" / "labeled_patients.csv").write_text("patient_id,prediction_time,value\n1,2101-01-01,7\n"), "row 2: value '7' is no label of guo_icu"),
        (lambda root: (root / "benchmark" / "guo_icu" / "labeled_patients.csv").write_text("patient_id,prediction_time,value\nx,2101-01-01,True\n"), "patient_id is a whole number"),
        (lambda root: (root / "benchmark").rename(root / "other"), "neither benchmark/ nor labels/"),
    ],
)  # fmt: skip
def test_a_spoilt_release_is_told_by_file_and_field(spoil, told, release, tmp_path):
    spoil(release)
    with pytest.raises(UserError, match=told):
        read_release(release, tmp_path)
