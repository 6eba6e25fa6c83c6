"""A verifier's judgement as reward, where no oracle ran or in its place; the stored verdict is never touched."""

import json

import pytest
import torch
from fakes import BASE, PPO, SETTINGS, pretrained, tiny, train_ppo_on, two_turns

from galen.errors import UserError
from galen.pipeline import rewards
from galen.pipeline.road import Road
from galen.policy.template import ChatTemplate
from galen.presets import model_preset
from galen.rollout.store import EpisodeStore
from galen.train.grpo import train_grpo
from galen.train.outcome import VerifierReward, oracle, verifier
from galen.train.verifier import score
from galen.types import Fault, Group, OracleSpec, Owner

CONTEXT = 640


@pytest.fixture
def episodes(template):
    """Five episodes: graded 1, ungraded, of a broken sandbox, ungraded and too long, graded 0."""
    own = {"template": template.fingerprint}
    made = [two_turns(i, r, [30 + i, 31], [40], [50]) for i, r in enumerate((1.0, None, None, None, 0.0))]
    changes = [own, own, {**own, "fault": Fault(owner=Owner.SANDBOX, message="gone"), "verdict": None}, own, own]
    long = made[3].model_copy(update={"prompt_ids": [5] * CONTEXT})
    return [e.model_copy(update=c) for e, c in zip([*made[:3], long, made[4]], changes, strict=True)]


def test_only_what_no_oracle_graded_is_judged(episodes, template):
    before = [e.model_dump_json() for e in episodes]
    model = tiny()
    found = verifier(model, template, CONTEXT, VerifierReward(path=BASE))(episodes)
    [yes] = score(model, episodes[1:2], template, CONTEXT)
    assert found == [1.0, pytest.approx(yes, abs=1e-6), None, None, 0.0] and 0 < yes < 1
    assert [e.model_dump_json() for e in episodes] == before
    assert oracle(episodes) == [1.0, None, None, None, 0.0]


def test_a_verifier_in_the_oracles_place_and_its_threshold(episodes, template):
    model = tiny()
    found = verifier(model, template, CONTEXT, VerifierReward(path=BASE, judges="all"))(episodes)
    expected = score(model, [*episodes[:2], episodes[4]], template, CONTEXT)
    assert [x for x in found if x is not None] == pytest.approx(expected, abs=1e-6)
    assert found[2] is None and found[3] is None
    middle = sorted(expected)[1]
    cut = VerifierReward(path=BASE, judges="all", threshold=middle - 1e-4)
    found = verifier(model, template, CONTEXT, cut)(episodes)
    assert [found[i] for i in (0, 1, 4)] == [float(x >= middle) for x in expected]


def test_the_tokens_of_another_tokenizer_are_refused(episodes, template):
    foreign = episodes[1].model_copy(update={"template": "elsewhere"})
    with pytest.raises(UserError, match="of template elsewhere"):
        verifier(tiny(), template, CONTEXT, VerifierReward(path=BASE))([foreign])


def test_a_task_without_an_oracle_has_no_reward_and_no_fault(sampler, tasks, teacher):
    policy = teacher(slip=0.0, wrong=0.0)
    gold = policy._solution(tasks[0].id)
    policy._solution = lambda _: gold
    task = tasks[0].model_copy(update={"id": "mimic_iii/nowhere/1", "oracle": OracleSpec(kind="none")})
    [group] = sampler.sample([task], policy)
    [episode] = group.episodes
    assert episode.reward is None and episode.fault is None and episode.verdict.oracle == "none"
    assert episode.submission is not None and sampler.report.faults == {}


FEW = ["demonstrations=20", "eval.test=4"]


@pytest.mark.parametrize("method", ["ppo", "grpo"])
def test_a_verifier_that_cannot_judge_stops_the_run_before_it_starts(method, data, tmp_path):
    def road(path, *more):
        return Road(
            method, model_preset("tiny"), data, 0, tmp_path / "run", [*FEW, f"{method}.verifier.path={path}", *more]
        )

    with pytest.raises(UserError, match=rf"{method}.verifier.path=.*nowhere: holds no model"):
        road(tmp_path / "nowhere")
    other = tmp_path / "other"
    other.mkdir()
    for name in ("tokenizer.json", "config.json"):
        (other / name).write_text((BASE / name).read_text() + "\n")
    with pytest.raises(UserError, match="has the tokenizer and template .*, the policy's are"):
        road(other, f"{method}.verifier.judges=all")
    (other / "adapter_config.json").write_text("{}")
    with pytest.raises(UserError, match="holds LoRA adapters, model tiny trains a whole model"):
        road(other)
    with pytest.raises(UserError, match=f"{method}.verifier has no effect: every training task has an oracle"):
        road(BASE)
    assert not (tmp_path / "run").exists()


