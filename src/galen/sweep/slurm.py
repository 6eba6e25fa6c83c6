"""Jobs on a Slurm cluster, by submitit: one array a step; a later call waits for what is queued still."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from submitit import AutoExecutor
from submitit.core.core import Job as Submitted
from submitit.core.utils import UncompletedJobError

from galen.sweep.run import Attempt, command
from galen.sweep.study import Job

POLL_S = 5.0


class Slurm:
    """`parameters` are submitit's (`slurm_partition`, `gpus_per_node`, `timeout_min`, `slurm_array_parallelism` …).

    What was submitted is kept in `folder`; a job of an earlier call that has not ended is waited for, not submitted
    again. `cluster` "local" runs the same road in processes of this machine (tests).
    """

    def __init__(
        self, folder: Path, parameters: Mapping[str, Any], cluster: str = "slurm", poll_s: float = POLL_S
    ) -> None:
        self._executor = AutoExecutor(folder=folder / "slurm", cluster=cluster)
        self._executor.update_parameters(**parameters)
        self._record, self._poll_s = folder / "slurm.json", poll_s

    def __call__(self, todo: Sequence[Job]) -> Iterator[tuple[Job, Attempt]]:
        kept: dict[str, str] = json.loads(self._record.read_text()) if self._record.exists() else {}
        running: dict[str, Submitted] = {}
        for job in todo:
            if job.name in kept and not (found := self._again(kept[job.name])).done():
                running[job.name] = found
        new = [job for job in todo if job.name not in running]
        if new:
            running |= self._submit(new)
        self._record.parent.mkdir(parents=True, exist_ok=True)
        self._record.write_text(json.dumps(kept | {name: job.job_id for name, job in running.items()}, indent=1) + "\n")
        start, left = time.monotonic(), list(todo)
        while left:
            ended = [job for job in left if running[job.name].done()]
            for job in ended:
                yield job, Attempt(job.name, job.step, _status(running[job.name]), round(time.monotonic() - start, 1))
            left = [job for job in left if job not in ended]
            if left:
                time.sleep(self._poll_s)

    def _submit(self, new: Sequence[Job]) -> dict[str, Submitted]:
        with self._executor.batch():
            return {job.name: self._executor.submit(call, command(job), str(job.log)) for job in new}

    def _again(self, job_id: str) -> Submitted:
        return self._executor.job_class(self._executor.folder, job_id)


def call(words: list[str], log: str) -> int:
    """Run `words`, writing what they say to `log`; what a node of the cluster does."""
    Path(log).parent.mkdir(parents=True, exist_ok=True)
    with Path(log).open("a") as file:
        return subprocess.run(words, stdout=file, stderr=subprocess.STDOUT, check=False).returncode


def _status(job: Submitted) -> int:
    try:
        return int(job.result())
    except UncompletedJobError:  # killed by the cluster: its own log tells by what
        return -1
