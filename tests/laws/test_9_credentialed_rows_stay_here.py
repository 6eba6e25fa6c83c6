"""Law 9: credentialed rows never leave the machine."""

import json
import re

import pytest
from fakes import run_dpo, run_grpo, run_ppo, run_sft, run_verifier
from pages import blocks, run_of
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from galen.errors import UserError
from galen.policy.openai import Endpoint, OpenAIPolicy
from galen.report import run as report
from galen.report.viewer import page
from galen.tasks.store import write_tasks
from galen.train import trackers
from galen.types import Fault, Gold, Owner, Privacy


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


@pytest.mark.slow
@pytest.mark.parametrize("run", [run_sft, run_dpo, run_ppo, run_grpo, run_verifier])
def test_a_tracker_gets_numbers_and_settings_and_no_row(run, sampler, teacher, tasks, tmp_path, monkeypatch):
    """TensorBoard's files, read back, hold the numbers of log.jsonl; of what was asked, answered and shown, nothing."""
    played, play = [], sampler.sample

    def sample(*args, **kwargs):
        groups = play(*args, **kwargs)
        played.extend(e for g in groups for e in g.episodes)
        return groups

    monkeypatch.setattr(sampler, "sample", sample)
    monkeypatch.setattr("galen.train.observe.trackers", lambda _, *args: trackers.trackers(["tensorboard"], *args))
    run(tmp_path, sampler, teacher, tasks, stops=[2])
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    stored = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    expected = {
        k: [line[k] for line in lines if line.get(k) is not None] for line in lines for k in line if k != "step"
    }
    found = {tag.removeprefix("train/"): [e.value for e in stored.Scalars(tag)] for tag in stored.Tags()["scalars"]}
    assert found.keys() == {k for k, values in expected.items() if values}
    for key, values in found.items():
        assert values == pytest.approx(expected[key], rel=1e-6), key
    files = b"".join(path.read_bytes() for path in (tmp_path / "tensorboard").iterdir())
    assert b"output_dir" in files and b'"learning_rate": ' in files
    turns = [t for e in played for t in e.turns]
    rows = (
        {t.prompt.question for t in tasks}
        | {t.text for t in turns}
        | {t.observation.text for t in turns if t.observation}
    )
    pieces = {line for text in rows for line in text.splitlines() if len(line) > 12}
    assert len(pieces) > 50 and not [piece for piece in pieces if piece.encode() in files]
    assert not list(tmp_path.rglob("*.parquet")), "TRL writes completions"


def test_neither_the_viewer_nor_the_report_carries_a_row(sampler, teacher, tasks, data, tmp_path):
    """Of a folder whose tasks are credentialed, and of tasks that it does not know, no text and no token is written."""
    played = [g.episodes[0] for g in sampler.sample(tasks[:12], teacher())]
    fault = Fault(owner=Owner.HARNESS, message="broke at patient 4242424242")
    played.append(played[0].model_copy(update={"key": "f", "fault": fault, "verdict": None}))
    secret = tmp_path / "secret"
    known = [t.model_copy(update={"privacy": Privacy.CREDENTIALED}) for t in tasks[:6]]
    write_tasks(secret, [(t, Gold(id=t.id, answer=0, solution="", lang="sql")) for t in known], seed=0, source="")
    run = run_of(tmp_path / "run", secret, {"eval/sft.jsonl": played, "grpo/episodes/000000.jsonl": played[:3]})
    keys = [{"key": e.key, "logprobs": [-1.5] * sum(e.completion_mask)} for e in played[:3]]
    (run / "grpo" / "parity.jsonl").write_text("".join(json.dumps(line) + "\n" for line in keys))
    out = tmp_path / "page.html"
    assert page.write([run], out).withheld == len(played) + 3
    found, rest = blocks(out)
    assert found["tokens"] == {} and len(found["index"]["rows"]["key"]) == len(played) + 3
    shown = json.dumps(found) + rest + "".join(p.read_text() for p in (report.write(run), run / "report.html"))
    turns = [t for e in played for t in e.turns]
    rows = (
        [t.prompt.question for t in tasks[:12]]
        + [t.text for t in turns]
        + [t.observation.text for t in turns if t.observation]
    )
    rows += [e.submission for e in played if e.submission] + [fault.message]
    pieces = {line for text in rows for line in text.splitlines() if len(line) > 9}
    assert len(pieces) > 20 and not [piece for piece in pieces if piece in shown]
    assert not {"logprobs", "checks", "prompt"} & set(re.findall(r'"(\w+)":', json.dumps(found)))
