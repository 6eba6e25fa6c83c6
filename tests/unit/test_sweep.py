"""Studies and sweeps: grids become jobs, what is finished is skipped, what fails is named and tried again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from typer.testing import CliRunner

from data_prep.settings import DataSettings
from galen import cli
from galen.cli import app
from galen.config import load, validate
from galen.errors import UserError
from galen.paths import CONFIGS, ROOT
from galen.pipeline.recipe import recipe
from galen.presets import model_preset, split
from galen.report.tables.spec import TableSpec
from galen.sweep import report
from galen.sweep import run as running
from galen.sweep.forecast import forecast, text
from galen.sweep.pack import pack
from galen.sweep.results import tables
from galen.sweep.run import RECORD, Local, walk
from galen.sweep.slurm import Slurm
from galen.sweep.study import Job, Study, jobs
from galen.tasks.base import families

STUDIES = sorted([*(CONFIGS / "sweeps").glob("*.yaml"), *(CONFIGS / "studies").glob("*.yaml")])


def study(steps: dict, **more) -> Study:
    return validate({"title": "a study", "steps": steps, **more}, Study, "study.yaml")


@pytest.fixture
def scripted(data) -> Study:
    """Two cells of the scripted policy, of which one may take a single turn."""
    step = {"eval": "scripted", "families": ["medcalc"], "set": ["tasks=3"], "grid": {"max_turns": [4, 1]}}
    return study({"turns": step}, data=str(data))


def attempts(out: Path) -> list[dict]:
    return [json.loads(line) for line in (out / RECORD).read_text().splitlines()]


@pytest.mark.parametrize("path", STUDIES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_every_file_is_a_study_whose_commands_galen_knows(path, tmp_path):
    """A misspelt setting is refused by the command's own check, here before an hour is spent."""
    from galen.pipeline.evaluate import EvaluationSettings

    made = load(path, Study)
    for job in jobs(made, tmp_path):
        own, others = split([job.words[i + 1] for i, word in enumerate(job.words) if word == "--set"])
        if job.words[0] == "train":
            recipe(job.words[1], model_preset(made.model, own), others)
        else:
            load(CONFIGS / "eval" / "default.yaml", EvaluationSettings, others)


@pytest.mark.parametrize("path", STUDIES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_every_file_has_a_plan_that_knows_the_hours_of_its_trainings(path, tmp_path):
    made = load(path, Study)
    rows = {row.step: row for row in forecast(made, jobs(made, tmp_path), tmp_path, gpus=1)}
    trained = [rows[name] for name, step in made.steps.items() if step.train]
    assert trained and all(row.source == "galen plan" and row.hours is not None for row in trained)


def test_a_plan_says_which_step_does_not_fit_and_a_run_is_refused(tmp_path):
    """14 B parameters without a GPU: the plan is printed whole, and nothing starts."""
    command = ["reproduce", str(CONFIGS / "studies" / "qwen2.5-14b.yaml"), "--out", str(tmp_path)]
    told = CliRunner().invoke(app, [*command, "--plan"])
    assert (
        told.exit_code == 0
        and "not on this machine: model qwen2.5-14b" in told.output
        and "left: 33 jobs" in told.output
    )
    refused = CliRunner().invoke(app, command)
    assert isinstance(refused.exception, UserError) and "give --gpus" in str(refused.exception)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("seeds", [("--seeds", "4,5"), ("--seeds", "4", "--seeds", "5")], ids=" ".join)
def test_seeds_are_given_in_one_option_or_in_several(tmp_path, seeds):
    told = CliRunner().invoke(app, ["reproduce", "tiny", "--out", str(tmp_path), "--plan", *seeds])
    assert told.exit_code == 0 and "left: 22 jobs" in told.output


@pytest.mark.parametrize("size", ["7b", "14b"])
def test_the_papers_study_has_its_twelve_families(size):
    """Eight that are trained on, four that are not (its tables 3 to 5), and tasks enough for what is shown."""
    made = load(CONFIGS / "studies" / f"qwen2.5-{size}.yaml", Study)
    trained = recipe("all", model_preset(made.model), made.steps["methods"].set)
    unseen = made.steps["unseen_grpo"].families
    assert {*trained.families, *unseen} == set(families()) and len(trained.families) == 8
    assert {table_families("training"), table_families("out_of_distribution")} == {trained.families, unseen}
    assert set(made.steps["without_debugging"].families) == set(families())
    sizes = load(CONFIGS / "tasks" / "paper.yaml", DataSettings)
    assert all(trained.demonstrations_of(name) <= getattr(sizes, name).train * 2 / 3 for name in trained.families)


def table_families(name: str) -> tuple[str, ...]:
    """Those of a table's last column, the average."""
    return load(CONFIGS / "tables" / f"{name}.yaml", TableSpec).columns[-1].families


def test_a_grid_is_every_combination_for_every_seed(tmp_path):
    made = jobs(
        study({"a": {"train": "grpo", "grid": {"grpo.kl": [0, 0.1], "feedback": ["none", "oracle"]}}}, seeds=[0, 7]),
        tmp_path,
    )
    assert len(made) == 8 and len({job.out for job in made}) == 8
    last = made[-1]
    assert last.name == "a-grpo.kl=0.1-feedback=oracle-s7"
    assert last.words[:4] == ("train", "grpo", "--seed", "7")
    assert last.words[-4:] == ("--set", "grpo.kl=0.1", "--set", "feedback=oracle")


def test_a_step_plays_an_earlier_ones_policy_of_its_own_seed(tmp_path):
    steps = {"methods": {"train": "all"}, "shown": {"eval": "{methods}/grpo/final", "set": ["verifier={methods}/v"]}}
    made = {job.name: job for job in jobs(study(steps, seeds=[0, 1]), tmp_path)}
    words = made["shown-s1"].words
    assert words[1] == f"{tmp_path}/methods-s1/grpo/final"
    assert words[-1] == f"verifier={tmp_path}/methods-s1/v"


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ({"a": {"train": "sft", "eval": "scripted"}}, "either train"),
        ({"a": {"train": "sft", "grid": {"share": [25, 25]}}}, "share needs one or more values, each once"),
        ({"a": {"eval": "{b}/x"}, "b": {"train": "sft"}}, "unknown earlier step without a grid 'b'"),
        ({"a": {"train": "sft", "grid": {"share": [25]}}, "b": {"eval": "{a}/sft/final"}}, "unknown earlier step"),
        ({"A b": {"train": "sft"}}, "a name has small letters"),
    ],
)
def test_bad_studies_are_refused_with_the_place(steps, told):
    with pytest.raises(UserError, match=told):
        study(steps)


