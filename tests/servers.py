"""Real servers within the tests' own process."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from galen.fhir.web import application
from galen.policy.vllm import free_port


@contextmanager
def fhir_over_http(base: Path) -> Iterator[str]:
    """The address of a FHIR server over `base`."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(application(base), port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()
