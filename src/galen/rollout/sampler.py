"""The sampler: many episodes at once, graded, stored, and counted."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from rich.progress import Progress

from galen.agent.loop import Setting, run_episode
from galen.errors import GalenError, UserError
from galen.oracles.grader import Grader
from galen.policy.base import Policy
from galen.rollout.store import EpisodeStore
from galen.types import Episode, Fault, Group, Owner, Privacy, StopReason, Task

RETRIED = (Owner.PROVIDER, Owner.SANDBOX)
RETRIES = 2
BACKOFF_S = 0.5
LOG_EVERY_S = 15.0


@dataclass
class SampleReport:
    """What a call of the sampler did: nothing is dropped without a count (law 10)."""

    episodes: int = 0
    resumed: int = 0
    retries: int = 0
    stops: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0


class Sampler:
    """Plays tasks with bounded concurrency. One sampler serves many calls. `beat` is called after each episode."""

    def __init__(
        self, setting: Setting, grader: Grader, concurrency: int, beat: Callable[[], None] = lambda: None
    ) -> None:
        self.setting, self._grader, self._concurrency, self._beat = setting, grader, concurrency, beat
        self.report = SampleReport()

    def sample(
        self, tasks: Sequence[Task], policy: Policy, *, samples: int = 1, seed: int = 0, version: str = "",
        store: EpisodeStore | None = None, label: str = "",
    ) -> list[Group]:  # fmt: skip
        """`samples` episodes of each task, in task order; a task that comes twice gets further samples. Episodes that
        `store` holds are not played again.

        Interrupting (Ctrl-C) keeps every episode that was finished. Raises UserError where credentialed tasks would
        leave the machine.
        """
        stay_inside(tasks, policy.local, policy.name)
        start = time.monotonic()
        self.report = SampleReport()
        jobs, drawn = [], Counter[str]()
        for task in tasks:
            numbers = range(drawn[task.id], drawn[task.id] + samples)
            jobs += [(task, i, self._key(task, policy, version, seed, i)) for i in numbers]
            drawn[task.id] += samples
        done = {k: store.episodes[k] for _, _, k in jobs if store and k in store.episodes}
        self.report.resumed = len(done)
        todo = [job for job in jobs if job[2] not in done]
        pool = ThreadPoolExecutor(self._concurrency, thread_name_prefix="episode")
        try:
            futures = [pool.submit(self._episode, t, policy, seed + i, k) for t, i, k in todo]
            for episode in _progress(futures, label):
                done[episode.key] = episode
                self._beat()
                if store:
                    store.append(episode)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
        for episode in done.values():
            self.report.stops[episode.stop.value] += 1
            if episode.fault:
                self.report.faults[episode.fault.owner.value] += 1
        self.report.episodes, self.report.seconds = len(done), time.monotonic() - start
        keys = iter(k for _, _, k in jobs)
        return [Group(task_id=t.id, episodes=tuple(done[next(keys)] for _ in range(samples))) for t in tasks]

    def _key(self, task: Task, policy: Policy, version: str, seed: int, index: int) -> str:
        s = self.setting
        parts = (
            task.content_hash, policy.name, version, seed, index, s.temperature, s.context, s.reply_tokens, s.max_turns,
            s.profile, s.template.fingerprint, *((s.feedback,) if s.feedback != "none" else ()),
        )  # fmt: skip
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:24]

    def _play(self, task: Task, policy: Policy, seed: int, key: str) -> Episode:
        return run_episode(task, policy, self.setting, seed=seed, key=key, grade=self._grader.grade)

    def _episode(self, task: Task, policy: Policy, seed: int, key: str) -> Episode:
        episode = self._play(task, policy, seed, key)
        for attempt in range(RETRIES):
            if episode.fault is None or episode.fault.owner not in RETRIED:
                break
            self.report.retries += 1
            time.sleep(BACKOFF_S * 2**attempt)
            episode = self._play(task, policy, seed, key)
        if episode.fault is not None:
            return episode
        try:
            return episode.model_copy(update={"verdict": self._grader.grade(task, episode.submission)})
        except UserError:
            raise  # nothing to book: the run stops, and this episode is not stored
        except GalenError as error:
            fault = Fault(owner=error.owner, message=str(error))
            return episode.model_copy(update={"stop": StopReason.FAULT, "fault": fault})


def stay_inside(tasks: Sequence[Task], local: bool, who: str) -> None:
    """Raise UserError when `who` is not on this machine and a task's rows must stay here (law 9)."""
    if not local and any(t.privacy is Privacy.CREDENTIALED for t in tasks):
        raise UserError(
            f"{who}: these tasks hold credentialed rows, which never leave the machine; give an endpoint on localhost"
        )


def _progress(futures: list[Future[Episode]], label: str):
    """Results as they come: a live bar on a terminal, a plain line now and then in a log, nothing without a label."""
    waiting, finished, said = set(futures), 0, time.monotonic()
    live = bool(label) and sys.stderr.isatty()
    with Progress(transient=True, disable=not live) as bar:
        task = bar.add_task(label or "episodes", total=len(futures))
        while waiting:
            ready, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in ready:
                finished += 1
                bar.advance(task)
                yield future.result()
            if label and not live and time.monotonic() - said > LOG_EVERY_S:
                said = time.monotonic()
                print(f"{label}: {finished}/{len(futures)} episodes", flush=True)
