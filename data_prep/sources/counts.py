"""What a loader of raw tables wrote, and what of the sampled patients it left out and why (law 10)."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Counts:
    """Rows by table, and rows left out by `TABLE: reason`."""

    rows: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)

    def leave(self, reason: str, n: int) -> None:
        """Count `n` more rows under `reason`; nothing for n = 0."""
        if n:
            self.left_out[reason] = self.left_out.get(reason, 0) + n

    def report(self) -> str:
        """One line of rows by table, then a line for each reason, the most frequent first."""
        lines = ["rows written: " + ", ".join(f"{table} {n}" for table, n in self.rows.items())]
        frequent = sorted(self.left_out.items(), key=lambda item: (-item[1], item[0]))
        return "\n".join(lines + [f"  {n} left out: {reason}" for reason, n in frequent])
