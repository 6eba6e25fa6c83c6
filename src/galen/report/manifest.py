"""The manifest of a run: what made it, so that it can be made again."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path
from typing import Any

from galen.paths import ROOT
from galen.types import RunManifest

LOCK = ROOT / "requirements" / "cpu.lock"


def commit() -> str:
    """The checkout's commit, `-dirty` when files differ from it, or `unknown` outside a checkout."""
    head = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    if head.returncode:
        return "unknown"
    changed = subprocess.run(
        ["git", "-C", str(ROOT), "status", "--porcelain"], capture_output=True, text=True, check=False
    )
    return head.stdout.strip() + ("-dirty" if changed.stdout.strip() else "")


def make(name: str, config: dict[str, Any], seeds: list[int], data: Path, parents: list[str]) -> RunManifest:
    """The manifest of a run on the tasks of folder `data`."""
    dataset = data / "dataset.json"
    return RunManifest(
        name=name,
        commit=commit(),
        lock_sha256=hashlib.sha256(LOCK.read_bytes()).hexdigest(),
        config=config,
        seeds=seeds,
        data=hashlib.sha256(dataset.read_bytes()).hexdigest() if dataset.exists() else "",
        parents=parents,
    )
