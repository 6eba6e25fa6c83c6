"""Engines that are elsewhere: the real engine behind a real sshd, and behind TLS with certificates on both sides."""

import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest

from galen.errors import SandboxError, UserError
from galen.sandbox import owners
from galen.sandbox.base import SandboxSpec
from galen.sandbox.docker import DockerBackend
from galen.sandbox.engines import SOCKET, connect

pytestmark = pytest.mark.docker
SSHD = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
LONG = "print('x' * 300_000)"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def behaves(backend: DockerBackend) -> None:
    """What the conformance suite asks at length, over this connection."""
    with closing(backend.create(SandboxSpec(max_output_bytes=400_000))) as sandbox:
        assert sandbox.run(LONG, lang="python", timeout_s=30).stdout == "x" * 300_000 + "\n"
        sandbox.put("/episode/long", os.urandom(500_000))
        assert len(sandbox.get("/episode/long", max_bytes=500_000)) == 500_000
        session = sandbox.session()
        assert session.run("a = 1", timeout_s=30).exit_code == 0
        threading.Timer(1.0, session.interrupt).start()
        stopped = session.run("import time\nwhile True: time.sleep(0.01)", timeout_s=30)
        assert stopped.exit_code == 130 and stopped.seconds < 10
        assert session.run("print(a)", timeout_s=30).stdout == "1\n"


def ours(client) -> list:
    return client.api.containers(all=True, filters={"label": f"{owners.OWNER}={owners.me()}"})


# SSH


@pytest.fixture
def ssh_url(tmp_path, monkeypatch):
    """An sshd for this user on a port of its own, and an `ssh` that knows it."""
    if not SSHD:
        pytest.skip("no sshd here (apt-get install openssh-server)")
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / name)], check=True)
    (tmp_path / "authorized").write_text((tmp_path / "user.pub").read_text())
    port = free_port()
    (tmp_path / "sshd").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {tmp_path}/host\nAuthorizedKeysFile {tmp_path}/authorized\n"
        f"StrictModes no\nPidFile none\nPermitRootLogin yes\nUsePAM no\n"
    )
    (tmp_path / "client").write_text(
        f"Host *\n IdentityFile {tmp_path}/user\n StrictHostKeyChecking no\n UserKnownHostsFile /dev/null\n LogLevel ERROR\n"
    )
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "ssh").write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {tmp_path}/client "$@"\n')
    (tmp_path / "bin" / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    server = subprocess.Popen([SSHD, "-D", "-e", "-f", str(tmp_path / "sshd")], stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.05)
        yield f"ssh://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def ssh_clients() -> list[int]:
    lines = subprocess.run(["ps", "-eww", "-o", "pid=,args="], capture_output=True, text=True, check=True).stdout
    return [int(line.split()[0]) for line in lines.splitlines() if "galen-ssh-" in line and "ssh" in line.split()[1]]


def test_sandboxes_behave_over_ssh_and_share_one_connection(ssh_url):
    with closing(DockerBackend((ssh_url,))) as backend, closing(backend.create(SandboxSpec())):
        behaves(backend)
        assert len(ssh_clients()) == 1
    assert not ssh_clients()


def test_a_lost_connection_is_made_again(ssh_url):
    with closing(DockerBackend((ssh_url,))) as backend:
        os.kill(ssh_clients()[0], 9)
        end = time.monotonic() + 20
        while time.monotonic() < end:
            with suppress(SandboxError), closing(backend.create(SandboxSpec())) as sandbox:
                assert sandbox.run("print(1)", lang="python", timeout_s=30).stdout == "1\n"
                return
            time.sleep(0.2)
    pytest.fail("no sandbox could be made again")


def test_no_engine_behind_ssh_says_what_ssh_said(ssh_url):
    with pytest.raises(UserError, match=r"no Docker engine answers at ssh://127.0.0.1:1 .*refused"):
        connect("ssh://127.0.0.1:1")
    with pytest.raises(UserError, match=r"no Docker engine answers at ssh://.*/run/nothing.sock"):
        connect(f"{ssh_url}/run/nothing.sock")
    assert not ssh_clients()


# TLS


@pytest.fixture
def tls_url(tmp_path, monkeypatch):
    """The engine's socket behind TLS that demands a client's certificate; DOCKER_CERT_PATH holds ours."""
    run = lambda *words: subprocess.run(["openssl", *words], cwd=tmp_path, check=True, capture_output=True)
    run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=ca", "-keyout", "ca.key", "-out", "ca.pem")
    (tmp_path / "names").write_text("subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n")
    for name in ("server-", ""):
        run("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x", "-keyout", f"{name}key.pem", "-out", "csr")
        run(
            "x509", "-req", "-in", "csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-extfile", "names", "-out", f"{name}cert.pem",
        )  # fmt: skip
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(tmp_path / "ca.pem"))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(tmp_path / "server-cert.pem", tmp_path / "server-key.pem")
    monkeypatch.setenv("DOCKER_CERT_PATH", str(tmp_path))
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_serve, args=(listener, context), daemon=True).start()
    yield f"tcp://127.0.0.1:{listener.getsockname()[1]}"
    listener.close()


def _serve(listener: socket.socket, context: ssl.SSLContext) -> None:
    with suppress(OSError):
        while True:
            accepted, _ = listener.accept()
            threading.Thread(target=_join, args=(accepted, context), daemon=True).start()


def _join(accepted: socket.socket, context: ssl.SSLContext) -> None:
    """One connection, by `socat`-like copying through a memory BIO: a thread a direction, one lock for OpenSSL."""
    engine = socket.socket(socket.AF_UNIX)
    engine.connect(SOCKET)
    into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    secure, lock = context.wrap_bio(into, out, server_side=True), threading.Lock()

    def pump(source: socket.socket, step) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                with lock:
                    step(data)
                    accepted.sendall(out.read())
        for end in (accepted, engine):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def from_client(data: bytes) -> None:
        into.write(data)
        with suppress(ssl.SSLWantReadError):
            while plain := secure.read(65536):
                engine.sendall(plain)

    answers = threading.Thread(target=pump, args=(engine, secure.write), daemon=True)
    answers.start()
    pump(accepted, from_client)
    answers.join()
    accepted.close()
    engine.close()


def test_sandboxes_behave_over_tls(tls_url):
    with closing(DockerBackend((tls_url,))) as backend:
        behaves(backend)
        assert not ours(backend._engines[0].client)


def test_tls_without_our_certificate_is_refused(tls_url, monkeypatch):
    monkeypatch.delenv("DOCKER_CERT_PATH")
    with pytest.raises(UserError, match="no Docker engine answers at tcp://127.0.0.1"):
        connect(tls_url)


# several


def test_sandboxes_go_to_the_engine_with_the_fewest(tls_url):
    with closing(DockerBackend(("", tls_url))) as backend:
        made = [backend.create(SandboxSpec()) for _ in range(4)]
        assert [engine.live for engine in backend._engines] == [2, 2]
        for sandbox in made:
            sandbox.close()
        assert [engine.live for engine in backend._engines] == [0, 0]


def test_an_engine_that_is_gone_is_replaced_by_the_others(ssh_url, tls_url, capsys):
    with closing(DockerBackend((tls_url, ssh_url))) as backend:
        backend._engines[1].client.close()
        made = [backend.create(SandboxSpec()) for _ in range(2)]
        assert [engine.live for engine in backend._engines] == [2, 0]
        for sandbox in made:
            assert sandbox.run("print(1)", lang="python", timeout_s=30).stdout == "1\n"
            sandbox.close()
    assert f"{ssh_url} could not be asked for what is left" in capsys.readouterr().err
