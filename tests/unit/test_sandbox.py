"""Every backend behaves the same: isolation, limits, sessions, files, and what it leaves behind (nothing)."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from docker import DockerClient

from galen.errors import SandboxError, SandboxFileError, UserError
from galen.paths import ROOT
from galen.sandbox import owners
from galen.sandbox.base import Mount, SandboxSpec, Tier
from galen.sandbox.choose import SandboxSettings, open_backend
from galen.sandbox.docker import remove
from galen.sandbox.local import LocalBackend
from galen.sandbox.pool import SandboxPool
from galen.types import Limit

SYSTEM_PYTHON = "/usr/bin/python3"
DATABASE = "/data/mimic_iii.sqlite"


class LandlockBackend(LocalBackend):
    """As on a machine that forbids namespaces."""

    tiers = (Tier.LANDLOCK,)


def open_landlock():
    """As root the interpreter must lie where another user may go; the system's does, but has no scientific stack."""
    backend = LandlockBackend(Tier.LANDLOCK, SYSTEM_PYTHON)
    try:
        backend.create(SandboxSpec(preload=("sqlite3",))).close()
    except UserError as error:
        pytest.skip(str(error))
    return backend


def open_docker():
    return open_backend(SandboxSettings(backend="docker"), 4)


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(LocalBackend, id="namespaces"),
        pytest.param(open_landlock, id="landlock"),
        pytest.param(open_docker, id="docker", marks=pytest.mark.docker),
    ],
)
def backend(request):
    backend = request.param()
    report = backend.doctor()
    assert report.usable, report.notes
    yield backend
    backend.close()


@pytest.fixture(scope="module")
def database(backend, data):
    path = data / "resources" / "mimic_iii.sqlite"
    if not isinstance(backend, LandlockBackend):
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:  # pytest's own are closed to other users
        Path(folder).chmod(0o755)
        yield Path(shutil.copy(path, folder))


@pytest.fixture
def spec(backend, database):
    stack = ("sqlite3",) if isinstance(backend, LandlockBackend) else ("numpy", "pandas", "sqlite3")
    return SandboxSpec(
        mounts=(Mount(database, DATABASE),),
        database=DATABASE,
        memory_mb=300,
        disk_mb=32,
        file_mb=16,
        max_files=1000,
        max_output_bytes=100_000,
        preload=stack,
    )


@pytest.fixture
def sandbox(backend, spec):
    sandbox = backend.create(spec)
    yield sandbox
    sandbox.close()


def run(sandbox, code, lang="python", timeout_s=20.0):
    return sandbox.run(code, lang=lang, timeout_s=timeout_s)


def test_languages(sandbox, spec):
    assert run(sandbox, f"import {spec.preload[0]}; print(1 + 1)").stdout == "2\n"
    assert run(sandbox, "select 1, null, 2.5, 'a'", "sql").stdout == "1\tNULL\t2.5\ta\n"
    assert run(sandbox, "echo $((2*3))", "shell").stdout == "6\n"
    assert int(run(sandbox, "select count(*) from patients", "sql").stdout) > 0


def test_errors_name_the_agents_own_line(sandbox):
    done = run(sandbox, "x = 1\nprint(y)")
    assert done.exit_code == 1 and 'File "<action>", line 2' in done.stderr and "supervisor" not in done.stderr
    assert "no such column: foo" in run(sandbox, "select foo from patients", "sql").stderr
    assert run(sandbox, "import sys; sys.exit(7)").exit_code == 7
    assert run(sandbox, "exit 9", "shell").exit_code == 9


def test_each_action_is_a_fresh_process_but_files_stay(sandbox, backend, spec):
    run(sandbox, "import builtins; builtins.print = None; x = 5; open('note', 'w').write('kept')")
    done = run(sandbox, "print(open('note').read(), 'x' in globals())")
    assert done.stdout == "kept False\n"
    other = backend.create(spec)
    assert run(other, "import os; print(os.listdir('.'))").stdout == "[]\n"
    other.close()


def test_no_secret_in_the_environment(backend, spec, monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "abc123")
    sandbox = backend.create(spec)
    text = run(sandbox, "import os; print(dict(os.environ), os.getuid(), os.popen('env').read())").stdout
    assert "abc123" not in text and "HOME" in text
    assert run(sandbox, "import os; print(os.getuid() != 0)").stdout == "True\n"
    sandbox.close()


