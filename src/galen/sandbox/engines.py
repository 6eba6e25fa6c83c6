"""Reaching a Docker engine: the environment's, or one by its URL, over a unix socket, TCP with TLS, or SSH."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import docker
import requests
from docker.errors import DockerException
from docker.tls import TLSConfig

from galen.errors import UserError

API_TIMEOUT_S = 60
SSH_START_S = 30
AGAIN_S = 2.0
SOCKET = "/var/run/docker.sock"


def connect(url: str) -> docker.DockerClient:
    """A client of the engine at `url` ("" is the environment's); raises UserError when none answers."""
    url = url or os.environ.get("DOCKER_HOST", "")
    try:
        return _client(url)
    except (DockerException, requests.RequestException, OSError) as error:
        raise UserError(
            f"no Docker engine answers at {url or 'unix://' + SOCKET} ({error}); start one, name others in "
            f"sandbox.engines, or use sandbox.backend=local"
        ) from error


def _client(url: str) -> docker.DockerClient:
    """The SDK asks the engine for its version before it gives a client away."""
    if url.startswith("ssh://"):
        return TunnelledClient(Tunnel(url))
    if url:
        return docker.DockerClient(url, timeout=API_TIMEOUT_S, tls=_tls(url) or False)
    return docker.from_env(timeout=API_TIMEOUT_S)


def _tls(url: str) -> TLSConfig | None:
    """The certificates of `DOCKER_CERT_PATH` (of `~/.docker` where DOCKER_TLS_VERIFY is set), as docker reads them."""
    folder = os.environ.get("DOCKER_CERT_PATH") or ("~/.docker" if os.environ.get("DOCKER_TLS_VERIFY") else "")
    if not url.startswith("tcp://") or not folder:
        return None
    at = Path(folder).expanduser()
    return OwnCertificates((str(at / "cert.pem"), str(at / "key.pem")), ca_cert=str(at / "ca.pem"), verify=True)


class OwnCertificates(TLSConfig):
    """Certificates that REQUESTS_CA_BUNDLE does not replace, as it does any that the SDK is given."""

    def configure_client(self, client: docker.APIClient) -> None:
        """Called by the SDK before its first request."""
        super().configure_client(client)
        client.trust_env = False


class Tunnel:
    """The socket of an engine at `ssh://[user@]host[:port][/socket]`, brought here by one OpenSSH connection.

    The SDK's own SSH needs a connection for each stream, which a server refuses beyond a few (MaxStartups), and knows
    no timeouts. A connection that is lost is made again. `cat` over there reads from a pipe of this process: whatever
    ends this process ends the connection.

    Raises:
        ConnectionError: with what ssh said, when it does not connect.
    """

    def __init__(self, url: str) -> None:
        self._url, self._closed = url, threading.Event()
        self._folder = tempfile.TemporaryDirectory(prefix="galen-ssh-")
        self.socket = Path(self._folder.name) / "docker.sock"
        try:
            self._ssh = self._started()
        except ConnectionError:
            self._folder.cleanup()
            raise
        self._keeper = threading.Thread(target=self._keep, daemon=True, name=f"tunnel {url}")
        self._keeper.start()

    def _started(self) -> subprocess.Popen:
        at = urlsplit(self._url)
        said = Path(self._folder.name) / "ssh.log"
        options = ("BatchMode=yes", "ExitOnForwardFailure=yes", "StreamLocalBindUnlink=yes", "ServerAliveInterval=15")
        command = ["ssh", *(part for option in options for part in ("-o", option))]
        command += ["-L", f"{self.socket}:{at.path.rstrip('/') or SOCKET}", *(["-p", str(at.port)] if at.port else [])]
        command += ["--", f"{at.username}@{at.hostname}" if at.username else str(at.hostname), "cat"]
        with said.open("wb") as log:
            ssh = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=log)
        end = time.monotonic() + SSH_START_S
        while not self.socket.exists():
            if ssh.poll() is not None or self._closed.is_set() or time.monotonic() > end:
                ssh.kill()
                ssh.wait()
                raise ConnectionError(f"ssh: {said.read_text(errors='replace').strip() or 'it said nothing'}")
            time.sleep(0.05)
        return ssh

    def _keep(self) -> None:
        while True:
            self._ssh.wait()
            if self._closed.is_set():
                return
            print(f"{self._url}: the connection was lost, connecting again", file=sys.stderr, flush=True)
            self._connect_again()

    def _connect_again(self) -> None:
        while not self._closed.is_set():
            self.socket.unlink(missing_ok=True)
            try:
                self._ssh = self._started()
            except ConnectionError as error:
                if not self._closed.wait(AGAIN_S):
                    print(f"{self._url}: {error}", file=sys.stderr, flush=True)
            else:
                break
        if self._closed.is_set():
            self._ssh.terminate()

    def close(self) -> None:
        """End the connection, or the try to make it again."""
        self._closed.set()
        self._ssh.terminate()
        self._keeper.join()
        self._folder.cleanup()


class TunnelledClient(docker.DockerClient):
    """A client that owns its tunnel."""

    def __init__(self, tunnel: Tunnel) -> None:
        self._tunnel = tunnel
        try:
            super().__init__(f"unix://{tunnel.socket}", timeout=API_TIMEOUT_S)
        except BaseException:
            tunnel.close()
            raise

    def close(self) -> None:
        """Close both."""
        super().close()
        self._tunnel.close()
