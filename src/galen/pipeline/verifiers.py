"""A verifier that was trained before: whether a run can use it, and its model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from galen.errors import UserError
from galen.policy.template import ChatTemplate
from galen.train.device import device
from galen.train.models import load_model

if TYPE_CHECKING:
    from galen.pipeline.road import Road


def require_verifier(road: Road, field: str, folder: Path) -> None:
    """Raise UserError where the setting `field` names a folder without a verifier of this run's episodes."""
    adapter = (folder / "adapter_config.json").exists()
    if not adapter and not (folder / "config.json").exists():
        raise UserError(f"{field}={folder}: holds no model; `galen train verifier` leaves one in OUT/verifier/final")
    if adapter != (road.model.lora is not None):
        kinds = ("LoRA adapters", "a whole model")
        found, wanted = kinds if adapter else kinds[::-1]
        raise UserError(f"{field}={folder}: holds {found}, model {road.model.name} trains {wanted}; use one preset")
    theirs = ChatTemplate(folder).fingerprint
    if theirs != road.template.fingerprint:
        raise UserError(
            f"{field}={folder}: has the tokenizer and template {theirs}, the policy's are {road.template.fingerprint}; train "
            "the verifier from the same model"
        )


def load_verifier(road: Road, folder: Path) -> Any:
    """The verifier in `folder`, where it scores fastest, with nothing to train."""
    return load_model(str(folder), road.model).to(device()).eval().requires_grad_(False)  # type: ignore[arg-type]
