"""Named variables against named variables, by structure (BioDSBench's asserts, Wang et al. 2024, made data).

A submission is one line of JSON, as `data_prep.biodsbench.handin` prints it: plain data with a word for what JSON lacks.
It is only read: no object, comparison or code of the agent's is ever run, and one that is too long, too deep or of another
form fails at once. Numbers are equal within a relative tolerance, integers exactly, booleans only to booleans, missing
values (None, NaN) only to missing ones. The rows of a DataFrame are told apart by `rows`: "order", "index", or columns.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

from galen.types import Verdict

VERSION = 1
TOLERANCE = 1e-6
ZERO = 1e-12  # what counts as zero where zero is due
MAX_CHARS = 500_000
MAX_DEPTH = 12

Label = tuple[Any, ...]


class Unreadable(ValueError):
    """Text that holds no variables, and why."""


def judge(submission: str, gold: str, params: dict[str, Any]) -> Verdict:
    """Pass iff the submission has the variables of `gold`, and no other, each with the same value.

    `params`: `rows` (variable -> "order", "index" or a list of columns, for DataFrames) and `tolerance` (relative).
    """
    due = parse(gold)
    try:
        mine = parse(submission)
    except Unreadable as error:
        return _verdict(False, {"unreadable": str(error)})
    tolerance = params.get("tolerance", TOLERANCE)
    rows = params.get("rows", {})
    checks = {name: _found(mine, name, value, rows.get(name, "order"), tolerance) for name, value in due.items()}
    checks |= {name[:80]: "not asked for" for name in list(mine)[:20] if name not in due}
    return _verdict(all(found == "right" for found in checks.values()), {"variables": checks})


def _verdict(passed: bool, checks: dict[str, Any]) -> Verdict:
    return Verdict(reward=float(passed), passed=passed, checks=checks, oracle="variables", version=VERSION)


def _found(mine: dict[str, Any], name: str, due: Any, rows: Any, tolerance: float) -> str:
    if name not in mine:
        return "missing"
    if kind(mine[name]) != kind(due):
        return f"a {kind(mine[name])}, not a {kind(due)}"
    return "right" if same(mine[name], due, rows, tolerance) else "wrong"


def parse(text: str) -> dict[str, Any]:
    """The variables of a submission by name. Raises Unreadable."""
    text = text.strip()
    if len(text) > MAX_CHARS:
        raise Unreadable(f"longer than {MAX_CHARS} characters")
    if not text.startswith("{") or "\n" in text:
        raise Unreadable("no line of hand_in alone")
    try:
        found = json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except (ValueError, RecursionError) as error:  # no JSON, an integer of thousands of digits, thousands of brackets
        raise Unreadable(f"no JSON: {type(error).__name__}") from None
    _check_depth(found)
    return found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name twice")
    return found


def _constant(word: str) -> float:
    raise ValueError(f"{word} is no JSON")


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [x for v in level for x in (v.values() if isinstance(v, dict) else v if isinstance(v, list) else ())]
        if not level:
            return
    raise Unreadable(f"deeper than {MAX_DEPTH} levels")


def kind(value: Any) -> str:
    """What a value is: boolean, number, text, missing, list, dict, Series, DataFrame, or nothing that is known."""
    if isinstance(value, dict):
        names = {"float": "number", "dict": "dict", "series": "Series", "frame": "DataFrame"}
        if value == {"float": "nan"}:
            return "missing"
        return names.get(next(iter(value)), "unknown") if len(value) == 1 else "unknown"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return {str: "text", list: "list"}.get(type(value), "missing")


def same(mine: Any, due: Any, rows: Any, tolerance: float) -> bool:
    """Whether `mine` is `due`; both as parsed."""
    if kind(mine) != kind(due) or kind(due) == "unknown":
        return False
    try:
        return _SAME[kind(due)](mine, due, rows, tolerance)
    except (TypeError, KeyError, ValueError, OverflowError):  # of another form than hand_in's
        return False


def _number(mine: Any, due: Any, rows: Any, tolerance: float) -> bool:
    x, y = (float(v["float"]) if isinstance(v, dict) else v for v in (mine, due))
    if math.isnan(x) or not isinstance(due, float):  # NaN in disguise; infinity and integers are exact
        return x == y
    return math.isclose(x, y, rel_tol=tolerance, abs_tol=ZERO if y == 0 else 0.0)


def _list(mine: list, due: list, rows: Any, tolerance: float) -> bool:
    return len(mine) == len(due) and all(same(x, y, rows, tolerance) for x, y in zip(mine, due, strict=True))


def _dict(mine: Any, due: Any, rows: Any, tolerance: float) -> bool:
    return _by_label(_labelled(mine["dict"]), _labelled(due["dict"]), rows, tolerance)


def _series(mine: Any, due: Any, rows: Any, tolerance: float) -> bool:
    x, y = (
        _labelled(zip(labels(v["series"]["index"], v["series"]["values"]), v["series"]["values"], strict=True))
        for v in (mine, due)
    )
    return _by_label(x, y, rows, tolerance)


def _frame(mine: Any, due: Any, rows: Any, tolerance: float) -> bool:
    columns = [_names(v["frame"]["columns"]) for v in (mine, due)]
    if set(columns[0]) != set(columns[1]):
        return False
    tables = [_rows(v["frame"], names, rows) for v, names in zip((mine, due), columns, strict=True)]
    theirs = tables[1]
    if tables[0].keys() != theirs.keys():
        return False
    return all(
        same(row[name], theirs[label][name], rows, tolerance) for label, row in tables[0].items() for name in columns[1]
    )


def _rows(frame: dict[str, Any], columns: list[Label], rows: Any) -> dict[Label, dict[Label, Any]]:
    """The rows of a DataFrame by what tells them apart."""
    cells = [dict(zip(columns, row, strict=True)) for row in frame["data"]]
    if rows == "order":
        found: list[Any] = list(range(len(cells)))
    elif rows == "index":
        found = labels(frame["index"], cells)
    else:
        found = [[row[label(name)] for name in rows] for row in cells]
    return _labelled(zip(found, cells, strict=True))


def labels(index: list[Any] | None, values: list[Any]) -> list[Any]:
    """The labels of an index, which is null where it counts from 0."""
    return list(range(len(values))) if index is None else index


def _names(labels: list[Any]) -> list[Label]:
    return list(_labelled((one, None) for one in labels))


def _labelled(pairs: Any) -> dict[Label, Any]:
    found: dict[Label, Any] = {}
    for one, value in pairs:
        if found.setdefault(label(one), value) is not value:
            raise ValueError(f"{one} twice")
    return found


def label(value: Any) -> Label:
    """A key that tells 1 from True and from "1", and is 1 for 1.0."""
    if isinstance(value, list):
        return ("list", *map(label, value))
    if isinstance(value, dict):
        return ("number", str(value["float"]))
    return kind(value), value


def _by_label(mine: dict[Label, Any], due: dict[Label, Any], rows: Any, tolerance: float) -> bool:
    return mine.keys() == due.keys() and all(same(mine[one], value, rows, tolerance) for one, value in due.items())


_SAME: dict[str, Callable[..., bool]] = {
    "boolean": lambda mine, due, *_: mine == due, "text": lambda mine, due, *_: mine == due, "missing": lambda *_: True,
    "number": _number, "list": _list, "dict": _dict, "Series": _series, "DataFrame": _frame,
}  # fmt: skip
