"""The debugging action, offline: a raw error becomes what failed, on which line, what is nearest, and what to try.

Grounded in the task's own schema and the code's own names; nothing is guessed that they do not hold.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable

from rapidfuzz import fuzz, process

from galen.tasks.base import Vocabulary

NEAR = 55
KEYWORDS = tuple(
    [
        "select",
        "from",
        "where",
        "group",
        "by",
        "order",
        "limit",
        "join",
        "using",
        "on",
        "and",
        "or",
        "not",
        "in",
        "is",
        "null",
        "like",
        "between",
        "distinct",
        "count",
        "sum",
        "avg",
        "min",
        "max",
        "having",
        "desc",
        "asc",
        "as",
        "case",
        "when",
        "then",
        "else",
        "end",
        "union",
    ]
)


def explain(error: str, code: str, vocabulary: Vocabulary, *, compact: bool = False) -> str:
    """A plain-language explanation of `error`, which `code` raised. `compact` says it in one line."""
    text = error.strip()
    if not text:
        return "there is no error to explain: run code first."
    what, near, advice = _diagnose(text, code, vocabulary)
    line = _line(text, code)
    parts = [what, f"line {line}" if line else "", f"nearest: {near}" if near else "", advice]
    if compact:
        return ". ".join(p for p in parts if p) + "."
    source = code.splitlines()[line - 1].strip() if line and line <= len(code.splitlines()) else ""
    lines = [f"What failed: {what}."]
    if line:
        lines.append(f"Where: line {line}" + (f": {source}" if source else "") + ".")
    if near:
        lines.append(f"Nearest known: {near}.")
    return "\n".join([*lines, f"Try: {advice}."])


def _diagnose(text: str, code: str, vocabulary: Vocabulary) -> tuple[str, str, str]:
    """What failed, the nearest known name (or nothing), and what to try."""
    for pattern, rule in RULES:
        found = re.search(pattern, text)
        if found:
            return rule(found, code, vocabulary)
    last = next((ln for ln in reversed(text.splitlines()) if ln.strip()), text)
    return last.strip(), "", "read the message and simplify the code until it runs"


def _nearest(name: str, known: Iterable[str]) -> str:
    found = process.extractOne(name, list(known), scorer=fuzz.ratio, score_cutoff=NEAR)
    return found[0] if found else ""


def _line(text: str, code: str) -> int | None:
    """The failing line in the agent's own code: the last frame of a traceback, or a name's place in SQL."""
    frames = re.findall(r'File "<action>", line (\d+)', text)
    if frames:
        return int(frames[-1])
    named = re.search(r'(?:no such (?:column|table|function): |near "|ambiguous column name: )([\w.]+)', text)
    if named:
        for i, line in enumerate(code.splitlines(), 1):
            if named.group(1) in line:
                return i
    return None


def _column(m: re.Match[str], code: str, v: Vocabulary) -> tuple[str, str, str]:
    name = m.group(1).rpartition(".")[2]
    used = {t: cs for t, cs in v.tables.items() if re.search(rf"\b{t}\b", code.lower())}
    where = used or v.tables
    column = _nearest(name.lower(), {c for cs in where.values() for c in cs})
    if column == name.lower() or not column:
        column = _nearest(name.lower(), {c for cs in v.tables.values() for c in cs})
    owners = [t for t, cs in where.items() if column in cs] or [t for t, cs in v.tables.items() if column in cs]
    return (
        f"no such column: {m.group(1)}",
        f"{column} in {owners[0]}" if column else "",
        "use that column or join its table",
    )


def _table(m: re.Match[str], code: str, v: Vocabulary) -> tuple[str, str, str]:
    return f"no such table: {m.group(1)}", _nearest(m.group(1).lower(), v.tables), "use that table"


def _function(m: re.Match[str], code: str, v: Vocabulary) -> tuple[str, str, str]:
    known = ("count", "sum", "avg", "min", "max", "julianday", "datetime", "strftime", "substr", "round", "abs")
    return f"no such function: {m.group(1)}", _nearest(m.group(1).lower(), known), "use that function"


def _near_token(m: re.Match[str], code: str, v: Vocabulary) -> tuple[str, str, str]:
    word = m.group(1)
    before = code[: code.find(word)].split() if word in code else []
    suspects = [w for w in (*before[-1:], word) if w.isalpha() and w.lower() not in KEYWORDS]
    near = next((k for w in suspects if (k := _nearest(w.lower(), KEYWORDS))), "")
    return f'syntax error near "{word}"', near, "check the spelling just before it"


def _ambiguous(m: re.Match[str], code: str, v: Vocabulary) -> tuple[str, str, str]:
    name = m.group(1)
    owners = [t for t, cs in v.tables.items() if name.lower() in cs and re.search(rf"\b{t}\b", code.lower())]
    return (
        f"ambiguous column: {name}",
        ", ".join(f"{t}.{name}" for t in owners[:2]),
        "write the table before the column",
    )


def _code_names(code: str) -> set[str]:
    return set(re.findall(r"\b([A-Za-z_]\w*)\s*(?:=(?!=)|,[\w\s,]*=(?!=))", code)) | set(re.findall(r"import (\w+)|def (\w+)", code) and [
        n for pair in re.findall(r"import (\w+)|def (\w+)", code) for n in pair if n
    ])  # fmt: skip


def _name(m: re.Match[str], code: str, v: Vocabulary) -> tuple[str, str, str]:
    name = m.group(1)
    known = (_code_names(code) | set(v.names) | {"print", "round", "sum", "len", "min", "max", "float", "int"}) - {name}
    near = _nearest(name, known)
    modules = set(sys.stdlib_module_names) | {"numpy", "pandas", "scipy"}
    advice = (
        f"import {name} first" if name in modules else "use that name" if near else f"define {name} before using it"
    )
    return f"name {name} is not defined", near, advice


def _plain(what: str, advice: str):
    def rule(m: re.Match[str], code: str, v: Vocabulary) -> tuple[str, str, str]:
        return what.format(*m.groups()), "", advice.format(*m.groups())

    return rule


def _key(m: re.Match[str], code: str, v: Vocabulary) -> tuple[str, str, str]:
    key = m.group(1).strip("'\"")
    known = (
        set(re.findall(r"['\"](\w+)['\"]", code)) - {key} | {c for cs in v.tables.values() for c in cs} | set(v.names)
    )
    near = _nearest(key, known)
    return f"there is no key {key}", near, "use that key" if near else "print the keys that there are"


def _attribute(m: re.Match[str], code: str, v: Vocabulary) -> tuple[str, str, str]:
    known = {"str": dir(str), "list": dir(list), "dict": dir(dict), "int": dir(int), "float": dir(float)}.get(
        m.group(1), []
    )
    return f"{m.group(1)} has no {m.group(2)}", _nearest(m.group(2), known), "use what that type has"


RULES = (
    (r"no such column: ([\w.]+)", _column),
    (r"cannot join using column (\w+)", _column),
    (r"no such table: ([\w.]+)", _table),
    (r"no such function: (\w+)", _function),
    (r'near "([^"]+)": syntax error', _near_token),
    (r"ambiguous column name: ([\w.]+)", _ambiguous),
    (r"misuse of aggregate: (\w+)", _plain("aggregate {0} where no aggregate may stand", "move it to having, or to a subquery")),
    (r"incomplete input", _plain("the statement stops too early", "close every bracket and quote")),
    (r"unrecognized token: (.+)", _plain("a token that SQL does not know: {0}", "close the quote; write two single quotes inside text")),
    (r"timed out", _plain("it ran out of time", "read fewer rows, or filter earlier")),
    (r"MemoryError", _plain("it ran out of memory", "load fewer rows at a time")),
    (r"NameError: name '(\w+)' is not defined", _name),
    (r"KeyError: (.+)", _key),
    (r"AttributeError: (?:type object )?'?(\w+)'?(?: object)? has no attribute '(\w+)'", _attribute),
    (r"AttributeError: module '(\w+)' has no attribute '(\w+)'", _plain("module {0} has no {1}", "check the spelling of {1}")),
    (r"ZeroDivisionError", _plain("a division by zero", "check the number you divide by")),
    (r"ModuleNotFoundError: No module named '([\w.]+)'", _plain("{0} is not installed", "do without {0}")),
    (r"ImportError: cannot import name '(\w+)' from '([\w.]+)'", _plain("{1} has no {0}", "check the name {0}")),
    (r"FileNotFoundError: .*?'([^']+)'", _plain("there is no file {0}", "list the folder to see the right path")),
    (r"IndexError: (.+)", _plain("{0}", "check how long it is first")),
    (r"(?:Syntax|Indentation|Tab)Error: (.+)", _plain("syntax error: {0}", "mend the syntax of that line")),
    (r"ValueError: (.+)", _plain("bad value: {0}", "check the text or the range before you convert it")),
    (r"TypeError: (.+)", _plain("wrong type: {0}", "convert the values first, or check the arguments")),
)  # fmt: skip
