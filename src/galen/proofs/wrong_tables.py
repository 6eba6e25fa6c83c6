"""Wrong tables of predictions next to a right one: part of it, rows twice, no ranking, the ranking turned round."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from galen.oracles.predictions import Form


def wrong_tables(right: str, form: Form) -> dict[str, str]:
    """Named wrong submissions for the CSV `right`, whose columns are `form`'s in their order."""
    head, *rows = right.splitlines()
    cells = [row.split(",") for row in rows]
    n = len(form.columns)
    even = 1 / n if form.labels == "classes" else 0.5

    def table(change: Callable[[Sequence[float]], Sequence[float]]) -> str:
        lines = (",".join((*row[:-n], *map(str, change([float(x) for x in row[-n:]])))) for row in cells)
        return "\n".join((head, *lines))

    def turned(values: Sequence[float]) -> Sequence[float]:
        return [(1 - v) / (n - 1 if form.labels == "classes" else 1) for v in values]

    def first(value: str) -> str:
        return "\n".join((head, ",".join((*cells[0][:-1], value)), *rows[1:]))

    return {
        "no rows": head,
        "one row alone": f"{head}\n{rows[0]}",
        "half of the rows": "\n".join((head, *rows[: len(rows) // 2])),
        "a row twice": "\n".join((head, *rows, rows[0])),
        "no header": "\n".join(rows),
        "all the same": table(lambda values: [even] * len(values)),
        "turned round": table(turned),
        "no number": first("nan"),
        "infinite": first("inf"),
        "above one": first("1.01"),
        "below zero": first("-0.01"),
        "a label": first("yes"),
    }
