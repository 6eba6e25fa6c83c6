"""Law 3: a failure that is not the policy's is reward None, left out of every mean, and counted by owner."""

import pytest

from galen.errors import ProviderError, SandboxError, TaskError
from galen.evals.scores import score
from galen.types import Owner, StopReason


class Failing:
    name, local = "failing", True

    def __init__(self, error):
        self.error = error

    def generate(self, context, **_):
        raise self.error


@pytest.mark.parametrize(
    ("error", "owner"),
    [(ProviderError("gone"), Owner.PROVIDER), (SandboxError("lost"), Owner.SANDBOX), (TaskError("x"), Owner.TASK)],
)
def test_a_fault_has_no_reward_and_an_owner(sampler, tasks, error, owner, monkeypatch):
    monkeypatch.setattr("galen.rollout.sampler.BACKOFF_S", 0.0)
    [group] = sampler.sample(tasks[:1], Failing(error))
    [episode] = group.episodes
    assert (episode.stop, episode.reward, episode.fault.owner) == (StopReason.FAULT, None, owner)
    assert score("p", "f", [episode]).valid == 0 and group.rewards == [] and not group.live
    assert sampler.report.faults == {owner.value: 1}
    assert sampler.report.retries == (0 if owner is Owner.TASK else 2)


def test_a_task_without_gold_is_the_tasks_fault(sampler, tasks, teacher):
    lost = tasks[0].model_copy(update={"id": "mimic_iii/train-id/999999"})
    policy = teacher()
    policy._solution = lambda _: policy_gold
    policy_gold = teacher()._solution(tasks[0].id)
    [group] = sampler.sample([lost], policy)
    assert group.episodes[0].fault.owner is Owner.TASK and group.episodes[0].reward is None


def test_what_the_policy_does_wrong_is_zero(sampler, tasks, teacher):
    [group] = sampler.sample(tasks[40:41], teacher(slip=0.0, wrong=1.0))
    assert group.episodes[0].reward in (0.0, 1.0) and group.episodes[0].fault is None
