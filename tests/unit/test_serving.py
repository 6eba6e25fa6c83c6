"""Where the server runs, and when it sleeps: what a real HTTP server is asked for. (end_to_end/ asks vLLM itself.)"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from galen.config import validate
from galen.errors import ProviderError, UserError
from galen.policy.attach import ADAPTERS, WEIGHTS, require_server
from galen.policy.base import Context
from galen.policy.vllm import VLLMPolicy, command, environment, free_port, require_place
from galen.presets import ModelPreset, ServeSettings, model_preset

REPLY = {"choices": [{"token_ids": [5, 2], "logprobs": {"token_logprobs": [-1.0, -0.5]}}]}


class Recorder:
    """An HTTP server that keeps what it is asked; `answers` are its replies by path, `refused` paths get status 500."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.bodies: list[dict] = []
        self.answers: dict[str, object] = {"/v1/completions": REPLY}
        self.refused: set[str] = set()
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self):
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                recorder.asked.append(self.path)
                recorder.bodies.append(json.loads(body) if body else {})
                path = self.path.partition("?")[0]
                sent = json.dumps(recorder.answers.get(path, {})).encode()
                self.send_response(500 if path in recorder.refused else 200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)

            do_GET = do_POST = _answer

            def log_message(self, format, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self) -> list[str]:
        """What was asked since the last call."""
        taken, self.asked = self.asked, []
        return taken


@pytest.fixture
def recorder():
    recorder = Recorder()
    yield recorder
    recorder.server.shutdown()
    recorder.server.server_close()


def reply(policy):
    return policy.generate(Context([1], (), "t", 0, 0), max_tokens=4, temperature=0.0)


LOAD = ["/pause?mode=wait", "/collective_rpc", "/reset_prefix_cache", "/resume"]


def test_a_server_sleeps_once_and_wakes_for_the_next_reply(recorder, template):
    policy = VLLMPolicy(recorder.url, template, "p", sleep=1)
    policy.sleep()
    policy.sleep()
    assert recorder.take() == ["/sleep?level=1&mode=wait"]
    assert reply(policy).token_ids == [5, 2]
    reply(policy)
    assert recorder.take() == ["/wake_up", "/v1/completions", "/v1/completions"]


def test_a_server_wakes_before_it_is_given_weights(recorder, template, tmp_path):
    policy = VLLMPolicy(recorder.url, template, "p", sleep=1)
    policy.sleep()
    policy.refresh(tmp_path)
    policy.sleep()
    policy.publish(tmp_path)
    policy.publish(tmp_path)
    sleep = ["/sleep?level=1&mode=wait", "/wake_up"]
    assert recorder.take() == [*sleep, *LOAD, *sleep, ADAPTERS[0], *ADAPTERS]
    first, second, old = (body["lora_name"] for body in recorder.bodies[-3:])
    assert old == first != second and policy.version == 3


def test_from_level_two_it_is_given_the_weights_that_it_lost(recorder, template, tmp_path):
    policy = VLLMPolicy(recorder.url, template, "p", sleep=2, folder=tmp_path / "base")
    policy.sleep()
    reply(policy)
    assert recorder.take() == ["/sleep?level=2&mode=wait", "/wake_up", *LOAD, "/v1/completions"]
    assert {"method": "sync_from_disk", "args": [str(tmp_path / "base")]} in recorder.bodies
    policy.refresh(tmp_path / "new")
    policy.sleep()
    reply(policy)
    sent = [body["args"][0] for body in recorder.bodies if body.get("method")]
    assert sent == [str(tmp_path / name) for name in ("base", "new", "new")] and policy.version == 1
    recorder.take()
    policy.sleep()
    policy.refresh(tmp_path / "newer")
    assert recorder.take() == ["/sleep?level=2&mode=wait", "/wake_up", *LOAD]  # not the old ones first


