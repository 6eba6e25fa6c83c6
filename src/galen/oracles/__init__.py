"""Oracles: pure functions from a submission and its gold to a verdict."""

from __future__ import annotations

from typing import Any

from galen.errors import unknown
from galen.oracles import predictions, rows, values
from galen.types import OracleSpec, Verdict

NONE = "none"  # of a task that nothing can grade: its episodes have no reward, and a verifier may judge them
KINDS = {
    "rows": rows.judge,
    "integer": lambda submission, gold, _: values.integer(submission, gold),
    "decimal": lambda submission, gold, params: values.decimal(submission, gold, **params),
    "date": lambda submission, gold, _: values.day(submission, gold),
    "weeks_days": lambda submission, gold, _: values.weeks_days(submission, gold),
    predictions.KIND: predictions.judge,
}


def judge(spec: OracleSpec, submission: str | None, gold: Any) -> Verdict:
    """The verdict of the oracle that `spec` names; no submission fails. The oracle "none" gives no reward (law 3)."""
    if spec.kind == NONE:
        return Verdict(reward=None, passed=False, oracle=NONE, version=1)
    if spec.kind not in KINDS:
        raise unknown("oracle", spec.kind, [NONE, *KINDS])
    if submission is None:
        return Verdict(reward=0.0, passed=False, checks={"submitted": False}, oracle=spec.kind, version=0)
    return KINDS[spec.kind](submission, gold, spec.params)