@pytest.mark.parametrize("size", [10, 50_000, 99_999, 100_000])
def test_output_within_its_limit_comes_whole(sandbox, size):
    done = run(sandbox, f"import sys; sys.stdout.write('x' * {size}); sys.stderr.write('y' * {size})")
    assert (len(done.stdout), len(done.stderr), done.limits) == (size, size, ())


def test_long_output_is_cut_in_the_middle_with_a_mark(sandbox):
    done = run(sandbox, "print('start'); [print('x' * 999) for _ in range(1000)]; print('end')")
    assert done.exit_code == 0 and done.limits == (Limit.OUTPUT,)
    assert done.stdout.startswith("start\n") and done.stdout.endswith("end\n")
    assert len(done.stdout) < 100_100
    cut = int(done.stdout.split("… ")[1].split(" bytes cut …")[0])
    assert cut == 6 + 1_000_000 + 4 - (len(done.stdout) - len(f"\n… {cut} bytes cut …\n"))


def test_bytes_that_are_no_text(sandbox):
    done = run(sandbox, "import os; os.write(1, b'a\\x00b\\xff\\xfe\\x1b[31mc')")
    assert done.stdout == "a\x00b\ufffd\ufffd\x1b[31mc"


def test_what_was_printed_before_a_timeout_is_kept(sandbox):
    done = run(sandbox, "print('so far', flush=True)\nwhile True: pass", timeout_s=0.5)
    assert done.timed_out and done.limits == (Limit.WALL,) and done.stdout == "so far\n" and done.exit_code is None


LIMITS = {
    Limit.MEMORY: "x = bytearray(b'x' * (500 << 20)); import time; time.sleep(5)",
    Limit.OUTPUT: "print('x' * 1_000_000)",
    Limit.FILE_SIZE: "open('big', 'wb').write(b'x' * (20 << 20))",
    Limit.PROCESSES: "import os, time\nfor i in range(90):\n  if os.fork() == 0: time.sleep(9); os._exit(0)\ntime.sleep(5)",
    Limit.DISK: "for i in range(9): open(f'f{i}', 'wb').write(b'x' * (8 << 20))",
    Limit.INODES: "for i in range(2000): open(f'f{i}', 'w').close()",
    Limit.WALL: "while True: pass",
}


@pytest.mark.parametrize("limit", LIMITS)
def test_each_limit_is_an_outcome_of_its_own(sandbox, limit):
    if limit in (Limit.DISK, Limit.INODES) and sandbox.tier is Tier.LANDLOCK:
        pytest.skip("the landlock tier writes to the host's disk, without a limit of its own")
    done = run(sandbox, LIMITS[limit], timeout_s=2.0 if limit is Limit.WALL else 20.0)
    assert limit in done.limits, done
    assert not set(done.limits) - {limit}
    assert run(sandbox, "print('alive')").stdout == "alive\n"


def test_memory_is_counted_over_all_processes(sandbox):
    many = (
        "import os, time\nfor i in range(12):\n  if os.fork() == 0:\n    x = bytearray(b'x' * (40 << 20)); time.sleep(9)\n"
        "    os._exit(0)\ntime.sleep(9)"
    )
    assert run(sandbox, many).limits == (Limit.MEMORY,)


def test_cpu_is_counted_over_all_threads(backend, spec):
    sandbox = backend.create(SandboxSpec(cpu_s=0.5, preload=spec.preload))
    assert run(sandbox, "while True: pass").limits == (Limit.CPU,)
    done = run(sandbox, "import time; time.sleep(0.7); print('slept')")
    assert done.stdout == "slept\n" and done.cpu_seconds < 0.4
    sandbox.close()


def test_a_signal_of_its_own_is_no_limit(sandbox):
    done = run(sandbox, "import os; os.kill(os.getpid(), 9)")
    assert (done.exit_code, done.signal, done.limits) == (None, 9, ())


def test_nothing_survives_an_action(sandbox):
    stubborn = (
        "import os, signal, time\nsignal.signal(15, signal.SIG_IGN)\nif os.fork() == 0: os.setsid()\nwhile True: pass"
    )
    start = time.monotonic()
    assert run(sandbox, stubborn, timeout_s=0.5).timed_out
    assert time.monotonic() - start < 5
    if sandbox.tier is not Tier.LANDLOCK:  # whose processes see no table at all
        assert run(sandbox, "import os; print(len([p for p in os.listdir('/proc') if p.isdigit()]))").stdout == "2\n"


