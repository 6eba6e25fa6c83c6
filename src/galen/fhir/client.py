"""The module `fhir` of a sandbox: the hospital's FHIR R4 server, spoken to as with `requests`.

    fhir.get("Patient", params={"family": "Stone", "birthdate": "1950-03-02"}).json()
    fhir.post("ServiceRequest", json={...}).raise_for_status()
    fhir.finish([42])      # prints the answer with all that was posted: what is to be handed in

An address may be a whole URL of the server, such as a bundle's next link. There is no network: the server runs in the
program's own process, on a database that nobody can write. What is posted is kept in a file until the episode ends.
"""

import json as _json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from .server import MIME, URL, Base, Episode, Reply

DATABASE = Path("/data/fhir.sqlite")
LOG = ".fhir-writes.jsonl"


class HTTPError(Exception):
    """What `Response.raise_for_status` raises."""


class Response:
    """As `requests` gives it."""

    def __init__(self, reply: Reply) -> None:
        self.status_code, self.headers, self.text = reply

    @property
    def ok(self) -> bool:
        return self.status_code < 400

    def json(self) -> Any:
        """The resource."""
        return _json.loads(self.text)

    def raise_for_status(self) -> None:
        """Raise HTTPError with the server's words if the request was refused."""
        if not self.ok:
            raise HTTPError(f"{self.status_code}: {self.json()['issue'][0]['diagnostics']}")

    def __repr__(self) -> str:
        return f"<Response [{self.status_code}]>"


_opened: list[Base] = []


def _log() -> Path:
    return Path.home() / LOG


def _episode() -> Episode:
    """The server with all that this episode has posted."""
    if not _opened:
        _opened.append(Base(DATABASE))
    episode = Episode(_opened[0])
    if _log().exists():
        for line in _log().read_text().splitlines():
            episode.request("POST", _json.loads(line)["resourceType"], line)
    return episode


def get(
    url: str,
    params: Mapping[str, Any] | Iterable[tuple[str, Any]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Search (`Patient?family=Stone`), read (`Patient/S1234567`), or `metadata`."""
    query = urlencode(params, doseq=True) if params else ""  # type: ignore[arg-type]
    mark = "&" if "?" in url else "?"
    return Response(_episode().request("GET", f"{url}{mark}{query}" if query else url, headers=headers))


def post(
    url: str, json: Any = None, data: str | bytes | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """Create a resource: `json` as a dictionary, or `data` as its text."""
    episode = _episode()
    before = len(episode.writes)
    body = data if json is None else _json.dumps(json)
    reply = episode.request("POST", url, body, headers or {"Content-Type": MIME})
    if len(episode.writes) > before:
        with _log().open("a") as file:
            file.write(_json.dumps(_sent(episode.writes[-1])) + "\n")
    return Response(reply)


def _sent(resource: dict[str, Any]) -> dict[str, Any]:
    """Without what the server added."""
    return {name: value for name, value in resource.items() if name not in ("id", "meta")}


def discard() -> None:
    """Forget what this episode has posted, so that a program can start over: nothing is signed before it is handed in."""
    _log().unlink(missing_ok=True)


def finish(answer: Any = ()) -> None:
    """Print one line of JSON to hand in: the answer, a list, and every resource that was posted."""
    values = list(answer) if isinstance(answer, list | tuple) else [answer]
    record = {"answer": values, "writes": [_sent(resource) for resource in _episode().writes]}
    print(_json.dumps(record, ensure_ascii=False, default=_plain))


def _plain(value: Any) -> Any:
    """numpy's and pandas' scalars as Python's, times as text."""
    return value.item() if hasattr(value, "item") else value.isoformat() if hasattr(value, "isoformat") else str(value)


__all__ = ["URL", "HTTPError", "Response", "discard", "finish", "get", "post"]
