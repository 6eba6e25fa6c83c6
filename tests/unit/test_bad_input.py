"""Input that cannot be trained on stops a run with its reason, and the same command goes on once it is mended."""

import json
import math

import pytest
import torch
from fakes import BASE, SETTINGS, run_dpo, run_grpo, run_ppo, run_sft, run_verifier, tiny, train_ppo_on, two_turns

from galen.data.rows import demonstrations
from galen.errors import GalenError, TaskError, UserError
from galen.oracles import grader as grading
from galen.pipeline.road import Road
from galen.presets import model_preset
from galen.rollout.sampler import Sampler
from galen.rollout.store import EpisodeStore
from galen.train.agent import AgentTrainer
from galen.train.dpo import TokenDPOTrainer
from galen.train.grpo import train_grpo
from galen.train.sft import SFTSettings, TokenSFTTrainer, train_sft
from galen.train.weights import last_checkpoint
from galen.types import Group, Verdict

FOREIGN = r"task-1: its tokens have the template fingerprint elsewhere, but .*tiny-base has \w+; train on"


def foreign(episode):
    return episode.model_copy(update={"task_id": "task-1", "template": "elsewhere"})


def play_of(tasks, *rewards):
    """Groups of two-turn episodes with these rewards."""

    def play(dealt, step, number):
        tokens = [([30], [40], [32]), ([33], [42], [34])] * 2
        made = [two_turns(i, r, *tokens[i]) for i, r in enumerate(rewards)]
        return [Group(task_id=t.id, episodes=tuple(made)) for t in dealt]

    return play


def grpo_on(play, out, tasks, model=None, demonstrations=(), **changed):
    return train_grpo(
        model or tiny(), BASE, tasks, SETTINGS.model_copy(update=changed), out, seed=0, play=play, sync=lambda m: None,
        check=lambda m, e: (0.0, 0.0), context=640, demonstrations=demonstrations, save_every=1,
    )  # fmt: skip


def test_rows_of_another_template_are_refused_before_anything_is_written(sampler, teacher, tasks, tmp_path):
    episodes = [g.episodes[0] for g in sampler.sample(tasks[:4], teacher(slip=0, wrong=0))]
    mixed = demonstrations([*episodes[1:], foreign(episodes[0])])
    with pytest.raises(UserError, match=FOREIGN):
        train_sft(tiny(), BASE, mixed, SFTSettings(), tmp_path / "run", seed=0, context=640)
    with pytest.raises(UserError, match=FOREIGN):
        grpo_on(play_of(tasks, 1.0), tmp_path / "run", tasks, demonstrations=mixed, ptx=1.0)
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_live_episodes_of_another_template_stop_the_run_which_then_goes_on(tasks, tmp_path):
    right, wrong = play_of(tasks, 1.0, 0.0, 0.0, 0.0), [0]

    def play(dealt, step, number):
        groups = right(dealt, step, number)
        if step == 2 and not wrong[0]:
            wrong[0] = 1
            groups[0] = Group(
                task_id=groups[0].task_id, episodes=(foreign(groups[0].episodes[0]), *groups[0].episodes[1:])
            )
        return groups

    with pytest.raises(UserError, match=FOREIGN):
        grpo_on(play, tmp_path, tasks)
    assert last_checkpoint(tmp_path) == tmp_path / "checkpoint-2"
    grpo_on(play, tmp_path, tasks)
    assert last_checkpoint(tmp_path) == tmp_path / "checkpoint-4"


RUNS = {run_sft: TokenSFTTrainer, run_verifier: TokenSFTTrainer, run_dpo: TokenDPOTrainer, run_ppo: AgentTrainer, run_grpo: AgentTrainer}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("run", RUNS)
def test_a_loss_that_is_no_number_is_not_saved_and_the_run_goes_on(run, sampler, teacher, tasks, tmp_path, monkeypatch):
    run(tmp_path, sampler, teacher, tasks, stops=[2])
    loss_of = RUNS[run].compute_loss
    with monkeypatch.context() as patch:
        patch.setattr(RUNS[run], "compute_loss", lambda *args, **kwargs: loss_of(*args, **kwargs) * math.nan)
        with pytest.raises(GalenError, match=r"nan.* diverged and are not saved\. .*goes on from the last checkpoint"):
            run(tmp_path, sampler, teacher, tasks, stops=[4])
    assert last_checkpoint(tmp_path) == tmp_path / "checkpoint-2"
    weights = run(tmp_path, sampler, teacher, tasks, stops=[4])
    assert last_checkpoint(tmp_path) == tmp_path / "checkpoint-4"
    assert all(torch.isfinite(weight).all() for weight in weights.values())


