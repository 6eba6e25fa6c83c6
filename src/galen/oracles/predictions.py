"""A table of predicted probabilities against hidden labels: AUROC, and where it lies between a baseline and 1.

The table is CSV: one header line, then each row of the test set exactly once, known by its keys, in any order. A row that
is missing, doubled or unknown, and a value that is no number between 0 and 1, fail the whole table: a part of the test
set cannot be chosen. The metrics are scikit-learn's; ties count half. Source: Wornow et al. 2023 (EHRSHOT), who report
AUROC and AUPRC; the released MedAgentGym took the accuracy of whatever rows there were.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from galen.oracles.values import NUMBER
from galen.types import Frozen, Verdict

KIND = "predictions"
VERSION = 1
MAX_CHARS = 1 << 20  # of a table; as much as a sandbox hands over
MAX_CELL = 60
SUM_SLACK = 0.01  # how far the probabilities of the classes of one row may be from 1 in sum: they are printed rounded
DECIMALS = 6

Key = tuple[str, ...]


class Form(Frozen):
    """What a table looks like and how it is scored: an oracle's `params`.

    `keys` and `columns` name the table's columns: those that a row is known by, and those that hold probabilities.
    `labels` says what a gold row (its keys, then its label) has for a label: 0 or 1 with one column (`binary`), the
    number of a column (`classes`), or one 0 or 1 for each column in a text such as "0110" (`bits`).
    AUROC is the mean over columns (one class against the rest), those aside that are the same in every gold row.
    The reward is 0 at `baseline` or below and 1 at an AUROC of 1; `threshold` is the AUROC from which it has passed.
    """

    keys: tuple[str, ...] = Field(min_length=1)
    columns: tuple[str, ...] = Field(min_length=1)
    labels: Literal["binary", "classes", "bits"]
    baseline: float = Field(ge=0.5, lt=1)
    threshold: float = Field(gt=0.5, le=1)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len({*self.keys, *self.columns}) < len(self.keys) + len(self.columns):
            raise ValueError("two columns have one name")
        if (self.labels == "binary") != (len(self.columns) == 1):
            raise ValueError("one column goes with binary labels, several with classes or bits")
        if self.threshold <= self.baseline:
            raise ValueError("threshold is not above baseline")
        return self


def judge(submission: str, gold: Sequence[Sequence[Any]], params: dict[str, Any]) -> Verdict:
    """Pass iff the table is whole and its AUROC reaches the threshold. `gold` holds a row's keys and label each.

    Raises ValueError where `params` or `gold` are broken, such as labels that are all the same or doubled keys.
    """
    form = Form.model_validate(params)
    truth = {tuple(map(str, row[:-1])): _bits(row[-1], form) for row in gold}
    if len(truth) < len(gold):
        raise ValueError("two gold rows have the same keys")
    found = _read(submission, form, truth)
    if isinstance(found, str):
        return Verdict(reward=0.0, passed=False, checks={"table": found}, oracle=KIND, version=VERSION)
    auroc, auprc = _metrics(list(truth.values()), [found[key] for key in truth])
    return Verdict(
        reward=round(min(1.0, max(0.0, (auroc - form.baseline) / (1 - form.baseline))), DECIMALS),
        passed=auroc >= form.threshold,
        checks={"table": "whole", "rows": len(truth), "auroc": auroc, "auprc": auprc},
        oracle=KIND, version=VERSION,
    )  # fmt: skip


def _bits(label: Any, form: Form) -> list[int]:
    """One 0 or 1 for each column."""
    if form.labels == "classes":
        bits = [int(label == i) for i in range(len(form.columns))]
        if sum(bits) != 1:
            raise ValueError(f"gold label {label!r} is no class")
        return bits
    text = str(label)
    if len(text) != len(form.columns) or set(text) - {"0", "1"}:
        raise ValueError(f"gold label {label!r} is not one 0 or 1 for each of {len(form.columns)} columns")
    return [int(bit) for bit in text]


def _metrics(truth: list[list[int]], scores: list[list[float]]) -> tuple[float, float]:
    """AUROC and AUPRC, means over the columns whose labels vary."""
    from sklearn.metrics import average_precision_score, roc_auc_score  # takes a second, and only tables need it

    columns = [
        (t, s) for t, s in zip(zip(*truth, strict=True), zip(*scores, strict=True), strict=True) if len({*t}) > 1
    ]
    if not columns:
        raise ValueError("the gold labels are all the same: there is no AUROC")
    return tuple(  # type: ignore[return-value]
        round(math.fsum(float(metric(t, s)) for t, s in columns) / len(columns), DECIMALS)
        for metric in (roc_auc_score, average_precision_score)
    )


def _read(text: str, form: Form, known: dict[Key, Any]) -> dict[Key, list[float]] | str:
    """The probabilities by key, or what is wrong with the table."""
    if len(text) > MAX_CHARS:
        return f"longer than {MAX_CHARS} characters"
    try:
        lines = csv.reader(text.strip().splitlines(), strict=True)
        head = [name.strip() for name in next(lines, [])]
        names = (*form.keys, *form.columns)
        if sorted(head) != sorted(names):
            return f"its first line is not {','.join(names)}"
        places = [head.index(name) for name in names]
        found: dict[Key, list[float]] = {}
        for number, cells in enumerate(lines, 2):
            fault = _add(found, cells, places, form, known)
            if fault:
                return f"line {number}: {fault}"
    except csv.Error as error:
        return f"no CSV: {error}"
    if len(found) < len(known):
        return f"{len(known) - len(found)} of {len(known)} rows are missing"
    return found


def _add(
    found: dict[Key, list[float]], cells: list[str], places: list[int], form: Form, known: dict[Key, Any]
) -> str:  # fmt: skip
    """Put one line into `found`; what is wrong with it, if anything is."""
    if len(cells) != len(places):
        return f"{len(cells)} cells, not {len(places)}"
    ordered = [cells[place].strip() for place in places]
    key, values = tuple(ordered[: len(form.keys)]), ordered[len(form.keys) :]
    if key not in known:
        return "not a row of the test set"
    if key in found:
        return "a row that was there before"
    if not all(len(value) <= MAX_CELL and NUMBER.fullmatch(value) for value in values):
        return "a value is no number"
    numbers = [float(value) for value in values]
    if not all(0 <= number <= 1 for number in numbers):
        return "a value is not between 0 and 1"
    if form.labels == "classes" and abs(sum(numbers) - 1) > SUM_SLACK:
        return "the probabilities of its classes do not sum to 1"
    found[key] = numbers
    return ""
