"""The grader: its own process, the only one that reads gold during a rollout (law 5).

Run as `python -m galen.oracles.grader DATA`; one JSON object a line in (task, submission), one out (verdict).
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from galen.errors import GalenError, TaskError, UserError
from galen.oracles import NONE, judge
from galen.oracles.jail import JailError
from galen.types import Gold, OracleSpec, Task, Verdict


class Grader:
    """Client of one grader process; safe for several threads. A grader that died is started again, once a call."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None

    def grade(self, task: Task, submission: str | None) -> Verdict:
        """The verdict.

        Raises:
            TaskError: the task cannot be graded (no gold, a broken one).
            UserError: its oracle gives a reward that is no finite number.
            JailError: the submission is code, and the grader's jail failed.
        """
        line = _line(task, submission)
        with self._lock:
            answer = self._ask(line) or self._ask(line)
        if not answer:
            raise GalenError("the grader process died twice on one submission")
        result = _read(answer)
        if isinstance(result, GalenError):
            raise result
        return result

    def grade_all(self, asks: Sequence[tuple[Task, str | None]]) -> list[Verdict | GalenError]:
        """The verdicts on many submissions, without waiting for each; in a verdict's place what `grade` would raise."""
        lines = "".join(_line(task, submission) for task, submission in asks)
        with self._lock:
            stdin, stdout = self._pipes()
            writer = threading.Thread(target=_write, args=(stdin, lines))
            writer.start()
            answers = [stdout.readline() for _ in asks]
            writer.join()
        return [_read(answer) if answer else GalenError("the grader process died") for answer in answers]

    def _ask(self, line: str) -> str:
        stdin, stdout = self._pipes()
        return stdout.readline() if _write(stdin, line) else ""

    def _pipes(self) -> tuple[IO[str], IO[str]]:
        if self._process is None or self._process.poll() is not None:
            command = [sys.executable, "-m", "galen.oracles.grader", str(self._data)]
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
            )
        assert self._process.stdin and self._process.stdout
        return self._process.stdin, self._process.stdout

    def close(self) -> None:
        if self._process and self._process.stdin:
            self._process.stdin.close()
            self._process.wait(10)


def _line(task: Task, submission: str | None) -> str:
    ask = {"id": task.id, "family": task.family, "split": task.split, "oracle": task.oracle.model_dump()}
    return json.dumps({**ask, "submission": submission}) + "\n"


def _write(stdin: IO[str], lines: str) -> bool:
    """Whether there was somebody to read them."""
    try:
        stdin.write(lines)
        stdin.flush()
    except BrokenPipeError:
        return False
    return True


def _read(answer: str) -> Verdict | GalenError:
    result = json.loads(answer)
    if "stop" in result:
        return UserError(result["stop"])
    if "failed" in result:
        return JailError(result["failed"])
    if "error" in result:
        return TaskError(result["error"])
    return Verdict.model_validate(result)


def _serve(data: Path) -> None:
    files: dict[Path, dict[str, Gold]] = {}
    for line in sys.stdin:
        ask: dict[str, Any] = json.loads(line)
        path = data / "gold" / ask["family"] / f"{ask['split']}.jsonl"
        try:
            spec = OracleSpec.model_validate(ask["oracle"])
            if path not in files and spec.kind != NONE:
                rows = (Gold.model_validate_json(row) for row in path.read_text().splitlines())
                files[path] = {gold.id: gold for gold in rows}
            answer = None if spec.kind == NONE else files[path][ask["id"]].answer
            verdict = judge(spec, ask["submission"], answer)
            print(_answer(ask["id"], verdict), flush=True)
        except JailError as error:
            print(json.dumps({"failed": f"{ask['id']}: {error}"}), flush=True)
        except (OSError, KeyError, ValueError, TypeError, GalenError) as error:
            print(json.dumps({"error": f"{ask['id']}: cannot be graded: {type(error).__name__}: {error}"}), flush=True)


def _answer(task_id: str, verdict: Verdict) -> str:
    """JSON, which has no NaN: such a reward is an oracle's mistake, and no run goes on with it."""
    if verdict.reward is None or math.isfinite(verdict.reward):
        return verdict.model_dump_json()
    return json.dumps(
        {
            "stop": f"{task_id}: its oracle {verdict.oracle} gave the reward {verdict.reward}; mend the oracle: the episode was "
            "not stored, and the same command plays it again"
        }
    )


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
