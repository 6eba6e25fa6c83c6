"""Reads a second of the FHIR server on one core, in process and over HTTP, and what an episode costs; beside fhirsnake where there is one.

    python benchmarks/fhir.py [--patients 1000] [--seconds 3]

fhirsnake serves R4 resources from files, held in memory: `pip install fhirsnake` into an environment of its own, and `--fhirsnake`
its interpreter. It reads by type and id; it has no search, pages or validation, so that only reads are compared.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

sys.path.insert(0, str(Path(__file__).parents[1]))
from data_prep.hospital.generate import generate
from data_prep.medagentbench import base as bases
from data_prep.medagentbench import resources
from galen.fhir.server import Base, Episode
from galen.fhir.store import write_base

ORDER = {"resourceType": "ServiceRequest", "status": "active", "intent": "order", "code": {"text": "x"}}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--patients", type=int, default=1000)
    options.add_argument("--seconds", type=float, default=3.0, help="of each measurement")
    options.add_argument("--fhirsnake", type=Path, help="the interpreter of an environment with fhirsnake")
    given = options.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        start = time.perf_counter()
        hospital = generate(given.patients, 0)
        path = folder / "fhir.sqlite"
        write_base(
            path, bases.with_readings(list(resources.resources(hospital)), 0), {"now": resources.CLOCK.isoformat()}
        )
        base = Base(path)
        counts = base.store.counts()
        print(
            f"{sum(counts.values())} resources of {given.patients} patients, written in {time.perf_counter() - start:.1f} s, {path.stat().st_size >> 20} MB"
        )
        people = [row[0] for row in base.store.rows("select id from resource where type = 'Patient'", [])]
        ask = Episode(base).request
        _table("in process", _queries(people), lambda target: ask("GET", target).status, given.seconds)
        _episodes(base, people, given.seconds)
        base.close()
        command = [sys.executable, "-m", "galen.cli", "fhir", "serve", str(path), "--port"]
        with _served(command, "fhir/metadata") as root, requests.Session() as session:
            _table(
                "HTTP, one connection",
                _queries(people),
                lambda target: session.get(f"{root}/fhir/{target}").status_code,
                given.seconds,
            )
        if given.fhirsnake:
            _fhirsnake(folder, hospital, people, given)


def _queries(people: list[str]) -> dict[str, Callable[[random.Random], str]]:
    who = lambda rng: rng.choice(people)  # noqa: E731
    return {
        "read a patient": lambda rng: f"Patient/{who(rng)}",
        "patient by MRN": lambda rng: f"Patient?identifier={who(rng)}",
        "patients by family name": lambda rng: f"Patient?family={rng.choice('abcdefghklmnoprstw')}a&_count=10",
        "values of an item in a day": lambda rng: (
            f"Observation?patient={who(rng)}&code=GLU&date=ge2023-11-12T10:15:00Z"
        ),
        "latest value of an item": lambda rng: f"Observation?patient={who(rng)}&code=K&_sort=-date&_count=1",
        "all laboratory values, 50 a page": lambda rng: f"Observation?patient={who(rng)}&category=laboratory",
    }


def _table(
    title: str, queries: dict[str, Callable[[random.Random], str]], ask: Callable[[str], int], seconds: float
) -> None:
    print(f"\n| {title} | a second |\n|---|---:|")
    for name, target in queries.items():
        rng, n, start = random.Random(1), 0, time.perf_counter()
        while time.perf_counter() - start < seconds:
            if ask(target(rng)) != 200:
                raise SystemExit(f"{name}: the server refused {target(random.Random(1))}")
            n += 1
        print(f"| {name} | {n / (time.perf_counter() - start):,.0f} |", flush=True)


def _episodes(base: Base, people: list[str], seconds: float) -> None:
    """A new episode with one write that it reads again, and the way back to none."""
    rng, resets, n, start = random.Random(2), 0.0, 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        episode = Episode(base)
        body = json.dumps({**ORDER, "subject": {"reference": f"Patient/{rng.choice(people)}"}})
        if (
            episode.request("POST", "ServiceRequest", body).status != 201
            or '"total": 1' not in episode.request("GET", "ServiceRequest").body
        ):
            raise SystemExit("an episode does not see its own write")
        before = time.perf_counter()
        episode.reset()
        resets += time.perf_counter() - before
        n += 1
    print(
        f"\nepisode with a write and a search: {(time.perf_counter() - start) / n * 1000:.2f} ms; reset: {resets / n * 1000:.3f} ms"
    )


@contextmanager
def _served(command: list[str], ready: str, **more: object) -> Iterator[str]:
    """A server on a free port, pinned to this core like all of this process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([*command, str(port)], stdout=subprocess.DEVNULL, **more)  # type: ignore[call-overload]
    root = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                if requests.get(f"{root}/{ready}", timeout=5).ok:
                    break
            except requests.ConnectionError:
                time.sleep(0.1)
        else:
            raise SystemExit(f"{command[0]}: no server came up")
        yield root
    finally:
        process.terminate()
        process.wait()


def _fhirsnake(folder: Path, hospital: object, people: list[str], given: argparse.Namespace) -> None:
    files = folder / "resources"
    for resource in resources.resources(hospital):  # type: ignore[arg-type]
        kind = files / resource["resourceType"]
        kind.mkdir(parents=True, exist_ok=True)
        (kind / f"{resource['id']}.json").write_text(json.dumps(resource))
    find = "import importlib.util as u; print(u.find_spec('fhirsnake').submodule_search_locations[0])"
    where = subprocess.run([given.fhirsnake, "-c", find], check=True, capture_output=True, text=True).stdout.strip()
    command = [
        str(given.fhirsnake),
        "-m",
        "uvicorn",
        "main:app",
        "--app-dir",
        where,
        "--log-level",
        "error",
        "--no-access-log",
        "--port",
    ]
    with _served(command, f"Patient/{people[0]}", cwd=folder) as root, requests.Session() as session:
        some = {name: query for name, query in _queries(people).items() if name == "read a patient"}
        _table("fhirsnake, HTTP", some, lambda target: session.get(f"{root}/{target}").status_code, given.seconds)


if __name__ == "__main__":
    main()
