"""EHRCon's own files, as PhysioNet ships them and as MedAgentGym does; both need MIMIC-III's credentials.

PhysioNet (ehrcon-consistency-of-notes 1.0.x): `dataset/original/test/discharge/discharge_label/*.pkl` with
`discharge_test.csv` beside it, the same for `processed`, `valid`, `nursing` and `physician`, and `database/*.db`, one an
admission, which the release's `make_database.py` makes from MIMIC-III's CSVs. A label file maps a note's ROW_ID to its
entities, each with `data` (table cells read from the note, `label`, `errors`), `position` (its line) and `entity_type`.

MedAgentGym: `*.jsonl` of (Hospital admission, Medical entity, Number of inconsistencies, Has error, split),
`EHRCon_combined.db` and `clinical_notes.csv`. Its rows name neither note nor line, so those are used whose entity is in
one note of the admission, and whose labels do not contradict each other.
"""

from __future__ import annotations

import csv
import io
import pickle
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from data_prep.ehrcon.build import COLUMNS, RESOURCES
from data_prep.ehrcon.merge import require_tables, unite
from data_prep.published import Refusals, json_rows, split_of
from galen.errors import UserError
from galen.tasks.ehrcon import COUNT_CONTRACT, ENTITY_TYPES, LINES_CONTRACT, UNSTATED
from galen.types import ActionKind, Gold, OracleSpec, Privacy, Task, TaskPrompt

Pair = tuple[Task, Gold]
Version = Literal["original", "processed"]
Split = Literal["train", "valid", "test"]
Row = tuple[str, int, bool]
"""Where it stands, the number of inconsistencies, and whether it has an error."""
KINDS = ("discharge", "nursing", "physician")
FIELDS = ("Hospital admission", "Medical entity", "Number of inconsistencies", "Has error")
READ = ("ROW_ID", "HADM_ID", "CHARTDATE", "CATEGORY", "TEXT", "ADMITTIME")
IN_PROMPT = 8000  # characters; a longer note is read from its file


@dataclass(frozen=True)
class _Note:
    id: int
    hadm: int
    kind: str
    charted: str
    admitted: str
    text: str


def read_medagentgym(folder: Path, resources: Path) -> tuple[list[Pair], Refusals]:
    """MedAgentGym's rows as tasks that ask the number of inconsistencies, and the rows refused, which are also printed.

    The database and notes are copied into `resources`.

    Raises:
        UserError: a file, table or field is missing or unreadable; named, with what is expected.
    """
    files = sorted(folder.glob("*.jsonl"))
    if not files:
        raise UserError(
            f"{folder}: no *.jsonl; give MedAgentGym's ehrcon folder, with train_tasks.jsonl and test_tasks.jsonl"
        )
    database, notes_file = _there(folder / "EHRCon_combined.db"), _there(folder / "clinical_notes.csv")
    require_tables(database)
    notes: dict[int, list[_Note]] = {}
    for note in _notes(notes_file):
        notes.setdefault(note.hadm, []).append(note)
    account = Refusals(str(folder))
    pairs = []
    for (split, hadm, entity), labels in _rows(files).items():
        found = [n for n in notes.get(hadm, ()) if _occurs(entity, n.text)]
        reason = _doubt(labels, hadm in notes, found)
        for at, _, _ in labels if reason else labels[1:]:
            account.refuse(reason or "same row again", at)
        if not reason:
            question = f'How many inconsistencies with the database has what note {found[0].id} says of "{entity}"?'
            answer = [[labels[0][1]]]
            pairs.append(
                _pair("medagentgym", split, len(pairs), found[0], entity, question, COUNT_CONTRACT, answer, None)
            )
    shutil.copyfile(database, resources / "ehrcon.sqlite")
    _write_notes(resources / "clinical_notes.csv", [n for found in notes.values() for n in found])
    return _accounted(pairs, account)


def _rows(files: list[Path]) -> dict[tuple[Split, int, str], list[Row]]:
    rows: dict[tuple[Split, int, str], list[Row]] = {}
    for file in files:
        for place, row in json_rows(file):
            hadm, entity, count, wrong = (_field(file, place, row, name) for name in FIELDS)
            split: Split = row["split"] if row.get("split") in ("train", "valid", "test") else split_of(file)
            rows.setdefault((split, int(hadm), str(entity)), []).append((f"{file.name} {place}", int(count), wrong))
    return rows


