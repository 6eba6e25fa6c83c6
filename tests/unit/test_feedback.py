"""Feedback: what an episode tells the agent of its own work; the first submission counts under each."""

import json
import shutil
from dataclasses import replace

import pytest
from test_agent import Replies

from galen.agent.observation import FAILED, RAN, WRONG
from galen.errors import TaskError, UserError
from galen.evals.scores import score
from galen.pipeline.recipe import recipe
from galen.presets import model_preset
from galen.rollout.sampler import Sampler
from galen.tasks.store import GoldStore
from galen.types import ActionKind, Owner, StopReason


class Watched(Replies):
    """Keeps the prompts that it was given."""

    def __init__(self, template, *texts):
        super().__init__(template, *texts)
        self.seen = []

    def generate(self, context, **budget):
        self.seen.append(list(context.token_ids))
        return super().generate(context, **budget)


@pytest.fixture
def play(sampler, grader, template, tasks):
    def play(feedback, *texts, **changes):
        setting = replace(sampler.setting, feedback=feedback, **changes)
        policy = Watched(template, *texts)
        [group] = Sampler(setting, grader, 1).sample(tasks[:1], policy)
        return group.episodes[0], policy

    return play


@pytest.fixture
def right(data, tasks):
    return f"```sql\n{GoldStore(data).get(tasks[0]).solution}\n```"


SUBMIT = "```submit\n@last\n```"
GUESS = "```submit\nnever this\n```"


def shown(episode):
    return [turn.observation.text if turn.observation else None for turn in episode.turns]


def test_the_papers_setting_shows_output_and_no_verdict(play, right):
    episode, _ = play("none", "```sql\nselect 41 + 1\n```", GUESS, right, SUBMIT)
    assert shown(episode) == ["42", None] and episode.stop is StopReason.SUBMITTED and not episode.success
    assert episode.feedback == "none" and episode.later_submissions == ()


def test_the_papers_limits_are_the_defaults(tasks):
    assert {(t.limits.max_turns, t.limits.exec_timeout_s) for t in tasks} == {(15, 120.0)}


def test_execution_feedback_says_whether_code_ran_and_nothing_that_it_wrote(play, right):
    leak = "```python\nraise type('Secret42', (Exception,), {})('the answer is 42')\n```"
    printing = "```bash\necho 42; exit 3\n```"
    episode, _ = play("execution", right, leak, "```debugging\n```", printing, SUBMIT)
    assert shown(episode)[:2] == [RAN, FAILED] and shown(episode)[3] == FAILED
    assert not any("42" in text or "Secret" in text for text in shown(episode)[:-1])
    assert episode.success, "`@last` hands in what was never shown"


def test_execution_feedback_leaves_information_on_request(play):
    episode, _ = play("execution", "```request_info\ntables\n```", GUESS)
    assert "admissions" in shown(episode)[0]


def test_oracle_feedback_says_wrong_and_goes_on_but_the_first_submission_counts(play, right):
    episode, policy = play("oracle", GUESS, right, SUBMIT)
    assert shown(episode)[0] == WRONG and shown(episode)[-1] is None
    assert episode.stop is StopReason.SUBMITTED and len(episode.turns) == 3
    assert episode.submission == "never this" and len(episode.later_submissions) == 1
    assert episode.reward == 0.0 and not episode.success
    for before, after in zip(policy.seen, policy.seen[1:], strict=False):
        assert after[: len(before)] == before, "law 1: tokens are only appended"


def test_oracle_feedback_ends_with_a_right_submission(play, right):
    episode, _ = play("oracle", right, SUBMIT, GUESS)
    assert episode.success and len(episode.turns) == 2 and episode.later_submissions == ()


