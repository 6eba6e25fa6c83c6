"""Whose a run's folder is: the first call writes what it does, a later one goes on with the same or is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from galen.errors import UserError


def claim(out: Path, config: dict[str, Any], model: Path) -> None:
    """Make `out` this run's, or go on if it is already. `model` is the folder of the tokenizer.

    Raises:
        UserError: the folder holds a run with another setting, which is named.
    """
    path = out / "config.json"
    if not path.exists():
        out.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(config, indent=1) + "\n")
        return
    old = json.loads(path.read_text())
    if old == config:
        return
    changed = next((k for k in config if old.get(k) != config[k]), next(iter(old)))
    if changed == "template":
        raise UserError(
            f"{out}: its episodes have the template fingerprint {old.get(changed)}, but {model} has {config[changed]}; put "
            "back the tokenizer.json that the run began with, or choose another OUT"
        )
    raise UserError(f"{out}: holds a run with another {changed}; choose another OUT or remove it")
