"""Where a trainer's metrics go: `log.jsonl` in its folder always, experiment trackers where asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from galen.train.phases import Phases
from galen.train.trackers import PROJECT, Tracker, trackers
from galen.types import Frozen

LOG = "log.jsonl"
PHASES = ("rollout", "evaluation", "sync", "check", "score", "train", "checkpoint")
"""The phases of a trainer: `time/<phase>` in its log."""


@dataclass(frozen=True)
class Observer:
    """What a run gives each of its trainers. `root` is the run's folder, whose name the trackers show."""

    root: Path | None = None
    report_to: tuple[Tracker, ...] = ()
    phases: Phases = field(default_factory=Phases)

    def arguments(self, out: Path) -> dict[str, Any]:
        """Fields of TrainingArguments for a trainer in folder `out`: its name at the trackers is the run's and its own."""
        root = self.root or out
        name = "-".join([root.resolve().name, *out.relative_to(root).parts])
        # The trackers are `StepLog`'s. With one named here, TRL could show it prompts and completions.
        return {"report_to": [], "run_name": name, "project": PROJECT}


class StepLog(TrainerCallback):
    """A line of JSON each time that the trainer logs its loss, and the same numbers to the trackers.

    `keys` maps the trainer's names of metrics to the log's, and `also` holds what the trainer adds to its next line.
    Numbers are means since the line before; `time/<phase>` are seconds since then. A line's `step` counts optimizer steps
    from `first_step`. Every `every`th line is printed.
    """

    def __init__(
        self, name: str, out: Path, observer: Observer, settings: Frozen, keys: Mapping[str, str], first_step: int = 1,
        every: int = 1,
    ) -> None:  # fmt: skip
        self.also: dict[str, Any] = {}
        self._name, self._path, self._phases, self._keys = name, out / LOG, observer.phases, keys
        self._first_step, self._every = first_step, every
        self._trackers = trackers(observer.report_to, observer.root or out, settings.model_dump(mode="json"))
        self._spent: dict[str, float] = {}
        self._tokens = 0

    def on_train_begin(self, args, state, control, **kwargs):
        """Forget the lines of steps after the checkpoint, which will be walked again, and one that a kill cut off."""
        self._spent, self._tokens = self._phases.spent(), state.num_input_tokens_seen
        if state.is_world_process_zero:
            lines = self._path.read_text().splitlines(keepends=True) if self._path.exists() else []
            known = state.global_step + self._first_step
            self._path.write_text("".join(x for x in lines if x.endswith("\n") and json.loads(x)["step"] < known))
        for tracker in self._trackers:
            tracker.on_train_begin(args, state, control, **kwargs)

    def on_substep_end(self, args, state, control, **kwargs):
        self._phases.beat()

    def on_step_end(self, args, state, control, **kwargs):
        self._phases.beat()

    def on_log(self, args, state, control, logs=None, **kwargs):
        if not logs or "loss" not in logs:
            return
        line = self._line(logs, state)
        if state.is_world_process_zero:
            with self._path.open("a") as file:
                file.write(json.dumps(line) + "\n")
            if state.global_step % self._every == 0:
                shown = "".join(f" {k} {line[k]:.3g}" for k in self._keys.values() if line.get(k) is not None)
                print(f"{self._name}: step {line['step']}/{state.max_steps} trained:{shown}", flush=True)
        numbers = {name: value for name, value in line.items() if name != "step" and value is not None}
        for tracker in self._trackers:
            tracker.on_log(args, state, control, logs=numbers, **kwargs)

    def on_train_end(self, args, state, control, **kwargs):
        for tracker in self._trackers:
            tracker.on_train_end(args, state, control, **kwargs)

    def _line(self, logs: Mapping[str, Any], state: Any) -> dict[str, Any]:
        found = {ours: logs[theirs] for theirs, ours in self._keys.items() if theirs in logs}
        line = {"step": state.global_step, **self.also, **found}
        before, self._spent = self._spent, self._phases.spent()
        seconds = {name: total - before.get(name, 0.0) for name, total in self._spent.items()}
        line |= {f"time/{name}": round(seconds[name], 3) for name in PHASES if seconds.get(name)}
        if state.num_input_tokens_seen > self._tokens:
            line["tokens"] = state.num_input_tokens_seen - self._tokens
            self._tokens = state.num_input_tokens_seen
        for counted in ("tokens", "trained_tokens"):
            if counted in line and seconds.get("train"):
                line[f"{counted}_per_s"] = round(line[counted] / seconds["train"], 1)
        self.also = {}
        return line
