"""The verifier: SFT on one answer token, and the probability of YES as the score of an episode."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch
from torch.nn.utils.rnn import pad_sequence
from transformers import PreTrainedModel

from galen.data.verifier import answer_ids, ask
from galen.errors import UserError
from galen.policy.template import ChatTemplate
from galen.train.observe import Observer
from galen.train.sft import SFTSettings, train_sft
from galen.types import Episode, TrainRow

BATCH_TOKENS = 16_384  # padded; scoring keeps no activations


class VerifierSettings(SFTSettings):
    """SFT's settings (the paper names none for the verifier). `balance` is for `galen.data.verifier.verifier_rows`:
    as many solved as failed episodes in each family, as in the paper.
    """

    balance: bool = True


def train_verifier(
    model: PreTrainedModel, tokenizer: Path | str, rows: Sequence[TrainRow], settings: VerifierSettings, out: Path, *,
    seed: int, context: int, gradient_checkpointing: bool = False,
    after_epoch: Callable[[PreTrainedModel, int], None] | None = None, max_steps: int = -1, stop_after: int = 0,
    observer: Observer = Observer(),
) -> None:  # fmt: skip
    """Train `model` in place on the answers of `galen.data.verifier.verifier_rows`, as `train_sft` does.

    Raises:
        UserError: there are not both answers among the rows.
    """
    if len({row.input_ids[-1] for row in rows}) < 2:
        raise UserError(
            f"{out}: a verifier needs solved and failed episodes, and its {len(rows)} rows do not hold both; sample "
            "more episodes, at a temperature above 0"
        )
    train_sft(
        model, tokenizer, rows, settings, out, seed=seed, context=context, gradient_checkpointing=gradient_checkpointing,
        after_epoch=after_epoch, max_steps=max_steps, stop_after=stop_after, observer=observer, name="verifier",
    )  # fmt: skip


@torch.no_grad()
def score(
    model: PreTrainedModel, episodes: Sequence[Episode], template: ChatTemplate, context: int,
    batch_tokens: int = BATCH_TOKENS,
) -> list[float | None]:  # fmt: skip
    """P(YES) / (P(YES) + P(NO)) for each episode, verdict or none; None where it does not fit `context` tokens.

    A batch holds at most `batch_tokens` tokens with its padding, but one episode at least.

    Raises:
        UserError: the episodes' tokens are another tokenizer's, or YES and NO begin with the same token.
    """
    answers = torch.tensor(answer_ids(template))
    asked = [ask(e, template, context) for e in episodes]
    was_training = model.training
    model.eval()
    # As in `parity`: the weights themselves score, with no autocast left around them by a trainer.
    forward = getattr(model, "_original_forward", model)
    scores: list[float | None] = [None] * len(episodes)
    for batch in _batches({i: len(a.ids) for i, a in enumerate(asked) if a}, batch_tokens):
        rows = [torch.tensor(a.ids) for i in batch if (a := asked[i])]
        last = torch.tensor([len(r) - 1 for r in rows])
        places, which = last.unique(return_inverse=True)
        # Padding is to the right, where a causal model does not look: no attention mask is needed.
        ids = pad_sequence(rows, batch_first=True).to(model.device)
        logits = forward(input_ids=ids, logits_to_keep=places.to(model.device), use_cache=False).logits
        yes, no = logits[torch.arange(len(rows)), which][:, answers].float().cpu().unbind(-1)
        for i, value in zip(batch, (yes - no).sigmoid().tolist(), strict=True):
            scores[i] = value
    model.train(was_training)
    return scores


def _batches(lengths: dict[int, int], batch_tokens: int) -> Iterator[list[int]]:
    """Indices of rows of like length, shortest first, at most `batch_tokens` a batch when padded."""
    batch: list[int] = []
    for i in sorted(lengths, key=lambda i: lengths[i]):
        if batch and (len(batch) + 1) * lengths[i] > batch_tokens:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch
