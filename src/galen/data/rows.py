"""From episodes to training rows: the stored tokens themselves, never their text encoded again (law 1)."""

from __future__ import annotations

from collections.abc import Iterable

from galen.data.pairs import PairRow
from galen.errors import UserError
from galen.policy.template import ChatTemplate
from galen.types import Episode, TrainRow

IGNORED = -100  # what the cross-entropy of torch and TRL leaves out


def row(episode: Episode) -> TrainRow:
    """The episode as one sequence: prompt and observations masked 0, sampled tokens 1.

    Raises:
        ValueError: the episode holds no sampled token.
    """
    prompt = len(episode.prompt_ids)
    return TrainRow(
        task_id=episode.task_id,
        template=episode.template,
        input_ids=[*episode.prompt_ids, *episode.completion_ids],
        mask=[*([0] * prompt), *episode.completion_mask],
        logprobs=[*([0.0] * prompt), *episode.completion_logprobs],
    )


def check_template(rows: Iterable[TrainRow | PairRow | Episode], template: ChatTemplate) -> None:
    """Raise UserError where tokens are of another tokenizer or chat template than the model's."""
    for r in rows:
        if r.template != template.fingerprint:
            raise UserError(
                f"{r.task_id}: its tokens have the template fingerprint {r.template}, but {template.folder} has "
                f"{template.fingerprint}; train on episodes that were sampled with this tokenizer and chat template"
            )


def labels(row: TrainRow) -> list[int]:
    """The row's targets, one a token: the token where it was sampled, else IGNORED."""
    return [token if sampled else IGNORED for token, sampled in zip(row.input_ids, row.mask, strict=True)]


def demonstrations(episodes: Iterable[Episode]) -> list[TrainRow]:
    """Rows of the episodes that succeeded (rejection sampling, the paper's section 4.1)."""
    return [row(e) for e in episodes if e.success]


def drift(episodes: Iterable[Episode], template: ChatTemplate) -> int:
    """How many replies would train other tokens than were sampled, had their text been encoded again.

    Nothing here is trained on; it is what storing tokens saves from.
    """
    replies = ((turn, sum(turn.loss_mask)) for episode in episodes for turn in episode.turns)
    return sum(
        template.encode(turn.text) != [t for t in turn.token_ids[:sampled] if t != template.end_id]
        for turn, sampled in replies
    )
