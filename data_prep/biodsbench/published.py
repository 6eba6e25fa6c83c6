"""BioDSBench's own tasks (python_tasks_with_class.jsonl, zifeng-ai/BioDSBench) and MedAgentGym's rows of them.

A row asks for variables by its asserts, which become the gold where `galen.oracles.asserts` can read them. Its reference runs
in the sandbox on the study's tables; a row whose reference fails, hands in what is no data or does not hold its own asserts
is refused and counted. The code that a row builds on is shown, the list of steps (`cot_instructions`) is not.
"""

from __future__ import annotations

import ast
import csv
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from data_prep.biodsbench.build import ACTIONS, FOLDER, HELPER, contract, hand_over
from data_prep.biodsbench.handin import __file__ as helper
from data_prep.biodsbench.tables import MOUNT
from data_prep.published import Refusals, json_rows, split_of, text_of
from galen.errors import UserError
from galen.oracles import asserts, judge
from galen.proofs.reference import References
from galen.sandbox.choose import open_backend, plain
from galen.types import Gold, OracleSpec, Privacy, Resource, Task, TaskPrompt

Pair = tuple[Task, Gold]
Split = Literal["train", "valid", "test"]
TASKS = "python_tasks_with_class.jsonl"
WORKDIR = "/workdir"
ARCHIVES = ("data_files/*.tar.gz", "*.tar.gz")  # the studies' tables, as the release ships them
TABLES = (".csv", ".txt", ".tsv", ".xena")
UNSTATED = "unstated"
SPEC = OracleSpec(kind="asserts")
PREFIX = "import os\n\nimport numpy as np\nimport pandas as pd\n"  # that several references take for granted
SHOWN = 40  # columns of a table


def read_release(folder: Path, resources: Path) -> tuple[list[Pair], Refusals]:
    """The tasks in BioDSBench's folder; studies take turns as training and test, for the release has no split.

    Raises:
        UserError: no such file, a row without a field that it needs (named), or no row is usable.
    """
    rows = list(json_rows(folder / TASKS))
    studies = sorted({text_of(folder / TASKS, place, row, "study_ids") for place, row in rows})
    splits: dict[str, Split] = {study: "test" if i % 2 else "train" for i, study in enumerate(studies)}
    with _unpacked(folder) as tables:
        return _read(folder / TASKS, rows, splits, tables, resources)


@contextmanager
def _unpacked(folder: Path) -> Iterator[Path]:
    """The folder, or where its studies are still packed a temporary one with the tables of its archives.

    Raises:
        UserError: an archive is damaged; named.
    """
    archives = sorted({path for pattern in ARCHIVES for path in folder.glob(pattern)})
    if not archives or any(path.suffix in TABLES for path in folder.rglob("*")):
        yield folder
        return
    with tempfile.TemporaryDirectory() as made:
        for path in archives:
            try:
                with tarfile.open(path) as archive:
                    archive.extractall(made, [m for m in archive if Path(m.name).suffix in TABLES], filter="data")
            except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
                raise UserError(
                    f"{path}: no readable archive ({error}); it is cut off or damaged: get it again"
                ) from None
        yield Path(made)


def read_medagentgym(file: Path, resources: Path) -> tuple[list[Pair], Refusals]:
    """The tasks of one of MedAgentGym's files, by its split; the tables lie below the file's folder.

    Raises:
        UserError: as `read_release`.
    """
    return _read(file, list(json_rows(file)), split_of(file), file.parent, resources)


def _read(
    file: Path, rows: list[tuple[str, dict[str, Any]]], split: Split | dict[str, Split], tables: Path, resources: Path
) -> tuple[list[Pair], Refusals]:
    account, found = Refusals(str(file)), []
    known: dict[str, str] = {}
    for place, row in rows:
        study = text_of(file, place, row, "study_ids")
        if study not in known:
            known[study] = _take(tables, study, resources / FOLDER)
        why = refused(file, place, row) or ("" if known[study] else f"no folder {study} with its tables")
        if why:
            account.refuse(why, place)
            continue
        part = split if isinstance(split, str) else split[study]
        found.append((place, *_pair(file, place, row, part, known[study])))
    pairs = _passing(found, resources, account)
    account.close(pairs)
    return pairs, account


def refused(file: Path, place: str, row: dict[str, Any]) -> str:
    """Why a row cannot be a task, as far as its text tells."""
    tests = text_of(file, place, row, "test_cases")
    if why := asserts.refused(tests):
        return why
    return "" if asserts.names(tests) else "its tests name no variable"


