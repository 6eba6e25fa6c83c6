"""MIMIC-Extract as a family: frames that fit their hospital, a signal in them, instances without a test label in sight."""

import sqlite3
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from data_prep.hospital.generate import generate as hospital
from data_prep.mimic_extract import cases, phrases
from data_prep.mimic_extract import windows as w
from data_prep.mimic_extract.bedside import SIGNS
from data_prep.mimic_extract.build import build, chance, pair, scored
from data_prep.mimic_extract.cases import OBSERVED, OBSERVED_UNSEEN, TASKS, Case, Spec
from data_prep.mimic_extract.courses import course
from data_prep.mimic_extract.frames import IDS, STATICS, Frames, hour_index
from data_prep.mimic_extract.generate import frames_of, generate
from data_prep.mimic_extract.programs import baselines
from data_prep.mimic_extract.stays import of_hospital
from data_prep.mimic_extract.variables import LIMITS
from data_prep.mimic_iii.view import write_sqlite
from galen.errors import UserError
from galen.oracles import judge
from galen.oracles.paper import paper_oracle
from galen.proofs.cheats import facts, fill, read_cheats
from galen.sandbox.base import Mount, SandboxSpec
from galen.tasks.base import family
from galen.types import Privacy

ASKED = ("los_3", "vasopressor")


@pytest.fixture(scope="module")
def people():
    return hospital(1400, 0)


@pytest.fixture(scope="module")
def frames(people):
    return frames_of(people, 0)


@pytest.fixture(scope="module")
def made(frames, tmp_path_factory):
    """An instance of an outcome and one of what is done next: their folder, case and (task, gold)."""
    out = tmp_path_factory.mktemp("frames")
    found = {}
    for task in ASKED:
        spec = Spec(
            task, "all adults", *((6, 6) if task in w.NEXT else (24, 6)), "all variables", "count, mean and std"
        )
        for seed in range(9):
            case = cases.draw(np.random.default_rng(seed), frames, frames.statics.index.get_level_values(0), spec)
            folder = out / "resources" / "mimic_extract" / f"test-id-{len(found)}{seed}"
            assert case is not None
            cases.write(frames, case, folder)
            if params := scored(folder, case):
                break
        question = phrases.question(lambda options: options[-1], case, params)
        found[task] = (
            folder,
            case,
            pair(folder, case, params, question, Privacy.SYNTHETIC, split="test", distribution="id"),
        )
    return out, found


def test_frames_are_those_of_mimic_extract(frames):
    assert frames.hourly.index.equals(hour_index(frames.statics)) and frames.interventions.index.equals(
        frames.hourly.index
    )
    assert frames.hourly.index.names == [*IDS, "hours_in"] and frames.hourly.columns.names == ["variable", "statistic"]
    assert frames.statics["los_icu"].between(0.5, 10).all() and frames.statics["age"].min() >= 15
    assert not frames.statics.index.get_level_values("subject_id").has_duplicates
    for variable in frames.hourly.columns.get_level_values(0).unique():
        count, mean, std = (frames.hourly[variable][name] for name in ("count", "mean", "std"))
        assert mean.notna().equals(count > 0) and std.notna().equals(count > 1), variable
        low, high = LIMITS.loc[variable, ["VALID LOW", "VALID HIGH"]]
        assert mean.min() >= low and mean.max() <= high, variable


def test_the_same_numbers_give_the_same_frames_and_a_larger_hospital_has_the_smaller_ones_stays():
    a, b, other, more = generate(60, 0), generate(60, 0), generate(60, 1), generate(90, 0)
    for name in ("statics", "hourly", "interventions"):
        assert getattr(a, name).equals(getattr(b, name)) and not getattr(a, name).equals(getattr(other, name))
    assert more.statics.iloc[: len(a.statics)].equals(a.statics)


