"""Whom `galen eval` plays: the scripted policy, an endpoint, a model, or the checkpoint of a run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from galen.config import override, validate
from galen.errors import UserError
from galen.policy.openai import Endpoint
from galen.presets import ModelPreset, model_preset

SCRIPTED = "scripted"
SCRIPTED_MODEL, ENDPOINT_MODEL = "tiny", "qwen2.5-7b"
"""Whose tokens episodes are stored in, where none is chosen."""


@dataclass(frozen=True)
class Subject:
    """`name` is the model's, `policy` what was done to it (`base`, or a method). `model` says whose tokens, profile and
    context are used. `weights` are a checkpoint's, other than the model's own; `run` is the folder it comes from,
    `trained` that run's configuration.
    """

    name: str
    policy: str
    model: ModelPreset
    endpoint: Endpoint | None = None
    weights: Path | None = None
    run: Path | None = None
    trained: dict[str, Any] | None = None

    @property
    def scripted(self) -> bool:
        return self.policy == SCRIPTED


def subject(
    given: str, *, model: str | None = None, name: str | None = None, api_key_env: str | None = None,
    overrides: list[str] = [],  # noqa: B006
) -> Subject:  # fmt: skip
    """Whom `given` names. `overrides` are of the model's preset.

    Raises:
        UserError: nobody, or an option that has no effect on it.
    """
    served = given.startswith(("http://", "https://"))
    if not served and (idle := "name" if name else "api-key-env" if api_key_env else None):
        raise UserError(f"--{idle}: has no effect on {given}, which is no endpoint; leave it out")
    if served:
        if not name:
            raise UserError(f"{given}: which model of the endpoint? Give --name")
        endpoint = Endpoint(url=given, model=name, api_key_env=api_key_env)
        return Subject(name, "base", model_preset(model or ENDPOINT_MODEL, overrides), endpoint=endpoint)
    if given == SCRIPTED:
        return Subject(SCRIPTED, SCRIPTED, model_preset(model or SCRIPTED_MODEL, overrides))
    if model:
        raise UserError(f"--model: has no effect on {given}, which has tokens of its own; leave it out")
    folder = Path(given)
    if folder.is_dir() and (run := _run(folder.resolve())):
        return _checkpoint(folder.resolve(), run, overrides)
    chosen = model_preset(given, overrides)
    return Subject(chosen.name, "base", chosen)


def _run(folder: Path) -> Path | None:
    """The folder of the training run that `folder` is in."""
    for parent in (folder, *folder.parents):
        path = parent / "config.json"
        if path.is_file() and "recipe" in json.loads(path.read_text()):
            return parent
    return None


def _checkpoint(folder: Path, run: Path, overrides: list[str]) -> Subject:
    trained = json.loads((run / "config.json").read_text())
    known = sorted(str(p.relative_to(run)) for p in run.rglob("final") if p.is_dir() and p.parent.name != "verifier")
    if str(folder.relative_to(run)) not in known:
        raise UserError(f"{folder}: no policy; those of this run are {', '.join(known) or '(none yet)'}")
    raw = {**trained["model"]}
    for item in overrides:
        if not item.startswith("serve."):
            raise UserError(f"model.{item}: a checkpoint is played as it was trained; only model.serve.* may be set")
        override(raw, item)
    model = validate(raw, ModelPreset, str(run / "config.json"))
    adapter = (folder / "adapter_config.json").exists()
    if not adapter:
        model = model.model_copy(update={"path": str(folder), "lora": None})
    policy = str(folder.relative_to(run).parent)
    return Subject(
        trained["model"]["name"], policy, model, weights=folder if adapter else None, run=run, trained=trained
    )