def test_oracle_feedback_ends_at_the_last_turn_and_in_a_loop(play):
    guesses = [f"```submit\nguess {i}\n```" for i in range(9)]
    episode, _ = play("oracle", *guesses, max_turns=4)
    assert episode.stop is StopReason.SUBMITTED and len(episode.turns) == 4
    assert episode.later_submissions == ("guess 1", "guess 2", "guess 3") and episode.reward == 0.0
    episode, _ = play("oracle", GUESS)
    assert episode.stop is StopReason.LOOPING and episode.submission == "never this" and episode.reward == 0.0
    episode, _ = play("oracle", GUESS, *[f"```sql\nselect {i}\n```" for i in range(9)], max_turns=4)
    assert episode.stop is StopReason.MAX_TURNS and episode.reward == 0.0


def test_a_task_that_cannot_be_graded_is_not_called_wrong(sampler, template, tasks, grader):
    broken = tasks[0].model_copy(update={"id": "mimic_iii/train-id/none"})
    ungraded = tasks[0].model_copy(update={"oracle": tasks[0].oracle.model_copy(update={"kind": "none"})})
    player = Sampler(replace(sampler.setting, feedback="oracle"), grader, 1)
    faulty, silent = (g.episodes[0] for g in player.sample([broken, ungraded], Replies(template, GUESS)))
    assert faulty.fault and faulty.fault.owner is Owner.TASK and faulty.reward is None
    assert silent.stop is StopReason.SUBMITTED and silent.reward is None and len(silent.turns) == 1
    with pytest.raises(TaskError):
        grader.grade(broken, "1")


@pytest.mark.parametrize("feedback", ["none", "execution", "oracle"])
def test_the_teacher_works_under_each(sampler, grader, teacher, tasks, feedback):
    player = Sampler(replace(sampler.setting, feedback=feedback), grader, 8)
    groups = player.sample(tasks[:12] + tasks[40:52], teacher(slip=0.3, wrong=0.3))
    episodes = [g.episodes[0] for g in groups]
    assert score("", "", episodes).success > 0.5
    actions = {t.action.kind for e in episodes for t in e.turns}
    assert ActionKind.DEBUGGING in actions
    if feedback == "oracle":
        mended = [e for e in episodes if e.later_submissions]
        assert mended and all(not e.success and e.stop is StopReason.SUBMITTED for e in mended)


def test_episodes_under_another_feedback_are_other_episodes(sampler, grader, teacher, tasks):
    keys = set()
    for feedback in ("none", "execution", "oracle"):
        player = Sampler(replace(sampler.setting, feedback=feedback), grader, 1)
        keys.add(player.sample(tasks[:1], teacher())[0].episodes[0].key)
    assert len(keys) == 3


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["feedback=oracle", "max_turns=1"], "feedback = oracle has no effect where max_turns = 1"),
        (["feedback=execution", "debugger={url: http://localhost:1/v1, model: m}"], "debugger has no effect"),
        (["feedback=all"], "feedback"),
    ],
)
def test_feedback_without_effect_stops_the_run(overrides, said):
    with pytest.raises(UserError, match=said):
        recipe("sft", model_preset("tiny"), overrides)


def test_oracle_feedback_without_an_oracle_stops_the_run(data, tmp_path):
    from galen.pipeline.road import Road

    folder = tmp_path / "data"
    shutil.copytree(data, folder)
    for path in (folder / "tasks").rglob("*.jsonl"):
        tasks = [
            json.loads(line) | {"oracle": {"kind": "none", "params": {}}} for line in path.read_text().splitlines()
        ]
        path.write_text("".join(json.dumps(task) + "\n" for task in tasks))
    few = ["demonstrations=20", "eval.test=4"]
    Road("sft", model_preset("tiny"), folder, 0, tmp_path / "run", few)
    with pytest.raises(UserError, match="feedback=oracle has no effect: no task has an oracle"):
        Road("sft", model_preset("tiny"), folder, 0, tmp_path / "other", [*few, "feedback=oracle"])


def test_the_recipe_has_the_papers_feedback_unless_told():
    assert recipe("grpo", model_preset("tiny"), []).feedback == "none"
    assert recipe("grpo", model_preset("tiny"), ["feedback=oracle"]).feedback == "oracle"
