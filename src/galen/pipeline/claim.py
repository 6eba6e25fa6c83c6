"""Whose a run's folder is: the first call writes what it does, a later one goes on with the same or is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from galen.errors import UserError


def claim(out: Path, config: dict[str, Any], model: Path, kinds: Mapping[str, type[BaseModel]]) -> None:
    """Make `out` this run's, or go on if it is already. `model` is the folder of the tokenizer.

    `kinds` says which values of `config` are dumps of settings. What a run was begun without, because its Galen did not
    know it yet, has its default there, so that it can be ended by a newer one.

    Raises:
        UserError: the folder holds a run with another setting, which is named with both values.
    """
    path = out / "config.json"
    if not path.exists():
        out.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(config, indent=1) + "\n")
        return
    old = json.loads(path.read_text())
    change = next(_changes(_filled(old, kinds), _filled(config, kinds)), None)
    if change is None:
        return
    name, before, now = change
    if name == "template":
        raise UserError(
            f"{out}: its episodes have the template fingerprint {before}, but {model} has {now}; put "
            "back the tokenizer.json that the run began with, or choose another OUT"
        )
    raise UserError(f"{out}: holds a run with another {name} ({before}, now {now}); choose another OUT or remove it")


def _filled(config: dict[str, Any], kinds: Mapping[str, type[BaseModel]]) -> dict[str, Any]:
    """`config` with the default of every setting that it lacks; one that is no longer valid is left as it is."""
    filled = dict(config)
    for name, kind in kinds.items():
        try:
            filled[name] = kind.model_validate(config[name]).model_dump(mode="json")
        except (KeyError, ValidationError):
            continue
    return filled


def _changes(old: Any, new: Any, name: str = "") -> Iterator[tuple[str, Any, Any]]:
    """The dotted names of what differs, and both values."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys([*new, *old]):
            yield from _changes(old.get(key), new.get(key), f"{name}.{key}" if name else key)
    elif old != new:
        yield name, old, new