def _doubt(labels: list[Row], admitted: bool, found: list[_Note]) -> str:
    """Why rows about one entity of one admission, which is in the notes `found`, make no task; empty where they do."""
    if not admitted:
        return "admission has no note in clinical_notes.csv"
    if not found:
        return "entity is in no note of the admission"
    if len(found) > 1:
        return "entity is in several notes of the admission, and the row does not say which"
    if len({(count, wrong) for _, count, wrong in labels}) > 1:
        return "entity is listed several times with different labels"
    if (labels[0][1] > 0) is not labels[0][2]:
        return "number of inconsistencies and has error contradict each other"
    return ""


def read_physionet(root: Path, resources: Path, version: Version = "original") -> tuple[list[Pair], Refusals]:
    """EHRCon's labels as tasks that ask each claim's line and inconsistent columns; what was refused is also printed.

    `root` holds `dataset` and `database`; splits keep their names (test, valid). The admissions' databases become one
    in `resources`, with the notes beside it.

    Raises:
        UserError: a folder, file or field is missing or unreadable; named, with what is expected.
    """
    base = _there(root / "dataset" / version)
    account = Refusals(str(base))
    pairs: list[Pair] = []
    kept: dict[int, _Note] = {}
    splits: tuple[Split, ...] = ("valid", "test")
    for split in splits:
        for kind in KINDS:
            folder = base / split / kind
            if not folder.is_dir():
                continue
            notes = {n.id: n for file in sorted(folder.glob("*.csv")) for n in _notes(file)}
            for file in sorted((folder / f"{kind}_label").glob("*.pkl")):
                for id_, labels in _labels(file).items():
                    if id_ not in notes:
                        account.refuse("label of a note that the CSV lacks", f"{file.name} {id_}")
                        continue
                    kept[id_] = notes[id_]
                    pairs += _of_note(split, notes[id_], labels, account, file.name, len(pairs))
    if not kept:
        raise UserError(
            f"{base}: no labelled notes; expected test/discharge/discharge_label/*.pkl with discharge_test.csv beside it"
        )
    unite(root / "database", resources / "ehrcon.sqlite", {n.hadm for n in kept.values()})
    _write_notes(resources / "clinical_notes.csv", list(kept.values()))
    return _accounted(pairs, account)


def _of_note(split: Split, note: _Note, labels: Any, account: Refusals, file: str, first: int) -> Iterator[Pair]:
    mentions: dict[str, dict[int, set[str]]] = {}
    types: dict[str, int] = {}
    lines = note.text.split("\n")
    first_line = _first_line(labels, lines)
    for entity, label in ((e, x) for item in labels for e, x in item.items()):
        place = f"{file} {note.id} {entity!r}"
        line = _line(entity, label, lines, first_line)
        columns = [_columns(entry) for entry in label.get("data") or ()]
        if line is None:
            account.refuse("entity is not in the line that its position names", place)
        elif not columns:
            account.refuse("entity has no label", place)
        elif None in columns:
            account.refuse("label counts errors but names no column", place)
        else:
            mentions.setdefault(entity, {}).setdefault(line, set()).update(*(c for c in columns if c))
            types[entity] = int(label.get("entity_type") or 0)
    for i, (entity, found) in enumerate(mentions.items()):
        answer = [[line, ",".join(sorted(wrong)) or "ok"] for line, wrong in sorted(found.items())]
        question = f'In which lines and columns does note {note.id} contradict the database about "{entity}"?'
        yield _pair("physionet", split, first + i, note, entity, question, LINES_CONTRACT, answer, types[entity])


def _first_line(labels: Any, lines: list[str]) -> int:
    """Whether positions count the lines from 0 or from 1: as more of a note's entities are in their lines."""
    every = [(e, x) for item in labels for e, x in item.items()]
    return max((0, 1), key=lambda first: sum(_line(e, x, lines, first) is not None for e, x in every))


def _line(entity: str, label: dict[str, Any], lines: list[str], first: int) -> int | None:
    """The line of the mention, from 1, where positions count from `first`; None where the entity is not in it."""
    position = re.fullmatch(r"\s*(\d+)(?:\.0)?\s*", str(label.get("position")))
    line = int(position.group(1)) + 1 - first if position else 0
    return line if 1 <= line <= len(lines) and _occurs(entity, lines[line - 1]) else None


