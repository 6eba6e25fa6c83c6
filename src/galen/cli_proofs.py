"""`galen validate`, `hack`, `audit` and `reverify`: proofs that the oracles and the splits hold."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from galen.errors import UserError, unknown
from galen.paths import DEFAULT_DATA, ROOT

SHOWN = 20
Data = Annotated[Path, typer.Argument(help="A task folder.")]
Family = Annotated[list[str], typer.Option(help="Only this family; may be given again.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Backend = Annotated[str, typer.Option(help="The sandbox: auto, local or docker.")]


def validate(
    data: Data = DEFAULT_DATA,
    family: Family = [],  # noqa: B006
    sample: Annotated[int | None, typer.Option(min=1, help="Instances a family and split; none is all.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
    backend: Backend = "auto",
    as_json: Json = False,
) -> None:
    """Prove every instance: its reference passes, no, empty and wrong answers fail, and each verdict is the same twice."""
    from galen.proofs.validate import validate

    line = _lines(
        as_json, "family split instances passed no-solution ungraded wrong failed failures per-second empty most yes"
    )
    counts = []
    for c in validate(data, family, sample, workers=workers, backend=backend):
        counts.append(c)
        row = c.row()
        line(
            c.family, c.split, c.instances, c.passed, c.no_solution, c.ungraded, c.wrong, c.wrong_failed,
            len(c.failures), row["per_second"], c.empty, row["most"], f"{c.yes}/{c.booleans}",
        )  # fmt: skip
    failures = [failure for c in counts for failure in c.failures]
    if as_json:
        print(json.dumps([c.row() for c in counts]))
    else:
        n, seconds = sum(c.instances for c in counts), sum(c.seconds for c in counts)
        print(
            f"{n} instances, {sum(c.passed for c in counts)} references passed, {len(failures)} failures, {seconds:.0f} s"
        )
        _show(f"{id_}: {reason}" for id_, reason in failures)
    if failures:
        raise UserError(f"{len(failures)} failures: oracles, references and gold do not agree")


def hack(
    data: Data = DEFAULT_DATA,
    family: Family = [],  # noqa: B006
    tasks: Annotated[int, typer.Option(min=1, help="Test tasks a family that each cheat is played on.")] = 10,
    only: Annotated[list[str], typer.Option(help="Only this cheat; may be given again.")] = [],  # noqa: B006
    backend: Backend = "auto",
    as_json: Json = False,
) -> None:
    """Cheat on every family in real episodes, and fail if a cheat passes, voids its episode, or is lucky too often."""
    from galen.policy.template import ChatTemplate
    from galen.proofs.hack import CONCURRENCY, hack
    from galen.sandbox.choose import open_backend, plain

    line = _lines(as_json, "family cheat episodes failed coincided passed ungraded luck paper-passed")
    outcomes = []
    opened = open_backend(plain(backend), CONCURRENCY)
    try:
        for o in hack(data, ChatTemplate(ROOT / "models" / "tiny-base"), opened, family, tasks, only):
            outcomes.append(o)
            luck = f"{max((right / total for right, total in o.luck.values()), default=0.0):.3f}"
            line(o.family, o.cheat, o.episodes, o.failed, o.coincided, len(o.passed), len(o.ungraded), luck, o.paper)
    finally:
        opened.close()
    broken = [o for o in outcomes if not o.held]
    if as_json:
        print(json.dumps([o.row() for o in outcomes]))
    else:
        episodes, paper = sum(o.episodes for o in outcomes), sum(o.paper for o in outcomes)
        print(
            f"{len(outcomes) - len(broken)} of {len(outcomes)} cheats held off in {episodes} episodes; "
            f"{sum(o.coincided for o in outcomes)} right by chance; the paper's oracle passes {paper}"
        )
        _show(f"{o.family} {o.cheat}: {[*o.passed, *o.ungraded] or o.luck}" for o in broken)
    if broken:
        raise UserError(
            f"{len(broken)} of {len(outcomes)} cheats were not held off: {', '.join(o.cheat for o in broken)}"
        )


def audit(
    data: Data = DEFAULT_DATA,
    family: Family = [],  # noqa: B006
    as_json: Json = False,
) -> None:
    """Find what the test split shares with training: 10-grams, notes, patients, values, templates. Fails above zero."""
    from data_prep.audit import audit

    kinds = ("ngram", "duplicate", "note", "patient", "value", "template")
    line = _lines(as_json, "family train test " + " ".join(kinds))
    reports = []
    for r in audit(data, family):
        reports.append(r)
        line(r.family, r.train, r.test, *(getattr(r, kind) for kind in kinds))
    total = sum(r.total for r in reports)
    if as_json:
        print(json.dumps([vars(r) | {"total": r.total} for r in reports]))
    else:
        _show(f"{r.family} {kind}: {', '.join(ids)}" for r in reports for kind, ids in r.examples.items())
    if total:
        raise UserError(f"{total} leaks between the splits")


def reverify(
    episodes: Annotated[Path, typer.Argument(help="A run's folder, or one episode store (.jsonl).")],
    data: Annotated[Path | None, typer.Option(help="Its task folder; by default the one that the run played.")] = None,
    oracle: Annotated[str, typer.Option(help="present, or paper: the released MedAgentGym's.")] = "present",
    as_json: Json = False,
) -> None:
    """Judge stored episodes again, list the verdicts that flip, and write all beside each store, which stays as it is."""
    from galen.proofs.reverify import reverify, task_folder

    if oracle not in ("present", "paper"):
        raise unknown("oracle", oracle, ("present", "paper"))
    line = _lines(as_json, "store family episodes passed-before passed-after flipped skipped")
    found = []
    for r in reverify(episodes, data or task_folder(episodes, DEFAULT_DATA), oracle):
        found.append(r)
        skipped = sum(r.skipped.values())
        line(r.store, r.family, r.episodes, r.passed_before, r.passed_after, len(r.changes), skipped)
    if as_json:
        print(json.dumps([vars(r) for r in found]))
        return
    _show(f"{r.family}: {n} skipped: {reason}" for r in found for reason, n in r.skipped.items())
    _show(f"{c['task_id']}: {c['submission']!r:.60}: {c['why']}" for r in found for c in r.changes)


COMMANDS = (validate, hack, audit, reverify)


def _lines(silent: bool, heads: str):
    """Prints aligned lines as they come, `heads` first; the first two columns hold names."""
    names = heads.split()

    def show(*cells: Any) -> None:
        if not silent:
            padded = [
                str(c).ljust(22) if i < 2 else str(c).rjust(max(len(n), 7))
                for i, (c, n) in enumerate(zip(cells, names, strict=True))
            ]
            print("  ".join(padded), flush=True)

    show(*names)
    return show


def _show(lines: Any) -> None:
    """The first of some lines, and how many more there are."""
    known: Sequence[str] = list(lines)
    for text in known[:SHOWN]:
        print(text)
    if len(known) > SHOWN:
        print(f"… and {len(known) - SHOWN} more; --json has all")