def test_cells_that_would_share_a_folder_are_refused(tmp_path):
    with pytest.raises(UserError, match="share the folder"):
        jobs(study({"a": {"train": "sft", "grid": {"families": ["[a b]", "[a,b]"]}}}), tmp_path)


@pytest.mark.slow
def test_a_sweep_runs_once_and_ends_in_a_table(scripted, tmp_path):
    todo = jobs(scripted, tmp_path)
    assert walk(todo, tmp_path, Local(at_once=2)) == []
    assert walk(todo, tmp_path, Local()) == []
    assert sorted(a["job"] for a in attempts(tmp_path)) == sorted(job.name for job in todo), (
        "the second call ran nothing"
    )
    [path] = tables(scripted, tmp_path)
    lines = path.read_text().splitlines()
    assert any("max_turns=4" in line and "100.00" in line for line in lines), lines
    assert any("max_turns=1" in line for line in lines)
    told = text(forecast(scripted, todo, tmp_path, gpus=0), 1)
    assert "2 finished" in told and "left: 0 jobs" in told


@pytest.mark.slow
def test_what_fails_is_named_tried_again_and_stops_what_follows(data, tmp_path):
    steps = {
        "bad": {"eval": "scripted", "families": ["medcalc"], "grid": {"tasks": [3, -1]}},
        "later": {"eval": "scripted", "families": ["medcalc"], "set": ["tasks=3"]},
    }
    todo = jobs(study(steps, data=str(data)), tmp_path)
    failed = walk(todo, tmp_path, Local(), retries=1)
    assert [job.name for job in failed] == ["bad-tasks=-1-s0", "later-s0"]
    assert [a["status"] for a in attempts(tmp_path) if a["job"] == "bad-tasks=-1-s0"] == [1, 1]
    assert "tasks" in running.last_words(failed[0].log) and "greater than or equal to 1" in failed[0].log.read_text()


@pytest.mark.slow
def test_slurm_jobs_go_the_same_way(scripted, tmp_path):
    """submitit's own local executor stands for the cluster: same submission, same record."""
    todo = jobs(scripted, tmp_path)
    assert walk(todo, tmp_path, Slurm(tmp_path, {"timeout_min": 5}, cluster="local", poll_s=0.2)) == []
    assert set(json.loads((tmp_path / "slurm.json").read_text())) == {job.name for job in todo}
    assert all(job.done for job in todo)


def test_each_of_several_jobs_has_a_gpu_to_itself(tmp_path, monkeypatch):
    code = "import os,time; time.sleep(0.3); print(os.environ['CUDA_VISIBLE_DEVICES'])"
    monkeypatch.setattr(running, "command", lambda job: [sys.executable, "-c", code])
    todo = [Job("a", {}, seed, (), tmp_path / f"a-s{seed}") for seed in range(4)]
    ended = list(Local(gpus=["3", "5"])(todo))
    assert [a.status for _, a in ended] == [0] * 4
    assert sorted(job.log.read_text().strip() for job in todo) == ["3", "3", "5", "5"]


@pytest.mark.parametrize(
    ("at_once", "given", "threads"), [(2, None, "4"), (16, None, "1"), (2, "3", "3"), (1, None, "all")]
)
def test_jobs_at_a_time_share_the_cores(at_once, given, threads, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)))
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if given:
        monkeypatch.setenv("OMP_NUM_THREADS", given)
    code = "import os; print(os.environ.get('OMP_NUM_THREADS', 'all'))"
    monkeypatch.setattr(running, "command", lambda job: [sys.executable, "-c", code])
    job = Job("a", {}, 0, (), tmp_path / "a-s0")
    list(Local(at_once)([job]))
    assert job.log.read_text().strip() == threads


