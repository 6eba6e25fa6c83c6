"""The road: demonstrations → SFT → DPO, PPO or GRPO → one table. Every stage goes on where a call was interrupted.

Without SFT the methods start from the base.
"""

from __future__ import annotations

import json
import random
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel

from galen.agent.debugging import explain
from galen.agent.explainer import ModelExplainer
from galen.agent.loop import Setting
from galen.data.filters import choose
from galen.data.rows import demonstrations
from galen.errors import ProviderError, UserError
from galen.evals.scores import score
from galen.oracles import NONE
from galen.oracles.grader import Grader
from galen.pipeline import methods, rewards
from galen.pipeline.claim import claim
from galen.pipeline.fetch import fetch
from galen.pipeline.recipe import Recipe, recipe
from galen.pipeline.serve import open_policy
from galen.pipeline.verifiers import require_verifier
from galen.pipeline.verify import verify
from galen.policy.base import Policy
from galen.policy.openai import OpenAIPolicy, is_local
from galen.policy.scripted import ScriptedPolicy
from galen.policy.template import ChatTemplate
from galen.policy.vllm import VLLMPolicy
from galen.presets import ModelPreset
from galen.report import manifest, run, table
from galen.report.viewer import page
from galen.rollout.sampler import Sampler, stay_inside
from galen.rollout.store import EpisodeStore
from galen.sandbox.choose import open_backend
from galen.tasks.store import GoldStore, read_tasks, splits
from galen.train import trackers
from galen.train.agent import accumulation
from galen.train.models import check_parity, load_model, save_model, serve_weights
from galen.train.observe import Observer
from galen.train.phases import Phases
from galen.train.ppo import check_critic
from galen.train.sft import SFTSettings, train_sft
from galen.train.weights import check_base
from galen.train.world import once, passes, processes, rank
from galen.types import Episode, Result, Task, TrainRow

SERVER_LOG = "vllm.log"


