"""Every family, end to end, in both sandboxes: the scripted policy solves a task of each, a trained one plays them."""

from pathlib import Path

import pytest

from galen.pipeline.evaluate import Evaluation, EvaluationSettings
from galen.pipeline.road import Road
from galen.pipeline.subject import subject
from galen.presets import model_preset
from galen.rollout.store import read
from galen.sandbox.choose import SandboxSettings
from galen.tasks.base import families
from galen.types import Episode

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
BACKENDS = ["local", pytest.param("docker", marks=pytest.mark.docker)]
LONG = ["context=32768", "reply_tokens=16384"]  # a reference may be a long program
FEW = (
    f"families=[{', '.join(families())}]", "demonstrations=2", "concurrency=8", "sft.epochs=1", "sft.batch_size=4",
    "eval.test=1", "eval.ood=0", "eval.curve=1",
)  # fmt: skip


def play(who, data: Path, out: Path, backend: str) -> list[Episode]:
    """One test task of each family and block."""
    settings = EvaluationSettings(tasks=1, concurrency=4, max_turns=4, sandbox=SandboxSettings(backend=backend))
    Evaluation(who, data, settings, 0, out).walk()
    [store] = (out / "eval").glob("*.jsonl")
    episodes = list(read(store))
    assert {e.family for e in episodes} == set(families())
    return episodes


@pytest.fixture(scope="module")
def checkpoint(whole_gym, server, tmp_path_factory) -> Path:
    """SFT on demonstrations of every family."""
    out = tmp_path_factory.mktemp("trained") / "sft"
    Road("sft", model_preset("tiny", [f"serve.url={server}"]), whole_gym, 0, out, FEW).walk()
    return out / "sft" / "final"


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_scripted_policy_solves_a_task_of_every_family(whole_gym, tmp_path, backend):
    episodes = play(subject("scripted", model="tiny", overrides=LONG), whole_gym, tmp_path, backend)
    assert {e.task_id: (e.stop, e.fault) for e in episodes if not e.success} == {}


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_trained_policy_plays_every_family(checkpoint, server, whole_gym, tmp_path, backend):
    episodes = play(subject(str(checkpoint), overrides=[f"serve.url={server}"]), whole_gym, tmp_path, backend)
    assert {e.task_id: e.fault for e in episodes if e.reward is None} == {}
