"""Images are named by what they are made of, and both ends of a sandbox's channel speak the same."""

import importlib.util
import json

import pytest

from galen.errors import UserError
from galen.paths import IMAGES, RUNTIME
from galen.sandbox import channel, images
from galen.types import Limit


def test_the_lock_is_up_to_date():
    assert json.loads(images.LOCK.read_text()) == {name: images.digest(name) for name in images.known()}, (
        "images.lock is out of date: run `galen sandbox build`"
    )


def test_a_change_of_the_runtime_is_another_tag(tmp_path, monkeypatch):
    before = images.tag("base")
    for path in RUNTIME.glob("*.py"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "wire.py").write_text("VERSION = 99\n")
    monkeypatch.setattr(images, "RUNTIME", tmp_path)
    assert images.tag("base") != before


def test_an_unknown_image_is_named_with_the_known():
    with pytest.raises(UserError, match="unknown image 'bsae'; did you mean 'base'"):
        images.tag("bsae")


def test_every_requirement_is_pinned_and_named_in_the_source():
    pinned = [line for line in (IMAGES / "base" / "requirements.txt").read_text().splitlines() if line[0] != "#"]
    assert all(line.count("==") == 1 for line in pinned)
    names = {line.split("==")[0].lower() for line in pinned}
    wanted = (IMAGES / "base" / "requirements.in").read_text().split()
    assert {name.lower() for name in wanted} <= names


def test_dockerfiles_build_on_any_engine():
    for path in IMAGES.glob("*/Dockerfile"):
        text = path.read_text()
        assert "ARG BASE_IMAGE=python:3.11-slim" in text.split("FROM")[0]
        assert "--mount" not in text and "# syntax" not in text and "USER 10001:10001" in text


def test_both_ends_speak_the_same():
    spec = importlib.util.spec_from_file_location("wire", RUNTIME / "wire.py")
    assert spec and spec.loader
    wire = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(wire)
    assert wire.VERSION == channel.VERSION
    assert tuple(Limit) == wire.LIMITS
    for name in ("REQUEST", "CHUNK", "END"):
        assert getattr(wire, name).format == getattr(channel, name).format
    assert {"python": wire.PYTHON, "sql": wire.SQL, "shell": wire.SHELL} == channel.VERBS
