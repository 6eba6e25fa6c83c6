"""The stored results below a folder of runs, as their manifests name them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from galen.errors import UserError
from galen.evals.summary import Summary, summaries
from galen.report.tables.spec import Pattern
from galen.types import Result, RunManifest

MANIFESTS = ("*/manifest.json", "*/*/manifest.json")
ABSENT = object()


@dataclass(frozen=True)
class Entry:
    """One store of one run."""

    run: Path
    manifest: RunManifest
    result: Result

    @property
    def seed(self) -> int:
        return self.manifest.seeds[0]

    @property
    def families(self) -> set[str]:
        """Those of the run's task folder, played or not."""
        return {name.partition("/")[0] for name in self.manifest.tasks}

    @property
    def store(self) -> Path:
        return self.run / self.result.store

    def episodes(self, family: str, block: str) -> Sequence[Summary]:
        return _split(self.store).get((family, block), ())

    @property
    def verifier(self) -> Mapping[str, float | None] | None:
        """A verifier's scores by episode key, if one judged this store."""
        return _scores(self.store)


def index(runs: Path) -> list[Entry]:
    """Every stored result below `runs`, one folder deep or two.

    Raises:
        UserError: no such folder, or a manifest that cannot be read.
    """
    if not runs.is_dir():
        raise UserError(f"{runs}: no such folder; give the folder that holds the runs")
    found = []
    for path in sorted(p for pattern in MANIFESTS for p in runs.glob(pattern)):
        try:
            manifest = RunManifest.model_validate_json(path.read_text())
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "(whole file)"
            raise UserError(
                f"{path}: {where}: {first['msg']}; give the run's command once more to write it anew"
            ) from None
        found += [Entry(path.parent, manifest, result) for result in manifest.results]
    return found


def matches(pattern: Pattern, entry: Entry) -> bool:
    """Whether the result is one that `pattern` describes."""
    m, r = entry.manifest, entry.result
    told = ((pattern.model, r.model), (pattern.policy, r.policy), (pattern.method, m.name), (pattern.seed, entry.seed))
    if r.samples != pattern.samples or any(wanted and value not in wanted for wanted, value in told):
        return False
    configs = [m.config, m.config.get("trained") or {}]

    def holds(key: str, value: Any) -> bool:
        return any(_lookup(config, key) == value for config in configs)

    wanted, unwanted = pattern.where.items(), pattern.unless.items()
    return all(holds(*item) for item in wanted) and not any(holds(*item) for item in unwanted)


def _lookup(config: Mapping[str, Any], key: str) -> Any:
    value: Any = config
    for part in key.split("."):
        value = value.get(part, ABSENT) if isinstance(value, Mapping) else ABSENT
    return value


@cache
def _split(store: Path) -> dict[tuple[str, str], list[Summary]]:
    """A store's episodes by family and block, and by family and "all"."""
    found: dict[tuple[str, str], list[Summary]] = {}
    for e in summaries(store):
        found.setdefault((e.family, e.distribution), []).append(e)
        found.setdefault((e.family, "all"), []).append(e)
    return found


@cache
def _scores(store: Path) -> dict[str, float | None] | None:
    path = store.with_suffix(".scores.json")
    return json.loads(path.read_text()) if path.exists() else None
