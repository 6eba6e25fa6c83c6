"""What a trainer logs, where it goes, and who says that it is stuck."""

import importlib.util
import json
import shutil
import threading

import pytest
from fakes import BASE, SETTINGS, run_grpo, scripted, tiny, train_ppo_on
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from galen.errors import UserError
from galen.pipeline.recipe import recipe
from galen.pipeline.road import Road
from galen.presets import model_preset
from galen.train import trackers
from galen.train.grpo import train_grpo
from galen.train.observe import Observer
from galen.train.phases import Phases
from galen.types import ActionKind, Owner, StopReason


def lines(folder):
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


@pytest.fixture
def absent(monkeypatch):
    """No tracker is installed."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)


def test_a_tracker_that_is_not_installed_stops_the_run_before_it_starts(data, tmp_path, absent):
    with pytest.raises(UserError, match=r"wandb is not installed; .* install --no-build-isolation -e '\.\[wandb\]'"):
        Road("grpo", model_preset("tiny"), data, 0, tmp_path / "run", ["demonstrations=20", "report_to=wandb"])
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("variable", ["WANDB_LOG_MODEL", "WANDB_WATCH"])
def test_weights_do_not_go_to_a_tracker(variable, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    monkeypatch.setenv(variable, "false")
    trackers.check(["wandb"])
    monkeypatch.setenv(variable, "all")
    trackers.check(["tensorboard"])
    with pytest.raises(UserError, match=f"{variable}=all: a tracker gets metrics and settings only"):
        trackers.check(["wandb"])


def test_another_tracker_is_the_same_run():
    read = lambda *sets: recipe("grpo", model_preset("tiny"), sets)
    one, two = read("report_to=tensorboard"), read("report_to=[wandb, trackio]", "stuck_after_s=5")
    assert (one.report_to, two.report_to, two.stuck_after_s) == (("tensorboard",), ("wandb", "trackio"), 5)
    assert one.model_dump() == two.model_dump() == read().model_dump()
    with pytest.raises(UserError, match=r"report_to\.0: .*'trackio', 'wandb' or 'tensorboard'"):
        read("report_to=mlflow")


def test_a_trainers_name_at_the_trackers_is_its_runs_and_its_own(tmp_path):
    named = lambda *parts: Observer(root=tmp_path / "seed-0").arguments(tmp_path.joinpath("seed-0", *parts))["run_name"]
    assert (named("sft"), named("dpo", "round-1")) == ("seed-0-sft", "seed-0-dpo-round-1")
    assert Observer().arguments(tmp_path / "alone")["run_name"] == "alone"


@pytest.mark.slow
def test_a_rollouts_line_says_how_it_went(sampler, teacher, tasks, tmp_path):
    report, _ = train_ppo_on(scripted(sampler, teacher), tmp_path, tasks, minibatches=2, micro_batch=4)
    both = lines(tmp_path)
    named = [
        f"{what}/{kind.value}"
        for what, kinds in (("stop", StopReason), ("fault", Owner), ("action", ActionKind))
        for kind in kinds
    ]
    for line in both:
        assert set(named) < line.keys()
        for key in (
            "reward/mimic_iii", "success/medcalc", "success/all", "valid", "drift", "parity_max", "tokens/sampled_max",
            "tokens/episode", "turns_max", "episode_s", "exec_s", "sampled_tokens_per_s", "trained_tokens_per_s", "importance/min",
            "importance/max", "sampler_gap", "clip_fraction/low", "clip_fraction/high", "learning_rate", "time/rollout",
            "time/sync", "time/check", "time/score", "time/train",
        ):  # fmt: skip
            assert line[key] is not None, key
        assert line["valid"] == 1 and line["reward"] == pytest.approx(
            (line["reward/mimic_iii"] + line["reward/medcalc"]) / 2
        )
        assert line["importance/min"] <= line["importance"] <= line["importance/max"]
    assert "time/checkpoint" in both[1] and report.seconds.keys() == {
        "rollout",
        "sync",
        "check",
        "score",
        "train",
        "checkpoint",
    }
    # Two epochs of everything that was sampled.
    assert sum(line["trained_tokens"] for line in both) == 2 * report.trained_tokens
    assert report.replies > report.drifted >= 0


@pytest.mark.slow
def test_what_is_walked_again_is_logged_once(sampler, teacher, tasks, tmp_path, monkeypatch):
    """A run that was killed two steps after its checkpoint, while it wrote a line."""
    monkeypatch.setattr("galen.train.observe.trackers", lambda _, *args: trackers.trackers(["tensorboard"], *args))
    run_grpo(tmp_path, sampler, teacher, tasks, stops=[4])
    first = lines(tmp_path)
    shutil.rmtree(tmp_path / "checkpoint-4")
    with (tmp_path / "log.jsonl").open("a") as file:
        file.write('{"step": 1, "rew')
    run_grpo(tmp_path, sampler, teacher, tasks, stops=[4])
    again = lines(tmp_path)
    assert [line["step"] for line in again] == [0, 1, 2, 3] and again[:2] == first[:2] and again[2] != first[2]
    stored = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    for key in ("loss", "at_s"):
        events = stored.Scalars(f"train/{key}")
        assert [e.step for e in events] == [1, 2, 3, 4]
        assert [e.value for e in events] == pytest.approx([line[key] for line in again], rel=1e-6)


@pytest.mark.slow
def test_a_rollout_that_hangs_is_named(sampler, teacher, tasks, tmp_path):
    """Its policy answers only after the watchdog spoke."""
    phases, said, heard = Phases(0.05), threading.Event(), []
    look, play = phases.stuck, scripted(sampler, teacher, samples=4)

    def stuck():
        if (line := look()) and line.startswith("stuck? grpo > train > score > rollout:"):
            heard.append(line)
            said.set()

    def hang(*where):
        assert said.wait(100)
        return play(*where)

    phases.stuck = stuck
    with phases.watched(), phases("grpo"):
        train_grpo(
            tiny(), BASE, tasks, SETTINGS.model_copy(update={"rollouts": 1}), tmp_path, seed=0, play=hang, sync=lambda m: None,
            check=lambda m, e: (0.0, 0.0), context=640, observer=Observer(phases=phases),
        )  # fmt: skip
    assert "galen/train/agent.py:" in heard[0] and " in _played" in heard[0]
