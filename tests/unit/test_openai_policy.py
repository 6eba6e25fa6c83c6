"""The OpenAI-compatible client, against a real HTTP server that speaks the protocol."""

import dataclasses
import itertools
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from galen.agent.explainer import ModelExplainer
from galen.data.filters import FilterSettings, choose
from galen.errors import UserError
from galen.pipeline.evaluate import Evaluation, EvaluationSettings
from galen.pipeline.subject import subject
from galen.policy.openai import Endpoint, OpenAIPolicy
from galen.rollout.store import read
from galen.tasks.base import Vocabulary
from galen.tasks.store import GoldStore
from galen.types import Owner, StopReason


class Service:
    """Answers `/v1/chat/completions` with `reply`; the first `failures` calls get status 503."""

    def __init__(self) -> None:
        self.reply, self.failures, self.finish, self.asked = "```submit\n1\n```", 0, "stop", []
        self.next = lambda: self.reply
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                service.asked.append({"path": self.path, "key": self.headers["authorization"], **body})
                service.failures -= 1
                status = 503 if service.failures >= 0 else 200
                message = {"role": "assistant", "content": service.next()}
                choice = {"index": 0, "message": message, "finish_reason": service.finish}
                answer = {"id": "x", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]}
                data = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def service():
    service = Service()
    yield service
    service.close()


def test_an_episode_by_a_served_model(service, sampler, tasks, template, monkeypatch):
    monkeypatch.setenv("TEACHER_KEY", "k1")
    policy = OpenAIPolicy(Endpoint(url=service.url, model="teacher", api_key_env="TEACHER_KEY"), template)
    [group] = sampler.sample(tasks[40:41], policy)
    episode = group.episodes[0]
    assert (episode.stop, episode.submission, episode.policy) == (StopReason.SUBMITTED, "1", "teacher")
    assert episode.turns[0].token_ids == template.reply_ids(service.reply)
    asked = service.asked[0]
    assert asked["path"] == "/v1/chat/completions" and asked["key"] == "Bearer k1" and asked["model"] == "teacher"
    assert [m["role"] for m in asked["messages"]] == ["system", "user"]


def test_a_passing_failure_is_retried_and_a_lasting_one_is_the_providers(
    service, sampler, tasks, template, monkeypatch
):
    monkeypatch.setattr("galen.rollout.sampler.BACKOFF_S", 0.0)
    policy = OpenAIPolicy(Endpoint(url=service.url, model="m", retries=1), template)
    service.failures = 1
    assert sampler.sample(tasks[40:41], policy)[0].episodes[0].stop is StopReason.SUBMITTED
    service.failures = 1000
    episode = sampler.sample(tasks[41:42], policy)[0].episodes[0]
    assert episode.fault and episode.fault.owner is Owner.PROVIDER and service.url in episode.fault.message


def test_a_cut_reply_is_marked_and_has_no_end_token(service, template):
    from galen.policy.base import Context

    service.finish = "length"
    policy = OpenAIPolicy(Endpoint(url=service.url, model="m"), template)
    sample = policy.generate(Context([], (), "t", 0, 0), max_tokens=5, temperature=0.0)
    assert sample.truncated and template.end_id not in sample.token_ids


def test_a_missing_key_and_a_bad_url_are_named(template):
    with pytest.raises(UserError, match="NO_SUCH_KEY is not set"):
        OpenAIPolicy(Endpoint(url="http://127.0.0.1:1/v1", model="m", api_key_env="NO_SUCH_KEY"), template)
    with pytest.raises(UserError, match="with its scheme"):
        OpenAIPolicy(Endpoint(url="127.0.0.1/v1", model="m"), template)


def test_a_model_explains_errors_from_grounded_facts(service):
    service.reply = "The column lable does not exist; label is the nearest."
    told = ModelExplainer(Endpoint(url=service.url, model="m"))(
        "sqlite3.OperationalError: no such column: lable", "select lable from d_labitems",
        Vocabulary(tables={"d_labitems": ("itemid", "label")}),
    )  # fmt: skip
    assert told == service.reply
    assert "label in d_labitems" in service.asked[0]["messages"][1]["content"]
    service.reply = ""
    assert "Nearest known" not in ModelExplainer(Endpoint(url=service.url, model="m"))("boom", "x", Vocabulary())


def test_a_baseline_is_stored_scored_and_continued(service, data, tmp_path):
    who = subject(service.url, name="frontier", model="tiny")
    settings = EvaluationSettings(families=("medcalc",), tasks=3, concurrency=4)
    rows = Evaluation(who, data, settings, 0, tmp_path).walk()
    assert [(r["block"], r["n"]) for r in rows] == [("id", 3), ("ood", 3)]
    Evaluation(who, data, settings, 0, tmp_path).walk()
    assert len(service.asked) == 6 and {e.policy for e in read(tmp_path / "eval" / "base.jsonl")} == {"frontier"}
    assert "eval/base | 6 |" in (tmp_path / "report.md").read_text()


def test_a_task_without_a_reference_needs_a_teacher(sampler, tasks, teacher):
    policy = teacher()
    policy._solution = lambda i: teacher()._solution(i).model_copy(update={"solution": ""})
    episode = sampler.sample(tasks[40:41], policy)[0].episodes[0]
    assert episode.fault and episode.fault.owner is Owner.TASK and "set `teacher`" in episode.fault.message


def test_of_several_samples_a_task_the_right_ones_are_kept(service, sampler, data, tasks, template):
    task, replies = tasks[40], itertools.count()
    answer = GoldStore(data).get(task).answer
    service.next = lambda: f"```submit\n{answer if next(replies) % 3 else 'no idea'}\n```"
    sampler.setting = dataclasses.replace(sampler.setting, temperature=0.7)
    [group] = sampler.sample([task], OpenAIPolicy(Endpoint(url=service.url, model="m"), template), samples=6)
    assert {a["temperature"] for a in service.asked} == {0.7} and len(service.asked) == 6
    assert len({e.key for e in group.episodes}) == 6 and sum(e.success for e in group.episodes) == 4
    kept, report = choose(group.episodes, FilterSettings(per_task=1), 100, seed=0)
    assert len(kept) == 1 and kept[0].success and report.dropped == {"failed": 2, "per_task": 3}
