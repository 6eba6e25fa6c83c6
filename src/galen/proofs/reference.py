"""Running reference solutions without a sandbox each: SQL in this process, Python in batches in one sandbox.

Both give what `@last` would hand in after the solution ran as an agent's action; a test holds them to it.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from galen.errors import UserError
from galen.sandbox.base import Mount, Sandbox, SandboxBackend, SandboxSpec
from galen.types import Gold, Resource, Task

Pair = tuple[Task, Gold]
Resources = tuple[Resource, ...]
MAX_ROWS = 1000  # what the sandbox prints of a query
PROGRESS_OPS = 100_000
MEMORY_MB = 2048
OUTPUT_BYTES = 1 << 24
MOST_MOUNTS = 64  # of a sandbox that several programs share
BATCH = """
import contextlib, io, json
for code in json.loads({codes!r}):
    out, error = io.StringIO(), ""
    try:
        with contextlib.redirect_stdout(out):
            exec(compile(code, "<action>", "exec"), {{"__name__": "__main__"}})
    except BaseException as caught:
        error = f"{{type(caught).__name__}}: {{caught}}"
    print(json.dumps([out.getvalue(), error]))
"""


@dataclass(frozen=True)
class Computed:
    """What a reference gave: the text it hands in, the raw rows of SQL, and why there is neither."""

    text: str = ""
    rows: list[list] | None = None
    error: str = ""


class References:
    """Runs reference solutions of the tasks in one folder. Databases stay open, and queries are answered once."""

    def __init__(self, data: Path, backend: SandboxBackend) -> None:
        self._data, self._backend = data, backend
        self._databases: dict[str, sqlite3.Connection] = {}
        self._query = lru_cache(maxsize=20_000)(self._ask)

    def compute(self, pairs: Sequence[tuple[Task, Gold]]) -> list[Computed]:
        """One result a pair; a solution that fails or is empty gives an error, never an exception."""
        results: dict[str, Computed] = {}
        programs: dict[Resources, list[Pair]] = {}
        for task, gold in pairs:
            if not gold.solution.strip():
                results[task.id] = Computed(error="no solution")
            elif gold.lang == "sql":
                results[task.id] = self._sql(task, gold.solution)
            else:
                programs.setdefault(task.resources, []).append((task, gold))
        for resources, batch in _together(programs):
            task = batch[0][0].model_copy(update={"resources": resources})
            done = self._python(task, [gold.solution for _, gold in batch])
            results |= {task.id: one for (task, _), one in zip(batch, done, strict=True)}
        return [results[task.id] for task, _ in pairs]

    def _sql(self, task: Task, sql: str) -> Computed:
        path = next((r.path for r in task.resources if r.kind == "sqlite"), None)
        if path is None:
            return Computed(error="its solution is SQL, but it has no database")
        return self._query(path, sql, task.limits.exec_timeout_s)

    def _ask(self, path: str, sql: str, seconds: float) -> Computed:
        database = self._database(path)
        late = time.monotonic() + seconds
        database.set_progress_handler(lambda: time.monotonic() > late, PROGRESS_OPS)
        try:
            rows = [list(row) for row in database.execute(sql).fetchmany(MAX_ROWS)]
        except (sqlite3.Error, sqlite3.Warning) as error:
            return Computed(error=f"{type(error).__name__}: {error}")
        lines = ("\t".join("NULL" if value is None else str(value) for value in row) for row in rows)
        return Computed("\n".join(lines).strip("\n"), rows)

    def _database(self, path: str) -> sqlite3.Connection:
        if path not in self._databases:
            file = self._data / path
            if not file.exists():
                raise UserError(f"{file}: no such database; make the task folder again")
            database = sqlite3.connect(f"file:{file}?mode=ro&immutable=1", uri=True)
            database.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)  # SQL of a foreign file opens no other one
            self._databases[path] = database
        return self._databases[path]

    def _python(self, task: Task, codes: list[str]) -> list[Computed]:
        """All in one program; where that does not give every answer, one by one."""
        sandbox = self._backend.create(spec_of(task, self._data))
        try:
            done = sandbox.run(
                BATCH.format(codes=json.dumps(codes)), lang="python", timeout_s=task.limits.exec_timeout_s
            )
            lines = done.stdout.splitlines() if done.ok else []
            if len(lines) == len(codes):
                return [Computed(out.strip("\n"), error=error) for out, error in map(json.loads, lines)]
            return [self._alone(sandbox, code, task.limits.exec_timeout_s) for code in codes]
        finally:
            sandbox.close()

    def _alone(self, sandbox: Sandbox, code: str, seconds: float) -> Computed:
        done = sandbox.run(code, lang="python", timeout_s=seconds)
        return Computed(done.stdout.strip("\n"), error="" if done.ok else done.stderr[-300:].strip() or "it failed")


def _together(programs: dict[Resources, list[Pair]]) -> list[tuple[Resources, list[Pair]]]:
    """Programs that can share a sandbox: where no place would show two files, all resources are mounted in one."""
    found: list[tuple[dict[str, Resource], list[Pair]]] = []
    for resources, batch in programs.items():
        for places, batches in found:
            fits = len({*places, *(r.mount for r in resources)}) <= MOST_MOUNTS
            if fits and all(places.get(r.mount, r) == r for r in resources):
                places.update({r.mount: r for r in resources})
                batches += batch
                break
        else:
            found.append(({r.mount: r for r in resources}, list(batch)))
    return [(tuple(places.values()), batch) for places, batch in found]


def spec_of(task: Task, data: Path) -> SandboxSpec:
    """A sandbox with the task's resources, and room for a batch."""
    mounts = tuple(Mount(data / r.path, r.mount) for r in task.resources)
    return SandboxSpec(mounts=mounts, memory_mb=MEMORY_MB, max_output_bytes=OUTPUT_BYTES)
