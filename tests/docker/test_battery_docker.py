"""The battery of attacks on containers, lent from a pool as in a run: each also meets what the last one left."""

from contextlib import closing

import pytest

from galen.sandbox.battery import run_battery
from galen.sandbox.choose import open_backend, plain


@pytest.mark.docker
@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_docker_holds():
    with closing(open_backend(plain("docker"), 3)) as backend:
        outcomes = run_battery(backend)
    assert not [f"{outcome.name}: {outcome.evidence}" for outcome in outcomes if not outcome.held]
