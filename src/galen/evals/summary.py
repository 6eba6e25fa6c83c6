"""An episode without its tokens: what scores and tables are made of, kept so that a store is parsed once."""

from __future__ import annotations

import hashlib
import json
import lzma
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from galen.errors import UserError
from galen.evals.code_quality import measure, python
from galen.evals.failures import classify
from galen.paths import CACHE
from galen.rollout.store import read
from galen.types import Action, Episode

PACKED = ".packed.jsonl.xz"  # beside where a store was: its summaries alone
CODE = ("complexity", "maintainability", "loc", "lloc")
VERSION = 2
"""Of what is kept: another number whenever a field of `Summary` changes or means something else."""


class Graded(Protocol):
    """What scoring asks of an episode: `Episode` and `Summary` are both."""

    @property
    def task_id(self) -> str: ...
    @property
    def family(self) -> str: ...
    @property
    def cluster(self) -> str: ...
    @property
    def reward(self) -> float | None: ...
    @property
    def success(self) -> bool: ...
    @property
    def submission(self) -> str | None: ...


@dataclass(frozen=True)
class Summary:
    """One episode in numbers.

    `submission` and `cluster`, which may name a patient, are digests: equal where what they stand for is. `oracle` names it with its version, None where none judged.
    `actions` counts turns by action, `unparsed` among them. Tokens: `read_tokens` of the prompt and what the environment
    said, each once; `sent_tokens` of all requests together, each with the whole conversation so far (what an endpoint
    without a cache bills as input); `output_tokens` sampled. An endpoint's are counted in the template's tokens.
    `failure` is `galen.evals.failures.FailureKind`. `programs` counts the different Python programs, and `code` sums
    their complexity, maintainability, loc and lloc (`galen.evals.code_quality`).
    """

    key: str
    task_id: str
    family: str
    category: str
    cluster: str
    distribution: str
    seed: int
    stop: str
    fault: str | None
    reward: float | None
    success: bool
    oracle: str | None
    submission: str | None
    turns: int
    actions: dict[str, int]
    read_tokens: int
    sent_tokens: int
    output_tokens: int
    seconds: float
    failure: str | None
    programs: int
    code: dict[str, float]


def summarise(episode: Episode) -> Summary:
    """The numbers of `episode`."""
    length, sent, output = len(episode.prompt_ids), 0, 0
    for turn in episode.turns:
        sent += length
        length += len(turn.token_ids)
        output += sum(turn.loss_mask)
    verdict, submission, failure = episode.verdict, episode.submission, classify(episode)
    measured = [m for program in python(episode) if (m := measure(program))]
    kinds = (t.action.kind.value if isinstance(t.action, Action) else "unparsed" for t in episode.turns)
    return Summary(
        key=episode.key, task_id=episode.task_id, family=episode.family, category=episode.category,
        cluster=_digest(episode.cluster), distribution=episode.distribution, seed=episode.seed, stop=episode.stop.value,
        fault=episode.fault.owner.value if episode.fault else None, reward=episode.reward, success=episode.success,
        oracle=f"{verdict.oracle} {verdict.version}" if verdict else None,
        submission=None if submission is None else _digest(submission),
        turns=len(episode.turns), actions=dict(Counter(kinds)), read_tokens=length - output, sent_tokens=sent,
        output_tokens=output, seconds=episode.seconds, failure=failure.kind.value if failure else None,
        programs=len(measured), code={name: sum(m[i] for m in measured) for i, name in enumerate(CODE)},
    )  # fmt: skip


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def summaries(store: Path) -> list[Summary]:
    """The episodes of a store in numbers, from `.cache/summaries/` where the store has not changed since.

    Where only the summaries of a store are left (`pack`), they are read.

    Raises:
        UserError: there is no such store, one of its lines is broken, or it was packed by another version.
    """
    if not store.exists():
        packed = store.with_suffix(PACKED)
        if packed.exists():
            return _unpack(packed)
        raise UserError(f"{store}: no such episode store; the run's manifest names it, so finish or repeat the run")
    stat = store.stat()
    made_of = {"version": VERSION, "bytes": stat.st_size, "mtime_ns": stat.st_mtime_ns}
    kept = CACHE / "summaries" / f"{hashlib.sha256(str(store.resolve()).encode()).hexdigest()[:24]}.jsonl"
    if kept.exists():
        head, *rows = kept.read_text().splitlines()
        if json.loads(head) == made_of:
            return [Summary(**json.loads(row)) for row in rows]
    found = [summarise(e) for e in read(store)]
    _keep(kept, [made_of, *map(asdict, found)])
    return found


def pack(store: Path, target: Path) -> None:
    """Write the summaries of `store` where they are found for a store at `target`: no token and no text of an episode.

    Raises:
        UserError: as `summaries`.
    """
    packed = target.with_suffix(PACKED)
    packed.parent.mkdir(parents=True, exist_ok=True)
    lines = [{"version": VERSION}, *map(asdict, summaries(store))]
    with lzma.open(packed, "wt") as out:
        out.writelines(json.dumps(line) + "\n" for line in lines)


def _unpack(packed: Path) -> list[Summary]:
    try:
        with lzma.open(packed, "rt") as lines:
            head, *rows = (json.loads(line) for line in lines)
    except (lzma.LZMAError, EOFError, ValueError) as error:
        raise UserError(f"{packed}: broken or cut off ({error}); pack its run again") from None
    if head != {"version": VERSION}:
        raise UserError(f"{packed}: summaries of version {head.get('version')}, this is {VERSION}; pack its run again")
    return [Summary(**row) for row in rows]


def _keep(path: Path, lines: Iterable[dict]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".partial")
    draft.write_text("".join(json.dumps(line) + "\n" for line in lines))
    draft.rename(path)