def test_many_replies_wake_it_once(recorder, template):
    policy = VLLMPolicy(recorder.url, template, "p", sleep=1)
    policy.sleep()
    threads = [threading.Thread(target=reply, args=(policy,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert recorder.take()[1:].count("/wake_up") == 1 and recorder.bodies.count({}) == 2


def test_one_that_cannot_wake_is_the_providers_fault_and_is_asked_again(recorder, template):
    policy = VLLMPolicy(recorder.url, template, "p", sleep=1)
    policy.sleep()
    recorder.refused = {"/wake_up"}
    with pytest.raises(ProviderError, match="/wake_up: status 500"):
        reply(policy)
    recorder.refused = set()
    assert reply(policy).token_ids == [5, 2]


def test_weights_that_it_cannot_load_leave_it_going(recorder, template, tmp_path):
    policy = VLLMPolicy(recorder.url, template, "p")
    recorder.refused = {"/collective_rpc"}
    with pytest.raises(ProviderError, match="/collective_rpc: status 500"):
        policy.refresh(tmp_path)
    assert recorder.take() == ["/pause?mode=wait", "/collective_rpc", "/resume"] and policy.version == 0


def test_where_a_server_has_its_place_to_itself_it_never_sleeps(recorder, template):
    alone = [ServeSettings(gpus=(1,)), ServeSettings(url="http://127.0.0.1:1"), ServeSettings(sleep=0)]
    assert [s.sleep_level(cpu=False) for s in (ServeSettings(), ServeSettings(sleep=2), *alone)] == [1, 2, 0, 0, 0]
    assert ServeSettings().sleep_level(cpu=True) == 0
    policy = VLLMPolicy(recorder.url, template, "p", sleep=ServeSettings().sleep_level(cpu=True))
    policy.sleep()
    reply(policy)
    assert recorder.take() == ["/v1/completions"]


@pytest.mark.parametrize(
    ("settings", "cpu", "asked"), [({}, False, True), ({}, True, False), ({"sleep": 0}, False, False)]
)
def test_sleep_mode_is_asked_for_where_a_gpu_is_shared(settings, cpu, asked):
    words = command(
        "m", ServeSettings(**settings), dtype="bfloat16", context=64, host="127.0.0.1", port=1, cpu=cpu, lora_rank=8
    )
    assert ("--enable-sleep-mode" in words) == asked
    assert words[words.index("--max-lora-rank") + 1] == "8" and "galen.policy.worker_ext.WeightSync" in words


def test_a_server_on_other_gpus_sees_those_alone(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    settings = ServeSettings(gpus=(2, 3), tensor_parallel=2)
    require_place(settings, cpu=False)
    assert environment(settings, cpu=False)["CUDA_VISIBLE_DEVICES"] == "2,3"
    assert environment(ServeSettings(), cpu=False)["CUDA_VISIBLE_DEVICES"] == "0"


@pytest.mark.parametrize("visible", ["", "0,1", "1"])
def test_the_trainer_must_not_see_the_servers_gpus(monkeypatch, visible):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    with pytest.raises(UserError, match=f"CUDA_VISIBLE_DEVICES is {visible or 'not set'}; put"):
        require_place(ServeSettings(gpus=(1,)), cpu=False)


@pytest.mark.parametrize(
    ("settings", "said"),
    [({"gpus": (1,)}, "the trainer sees no GPU"), ({"sleep": 1}, "no server on a processor sleeps")],
)
def test_a_processor_has_neither_gpus_nor_sleep(settings, said):
    with pytest.raises(UserError, match=said):
        require_place(ServeSettings(**settings), cpu=True)


@pytest.mark.parametrize(
    ("serve", "said"),
    [
        ({"url": "http://a:1", "gpus": [1]}, "the server is in one place"),
        ({"url": "http://a:1", "sleep": 1}, "sleep = 1 has no effect"), ({"gpus": [1], "sleep": 0}, "sleep = 0 has no effect"),
        ({"gpus": [1, 2]}, "tensor_parallel = 1"), ({"gpus": [1, 1], "tensor_parallel": 2}, "tensor_parallel = 2"),
        ({"url": "localhost:8000"}, "write it with its scheme"), ({"sleep": 2}, "with LoRA only adapters are sent again"),
    ],
)  # fmt: skip
def test_one_clear_place(serve, said):
    raw = {"name": "m", "path": "m", "lora": {}, "serve": serve}
    with pytest.raises(UserError, match=said):
        validate(raw, ModelPreset, "m.yaml")


def test_settings_of_a_server_that_runs_already_have_no_effect():
    assert model_preset("tiny", ["serve.url=http://127.0.0.1:1"]).serve.url
    with pytest.raises(UserError, match=r"serve.eager=false: has no effect on the server at http://127.0.0.1:1"):
        model_preset("tiny", ["serve.url=http://127.0.0.1:1", "serve.eager=false"])


@pytest.fixture
def running(recorder):
    """A server that `require_server` takes."""
    recorder.answers |= {
        "/v1/models": {"data": [{"id": "policy", "max_model_len": 640}]},
        "/openapi.json": {"paths": {path: {} for path in (*ADAPTERS, *WEIGHTS)}},
    }
    return recorder


def test_a_running_server_is_taken_as_it_is(running):
    require_server(running.url + "/", model_preset("tiny"))
    require_server(running.url, model_preset("tiny", ["lora={}"]))


@pytest.mark.parametrize(
    ("path", "answer", "said"),
    [
        ("/v1/models", {"data": [{"id": "llama"}]}, "serves llama, not 'policy'"),
        (
            "/v1/models",
            {"data": [{"id": "policy", "max_model_len": 512}]},
            "its context is 512 tokens, the preset's 640",
        ),
        ("/v1/models", {"data": []}, "serves nothing"),
        ("/openapi.json", {"paths": {path: {} for path in ADAPTERS}}, "has no /pause"),
    ],
)
def test_a_running_server_of_another_kind_is_refused_with_the_right_command(running, path, answer, said):
    running.answers[path] = answer
    with pytest.raises(UserError, match=f"serve.url {running.url}: {said}.*; start it with `galen serve --model tiny`"):
        require_server(running.url, model_preset("tiny"))


def test_adapters_need_no_more_than_their_own_endpoints(running):
    lora = model_preset("tiny", ["lora={}"])
    running.answers["/openapi.json"] = {"paths": {path: {} for path in ADAPTERS}}
    require_server(running.url, lora)
    running.answers["/openapi.json"] = {"paths": {path: {} for path in WEIGHTS}}
    with pytest.raises(UserError, match="has no /v1/load_lora_adapter"):
        require_server(running.url, lora)


def test_a_server_that_is_not_there_is_named():
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(UserError, match=f"serve.url {url}: /v1/models does not answer .*`galen serve --model tiny`"):
        require_server(url, model_preset("tiny"))


def test_rows_leave_the_machine_with_a_server_elsewhere(template):
    urls = {"http://127.0.0.1:8000": True, "http://localhost:8000": True, "https://gpu.example:8000": False}
    assert {url: VLLMPolicy(url, template, "p").local for url in urls} == urls
