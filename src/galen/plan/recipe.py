"""What a plan reads of a recipe: how many rows are trained and how, not with which losses.

The road's own `Recipe` needs torch; this one has the few fields that cost memory or time, with the same defaults.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt

from galen.config import load, preset
from galen.errors import UserError, unknown
from galen.presets import ModelPreset
from galen.types import Frozen

METHODS = ("sft", "dpo", "ppo", "grpo", "verifier")
LIVE_SHARE = 0.7  # of the groups played; what the GRPO trainer begins with


class _Part(BaseModel):
    """A recipe has more settings than cost anything: they are the trainer's to check."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class SFTPart(_Part):
    batch_size: int = Field(default=8, ge=1)
    micro_batch: int | None = Field(default=None, ge=1)
    epochs: int = Field(default=3, ge=1)


class DPOPart(_Part):
    """In pairs: two sequences each."""

    batch_size: int = Field(default=64, ge=1)
    micro_batch: int = Field(default=8, ge=1)
    epochs: int = Field(default=1, ge=1)
    rounds: int = Field(default=1, ge=1)
    tasks: int = Field(default=512, ge=1)
    group_size: int = Field(default=8, ge=2)
    pairs_per_task: int = Field(default=1, ge=1)
    verifier: str | None = None


class JudgePart(_Part):
    """The verifier that gives the outcomes, beside the policy."""

    path: str


class GRPOPart(_Part):
    rollouts: int = Field(default=50, ge=1)
    groups: int = Field(default=16, ge=1)
    group_size: int = Field(default=8, ge=1)
    minibatches: int = Field(default=1, ge=1)
    micro_batch: int = Field(default=8, ge=1)
    kl: float = Field(default=1e-3, ge=0)
    ptx: float = Field(default=0.0, ge=0)
    verifier: JudgePart | None = None


class PPOPart(GRPOPart):
    """The critic is a head on the policy ("shared") or has a trunk of its own ("separate")."""

    groups: int = Field(default=128, ge=1)
    group_size: int = Field(default=1, ge=1)
    minibatches: int = Field(default=2, ge=1)
    epochs: int = Field(default=2, ge=1)
    critic: Literal["shared", "separate"] = "shared"


class VerifierPart(SFTPart):
    """`samples` episodes of each of `tasks` tasks train it; of `candidates` of each of `test` tasks a family it chooses."""

    tasks: int = Field(default=1000, ge=1)
    samples: int = Field(default=8, ge=1)
    test: int = Field(default=100, ge=1)
    candidates: int = Field(default=16, ge=1)


class EvalPart(_Part):
    test: int = Field(default=400, ge=1)
    ood: int = Field(default=150, ge=0)
    curve: int = Field(default=150, ge=1)
    base: bool = True


class PlannedRecipe(_Part):
    families: tuple[str, ...]
    demonstrations: PositiveInt | dict[str, PositiveInt]
    demonstration_samples: int = Field(default=1, ge=1)
    share: Literal[25, 50, 75, 100] = 100
    concurrency: int = Field(default=64, ge=1)
    sft: SFTPart | None = SFTPart()
    dpo: DPOPart = DPOPart()
    ppo: PPOPart = PPOPart()
    grpo: GRPOPart = GRPOPart()
    verifier: VerifierPart = VerifierPart()
    eval: EvalPart = EvalPart()


