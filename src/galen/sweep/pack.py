"""Results without episodes: what tables, findings and curves are made of, small enough to publish and to put together."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from galen.errors import UserError
from galen.evals.summary import pack as pack_store
from galen.paths import ROOT
from galen.report.curves import LOG, VALIDATION
from galen.report.tables.runs import Entry, index
from galen.sweep.run import RECORD

MANIFEST = "manifest.json"
KEPT = ("config.json", "table.json", f"*/{LOG}", f"*/{VALIDATION}", "*/*.scores.json")


def pack(runs: Path, out: Path) -> list[Path]:
    """Write each finished run below `runs` into `out`, at the same place; returns the folders written.

    A run keeps its manifest, settings and table, the logs that its curves are drawn from, a verifier's scores, and of
    each episode the numbers of `galen.evals.summary.Summary`. A study keeps the record of its jobs, so that
    `galen reproduce` takes what is packed as done.

    Raises:
        UserError: no such folder, nothing finished in it, `out` lies in it, or a store that cannot be read.
    """
    if out.resolve().is_relative_to(runs.resolve()):
        raise UserError(f"{out}: lies in the folder that is packed; give another one")
    entries = index(runs)
    if not entries:
        raise UserError(f"{runs}: no finished run in it (a run writes its manifest.json last)")
    written = [_run(run, list(mine), out / run.relative_to(runs)) for run, mine in groupby(entries, lambda e: e.run)]
    if (runs / RECORD).exists():
        _add(runs / RECORD, out / RECORD)
    return written


def _add(record: Path, target: Path) -> None:
    """The attempts of `record` that `target` does not have yet: seeds are packed into one folder one after the other."""
    lines = [line for path in (target, record) if path.exists() for line in path.read_text().splitlines(keepends=True)]
    target.write_text("".join(dict.fromkeys(lines)))


def _run(run: Path, entries: list[Entry], target: Path) -> Path:
    target.mkdir(parents=True, exist_ok=True)
    for entry in entries:
        pack_store(entry.store, target / entry.result.store)
    for path in (p for pattern in KEPT for p in sorted(run.glob(pattern))):
        _copy(path, target / path.relative_to(run))
    _copy(run / MANIFEST, target / MANIFEST)  # last: it says that the rest is there
    return target


def _copy(path: Path, target: Path) -> None:
    """As it is, but for where the checkout lay, which is no part of a result."""
    target.parent.mkdir(exist_ok=True)
    target.write_text(path.read_text().replace(f"{ROOT}/", ""))