def test_the_next_child_waits_only_where_no_code_of_the_agent_runs(sandbox):
    if sandbox.tier is Tier.LANDLOCK:
        pytest.skip("its processes see no table of processes")
    count = "import os; print(len([p for p in os.listdir('/proc') if p.isdigit()]))"
    assert run(sandbox, count).stdout == "2\n", "PID 1 and the action"
    session = sandbox.session()
    assert session.run(count, timeout_s=5).stdout == "2\n", "PID 1 and the session"
    session.close()
    assert run(sandbox, count).stdout == "2\n"


def test_a_waiting_child_that_was_killed_is_replaced(sandbox):
    if sandbox.tier is Tier.CONTAINER:
        pytest.skip("its processes are the engine's; what replaces the child is the same code")
    for ask in (lambda: run(sandbox, "print('alive')").stdout == "alive\n", sandbox.reset):
        run(sandbox, "open('f', 'w')")
        deadline = time.monotonic() + 10
        while not (waiting := _waiting(sandbox)) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert waiting
        for process in waiting:
            process.kill()
        while any(p.status() != psutil.STATUS_ZOMBIE for p in waiting):
            time.sleep(0.02)
        assert ask()


def _waiting(sandbox) -> list[psutil.Process]:
    """What waits for an action below this process: owner, template (two in namespaces), PID 1, and the one that waits."""
    found = [psutil.Process()]
    for _ in range(4 if sandbox.tier is Tier.NAMESPACES else 3):
        found = [child for process in found for child in process.children()]
    return [p for p in found if p.status() == psutil.STATUS_SLEEPING and "template.py" in " ".join(p.cmdline())]


def test_files_in_and_out(sandbox):
    sandbox.put("a/b.bin", b"\x00\xff" * 1000)
    assert sandbox.get("a/b.bin", max_bytes=2000) == b"\x00\xff" * 1000
    assert sandbox.listdir("a") == ["b.bin"] and sandbox.listdir(".") == ["a"]
    with pytest.raises(SandboxFileError, match="longer than 1999 bytes"):
        sandbox.get("a/b.bin", max_bytes=1999)
    with pytest.raises(SandboxFileError, match="No such file"):
        sandbox.get("missing", max_bytes=10)
    with pytest.raises(SandboxFileError, match="usr"):
        sandbox.put("/usr/x", b"")


def test_a_large_program_and_one_that_does_not_read_it(sandbox):
    assert run(sandbox, "x = '" + "y" * 8_000_000 + "'\nprint(len(x))").stdout == "8000000\n"
    assert run(sandbox, "# " + "y" * 3_000_000, "shell", 5).exit_code is not None
    assert run(sandbox, "print('alive')").stdout == "alive\n"


def test_reset_leaves_nothing(sandbox):
    look = "import os; print(os.listdir('.'), os.listdir(os.environ['TMPDIR']))"
    new = run(sandbox, look).stdout
    messy = "import os, time\nos.makedirs('d/e'); open('d/e/f', 'w'); os.symlink('/usr', 'd/l'); os.chmod('d', 0)\n"
    run(sandbox, messy + "open(os.environ['TMPDIR'] + '/t', 'w')")
    sandbox.session().run(
        "import threading, time; threading.Thread(target=time.sleep, args=(99,)).start()", timeout_s=5
    )
    assert sandbox.reset()
    assert run(sandbox, look).stdout == new
    assert new.startswith("[] ")


@pytest.mark.parametrize(
    "change",
    [
        "open('f', 'w')",
        "os.mkdir('d')",
        "os.chmod('.', 0o700 if os.stat('.').st_mode & 1 else 0o711)",
        "os.utime('.', (1, 1))",
        "open(os.environ['TMPDIR'] + '/f', 'w')",
    ],
)
def test_what_was_done_the_moment_after_a_reset_is_undone_too(sandbox, change):
    states = "[(os.listdir(f), os.stat(f).st_mode, os.stat(f).st_mtime > 9) for f in ('.', os.environ['TMPDIR'])]"
    look = f"import os; print({states})"
    before = run(sandbox, look).stdout
    for pause in (0.0, 0.0, 0.05):
        assert sandbox.reset()
        time.sleep(pause)
        # Where the folders belong to another user, their rights cannot be changed at all.
        assert run(sandbox, f"import os\ntry: {change}\nexcept PermissionError: pass").exit_code == 0
    assert sandbox.reset()
    assert run(sandbox, look).stdout == before


