"""EHRSHOT as a family: no test label in sight, references that pass, and each defect of the released grader."""

import random
from functools import partial

import numpy as np
import pandas as pd
import pytest

from data_prep.build import build
from data_prep.ehrshot.build import FIRST_IDS
from data_prep.ehrshot.cohort import Cohort, divided, stream
from data_prep.ehrshot.definitions import TASKS
from data_prep.ehrshot.encoder import WIDTH, embed
from data_prep.ehrshot.generate import generate
from data_prep.ehrshot.labels import Labelled
from data_prep.settings import DataSettings, EhrshotSize
from data_prep.sources.counts import Counts
from galen.agent.loop import Setting, run_episode
from galen.oracles import judge
from galen.oracles.paper import accuracy, paper_oracle
from galen.proofs.cheats import CheatPolicy
from galen.proofs.reference import References
from galen.tasks.base import family
from galen.tasks.ehrshot import PLACE
from galen.tasks.store import GoldStore, read_tasks
from galen.types import OracleSpec

KEYS = ["patient_id", "prediction_time"]
SIZE = EhrshotSize(train=0, valid=0, test=3, patients=400)


@pytest.fixture(scope="module")
def gym(tmp_path_factory):
    out = tmp_path_factory.mktemp("ehrshot") / "data"
    build(out, 0, DataSettings(ehrshot=SIZE))
    return out


@pytest.fixture(scope="module")
def pairs(gym):
    store = GoldStore(gym)
    return [(task, store.get(task)) for task in read_tasks(gym, "ehrshot", "test")]


def files(gym, task):
    """The task's CSVs by the name of their folder's place and their own."""
    return {(r.mount, p.stem): pd.read_csv(p) for r in task.resources for p in (gym / r.path).glob("*.csv")}


def cohort(folder, seed=0, patients=120):
    cdm = generate(patients, random.Random(f"ehrshot/{seed}/test"), 1)
    sides = divided(cdm.person.person_id, (0.5, 0.15), stream(seed, "test"))
    return Cohort("test", folder, seed, sides, Labelled(cdm, Counts()), cdm, partial(embed, cdm))


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path):
    written = []
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        made = cohort(tmp_path / name, seed)
        samples = [made.sample(TASKS["guo_icu"], kind, None, 0, kind) for kind in made.features]
        files = sorted((tmp_path / name).rglob("*.*"))
        written.append(
            ([s.gold for s in samples], {str(f.relative_to(tmp_path / name)): f.read_bytes() for f in files})
        )
    assert written[0] == written[1] and len(written[0][1]) > 15
    assert not set(written[0][1].values()) & set(written[2][1].values()) - {cohort_names(tmp_path)}


def cohort_names(tmp_path):
    """The concepts' names, which are the same everywhere."""
    return next((tmp_path / "a").rglob("concept.csv")).read_bytes()


def test_tasks_differ_and_ask_for_the_rows_of_test_csv_with_their_form(gym, pairs):
    assert len({(t.category, t.metadata["features"], t.metadata["k"]) for t, _ in pairs}) == len(pairs)
    assert {t.metadata["features"] for t, _ in pairs} == {"records", "embeddings"}
    for task, gold in pairs:
        test = next(frame for (_, name), frame in files(gym, task).items() if name == "test")
        assert test.columns.tolist() == KEYS == list(task.oracle.params["keys"])
        assert test.astype(str).to_numpy().tolist() == [[str(cell) for cell in row[:-1]] for row in gold.answer]
        for text in (task.prompt.contract, family("ehrshot").pose(task, "compact")[-1].content):
            assert ",".join([*KEYS, *task.oracle.params["columns"]]) in text
        said = family("ehrshot").pose(task, "full")[-1].content
        assert all(f"{task.oracle.params[name]:.2f}" in said for name in ("baseline", "threshold"))
        assert all(r.mount in said for r in task.resources)


def test_no_test_label_is_in_sight(gym, pairs):
    """The released prompt named the file of the test labels. Here no file, prompt or record after the prediction has one."""
    for task, _ in pairs:
        found = files(gym, task)
        test = next(frame for (_, name), frame in found.items() if name == "test").set_index("patient_id")
        now = pd.to_datetime(test.prediction_time).groupby("patient_id").max()
        for (place, name), frame in found.items():
            who = frame.get("person_id", frame.get("patient_id"))
            if name in ("train", "valid"):
                assert not set(who) & set(now.index)
            if name == "test" or who is None:
                continue
            until = who.map(now)
            assert until.isna().all() or until.notna().all(), (place, name)
            for column in frame.columns[frame.columns.str.endswith("_datetime")]:
                late = pd.to_datetime(frame[column]) > until
                assert not late.any(), (task.id, name, column)
        for message in family("ehrshot").pose(task, "full"):
            assert (
                "label" not in message.content.replace("labelled", "").replace("labels", "")
                and "test_labels" not in message.content
            )


@pytest.mark.slow
def test_references_pass_in_the_sandbox_and_a_model_of_nothing_does_not(gym, pairs, backend):
    for (task, gold), computed in zip(pairs, References(gym, backend).compute(pairs), strict=True):
        assert not computed.error
        verdict = judge(task.oracle, computed.text, gold.answer)
        assert verdict.passed and verdict.reward > 0
        table = pd.read_csv(pd.io.common.StringIO(computed.text))
        table.iloc[:, 2:] = table.iloc[:, 2:].sample(frac=1, random_state=0).to_numpy()
        assert not judge(task.oracle, table.to_csv(index=False), gold.answer).passed


