"""The episode store: one JSON line an episode, appended and never changed, whole after any kill (law 6)."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import ValidationError

from galen.errors import UserError
from galen.types import EPISODE_SCHEMA, Episode

# What differs between two runs of the same episode: clocks.
TIMINGS = {"seconds": True, "turns": {"__all__": {"seconds", "exec_seconds"}}}


class EpisodeStore:
    """An append-only file of episodes with unique keys; a second writer is refused."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._lock = threading.Lock()
        self._owner = FileLock(f"{path}.lock")
        try:
            self._owner.acquire(timeout=0)
        except Timeout:
            raise UserError(f"{path}: another process writes here; choose another OUT or wait for it") from None
        self.torn = self._mend()
        self.episodes: dict[str, Episode] = {e.key: e for e in read(path)}
        self._file = path.open("a")

    def _mend(self) -> int:
        """Cut off a last line that a kill left unfinished; returns its length in bytes."""
        if not self.path.exists():
            return 0
        data = self.path.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            os.truncate(self.path, whole)
        return len(data) - whole

    def append(self, episode: Episode) -> None:
        """Write one episode through to the operating system; a key that is there already is an error."""
        with self._lock:
            if episode.key in self.episodes:
                raise ValueError(f"{self.path}: episode {episode.key} is there already")
            self._file.write(episode.model_dump_json() + "\n")
            self._file.flush()
            self.episodes[episode.key] = episode

    def close(self) -> None:
        """Bring everything to disk and let go of the file."""
        with self._lock:
            if not self._file.closed:
                self._file.flush()
                os.fsync(self._file.fileno())
                self._file.close()
                self._owner.release()

    def __enter__(self) -> EpisodeStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def read(path: Path) -> Iterator[Episode]:
    """The episodes of a store; raises UserError naming file and line of a broken one."""
    if not path.exists():
        return
    with path.open() as file:
        for i, line in enumerate(file, 1):
            try:
                yield Episode.model_validate_json(line)
            except ValidationError as error:
                first = error.errors()[0]
                field = ".".join(str(x) for x in first["loc"])
                raise UserError(
                    f"{path}: line {i}: {field}: {first['msg']} (this version reads schema {EPISODE_SCHEMA})"
                ) from None


def canonical(episode: Episode) -> str:
    """The episode without its clocks: equal for the same seed and a scripted policy (law 7)."""
    return episode.model_dump_json(exclude=TIMINGS)