# sessions


def test_a_session_keeps_variables_and_a_fork_goes_its_own_way(sandbox):
    session = sandbox.session()
    session.run("x = 1", timeout_s=5)
    copy = session.fork()
    copy.run("x = 2", timeout_s=5)
    assert session.run("print(x)", timeout_s=5).stdout == "1\n"
    assert copy.run("print(x)", timeout_s=5).stdout == "2\n"
    assert run(sandbox, "print('x' in globals())").stdout == "False\n"
    copy.close()
    assert copy.run("print(x)", timeout_s=5).state_lost
    assert session.run("print(x)", timeout_s=5).stdout == "1\n"


def test_a_late_cell_is_interrupted_and_its_session_goes_on(sandbox):
    session = sandbox.session()
    late = session.run("x = 3\nwhile True: pass", timeout_s=0.5)
    assert late.timed_out and not late.state_lost and "KeyboardInterrupt" in late.stderr
    assert session.run("print(x)", timeout_s=5).stdout == "3\n"


def test_a_cell_that_resists_loses_its_session(sandbox):
    session = sandbox.session()
    done = session.run("import signal\nsignal.signal(2, signal.SIG_IGN)\nwhile True: pass", timeout_s=0.5)
    assert done.timed_out and done.state_lost
    assert session.run("print(1)", timeout_s=5).state_lost
    assert run(sandbox, "print('alive')").stdout == "alive\n"


def test_interrupt_from_another_thread(sandbox):
    session = sandbox.session()
    threading.Timer(0.5, session.interrupt).start()
    done = session.run("import time; x = 4; time.sleep(30)", timeout_s=60)
    assert done.exit_code == 130 and done.seconds < 10 and not done.limits
    assert session.run("print(x)", timeout_s=5).stdout == "4\n"


def test_a_session_that_ends_itself_is_reported(sandbox):
    session = sandbox.session()
    done = session.run("import os; os._exit(5)", timeout_s=5)
    assert done.state_lost and done.exit_code == 5


def test_what_a_cell_forked_does_not_outlive_it_nor_speak_for_it(sandbox):
    session = sandbox.session()
    done = session.run("import os\nif os.fork() == 0: pass\nelse: os.wait(); print('parent')", timeout_s=5)
    assert done.stdout == "parent\n" and done.exit_code == 0
    session.run("import os, time\nif os.fork() == 0: time.sleep(99)", timeout_s=5)
    if sandbox.tier is not Tier.LANDLOCK:
        session.run("pass", timeout_s=5)
        assert run(sandbox, "import os; print(len([p for p in os.listdir('/proc') if p.isdigit()]))").stdout == "3\n"


# backends


def test_many_at_once(backend, spec):
    def episode(i):
        sandbox = backend.create(spec)
        said = run(sandbox, f"print({i})").stdout
        sandbox.close()
        return said

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(episode, range(48))) == [f"{i}\n" for i in range(48)]


def test_a_missing_mount_is_the_sandboxs_fault(backend):
    with pytest.raises(SandboxError, match="/no/such"):
        backend.create(SandboxSpec(mounts=(Mount(Path("/no/such"), "/data/x"),)))


def test_a_lost_sandbox_says_so(backend, spec):
    sandbox = backend.create(spec)
    inner = getattr(sandbox, "sandbox", sandbox)
    threading.Timer(0.3, inner._channel.close).start()
    start = time.monotonic()
    with pytest.raises(SandboxError, match="lost"):
        run(sandbox, "while True: pass")
    assert time.monotonic() - start < 5
    sandbox.close()


OWNER = """
import sys
sys.path.insert(0, {tests!r})
from galen.sandbox.base import SandboxSpec
from unit.test_sandbox import {open_name}
backend = {open_name}()
sandbox = backend.create(SandboxSpec(preload=("sqlite3",)))
sandbox.run("open('mark', 'w')", lang="python", timeout_s=9)
print("ready", flush=True)
sandbox.run("import os\\nos.fork()\\nwhile True: pass", lang="python", timeout_s=60)
"""


