"""When a trainer stops before its last step."""

from __future__ import annotations

import time

from transformers import TrainerCallback

from galen.train.world import once


class StopAfter(TrainerCallback):
    """Save and stop after `steps` optimizer steps; the schedule stays that of the whole run."""

    def __init__(self, steps: int) -> None:
        self._steps = steps

    def on_step_end(self, args, state, control, **kwargs):
        if state.global_step >= self._steps:
            control.should_save = control.should_training_stop = True


class TimeLimit(TrainerCallback):
    """Stop when `minutes` are over, by the main process's clock."""

    def __init__(self, minutes: float) -> None:
        self._end = time.monotonic() + 60 * minutes

    def on_step_end(self, args, state, control, **kwargs):
        if once(lambda: time.monotonic() > self._end):
            control.should_training_stop = True
