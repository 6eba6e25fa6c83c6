"""BioDSBench's and MedAgentGym's own rows, written here with their fields over small tables in cBioPortal's form."""

import json
import tarfile

import pytest

from data_prep.biodsbench import published
from data_prep.build import build
from data_prep.given import Sources
from data_prep.settings import DataSettings
from galen.errors import UserError
from galen.oracles import judge
from galen.oracles.grader import Grader
from galen.proofs.reference import References
from galen.tasks import biodsbench as family
from galen.tasks.store import GoldStore, read_tasks

HEAD = "#Patient\tAge\tStatus\n#Patient\tAge\tStatus\n#STRING\tNUMBER\tSTRING\n#1\t1\t1\n"
PATIENTS = "PATIENT_ID\tAGE\tOS_STATUS\nP1\t61\t1:DECEASED\nP2\t48\t0:LIVING\nP3\t70\t1:DECEASED\n"
READ = 'patients = pd.read_csv("/workdir/data_clinical_patient.csv")\n'
ROWS = [
    # (question, earlier code, reference, tests)
    ("What is the mean age? Save it as `mean_age`.", "", f"import pandas as pd\n{READ}mean_age = patients['AGE'].mean()", "assert abs(mean_age - 59.666666666666664) <= 1e-8"),
    ("Count the dead with `patients`. Save the number as `dead`.", f"import pandas as pd\n{READ}", "dead = patients['OS_STATUS'].str.startswith('1').sum()", "assert dead == 2"),
    ("Make the table `by_status` of patients by status.", "", "patients = pd.read_csv(os.path.join('/workdir', 'data_clinical_patient.txt'), sep='\\t', comment='#')\nby_status = patients.groupby('OS_STATUS').size().reset_index(name='n')",
     "assert by_status.shape == (2, 2), 'two states'\nassert set(by_status['OS_STATUS']) == {'0:LIVING', '1:DECEASED'}\nassert by_status['n'].sum() == 3"),
    ("Draw the ages.", "", f"{READ}import matplotlib.pyplot as plt\nfig, ax = plt.subplots()", "assert fig is not None"),
    ("Save a picture.", "", f"{READ}x = 1", "import os\nassert os.path.exists('/workdir/plot.png')"),
    ("The oldest as `oldest`.", "", f"{READ}oldest = patients['AGE'].max()", "assert oldest == 71"),
    ("The youngest as `youngest`.", "", "youngest = frame['AGE'].min()", "assert youngest == 48"),
    ("Nothing.", "", READ, "assert True"),
]  # fmt: skip


def _row(i, row, *, gym):
    question, earlier, reference, tests = row
    held = {
        "queries": question,
        "reference_answer": reference,
        "test_cases": tests,
        "study_ids": "25303977" if i % 2 else "28985567",
        "question_ids": str(i),
        "cot_instructions": "1. secret steps",
    }
    if gym:
        return held | {
            "chat_histories": "[]",
            "dataframes": "A Dataframe stored in `/workdir/…`",
            "reference_codes": "[]",
            "code_histories": repr([earlier]) if earlier else "[]",
        }
    return held | {
        "code_histories": earlier,
        "tables": '["data_clinical_patient.csv"]',
        "analysis_types": "['Descriptive Statistics']",
        "unique_question_ids": f"x_{i}",
    }


def _tables(folder):
    for study in ("25303977", "28985567"):
        home = folder / study
        home.mkdir(parents=True)
        (home / "data_clinical_patient.txt").write_text(HEAD + PATIENTS)


@pytest.fixture(scope="module")
def gym(tmp_path_factory):
    folder = tmp_path_factory.mktemp("medagentgym")
    (folder / "biodsbench").mkdir()
    _tables(folder / "biodsbench" / "data")
    for split, rows in (("train", ROWS[1:3]), ("test", ROWS)):
        text = "\n".join(json.dumps(_row(i, row, gym=True)) for i, row in enumerate(rows))
        (folder / "biodsbench" / f"{split}_tasks.jsonl").write_text(text)
    out = folder / "made"
    build(out, 0, DataSettings(patients=20), Sources(medagentgym=folder))
    return out


