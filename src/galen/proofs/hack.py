"""Every cheat against every family: real episodes in the real sandbox, judged by the real grader. None may pass (law 4).

A blind cheat can be right by luck. A pass is a coincidence only where the whole submission is the stored answer by a
plain comparison of its own (`luck.equal`), which shares nothing with the oracles; any other pass is a breach. And the
luck itself is bounded: over every instance of the family, not the played ones, the submission of a blind cheat may be
right for no more than `luck.BOUNDS`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from galen.agent.loop import Setting
from galen.errors import UserError, unknown
from galen.oracles.grader import Grader
from galen.oracles.paper import RULES, paper_oracle
from galen.oracles.predictions import KIND as PREDICTIONS
from galen.policy.template import ChatTemplate
from galen.proofs import luck
from galen.proofs.cheats import CHEATS, Cheat, CheatPolicy, facts, read_cheats
from galen.proofs.reference import References
from galen.proofs.reverify import printed
from galen.proofs.validate import drawn
from galen.rollout.sampler import Sampler
from galen.sandbox.base import SandboxBackend
from galen.tasks.store import GoldStore, read_tasks, splits
from galen.types import Episode, Gold, Task

CONTEXT = 1_000_000  # tokens: no cheat is stopped for its length
CONCURRENCY = 8


@dataclass
class Outcome:
    """What became of one cheat on the tasks of a family.

    `passed` and `ungraded` (it has broken the grader, or voided its episode) are (task id, evidence), and must be empty.
    `paper` counts the episodes that the paper's oracle passes. `luck` says of a blind submission for how many of the
    family's instances it is right, and of how many: of those with a boolean answer, and of the others.
    """

    family: str
    cheat: str
    episodes: int = 0
    failed: int = 0
    coincided: int = 0
    paper: int = 0
    passed: list[tuple[str, str]] = field(default_factory=list)
    ungraded: list[tuple[str, str]] = field(default_factory=list)
    luck: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def held(self) -> bool:
        return not (self.passed or self.ungraded or luck.too_high(self.luck))

    def row(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "held": self.held}


@dataclass(frozen=True)
class Ground:
    """A family to cheat on: the tasks that are played, what is known of each, and the answers of all its instances."""

    tasks: list[Task]
    right: dict[str, str]
    facts: dict[str, dict[str, str]]
    gold: dict[str, Gold]
    answers: luck.Answers


def hack(
    data: Path, template: ChatTemplate, backend: SandboxBackend, families: Sequence[str] = (), n: int = 10,
    only: Sequence[str] = (), path: Path = CHEATS,
) -> Iterator[Outcome]:  # fmt: skip
    """One outcome a family and cheat, `only` the named ones if any are, each on `n` tasks of the test split.

    Raises:
        UserError: an unknown family or cheat; a family without a test split or a usable reference.
    """
    cheats = {cheat.name: cheat for cheat in read_cheats(path)}
    for name in only:
        if name not in cheats:
            raise unknown("cheat", name, cheats)
    chosen = [cheats[name] for name in only or cheats]
    setting = Setting(data, template, backend, "full", CONTEXT, CONTEXT, 0.0)
    with closing(Grader(data)) as grader:
        for family in dict.fromkeys(name for name, _ in splits(data, families)):
            ground = _ground(data, family, n, backend)
            for cheat in chosen:
                if cheat.database and not any(r.kind == "sqlite" for t in ground.tasks for r in t.resources):
                    continue
                if cheat.table and not any(t.oracle.kind == PREDICTIONS for t in ground.tasks):
                    continue
                yield _outcome(family, cheat, ground, setting, grader)


def _ground(data: Path, family: str, n: int, backend: SandboxBackend) -> Ground:
    """`n` test tasks, none whose right answer is nothing: there silence would be right."""
    store = GoldStore(data)
    everything = {split: read_tasks(data, family, split) for name, split in splits(data, [family]) if name == family}
    golds = {task.id: store.get(task) for tasks in everything.values() for task in tasks}
    shown = [golds[task.id] for task in everything.get("train", [])]
    test = [task for task in everything.get("test", []) if golds[task.id].solution.strip()]
    spare = drawn(test, 2 * n)
    computed = References(data, backend).compute([(task, golds[task.id]) for task in spare])
    right = {t.id: c.text for t, c in zip(spare, computed, strict=True) if not c.error and c.text.strip()}
    tasks = drawn([t for t in spare if t.id in right], n)
    if not tasks:
        raise UserError(f"{data}: {family}: no test task whose reference gives an answer; `galen validate` says why")
    return Ground(
        tasks, right, {t.id: facts(t, right[t.id], shown, data) for t in tasks}, golds,
        luck.Answers([(task, golds[task.id]) for tasks in everything.values() for task in tasks]),
    )  # fmt: skip


def _outcome(family: str, cheat: Cheat, ground: Ground, setting: Setting, grader: Grader) -> Outcome:
    outcome = Outcome(family, cheat.name)
    # One after another where an earlier episode has to be over before.
    sampler = Sampler(
        replace(setting, feedback=cheat.feedback), grader, 1 if cheat.plant else min(CONCURRENCY, len(ground.tasks))
    )
    for tasks in [[t] for t in ground.tasks] if cheat.plant else [ground.tasks]:
        if cheat.plant:
            sampler.sample(tasks, CheatPolicy(f"{cheat.name} plant", cheat.plant, ground.facts, setting.template))
        groups = sampler.sample(tasks, CheatPolicy(cheat.name, cheat.replies, ground.facts, setting.template))
        for task, group in zip(tasks, groups, strict=True):
            _judge(outcome, cheat, task, group.episodes[0], ground)
    return outcome


def _judge(outcome: Outcome, cheat: Cheat, task: Task, episode: Episode, ground: Ground) -> None:
    outcome.episodes += 1
    said = episode.submission or ""
    if outcome.family in RULES:
        outcome.paper += paper_oracle(outcome.family, printed(episode), ground.gold[task.id].answer).passed
    if cheat.blind and said and not outcome.luck:
        outcome.luck = ground.answers.right(said)
    if episode.fault is not None or episode.reward is None:
        outcome.ungraded.append((task.id, episode.fault.message if episode.fault else "no reward"))
    elif not episode.success and episode.reward == 0.0:
        outcome.failed += 1
    elif cheat.blind and luck.equal(said, ground.right[task.id], task):
        outcome.coincided += 1
    else:
        outcome.passed.append((task.id, f"{said!r:.120} beside {ground.right[task.id]!r:.120}"))
