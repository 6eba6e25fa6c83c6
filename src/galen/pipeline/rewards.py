"""Where a run's reinforcement methods get their rewards from: the oracle, or a verifier that was trained before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from galen.errors import UserError
from galen.oracles import NONE
from galen.pipeline.verifiers import load_verifier, require_verifier
from galen.train.agent import AgentSettings
from galen.train.outcome import Outcomes, VerifierReward, oracle, verifier
from galen.train.world import rank

if TYPE_CHECKING:
    from galen.pipeline.road import Road


def check(road: Road) -> None:
    """Raise UserError where a method's verifier cannot judge this run's episodes, or would judge none."""
    for name in road.recipe.methods:
        settings = getattr(road.recipe, name)
        if isinstance(settings, AgentSettings) and settings.verifier is not None:
            _check(road, f"{name}.verifier", settings.verifier)


def _check(road: Road, field: str, settings: VerifierReward) -> None:
    require_verifier(road.model, road.template, f"{field}.path", settings.path)
    if settings.judges == "ungraded" and all(t.oracle.kind != NONE for t in road.pool):
        raise UserError(f"{field} has no effect: every training task has an oracle; set {field}.judges=all")


def outcomes(road: Road, settings: AgentSettings) -> Outcomes:
    """What judges the episodes that are trained on, in the main process. A verifier is loaded once, beside the policy."""
    if settings.verifier is None or rank():
        return oracle
    model = load_verifier(road.model, settings.verifier.path)
    return verifier(model, road.template, road.model.context, settings.verifier)
