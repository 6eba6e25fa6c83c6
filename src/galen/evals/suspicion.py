"""Passes that look like luck: right answers that no program stands behind."""

from __future__ import annotations

import ast
import re
from enum import StrEnum

from galen.evals.failures import unresolved
from galen.evals.forms_python import parsed
from galen.evals.program_errors import RAN
from galen.types import Action, ActionKind, Episode


class Suspicion(StrEnum):
    """`no_code`: nothing was run. `constant`: the last program that ran reads and computes nothing. `unseen`: what was
    submitted stands in no output. `failed_code`: the last program failed.
    """

    NO_CODE = "no_code"
    CONSTANT = "constant"
    UNSEEN = "unseen"
    FAILED_CODE = "failed_code"


def suspicions(episode: Episode) -> list[Suspicion]:
    """Why a pass looks like a guess; nothing for a failure, or a pass that a program stands behind."""
    if not episode.success:
        return []
    ran = [t for t in episode.turns if isinstance(t.action, Action) and t.action.kind in RAN]
    if not ran:
        return [Suspicion.NO_CODE]
    last = ran[-1].action
    assert isinstance(last, Action)
    found = []
    if last.kind is ActionKind.CODE_EXECUTION and constant(last.content, last.lang):
        found.append(Suspicion.CONSTANT)
    answer = (episode.submission or "").strip().lower()
    shown = [t.observation for t in episode.turns if t.observation]
    if not any(o.cut_chars or answer in o.text.lower() for o in shown):  # where output was cut, nobody knows
        found.append(Suspicion.UNSEEN)
    if unresolved(episode.turns) is not None:
        found.append(Suspicion.FAILED_CODE)
    return found


def constant(code: str, lang: str | None) -> bool:
    """Whether a program prints nothing but what is written in it: SQL without a table, Python that calls only print."""
    if lang == "sql":
        return not re.search(r"\b(?:from|join)\b", code, re.IGNORECASE)
    tree = parsed(code)
    if tree is None:
        return False
    nodes = list(ast.walk(tree))
    computes = (
        ast.BinOp,
        ast.Import,
        ast.ImportFrom,
        ast.For,
        ast.While,
        ast.comprehension,
        ast.Compare,
        ast.Subscript,
    )
    calls = [n.func for n in nodes if isinstance(n, ast.Call)]
    return not any(isinstance(n, computes) for n in nodes) and all(
        isinstance(f, ast.Name) and f.id in ("print", "str", "round", "float", "int", "repr") for f in calls
    )
