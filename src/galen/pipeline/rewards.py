"""Where a run's reinforcement methods get their rewards from: the oracle, or a verifier that was trained before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from galen.errors import UserError
from galen.oracles import NONE
from galen.policy.template import ChatTemplate
from galen.train.agent import AgentSettings
from galen.train.device import device
from galen.train.models import load_model
from galen.train.outcome import Outcomes, VerifierReward, oracle, verifier

if TYPE_CHECKING:
    from galen.pipeline.road import Road


def check(road: Road) -> None:
    """Raise UserError where a method's verifier cannot judge this run's episodes, or would judge none."""
    for name in road.recipe.methods:
        settings = getattr(road.recipe, name)
        if isinstance(settings, AgentSettings) and settings.verifier is not None:
            _check(road, f"{name}.verifier", settings.verifier)


def _check(road: Road, field: str, settings: VerifierReward) -> None:
    folder = settings.path
    adapter = (folder / "adapter_config.json").exists()
    if not adapter and not (folder / "config.json").exists():
        raise UserError(
            f"{field}.path: {folder} holds no model; `galen train verifier` leaves one in OUT/verifier/final"
        )
    if adapter != (road.model.lora is not None):
        kinds = ("LoRA adapters", "a whole model")
        found, wanted = kinds if adapter else kinds[::-1]
        raise UserError(
            f"{field}.path: {folder} holds {found}, model {road.model.name} trains {wanted}; use one preset"
        )
    template = ChatTemplate(folder)
    if template.fingerprint != road.template.fingerprint:
        raise UserError(
            f"{field}.path: {folder} has the tokenizer and template {template.fingerprint}, the policy's are "
            f"{road.template.fingerprint}; train the verifier from the same model"
        )
    if settings.judges == "ungraded" and all(t.oracle.kind != NONE for t in road.pool):
        raise UserError(f"{field} has no effect: every training task has an oracle; set {field}.judges=all")


def outcomes(road: Road, settings: AgentSettings) -> Outcomes:
    """What judges the episodes that are trained on. A verifier is loaded once, beside the policy."""
    if settings.verifier is None:
        return oracle
    model = load_model(str(settings.verifier.path), road.model).to(device()).eval().requires_grad_(False)  # type: ignore[arg-type]
    return verifier(model, road.template, road.model.context, settings.verifier)
