"""Where the viewer's episodes come from: a run's stores, its tokenizer, and what each task's rows may show."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from galen.errors import UserError
from galen.policy.template import ChatTemplate
from galen.presets import ModelPreset, local_folder, model_preset
from galen.report.curves import PARITY, lines
from galen.rollout.store import read
from galen.tasks.store import OpenTasks
from galen.types import Episode

STORES = (
    "demonstrations.jsonl", "eval/*.jsonl", "*/episodes/*.jsonl", "verifier/train.jsonl", "verifier/test.jsonl",
)  # fmt: skip


@dataclass(frozen=True)
class Source:
    """One store of episodes: `name` as shown, the tasks whose rows may be shown (none that the folder does not know: law 9),
    and the run's trainer log-probabilities of the sampled tokens by key.
    """

    name: str
    path: Path
    template: ChatTemplate
    open: OpenTasks
    trainer: dict[str, list[float]] = field(default_factory=dict)

    def episodes(self) -> Iterator[Episode]:
        """The store's episodes; raises UserError where their tokens are another tokenizer's."""
        for episode in read(self.path):
            if episode.template != self.template.fingerprint:
                raise UserError(
                    f"{self.path}: its tokens are of the template {episode.template}, {self.template.folder} has "
                    f"{self.template.fingerprint}; give the folder that it was played with as --model"
                )
            yield episode


def sources(runs: Sequence[Path], data: Path | None, model: str | None) -> list[Source]:
    """The stores of `runs`: folders of runs, or single stores (.jsonl).

    Raises:
        UserError: nothing to show; a store without a run's config.json, where `data` or `model` is not given; a
            missing task folder or tokenizer.
    """
    found, known = [], {}
    for run in runs:
        folder = run if run.suffix != ".jsonl" else _run_of(run)
        template, tasks = _template(folder, run, model), data or Path(_config(folder, run, "--data")["data"])
        if tasks not in known:
            known[tasks] = OpenTasks(tasks)
        for path in stores(run):
            name = str(path.resolve().relative_to((folder or path.parent).resolve()).with_suffix(""))
            trainer = {x["key"]: x["logprobs"] for x in lines(path.parent.parent / PARITY)}
            found.append(Source(f"{run.name}/{name}" if len(runs) > 1 else name, path, template, known[tasks], trainer))
    return found


def stores(run: Path) -> list[Path]:
    """The stores of a run's folder, or the one that `run` is; raises UserError where there is no episode."""
    paths = [run] if run.suffix == ".jsonl" else sorted(p for pattern in STORES for p in run.glob(pattern))
    found = [p for p in paths if p.exists() and p.stat().st_size]
    if not found:
        raise UserError(f"{run}: no episodes here; give a run's folder or a store of episodes (.jsonl)")
    return found


def _run_of(store: Path) -> Path | None:
    return next((p for p in store.resolve().parents if (p / "config.json").exists()), None)


def _config(folder: Path | None, run: Path, option: str) -> dict:
    if folder is None or not (folder / "config.json").exists():
        raise UserError(f"{run}: belongs to no run (config.json is missing); give {option}")
    return json.loads((folder / "config.json").read_text())


def _template(folder: Path | None, run: Path, model: str | None) -> ChatTemplate:
    if model is not None:
        return ChatTemplate(local_folder(model_preset(model)))
    return ChatTemplate(local_folder(ModelPreset.model_validate(_config(folder, run, "--model")["model"])))