def test_an_interrupt_ends_the_children_and_says_so(tmp_path):
    """The call ends at Ctrl-C, and the child that it had started ends with it."""
    script = tmp_path / "interrupted.py"
    script.write_text(
        "import signal, sys\n"
        "from pathlib import Path\n"
        "from galen.sweep import run\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a job in the background may be told to ignore it
        "from galen.sweep.study import Job\n"
        "out = Path(sys.argv[1])\n"
        "code = f\"open({str(out / 'child')!r}, 'w').write(str(__import__('os').getpid())); __import__('time').sleep(60)\"\n"
        "run.command = lambda job: [sys.executable, '-c', code]\n"
        "run.walk([Job('a', {}, 0, (), out / 'a-s0')], out, run.Local())\n"
    )
    env = os.environ | {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    parent = subprocess.Popen([sys.executable, str(script), str(tmp_path)], env=env, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while not (tmp_path / "child").exists() or not (tmp_path / "child").read_text():
        assert time.monotonic() < deadline and parent.poll() is None
        time.sleep(0.05)
    child = int((tmp_path / "child").read_text())
    parent.send_signal(signal.SIGINT)
    assert parent.wait(30) != 0
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_a_try_that_was_cut_off_is_recorded_by_the_next_call_up_to_the_last_word_of_its_log(tmp_path, monkeypatch):
    monkeypatch.setattr("galen.sweep.run.command", lambda job: [sys.executable, "-c", "print('at it', flush=True)"])
    job, untouched = (Job("a", {}, seed, (), tmp_path / f"a-s{seed}") for seed in (0, 1))
    list(Local()([job]))  # the call is gone before it could record this
    os.utime(job.log.with_suffix(".begun"), times=(at := job.log.stat().st_mtime - 90.0, at))
    walk([job, untouched], tmp_path, Local(), retries=0)
    tried = attempts(tmp_path)
    assert [(a["job"], a["status"]) for a in tried] == [("a-s0", -9), ("a-s0", 0), ("a-s1", 0)]
    assert tried[0]["seconds"] == pytest.approx(90.0, abs=0.1)
    assert not list(tmp_path.glob("*.begun"))


def test_a_try_that_was_done_when_its_call_was_cut_off_is_recorded_as_done(tmp_path, monkeypatch):
    job = Job("a", {}, 0, (), tmp_path / "a-s0")
    job.out.mkdir()
    words = [sys.executable, "-c", f"open({str(job.out / 'manifest.json')!r}, 'w').close()"]
    monkeypatch.setattr("galen.sweep.run.command", lambda job: words)
    list(Local()([job]))
    assert walk([job], tmp_path, Local(), retries=0) == []
    assert [(a["job"], a["status"]) for a in attempts(tmp_path)] == [("a-s0", 0)]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_study_ends_in_a_report_that_says_what_was_run_and_what_not(data, server, tmp_path):
    """Two steps on real parts, the second with the first one's policy."""
    few = ["demonstrations=16", "concurrency=16", "sft.epochs=1", "eval.test=6", "eval.ood=2", "eval.curve=4"]
    served = f"model.serve.url={server}"
    few, left_out = [served, *few], [served, "tasks=4", "without=[debugging]"]
    without = {"eval": "{sft}/sft/final", "families": ["mimic_iii"], "set": left_out}
    made = study({"sft": {"train": "sft", "set": few}, "without": without}, data=str(data))
    out = tmp_path / "study"
    assert walk(jobs(made, out), out, Local()) == []
    text = report.write(made, out).read_text()
    assert "seeds 0, 2 commands;" in text
    assert "sft against base: higher" in text and "sft with debugging against without" in text
    assert "no episodes of grpo (id), ppo (id), dpo (id)" in text
    assert "not run" in text and "Dataset statistics" in text

    packed = tmp_path / "packed"
    pack(out, packed)
    assert all(job.done for job in jobs(made, packed))
    again = report.write(made, packed).read_text()
    found, kept = (x.partition("## The paper's findings")[2].partition("## Learning curves")[0] for x in (text, again))
    assert kept.replace(str(packed), str(out)) == found and str(ROOT) not in "".join(
        p.read_text() for p in packed.rglob("*.json")
    )


def test_trainings_that_start_at_once_make_the_default_tasks_once(tmp_path, monkeypatch):
    made = []

    def build(out, seed, settings):
        made.append(out)
        time.sleep(0.2)  # while the others come
        out.mkdir()

    monkeypatch.setattr("data_prep.build.build", build)
    monkeypatch.setattr(cli, "DEFAULT_DATA", tmp_path / "data" / "default")
    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(cli._default_data) for _ in range(3)]:
            done.result()
    assert made == [tmp_path / "data" / "default"]
