"""Any policy on any families and splits of a task folder: episodes, scores with their intervals, and a manifest."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from galen.agent.debugging import explain
from galen.agent.explainer import ModelExplainer
from galen.agent.loop import Setting
from galen.errors import UserError
from galen.evals.best_of import best_of
from galen.evals.summary import summaries
from galen.evals.verifier import verifier_scores
from galen.oracles.grader import Grader
from galen.pipeline.claim import claim
from galen.pipeline.fetch import fetch
from galen.pipeline.subject import Subject
from galen.pipeline.verifiers import load_verifier, require_verifier, score_store
from galen.policy.base import Policy
from galen.policy.openai import Endpoint, OpenAIPolicy
from galen.policy.scripted import ScriptedPolicy
from galen.policy.template import ChatTemplate
from galen.presets import ModelPreset
from galen.report import best_of as curves
from galen.report import evaluation, manifest, run
from galen.report.evaluation import Prices
from galen.report.viewer import page
from galen.rollout.sampler import Sampler, stay_inside
from galen.rollout.store import EpisodeStore
from galen.sandbox.choose import SandboxSettings, open_backend
from galen.tasks.store import GoldStore, read_tasks, splits
from galen.types import ActionKind, Episode, Feedback, Frozen, Result, Task

AFTERWARDS = {"prices", "concurrency", "ks", "verifier"}
"""Settings that change no episode: a run may go on with others."""
SERVER_LOG = "vllm.log"
MAX_TURNS = 15


class EvaluationSettings(Frozen):
    """`families` none for all of the folder's. `tasks` is a limit for each family and block, in the folder's order.

    `samples` episodes a task make pass@k for those `ks` that they suffice for, and with the folder of a trained
    `verifier` Best@k. `max_turns` without a value is the run's or the preset's own, else 15. `without` are actions that
    the agent is not given (the paper's section 5.4 leaves out `debugging`). `prices` turn tokens into cost.
    """

    families: tuple[str, ...] = ()
    split: Literal["train", "valid", "test"] = "test"
    tasks: int | None = Field(default=None, ge=1)
    samples: int = Field(default=1, ge=1)
    temperature: float = Field(default=0.0, ge=0)
    ks: tuple[int, ...] = (1, 2, 4, 8, 16)
    verifier: str | None = None
    max_turns: int | None = Field(default=None, ge=1)
    feedback: Feedback = "none"
    without: tuple[ActionKind, ...] = ()
    debugger: Endpoint | None = None
    concurrency: int = Field(default=32, ge=1)
    sandbox: SandboxSettings = SandboxSettings()
    prices: Prices | None = None

    @model_validator(mode="after")
    def _used(self) -> EvaluationSettings:
        """A setting without effect is refused (law 8)."""
        if self.samples == 1 and self.verifier is not None:
            raise ValueError("verifier has no effect on one episode a task; set samples")
        if ActionKind.SUBMIT in self.without:
            raise ValueError("without = submit leaves no way to answer")
        if self.debugger is not None and ActionKind.DEBUGGING in self.without:
            raise ValueError("debugger has no effect without debugging")
        if self.debugger is not None and self.feedback == "execution":
            raise ValueError("debugger has no effect with feedback = execution, which hides every error from it")
        return self


class Evaluation:
    """One policy's episodes in one folder `out`; the same call goes on where it was interrupted."""

    def __init__(self, who: Subject, data: Path, settings: EvaluationSettings, seed: int, out: Path) -> None:
        self.who, self.data, self.settings, self.seed, self.out = who, data, settings, seed, out
        if who.scripted and settings.temperature:
            raise UserError(f"temperature={settings.temperature}: has no effect on the scripted policy; leave it out")
        if settings.samples > 1 and not settings.temperature and not who.scripted:
            raise UserError(f"samples={settings.samples}: one and the same at temperature=0; set temperature")
        self.tasks = chosen_tasks(data, settings)
        local = who.endpoint.local if who.endpoint else True
        stay_inside(self.tasks, local, f"endpoint {who.endpoint.url}" if who.endpoint else who.name)
        if d := settings.debugger:
            stay_inside(self.tasks, d.local, f"debugger {d.url}")
        self.folder = fetch(who.model)
        self.template = ChatTemplate(self.folder)
        if settings.verifier is not None:
            require_verifier(who.model, self.template, "verifier", Path(settings.verifier))
        claim(out, self._config(), self.folder, {"model": ModelPreset, "settings": EvaluationSettings})

    @property
    def store(self) -> str:
        return f"eval/{self.who.policy.replace('/', '-')}.jsonl"

    @property
    def max_turns(self) -> int:
        trained = self.who.trained
        own = trained["recipe"]["max_turns"] if trained else self.who.model.overrides.get("max_turns", MAX_TURNS)
        return self.settings.max_turns or own

    def _config(self) -> dict[str, Any]:
        who = self.who
        return {
            "method": "eval", "policy": who.policy, "name": who.name,
            "endpoint": who.endpoint.model_dump(mode="json") if who.endpoint else None,
            "model": who.model.model_dump(mode="json", exclude={"serve"}),
            "weights": str(who.weights) if who.weights else None, "trained": who.trained,
            "settings": self.settings.model_dump(mode="json", exclude=AFTERWARDS), "seed": self.seed,
            "data": str(self.data.resolve()), "template": self.template.fingerprint,
        }  # fmt: skip

    def walk(self) -> list[dict[str, Any]]:
        """Play what is not played yet, print the tables, and return the scores' rows."""
        with ExitStack() as stack:
            episodes = self._play(stack)
        rows = evaluation.rows(summaries(self.out / self.store), self.settings.prices)
        text = evaluation.markdown(rows, self.settings.prices)
        if self.settings.samples > 1:
            text += "\n" + self._several(episodes)
        (self.out / "scores.md").write_text(text)
        (self.out / "scores.json").write_text(json.dumps(rows, indent=1) + "\n")
        config = self._config() | {"verifier": self.settings.verifier}
        made = manifest.make("eval", config, [self._seed()], self.data, self._parents(), [self._result()])
        (self.out / "manifest.json").write_text(made.model_dump_json(indent=1) + "\n")
        print(text, flush=True)
        print(f"{page.NAME}: {page.told(page.write([self.out], self.out / page.NAME))}")
        print(f"report: {run.write(self.out)}", flush=True)
        return rows

    def _seed(self) -> int:
        """The training's, where the policy was trained: what tells one trained policy from the next."""
        return self.who.trained["seed"] if self.who.trained else self.seed

    def _parents(self) -> list[str]:
        return [str(self.who.run / "manifest.json") if self.who.run else self.who.model.path]

    def _result(self) -> Result:
        s = self.settings
        played = manifest.conditions(
            self.who.model, self.template, max_turns=self.max_turns, temperature=s.temperature, feedback=s.feedback,
            debugger=s.debugger.model if s.debugger else None, without=s.without,
        )  # fmt: skip
        return Result(
            store=self.store, model=self.who.name, policy=self.who.policy, split=s.split, samples=s.samples,
            conditions=played,
        )  # fmt: skip

    def _play(self, stack: ExitStack) -> list[Episode]:
        s, m = self.settings, self.who.model
        store = stack.enter_context(EpisodeStore(self.out / self.store))
        backend = open_backend(s.sandbox, s.concurrency, str(self.out))
        stack.callback(backend.close)
        grader = Grader(self.data)
        stack.callback(grader.close)
        explainer = ModelExplainer(s.debugger) if s.debugger else explain
        setting = Setting(
            self.data, self.template, backend, m.profile, m.context, m.reply_tokens, s.temperature, self.max_turns,
            explainer, s.feedback,
        )  # fmt: skip
        if len(store.episodes) == len(self.tasks) * s.samples:  # nothing left to play: no model is served for it
            place = {t.id: i for i, t in enumerate(self.tasks)}
            return sorted(store.episodes.values(), key=lambda e: (place[e.task_id], e.seed))
        groups = Sampler(setting, grader, s.concurrency).sample(
            self.tasks, self._policy(stack), samples=s.samples, seed=self.seed, store=store,
            label=f"evaluation of {self.who.name}",
        )  # fmt: skip
        return [e for g in groups for e in g.episodes]

    def _policy(self, stack: ExitStack) -> Policy:
        who = self.who
        if who.endpoint:
            return OpenAIPolicy(who.endpoint, self.template)
        if who.scripted:
            gold, by_id = GoldStore(self.data), {t.id: t for t in self.tasks}
            return ScriptedPolicy(lambda i: gold.get(by_id[i]), self.template)
        from galen.pipeline.serve import open_policy  # it imports torch, which takes seconds

        log = self.out / SERVER_LOG
        policy = open_policy(who.model, self.folder, self.template, log, self.settings.concurrency, stack)
        if who.weights:
            policy.publish(who.weights)
        elif who.model.serve.url and not who.model.lora:  # it has the weights that it was sent last
            policy.refresh(self.folder)
        policy.name = f"{who.name} {who.policy}"
        return policy

    def _several(self, episodes: Sequence[Episode]) -> str:
        """Pass@k of several episodes a task and, with a verifier, Best@k and how well it judges."""
        ks = [k for k in self.settings.ks if k <= self.settings.samples]
        if self.settings.verifier is None:
            found, quality = best_of(episodes, None, ks, self.seed), []
        else:
            model = load_verifier(self.who.model, Path(self.settings.verifier))
            scores = score_store(model, episodes, self.template, self.who.model.context, self.out / self.store)
            found = best_of(episodes, scores, ks, self.seed)
            quality = [asdict(s) for s in verifier_scores(episodes, scores)]
        (self.out / "best_of.json").write_text(json.dumps({"best_of": asdict(found), "verifier": quality}) + "\n")
        return curves.markdown(found) + ("\n" + curves.quality_markdown(quality) if quality else "")


def chosen_tasks(data: Path, settings: EvaluationSettings) -> list[Task]:
    """The tasks to play, family by family, without the actions that are left out.

    Raises:
        UserError: no such family, none with this split, or actions left out that no task allows.
    """
    s = settings
    chosen: list[Task] = []
    for family, split in splits(data, s.families):
        if split == s.split:
            found = read_tasks(data, family, split)
            for block in dict.fromkeys(t.distribution for t in found):
                chosen += [t for t in found if t.distribution == block][: s.tasks]
    if missing := set(s.families) - {t.family for t in chosen} or (set() if chosen else {"every family"}):
        raise UserError(f"{data}: no tasks of split {s.split} in {', '.join(sorted(missing))}")
    if not s.without:
        return chosen
    given = {a for t in chosen for a in t.actions}
    if idle := set(s.without) - given:
        raise UserError(f"without={', '.join(sorted(idle))}: has no effect, no task allows it")
    return [t.model_copy(update={"actions": tuple(a for a in t.actions if a not in s.without)}) for t in chosen]
