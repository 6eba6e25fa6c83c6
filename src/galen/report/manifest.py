"""The manifest of a run: what made it, so that it can be made again."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from galen.agent.loop import HARNESS
from galen.paths import ROOT
from galen.policy.template import ChatTemplate
from galen.presets import ModelPreset
from galen.types import ActionKind, Conditions, Feedback, Result, RunManifest

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


def make(
    name: str, config: dict[str, Any], seeds: list[int], data: Path, parents: list[str], results: Sequence[Result]
) -> RunManifest:  # fmt: skip
    """The manifest of a run on the tasks of folder `data`."""
    return RunManifest(
        name=name,
        commit=commit(),
        lock_sha256=hashlib.sha256(LOCK.read_bytes()).hexdigest(),
        config=config,
        seeds=seeds,
        data=hashlib.sha256((data / "dataset.json").read_bytes()).hexdigest(),
        parents=parents,
        tasks=versions(data),
        results=tuple(results),
    )


def versions(data: Path) -> dict[str, str]:
    """The version of each task file ("medcalc/test"), its gold's included: what `dataset.json` says they hash to."""
    known = json.loads((data / "dataset.json").read_text())
    sums = known["sha256"]
    pairs = {
        name: [sums.get(f"{room}/{name}.jsonl", "") for room in ("tasks", "gold")] for name in known["counts"]
    }  # fmt: skip
    return {name: hashlib.sha256(" ".join(both).encode()).hexdigest()[:16] for name, both in pairs.items()}


def conditions(
    model: ModelPreset, template: ChatTemplate, *, max_turns: int | None, temperature: float, feedback: Feedback,
    debugger: str | None = None, without: tuple[ActionKind, ...] = (),
) -> Conditions:  # fmt: skip
    """How a policy of `model` is played."""
    return Conditions(
        harness=HARNESS, template=template.fingerprint, profile=model.profile, context=model.context,
        reply_tokens=model.reply_tokens, max_turns=max_turns, temperature=temperature, feedback=feedback,
        debugger=debugger, without=without,
    )  # fmt: skip
