"""Preference pairs for DPO: two whole episodes of one task, of which one is preferred; no text is encoded again (law 1)."""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Self

from pydantic import model_validator

from galen.errors import UserError
from galen.types import Episode, Frozen


class PairRow(Frozen):
    """A prompt and the two episodes that begin with it.

    `*_ids` are the tokens after the prompt, `*_mask` is 1 where the agent sampled the token and 0 where the environment
    wrote it; `template` is the fingerprint of the chat template and tokenizer of both.
    """

    task_id: str
    template: str
    prompt_ids: list[int]
    chosen_ids: list[int]
    chosen_mask: list[int]
    rejected_ids: list[int]
    rejected_mask: list[int]

    @model_validator(mode="after")
    def _trainable(self) -> Self:
        if not self.prompt_ids:
            raise ValueError("no prompt token")
        for side, ids, mask in (
            ("chosen", self.chosen_ids, self.chosen_mask),
            ("rejected", self.rejected_ids, self.rejected_mask),
        ):
            if len(ids) != len(mask):
                raise ValueError(f"{side}_ids and {side}_mask differ in length")
            if not any(mask):
                raise ValueError(f"no trained token in {side}_ids")
        return self

    @property
    def length(self) -> int:
        """Tokens of the longer side, prompt included."""
        return len(self.prompt_ids) + max(len(self.chosen_ids), len(self.rejected_ids))


class PairReport(Frozen):
    """What became of the episodes and tasks (law 10).

    `ungraded` (reward None, law 3), `silent` (no sampled token) and `unscored` episodes were left out; a `repeated` one
    has text and reward of another one of its task. `unpaired` tasks gave no pair.
    """

    episodes: int
    ungraded: int
    silent: int
    unscored: int
    repeated: int
    tasks: int
    unpaired: int
    pairs: int


Candidates = list[tuple[Episode, Episode]]
"""Possible pairs of one task, the preferred episode first; the ones to take first come first."""


def pair(chosen: Episode, rejected: Episode) -> PairRow:
    """The row of two episodes.

    Raises:
        UserError: they differ in task, template or prompt.
        ValueError: one of them holds no sampled token.
    """
    if chosen.task_id != rejected.task_id:
        raise UserError(f"episodes of {chosen.task_id} and {rejected.task_id} make no pair: a pair has one task")
    _one_template([chosen, rejected])
    if chosen.prompt_ids != rejected.prompt_ids:
        raise UserError(
            f"{chosen.task_id}: episodes {chosen.key} and {rejected.key} begin with different prompts; "
            "sample both sides with the same profile and turns"
        )
    return PairRow(
        task_id=chosen.task_id, template=chosen.template, prompt_ids=chosen.prompt_ids,
        chosen_ids=chosen.completion_ids, chosen_mask=chosen.completion_mask,
        rejected_ids=rejected.completion_ids, rejected_mask=rejected.completion_mask,
    )  # fmt: skip


def pairs_by_success(
    episodes: Iterable[Episode], *, per_task: int = 1, seed: int = 0, scores: Mapping[str, float] | None = None
) -> tuple[list[PairRow], PairReport]:
    """An episode that succeeded against one that failed, at most `per_task` pairs a task.

    The paper's preference (section 4.1) on whole episodes. `scores`, of episode keys, take the highest-scored success
    and the lowest-scored failure first (its self-improvement, section 5.3); without them `seed` decides.

    Raises:
        UserError: templates or prompts differ; a score is NaN.
    """

    def candidates(mine: list[Episode]) -> Candidates:
        winners, losers = [e for e in mine if e.success], [e for e in mine if not e.success]
        if scores is not None:
            score = scores.__getitem__
            winners.sort(key=lambda e: -score(e.key))
            losers.sort(key=lambda e: score(e.key))
        return [(winner, loser) for winner in winners for loser in losers]

    return _choose(episodes, candidates, per_task, seed, scores)


def pairs_by_score(
    episodes: Iterable[Episode], scores: Mapping[str, float], *, per_task: int = 1, seed: int = 0
) -> tuple[list[PairRow], PairReport]:
    """The highest-scored episode against the lowest-scored one, at most `per_task` pairs a task; equal scores make none.

    `scores` are of episode keys, for example a verifier's; `seed` decides between equal ones.

    Raises:
        UserError: templates or prompts differ; a score is NaN.
    """

    def candidates(mine: list[Episode]) -> Candidates:
        ranked = sorted(mine, key=lambda e: -scores[e.key])
        return [(high, low) for high in ranked for low in reversed(ranked) if scores[high.key] > scores[low.key]]

    return _choose(episodes, candidates, per_task, seed, scores)


def _choose(
    episodes: Iterable[Episode], candidates: Callable[[list[Episode]], Candidates], per_task: int, seed: int,
    scores: Mapping[str, float] | None,
) -> tuple[list[PairRow], PairReport]:  # fmt: skip
    """Pairs of each task's usable episodes; the order of `episodes` does not matter."""
    everyone = sorted(episodes, key=lambda e: (e.task_id, e.key))
    graded = [e for e in everyone if e.reward is not None]
    spoken = [e for e in graded if any(e.completion_mask)]
    scored = spoken if scores is None else [e for e in spoken if e.key in scores]
    for key in (e.key for e in scored if scores is not None and math.isnan(scores[e.key])):
        raise UserError(f"scores: episode {key} has the score nan; leave it out or score it again")
    _one_template(scored)
    tasks: dict[str, list[Episode]] = defaultdict(list)
    for episode in scored:
        tasks[episode.task_id].append(episode)
    rows: list[PairRow] = []
    repeated = 0
    for task_id, mine in tasks.items():
        random.Random(f"{seed}/{task_id}").shuffle(mine)
        distinct = list({(_said(e), e.reward): e for e in mine}.values())
        repeated += len(mine) - len(distinct)
        different = [(best, worst) for best, worst in candidates(distinct) if _said(best) != _said(worst)]
        rows += [pair(best, worst) for best, worst in _spread(different, per_task)]
    number, paired = len({e.task_id for e in everyone}), len({r.task_id for r in rows})
    return rows, PairReport(
        episodes=len(everyone), ungraded=len(everyone) - len(graded), silent=len(graded) - len(spoken),
        unscored=len(spoken) - len(scored), repeated=repeated, tasks=number, unpaired=number - paired, pairs=len(rows),
    )  # fmt: skip


def _said(episode: Episode) -> tuple[str, ...]:
    """The policy's own text."""
    return tuple(turn.text for turn in episode.turns)


def _spread(candidates: Candidates, n: int) -> Candidates:
    """At most `n` of the pairs: those of the episodes that were used least, the earliest among these."""
    left, taken, used = list(candidates), [], Counter[str]()
    while left and len(taken) < n:
        best = left.pop(min(range(len(left)), key=lambda i: sum(used[e.key] for e in left[i])))
        taken.append(best)
        used.update(e.key for e in best)
    return taken


def _one_template(episodes: Sequence[Episode]) -> None:
    """Raise UserError where tokens of two chat templates or tokenizers would be mixed."""
    for episode in episodes:
        if episode.template != episodes[0].template:
            raise UserError(
                f"episodes {episodes[0].key} and {episode.key} have the template fingerprints {episodes[0].template} and "
                f"{episode.template}; sample all of them with one tokenizer and chat template"
            )