def test_stays_deaths_and_ages_are_the_hospitals(tmp_path):
    """Ids, begins, ends and ages are those of the MIMIC-III view."""
    people = hospital(150, 3)
    write_sqlite(people, tmp_path / "m.sqlite")
    statics, traits = of_hospital(people)
    db = sqlite3.connect(tmp_path / "m.sqlite")
    view = pd.read_sql(
        "select i.*, age, dischtime, coalesce(discharge_location = 'dead/expired', 0) dead from icustays i join admissions a on a.hadm_id = i.hadm_id", db
    )  # fmt: skip
    view = view.rename(columns=str.lower).set_index(IDS)
    view = view.assign(**{name: pd.to_datetime(view[name]) for name in ("intime", "outtime", "dischtime")})
    view = view.loc[statics.index]
    assert (view["intime"] == statics["intime"]).all() and (
        view["age"].clip(upper=90) - statics["age"]
    ).abs().max() < 1.5
    assert (view["dead"] == statics["mort_hosp"]).all() and np.isfinite(traits.death).tolist() == view["dead"].astype(
        bool
    ).tolist()
    assert (view["outtime"] == statics["outtime"]).all() and 0 < statics["mort_icu"].sum() < statics["mort_hosp"].sum()


def test_severity_rises_to_death_falls_to_discharge_and_brings_treatment():
    statics, traits = of_hospital(hospital(250, 1))
    seen = course(np.random.default_rng(0), statics, traits)
    level = pd.DataFrame({"stay": seen.stay, "level": seen.organs.mean(axis=1)}).groupby("stay")["level"]
    first, last = level.apply(lambda x: x.iloc[:6].mean()), level.apply(lambda x: x.iloc[-6:].mean())
    died = statics["mort_icu"].to_numpy() == 1
    assert (last - first)[died].mean() > 0.5 and (last - first)[~died].mean() < -0.3
    assert seen.organs[seen.vaso, 0].mean() > seen.organs[~seen.vaso, 0].mean() + 0.5
    assert {sign.organ for sign in SIGNS} == {"circulation", "lungs", "kidneys", "brain", "blood"}


def of_states(states):
    """Frames of stays whose vasopressor goes as the texts of `states` say, an hour a letter."""
    statics = pd.DataFrame({"max_hours": [len(s) - 1 for s in states]}, index=pd.MultiIndex.from_tuples([(i, i, i) for i in range(len(states))], names=IDS))  # fmt: skip
    on = pd.DataFrame({"vaso": [int(c) for s in states for c in s], "vent": 0}, index=hour_index(statics))
    return Frames(statics, on[[]], on, "", Privacy.SYNTHETIC)


@pytest.mark.parametrize(
    ("gap", "ahead", "label"),
    [("000000", "0000", "control"), ("111111", "1111", "on"), ("000000", "0001", "onset"), ("000000", "1111", "onset"),
     ("000000", "0100", "onset"), ("111111", "1101", "wean"), ("111111", "0000", "wean"), ("000100", "0000", None), ("011111", "1111", None)],
)  # fmt: skip
def test_the_class_of_a_window(gap, ahead, label):
    """MIMIC-Extract's code overlooks a change in the first hour of the four, and calls it on or control."""
    found = w.windows(of_states(["010101" + gap + ahead + "1"]), "vasopressor", np.random.default_rng(0))
    assert [w.CLASSES[i] for i in found["label"]] == ([label] if label else [])


def test_no_window_shows_what_another_one_of_its_stay_asks():
    found = w.windows(of_states(["0" * 17, "0" * 16, "0" * 100, "1" * 60]), "vasopressor", np.random.default_rng(1))
    firsts = found.groupby(level="subject_id")["first"]
    assert firsts.size().to_dict() == {0: 1, 2: w.MOST, 3: w.MOST}
    assert (firsts.max() + w.HISTORY <= firsts.min() + w.HISTORY + w.GAP).all()


def test_outcomes_are_of_stays_that_outlast_the_gap(frames):
    for task in w.OUTCOMES:
        labels = w.outcomes(frames, task, 24, 6)
        stays = frames.statics.loc[labels.index]
        assert (stays["max_hours"] > 30).all() and 0 < labels.mean() < 0.6
        if task.startswith("los"):
            assert (labels == (stays["los_icu"] > int(task[-1]))).all()


