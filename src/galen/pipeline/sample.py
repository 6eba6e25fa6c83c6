"""Play tasks with a model behind an OpenAI-compatible endpoint: a teacher's demonstrations, or a baseline's score."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from galen.agent.loop import Setting
from galen.oracles.grader import Grader
from galen.policy.openai import Endpoint, OpenAIPolicy
from galen.policy.template import ChatTemplate
from galen.presets import ModelPreset, local_folder
from galen.report import run, table
from galen.rollout.sampler import Sampler
from galen.rollout.store import EpisodeStore
from galen.sandbox.choose import SandboxSettings, open_backend
from galen.types import Task


def sample(
    endpoint: Endpoint, student: ModelPreset, data: Path, tasks: Sequence[Task], out: Path, *, temperature: float,
    concurrency: int, seed: int, sandbox: SandboxSettings,
) -> list[dict[str, Any]]:  # fmt: skip
    """One episode a task into the store `out`, as tokens of `student`; returns the rows of the endpoint's table.

    The same call goes on where an interrupted one stopped. The report is written beside the store.
    """
    template = ChatTemplate(local_folder(student))
    policy = OpenAIPolicy(endpoint, template)
    backend, grader = open_backend(sandbox, concurrency, str(out)), Grader(data)
    setting = Setting(
        data, template, backend, student.profile, student.context, student.reply_tokens, temperature=temperature
    )
    try:
        with EpisodeStore(out) as store:
            groups = Sampler(setting, grader, concurrency).sample(
                tasks, policy, seed=seed, store=store, label=endpoint.model
            )
    finally:
        grader.close()
        backend.close()
    run.write(out)
    return table.rows({endpoint.model: [e for g in groups for e in g.episodes]}, {})