def test_medagentgyms_rows_become_tasks_with_their_asserts_as_gold(gym, backend):
    tasks = read_tasks(gym, "biodsbench", "test")
    assert [t.id for t in tasks] == [
        f"biodsbench/test-medagentgym/{s}_{i}" for i, s in enumerate(("28985567", "25303977", "28985567"))
    ]
    store = GoldStore(gym)
    pairs = [(t, store.get(t)) for t in tasks]
    for (task, gold), one in zip(pairs, References(gym, backend).compute(pairs), strict=True):
        assert judge(task.oracle, one.text, gold.answer).passed and task.privacy == "open_deid"
        user = family.pose(task, "full")[1].content
        assert "assert" not in user and "secret" not in user and "/workdir" not in user + gold.solution
        assert f"/data/{task.metadata['study']}" in user
    assert "Earlier code:" in family.pose(tasks[1], "compact")[1].content
    grader = Grader(gym)
    assert grader.grade(tasks[0], '{"mean_age":59.66666}').passed
    assert (
        not grader.grade(tasks[0], '{"mean_age":59.6}').passed
        and not grader.grade(tasks[0], '{"mean_age":true}').passed
    )
    assert not grader.grade(
        tasks[2], '{"by_status":{"frame":{"columns":["OS_STATUS","n"],"data":[["0:LIVING",1]],"index":null}}}'
    ).passed
    grader.close()


def test_rows_that_cannot_be_judged_on_data_are_refused_and_counted(tmp_path, capsys):
    _tables(tmp_path / "data_files")
    rows = [_row(i, row, gym=False) for i, row in enumerate(ROWS)]
    rows.append(dict(rows[0], study_ids="99999999"))
    (tmp_path / published.TASKS).write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "out" / "resources").mkdir(parents=True)
    pairs, account = published.read_release(tmp_path, tmp_path / "out" / "resources")
    assert [t.metadata["study"] for t, _ in pairs] == ["28985567", "25303977", "28985567"] and account.used == 3
    assert {t.split for t, _ in pairs if t.metadata["study"] == "25303977"} == {"train"} and {
        t.category for t, _ in pairs
    } == {"Descriptive Statistics"}
    assert account.reasons == {
        "its tests import os": ["row 5"], "its tests name no variable": ["row 8"], "no folder 99999999 with its tables": ["row 9"],
        "its reference fails: TypeError: Figure cannot be handed in": ["row 4"], "its reference fails: NameError: name 'frame' is not defined": ["row 7"],
        "its reference does not hold its own tests": ["row 6"],
    }  # fmt: skip
    assert "3 used, 6 refused" in capsys.readouterr().out


def test_the_release_is_read_as_it_is_packed(tmp_path):
    """data_files/raw_patient_data_for_python_tasks.tar.gz holds datasets/<study>/data/<table>.txt."""
    home = tmp_path / "release"
    (home / "data_files").mkdir(parents=True)
    path = home / "data_files" / "raw_patient_data_for_python_tasks.tar.gz"
    for study in ("25303977", "28985567"):
        study_home = tmp_path / "loose" / "datasets" / study / "data"
        study_home.mkdir(parents=True)
        (study_home / "data_clinical_patient.txt").write_text(HEAD + PATIENTS)
        (study_home / "._data_clinical_patient.txt").write_bytes(b"\x00\x05\x16\x07")
    with tarfile.open(path, "w:gz") as archive:
        archive.add(tmp_path / "loose" / "datasets", "datasets")
    (home / published.TASKS).write_text(
        "\n".join(json.dumps(_row(i, row, gym=False)) for i, row in enumerate(ROWS[:2]))
    )
    pairs, account = published.read_release(home, tmp_path / "resources")
    assert account.used == 2 and {t.metadata["study"] for t, _ in pairs} == {"25303977", "28985567"}
    assert "._" not in pairs[0][0].prompt.documents[0]
    path.write_bytes(path.read_bytes()[:90])
    with pytest.raises(UserError, match=r"python_tasks.tar.gz: no readable archive"):
        published.read_release(home, tmp_path / "resources")


def test_text_tables_are_also_there_as_csv(gym):
    folder = gym / "resources" / "biodsbench" / "25303977"
    assert (folder / "data_clinical_patient.txt").read_text().startswith("#Patient")
    assert (folder / "data_clinical_patient.csv").read_text().splitlines()[:2] == [
        "PATIENT_ID,AGE,OS_STATUS",
        "P1,61,1:DECEASED",
    ]


@pytest.mark.parametrize(
    ("field", "value"), [("queries", ""), ("test_cases", 3), ("reference_answer", None), ("study_ids", "")]
)
def test_a_row_without_a_field_is_named(tmp_path, field, value):
    _tables(tmp_path / "data_files")
    (tmp_path / published.TASKS).write_text(json.dumps(dict(_row(0, ROWS[0], gym=False), **{field: value})))
    with pytest.raises(UserError, match=f"row 1: field '{field}'"):
        published.read_release(tmp_path, tmp_path / "resources")


def test_a_folder_without_usable_rows_is_an_error(tmp_path):
    _tables(tmp_path / "data_files")
    (tmp_path / published.TASKS).write_text(json.dumps(_row(7, ROWS[7], gym=False)))
    with pytest.raises(UserError, match="no row is usable"):
        published.read_release(tmp_path, tmp_path / "resources")
    with pytest.raises(UserError, match="no such file"):
        published.read_release(tmp_path / "data_files", tmp_path / "resources")