@pytest.mark.parametrize(
    "open_name", ["LocalBackend", "open_landlock", pytest.param("open_docker", marks=pytest.mark.docker)]
)
def test_a_killed_owner_leaves_nothing_running(open_name):
    code = OWNER.format(tests=str(ROOT / "tests"), open_name=open_name)
    owner = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert owner.stdout
    assert owner.stdout.readline() == "ready\n"
    time.sleep(0.3)
    left = (
        (lambda: _containers(owner.pid))
        if open_name == "open_docker"
        else _alive(psutil.Process(owner.pid).children(recursive=True))
    )
    assert len(left()) >= 1
    os.kill(owner.pid, signal.SIGKILL)
    owner.wait()
    deadline = time.monotonic() + 5
    while left() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not left()


def _alive(processes):
    assert len(processes) >= 4  # the template, PID 1, the action and what it forked
    return lambda: [process for process in processes if process.is_running()]


def _containers(owner: int) -> list[str]:
    import docker

    found = docker.from_env().api.containers(filters={"label": owners.MARK})
    return [c["Id"] for c in found if f":{owner}:" in c["Labels"][owners.OWNER]]


# the pool


class Counted(LocalBackend):
    made = 0

    def create(self, spec):
        self.made += 1
        return super().create(spec)


@pytest.fixture
def pool():
    pool = SandboxPool(Counted(), 2, max_uses=3)
    yield pool
    pool.close()


PLAIN = SandboxSpec(memory_mb=300)


def test_a_pool_lends_the_same_sandbox_clean(pool):
    for _ in range(2):
        sandbox = pool.create(PLAIN)
        assert run(sandbox, "import os; print(os.listdir('.')); open('left', 'w')").stdout == "[]\n"
        sandbox.close()
        sandbox.close()
    assert pool._backend.made == 1


def test_a_pool_replaces_what_is_worn_or_suspect(pool):
    for _ in range(3):
        pool.create(PLAIN).close()
    assert _made(pool, 2)
    sandbox = pool.create(PLAIN)
    assert Limit.MEMORY in run(sandbox, LIMITS[Limit.MEMORY]).limits
    sandbox.close()
    assert _made(pool, 3)


def _made(pool, count) -> bool:
    deadline = time.monotonic() + 10
    while pool._backend.made < count and time.monotonic() < deadline:
        time.sleep(0.02)
    return pool._backend.made == count


def test_a_full_pool_waits(pool):
    first, second = pool.create(PLAIN), pool.create(PLAIN)
    threading.Timer(0.5, first.close).start()
    start = time.monotonic()
    third = pool.create(PLAIN)
    assert time.monotonic() - start > 0.3 and pool._backend.made == 2
    other = SandboxSpec(memory_mb=301)
    second.close()
    assert run(pool.create(other), "print(1)").stdout == "1\n"  # an idle one of another spec makes room
    third.close()


# choosing


def test_settings_without_effect_and_tiers_that_are_not_reached():
    with pytest.raises(UserError, match="pool: has no effect"):
        open_backend(SandboxSettings(backend="local", pool=4), 1)
    with pytest.raises(UserError, match="gives no tier container"):
        open_backend(SandboxSettings(backend="local", tier="container"), 1)


def test_auto_is_never_weaker_than_demanded(monkeypatch):
    monkeypatch.setattr(LocalBackend, "tiers", (Tier.LANDLOCK,))
    monkeypatch.setenv("DOCKER_HOST", "unix:///no/such/engine.sock")
    with pytest.raises(UserError, match=r"namespaces or better.*no/such/engine"):
        open_backend(SandboxSettings(), 1)


def test_no_engine_is_one_clear_line(monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "unix:///no/such/engine.sock")
    with pytest.raises(UserError, match=r"no Docker engine answers at unix:///no/such/engine.sock .*sandbox.backend"):
        open_backend(SandboxSettings(backend="docker"), 1)


def test_a_container_of_an_engine_that_is_gone_ends_by_itself(capsys, tmp_path):
    gone = DockerClient(f"unix://{tmp_path}/docker.sock", version="1.41")
    remove(gone, "0123456789abcdef")
    assert "container 0123456789ab is left to end by itself" in capsys.readouterr().err