def test_an_episode_hands_in_the_file_that_its_program_wrote(gym, pairs, template, backend):
    task, gold = next(pair for pair in pairs if pair[0].metadata["features"] == "embeddings")
    code = gold.solution.replace("print(predict(", "predict(").replace(
        ".to_csv(index=False))", ".to_csv('predictions.csv', index=False)"
    )
    policy = CheatPolicy(
        "writes a file", (f"```python\n{code}\n```", "```submit\n@file predictions.csv\n```"), {task.id: {}}, template
    )
    setting = Setting(gym, template, backend, "full", 1_000_000, 1_000_000, 0.0)
    episode = run_episode(
        task, policy, setting, seed=0, key="0", grade=lambda t, text: judge(t.oracle, text, gold.answer)
    )
    assert judge(task.oracle, episode.submission, gold.answer).passed


def test_a_stay_that_goes_on_has_no_end_yet(tmp_path):
    sample = cohort(tmp_path).sample(TASKS["guo_los"], "records", None, 0, "one")
    stays = pd.read_csv(list(sample.mounts.values())[-1] / "visit_occurrence.csv")
    assert stays.visit_end_datetime.isna().sum() == len(sample.gold) == 42


def test_patients_of_the_gyms_splits_are_others():
    starts = sorted(FIRST_IDS.values())
    assert min(b - a for a, b in zip(starts, starts[1:], strict=False)) > 7 * 400_000


def column(values):
    """A printed table of the released form."""
    return "patient_id,prediction\n" + "\n".join(f"{i},{v}" for i, v in enumerate(values))


GOLD = [[i, f"2101-01-01 00:00:{i:02d}", int(i % 10 == 0)] for i in range(40)]
FORM = {"keys": KEYS, "columns": ["probability"], "labels": "binary", "baseline": 0.6, "threshold": 0.7}


def ours(rows):
    text = "patient_id,prediction_time,probability\n" + "\n".join(",".join(map(str, row)) for row in rows)
    return judge(OracleSpec(kind="predictions", params=FORM), text, GOLD)


def test_one_right_row_is_a_perfect_score_by_the_released_rule_only():
    assert accuracy("3,0", GOLD) == 1.0 and paper_oracle("ehrshot", ["3,0"], GOLD).passed
    assert ours([[*GOLD[3][:2], 0]]).reward == 0.0


def test_nobody_has_it_is_accurate_by_the_released_rule_only():
    assert accuracy(column([0] * 40), GOLD) == 0.9
    assert ours([[*row[:2], 0] for row in GOLD]).reward == 0.0


def test_the_labels_of_one_patient_collapse_by_the_released_rule_only():
    twice = [[1, "2101-01-01 00:00:00", 1], [1, "2101-02-01 00:00:00", 0]]
    assert accuracy("1,0\n1,0", twice) == 1.0
    text = "patient_id,prediction_time,probability\n" + "\n".join(f"{i},{t},0" for i, t, _ in twice)
    assert judge(OracleSpec(kind="predictions", params=FORM), text, twice).reward == 0.0


def test_any_table_ends_an_episode_as_a_success_by_the_released_rule_only():
    wrong = column([1] * 40)
    assert accuracy(wrong, GOLD) == pytest.approx(0.1) and paper_oracle("ehrshot", [wrong], GOLD).passed
    assert not ours([[*row[:2], 1 - row[-1]] for row in GOLD]).passed
    assert ours([[*row[:2], row[-1]] for row in GOLD]).passed
    assert not paper_oracle("ehrshot", ["no table"], GOLD).passed


def test_an_earlier_episodes_file_is_not_there(gym, pairs, template, backend):
    """A stale file scored for `print(1)` in the release."""
    task, gold = pairs[0]
    setting = Setting(gym, template, backend, "full", 1_000_000, 1_000_000, 0.0)
    left = (f"```python\nopen('predictions.csv', 'w').write({gold.solution!r})\n```", "```submit\n1\n```")
    for replies, submitted in (
        (left, "1"),
        (("```python\nprint(1)\n```", "```submit\n@file predictions.csv\n```"), None),
    ):
        policy = CheatPolicy("plants", replies, {task.id: {}}, template)
        episode = run_episode(
            task, policy, setting, seed=0, key="0", grade=lambda t, text: judge(t.oracle, text, gold.answer)
        )
        assert episode.submission == submitted


def test_embeddings_have_a_row_for_each_key(gym, pairs):
    task = next(t for t, _ in pairs if t.metadata["features"] == "embeddings")
    folder = gym / task.resources[0].path
    for name, n in task.metadata["rows"].items():
        matrix = np.load(folder / f"{name}.npy", allow_pickle=False)
        assert matrix.shape == (n, WIDTH) and matrix.dtype == np.float16 and np.isfinite(matrix).all()


def test_references_of_several_tasks_share_a_sandbox_unless_a_place_would_show_two_files(gym, pairs, backend):
    (one, gold), (two, _), *_ = pairs
    moved = two.resources[0].model_copy(update={"mount": one.resources[0].mount})
    asks = []
    for i, (task, resource) in enumerate(((one, one.resources[0]), (two, two.resources[0]), (two, moved))):
        code = f"import os\nprint(len(open('{resource.mount}/test.csv').readlines()) - 1, len(os.listdir('{PLACE}')))"
        made = task.model_copy(update={"id": f"{i}", "resources": (resource,)})
        asks.append((made, gold.model_copy(update={"solution": code})))
    rows = [task.metadata["rows"]["test"] for task in (one, two, two)]
    said = [computed.text.split() for computed in References(gym, backend).compute(asks)]
    assert said == [[f"{rows[0]}", "2"], [f"{rows[1]}", "2"], [f"{rows[2]}", "1"]]
