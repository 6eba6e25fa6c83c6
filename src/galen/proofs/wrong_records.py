"""Wrong records next to a right one: `{"answer": [...], "writes": [...]}` with a write less, more, twice, or one value of it changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from galen.oracles.fhir import read

ANOTHER = {
    "resourceType": "ServiceRequest", "status": "active", "intent": "order", "subject": {"reference": "Patient/1"},
}  # fmt: skip


def wrong_records(right: str) -> dict[str, str]:
    """Named wrong submissions for a right one; nothing where it is no record, which its oracle then says."""
    record, _ = read(right)
    if record is None:
        return {}
    writes = record["writes"]
    found = {
        "a write more": {**record, "writes": [*writes, ANOTHER]},
        "an answer more": {**record, "answer": [*record["answer"], 0]},
        "no record": record["answer"],
    }
    if writes:
        found |= {
            "a write less": {**record, "writes": writes[1:]},
            "a write twice": {**record, "writes": [*writes, writes[0]]},
        }
        for path, changed in _changes(writes, ""):
            found[f"another write{path}"] = {**record, "writes": changed}
    if record["answer"]:
        found["an answer less"] = {**record, "answer": record["answer"][1:]}
    return {name: json.dumps(value, ensure_ascii=False) for name, value in found.items()}


def _changes(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """(where, a copy with that one value changed or, in an object, left out); display texts stay."""
    if isinstance(value, list):
        for i, item in enumerate(value):
            for where, changed in _changes(item, f"{path}.{i}"):
                yield where, [*value[:i], changed, *value[i + 1 :]]
    elif isinstance(value, dict):
        for name, item in value.items():
            if name == "display":
                continue
            yield f"{path} without {name}", {n: v for n, v in value.items() if n != name}
            for where, changed in _changes(item, f"{path}.{name}"):
                yield where, {**value, name: changed}
    elif isinstance(value, str):
        yield path, f"{value}0"
    else:
        yield path, value + 1
