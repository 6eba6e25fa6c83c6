"""Wrong answers next to a right one, made from its text: a number off, a yes for a no, a row less, a row more.

They are made from what the reference hands in, so every family and answer type has them without a rule of its own; only
code is made wrong by what it does.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable

NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?", re.ASCII | re.IGNORECASE)
YEAR = re.compile(r"\b(?:1[6-9]|2[0-9])\d\d\b")
FLIPPED = {"yes": "no", "no": "yes", "true": "false", "false": "true", "1": "0", "0": "1"}
SPOILT = """

def _spoilt(value):
    if isinstance(value, bool) or value is None:
        return not value
    if isinstance(value, (int, float)):
        return value + 1 if value == value else 0
    if isinstance(value, str):
        return value + "x"
    if isinstance(value, dict):
        return {{"x": value}}
    return [value]


def {name}(*arguments):
    return _spoilt(_right(*arguments))
"""
SHOWN_ROWS = 100  # the official rule looks at no more, in sorted order


def wrong_answers(right: str, *, boolean: bool) -> dict[str, str]:
    """Named wrong submissions for the right one; `boolean` where it is a yes or no."""
    lines = [line for line in right.splitlines() if line.strip()]
    if not lines:
        return {"something for nothing": "1"}
    first = min(lines)  # what sorts first is looked at, however many rows there are
    rest = list(lines)
    rest.remove(first)
    found = {name: "\n".join([change, *rest]) for name, change in _changes(first, boolean, lines).items()}
    found["a row more"] = "\n".join([*lines, _another(first, boolean, lines)])
    if rest and first not in rest:
        found["a row less"] = "\n".join(rest)
    if len(lines) == 1:
        found["two answers in one row"] = f"{first}\t{_another(first, boolean, lines)}"
    return found


def wrong_functions(right: str, name: str, twin: str = "") -> dict[str, str]:
    """Named wrong submissions for the right source text of the function `name`; `twin` is one that is nearly right."""
    hidden = re.sub(rf"\b{name}\(", "_right(", right)
    found = {
        "nothing returned": f"def {name}(*arguments):\n    return None",
        "each value spoilt": hidden + SPOILT.format(name=name),
        "another name": hidden,
        "defined twice": f"{right}\n\n\n{right}",
    }
    return found | ({"a neighbouring specification": twin} if twin else {})


def _changes(line: str, boolean: bool, taken: list[str]) -> dict[str, str]:
    """Wrong versions of one row, none of them another row of the answer."""
    head, tab, rest = line.partition("\t")
    found = {name: change(head) + tab + rest for name, change in _rules(head, boolean)}
    return {name: text for name, text in found.items() if text not in taken}


def _rules(cell: str, boolean: bool) -> list[tuple[str, Callable[[str], str]]]:
    if boolean and cell.strip().lower() in FLIPPED:
        return [("the other boolean", lambda c: FLIPPED[c.strip().lower()])]
    if NUMBER.fullmatch(cell.strip()):
        return [
            ("a number above", lambda c: _moved(c, 1)),
            ("a number below", lambda c: _moved(c, -1)),
            *([("the other sign", lambda c: _number(-float(c)))] if abs(float(cell)) >= 0.001 else []),
        ]
    if YEAR.search(cell):
        return [("another year", lambda c: YEAR.sub(lambda m: str(int(m.group()) + 1), c, count=1))]
    if NUMBER.search(cell):
        return [("a number in it off", lambda c: NUMBER.sub(lambda m: _moved(m.group(), 1), c, count=1))]
    return [("another name", lambda c: f"not {c}")]


def _moved(text: str, sign: int) -> str:
    """The number further from itself than any tolerance."""
    value = float(text)
    step = max(1.0, 0.1 * abs(value))
    return _number(value + sign * (math.ceil(step) if value.is_integer() else step))


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)


def _another(line: str, boolean: bool, lines: list[str]) -> str:
    """A row that the answer does not have, and that sorts among those that are looked at."""
    if len(lines) >= SHOWN_ROWS:
        return "\t".join(["-999999999"] * (line.count("\t") + 1))
    return next(iter(_changes(line, boolean, lines).values()), f"not {line}")
