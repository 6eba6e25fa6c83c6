"""A shell command in normal form: by what it does to files."""

from __future__ import annotations

import re
import shlex

from galen.evals.forms import Form, plain
from galen.evals.forms_python import python
from galen.evals.forms_sql import sql

_HEREDOC = re.compile(
    r"^(?P<head>[^\n]*?)<<-?[ \t]*(['\"]?)(\w+)\2(?P<tail>[^\n]*)\n(?P<body>.*?)^[ \t]*\3[ \t]*$", re.DOTALL | re.MULTILINE
)  # fmt: skip
_PYTHON = re.compile(r"(?:\S*/)?python[\d.]*")


def shell(command: str, files: dict[str, str]) -> Form:
    """A command by what it does to files: a text written is that text, a program that is run is that program. `files`, the
    texts of the files that are known by name, is brought up to date.
    """
    parts: list[Form] = []

    def heredoc(found: re.Match[str]) -> str:
        line = found["head"] + found["tail"]
        if path := re.search(r">\s*(\S+)|\btee\s+(\S+)", line):
            parts.append(_write(path[1] or path[2], found["body"], files, add=">>" in line))
            return ""
        if _PYTHON.match(line.strip()):
            parts.append(python(found["body"]))
            return ""
        return found[0]

    for words in _commands(_HEREDOC.sub(heredoc, command)):
        parts.append(_command(words, files))
    program = next((p.program for p in reversed(parts) if p.program is not None), None)
    return Form(
        tuple(t for p in parts for t in p.tokens), frozenset[str]().union(*(p.meaning for p in parts)), program,
        frozenset[str]().union(*(p.tables for p in parts)), tuple(x for p in parts for x in p.labels),
    )  # fmt: skip


def _commands(text: str) -> list[list[str]]:
    """The simple commands of a text, as words. Where quotes do not close, its words as they are."""
    lexer = shlex.shlex(text, posix=True, punctuation_chars=";&|<>\n")
    lexer.whitespace = " \t\r"
    try:
        words = list(lexer)
    except ValueError:
        return [text.split()]
    found: list[list[str]] = [[]]
    for word in words:
        if set(word) <= set(";&\n"):
            found.append([])
        else:
            found[-1].append(word)
    return [words for words in found if words]


def _command(words: list[str], files: dict[str, str]) -> Form:
    if words[0] in ("echo", "printf") and words[-2:-1] in ([">"], [">>"]):
        return _write(words[-1], _said(words[:-2]), files, add=words[-2] == ">>")
    if _PYTHON.fullmatch(words[0]) and len(words) > 1:
        if words[1] == "-c" and len(words) > 2:
            return python(words[2])
        if (text := files.get(_base(words[1]))) is not None:
            form = python(text)
            return Form(("run", *form.tokens), form.meaning, text, form.tables, form.labels)
    if words[0] not in ("cat", "head", "tail", "ls", "wc", "grep", "chmod"):
        for path in {_base(word) for word in words} & files.keys():
            del files[path]  # what becomes of it is not known
    words = [word.rstrip("/") or word for word in words]
    return Form(tuple(words), frozenset(word for word in words if not word.startswith("-")))


def _said(words: list[str]) -> str:
    """What echo or printf write, with the escapes that both know; of a format with `%s` its arguments, one a line."""
    name, *said = [w for w in words if w not in ("-e", "-n")]
    if name == "printf" and said and "%s" in said[0]:
        said = ["\n".join(said[1:])]
    text = " ".join(said) + "\n" * (name == "echo" and "-n" not in words)
    return text.replace("\\n", "\n").replace("\\t", "\t").replace("%%", "%")


def _write(path: str, text: str, files: dict[str, str], *, add: bool) -> Form:
    name = _base(path)
    text = files.get(name, "") + text if add else text
    files[name] = text
    form = python(text) if name.endswith(".py") else sql(text) if name.endswith(".sql") else plain(text)
    return Form(("write", *form.tokens), form.meaning | {"write"}, tables=form.tables)


def _base(path: str) -> str:
    return path.rpartition("/")[2]
