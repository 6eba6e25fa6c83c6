"""What a loader left out: counted by reason, with the first few rows by name (law 10)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

SHOWN = 5


class Refusals:
    """A count for each reason; rows that have a name (an id) are shown by it, the first five of each reason."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self._names: dict[str, list[str]] = {}

    def add(self, reason: str, n: int = 1, names: Iterable[str] = ()) -> None:
        """Count `n` more rows under `reason`; nothing for n = 0."""
        if n:
            self.counts[reason] = self.counts.get(reason, 0) + n
            shown = self._names.setdefault(reason, [])
            shown.extend(list(names)[: SHOWN - len(shown)])

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    def lines(self) -> list[str]:
        """One line a reason, the most frequent first: `12 rows: the answer is null (0d92a1f6, 769483cf, …)`."""
        lines = []
        for reason, n in sorted(self.counts.items(), key=lambda item: (-item[1], item[0])):
            names = self._names[reason]
            more = ", …" if n > len(names) else ""
            lines.append(f"{n} row{'s' if n > 1 else ''}: {reason}" + (f" ({', '.join(names)}{more})" if names else ""))
        return lines


@dataclass
class Counts:
    """What a loader of raw tables wrote, rows by table, and what of the sampled patients it left out."""

    rows: dict[str, int] = field(default_factory=dict)
    refused: Refusals = field(default_factory=Refusals)

    def lines(self) -> list[str]:
        """One line of rows by table, then a line for each reason to leave rows out."""
        written = ", ".join(f"{table} {n}" for table, n in self.rows.items())
        return [f"rows written: {written}", *(f"left out: {line}" for line in self.refused.lines())]
