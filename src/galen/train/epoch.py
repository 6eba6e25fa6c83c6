"""What happens at the end of an epoch."""

from __future__ import annotations

from collections.abc import Callable

from transformers import PreTrainedModel, TrainerCallback


class AfterEpoch(TrainerCallback):
    """Call `call(model, epoch)` at each epoch's end, with the model in evaluation mode."""

    def __init__(self, call: Callable[[PreTrainedModel, int], None]) -> None:
        self._call = call

    def on_epoch_end(self, args, state, control, *, model: PreTrainedModel, **kwargs):  # type: ignore[override]
        was_training = model.training
        model.eval()
        self._call(model, round(state.epoch or 0))
        model.train(was_training)