class Stage(Frozen):
    """One trainer's work, counted in sequences.

    `unit` sequences belong together (a pair), `micro_batch` is the largest number of units in one backward pass that the
    recipe allows and `batch` the units of an optimizer step; `beside` are the demonstrations of a backward pass. `rows`
    sequences are trained over the whole stage, `played` are sampled for it. A `kept` reference scores rows throughout, a
    `precomputed` one before the first step; `scored` rows are scored once more to correct for the sampler. A verifier
    judges `judged` sequences: with `beside_verifier` while the policy trains, else when no other model is on the GPU.
    """

    name: str
    unit: int = 1
    micro_batch: int
    batch: int
    beside: bool = False
    rows: int
    played: int = 0
    reference: Literal["none", "precomputed", "kept"] = "none"
    scored: bool = False
    critic: Literal["none", "shared", "separate"] = "none"
    judged: int = 0
    beside_verifier: bool = False

    def sequences(self, micro_batch: int) -> int:
        """Sequences whose activations live at once."""
        return self.unit * micro_batch + (max(1, micro_batch // 2) if self.beside else 0)


class Workload(Frozen):
    """The stages that a method walks through, the episodes of its evaluations, and how many are played at once."""

    stages: tuple[Stage, ...]
    evaluated: int
    concurrency: int


def workload(method: str, model: ModelPreset, overrides: Sequence[str]) -> Workload:
    """What `galen train METHOD` has to do with this model, from `configs/train/METHOD.yaml`.

    Raises:
        UserError: an unknown method; a setting that the plan does not depend on (law 8).
    """
    if method not in METHODS:
        raise unknown("method", method, METHODS)
    for item in overrides:
        _require_effect(item, method)
    own = [f"{key}={value}" for key, value in model.overrides.items()]
    recipe = load(preset("train", method), PlannedRecipe, [*own, *overrides])
    stages = [] if recipe.sft is None else [_sft(recipe, recipe.sft)]
    if method == "dpo":
        stages.append(_dpo(recipe))
    elif method == "ppo":
        stages.append(_ppo(recipe.ppo))
    elif method == "grpo":
        stages.append(_grpo(recipe.grpo))
    policies = recipe.eval.base + len(stages)  # a verifier is not evaluated
    if method == "verifier":
        stages.append(_verifier(recipe))
    if not stages:
        raise UserError("sft=null leaves nothing to plan; give another --method")
    e = recipe.eval
    tests = (e.test + e.ood) * policies + (e.curve * recipe.sft.epochs if recipe.sft else 0)
    return Workload(stages=tuple(stages), evaluated=tests * len(recipe.families), concurrency=recipe.concurrency)


def _require_effect(item: str, method: str) -> None:
    key = item.partition("=")[0]
    if key not in (read := settings_read(method)):
        raise UserError(f"{item}: has no effect on a plan of {method}, which reads {', '.join(read)} and model.…")


def settings_read(method: str) -> list[str]:
    """The settings of a recipe that a plan of `method` depends on."""
    read = ["families", "demonstrations", "demonstration_samples", "share", "concurrency", "sft"]
    for name in dict.fromkeys(("sft", method, "eval")):
        part: Any = PlannedRecipe.model_fields[name].default
        read += [f"{name}.{field}" for field in type(part).model_fields]
    if method in ("ppo", "grpo"):
        read += [f"{method}.verifier.{field}" for field in JudgePart.model_fields]
    return read


def _sft(recipe: PlannedRecipe, part: SFTPart) -> Stage:
    """As if every demonstration succeeded: how many do is known only after they are played."""
    each = recipe.demonstrations
    tasks = each * len(recipe.families) if isinstance(each, int) else sum(each.values())
    shown = tasks * recipe.demonstration_samples * recipe.share // 100
    return Stage(
        name="sft", micro_batch=part.micro_batch or part.batch_size, batch=part.batch_size, rows=shown * part.epochs
    )


def _dpo(recipe: PlannedRecipe) -> Stage:
    """All the pairs that its tasks may give: how many do is known only after they are played."""
    part = recipe.dpo
    tasks = part.tasks * part.rounds
    return Stage(
        name="dpo", unit=2, micro_batch=part.micro_batch, batch=part.batch_size,
        rows=2 * tasks * part.pairs_per_task * part.epochs, played=tasks * part.group_size, reference="precomputed",
        judged=tasks * part.group_size if part.verifier else 0,
    )  # fmt: skip


def _grpo(part: GRPOPart) -> Stage:
    each = part.groups * part.group_size
    rows = each * part.rollouts
    played = round(rows / LIVE_SHARE)
    return Stage(
        name="grpo", micro_batch=part.micro_batch, batch=each // part.minibatches, beside=part.ptx > 0, rows=rows,
        played=played, reference="kept" if part.kl else "none", scored=True,
        judged=played if part.verifier else 0, beside_verifier=part.verifier is not None,
    )  # fmt: skip


def _ppo(part: PPOPart) -> Stage:
    """As GRPO, but whatever is played is trained, `epochs` times, and a critic judges it."""
    played = part.groups * part.group_size * part.rollouts
    alike = _grpo(part).model_dump() | {"name": "ppo", "critic": part.critic, "judged": played if part.verifier else 0}
    return Stage.model_validate(alike | {"rows": played * part.epochs, "played": played})


def _verifier(recipe: PlannedRecipe) -> Stage:
    """As if all episodes could be balanced: how many of either kind there are is known only after they are played."""
    part = recipe.verifier
    shown, candidates = part.tasks * part.samples, part.test * len(recipe.families) * part.candidates
    return _sft(recipe, part).model_copy(
        update={"name": "verifier", "rows": shown * part.epochs, "played": shown + candidates, "judged": candidates}
    )