def test_a_runs_verifier_is_the_one_in_its_folder(data, episodes, tmp_path):
    road = Road(
        "grpo", model_preset("tiny"), data, 0, tmp_path / "run",
        [*FEW, f"grpo.verifier.path={BASE}", "grpo.verifier.judges=all"],
    )  # fmt: skip
    settings = road.recipe.grpo
    found = rewards.outcomes(road, settings)(episodes[:2])
    assert found == pytest.approx(score(pretrained(), episodes[:2], ChatTemplate(BASE), CONTEXT), abs=1e-6)
    assert rewards.outcomes(road, settings.model_copy(update={"verifier": None})) is oracle


def test_a_verifier_that_was_not_loaded_stops_training(tasks, tmp_path):
    settings = SETTINGS.model_copy(update={"verifier": VerifierReward(path=BASE)})
    with pytest.raises(UserError, match="grpo.verifier has no effect"):
        train_grpo(
            tiny(), BASE, tasks, settings, tmp_path, seed=0, play=lambda *_: [], sync=lambda m: None,
            check=lambda m, e: (0.0, 0.0), context=CONTEXT,
        )  # fmt: skip


def ungraded(sampler, policy, stored, samples):
    """`play` of tasks that have no oracle; keeps the episodes in `stored`."""

    def play(dealt, step, number):
        groups = sampler.sample(
            dealt, policy, samples=samples, seed=1000 * step + 100 * number, version=f"{step}.{number}"
        )
        left = [
            Group(
                task_id=g.task_id,
                episodes=tuple(
                    e.model_copy(update={"verdict": e.verdict.model_copy(update={"reward": None, "passed": False})})
                    for e in g.episodes
                ),
            )
            for g in groups
        ]  # fmt: skip
        with EpisodeStore(stored) as store:
            for e in (e for g in left for e in g.episodes):
                store.append(e)
        return left

    return play


@pytest.mark.slow
@pytest.mark.parametrize("method", ["ppo", "grpo"])
def test_training_goes_on_where_no_oracle_runs(method, sampler, teacher, tasks, template, tmp_path):
    """What is trained on is the judgement; the store holds no reward, and the verifier stays as it was."""
    judge = tiny()
    settings = VerifierReward(path=BASE)
    outcomes = verifier(judge, template, CONTEXT, settings)
    before, model = tiny().state_dict(), tiny()
    play = ungraded(sampler, teacher(slip=0.3, wrong=0.4), tmp_path / "episodes.jsonl", 4 if method == "grpo" else 1)
    if method == "grpo":
        changed = SETTINGS.model_copy(update={"verifier": settings, "rollouts": 2})
        report = train_grpo(
            model, BASE, tasks, changed, tmp_path, seed=0, play=play, sync=lambda m: None,
            check=lambda m, e: (0.0, 0.0), context=CONTEXT, outcomes=outcomes,
        )  # fmt: skip
    else:
        changes = {"verifier": settings, "value_warmup": 0, "rollouts": 2}
        report, model = train_ppo_on(play, tmp_path, tasks, model, outcomes=outcomes, **changes)
    assert report.ungraded == 0 and report.changed_tokens == 0
    assert not all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())
    assert all(torch.equal(weight, before[name]) for name, weight in judge.state_dict().items())
    with EpisodeStore(tmp_path / "episodes.jsonl") as store:
        kept = list(store.episodes.values())
    assert len(kept) >= 2 * (PPO.groups if method == "ppo" else 8) and all(e.reward is None for e in kept)
    first, _ = (json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines())
    rollout = kept[: first["groups"] * (1 if method == "ppo" else 4)]
    costs = PPO.shaping.turn * sum(len(e.turns) for e in rollout) if method == "ppo" else 0.0
    assert first["reward"] is None
    assert first["trained_reward"] == pytest.approx((sum(outcomes(rollout)) - costs) / len(rollout), abs=1e-5)
