"""MedCalc-Bench's own files (v1.0, v1.2, Verified): rows as tasks, and their labels against our calculators.

The three versions share their columns, as CSV, zipped, or Parquet of Hugging Face, and so does MedAgentGym's JSONL of v1.0. Our calculators read a row's
`Relevant Entities`; where label and calculator differ by more than the official tolerance, `audit` says by how much.
"""

from __future__ import annotations

import ast
import csv
import io
import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data_prep.medcalc.entities import Entities
from data_prep.medcalc.labels import CALCULATORS, day
from data_prep.medcalc.task import ACTIONS, CONTRACTS
from data_prep.published import any_rows
from galen.errors import UserError
from galen.oracles import judge
from galen.oracles.values import number as number_in
from galen.types import Gold, OracleSpec, Privacy, Task, TaskPrompt

COLUMNS = ("Calculator ID", "Calculator Name", "Patient Note", "Question", "Relevant Entities", "Ground Truth Answer")
DATES = (13, 68)
INTEGERS = (4, 15, 16, 17, 18, 20, 21, 25, 27, 28, 29, 32, 33, 36, 43, 45, 48, 51)


@dataclass(frozen=True)
class Finding:
    """One row's label beside our calculator's value."""

    row: str
    calculator: int
    label: str
    ours: Any
    agrees: bool

    @property
    def difference(self) -> float | None:
        """Label minus our value; None where they are no numbers."""
        value = number_in(self.label)
        return None if value is None or not isinstance(self.ours, int | float) else round(value - self.ours, 5)


def kind(calculator: int) -> str:
    """The oracle of a calculator, by the official evaluation script."""
    if calculator in DATES:
        return "date"
    return "weeks_days" if calculator == 69 else "integer" if calculator in INTEGERS else "decimal"


def read(path: Path, split: str = "test") -> list[tuple[Task, Gold]]:
    """The file's rows as tasks.

    Raises:
        UserError: a column is missing, or a row is broken; named by file, row and field, and no row is used.
    """
    pairs = []
    for i, row in _rows(path):
        number = int(row["Calculator ID"])
        oracle = kind(number)
        id_ = f"medcalc/{split}-bench/{row.get('Row Number') or i}"
        pairs.append(
            (
                Task(
                    id=id_, family="medcalc", category=row["Calculator Name"], split=split,  # type: ignore[arg-type]
                    cluster=str(row.get("Note ID") or i), prompt=TaskPrompt(question=row["Question"], documents=(row["Patient Note"],), contract=CONTRACTS[oracle]),
                    actions=ACTIONS, answer_type=oracle, oracle=OracleSpec(kind=oracle), privacy=Privacy.OPEN,
                    metadata={"calculator_id": number, "source": path.name},
                ),
                Gold(id=id_, answer=_answer(path, i, oracle, row["Ground Truth Answer"]), solution="", lang="python"),
            )
        )  # fmt: skip
    return pairs


def audit(path: Path) -> list[Finding]:
    """Every row: the label, our value (or why there is none), and whether the label passes."""
    findings = []
    for i, row in _rows(path):
        number, label = int(row["Calculator ID"]), row["Ground Truth Answer"]
        try:
            ours = CALCULATORS[number](Entities(ast.literal_eval(row["Relevant Entities"])))
            agrees = judge(OracleSpec(kind=kind(number)), label, ours).passed
        except (LookupError, AttributeError, TypeError, ValueError, SyntaxError, ArithmeticError) as error:
            ours, agrees = f"not computable from Relevant Entities ({type(error).__name__}: {error})", False
        findings.append(Finding(row.get("Row Number") or str(i), number, label, ours, agrees))
    return findings


def report(findings: list[Finding]) -> str:
    """How many labels disagree, of which calculators and at most by how much, and each such row."""
    wrong = [finding for finding in findings if not finding.agrees]
    lines = [f"{len(wrong)} of {len(findings)} labels disagree with our calculators"]
    for number in sorted({finding.calculator for finding in wrong}):
        rows = [finding for finding in wrong if finding.calculator == number]
        of = sum(finding.calculator == number for finding in findings)
        differences = [d for d in (finding.difference for finding in rows) if d is not None]
        most = f", by at most {max(differences, key=abs):+g}" if differences else ""
        lines.append(f"  calculator {number}: {len(rows)} of {of}{most}")
        for finding in rows:
            by = "" if finding.difference is None else f", {finding.difference:+g}"
            lines.append(f"    row {finding.row}: label {finding.label}, ours {finding.ours}{by}")
    return "\n".join(lines)


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    if not path.exists():
        raise UserError(f"{path}: no such file; give MedCalc-Bench's train or test CSV")
    if path.suffix in (".jsonl", ".parquet"):
        rows = [
            (i, {k: str(v) for k, v in row.items() if v is not None}) for i, (_, row) in enumerate(any_rows(path), 1)
        ]
        columns = rows[0][1].keys()
    else:
        reader = csv.DictReader(io.StringIO(_text(path), newline=""), strict=True)
        try:
            rows, columns = list(enumerate(reader, 2)), reader.fieldnames or ()
        except csv.Error as error:
            raise UserError(f"{path}: after line {reader.line_num}: no CSV: {error}; get the file again") from None
    missing = [c for c in COLUMNS if c not in columns]
    if missing:
        raise UserError(f"{path}: column {missing[0]!r} is missing; expected MedCalc-Bench's columns")
    for i, row in rows:
        for column in COLUMNS:
            if not row.get(column):
                raise UserError(f"{path}: row {i}: {column} is empty. No row of this file was used.")
        if not row["Calculator ID"].isdigit():
            raise UserError(f"{path}: row {i}: Calculator ID: {row['Calculator ID']!r} is no number. No row was used.")
        if int(row["Calculator ID"]) not in CALCULATORS:
            known = f"MedCalc-Bench has {len(CALCULATORS)} calculators, not this one"
            raise UserError(f"{path}: row {i}: Calculator ID: {row['Calculator ID']}: {known}. No row was used.")
    return rows


def _text(path: Path) -> str:
    """A CSV's text; the release has its training file zipped."""
    try:
        if path.suffix != ".zip":
            return path.read_bytes().decode("utf-8-sig")
        with zipfile.ZipFile(path) as archive:
            held = [name for name in archive.namelist() if name.endswith(".csv") and "__MACOSX" not in name]
            if len(held) != 1:
                raise UserError(f"{path}: holds {len(held)} CSV files; give MedCalc-Bench's own zip, or its CSV")
            return archive.read(held[0]).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: byte {error.start}: not UTF-8: save it as UTF-8, or get it again") from None
    except (zipfile.BadZipFile, zlib.error) as error:
        raise UserError(f"{path}: no readable zip: {error}; get it again") from None


def _answer(path: Path, row: int, oracle: str, text: str) -> Any:
    try:
        if oracle == "date":
            return f"{day(text):%m/%d/%Y}"
        if oracle == "weeks_days":
            return [int(x) for x in re.findall(r"\d+", text)[:2]]
        return round(float(text)) if oracle == "integer" else float(text)
    except ValueError:
        raise UserError(f"{path}: row {row}: Ground Truth Answer: {text!r} is no {oracle}. No row was used.") from None