@pytest.mark.parametrize("name", ASKED)
def test_no_label_outcome_or_later_hour_of_a_test_stay_is_in_sight(made, name):
    """The released prompt named the file of the test labels."""
    folder, case, (task, gold) = made[1][name]
    keys, levels = list(task.oracle.params["keys"]), 5 if case.spec.windows else 4
    hours = {
        part: pd.read_csv(folder / f"{part}_hours.csv", header=[0, 1], index_col=list(range(levels)))
        for part in ("train", "test")
    }
    shown = pd.read_csv(folder / "test.csv")
    assert shown.columns.tolist() == keys and shown.to_numpy().tolist() == [row[:-1] for row in gold.answer]
    assert hours["test"].groupby(level=keys).size().unique().tolist() == [case.spec.window]
    train = pd.read_csv(folder / "train.csv")
    assert not set(train["subject_id"]) & set(shown["subject_id"]) and train.columns.tolist() == [*keys, "label"]
    for part in ("train", "test"):
        assert pd.read_csv(folder / f"{part}_static.csv").columns.tolist() == [*IDS, *STATICS]
        assert (folder / f"{part}_interventions.csv").exists() == case.spec.windows
    for profile in ("full", "compact"):
        text = "\n".join(m.content for m in family("mimic_extract").pose(task, profile))
        assert "gold" not in text and "test_labels" not in text and "cache/" not in text and gold.solution not in text


@pytest.mark.parametrize("name", ASKED)
def test_the_prompt_has_its_own_labels_and_one_form_of_answer(made, name):
    """The released prompt described mortality labels to the intervention tasks, showed two forms at once, and named a folder
    that the grader did not read."""
    _, case, (task, _) = made[1][name]
    full, compact = ("\n".join(m.content for m in family("mimic_extract").pose(task, p)) for p in ("full", "compact"))
    header = ",".join((*task.oracle.params["keys"], *task.oracle.params["columns"]))
    for text in (full, compact):
        assert text.count("with the header") == 1 and f"the header {header} and" in text
        assert task.resources[0].mount in text and f"{task.oracle.params['threshold']:.3f}" in text
    assert ("3 wean" in full) == case.spec.windows == ("window_idx" in full) and "die" not in full.replace("died", "")


def test_request_info_knows_the_files(made):
    out, found = made
    _, _, (task, _) = found["vasopressor"]
    ask = lambda query: family("mimic_extract").answer_request(task, query, out)
    assert "train_hours.csv" in ask("files") and ask("test.csv") == "test.csv: subject_id, window_idx"
    assert ask("hart rate").startswith("heart rate in") and "lactate" in ask("columns of train_hours")
    assert "nothing like" in ask("zzzzqqq")


@pytest.mark.slow
@pytest.mark.parametrize("name", ASKED)
def test_the_reference_passes_and_the_baseline_and_shuffled_ones_do_not(made, name, backend):
    out, found = made
    folder, _, (task, gold) = found[name]
    sandbox = backend.create(SandboxSpec(mounts=tuple(Mount(out / r.path, r.mount) for r in task.resources)))
    done = sandbox.run(gold.solution, lang="python", timeout_s=60)
    sandbox.close()
    assert done.ok, done
    verdict = judge(task.oracle, done.stdout, gold.answer)
    assert verdict.passed and verdict.reward > 0
    assert [judge(task.oracle, text, gold.answer).reward for text in baselines(folder, name in w.NEXT)] == [0] * (
        1 + (name in w.NEXT)
    )
    head, *rows = done.stdout.strip().splitlines()
    n = len(task.oracle.params["keys"])
    values = [row.split(",")[n:] for row in rows]
    np.random.default_rng(0).shuffle(values)
    mixed = [",".join((*row.split(",")[:n], *cells)) for row, cells in zip(rows, values, strict=True)]
    assert not judge(task.oracle, "\n".join((head, *mixed)), gold.answer).passed