class Road:
    """One run in one folder `out`.

    Several processes walk it together: they meet in the trainers, and the main one does the rest alone.
    """

    def __init__(
        self, method: str, model: ModelPreset, data: Path, seed: int, out: Path, overrides: Sequence[str]
    ) -> None:
        self.method, self.model, self.data, self.seed, self.out = method, model, data, seed, out
        self.recipe = recipe(method, model, overrides)
        trackers.check(self.recipe.report_to)
        self._check_processes()
        self._check_tasks()
        self.seconds: dict[str, float] = {}
        hints = {phase: str(out / SERVER_LOG) for phase in ("engine start", "rollout", "evaluation", "sync")}
        self.phases = Phases(self.recipe.stuck_after_s, hints)
        self.observer = Observer(out, self.recipe.report_to, self.phases)
        self.folder = once(lambda: fetch(model))
        self.template = ChatTemplate(self.folder)
        check_base(self.folder, model)
        rewards.check(self)
        if self.recipe.dpo is not None and self.recipe.dpo.verifier is not None:
            require_verifier(model, self.template, "dpo.verifier", Path(self.recipe.dpo.verifier))
        once(self._claim)
        self.explain = ModelExplainer(self.recipe.debugger) if self.recipe.debugger else explain
        self.policy: VLLMPolicy
        self.teacher: list[Episode] = []
        self.shown: list[TrainRow] = []
        self.start = self.folder if self.recipe.sft is None else out / "sft" / "final"

    def _check_processes(self) -> None:
        """Before hours of playing: whether the recipe can be dealt to the processes."""
        # Transformers would spread over all of them by itself (DataParallel).
        if processes() == 1 and (gpus := torch.cuda.device_count()) > 1:
            raise UserError(
                f"{gpus} GPUs are visible to one process, which trains on one; put CUDA_VISIBLE_DEVICES=0 before the command, "
                f"or start it with accelerate launch --config_file configs/accelerate/ddp.yaml --num_processes {gpus}"
            )
        for name in ("sft", "dpo", "verifier"):
            if (settings := getattr(self.recipe, name)) is not None:
                passes(name, settings.batch_size, settings.micro_batch)
        for name in ("ppo", "grpo"):
            if (settings := getattr(self.recipe, name)) is not None:
                accumulation(name, settings)
        if self.recipe.ppo is not None:
            check_critic(self.recipe.ppo)

    def _check_tasks(self) -> None:
        r = self.recipe
        self.demos: list[Task] = []
        self.pool: list[Task] = []
        self.valid: list[Task] = []
        self.test: list[Task] = []
        for name in r.families:
            train, shown = read_tasks(self.data, name, "train"), r.demonstrations_of(name)
            if len(train) <= shown:
                raise UserError(
                    f"{self.data}: {name} has {len(train)} training tasks; more than demonstrations={shown} are needed "
                    f"(families of few tasks can have a number of their own: demonstrations={{{name}: …}})"
                )
            self.demos += train[:shown]
            self.pool += train[shown:]
            if (name, "valid") in splits(self.data, [name]):  # a family of few tasks may have none
                self.valid += read_tasks(self.data, name, "valid")[: r.eval.curve]
            held = read_tasks(self.data, name, "test")
            self.test += [t for t in held if t.distribution == "id"][: r.eval.test]
            self.test += [t for t in held if t.distribution == "ood"][: r.eval.ood]

        if not self.valid:
            raise UserError(
                f"{self.data}: no family of {', '.join(r.families)} has validation tasks, by which SFT's epoch is chosen; train "
                "on one more that has"
            )
        if r.feedback == "oracle" and all(t.oracle.kind == NONE for t in [*self.demos, *self.pool, *self.test]):
            raise UserError("feedback=oracle has no effect: no task has an oracle; leave it out")
        if r.debugger:
            stay_inside([*self.demos, *self.pool, *self.test], r.debugger.local, f"debugger {r.debugger.url}")
        if url := self.model.serve.url:
            stay_inside([*self.demos, *self.pool, *self.test], is_local(url), f"serve.url {url}")

    def _claim(self) -> None:
        """Make `out` this run's, or go on if it is already."""
        # Where the server is makes no other run of it.
        model = self.model.model_dump(mode="json", exclude={"serve": {"sleep", "gpus", "url"}})
        config = {
            "method": self.method, "model": model, "recipe": self.recipe.model_dump(mode="json"), "seed": self.seed,
            "data": str(self.data.resolve()), "template": self.template.fingerprint,
        }  # fmt: skip
        claim(self.out, config, self.folder, {"model": ModelPreset, "recipe": Recipe})

    def walk(self) -> list[dict[str, Any]]:
        """Do what is not done yet, print the table, and return its rows."""
        with ExitStack() as stack:
            if not rank():
                stack.enter_context(self.phases.watched())
            self._open(stack)
            runs = {"base": once(lambda: self._evaluate("base"))} if self.recipe.eval.base else {}
            if self.recipe.sft is not None:
                self._sft(self.recipe.sft)
                runs["sft"] = once(lambda: self._evaluate("sft"))
            reports = {}
            for name in self.recipe.methods:
                reports[name] = methods.train(self, name)
                runs[name] = once(lambda name=name: self._evaluate(name))
            if self.recipe.verifier is not None:
                verify(self, self.recipe.verifier)
        return once(lambda: self._finish(runs, reports))

    def pool_sample(self, n: int) -> list[Task]:
        """`n` of the tasks that no demonstration shows (all, where there are fewer), drawn by the run's seed."""
        return random.Random(self.seed).sample(self.pool, min(n, len(self.pool)))

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        print(f"{stage} …", flush=True)
        start = time.monotonic()
        with self.phases(stage):
            yield
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.monotonic() - start
        print(f"{stage}: {self.seconds[stage]:.1f} s", flush=True)

    def _open(self, stack: ExitStack) -> None:
        """Sandbox, grader, demonstrations, and the policy's server, all of the main process."""
        self.teacher, self.shown, url = once(lambda: self._start(stack))
        if rank():  # it never asks, but its weights are served under this name
            self.policy = VLLMPolicy(url, self.template, "base", self.recipe.concurrency)

    def _start(self, stack: ExitStack) -> tuple[list[Episode], list[TrainRow], str]:
        """What the teacher played, the rows of it to train on, and the server's address."""
        self.backend = open_backend(self.recipe.sandbox, self.recipe.concurrency, str(self.out))
        stack.callback(self.backend.close)
        self.grader = Grader(self.data)
        stack.callback(self.grader.close)
        if self.recipe.teacher != "policy":
            self._demonstrate()
        self._serve_base(stack)
        if self.recipe.teacher == "policy":
            self._demonstrate()
        return self.teacher, self.shown, self.policy.url

    def _serve_base(self, stack: ExitStack) -> None:
        with self.timed("engine start"):
            self.policy = open_policy(
                self.model, self.folder, self.template, self.out / SERVER_LOG, self.recipe.concurrency, stack
            )
            if self.model.serve.url:
                self._prove()

    def _prove(self) -> None:
        """A server that runs already has whatever weights it was sent last: send it the base's, and see that it samples
        from them.
        """
        url, model = self.model.serve.url, self.load(self.folder)
        try:
            self.refresh(model)
        except ProviderError as error:
            raise UserError(
                f"serve.url {url}: cannot load the weights in {self.out / 'serving'}: it must find that folder under the "
                f"same path, and be started with `galen serve --model {self.model.name}` ({error})"
            ) from error
        played = (self.sampler(1.0).sample([task], self.policy, seed=self.seed)[0].episodes[0] for task in self.demos)
        # A long prompt leaves no room for a reply, by which weights could be told.
        found = next((e for e in played if e.fault or any(e.completion_mask)), None)
        if found is None:
            raise UserError(
                f"no demonstration task leaves room for a reply in {self.model.context} tokens; raise the context"
            )
        if found.fault:
            raise ProviderError(f"serve.url {url}: the first episode failed: {found.fault.message}")
        check_parity(model, [found], 1.0)

    def sampler(self, temperature: float) -> Sampler:
        """A sampler of this run's setting, for the main process."""
        m = self.model
        setting = Setting(
            self.data,
            self.template,
            self.backend,
            m.profile,
            m.context,
            m.reply_tokens,
            temperature,
            self.recipe.max_turns,
            self.explain,
            self.recipe.feedback,
        )
        return Sampler(setting, self.grader, self.recipe.concurrency, self.phases.beat)

    def _demonstrate(self) -> None:
        """What the teacher played, and the rows of it that are trained on, counted in `demonstrations.json`."""
        r = self.recipe
        if not (r.trains_demonstrations or r.pairs_demonstrations):
            return
        with self.timed("demonstrations"), EpisodeStore(self.out / "demonstrations.jsonl") as store:
            groups = self.sampler(r.demonstration_temperature).sample(
                self.demos, self._teacher(), samples=r.demonstration_samples, seed=self.seed, store=store,
                label="demonstrations",
            )  # fmt: skip
        self.teacher = [e for g in groups for e in g.episodes]
        if r.trains_demonstrations:
            chosen, report = choose(self.teacher, r.filters, r.share, self.seed)
            self.shown = demonstrations(chosen)
            (self.out / "demonstrations.json").write_text(json.dumps(vars(report), indent=1) + "\n")
            print(f"demonstrations: {_counted(vars(report))}", flush=True)

    def _teacher(self) -> Policy:
        if self.recipe.teacher == "policy":
            return self.policy
        if self.recipe.teacher:
            return OpenAIPolicy(self.recipe.teacher, self.template)
        gold = GoldStore(self.data)
        by_id = {t.id: t for t in self.demos}
        return ScriptedPolicy(lambda i: gold.get(by_id[i]), self.template)

    def _evaluate(self, name: str) -> list[Episode]:
        """Greedy episodes on the test tasks, from `eval/<name>.jsonl` as far as they are there."""
        with EpisodeStore(self.out / "eval" / f"{name}.jsonl") as store:
            if name != "base" and len(store.episodes) < len(self.test):
                self.serve(self.out / name / "final")
            self.policy.name = name
            with self.timed("evaluation"):
                groups = self.sampler(0.0).sample(
                    self.test, self.policy, seed=self.seed, store=store, label=f"evaluation of {name}"
                )
        return [e for g in groups for e in g.episodes]

    def load(self, folder: Path) -> PreTrainedModel:
        """The weights in `folder` to train; adapters that are not there yet are drawn by the run's seed."""
        torch.manual_seed(self.seed)
        return load_model(str(folder), self.model)

    def serve(self, folder: Path) -> None:
        """Have the server sample from the weights in `folder`."""
        self.refresh(self.load(folder))

    def refresh(self, model: PreTrainedModel) -> None:
        """Have the server sample from `model`'s present weights. Every process calls it."""
        serve_weights(model, self.policy, self.out / "serving")

    def _sft(self, settings: SFTSettings) -> None:
        final = self.out / "sft" / "final"
        if once(final.exists):
            return
        path = self.out / "sft" / "curve.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        best = self.out / "sft" / "best"

        def read_curve() -> list[list[float]]:
            if best.exists():
                return json.loads(path.read_text())
            for checkpoint in path.parent.glob("checkpoint-*"):  # a later epoch's does not bring it back: start over
                shutil.rmtree(checkpoint)
            return []

        curve = once(read_curve)

        def after_epoch(model: Any, epoch: int) -> None:
            with self.phases("sync"):
                self.refresh(model)
            success = once(self.validate)
            once(self.policy.sleep)
            print(f"sft: epoch {epoch} success on {len(self.valid)} validation tasks {success:.3f}", flush=True)
            curve[:] = [entry for entry in curve if entry[0] < epoch]  # an epoch that a kill made run again
            if not curve or success > max(s for _, s in curve):
                with self.phases("checkpoint"):
                    save_model(model, self.folder, best)
            curve.append([epoch, success])
            once(lambda: path.write_text(json.dumps(curve)))

        with self.timed("sft"):
            once(self.policy.sleep)
            report = train_sft(
                self.load(self.folder), self.folder, self.shown, settings, self.out / "sft", seed=self.seed,
                context=self.model.context, gradient_checkpointing=self.model.gradient_checkpointing, after_epoch=after_epoch,
                observer=self.observer,
            )  # fmt: skip
        once(lambda: (self.out / "sft" / "report.json").write_text(json.dumps(asdict(report), indent=1) + "\n"))
        once(lambda: best.rename(final))

    def validate(self) -> float:
        """Greedy success of the served policy on the validation tasks."""
        with self.phases("evaluation"):
            groups = self.sampler(0.0).sample(self.valid, self.policy, seed=self.seed)
        return score("", "", [e for g in groups for e in g.episodes]).success

    def _finish(self, runs: dict[str, list[Episode]], reports: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
        start = self.recipe.start
        parents = {name: "base" if name == "sft" else start for name in runs if name != "base"}
        rows = table.rows(runs, {name: parent for name, parent in parents.items() if parent in runs})
        path = self.out / "timings.json"
        before = json.loads(path.read_text()) if path.exists() else {}
        for name, report in reports.items():
            self.seconds |= {f"{name}: {k}": v for k, v in report.get("seconds", {}).items()}
        seconds = before | {k: round(v, 1) for k, v in self.seconds.items() if v > before.get(k, 0.0)}
        path.write_text(json.dumps(seconds, indent=1) + "\n")
        notes = self._notes()
        notes += "\nSeconds: " + ", ".join(f"{k} {v:.0f}" for k, v in seconds.items()) + "\n"
        notes += "".join(f"\n{name.upper()}: {_counts(report)}\n" for name, report in reports.items())
        table.write(self.out, rows, notes)
        config = json.loads((self.out / "config.json").read_text())
        made = manifest.make(self.method, config, [self.seed], self.data, [self.model.path], self._results(list(runs)))
        (self.out / "manifest.json").write_text(made.model_dump_json(indent=1) + "\n")
        print((self.out / "table.md").read_text(), flush=True)
        print(f"{page.NAME}: {page.told(page.write([self.out], self.out / page.NAME))}")
        print(f"report: {run.write(self.out)}", flush=True)
        return rows

    def _results(self, policies: Sequence[str]) -> list[Result]:
        """The stores of test episodes that tables read."""
        r = self.recipe
        debugger = r.debugger.model if r.debugger else None

        def result(store: str, policy: str, temperature: float, samples: int) -> Result:
            played = manifest.conditions(
                self.model, self.template, max_turns=r.max_turns, temperature=temperature, feedback=r.feedback,
                debugger=debugger,
            )  # fmt: skip
            return Result(
                store=store, model=self.model.name, policy=policy, split="test", samples=samples, conditions=played
            )

        found = [result(f"eval/{name}.jsonl", name, 0.0, 1) for name in policies]
        if v := r.verifier:
            found.append(result("verifier/test.jsonl", r.start, v.temperature, v.candidates))
        return found

    def _notes(self) -> str:
        """What became of the demonstrations, and SFT's learning curve; empty where nothing is trained on them."""
        if not self.recipe.trains_demonstrations:
            return ""
        told = f"\nDemonstrations: {_counted(json.loads((self.out / 'demonstrations.json').read_text()))}\n"
        if self.recipe.sft is None:
            return told
        curve = json.loads((self.out / "sft" / "curve.json").read_text())
        points = ", ".join(f"{epoch:.0f}: {success:.3f}" for epoch, success in curve)
        report = json.loads((self.out / "sft" / "report.json").read_text())
        return (
            f"\nSFT learning curve (success on validation tasks by epoch): {points}\n{told}"
            f"\nSFT: {report['rows']} rows trained in {report['packs']} sequences an epoch, {report['too_long']} longer than "
            "the context\n"
        )


def _counted(report: dict[str, Any]) -> str:
    """What became of the teacher's episodes, in words."""
    dropped = "".join(f", {n} {reason}" for reason, n in report["dropped"].items())
    return f"{report['seen']} episodes, {report['kept']} kept{dropped}"


def _counts(report: dict[str, Any]) -> str:
    """What a method played and trained, in words."""
    if "rounds" in report:
        pairs = ", ".join(f"{r['pairs']} pairs of {r['tasks']} tasks" for r in report["rounds"])
        return f"{report['episodes']} episodes played; {pairs}"
    dead = f" ({report['dead']} of its {report['groups']} groups dead)" if "dead" in report else ""
    return (
        f"{report['episodes']} episodes played{dead}, {report['ungraded']} of them ungraded, {report['changed_tokens']} of "
        f"{report['trained_tokens']} trained tokens changed, parity at worst {report['parity_mean']:.1e} nats a token on "
        f"average, {report['parity_max']:.1e} at most"
    )
