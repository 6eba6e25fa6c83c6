"""The server: one request in, one reply out, on a base that all episodes share and the writes of one episode.

An episode's writes are in a store of its own, so that no other can see them; to start over is to drop that store.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from . import rules, search
from .capability import statement
from .dates import span
from .outcome import FhirError
from .parameters import PARAMETERS
from .store import Store

MIME = "application/fhir+json"
URL = "http://localhost:8080/fhir"  # MedAgentBench's
MAX_BODY = 1_000_000  # characters
ACCEPTED = ("*/*", "application/*", "application/json", MIME, "json")
ID = re.compile(r"[A-Za-z0-9.-]{1,64}")


class Reply(NamedTuple):
    """A status, headers, and a resource's JSON (nothing with 204)."""

    status: int
    headers: dict[str, str]
    body: str

    @property
    def resource(self) -> Any:
        return json.loads(self.body)


class Base:
    """A base file, opened once for any number of episodes. `now` is its clock, which stands still."""

    def __init__(self, path: Path) -> None:
        self.store = Store.open(path)
        self.about = self.store.about
        self.now: str = self.about["now"]
        self.seconds = span(self.now)[0]

    def close(self) -> None:
        self.store.close()


class Episode:
    """The server as one episode sees it, at the address `url`. `writes` is the log: the resources created, in order."""

    def __init__(self, base: Base, url: str = URL) -> None:
        self._base, self._url = base, url.rstrip("/")
        self.writes: list[dict[str, Any]] = []
        self._own: Store | None = None

    def reset(self) -> None:
        """Forget all that was written."""
        if self._own is not None:
            self._own.close()
        self._own, self.writes = None, []

    def request(
        self, method: str, target: str, body: str | bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Answer one HTTP request; an error is a reply with an OperationOutcome. `target` is a URL, or its part after the base."""
        lower = {name.lower(): value for name, value in (headers or {}).items()}
        try:
            _acceptable(lower.get("accept", ""))
            return self._routed(method.upper(), *self._parsed(target), body, lower)
        except FhirError as error:
            return _reply(error.status, json.dumps(error.resource()))
        except UnicodeEncodeError:
            return _reply(400, json.dumps(FhirError(400, "invalid", "half of a surrogate pair is no text").resource()))

    def _parsed(self, target: str) -> tuple[list[str], search.Pairs]:
        try:
            parts = urlsplit(target)
        except ValueError as error:
            raise FhirError(400, "invalid", f"{target!r:.80}: {error}") from None
        path = parts.path
        for root in (urlsplit(self._url).path, urlsplit(URL).path):
            if path == root or path.startswith(root + "/"):
                path = path[len(root) :]
                break
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        return [step for step in path.split("/") if step], pairs

    def _routed(
        self, method: str, path: list[str], pairs: search.Pairs, body: str | bytes | None, headers: Mapping[str, str]
    ) -> Reply:
        if path == ["metadata"] and method == "GET":
            return _reply(200, json.dumps(statement(self._url, self._base.now)))
        if not path:
            raise FhirError(404, "not-found", f"name a resource type, such as {self._url}/Patient, or metadata")
        kind, rest = path[0], path[1:]
        if kind not in PARAMETERS:
            raise FhirError(
                404,
                "not-supported",
                f"no resource type {kind!r:.60} here; known: {', '.join(PARAMETERS)}, and metadata",
            )
        if method == "GET" and not rest:
            return self._search(kind, pairs)
        if method == "POST" and rest == ["_search"]:
            return self._search(kind, [*pairs, *parse_qsl(_text(body), keep_blank_values=True)])
        if method == "POST" and not rest:
            return self._create(kind, body, headers)
        if method == "GET" and len(rest) == 1:
            return self._read(kind, rest[0])
        raise FhirError(
            405,
            "not-supported",
            f"{method} {'/'.join(path)}: this server searches (GET Type?…), reads (GET Type/id) and creates (POST Type)",
        )

    def _stores(self) -> list[Store]:
        return [self._base.store, self._own] if self._own else [self._base.store]

    def _read(self, kind: str, id_: str) -> Reply:
        for store in self._stores():
            if ID.fullmatch(id_) and (body := store.body(kind, id_)):
                return _reply(200, body, ETag='W/"1"')
        raise FhirError(404, "not-found", f"no {kind} has the id {id_!r:.80}")

    def _search(self, kind: str, pairs: search.Pairs) -> Reply:
        """The matches in the order in which they were stored, or as `_sort` says; those without a value last."""
        asked = search.parse(kind, pairs, self._base.seconds)
        found = [(store, row) for store in self._stores() for row in store.rows(asked.sql, asked.arguments)]
        for i in reversed(range(len(asked.descending))):
            present = [one for one in found if one[1][i + 1] is not None]
            present.sort(key=lambda one: one[1][i + 1], reverse=asked.descending[i])
            found = present + [one for one in found if one[1][i + 1] is None]
        page = found[asked.offset : asked.offset + asked.limit]
        bodies = (
            [store.bodies([row[0]])[0] for store, row in page]
            if self._own
            else self._base.store.bodies([r[0] for _, r in page])
        )
        return _reply(200, self._bundle(kind, asked, len(found), bodies))

    def _bundle(self, kind: str, asked: search.Search, total: int, bodies: list[str]) -> str:
        """Written as text: the resources are JSON already."""
        links = [{"relation": "self", "url": self._link(kind, asked.pairs, asked.offset)}]
        if asked.limit and asked.offset + asked.limit < total:
            links.append({"relation": "next", "url": self._link(kind, asked.pairs, asked.offset + asked.limit)})
        head = json.dumps({"resourceType": "Bundle", "type": "searchset", "total": total, "link": links})
        if not bodies:
            return head
        entries = (
            f'{{"fullUrl":"{self._url}/{kind}/{_id_of(body)}","resource":{body},"search":{{"mode":"match"}}}}'
            for body in bodies
        )
        return f'{head[:-1]}, "entry": [{",".join(entries)}]}}'

    def _link(self, kind: str, pairs: search.Pairs, offset: int) -> str:
        query = urlencode([*pairs, *([("_offset", str(offset))] if offset else [])], quote_via=quote, safe=":/,|")
        return f"{self._url}/{kind}" + (f"?{query}" if query else "")

    def _create(self, kind: str, body: str | bytes | None, headers: Mapping[str, str]) -> Reply:
        mime = headers.get("content-type", MIME).partition(";")[0].strip().lower()
        if mime not in (MIME, "application/json"):
            raise FhirError(415, "not-supported", f"Content-Type {mime!r:.60}: send {MIME}")
        made = rules.checked(_json(_text(body)), kind)
        self._resolve(made, kind)
        made = {
            "resourceType": kind, "id": f"own-{len(self.writes) + 1}", "meta": {"versionId": "1", "lastUpdated": self._base.now},
            **{name: value for name, value in made.items() if name not in ("resourceType", "meta")},
        }  # fmt: skip
        self._own = self._own or Store.in_memory()
        self._own.add(made)
        self.writes.append(made)
        address = f"{self._url}/{kind}/{made['id']}"
        return _reply(201, json.dumps(made), Location=f"{address}/_history/1", ETag='W/"1"')

    def _resolve(self, made: dict[str, Any], kind: str) -> None:
        """Every reference to a resource of a known type must lead to one; the subject to a patient."""
        for where, reference in references(made, kind):
            type_, _, id_ = reference.removeprefix(self._url + "/").partition("/")
            if where.endswith(".subject") and type_ != "Patient":
                raise FhirError(
                    422, "invalid", f"{where}: {reference!r:.80}: write Patient/ and the patient's id", where
                )
            if type_ in PARAMETERS and not any(store.body(type_, id_) for store in self._stores()):
                raise FhirError(422, "not-found", f"{where}: there is no {reference:.80}", where)


def references(element: Any, where: str):
    """(path, text) of every reference in a resource."""
    if isinstance(element, list):
        for i, item in enumerate(element):
            yield from references(item, f"{where}[{i}]")
    elif isinstance(element, dict):
        if isinstance(element.get("reference"), str):
            yield where, element["reference"]
        for name, child in element.items():
            yield from references(child, f"{where}.{name}")


def _reply(status: int, body: str, **headers: str) -> Reply:
    return Reply(status, {"Content-Type": f"{MIME}; charset=utf-8", **headers}, body)


def _id_of(body: str) -> str:
    """The id in a stored body, where it stands second."""
    return body.split('"id":"', 1)[1].split('"', 1)[0]


def _acceptable(accept: str) -> None:
    kinds = [part.partition(";")[0].strip().lower() for part in accept.split(",") if part.strip()]
    if kinds and not any(kind in ACCEPTED for kind in kinds):
        raise FhirError(406, "not-supported", f"Accept: {accept!r:.80}: this server speaks {MIME} only")


def _text(body: str | bytes | None) -> str:
    try:
        text = body.decode() if isinstance(body, bytes) else body or ""
    except UnicodeDecodeError:
        raise FhirError(400, "structure", "the body is not UTF-8") from None
    if len(text) > MAX_BODY:
        raise FhirError(413, "too-long", f"the body is longer than {MAX_BODY} characters")
    return text


def _json(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise FhirError(400, "structure", f"the body is no JSON: {error}") from None


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")
