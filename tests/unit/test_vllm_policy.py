"""What a user sees when vLLM cannot serve: a taken port, a server that is gone. (end_to_end/ has a real server.)"""

import socket

import pytest

from galen.errors import ProviderError, UserError
from galen.policy.base import Context
from galen.policy.vllm import VLLMPolicy, VLLMServer, free_port
from galen.presets import ServeSettings


def test_a_taken_port_is_named(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=f"port {port} is in use"):
            VLLMServer("m", ServeSettings(), dtype="float32", context=64, log=tmp_path / "log", port=port, cpu=True)


def test_a_lost_server_is_the_providers_fault(template):
    policy = VLLMPolicy(f"http://127.0.0.1:{free_port()}", template, "p")
    with pytest.raises(ProviderError, match="/v1/completions"):
        policy.generate(Context([1], (), "t", 0, 0), max_tokens=4, temperature=0.0)


@pytest.mark.slow
def test_a_server_that_dies_at_start_shows_its_log(tmp_path):
    server = VLLMServer(
        str(tmp_path / "no-model"), ServeSettings(), dtype="float32", context=64, log=tmp_path / "log", cpu=True
    )
    with pytest.raises(ProviderError, match="ended at start"):
        server.wait()
    server.close()
