"""`paper_oracle`: how the released MedAgentGym (commit e1e639e) judged an episode, so that its numbers can be compared.

It judged after every action, by all that the code printed, and the first success ended the episode: an episode passes
iff one of its outputs does. Each rule is kept with its defects; never train on it. Ours are the other functions of
`galen.oracles`. Source: the released `env/task/*.py`, described anew.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from galen.errors import unknown
from galen.oracles.paper_fhir import released
from galen.types import Verdict

VERSION = 1
TOLERANCE = 0.05
POWER_TOLERANCE = 0.01
FAILED = re.compile(
    r'^(?:timed out after|killed: |exit code )|File "<action>", line ', re.MULTILINE
)  # as an agent is shown it
WORDS = {"True": "1", "False": "0", "None": "0"}


def paper_oracle(family: str, outputs: Sequence[str], gold: Any) -> Verdict:
    """The released verdict on `outputs`, what each run of code printed (its errors too), in order.

    `gold` is ours (rows, a value, a boolean); it is brought to the form that the released grader read.
    """
    if family not in RULES:
        raise unknown("family of the paper's oracle", family, RULES)
    hits = [i for i, output in enumerate(outputs) if RULES[family](output, gold)]
    checks = {"outputs": len(outputs), "passed_at": hits[0] if hits else None}
    return Verdict(reward=float(bool(hits)), passed=bool(hits), checks=checks, oracle="paper", version=VERSION)


def substring(output: str, gold: Any) -> bool:
    """mimic_iii, eicu, treqs: the first answer stands anywhere in the output; then the same with 1 and 0 for words."""
    first = _first(gold)
    if first in output:
        return True
    said = output.replace("True", "1") if "True" in output else output.replace("False", "0")
    wanted = WORDS.get(first, first)
    if ", " in wanted:
        return all(part in said for part in wanted.split(", "))
    return wanted.removesuffix(".0") in said


def either_limit(output: str, gold: Any) -> bool:
    """medcalc: at least one of the two limits holds, so that any positive number passes; dates and weeks never do."""
    try:
        said, truth = float(output), float(gold)
    except (TypeError, ValueError):
        return False
    return truth >= said * (1 - TOLERANCE) or truth <= said * (1 + TOLERANCE)


def word(output: str, gold: Any) -> bool:
    """ehrcon: `true` anywhere is yes, else `false` anywhere is no."""
    text = output.lower()
    said = True if "true" in text else False if "false" in text else None
    return said is _inconsistent(gold)


def always(output: str, gold: Any) -> bool:
    """ehr_seqsql: every run of code passes, a failing one too."""
    return True


def size_or_power(output: str, gold: Any) -> bool:
    """npowerai: a size is equal as Python's `int` reads it, a power lies within 1 %."""
    try:
        if isinstance(gold, int):
            return int(output) == gold
        return gold * (1 - POWER_TOLERANCE) < float(output) < gold * (1 + POWER_TOLERANCE)
    except ValueError:
        return False


def ends_well(output: str, gold: Any) -> bool:
    """biodsbench: a program that ends without an error; its asserts, of a key that is never set, were never run."""
    return FAILED.search(output) is None


def any_table(output: str, gold: Any) -> bool:
    """ehrshot, mimic_extract: whatever table there is ends the episode as a success; `accuracy` was its score."""
    return accuracy(output, gold) is not None


def accuracy(output: str, gold: Any) -> float | None:
    """The share of the rows that were handed in whose label is right; a patient's last label counts for all of theirs."""
    labels = {str(row[0]): row[-1] for row in gold}
    rows = [line.split(",") for line in output.splitlines()]
    said = {row[0]: label for row in rows if row[0] in labels and (label := _label(row)) is not None}
    return sum(str(labels[patient]) == label for patient, label in said.items()) / len(said) if said else None


def _label(row: list[str]) -> str | None:
    """The label that a row of probabilities or labels comes to: one column is rounded, of several the largest counts."""
    try:
        values = [float(cell) for cell in row[2 if len(row) > 2 else 1 :]]
    except ValueError:
        return None
    if len(values) > 1:
        return str(values.index(max(values)))
    return str(int(values[0] >= 0.5)) if values else None


def one_case(output: str, gold: Any) -> bool:
    """biocoder: all of the output is, letter by letter, what the module prints with the reference in it, of one case."""
    last = gold["outcomes"][-1]
    return "raises" not in last and output == last.get("printed", f"{last.get('value')}\n")


RULES: dict[str, Callable[[str, Any], bool]] = {
    "mimic_iii": substring, "eicu": substring, "treqs": substring, "ehr_seqsql": always, "ehrcon": word,
    "medcalc": either_limit, "medagentbench": released, "biocoder": one_case, "biodsbench": ends_well, "ehrshot": any_table,
    "mimic_extract": any_table, "npowerai": size_or_power,
}  # fmt: skip


def _inconsistent(gold: Any) -> bool:
    """The boolean behind an EHRCon answer: a boolean, a count, or claims as (line, inconsistent columns or "ok", …)."""
    if not isinstance(gold, list):
        return bool(gold)
    return any(bool(row[0]) if len(row) == 1 else row[1] != "ok" for row in gold)


def _first(gold: Any) -> str:
    """The one element of an answer that was read: the first row, its cells joined by ', '."""
    row = gold[0] if isinstance(gold, list) and gold else gold
    return ", ".join(map(str, row)) if isinstance(row, list) else str(row)