def test_the_cheats_with_hours_do_run_and_fail(made, backend):
    out, found = made
    _, _, (task, gold) = found["vasopressor"]
    right = "\n".join([",".join((*task.oracle.params["keys"], *task.oracle.params["columns"])), "1,0,1,0,0,0"])
    sandbox = backend.create(SandboxSpec(mounts=tuple(Mount(out / r.path, r.mount) for r in task.resources)))
    cheats = {cheat.name: cheat for cheat in read_cheats()}
    for name in ("hours_after_the_window", "rows_of_hours", "age_alone", "state_goes_on"):
        code = fill(cheats[name].replies[0], facts(task, right, [gold], out))
        done = sandbox.run(code.removeprefix("```python\n").removesuffix("\n```"), lang="python", timeout_s=30)
        assert done.ok, done.stderr
        verdict = judge(task.oracle, done.stdout, gold.answer)
        assert verdict.reward == 0 and (name == "hours_after_the_window") == (done.stdout == "")
        assert done.stdout == "" or verdict.checks["table"] == "whole", verdict.checks
    sandbox.close()


def test_a_threshold_is_above_what_chance_reaches():
    labels = pd.Series([0, 1] * 150)
    rng = np.random.default_rng(0)
    ranks = [rng.permutation(300)[labels == 1] + 1 for _ in range(4000)]
    aurocs = np.array([(r.sum() - 150 * 151 / 2) / 150**2 for r in ranks])
    assert aurocs.std() == pytest.approx(chance(labels), rel=0.05)


@pytest.mark.parametrize(
    ("defect", "task", "said"),
    [
        ("one row of all", "los_3", lambda gold: [gold[0]]),
        ("every row the same", "los_3", lambda gold: [[*row[:-1], 0] for row in gold]),
        ("every row wrong, for the end of an episode counted and not its score", "los_3", lambda gold: [[*row[:-1], 1 - row[-1]] for row in gold]),
        ("windows by their order, whatever their index", "vasopressor", lambda gold: [[row[0], 99, row[-1]] for row in gold]),
    ],
)  # fmt: skip
def test_what_the_released_grader_passed(made, defect, task, said):
    _, _, (task_, gold) = made[1][task]
    columns, keys = task_.oracle.params["columns"], task_.oracle.params["keys"]
    rows = [",".join(map(str, row)) for row in said(gold.answer)]
    text = "\n".join((",".join((*keys, "prediction")), *rows))
    assert paper_oracle("mimic_extract", [text], gold.answer).passed, defect
    ours = ["".join(row.rsplit(",", 1)[:1]) + "," + row.rsplit(",", 1)[1] if len(columns) == 1 else ",".join([*row.split(",")[:-1], *(str(int(row.split(",")[-1] == str(c))) for c in range(4))]) for row in rows]  # fmt: skip
    assert not judge(task_.oracle, "\n".join((",".join((*keys, *columns)), *ours)), gold.answer).passed, defect


def test_all_windows_right_is_the_whole_reward_however_many_a_patient_has(made):
    """The released grader gave nothing for what is done next (it appended to a list that was not there), and would have
    divided by patients."""
    _, _, (task, gold) = made[1]["vasopressor"]
    head = ",".join((*task.oracle.params["keys"], *task.oracle.params["columns"]))
    rows = [",".join(map(str, (*row[:-1], *(int(row[-1] == c) for c in range(4))))) for row in gold.answer]
    assert len({row[0] for row in gold.answer}) < len(rows)
    assert judge(task.oracle, "\n".join((head, *rows)), gold.answer).reward == 1.0


def test_blocks_differ_in_cohorts_windows_and_patients_and_too_few_are_said(frames, tmp_path):
    assert not set(cases.COHORTS) & set(cases.UNSEEN) and not set(OBSERVED) & set(OBSERVED_UNSEEN) and len(TASKS) == 6
    few = frames.statics.iloc[:40]
    kept = frames.hourly.index.droplevel("hours_in").isin(few.index)
    small = replace(frames, statics=few, hourly=frames.hourly[kept], interventions=frames.interventions[kept])
    with pytest.raises(UserError, match=r"mimic_extract: \d+ patients are too few .* raise mimic_extract.patients"):
        list(build(small, tmp_path, 1, 0, 0, 0))


