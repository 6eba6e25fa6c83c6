"""What a run does: `configs/train/<method>.yaml`, the model's overrides, the user's settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from galen.config import load, preset
from galen.data.filters import FilterSettings, Share
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
from galen.types import Feedback, Frozen

METHODS = ("dpo", "ppo", "grpo")
"""What may follow SFT, each from the SFT policy, in the order of the table."""
STAGES = ("sft", *METHODS, "verifier")
PLAYED = ("tasks", "group_size", "temperature")
"""Settings of DPO that say how the policy plays."""


class EvalSettings(Frozen):
    """Tasks a family: held-out ones, ones of unseen templates, and validation ones for the learning curves.

    SFT's curve has a point an epoch, DPO's a point a round, and PPO's and GRPO's one every `every` rollouts; with 0
    these three have none. Without `base` the untrained model is not evaluated: another run of the study has done it.
    """

    test: int = Field(default=400, ge=1)
    ood: int = Field(default=150, ge=0)
    curve: int = Field(default=150, ge=1)
    every: int = Field(default=0, ge=0)
    base: bool = True


class DPORounds(DPOSettings):
    """`rounds` times: the policy plays `tasks` tasks `group_size` times each, and DPO trains on pairs of its episodes.

    A second round starts from the first one's policy, which is then the reference (the paper's self-improvement,
    section 5.3). `source` "teacher" pairs the demonstrations' episodes instead (offline pairs), failed ones among them;
    "both" has them beside the policy's in the first round (the paper's section 4.1).

    `pairs` "success" prefers an episode that succeeded to one that failed; "score" the one that `verifier` scores highest
    to the one that it scores lowest. With "success" a verifier chooses among several of either. `verifier` is the folder
    of a trained one: `runs/verifier-tiny-s0/verifier/final`, say.
    """

    source: Literal["policy", "teacher", "both"] = "policy"
    pairs: Literal["success", "score"] = "success"
    verifier: str | None = None
    rounds: int = Field(default=1, ge=1)
    tasks: int = Field(default=512, ge=1)
    group_size: int = Field(default=8, ge=2)
    temperature: float = Field(default=1.0, gt=0)
    pairs_per_task: int = Field(default=1, ge=1)

    @model_validator(mode="after")
    def _used(self) -> DPORounds:
        if self.pairs == "score" and self.verifier is None:
            raise ValueError(
                "pairs = score needs the folder of a trained verifier: set verifier (`train verifier` makes one)"
            )
        if self.source == "teacher" and self.rounds > 1:
            raise ValueError(f"rounds = {self.rounds} would pair the teacher's same episodes again; set source = both")
        return self


class Recipe(Frozen):
    """Of `dpo`, `ppo`, `grpo` and `verifier` those that are set follow SFT; with `sft: null` they start from the base.

    `demonstrations` counts tasks a family, or of each by name where some have few; each is played `demonstration_samples`
    times at `demonstration_temperature`: by the scripted teacher, by a `teacher` that is served elsewhere, or with `teacher: policy` by the base itself
    (rejection-sampled fine-tuning: Yuan et al. 2023, section 3.3). SFT, and `ptx` of PPO and GRPO, train on `share`
    percent of the successes that pass `filters`. `debugger` explains errors; without it the offline explanations do.

    `feedback` says what every episode tells the agent of its own work (`galen.types.Feedback`), demonstrations and the
    test's among them; "none" is the paper's.

    `report_to` names the trackers beside `log.jsonl`. A phase without progress for `stuck_after_s` seconds, and for longer
    than is usual, is named on stderr. Both are left out of dumps: they change no result, so a run may go on with others.
    """

    families: tuple[str, ...]
    demonstrations: int | dict[str, int]
    demonstration_samples: int = Field(default=1, ge=1)
    demonstration_temperature: float = Field(default=1.0, ge=0)
    filters: FilterSettings = FilterSettings()
    share: Share = 100
    max_turns: int = Field(default=15, ge=1)
    feedback: Feedback = "none"
    concurrency: int = Field(default=64, ge=1)
    teacher: Endpoint | Literal["policy"] | None = None
    debugger: Endpoint | None = None
    sandbox: SandboxSettings = SandboxSettings()
    sft: SFTSettings | None
    dpo: DPORounds | None = None
    ppo: PPOSettings | None = None
    grpo: GRPOSettings | None = None
    verifier: VerifierStudy | None = None
    eval: EvalSettings = EvalSettings()
    report_to: tuple[Tracker, ...] = Field(default=(), exclude=True)
    stuck_after_s: float = Field(default=600.0, gt=0, exclude=True)

    @field_validator("demonstrations")
    @classmethod
    def _some(cls, value: int | dict[str, int]) -> int | dict[str, int]:
        if any(n < 1 for n in ([value] if isinstance(value, int) else value.values())):
            raise ValueError("give 1 or more")
        return value

    @field_validator("report_to", mode="before")
    @classmethod
    def _one_or_more(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @property
    def methods(self) -> list[str]:
        """The methods that follow SFT, in the order of the table."""
        return [name for name in METHODS if getattr(self, name) is not None]

    @property
    def start(self) -> Literal["base", "sft"]:
        """The policy that the methods start from."""
        return "base" if self.sft is None else "sft"

    def demonstrations_of(self, family: str) -> int:
        """How many of a family's training tasks the teacher plays."""
        return self.demonstrations if isinstance(self.demonstrations, int) else self.demonstrations[family]

    @property
    def trains_demonstrations(self) -> bool:
        """Whether SFT or `ptx` trains on them."""
        live = (self.ppo, self.grpo)
        return self.sft is not None or any(method is not None and method.ptx > 0 for method in live)

    @property
    def pairs_demonstrations(self) -> bool:
        return self.dpo is not None and self.dpo.source != "policy"

    @model_validator(mode="after")
    def _used(self) -> Recipe:
        """A setting without effect is refused (law 8)."""
        if isinstance(self.demonstrations, dict) and set(self.demonstrations) != set(self.families):
            raise ValueError(
                f"demonstrations by name needs one number for each of families: {', '.join(self.families)}"
            )
        if self.sft is None and not self.methods and self.verifier is None:
            raise ValueError("sft = null leaves nothing to train; set sft, or use `train dpo`, `ppo` or `grpo`")
        if not self.trains_demonstrations and (self.filters != FilterSettings() or self.share != 100):
            raise ValueError("filters and share have no effect where neither sft nor ptx trains on demonstrations")
        if not (self.trains_demonstrations or self.pairs_demonstrations) and (
            self.teacher is not None or self.demonstration_samples > 1
        ):
            raise ValueError("teacher and demonstration_samples have no effect where nothing uses demonstrations")
        if self.pairs_demonstrations and self.demonstration_samples < 2:
            raise ValueError("dpo.source: pairs are two episodes of one task; set demonstration_samples to 2 or more")
        if self.teacher is None and self.demonstration_temperature != 1.0:
            raise ValueError("demonstration_temperature has no effect on the scripted teacher; set teacher")
        if self.demonstration_samples > 1 and not self.demonstration_temperature:
            raise ValueError("demonstration_samples above 1 are one and the same at demonstration_temperature = 0")
        if self.feedback != "none" and self.max_turns == 1:
            raise ValueError(f"feedback = {self.feedback} has no effect where max_turns = 1: the only turn is the last")
        if self.feedback == "execution" and self.debugger is not None:
            raise ValueError("debugger has no effect with feedback = execution, which hides every error from it")
        return self


def recipe(method: str, model: ModelPreset, overrides: Sequence[str]) -> Recipe:
    """The recipe of `method` with the model's overrides, then the user's. A setting without effect is an error."""
    path = preset("train", method)
    absent = _absent(load(path, Recipe), method, overrides)
    own = [f"{k}={v}" for k, v in model.overrides.items() if not k.startswith(absent)]
    made = load(path, Recipe, [*own, *overrides])
    _absent(made, method, overrides)
    if made.dpo is not None and made.dpo.source == "teacher":
        for item in (o for o in overrides if o.startswith(tuple(f"dpo.{name}=" for name in PLAYED))):
            raise UserError(f"{item}: has no effect with dpo.source=teacher, where the policy plays nothing")
    return made


def _absent(made: Recipe, method: str, overrides: Sequence[str]) -> tuple[str, ...]:
    """What the settings of stages that are not walked begin with; an override of one of them is an error."""
    absent = tuple(f"{name}." for name in STAGES if getattr(made, name) is None)
    if idle := [o for o in overrides if o.startswith(absent)]:
        name = idle[0].partition(".")[0]
        raise UserError(
            f"{idle[0]}: has no effect, `{method}` runs no {name.upper()}; use `train {name}` or leave it out"
        )
    return absent
