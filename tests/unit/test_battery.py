"""The battery of attacks: its file, its judgement (a control that is open), and what it says of the local sandbox."""

import os
import subprocess
import sys
from contextlib import closing
from tempfile import TemporaryDirectory

import pytest
import yaml

from galen.errors import SandboxError, UserError
from galen.sandbox.base import DoctorReport, Tier
from galen.sandbox.battery import read_attacks, read_battery, run_battery
from galen.sandbox.local import LocalBackend
from galen.types import ExecResult


class OpenSandbox:
    """No sandbox at all: a plain process in a folder of its own."""

    tier, enforced = Tier.LANDLOCK, {}

    def __init__(self):
        self._folder = TemporaryDirectory()

    def run(self, code, *, lang, timeout_s):
        if "LOSE THE SANDBOX" in code:
            raise SandboxError("it is gone")
        command = [sys.executable if lang == "python" else "/bin/sh", "-c", code]
        done = subprocess.run(command, cwd=self._folder.name, capture_output=True, text=True, timeout=timeout_s)
        return ExecResult(exit_code=done.returncode, stdout=done.stdout, stderr=done.stderr, seconds=0.0)

    def reset(self):
        return False

    def close(self):
        self._folder.cleanup()


class OpenBackend:
    name = "open"

    def create(self, spec):
        return OpenSandbox()

    def doctor(self):
        return DoctorReport(self.name, None)

    def close(self):
        pass


def write(path, *attacks, prelude=""):
    """A battery file with these attacks."""
    path.write_text(yaml.safe_dump({"prelude": prelude, "holder": "pass", "attacks": list(attacks)}))
    return path


def test_the_attacks_read():
    attacks = read_attacks()
    names = [attack.name for attack in attacks]
    assert len(names) >= 64 and len(set(names)) == len(names)
    assert {attack.must for attack in attacks} >= {"shut", "wall", "cpu", "memory", "output", "file_size", "processes"}
    prelude = read_battery().prelude
    for attack in attacks:
        if attack.lang == "python":
            compile(prelude + attack.code, attack.name, "exec")
        compile(prelude + attack.then, attack.name, "exec")


@pytest.mark.parametrize(
    ("name", "evidence"),
    [
        ("secret_file", "BREACH read it"),
        ("environment", "BREACH os.environ"),
        ("host_abstract_sockets", "BREACH reached the host's"),
        ("gold_and_checkout", "BREACH pyproject.toml"),
        ("daemon", "survivor"),
    ],
)
def test_an_open_sandbox_does_not_hold(name, evidence):
    (outcome,) = run_battery(OpenBackend(), [name])
    assert not outcome.held and evidence in outcome.evidence


@pytest.mark.parametrize(
    ("attack", "evidence"),
    [
        ({"code": "1 / 0\nprint('TRIED')"}, "ZeroDivisionError"),
        ({"code": "print('TRIED')", "must": "output"}, "no limit output"),
        ({"code": "print('TRIED')", "exit_code": 3}, "exit code 3 was reported as 0"),
        ({"code": "print('TRIED')  # LOSE THE SANDBOX"}, "it is gone"),
        ({"code": "print('TRIED')", "then": "print('BREACH later')"}, "BREACH later"),
        ({"code": "echo TRIED", "lang": "shell", "then": "print('no end')"}, "did not get to its end"),
        (
            {"code": "open('colorsys.py', 'w').write('')\nprint('TRIED')", "then": "import colorsys\nprint('BREACH', colorsys.__file__)"},
            "BREACH",
        ),
    ],
)  # fmt: skip
def test_what_speaks_against_a_sandbox(attack, evidence, tmp_path):
    path = write(tmp_path / "attacks.yaml", {"name": "one", "why": "a control", "timeout_s": 10, **attack})
    (outcome,) = run_battery(OpenBackend(), path=path)
    assert not outcome.held and evidence in outcome.evidence


def test_the_bait_is_taken_away():
    seen = []
    run_battery(OpenBackend(), ["secret_file"], seen.append)
    assert [outcome.name for outcome in seen] == ["secret_file"]
    assert not any("BATTERY" in name for name in os.environ)


GOOD = {"name": "one", "why": "a control", "code": "print('TRIED')"}


@pytest.mark.parametrize(
    ("attacks", "message"),
    [
        ([{**GOOD, "must": "explode"}], "attack one: must"),
        ([{**GOOD, "tiemout_s": 3}], "attack one: tiemout_s"),
        ([{**GOOD, "timeout_s": 0}], "attack one: timeout_s"),
        ([GOOD, {"name": "two", "why": "no program"}], "attack two: code"),
        ([GOOD, {**GOOD, "name": None}], "attack number 2: name"),
        ([GOOD, GOOD], "attack one: name"),
        ([{**GOOD, "lang": "sql"}], "attack one: says"),
        (["one"], "attack number 1"),
        ("one", "attacks:"),
    ],
)
def test_a_broken_file_is_named(attacks, message, tmp_path):
    path = tmp_path / "attacks.yaml"
    path.write_text(yaml.safe_dump({"prelude": "", "holder": "", "attacks": attacks}))
    with pytest.raises(UserError) as error:
        read_battery(path)
    assert str(path) in str(error.value) and message in str(error.value)


@pytest.mark.parametrize("text", ["attacks: [", "- one", ""])
def test_a_file_that_is_no_battery(text, tmp_path):
    path = tmp_path / "attacks.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match="attacks.yaml"):
        read_battery(path)
    with pytest.raises(UserError, match="absent.yaml"):
        read_battery(tmp_path / "absent.yaml")


def test_an_unknown_attack_is_named():
    with pytest.raises(UserError, match="secret_fiel.*secret_file"):
        run_battery(OpenBackend(), ["secret_fiel"])


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_local_holds():
    with closing(LocalBackend()) as backend:
        outcomes = run_battery(backend)
    assert not [f"{outcome.name}: {outcome.evidence}" for outcome in outcomes if not outcome.held]
