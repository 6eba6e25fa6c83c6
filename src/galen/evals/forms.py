"""The normal form of what an agent writes, in which `galen.evals.repeats` compares it: what it does, apart from how it is written.

Tokens, not characters, so that short programs are compared as fairly as long ones. Nothing is run or proved: the rules
of `forms_python`, `forms_sql` and `forms_shell` know rewritings that change no meaning.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from galen.tasks.database import FILLERS


@dataclass(frozen=True)
class Form:
    """`tokens` in order; `meaning`, those that make it another question; `program`, its Python text, if it has one;
    `tables` that its SQL names; `queries`, what each query of it means; `labels`, the words that it prints itself.
    """

    tokens: tuple[str, ...]
    meaning: frozenset[str]
    program: str | None = None
    tables: frozenset[str] = frozenset()
    labels: tuple[str, ...] = ()
    queries: frozenset[frozenset[str]] = frozenset()


def plain(text: str) -> Form:
    """Text in no language: its words in lower case; what a request asks for is said by those that its answer goes by."""
    words = tuple(re.findall(r"[\w.]+", text.lower()))
    return Form(words, frozenset(words) - FILLERS or frozenset(words))
