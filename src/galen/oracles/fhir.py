"""An answer and the resources that were posted, against the right ones (MedAgentBench's graders, corrected).

The submission is one JSON object, `{"answer": [...], "writes": [...]}`. Each write must be one that the FHIR server takes, and
be the right one in every field; no other write, none twice, none missing. Texts that are for display only are free, times are
compared as instants and numbers as numbers.
"""

from __future__ import annotations

import json
import math
from datetime import datetime
from typing import Any

from galen.fhir.elements import CREATABLE
from galen.fhir.outcome import FhirError
from galen.fhir.rules import checked
from galen.oracles.values import NUMBER
from galen.types import Verdict

KIND = "fhir"
VERSION = 1
MAX_CHARS = 100_000
MAX_WRITES = 20
EXACT = 1e-9  # relative
FREE = ("display", "meta", "id")


def judge(submission: str, gold: dict[str, Any], params: dict[str, Any]) -> Verdict:
    """Pass iff answer and writes are those of `gold`. `params`: `tolerance`, absolute, of the answer's numbers."""
    record, fault = read(submission)
    checks: dict[str, Any] = {"fault": fault} if fault else {}
    if record is not None:
        checks["answer"] = _answers(record["answer"], gold["answer"], params.get("tolerance", 0.0))
        checks["writes"] = _writes(record["writes"], gold["writes"])
    passed = checks.get("answer", False) and checks.get("writes") == "right"
    return Verdict(reward=float(passed), passed=passed, checks=checks, oracle=KIND, version=VERSION)


def read(text: str) -> tuple[dict[str, Any] | None, str]:
    """The record of a submission, or why it is none."""
    if len(text) > MAX_CHARS:
        return None, f"longer than {MAX_CHARS} characters"
    try:
        record = json.loads(text, object_pairs_hook=_object, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return None, "no JSON"
    if not isinstance(record, dict) or set(record) != {"answer", "writes"}:
        return None, "no object with answer and writes"
    if (
        not isinstance(record["answer"], list)
        or not isinstance(record["writes"], list)
        or len(record["writes"]) > MAX_WRITES
    ):
        return None, "answer and writes are no lists"
    return record, ""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A name that is said twice is two answers."""
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a name stands twice")
    return dict(pairs)


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _answers(mine: list[Any], right: list[Any], tolerance: float) -> bool:
    return len(mine) == len(right) and all(_same(a, b, tolerance) for a, b in zip(mine, right, strict=True))


def _same(mine: Any, right: Any, tolerance: float = 0.0) -> bool:
    """One value: a number (text that is one, too), a time, or text without case and outer space."""
    if isinstance(mine, bool) or isinstance(right, bool):
        return mine is right
    if isinstance(right, int | float):
        value = _number(mine)
        return value is not None and abs(value - right) <= tolerance + EXACT * max(1.0, abs(right))
    if not isinstance(mine, str):
        return False
    when = _time(right)
    return _time(mine) == when if when else " ".join(mine.split()).casefold() == " ".join(right.split()).casefold()


def _number(value: Any) -> float | None:
    if isinstance(value, str):
        return float(value) if len(value) < 40 and NUMBER.fullmatch(value.strip()) else None
    if not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def _time(text: str) -> datetime | None:
    """An instant; nothing for a day or a time without a zone, which are texts."""
    try:
        found = datetime.fromisoformat(text) if "T" in text and text.isascii() else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def _writes(mine: list[Any], right: list[Any]) -> str:
    """`right`, or the first thing that is wrong."""
    try:
        taken = [_checked(resource) for resource in mine]
        wanted = [_checked(resource) for resource in right]
    except FhirError as error:
        return error.text
    if len(taken) != len(wanted):
        return f"{len(taken)} writes, {len(wanted)} are right"
    for resource in taken:
        match = next((other for other in wanted if _equal(resource, other, "")), None)
        if match is None:
            return f"a {resource['resourceType']} that is not right"
        wanted.remove(match)
    return "right"


def _checked(resource: Any) -> dict[str, Any]:
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    return checked(resource, kind if kind in CREATABLE else CREATABLE[0])


def _equal(mine: Any, right: Any, name: str) -> bool:
    """Element by element; a concept's text is free where the right one has a coding, and what is for display always is."""
    if isinstance(right, dict):
        if not isinstance(mine, dict):
            return False
        free = (*FREE, "text") if "coding" in right else FREE
        names = {n for n in (*mine, *right) if n not in free}
        return all(n in mine and n in right and _equal(mine[n], right[n], n) for n in names)
    if isinstance(right, list):
        return (
            isinstance(mine, list) and len(mine) == len(right)
            and all(_equal(a, b, name) for a, b in zip(mine, right, strict=True))
        )  # fmt: skip
    if isinstance(right, int | float) and not isinstance(right, bool):
        return not isinstance(mine, str) and _same(mine, right)
    return _same(mine, right) if name in TEXTS else mine == right or _instant(mine, right)


TEXTS = ("text", "valueString", "unit")


def _instant(mine: Any, right: Any) -> bool:
    when = _time(right) if isinstance(right, str) else None
    return when is not None and isinstance(mine, str) and _time(mine) == when
