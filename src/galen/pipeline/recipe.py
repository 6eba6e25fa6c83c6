"""What a run does: `configs/train/<method>.yaml`, the model's overrides, the user's settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import Field, field_validator

from galen.config import load, preset
from galen.errors import UserError
from galen.pipeline.verify import VerifierStudy
from galen.policy.openai import Endpoint
from galen.presets import ModelPreset
from galen.sandbox.choose import SandboxSettings
from galen.train.dpo import DPOSettings
from galen.train.grpo import GRPOSettings
from galen.train.ppo import PPOSettings
from galen.train.sft import SFTSettings
from galen.train.trackers import Tracker
from galen.types import Frozen

METHODS = ("dpo", "ppo", "grpo")
"""What may follow SFT, each from the SFT policy, in the order of the table."""
STAGES = (*METHODS, "verifier")


class EvalSettings(Frozen):
    """Tasks a family: held-out ones, ones of unseen templates, and validation ones for the learning curves.

    SFT's curve has a point an epoch, DPO's a point a round, and PPO's and GRPO's one every `every` rollouts; with 0
    these three have none.
    """

    test: int = Field(default=400, ge=1)
    ood: int = Field(default=150, ge=0)
    curve: int = Field(default=150, ge=1)
    every: int = Field(default=0, ge=0)


class DPORounds(DPOSettings):
    """`rounds` times: the policy plays `tasks` tasks `group_size` times each, and DPO trains on pairs of its episodes.

    A second round starts from the first one's policy, which is then the reference (the paper's self-improvement,
    section 5.3).
    """

    rounds: int = Field(default=1, ge=1)
    tasks: int = Field(default=512, ge=1)
    group_size: int = Field(default=8, ge=2)
    temperature: float = Field(default=1.0, gt=0)
    pairs_per_task: int = Field(default=1, ge=1)


class Recipe(Frozen):
    """`demonstrations` counts tasks a family. Of `dpo`, `ppo`, `grpo` and `verifier` those that are set follow SFT.

    `teacher` plays the demonstrations and `debugger` explains errors; without them the scripted teacher and the
    offline explanations do.

    `report_to` names the trackers beside `log.jsonl`. A phase without progress for `stuck_after_s` seconds, and for longer
    than is usual, is named on stderr. Both are left out of dumps: they change no result, so a run may go on with others.
    """

    families: tuple[str, ...]
    demonstrations: int = Field(ge=1)
    max_turns: int = Field(default=15, ge=1)
    concurrency: int = Field(default=64, ge=1)
    teacher: Endpoint | None = None
    debugger: Endpoint | None = None
    sandbox: SandboxSettings = SandboxSettings()
    sft: SFTSettings
    dpo: DPORounds | None = None
    ppo: PPOSettings | None = None
    grpo: GRPOSettings | None = None
    verifier: VerifierStudy | None = None
    eval: EvalSettings = EvalSettings()
    report_to: tuple[Tracker, ...] = Field(default=(), exclude=True)
    stuck_after_s: float = Field(default=600.0, gt=0, exclude=True)

    @field_validator("report_to", mode="before")
    @classmethod
    def _one_or_more(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @property
    def methods(self) -> list[str]:
        """The methods that follow SFT, in the order of the table."""
        return [name for name in METHODS if getattr(self, name) is not None]


def recipe(method: str, model: ModelPreset, overrides: Sequence[str]) -> Recipe:
    """The recipe of `method` with the model's overrides, then the user's. A setting without effect is an error."""
    path = preset("train", method)
    shipped = load(path, Recipe)
    absent = tuple(f"{name}." for name in STAGES if getattr(shipped, name) is None)
    if idle := [o for o in overrides if o.startswith(absent)]:
        name = idle[0].partition(".")[0]
        raise UserError(
            f"{idle[0]}: has no effect, `{method}` runs no {name.upper()}; use `train {name}` or leave it out"
        )
    own = [f"{k}={v}" for k, v in model.overrides.items() if not k.startswith(absent)]
    return load(path, Recipe, [*own, *overrides])
