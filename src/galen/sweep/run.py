"""Running a study's jobs: what is finished is skipped, what fails is named and tried again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Lock

from filelock import FileLock, Timeout

from galen.errors import UserError
from galen.sweep.study import Job

RECORD = "jobs.jsonl"  # one line an attempt: job, step, exit status, seconds
STOPPED = 130  # what `galen` ends with after Ctrl-C
CUT_OFF = -signal.SIGKILL  # an attempt whose end nobody saw
GRACE_S = 20.0  # for a child to put down what it has, before it is killed


@dataclass(frozen=True)
class Attempt:
    """How one try of a job ended; `seconds` are the wall's."""

    job: str
    step: str
    status: int
    seconds: float


def attempts(out: Path) -> list[Attempt]:
    """Every try of the study in `out`, in order; none before its first."""
    path = out / RECORD
    return [Attempt(**json.loads(line)) for line in path.read_text().splitlines()] if path.exists() else []


Run = Callable[[Sequence[Job]], Iterator[tuple[Job, Attempt]]]
"""Runs jobs, some at a time, and gives each with how it ended, as it ends."""


def walk(todo: Sequence[Job], out: Path, run: Run, retries: int = 1) -> list[Job]:
    """Run what is not done, step after step; returns the jobs that failed, or whose step came after one that did.

    A step begins when the one before has ended, for it may play that one's policies. Each failed job is tried `retries`
    times more.

    Raises:
        UserError: another call works in `out`.
    """
    out.mkdir(parents=True, exist_ok=True)
    lock = FileLock(out / "study.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise UserError(f"{out}: another call works on this study; wait for it, or choose another OUT") from None
    with lock:
        _close_cut_off(todo, out)
        for step in dict.fromkeys(job.step for job in todo):
            failed = _step([job for job in todo if job.step == step], out, run, retries)
            if failed:
                later = [job for job in todo if not job.done and job.step != step]
                return [*failed, *later]
    return []


def _step(mine: Sequence[Job], out: Path, run: Run, retries: int) -> list[Job]:
    left = [job for job in mine if not job.done]
    done = len(mine) - len(left)
    print(f"{mine[0].step}: {len(mine)} jobs, {done} of them done already", flush=True)
    for attempt in range(retries + 1):
        if attempt and left:
            print(f"{mine[0].step}: {len(left)} failed, again", flush=True)
        for job, ended in run(left):
            _keep(ended, job, out)
            done += job.done
            how = "done" if job.done else f"failed (status {ended.status}): {last_words(job.log)}"
            print(f"{job.name}: {how} after {ended.seconds:.0f} s, {done} of {len(mine)}", flush=True)
        left = [job for job in left if not job.done]
    return left


def _keep(ended: Attempt, job: Job, out: Path) -> None:
    with (out / RECORD).open("a") as record:
        record.write(json.dumps(vars(ended)) + "\n")
    _begun(job).unlink(missing_ok=True)


def _begun(job: Job) -> Path:
    """There while a try of `job` runs on this machine, as old as the try."""
    return job.log.with_suffix(".begun")


def _close_cut_off(jobs: Sequence[Job], out: Path) -> None:
    """Record the tries that no call lived to record, so that their hours count: up to the last word of their log."""
    for job in jobs:
        if _begun(job).exists():
            seconds = job.log.stat().st_mtime - _begun(job).stat().st_mtime
            _keep(Attempt(job.name, job.step, 0 if job.done else CUT_OFF, round(max(0.0, seconds), 1)), job, out)


def last_words(log: Path) -> str:
    """The last line of a log that says something, with the log's name."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return f"{next((x.strip() for x in reversed(lines) if x.strip()), 'it said nothing')} ({log})"


def command(job: Job) -> list[str]:
    """What runs `job`: this interpreter's `galen`."""
    return [sys.executable, "-m", "galen.cli", *job.words]


class Local:
    """Jobs on this machine, `at_once` of them; with `gpus`, each has one of them to itself."""

    def __init__(self, at_once: int = 1, gpus: Sequence[str] = ()) -> None:
        self.at_once = len(gpus) or at_once
        self._gpus: SimpleQueue[str | None] = SimpleQueue()
        for gpu in gpus or [None] * self.at_once:
            self._gpus.put(gpu)
        self._children: set[subprocess.Popen] = set()
        self._lock, self._stopped = Lock(), False

    def __call__(self, todo: Sequence[Job]) -> Iterator[tuple[Job, Attempt]]:
        with ThreadPoolExecutor(self.at_once) as pool, self._ending():
            running = {pool.submit(self._run, job): job for job in todo}
            for future in as_completed(running):
                yield running[future], future.result()

    def _run(self, job: Job) -> Attempt:
        gpu, start = self._gpus.get(), time.monotonic()
        try:
            status = self._wait(job, gpu)
        finally:
            self._gpus.put(gpu)
        return Attempt(job.name, job.step, status, round(time.monotonic() - start, 1))

    def _wait(self, job: Job, gpu: str | None) -> int:
        env = {**self._threads(), **os.environ} | ({"CUDA_VISIBLE_DEVICES": gpu} if gpu is not None else {})
        job.log.parent.mkdir(parents=True, exist_ok=True)
        with job.log.open("a") as log:
            with self._lock:
                if self._stopped:
                    return STOPPED
                print(f"{job.name}: begins (log {job.log})", flush=True)
                _begun(job).touch()
                child = subprocess.Popen(command(job), stdout=log, stderr=subprocess.STDOUT, env=env)
                self._children.add(child)
            try:
                return child.wait()
            finally:
                self._children.discard(child)

    def _threads(self) -> dict[str, str]:
        """A job's share of the cores: OpenMP would take all of them for each."""
        share = max(1, len(os.sched_getaffinity(0)) // self.at_once)
        return {"OMP_NUM_THREADS": str(share)} if self.at_once > 1 else {}

    @contextmanager
    def _ending(self) -> Iterator[None]:
        """Whatever ends the call ends its children: they keep what they have, and the next call goes on."""
        try:
            yield
        except BaseException:
            with self._lock:
                self._stopped = True
            children = list(self._children)
            for child in children:
                child.send_signal(signal.SIGINT)
            deadline = time.monotonic() + GRACE_S
            for child in children:
                try:
                    child.wait(max(0.0, deadline - time.monotonic()))
                except subprocess.TimeoutExpired:
                    child.kill()
            raise
