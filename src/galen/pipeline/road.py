"""The road: demonstrations → SFT → DPO, PPO or GRPO → one table. Every stage goes on where a call was interrupted."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from transformers import PreTrainedModel

from galen.agent.debugging import explain
from galen.agent.explainer import ModelExplainer
from galen.agent.loop import Setting
from galen.data.rows import demonstrations
from galen.errors import UserError
from galen.evals.scores import score
from galen.oracles.grader import Grader
from galen.pipeline import methods
from galen.pipeline.fetch import fetch
from galen.pipeline.recipe import recipe
from galen.pipeline.verify import verify
from galen.policy.base import Policy
from galen.policy.openai import OpenAIPolicy
from galen.policy.scripted import ScriptedPolicy
from galen.policy.template import ChatTemplate
from galen.policy.vllm import VLLMPolicy, VLLMServer
from galen.presets import ModelPreset
from galen.report import manifest, table
from galen.rollout.sampler import Sampler, stay_inside
from galen.rollout.store import EpisodeStore
from galen.sandbox.choose import open_backend
from galen.tasks.store import GoldStore, read_tasks
from galen.train.agent import accumulation
from galen.train.models import load_model, save_model, serve_weights
from galen.train.ppo import check_critic
from galen.train.sft import train_sft
from galen.train.world import once, processes, share
from galen.types import Episode, Task


class Road:
    """One run in one folder `out`.

    Several processes walk it together: they meet in the trainers, and the main one does the rest alone.
    """

    def __init__(
        self, method: str, model: ModelPreset, data: Path, seed: int, out: Path, overrides: Sequence[str]
    ) -> None:
        self.method, self.model, self.data, self.seed, self.out = method, model, data, seed, out
        self.recipe = recipe(method, model, overrides)
        self._check_processes()
        self._check_tasks()
        once(self._claim)
        self.seconds: dict[str, float] = {}
        self.folder = once(lambda: fetch(model))
        self.template = ChatTemplate(self.folder)
        self.explain = ModelExplainer(self.recipe.debugger) if self.recipe.debugger else explain
        self.policy: VLLMPolicy

    def _check_processes(self) -> None:
        """Before hours of playing: whether the recipe can be dealt to the processes."""
        if processes() > 1 and self.recipe.dpo is not None:
            raise UserError(
                f"dpo trains in one process, and {processes()} were started: run `galen train {self.method}` without a launcher"
            )
        share(self.recipe.sft.batch_size, "sft.batch_size")
        if self.recipe.verifier is not None:
            share(self.recipe.verifier.batch_size, "verifier.batch_size")
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
            train = read_tasks(self.data, name, "train")
            if len(train) <= r.demonstrations:
                raise UserError(
                    f"{self.data}: {name} has {len(train)} training tasks; more than demonstrations={r.demonstrations} are needed"
                )
            self.demos += train[: r.demonstrations]
            self.pool += train[r.demonstrations :]
            self.valid += read_tasks(self.data, name, "valid")[: r.eval.curve]
            held = read_tasks(self.data, name, "test")
            self.test += [t for t in held if t.distribution == "id"][: r.eval.test]
            self.test += [t for t in held if t.distribution == "ood"][: r.eval.ood]

        if r.debugger:
            stay_inside([*self.demos, *self.pool, *self.test], r.debugger.local, f"debugger {r.debugger.url}")

    def _claim(self) -> None:
        """Make `out` this run's, or go on if it is already."""
        config = {
            "method": self.method, "model": self.model.model_dump(mode="json"), "recipe": self.recipe.model_dump(mode="json"),
            "seed": self.seed, "data": str(self.data.resolve()),
        }  # fmt: skip
        path = self.out / "config.json"
        if path.exists():
            old = json.loads(path.read_text())
            if old != config:
                changed = next(k for k in config if old.get(k) != config[k])
                raise UserError(f"{self.out}: holds a run with another {changed}; choose another OUT or remove it")
            return
        self.out.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(config, indent=1) + "\n")

    def walk(self) -> list[dict[str, Any]]:
        """Do what is not done yet, print the table, and return its rows."""
        with ExitStack() as stack:
            self._open(stack)
            runs = {"base": once(lambda: self._evaluate("base"))}
            self._sft()
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
        yield
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.monotonic() - start
        print(f"{stage}: {self.seconds[stage]:.1f} s", flush=True)

    def _open(self, stack: ExitStack) -> None:
        """Sandbox, grader, demonstrations, and the policy's server, all of the main process."""
        self.teacher, url = once(lambda: self._start(stack))
        self.policy = VLLMPolicy(url, self.template, "base", self.recipe.concurrency)

    def _start(self, stack: ExitStack) -> tuple[list[Episode], str]:
        """The demonstrations, and the server's address."""
        import torch

        self.backend = open_backend(self.recipe.sandbox, self.recipe.concurrency, str(self.out))
        stack.callback(self.backend.close)
        self.grader = Grader(self.data)
        stack.callback(self.grader.close)
        with self.timed("demonstrations"):
            episodes = self._demonstrate()
        with self.timed("engine start"):
            m = self.model
            server = VLLMServer(
                str(self.folder), m.serve, dtype=m.dtype, context=m.context, log=self.out / "vllm.log",
                cpu=not torch.cuda.is_available(), lora_rank=m.lora.rank if m.lora else 0,
            )  # fmt: skip
            stack.callback(server.close)
            server.wait()
        return episodes, server.url

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
        )
        return Sampler(setting, self.grader, self.recipe.concurrency)

    def _demonstrate(self) -> list[Episode]:
        teacher = self._teacher()
        with EpisodeStore(self.out / "demonstrations.jsonl") as store:
            groups = self.sampler(1.0).sample(self.demos, teacher, seed=self.seed, store=store, label="demonstrations")
        episodes = [e for g in groups for e in g.episodes]
        print(f"demonstrations: {sum(e.success for e in episodes)} of {len(episodes)} succeeded", flush=True)
        return episodes

    def _teacher(self) -> Policy:
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

    def serve(self, folder: Path) -> None:
        """Have the server sample from the weights in `folder`."""
        self.refresh(load_model(str(folder), self.model))

    def refresh(self, model: PreTrainedModel) -> None:
        """Have the server sample from `model`'s present weights. Every process calls it."""
        serve_weights(model, self.policy, self.out / "serving")

    def _sft(self) -> None:
        final = self.out / "sft" / "final"
        if once(final.exists):
            return
        rows = demonstrations(self.teacher)
        path = self.out / "sft" / "curve.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        curve: list[list[float]] = once(lambda: json.loads(path.read_text()) if path.exists() else [])

        def after_epoch(model: Any, epoch: int) -> None:
            self.refresh(model)
            success = once(self.validate)
            print(f"sft: epoch {epoch} success on {len(self.valid)} validation tasks {success:.3f}", flush=True)
            curve[:] = [entry for entry in curve if entry[0] < epoch]  # an epoch that a kill made run again
            if not curve or success > max(s for _, s in curve):
                save_model(model, self.folder, self.out / "sft" / "best")
            curve.append([epoch, success])
            once(lambda: path.write_text(json.dumps(curve)))

        with self.timed("sft"):
            train_sft(
                load_model(str(self.folder), self.model), self.folder, rows, self.recipe.sft, self.out / "sft", seed=self.seed,
                context=self.model.context, gradient_checkpointing=self.model.gradient_checkpointing, after_epoch=after_epoch,
            )  # fmt: skip
        once(lambda: (self.out / "sft" / "best").rename(final))

    def validate(self) -> float:
        """Greedy success of the served policy on the validation tasks."""
        groups = self.sampler(0.0).sample(self.valid, self.policy, seed=self.seed)
        return score("", "", [e for g in groups for e in g.episodes]).success

    def _finish(self, runs: dict[str, list[Episode]], reports: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
        rows = table.rows(runs, {name: "base" if name == "sft" else "sft" for name in runs if name != "base"})
        path = self.out / "timings.json"
        before = json.loads(path.read_text()) if path.exists() else {}
        for name, report in reports.items():
            self.seconds |= {f"{name}: {k}": v for k, v in report.get("seconds", {}).items()}
        seconds = before | {k: round(v, 1) for k, v in self.seconds.items() if v > before.get(k, 0.0)}
        path.write_text(json.dumps(seconds, indent=1) + "\n")
        curve = json.loads((self.out / "sft" / "curve.json").read_text())
        points = ", ".join(f"{epoch:.0f}: {success:.3f}" for epoch, success in curve)
        notes = f"\nSFT learning curve (success on validation tasks by epoch): {points}\n"
        notes += "\nSeconds: " + ", ".join(f"{k} {v:.0f}" for k, v in seconds.items()) + "\n"
        notes += "".join(f"\n{name.upper()}: {_counts(report)}\n" for name, report in reports.items())
        table.write(self.out, rows, notes)
        config = json.loads((self.out / "config.json").read_text())
        made = manifest.make(self.method, config, [self.seed], self.data, [self.model.path])
        (self.out / "manifest.json").write_text(made.model_dump_json(indent=1) + "\n")
        print((self.out / "table.md").read_text(), flush=True)
        return rows


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
