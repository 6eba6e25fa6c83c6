"""Rows against rows, by EHRSQL's official rule (Lee et al. 2022, evaluation script; 2024 version's rounding).

Both sides are canonicalised (numbers to 3 decimals, text lower-case and stripped), sorted as text, cut to the first
100 rows, and must be equal. A submission with one value, row or cell too many fails. A number is written in ASCII.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from galen.types import Verdict

VERSION = 2  # 1 read digits of any script, and 1_0 as 10; a JSON list that is too deep or too long broke it
MAX_ROWS = 100
NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?", re.ASCII)
TRUTH = {"yes": "1", "true": "1", "no": "0", "false": "0"}


def judge(submission: str, gold: list[list[Any]], params: dict[str, Any]) -> Verdict:
    """Pass iff the submitted rows equal `gold`. `params`: `boolean` lets yes/no stand for 1/0."""
    boolean = bool(params.get("boolean"))
    mine = canonical(parse(submission), boolean)
    theirs = canonical(gold, boolean)
    passed = mine == theirs
    checks = {"rows": len(mine), "gold_rows": len(theirs)}
    return Verdict(reward=float(passed), passed=passed, checks=checks, oracle="rows", version=VERSION)


def parse(text: str) -> list[list[Any]]:
    """Rows of a submission: a JSON list (of values or of rows), or one row a line with tab-separated cells."""
    text = text.strip()
    if text.startswith("["):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):  # no JSON, an integer of thousands of digits, thousands of brackets
            value = None
        if isinstance(value, list):
            return [row if isinstance(row, list) else [row] for row in value]
    return [line.split("\t") for line in text.splitlines() if line.strip()]


def canonical(rows: list[list[Any]], boolean: bool) -> list[tuple[str, ...]]:
    """Rows as sorted tuples of canonical text, the first 100 of them."""
    return sorted(tuple(_cell(v, boolean) for v in row) for row in rows)[:MAX_ROWS]


def _cell(value: Any, boolean: bool) -> str:
    if isinstance(value, list | dict):
        return "a value in a cell is no single one"
    text = str(value).strip().lower()
    if isinstance(value, bool) or boolean:
        text = TRUTH.get(text, text)
    if value is None or text in ("none", "null"):
        return "null"
    number = float(text) if NUMBER.fullmatch(text) else math.nan
    return f"{round(number, 3) + 0.0:.3f}" if math.isfinite(number) else text