def _columns(entry: dict[str, Any]) -> set[str] | None:
    """The columns that a label calls inconsistent; None where it counts errors and names none."""
    named = {c.lower() for c in re.findall(r"['\"](\w+)['\"]", str(entry.get("label", "")))}
    return set() if not int(entry.get("errors") or 0) else named or None


def _pair(
    source: str, split: Split, index: int, note: _Note, entity: str, question: str, contract: str, answer: list[list[Any]],
    type_: int | None,
) -> Pair:  # fmt: skip
    id_ = f"ehrcon/{split}-{source}/{index:06d}"
    kind = note.kind.strip().lower()
    about = f"The note ({kind}) was charted on {note.charted} in admission {note.hadm}, which began {note.admitted}."
    task = Task(
        id=id_, family="ehrcon", category=ENTITY_TYPES.get(type_ or 0, UNSTATED), split=split, distribution="ood",
        cluster=f"admission {note.hadm}",
        prompt=TaskPrompt(
            question=f"{question} {about}", documents=(note.text,) if len(note.text) <= IN_PROMPT else (), contract=contract
        ),
        resources=RESOURCES, actions=tuple(ActionKind), answer_type="table", oracle=OracleSpec(kind="rows"),
        privacy=Privacy.CREDENTIALED,
        metadata={
            "source": source, "note_id": note.id, "note_kind": note.kind, "hadm_id": note.hadm, "entity": entity,
            "entity_type": type_,
        },
    )  # fmt: skip
    return task, Gold(id=id_, answer=answer, solution="", lang="python")


def _accounted(pairs: list[Pair], account: Refusals) -> tuple[list[Pair], Refusals]:
    account.used = len(pairs)
    print(account.report())
    return pairs, account


def _occurs(entity: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(entity.lower())}(?!\w)", text.lower()) is not None


def _field(file: Path, place: str, row: dict[str, Any], name: str) -> Any:
    value = row.get(name)
    if value is None or (name in (FIELDS[0], FIELDS[2]) and not re.fullmatch(r"\d+(\.0)?", str(value))):
        raise UserError(f"{file}: {place}: {name} is {value!r}; expected MedAgentGym's fields {', '.join(FIELDS)}")
    if name == FIELDS[3] and not isinstance(value, bool):
        raise UserError(f"{file}: {place}: {name} is {value!r}; expected true or false")
    return float(value) if name in (FIELDS[0], FIELDS[2]) else value


def _there(path: Path) -> Path:
    if not path.exists():
        raise UserError(
            f"{path}: no such file or folder; it is part of EHRCon's files (physionet.org/content/ehrcon-consistency-of-notes, with credentials)"
        )
    return path


def _notes(path: Path) -> Iterator[_Note]:
    csv.field_size_limit(sys.maxsize)
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file)
        for column in READ:
            if column not in (rows.fieldnames or ()):
                raise UserError(f"{path}: column {column} is missing; expected {', '.join(COLUMNS)}")
        for i, r in enumerate(rows, 2):
            try:
                ids = int(float(r["ROW_ID"])), int(float(r["HADM_ID"]))
            except ValueError:
                raise UserError(
                    f"{path}: row {i}: ROW_ID {r['ROW_ID']!r} or HADM_ID {r['HADM_ID']!r} is no number"
                ) from None
            yield _Note(*ids, r["CATEGORY"], r["CHARTDATE"], r["ADMITTIME"], r["TEXT"])


def _write_notes(path: Path, notes: list[_Note]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.DictWriter(file, COLUMNS, restval="")
        out.writeheader()
        for n in notes:
            cells = (n.id, n.hadm, n.charted, n.kind, n.text, n.admitted)
            out.writerow(dict(zip(READ, cells, strict=True)))


class _Plain(pickle.Unpickler):
    """Reads containers, text and numbers only: a label file that names anything else is refused, not run."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"names {module}.{name}")


def _labels(path: Path) -> dict[int, Any]:
    try:
        found = _Plain(io.BytesIO(path.read_bytes())).load()
        return {int(float(id_)): entities for id_, entities in found.items()}
    except (pickle.UnpicklingError, EOFError, AttributeError, ValueError, TypeError, IndexError) as error:
        raise UserError(f"{path}: not a label file ({error}); expected a pickled dict of ROW_ID to entities") from None
