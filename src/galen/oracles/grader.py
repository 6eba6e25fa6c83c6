"""The grader: its own process, the only one that reads gold during a rollout (law 5).

Run as `python -m galen.oracles.grader DATA`; one JSON object a line in (task, submission), one out (verdict).
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from galen.errors import GalenError, TaskError
from galen.oracles import NONE, judge
from galen.types import Gold, OracleSpec, Task, Verdict


class Grader:
    """Client of one grader process; safe for several threads. A grader that died is started again, once a call."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None

    def grade(self, task: Task, submission: str | None) -> Verdict:
        """The verdict; raises TaskError when the task cannot be graded (no gold, a broken one)."""
        ask = {"id": task.id, "family": task.family, "split": task.split, "oracle": task.oracle.model_dump()}
        line = json.dumps({**ask, "submission": submission}) + "\n"
        with self._lock:
            answer = self._ask(line) or self._ask(line)
        if not answer:
            raise GalenError("the grader process died twice on one submission")
        result = json.loads(answer)
        if "error" in result:
            raise TaskError(result["error"])
        return Verdict.model_validate(result)

    def _ask(self, line: str) -> str:
        if self._process is None or self._process.poll() is not None:
            command = [sys.executable, "-m", "galen.oracles.grader", str(self._data)]
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
            )
        assert self._process.stdin and self._process.stdout
        try:
            self._process.stdin.write(line)
            self._process.stdin.flush()
            return self._process.stdout.readline()
        except BrokenPipeError:
            return ""

    def close(self) -> None:
        if self._process and self._process.stdin:
            self._process.stdin.close()
            self._process.wait(10)


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
            print(verdict.model_dump_json(), flush=True)
        except (OSError, KeyError, ValueError, TypeError, GalenError) as error:
            print(json.dumps({"error": f"{ask['id']}: cannot be graded: {type(error).__name__}: {error}"}), flush=True)


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
