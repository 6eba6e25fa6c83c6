"""A function against its reference on hidden calls: it runs in the grader's jail, and what comes out is compared here.

The right outcomes stay outside the jail, so that nothing in it can be forged but outcomes themselves.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from galen.oracles import jail
from galen.types import Verdict

VERSION = 1
RELATIVE, ABSOLUTE = 1e-6, 1e-9
NUMBER = re.compile(r"([-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)", re.ASCII)


def judge(submission: str, gold: dict[str, Any], params: dict[str, Any]) -> Verdict:
    """Pass iff every hidden case gives the outcome of `gold`, whose `name` is the function's. The cases are `calls` (JSON
    lists of arguments) in `context`, or `programs`, contexts that call the function themselves and print. `outcomes` are
    `value` or `raises`, as `driver.encode` writes them, or `printed`.

    Raises:
        JailError: the grader's jail failed.
    """
    if not submission.strip():
        return _verdict(gold, 0, "nothing handed in")
    cases = {name: gold[name] for name in ("context", "calls", "programs") if name in gold}
    written, why = jail.run(json.dumps({"text": submission, "name": gold["name"], **cases}))
    found, fault = _outcomes(written, len(gold["outcomes"]), why)
    return _verdict(gold, sum(map(same, found, gold["outcomes"])), fault)


def _verdict(gold: dict[str, Any], right: int, fault: str) -> Verdict:
    passed = not fault and right == len(gold["outcomes"])
    checks = {"calls": len(gold["outcomes"]), "right": right, "fault": fault}
    return Verdict(reward=float(passed), passed=passed, checks=checks, oracle="unit_tests", version=VERSION)


def _outcomes(written: str, n: int, why: str) -> tuple[list[Any], str]:
    """The outcomes in a report, or why there are none."""
    try:
        report = json.loads(written)
    except (ValueError, RecursionError):
        return [], why
    if not isinstance(report, dict):
        return [], "its report is none"
    if "fault" in report:
        return [], str(report["fault"])[:200]
    found = report.get("outcomes")
    return (found, "") if isinstance(found, list) and len(found) == n else ([], "its report is none")


def same(mine: Any, theirs: dict[str, Any]) -> bool:
    """Whether an outcome is the reference's: an equal value or text, or an exception of its class or one derived from it."""
    if not isinstance(mine, dict):
        return False
    if "raises" in theirs:
        raised = mine.get("raises")
        return isinstance(raised, list) and theirs["raises"][0] in raised
    if "printed" in theirs:
        return isinstance(mine.get("printed"), str) and same_text(mine["printed"], theirs["printed"])
    return "value" in mine and equal(mine["value"], theirs["value"])


def same_text(mine: str, theirs: str) -> bool:
    """Whether two printed texts are the same but for white space and floats, which may differ by `RELATIVE`."""
    if len(mine) > 2 * len(theirs) + 1000:
        return False
    found, wanted = NUMBER.split(mine), NUMBER.split(theirs)
    return len(found) == len(wanted) and all(
        _close(float(a), float(b)) if i % 2 and "." in b else a.split() == b.split()
        for i, (a, b) in enumerate(zip(found, wanted, strict=True))
    )


def equal(mine: Any, theirs: Any) -> bool:
    """Whether two encoded values are equal: floats within `RELATIVE`, all else exactly; True is not 1, but 1.0 is."""
    if isinstance(theirs, list):
        return isinstance(mine, list) and len(mine) == len(theirs) and all(map(equal, mine, theirs))
    if isinstance(theirs, dict):
        return (
            isinstance(mine, dict) and mine.keys() == theirs.keys() and all(equal(mine[k], theirs[k]) for k in theirs)
        )
    if _number(theirs) and _number(mine):
        return mine == theirs or (isinstance(theirs, float) and _close(mine, theirs))
    return type(mine) is type(theirs) and mine == theirs


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _close(mine: float, theirs: float) -> bool:
    try:
        return math.isclose(mine, theirs, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
    except OverflowError:  # an integer that no float holds
        return False
