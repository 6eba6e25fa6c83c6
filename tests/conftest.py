"""Real parts for tests: a small task folder, a tokenizer, a jail, a grader."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import requests
from filelock import FileLock

from data_prep.build import build
from data_prep.eicu.view import write_sqlite
from data_prep.hospital.generate import generate
from data_prep.settings import DataSettings, FamilySize, MedCalcSize, MimicSize
from galen.agent.loop import Setting
from galen.config import load, preset
from galen.errors import UserError
from galen.oracles.grader import Grader
from galen.paths import ROOT
from galen.policy.scripted import ScriptedPolicy
from galen.policy.template import ChatTemplate
from galen.policy.vllm import free_port
from galen.rollout.sampler import Sampler
from galen.sandbox.local import LocalBackend
from galen.tasks.store import GoldStore, read_tasks
from galen.types import Task

SHARED = ROOT.parent / "shared" / "data"
BASE = ROOT / "models" / "tiny-base"
SMOLLM2 = ROOT / "models" / "smollm2-135m"
SIZE = FamilySize(train=160, demonstrations=40, valid=8, test=40, ood=16)


@cache
def no_docker() -> str:
    """Why tests on Docker cannot run here; empty when they can."""
    from galen.sandbox.docker import DockerBackend

    try:
        backend = DockerBackend()
    except UserError as error:
        return str(error)
    try:
        report = backend.doctor()
        return "" if report.usable else report.notes[0]
    finally:
        backend.close()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Without an engine its tests are skipped with the reason, unless one is required (`GALEN_DOCKER=required`)."""
    if item.get_closest_marker("docker") and (reason := no_docker()):
        if os.environ.get("GALEN_DOCKER") == "required":
            pytest.fail(reason)
        pytest.skip(reason)


def built(tmp_path_factory: pytest.TempPathFactory, name: str, settings: DataSettings) -> Path:
    """A task folder that is made once, for all of pytest-xdist's processes."""
    base = tmp_path_factory.getbasetemp()
    out = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name / "data"
    with FileLock(f"{out.parent}.lock"):
        if not out.exists():
            build(out, 0, settings)
    return out


@pytest.fixture(scope="session")
def shared() -> Path:
    if not SHARED.exists():
        pytest.skip(f"public test files are not here: {SHARED}")
    return SHARED


@pytest.fixture(scope="session")
def data(tmp_path_factory) -> Path:
    mimic_iii, medcalc = MimicSize(**SIZE.model_dump()), MedCalcSize(**SIZE.model_dump())
    return built(tmp_path_factory, "gym", DataSettings(patients=120, mimic_iii=mimic_iii, medcalc=medcalc))


@pytest.fixture(scope="session")
def whole_gym(tmp_path_factory) -> Path:
    """Every family, all of EHRSQL's questions and of MedCalc's calculators among them."""
    wanted = ["mimic_iii.questions=all", "medcalc.calculators=all"]
    return built(tmp_path_factory, "whole", load(preset("tasks", "small"), DataSettings, wanted))


@pytest.fixture(scope="session")
def eicu(tmp_path_factory) -> Path:
    """eICU's tables of 300 generated patients."""
    path = tmp_path_factory.mktemp("eicu") / "eicu.sqlite"
    write_sqlite(generate(300, 6), path)
    return path


@pytest.fixture(scope="session")
def template() -> ChatTemplate:
    return ChatTemplate(BASE)


@pytest.fixture(scope="session")
def smollm2() -> Path:
    if not SMOLLM2.exists():
        pytest.skip(f"{SMOLLM2} is not here; `galen fetch smollm2-135m` makes it")
    return SMOLLM2


@pytest.fixture(scope="session")
def backend():
    backend = LocalBackend()
    yield backend
    backend.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Iterator[str]:
    """The URL of what `galen serve` runs for the tiny model. It has whatever weights it was sent last."""
    port, log = free_port(), tmp_path_factory.mktemp("serve") / "log"
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "galen.cli", "serve", "--model", "tiny", "--port", str(port)]
    with log.open("w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=os.environ)
    try:
        deadline = time.monotonic() + 600
        while True:
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()[-2000:]
            try:
                if requests.get(f"{url}/health", timeout=2).status_code == 200:
                    break
            except requests.RequestException:
                time.sleep(0.5)
        yield url
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="session")
def grader(data) -> Iterator[Grader]:
    grader = Grader(data)
    yield grader
    grader.close()


@pytest.fixture(scope="session")
def tasks(data) -> list[Task]:
    return read_tasks(data, "mimic_iii", "train")[:40] + read_tasks(data, "medcalc", "train")[:40]


@pytest.fixture
def sampler(data, template, backend, grader) -> Sampler:
    return Sampler(Setting(data, template, backend, "compact", 640, 160, 0.0, 6), grader, 8)


@pytest.fixture
def teacher(data, tasks, template):
    gold, by_id = GoldStore(data), {t.id: t for t in tasks}

    def make(slip: float = 0.15, wrong: float = 0.08) -> ScriptedPolicy:
        return ScriptedPolicy(lambda i: gold.get(by_id[i]), template, slip, wrong)

    return make
