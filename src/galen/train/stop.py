"""When a trainer stops before its last step."""

from __future__ import annotations

import math
import time

from transformers import TrainerCallback

from galen.errors import GalenError
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


class StopDiverged(TrainerCallback):
    """An error where loss or gradient is no finite number, before the step is saved.

    The trainer logs unfiltered (`logging_nan_inf_filter=False`), and at no step later than it saves.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def on_log(self, args, state, control, logs=None, **kwargs):
        logs = logs or {}
        loss, norm = logs.get("loss", 0.0), logs.get("grad_norm", 0.0)
        if not (math.isfinite(loss) and math.isfinite(norm)):
            raise GalenError(
                f"{self._name}: step {state.global_step} has loss {loss} and gradient norm {norm}: the weights diverged and "
                "are not saved. The same command goes on from the last checkpoint; if it ends here again, lower "
                f"{self._name}.learning_rate in another OUT"
            )