def test_what_is_drawn_is_as_often_in_the_one_part_as_in_the_other(frames):
    spec = Spec("mort_hosp", "all adults", 24, 6, "all variables", "mean only")
    case = cases.draw(np.random.default_rng(2), frames, frames.statics.index.get_level_values(0), spec)
    assert isinstance(case, Case) and case.train["label"].mean() == pytest.approx(case.test["label"].mean(), abs=0.02)


ALL = ("all variables", "mean only")
FEW = ("vital signs and blood gases", "mean only")
OUTCOMES = [
    *(Spec(task, "all adults", 24, 6, *ALL) for task in w.OUTCOMES),
    Spec("mort_hosp", "women", 18, 6, *FEW),
    Spec("los_3", "patients of surgical units (SICU, TSICU, CSRU)", 12, 6, *FEW),
]  # fmt: skip
NEXT = [
    *(Spec(task, "all adults", 6, 6, *ALL) for task in w.NEXT),
    Spec("vasopressor", "patients aged 60 or more", 6, 6, *FEW),
    Spec("ventilation", "emergency admissions", 6, 6, *FEW),
]  # fmt: skip
NAME = lambda spec: f"{spec.task}, {spec.cohort}"


def instance(frames, spec, tmp_path):
    """The gold answer of a drawn instance, and the hours that it shows of those who are asked about."""
    case = cases.draw(np.random.default_rng(5), frames, frames.statics.index.get_level_values(0), spec)
    folder = tmp_path / "test-id-000000"
    assert case is not None
    cases.write(frames, case, folder)
    _, gold = pair(
        folder, case, {"baseline": 0.5, "threshold": 0.6}, "", Privacy.SYNTHETIC, split="test", distribution="id"
    )
    shown = pd.read_csv(folder / "test_hours.csv", header=[0, 1], index_col=list(range(5 if spec.windows else 4)))
    return gold.answer, shown.index.to_frame(index=False)


@pytest.mark.parametrize("spec", OUTCOMES, ids=NAME)
def test_an_outcome_read_and_worked_by_hand(people, frames, spec, tmp_path):
    """Each hidden label from the hospital's records: the first intensive care, its end, and how the stay ended."""
    answer, shown = instance(frames, spec, tmp_path)
    known = {
        p.id: sorted(((a, s) for a in p.admissions for s in a.icu), key=lambda x: x[1].start) for p in people.patients
    }
    left = frames.statics["outtime"].groupby(level="subject_id").first()
    for subject, label in answer:
        stay, care = known[subject][0]
        died, end = stay.destination == "dead/expired", left[subject]
        assert end == care.end or (died and end == stay.end), "who dies in the unit stays in it until then"
        days = (end - care.start).total_seconds() / 86400
        worked = {"mort_hosp": died, "mort_icu": died and end == stay.end, "los_3": days > 3, "los_7": days > 7}
        assert label == worked[spec.task] and 24 * days >= spec.window + spec.gap
        assert shown.loc[shown["subject_id"] == subject, "hours_in"].tolist() == list(range(spec.window))
    assert {label for _, label in answer} == {0, 1}


@pytest.mark.parametrize("spec", NEXT, ids=NAME)
def test_what_is_done_next_read_and_worked_by_hand(frames, spec, tmp_path):
    """Each hidden label from the ten hours after those shown: six in which nothing changes, and four."""
    answer, shown = instance(frames, spec, tmp_path)
    asked = frames.interventions["vaso" if spec.task == "vasopressor" else "vent"].droplevel(IDS[1:])
    on = {subject: "".join(map(str, rows)) for subject, rows in asked.groupby(level="subject_id")}
    first = shown.groupby(["subject_id", "window_idx"])["hours_in"].agg(["min", "size"])
    for subject, window, label in answer:
        begin, length = first.loc[(subject, window)]
        gap, ahead = on[subject][begin + 6 : begin + 12], on[subject][begin + 12 : begin + 16]
        assert length == 6 and len(ahead) == 4
        stays, changes = {"000000": ("control", "onset"), "111111": ("on", "wean")}[gap]
        assert w.CLASSES[label] == (stays if ahead == gap[:4] else changes), (gap, ahead)
    assert {row[-1] for row in answer} == {0, 1, 2, 3}