def _pair(file: Path, place: str, row: dict[str, Any], split: Split, document: str) -> Pair:
    study, number = text_of(file, place, row, "study_ids"), str(row.get("question_ids", place.removeprefix("row ")))
    tests, mount = text_of(file, place, row, "test_cases"), f"{MOUNT}/{study}"
    variables = asserts.names(tests)
    moved = lambda text: text.replace(WORKDIR, mount)  # noqa: E731
    earlier = moved(_code(row.get("code_histories")))
    reference = f"{PREFIX}{earlier}\n{moved(text_of(file, place, row, 'reference_answer'))}\n{hand_over(variables)}"
    task = Task(
        id=f"biodsbench/{split}-{'release' if file.name == TASKS else 'medagentgym'}/{study}_{number}", family="biodsbench",
        category=_category(row.get("analysis_types")), split=split, cluster=f"study {study}",
        prompt=TaskPrompt(
            question=moved(text_of(file, place, row, "queries")), documents=(document, *([f"Earlier code:\n{earlier}"] if earlier else [])),
            contract=contract([f"`{name}`, as the question describes it" for name in variables], variables, asserts.TOLERANCE),
        ),
        resources=(Resource(kind="csv_dir", path=f"resources/{FOLDER}/{study}", mount=mount), HELPER), actions=ACTIONS,
        answer_type="variables", oracle=SPEC, privacy=Privacy.OPEN, metadata={"study": study, "source": file.name},
    )  # fmt: skip
    return task, Gold(id=task.id, answer={"tests": tests, "names": variables}, solution=reference, lang="python")


def _code(held: Any) -> str:
    """Earlier code: text, or MedAgentGym's list of texts written as Python."""
    text = held.strip() if isinstance(held, str) else ""
    if text.startswith("["):
        parts = ast.literal_eval(text)
        return "\n".join(map(str, parts)).strip()
    return text


def _category(held: Any) -> str:
    """The first of the analysis types, which are a list or the text of one."""
    found = ast.literal_eval(held) if isinstance(held, str) and held.startswith("[") else held
    return str(found[0]) if isinstance(found, list) and found else UNSTATED


def _passing(found: list[tuple[str, Task, Gold]], resources: Path, account: Refusals) -> list[Pair]:
    """The rows whose reference passes its own tests; the others are refused."""
    backend = open_backend(plain("auto"), 1)
    try:
        computed = References(resources.parent, backend).compute([(task, gold) for _, task, gold in found])
    finally:
        backend.close()
    pairs = []
    for (place, task, gold), one in zip(found, computed, strict=True):
        verdict = None if one.error else judge(task.oracle, one.text, gold.answer)
        if verdict is None:
            account.refuse(f"its reference fails: {one.error.splitlines()[-1].split(': convert')[0][:80]}", place)
        elif not verdict.passed:
            account.refuse("its reference does not hold its own tests", place)
        else:
            account.used += 1
            pairs.append((task, gold))
    return pairs


def _take(root: Path, study: str, target: Path) -> str:
    """Copy a study's tables to `target`/study, text also as CSV; what there is to know of them, nothing for none."""
    files = sorted(
        p
        for p in root.rglob("*")
        if p.suffix in TABLES
        and not p.name.startswith("._")
        and any(study in part for part in p.relative_to(root).parts[:-1])
    )
    if not files:
        return ""
    folder = target / study
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(helper, target / "handin.py")
    lines = [f"Study {study}, tables in {MOUNT}/{study}. An empty field is missing."]
    for file in files:
        shutil.copyfile(file, folder / file.name)
        copy = folder / f"{file.stem}.csv"
        if file.suffix != ".csv" and not any(other.name == copy.name for other in files):
            _as_csv(file, copy)
        lines.append(_told(folder / file.name, copy))
    return "\n".join(lines)


def _as_csv(file: Path, copy: Path) -> None:
    """Tab-separated text as CSV, without its commented lines."""
    with file.open(newline="", errors="replace") as source, copy.open("w", newline="") as out:
        kept = (line for line in source if not line.startswith("#"))
        csv.writer(out, lineterminator="\n").writerows(csv.reader(kept, delimiter="\t"))


def _told(file: Path, copy: Path) -> str:
    with copy.open(newline="", errors="replace") as source:
        rows = csv.reader(source)
        columns = next(rows, [])
        n = sum(1 for _ in rows)
    more = f", … ({len(columns)} columns)" if len(columns) > SHOWN else ""
    also = f", also as {copy.name}" if file.name != copy.name else ""
    return f"{file.name}{also} ({n} rows): {', '.join(columns[:SHOWN])}{more}"
