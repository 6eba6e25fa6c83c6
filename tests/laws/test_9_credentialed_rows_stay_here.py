"""Law 9: credentialed rows never leave the machine."""

import pytest

from galen.errors import UserError
from galen.policy.openai import Endpoint, OpenAIPolicy
from galen.types import Privacy


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://127.0.0.1:8000/v1", True), ("http://localhost/v1", True), ("http://[::1]:1/v1", True),
        ("https://api.example.com/v1", False), ("http://127.0.0.1.example.com/v1", False), ("http://10.0.0.5:8000/v1", False),
    ],
)  # fmt: skip
def test_only_loopback_is_this_machine(url, local):
    assert Endpoint(url=url, model="m").local is local


def test_a_remote_policy_never_sees_a_credentialed_task(sampler, tasks, template):
    secret = tasks[0].model_copy(update={"privacy": Privacy.CREDENTIALED})
    policy = OpenAIPolicy(Endpoint(url="https://api.example.com/v1", model="m"), template)
    policy.generate = lambda *_, **__: pytest.fail("the prompt was sent")
    with pytest.raises(UserError, match="never leave the machine"):
        sampler.sample([tasks[1], secret], policy)
