"""A verifier that was trained before: whether it can be used, its model, and its scores."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from galen.errors import UserError
from galen.policy.template import ChatTemplate
from galen.presets import ModelPreset
from galen.types import Episode


def require_verifier(model: ModelPreset, template: ChatTemplate, field: str, folder: Path) -> None:
    """Raise UserError where the setting `field` names a folder without a verifier of the episodes of `model`."""
    adapter = (folder / "adapter_config.json").exists()
    if not adapter and not (folder / "config.json").exists():
        raise UserError(f"{field}={folder}: holds no model; `galen train verifier` leaves one in OUT/verifier/final")
    if adapter != (model.lora is not None):
        kinds = ("LoRA adapters", "a whole model")
        found, wanted = kinds if adapter else kinds[::-1]
        raise UserError(f"{field}={folder}: holds {found}, model {model.name} trains {wanted}; use one preset")
    theirs = ChatTemplate(folder).fingerprint
    if theirs != template.fingerprint:
        raise UserError(
            f"{field}={folder}: has the tokenizer and template {theirs}, the policy's are {template.fingerprint}; train "
            "the verifier from the same model"
        )


def load_verifier(model: ModelPreset, folder: Path) -> Any:
    """The verifier in `folder`, where it scores fastest, with nothing to train."""
    from galen.train.device import device
    from galen.train.models import load_model

    return load_model(str(folder), model).to(device()).eval().requires_grad_(False)  # type: ignore[arg-type]


def score_store(
    model: Any, episodes: Sequence[Episode], template: ChatTemplate, context: int, store: Path
) -> list[float | None]:  # fmt: skip
    """The verifier's scores of a store's episodes, written beside it as well: `<store>.scores.json`, by episode key."""
    from galen.train.verifier import score

    scores = score(model, episodes, template, context)
    found = {e.key: s for e, s in zip(episodes, scores, strict=True)}
    store.with_suffix(".scores.json").write_text(json.dumps(found) + "\n")
    return scores
