"""Which pairs DPO trains on: by success or by a verifier's scores, as the recipe says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from galen.data.pairs import PairReport, PairRow, pairs_by_score, pairs_by_success
from galen.errors import UserError
from galen.pipeline.recipe import DPORounds
from galen.policy.template import ChatTemplate
from galen.train.verifier import load_verifier, score
from galen.types import Episode

if TYPE_CHECKING:
    from galen.pipeline.road import Road


def require_verifier(folder: Path, template: ChatTemplate) -> None:
    """Raise UserError where `folder` holds no verifier that reads tokens of `template`; asked before anything is played."""
    if not any((folder / name).exists() for name in ("config.json", "adapter_config.json")):
        raise UserError(f"dpo.verifier={folder}: no model is there; `train verifier` leaves one in OUT/verifier/final")
    theirs = ChatTemplate(folder).fingerprint
    if theirs != template.fingerprint:
        raise UserError(
            f"dpo.verifier={folder}: reads tokens of template {theirs}, the policy's are of {template.fingerprint}; train "
            "the verifier with this MODEL"
        )


def pair_up(road: Road, settings: DPORounds, episodes: Sequence[Episode]) -> tuple[list[PairRow], PairReport]:
    """Pairs of the episodes. What the verifier cannot read in its context is counted as unscored."""
    scores: dict[str, float] | None = None
    if settings.verifier is not None:
        with road.timed("dpo: scoring"):
            model = load_verifier(Path(settings.verifier), road.model.dtype)
            found = score(model, episodes, road.template, road.model.context)
        scores = {e.key: s for e, s in zip(episodes, found, strict=True) if s is not None}
    if settings.pairs == "score":
        assert scores is not None  # DPORounds asks for a verifier
        return pairs_by_score(episodes, scores, per_task=settings.pairs_per_task, seed=road.seed)
    return pairs_by_success(episodes, per_task=settings.pairs_per_task, seed=road.seed, scores=scores)
