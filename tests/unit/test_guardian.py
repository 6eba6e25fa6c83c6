"""A server leaves nothing behind, however it or its owner ends: not even an engine that does not want to end."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

# A server whose engine is a process of its own and is deaf to SIGTERM; the server itself ends on it, or by itself.
ENGINE = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(60)"
SERVER = """
import os, subprocess, sys, time
engine = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdout=subprocess.PIPE)
engine.stdout.readline()
open(sys.argv[2] + ".new", "w").write(str(engine.pid))
os.rename(sys.argv[2] + ".new", sys.argv[2])
time.sleep(float(sys.argv[3]))
"""
WATCH = "import sys; from galen.policy import guardian; sys.exit(guardian.main(int(sys.argv[1]), sys.argv[2:], 0.3))"
# An owner that starts the guardian as `VLLMServer` does.
OWNER = """
import os, subprocess, sys, time
subprocess.Popen([sys.executable, "-c", sys.argv[1], str(os.getpid()), *sys.argv[2:]], start_new_session=True)
time.sleep(60)
"""


def server(said: Path, seconds: float) -> list[str]:
    return [sys.executable, "-c", SERVER, ENGINE, str(said), str(seconds)]


def wait_for(path: Path) -> int:
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.02)
    return int(path.read_text())


def gone(pid: int) -> bool:
    """Whether no process `pid` runs any more, soon. One that has ended and is asked for by nobody is gone too."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def start(command: list[str], owner: int) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-c", WATCH, str(owner), *command], start_new_session=True)


def test_asked_to_end_the_engine_ends_too(tmp_path):
    watched = start(server(tmp_path / "pid", 60), os.getpid())
    engine = wait_for(tmp_path / "pid")
    os.killpg(watched.pid, signal.SIGTERM)
    watched.wait(30)
    assert gone(engine)


def test_a_server_that_ends_by_itself_leaves_no_engine(tmp_path):
    watched = start(server(tmp_path / "pid", 0.2), os.getpid())
    engine = wait_for(tmp_path / "pid")
    assert watched.wait(30) == 0
    assert gone(engine)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_the_engine_ends_with_the_owner(tmp_path, how):
    owner = subprocess.Popen([sys.executable, "-c", OWNER, WATCH, *server(tmp_path / "pid", 60)])
    engine = wait_for(tmp_path / "pid")
    owner.send_signal(how)
    owner.wait()
    assert gone(engine)


def test_who_has_no_owner_any_more_starts_nothing(tmp_path):
    assert start(server(tmp_path / "pid", 60), owner=1).wait(30) == 1
    assert not (tmp_path / "pid").exists()
