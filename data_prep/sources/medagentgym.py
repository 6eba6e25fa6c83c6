"""MedAgentGym's own JSONL (github.com/wshi83/MedAgentGym, data/) of mimic_iii, eicu, treqs and medcalcbench.

Every row of a file is read: the release's metadata counts one too few. Gold is recomputed, the stored answers are only
compared with it: where they differ, ours is kept and the difference told. The question is the natural one, where the
release asks the machine's template. Files are named as the release names them; its mode `test` reads mimic_iii's and
eicu's valid_tasks.jsonl, so those are the split test here.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from data_prep.databases import read_only
from data_prep.medcalc import bench
from data_prep.published import Refusals, json_rows, run, split_of
from data_prep.sources import ehrsql, tables
from data_prep.sources.ehrsql import Asked, Maker, Pair, Split
from data_prep.treqs import published as treqs
from galen.errors import UserError
from galen.oracles.rows import canonical
from galen.types import Privacy

SHOWN = 5
MAX_ROWS = 1000
AS_IT_STANDS = "its query ran as it stands: SQLite's own current_time is on 2000-01-01, %j is the day of the year"
FAMILIES = ("mimic_iii", "eicu", "treqs", "medcalcbench")


@dataclass(frozen=True)
class Difference:
    """A row whose stored answer is not ours, and why where that is known."""

    id: str
    released: Any
    ours: Any
    why: str = ""


def prepare(source: Path, family: str, target: Path) -> None:
    """The task database of `family` (mimic_iii, eicu or treqs) at `target`, checked and indexed.

    `source` is a SQLite file (EHRSQL's, TREQS's), or the folder of the family's tables as CSVs that MedAgentGym mounts.

    Raises:
        UserError: a table or column is missing, or a file is damaged; named, with what is expected.
    """
    if family == "treqs":
        treqs.prepare(source, target)
    elif source.is_dir():
        tables.from_csvs(source, ehrsql.VIEWS[family].SCHEMA, target, f"{family}'s tables as CSVs")
        ehrsql.index(target, family)
    else:
        ehrsql.copy(source, family, target)


def read(
    file: Path,
    family: str,
    database: Path | None = None,
    *,
    ask: Asked = "question",
    privacy: Privacy = Privacy.CREDENTIALED,
) -> tuple[list[Pair], Refusals, list[Difference]]:
    """The file's usable rows as tasks, what was refused, and where the stored answer is not ours; both are printed.

    `database` is what `prepare` made; medcalcbench needs none.

    Raises:
        UserError: an unknown family, a file that is no JSONL of it (named by row and field), or no row is usable.
    """
    if family not in FAMILIES:
        raise UserError(f"{file}: family {family!r} is not read here; known: {', '.join(FAMILIES)}")
    if family == "medcalcbench":
        return _medcalc(file)
    if database is None:
        raise UserError(
            f"{file}: {family} needs its database: give its SQLite file, or the folder of its tables as CSVs"
        )
    if family == "treqs":
        pairs, (account,) = treqs.read([file], database, privacy.value)
        differences = _differences(pairs, (row for _, row in json_rows(file)))
    else:
        pairs, account, differences = _ehrsql(file, family, database, ask, privacy)
        print(account.report())
    tell(file, differences)
    ehrsql.require_some(pairs, [account])
    return pairs, account, differences


def split(file: Path, family: str) -> Split:
    """The split that a file's name says, by the release's use of it."""
    named = split_of(file)
    return "test" if named == "valid" and family in ehrsql.VIEWS else named


def _ehrsql(
    file: Path, family: str, database: Path, ask: Asked, privacy: Privacy
) -> tuple[list[Pair], Refusals, list[Difference]]:
    found, account = ehrsql.rows(file), Refusals(str(file))
    with closing(read_only(database)) as db:
        pairs = Maker(family, db, ask, privacy).make(found, split(file, family), "medagentgym", account)
        queries = {str(row["id"]): str(row["query"]) for row in found}
        differences = [
            replace(d, why=AS_IT_STANDS) if _stands(db, queries[d.id], d.released) else d
            for d in _differences(pairs, found)
        ]
    return pairs, account, differences


def _stands(db: sqlite3.Connection, query: str, released: Any) -> bool:
    """Whether the stored answer is what SQLite makes of the query without EHRSQL's evaluation."""
    rows = run(db, query, MAX_ROWS)
    return isinstance(rows, list) and _agree(released, rows)


def _medcalc(file: Path) -> tuple[list[Pair], Refusals, list[Difference]]:
    """MedCalc-Bench's rows; a label is kept, and told where our calculator gives something else."""
    pairs = bench.read(file, split(file, "medcalcbench"))
    account = Refusals(str(file), used=len(pairs))
    differences = [
        Difference(f"row {finding.row}", finding.label, finding.ours)
        for finding in bench.audit(file)
        if not finding.agrees
    ]
    print(account.report())
    tell(file, differences)
    return pairs, account, differences


def _differences(pairs: Sequence[Pair], found: Iterable[dict[str, Any]]) -> list[Difference]:
    stored = {str(row.get("id")): row.get("answer") for row in found}
    differences = []
    for task, gold in pairs:
        id_ = task.id.rsplit("/", 1)[1]
        if stored.get(id_) is not None and not _agree(stored[id_], gold.answer):
            differences.append(Difference(id_, stored[id_], gold.answer))
    return differences


def _agree(stored: Any, ours: list[list[Any]]) -> bool:
    """Whether the stored answer, a list of values as text, has the values of our rows."""
    cells = stored if isinstance(stored, list) else [stored]
    return canonical([[v] for v in cells], True) == canonical([[v] for row in ours for v in row], True)


def tell(file: Path, differences: Sequence[Difference]) -> None:
    """Print how many stored answers are not ours, and the first of them."""
    if differences:
        print(f"{file}: {len(differences)} stored answers differ from ours, which are kept:")
    for d in differences[:SHOWN]:
        print(f"  {d.id}: released {d.released!r}, ours {d.ours!r}" + (f" ({d.why})" if d.why else ""))
