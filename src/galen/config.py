"""Configuration: a YAML file, then dotted overrides, into a frozen pydantic model that refuses what it does not know."""

from __future__ import annotations

import typing
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from galen.errors import UserError, unknown
from galen.paths import CONFIGS

M = TypeVar("M", bound=BaseModel)


def preset(room: str, name: str) -> Path:
    """The file of preset `name` in `configs/<room>/`; raises UserError naming the known ones."""
    known = sorted(p.stem for p in (CONFIGS / room).glob("*.yaml"))
    if name not in known:
        raise unknown("method" if room == "train" else f"{room.rstrip('s')} preset", name, known)
    return CONFIGS / room / f"{name}.yaml"


def load(path: Path, model: type[M], overrides: list[str] | None = None) -> M:
    """Read `path`, apply `key.sub=value` overrides (values are YAML), and validate as `model`.

    Raises:
        UserError: names the file, the field, and what would be right.
    """
    try:
        raw = yaml.safe_load(path.read_text()) or {}
    except FileNotFoundError:
        raise UserError(f"{path}: no such file") from None
    except yaml.YAMLError as error:
        raise UserError(f"{path}: not YAML: {error}") from None
    if not isinstance(raw, dict):
        raise UserError(f"{path}: expected a mapping of settings, found {type(raw).__name__}")
    for item in overrides or []:
        override(raw, item)
    return validate(raw, model, str(path))


def validate(raw: dict[str, Any], model: type[M], source: str) -> M:
    """`raw` as `model`; the first error becomes one line with its field and the nearest known name."""
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            owner = _submodel(model, first["loc"][:-1])
            raise UserError(f"{source}: {unknown('setting', where, owner.model_fields)}") from None
        if first["type"] == "value_error" and isinstance(first["input"], dict):  # the settings contradict each other
            raise UserError(
                ": ".join(filter(None, (source, where, first["msg"].removeprefix("Value error, "))))
            ) from None
        raise UserError(f"{source}: {where}: {first['msg']} (got {first['input']!r})") from None


def override(raw: dict[str, Any], item: str) -> None:
    """Set `key.sub=value` in `raw`; raises UserError where it is not written so."""
    key, sep, text = item.partition("=")
    if not sep or not key:
        raise UserError(f"override {item!r}: write it as key.sub=value")
    *parents, leaf = key.split(".")
    for parent in parents:
        child = raw.setdefault(parent, {})
        if not isinstance(child, dict):
            raise UserError(f"override {item!r}: {parent!r} is not a group of settings")
        raw = child
    raw[leaf] = yaml.safe_load(text)


def _submodel(model: type[BaseModel], loc: tuple[Any, ...]) -> type[BaseModel]:
    for part in loc:
        field = model.model_fields.get(str(part))
        kinds = [] if field is None else [field.annotation, *typing.get_args(field.annotation)]
        for kind in kinds:
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                model = kind
                break
    return model
