"""Experiment trackers: they get a run's metrics and settings, and nothing else (law 9)."""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

from transformers import TrainerCallback
from transformers.integrations import TensorBoardCallback, TrackioCallback, WandbCallback

from galen.errors import UserError

Tracker = Literal["trackio", "wandb", "tensorboard"]
PROJECT = "galen"

# What Weights & Biases would collect on its own: the terminal, the sources and their changes, the model.
WANDB_QUIET = {"WANDB_CONSOLE": "off", "WANDB_DISABLE_CODE": "true", "WANDB_DISABLE_GIT": "true"}
WANDB_MODEL = ("WANDB_LOG_MODEL", "WANDB_WATCH")


def check(names: Sequence[Tracker]) -> None:
    """Raise UserError for a tracker that is not installed, or that is told to take more than metrics and settings."""
    for name in names:
        if importlib.util.find_spec(name) is None:
            raise UserError(
                f"report_to: {name} is not installed; .venv/bin/pip install --no-build-isolation -e '.[{name}]'"
            )
    for variable in WANDB_MODEL if "wandb" in names else ():
        if os.environ.get(variable, "false").lower() not in ("false", "0", ""):
            raise UserError(
                f"{variable}={os.environ[variable]}: a tracker gets metrics and settings only; unset it, or leave wandb "
                "out of report_to"
            )


def trackers(names: Sequence[Tracker], root: Path, settings: Mapping[str, Any]) -> list[TrainerCallback]:
    """A callback for each of `names`, which must have passed `check`; it shows `settings` beside the trainer's arguments.

    TensorBoard's files go to `tensorboard/` in the trainer's folder, wandb's to `wandb/` in the run's, which is `root`
    (it takes one folder a process), and trackio's below `HF_HOME`.
    """
    made: list[TrainerCallback] = []
    for name in names:
        if name == "wandb":
            os.environ.update(WANDB_QUIET)
            os.environ.setdefault("WANDB_PROJECT", PROJECT)
            os.environ["WANDB_DIR"] = str(root)
        made.append({"trackio": _Trackio, "wandb": _Wandb, "tensorboard": _TensorBoard}[name](settings))
    return made


class _Shows(TrainerCallback):
    """Beside a tracker of Transformers: the trainer's settings, which it shows."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__()
        self._settings = settings


class _TensorBoard(_Shows, TensorBoardCallback):
    """Transformers', in one folder, where what a resumed run walks again takes the place of what was there."""

    def on_train_begin(self, args, state, control, **kwargs):
        if state.is_world_process_zero:
            folder = Path(args.output_dir) / "tensorboard"
            self.tb_writer = self._SummaryWriter(log_dir=str(folder), purge_step=state.global_step + 1)
            self.tb_writer.add_text("settings", json.dumps(self._settings))
        super().on_train_begin(args, state, control, **kwargs)


class _ShowsInConfig(_Shows):
    """For one that has a `config` in the module which it keeps as the attribute `module`."""

    module: ClassVar[str]

    def setup(self, args, state, model, **kwargs):
        super().setup(args, state, model, **kwargs)  # type: ignore[misc]
        if state.is_world_process_zero:
            getattr(self, self.module).config.update({"settings": self._settings}, allow_val_change=True)


class _Trackio(_ShowsInConfig, TrackioCallback):
    """Transformers', with the settings."""

    module = "_trackio"


class _Wandb(_ShowsInConfig, WandbCallback):
    """Transformers', with the settings; its run ends with the training: the next method of the same process has its own."""

    module = "_wandb"

    def on_train_end(self, args, state, control, model=None, processing_class=None, **kwargs):
        super().on_train_end(args, state, control, model, processing_class, **kwargs)
        if state.is_world_process_zero:
            self._wandb.finish()
