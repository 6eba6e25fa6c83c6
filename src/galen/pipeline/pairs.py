"""Which pairs DPO trains on: by success or by a verifier's scores, as the recipe says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from galen.data.pairs import PairReport, PairRow, pairs_by_score, pairs_by_success
from galen.pipeline.recipe import DPORounds
from galen.pipeline.verifiers import load_verifier
from galen.train.verifier import score
from galen.types import Episode

if TYPE_CHECKING:
    from galen.pipeline.road import Road


def pair_up(road: Road, settings: DPORounds, episodes: Sequence[Episode]) -> tuple[list[PairRow], PairReport]:
    """Pairs of the episodes. What the verifier cannot read in its context is counted as unscored."""
    scores: dict[str, float] | None = None
    if settings.verifier is not None:
        with road.timed("dpo: scoring"):
            model = load_verifier(road.model, Path(settings.verifier))
            found = score(model, episodes, road.template, road.model.context)
        scores = {e.key: s for e, s in zip(episodes, found, strict=True) if s is not None}
    if settings.pairs == "score":
        assert scores is not None  # DPORounds asks for a verifier
        return pairs_by_score(episodes, scores, per_task=settings.pairs_per_task, seed=road.seed)
    return pairs_by_success(episodes, per_task=settings.pairs_per_task, seed=road.seed, scores=scores)
