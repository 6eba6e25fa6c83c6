"""The local sandbox: isolation, limits, and what it leaves behind (nothing)."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from galen.errors import SandboxError
from galen.paths import ROOT
from galen.sandbox.base import Mount, SandboxSpec


@pytest.fixture
def sandbox(backend, data):
    spec = SandboxSpec(
        mounts=(Mount(data / "resources" / "mimic_iii.sqlite", "/data/mimic_iii.sqlite"),),
        database="/data/mimic_iii.sqlite",
        memory_mb=300,
        max_output_bytes=100_000,
    )
    sandbox = backend.create(spec)
    yield sandbox
    sandbox.close()


def run(sandbox, code, lang="python", timeout_s=20.0):
    return sandbox.run(code, lang=lang, timeout_s=timeout_s)


def test_languages(sandbox):
    assert run(sandbox, "import pandas, numpy; print(1 + 1)").stdout == "2\n"
    assert run(sandbox, "select 1, null, 2.5, 'a'", "sql").stdout == "1\tNULL\t2.5\ta\n"
    assert run(sandbox, "echo $((2*3))", "shell").stdout == "6\n"


def test_errors_name_the_agents_own_line(sandbox):
    done = run(sandbox, "x = 1\nprint(y)")
    assert done.exit_code == 1 and 'File "<action>", line 2' in done.stderr and "supervisor" not in done.stderr
    assert "no such column: foo" in run(sandbox, "select foo from patients", "sql").stderr
    assert run(sandbox, "import sys; sys.exit(7)").exit_code == 7


def test_each_action_is_a_fresh_process_but_files_stay(sandbox, backend):
    run(sandbox, "import builtins; builtins.print = None; x = 5; open('note', 'w').write('kept')")
    done = run(sandbox, "print(open('note').read(), 'x' in globals())")
    assert done.stdout == "kept False\n"
    other = backend.create(SandboxSpec())
    assert run(other, "import os; print(os.listdir('.'))").stdout == "[]\n"
    other.close()


@pytest.mark.parametrize(
    "attack",
    [
        "import socket; socket.socket(socket.AF_INET)",
        "import socket; socket.socket(socket.AF_VSOCK)",
        "import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
        "import socket; socket.create_connection(('127.0.0.1', 22), 2)",
        "open('/etc/shadow').read()",
        "open('/data/mimic_iii.sqlite', 'ab')",
        "open('/usr/x', 'w')",
        "import os; os.kill(1, 9) or open('/proc/1/mem', 'rb')",
        "open('/proc/sys/kernel/core_pattern', 'w')",
        "import os; os.setuid(0)",
        "import os; os.unshare(os.CLONE_NEWUSER) if hasattr(os, 'unshare') else 1 / 0",
        "import ctypes; libc = ctypes.CDLL(None); assert libc.unshare(0x10000000) == 0",
        "import ctypes; libc = ctypes.CDLL(None); assert libc.mount(b'x', b'/tmp', b'tmpfs', 0, 0) == 0",
        "import os; os.listdir('/.host')[0]",
        f"open({str(ROOT / 'pyproject.toml')!r}).read()",
    ],
)
def test_attacks_fail(sandbox, attack):
    assert run(sandbox, attack).exit_code != 0
    assert run(sandbox, "print('alive')").stdout == "alive\n"


def test_no_secret_in_the_environment(backend, monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "abc123")
    sandbox = backend.create(SandboxSpec())
    text = run(sandbox, "import os; print(dict(os.environ), open('/proc/self/environ').read(), os.getuid())").stdout
    assert "abc123" not in text and not text.strip().endswith(" 0")
    sandbox.close()


def test_limits(sandbox):
    assert run(sandbox, "x = bytearray(900 << 20)").exit_code == 1
    flood = run(sandbox, "while True: print('x' * 1000)", timeout_s=1)
    assert flood.timed_out and flood.truncated and len(flood.stdout) <= 100_000
    bomb = run(sandbox, "import os\nwhile True:\n  try: os.fork()\n  except OSError: pass", timeout_s=1)
    assert bomb.timed_out
    assert run(sandbox, "open('big', 'wb').write(b'x' * (200 << 20))").exit_code != 0
    assert run(sandbox, "print('alive')").stdout == "alive\n"


def test_nothing_survives_an_action(sandbox):
    start = time.monotonic()
    stubborn = (
        "import os, signal, time\nsignal.signal(15, signal.SIG_IGN)\nif os.fork() == 0: os.setsid()\nwhile True: pass"
    )
    assert run(sandbox, stubborn, timeout_s=0.5).timed_out
    assert time.monotonic() - start < 5
    assert run(sandbox, "import os; print(len([p for p in os.listdir('/proc') if p.isdigit()]))").stdout == "2\n"


def test_many_at_once(backend):
    def episode(i):
        sandbox = backend.create(SandboxSpec())
        said = run(sandbox, f"print({i})").stdout
        sandbox.close()
        return said

    with ThreadPoolExecutor(32) as pool:
        assert list(pool.map(episode, range(64))) == [f"{i}\n" for i in range(64)]


def test_a_missing_mount_is_the_sandboxs_fault(backend):
    with pytest.raises(SandboxError, match="missing"):
        backend.create(SandboxSpec(mounts=(Mount(Path("/no/such"), "/data/x"),)))


def test_a_killed_owner_leaves_no_process(tmp_path):
    code = (
        "import time\nfrom galen.sandbox.local import LocalBackend\nfrom galen.sandbox.base import SandboxSpec\n"
        "b = LocalBackend(); s = b.create(SandboxSpec()); print(b._template.pid, flush=True)\n"
        "s.run('while True: pass', lang='python', timeout_s=60)\n"
    )
    owner = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert owner.stdout
    template = int(owner.stdout.readline())
    time.sleep(0.5)
    os.kill(owner.pid, signal.SIGKILL)
    owner.wait()
    deadline = time.monotonic() + 5
    while Path(f"/proc/{template}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{template}").exists()