@pytest.mark.slow
def test_a_gradient_that_is_not_finite_stops_the_run(sampler, teacher, tasks, tmp_path):
    rows = demonstrations(g.episodes[0] for g in sampler.sample(tasks[:8], teacher(slip=0, wrong=0)))
    model = tiny()
    model.model.norm.weight.register_hook(lambda gradient: gradient * math.inf)
    with pytest.raises(
        GalenError, match=r"sft: step 1 has loss \d.* and gradient norm (nan|inf): .*lower sft.learning"
    ):
        train_sft(model, BASE, rows, SFTSettings(), tmp_path, seed=0, context=640)
    assert last_checkpoint(tmp_path) is None


@pytest.mark.slow
@pytest.mark.parametrize("method", ["grpo", "ppo"])
def test_rollouts_without_a_gradient_stop_the_run_which_then_goes_on(method, tasks, tmp_path, capsys):
    def train(*rewards):
        play = play_of(tasks, *rewards)
        if method == "grpo":
            return grpo_on(play, tmp_path, tasks, patience=3)
        settings = {"rollouts": 4, "groups": 2, "group_size": 4, "epochs": 1, "patience": 3}
        return train_ppo_on(play, tmp_path, tasks, **settings)[0]

    with pytest.raises(
        GalenError, match=rf"{method}: 3 rollouts in a row, until step 2, had no .*alike.* \[(1\.0|0\.98), "
    ):
        train(1.0, 1.0, 1.0, 1.0)
    said = capsys.readouterr().out
    assert all(f"step {n} has no gradient: all its rewards are alike ({n + 1} of 3)" in said for n in range(3))
    assert last_checkpoint(tmp_path) == tmp_path / "checkpoint-2"
    train(1.0, 0.0, 0.0, 1.0)
    assert last_checkpoint(tmp_path) == tmp_path / "checkpoint-4"
    assert "no gradient" not in capsys.readouterr().out


def test_a_reward_that_is_no_number_leaves_the_grader_as_a_reason():
    good = Verdict(reward=0.5, passed=False, oracle="rows", version=1)
    assert json.loads(grading._answer("t", good))["reward"] == 0.5
    assert json.loads(grading._answer("t", good.model_copy(update={"reward": None})))["reward"] is None
    for reward in (math.nan, math.inf):
        said = json.loads(grading._answer("t", good.model_copy(update={"reward": reward})))
        assert (
            list(said) == ["stop"] and f"t: its oracle rows gave the reward {reward}; mend the oracle" in said["stop"]
        )


class Marks:
    """A grader that raises what it is given, until it is mended."""

    def __init__(self, error):
        self.error = error

    def grade(self, task, submission):
        if self.error:
            raise self.error
        return Verdict(reward=1.0, passed=True, oracle="o", version=1)


def test_a_reward_that_is_no_number_stops_the_sampler_and_is_not_stored(sampler, teacher, tasks, tmp_path):
    marks = Marks(None)
    player = Sampler(sampler.setting, marks, 1)  # type: ignore[arg-type]
    with EpisodeStore(tmp_path / "episodes.jsonl") as store:
        player.sample(tasks[:2], teacher(), store=store)
        marks.error = UserError("t: its oracle gave the reward nan")
        with pytest.raises(UserError, match="reward nan"):
            player.sample(tasks[:4], teacher(), store=store)
        assert len(store.episodes) == 2
        marks.error = TaskError("no gold")
        [group] = player.sample(tasks[4:5], teacher(), store=store)
        assert group.episodes[0].fault and group.rewards == []
    marks.error = None
    with EpisodeStore(tmp_path / "episodes.jsonl") as store:
        groups = player.sample(tasks[:4], teacher(), store=store)
        assert player.report.resumed == 2 and all(g.rewards == [1.0] for g in groups)


def test_a_run_does_not_go_on_with_another_tokenizer(data, tmp_path):
    base = tmp_path / "base"
    base.mkdir()
    for path in BASE.iterdir():
        (base / path.name).write_bytes(path.read_bytes())
    few = ["demonstrations=20", "eval.test=4", "grpo.micro_batch=8"]

    def road():
        return Road("grpo", model_preset(str(base), []), data, 0, tmp_path / "run", few)

    road()
    whole = (base / "tokenizer.json").read_text()
    (base / "tokenizer.json").write_text(whole + "\n")
    with pytest.raises(
        UserError, match=r"run: its episodes have the template fingerprint \w+, but .*base has \w+; put back"
    ):
        road()
    (base / "tokenizer.json").write_text(whole)
    road()


def test_a_process_that_sees_several_gpus_does_not_spread_over_them(data, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    with pytest.raises(UserError, match="4 GPUs are visible to one process.*CUDA_VISIBLE_DEVICES=0.*--num_processes 4"):
        Road("sft", model_preset("tiny"), data, 0, tmp_path / "run", ["demonstrations=20"])
    assert not (tmp_path / "run").exists()
