"""From episodes to what the verifier reads: the stored tokens as they are, a question turn, one answer token.

The verifier is the paper's outcome reward model: a language model fine-tuned to say YES or NO of a whole trajectory.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

from galen.data.filters import shuffled
from galen.errors import UserError
from galen.policy.template import ChatTemplate
from galen.types import Episode, TrainRow

QUESTION = "Was the task solved correctly? Answer YES or NO."
YES, NO = "YES", "NO"


@dataclass(frozen=True)
class Asked:
    """`ids` end where the answer's first token belongs; `dropped` turns after the prompt were left out to fit."""

    ids: list[int]
    dropped: int


@dataclass
class VerifierReport:
    """What became of the episodes. Left out: `ungraded` (no reward), `too_long`, `unbalanced` (more of one verdict
    than of the other). In: `yes` and `no`, `shortened` of them without their first turns.
    """

    episodes: int = 0
    ungraded: int = 0
    too_long: int = 0
    unbalanced: int = 0
    yes: int = 0
    no: int = 0
    shortened: int = 0


def answer_ids(template: ChatTemplate) -> tuple[int, int]:
    """The first tokens of YES and NO, by which they are told apart.

    Raises:
        UserError: both begin with the same token.
    """
    yes, no = template.encode(YES)[0], template.encode(NO)[0]
    if yes == no:
        raise UserError(
            f"tokenizer {template.fingerprint}: {YES} and {NO} begin with the same token {yes}, so one token cannot "
            "answer; choose another model for the verifier"
        )
    return yes, no


def ask(episode: Episode, template: ChatTemplate, context: int) -> Asked | None:
    """The episode and the question, in at most `context` tokens with the answer; None where they do not fit.

    What does not fit is cut behind the prompt in whole turns, the earliest first: the task, the last steps and the
    submission stay, and the chat format stays whole.

    Raises:
        UserError: the episode's tokens are another tokenizer's.
    """
    if episode.template != template.fingerprint:
        raise UserError(
            f"episode {episode.key}: its tokens are of template {episode.template}, the verifier's is "
            f"{template.fingerprint}; use a model with the tokenizer that the episodes were played with"
        )
    turns = [t.token_ids for t in episode.turns]
    for first in range(max(1, len(turns))):
        ids = [*episode.prompt_ids, *chain.from_iterable(turns[first:])]
        question = template.observation_ids(QUESTION, closed=ids[-1] == template.end_id)
        if len(ids) + len(question) < context:
            return Asked([*ids, *question], first)
    return None


def verifier_rows(
    episodes: Iterable[Episode], template: ChatTemplate, context: int, *, balance: bool, seed: int
) -> tuple[list[TrainRow], VerifierReport]:
    """Rows whose only trained token is the answer, for episodes with a verdict.

    `balance` keeps as many of one verdict as of the other in each family, so that the family alone tells nothing.
    """
    yes, no = answer_ids(template)
    episodes = list(episodes)
    graded = [e for e in episodes if e.reward is not None]
    asked = [(e, found) for e in graded if (found := ask(e, template, context))]
    chosen = _balanced([e for e, _ in asked], seed) if balance else {e.key for e, _ in asked}
    used = [(e, found) for e, found in asked if e.key in chosen]
    rows = [
        TrainRow(
            task_id=e.task_id, template=e.template, input_ids=[*found.ids, answer], mask=[*([0] * len(found.ids)), 1]
        )
        for e, found in used
        for answer in [yes if e.success else no]
    ]
    report = VerifierReport(
        episodes=len(episodes), ungraded=len(episodes) - len(graded), too_long=len(graded) - len(asked),
        unbalanced=len(asked) - len(used), yes=sum(e.success for e, _ in used),
        no=sum(not e.success for e, _ in used), shortened=sum(found.dropped > 0 for _, found in used),
    )  # fmt: skip
    return rows, report


def _balanced(episodes: list[Episode], seed: int) -> set[str]:
    """Keys of as many successes as failures in each family."""
    keys: set[str] = set()
    for family in {e.family for e in episodes}:
        mine = shuffled((e for e in episodes if e.family == family), seed)
        wins, losses = [e.key for e in mine if e.success], [e.key for e in mine if not e.success]
        n = min(len(wins), len(losses))
        keys |= {*wins[:n], *losses[:n]}
    return keys
