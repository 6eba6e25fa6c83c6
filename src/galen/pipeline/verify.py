"""The verifier of a run's SFT policy (without SFT, of the base): trained on its episodes of training tasks, judged by
Best@K on test tasks.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pydantic import Field, model_validator

from galen.data.verifier import verifier_rows
from galen.evals.best_of import best_of
from galen.evals.verifier import verifier_scores
from galen.pipeline.verifiers import load_verifier, score_store
from galen.report import best_of as report
from galen.rollout.store import EpisodeStore
from galen.train.models import save_model
from galen.train.verifier import VerifierSettings, train_verifier
from galen.train.world import once
from galen.types import Episode, Task

if TYPE_CHECKING:
    from galen.pipeline.road import Road


class VerifierStudy(VerifierSettings):
    """The SFT policy plays `tasks` training tasks `samples` times each, which trains the verifier, and `test` held-out
    tasks a family `candidates` times, of which the verifier chooses (the paper's section 5.2; `ks` are its K).
    """

    tasks: int = Field(default=1000, ge=1)
    samples: int = Field(default=8, ge=1)
    test: int = Field(default=100, ge=1)
    candidates: int = Field(default=16, ge=1)
    ks: tuple[int, ...] = (1, 2, 4, 8, 16)
    temperature: float = Field(default=1.0, gt=0)

    @model_validator(mode="after")
    def _enough(self) -> VerifierStudy:
        if max(self.ks) > self.candidates:
            raise ValueError(f"ks: {max(self.ks)} of candidates = {self.candidates} episodes cannot be drawn")
        return self


def verify(road: Road, settings: VerifierStudy) -> dict[str, Any]:
    """Write `road.out/verifier/table.md` and `.json`, and return what they hold."""
    out = road.out / "verifier"
    held: list[Task] = []
    for family in road.recipe.families:
        held += [t for t in road.test if t.family == family and t.distribution == "id"][: settings.test]
    shown = once(lambda: _play(road, settings, "train", road.pool_sample(settings.tasks), settings.samples))
    judged = once(lambda: _play(road, settings, "test", held, settings.candidates))
    once(road.policy.sleep)
    if not once((out / "final").exists):
        _train(road, settings, shown)
    return once(lambda: _judge(road, settings, judged))


def _judge(road: Road, settings: VerifierStudy, judged: list[Episode]) -> dict[str, Any]:
    out = road.out / "verifier"
    model = load_verifier(road.model, out / "final")
    with road.timed("verifier: scoring"):
        scores = score_store(model, judged, road.template, road.model.context, out / "test.jsonl")
    found = best_of(judged, scores, settings.ks, road.seed)
    quality = [asdict(s) for s in verifier_scores(judged, scores)]
    text = report.markdown(found) + "\n" + report.quality_markdown(quality)
    (out / "table.md").write_text(text)
    result = {"best_of": asdict(found), "verifier": quality}
    (out / "table.json").write_text(json.dumps(result, indent=1) + "\n")
    print(text, flush=True)
    return result


def _play(road: Road, settings: VerifierStudy, name: str, tasks: list[Task], samples: int) -> list[Episode]:
    with EpisodeStore(road.out / "verifier" / f"{name}.jsonl") as store:
        if len(store.episodes) < len(tasks) * samples:
            road.serve(road.start)
        road.policy.name = road.recipe.start
        with road.timed(f"verifier: {name} episodes"):
            groups = road.sampler(settings.temperature).sample(
                tasks, road.policy, samples=samples, seed=road.seed, store=store, label=f"verifier: {name} episodes"
            )
    return [e for g in groups for e in g.episodes]


def _train(road: Road, settings: VerifierStudy, episodes: list[Episode]) -> None:
    """Fine-tune the SFT policy to answer; what it was trained on is counted in the log."""
    out = road.out / "verifier"
    context = road.model.context
    rows, counts = verifier_rows(episodes, road.template, context, balance=settings.balance, seed=road.seed)
    print(f"verifier: {json.dumps(asdict(counts))}", flush=True)
    model = road.load(road.start)
    with road.timed("verifier: training"):
        train_verifier(
            model, road.folder, rows, settings, out, seed=road.seed, context=context,
            gradient_checkpointing=road.model.gradient_checkpointing, observer=road.observer,
        )  # fmt: skip
    save_model(model, road.folder, out / "final")
