"""The released MedAgentGym's judgement of MedAgentBench (commit e1e639e), described anew with its defects.

It read one JSON object of the output, every apostrophe taken for a quotation mark: `GET`, the answers, and `POST`, addresses and
payloads by turns. Ours, `answer` and `writes`, are read as these. The live server that it asked is the gold answer here.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

ONLY_PATIENT = "Patient/S2380121"  # whom the released check of blood pressures names, whoever was asked about
Said = tuple[str, list[Any]]


def released(output: str, gold: dict[str, Any]) -> bool:
    """medagentbench: values are looked for anywhere in the text of the answers, payloads by their fields."""
    try:
        record = json.loads(output.replace("'", '"'))
    except (ValueError, RecursionError):
        return False
    if not isinstance(record, dict):
        return False
    posts = record.get("POST", record.get("writes", []))
    payloads = [p for p in posts if isinstance(p, dict)] if isinstance(posts, list) else []
    return CHECKS[gold["task"]]((str(record.get("GET", record.get("answer"))), payloads), gold)


def _stands(said: Said, gold: dict[str, Any]) -> bool:
    """tasks 1, 2, 4, 6 and 7: the value is a part of the text, of another number too."""
    return str(gold["answer"][0]) in said[0]


def _pressure(said: Said, gold: dict[str, Any]) -> bool:
    """task 3: of one patient only."""
    wanted = {**gold["writes"][0], "subject": {"reference": ONLY_PATIENT}}
    return any(_fields(payload, wanted) for payload in said[1])


def _magnesium(said: Said, gold: dict[str, Any]) -> bool:
    """task 5: an empty list of answers, and an order, whether one is due or not."""
    return "[]" in said[0] and _ordered(said, gold)


def _referral(said: Said, gold: dict[str, Any]) -> bool:
    return _ordered(said, gold)


def _potassium(said: Said, gold: dict[str, Any]) -> bool:
    """task 9: the level anywhere or no answer at all, and both orders, whether they are due or not."""
    return ("[]" in said[0] or _stands(said, gold)) and _ordered(said, gold)


def _never(said: Said, gold: dict[str, Any]) -> bool:
    """task 10: the text of the record is compared with a value, which it never is."""
    return False


def _ordered(said: Said, gold: dict[str, Any]) -> bool:
    return bool(gold["writes"]) and all(any(_fields(p, wanted) for p in said[1]) for wanted in gold["writes"])


def _fields(payload: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Whether a payload has the wanted fields; it may have others, and there may be other payloads."""
    return all(payload.get(name) == value for name, value in wanted.items())


CHECKS: dict[str, Callable[[Said, dict[str, Any]], bool]] = {
    "task1": _stands, "task2": _stands, "task3": _pressure, "task4": _stands, "task5": _magnesium, "task6": _stands, "task7": _stands,
    "task8": _referral, "task9": _potassium, "task10": _never,
}  # fmt: skip
