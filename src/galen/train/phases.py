"""What a run is busy with: seconds by phase, and a word when a phase makes no progress."""

from __future__ import annotations

import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

FACTOR = 3.0  # times the longest quiet stretch that a phase has had: what is not usual any more
LOOKS = 20  # a quiet limit is looked at so often before it is over


class Phases:
    """A stack of phases. A second counts for the innermost one alone; entering, leaving and `beat` are progress.

    One thread walks through the phases; `watched` looks from another. `hints` names for a phase what to read when it
    hangs.
    """

    def __init__(
        self, quiet_s: float = 600.0, hints: Mapping[str, str] | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:  # fmt: skip
        self._quiet_s, self._hints, self._clock = quiet_s, hints or {}, clock
        self._lock = threading.Lock()
        self._stack: list[str] = []
        self._spent: dict[str, float] = defaultdict(float)
        self._longest: dict[str, float] = {}
        self._booked = self._progress = clock()
        self._warnings = 0  # since the last progress
        self._walker = threading.get_ident()

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Be in phase `name`."""
        self._walker = threading.get_ident()
        with self._lock:
            self._book()
            self._stack.append(name)
        try:
            yield
        finally:
            with self._lock:
                self._book()
                self._stack.pop()

    def beat(self) -> None:
        """The present phase goes on well: an episode ended, a step was made."""
        with self._lock:
            self._book()

    def spent(self) -> dict[str, float]:
        """Seconds of each phase so far."""
        with self._lock:
            found = dict(self._spent)
            if self._stack:
                name = self._stack[-1]
                found[name] = found.get(name, 0.0) + self._clock() - self._booked
            return found

    def since(self, before: Mapping[str, float]) -> dict[str, float]:
        """Seconds of each phase since `spent` gave `before`."""
        return {name: total - before.get(name, 0.0) for name, total in self.spent().items()}

    def _book(self) -> None:
        now = self._clock()
        if self._stack:
            name = self._stack[-1]
            self._spent[name] += now - self._booked
            self._longest[name] = max(self._longest.get(name, 0.0), now - self._progress)
        self._booked = self._progress = now
        self._warnings = 0

    def stuck(self) -> str | None:
        """A line when the present phase is quiet for longer than `quiet_s` and than is usual, then at each doubling."""
        with self._lock:
            if not self._stack:
                return None
            name, quiet = self._stack[-1], self._clock() - self._progress
            longest = self._longest.get(name, 0.0)
            if quiet < max(self._quiet_s, FACTOR * longest) * 2**self._warnings:
                return None
            self._warnings += 1
            path = " > ".join(self._stack)
        hint = f"; look at {self._hints[name]}" if name in self._hints else ""
        usual = f"at most {longest:.1f} s before" if longest else "its first time"
        return f"stuck? {path}: no progress for {quiet:.1f} s ({usual}); it is at {_place(self._walker)}{hint}"

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Print what `stuck` says to stderr, for as long as the context lasts. Nothing is ended."""
        over = threading.Event()

        def watch() -> None:
            while not over.wait(self._quiet_s / LOOKS):
                if line := self.stuck():
                    print(line, file=sys.stderr, flush=True)

        thread = threading.Thread(target=watch, name="watchdog", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


def _place(thread: int) -> str:
    """The innermost line of this package that `thread` is in; of any file where it is in none."""
    frame = innermost = sys._current_frames().get(thread)
    package = str(Path(__file__).parents[1])
    while frame is not None:
        if frame.f_code.co_filename.startswith(package):
            return _line(frame)
        frame = frame.f_back
    return _line(innermost) if innermost else "no line: its thread has ended"


def _line(frame: FrameType) -> str:
    path = Path(frame.f_code.co_filename)
    return f"{'/'.join(path.parts[-3:])}:{frame.f_lineno} in {frame.f_code.co_name}"
