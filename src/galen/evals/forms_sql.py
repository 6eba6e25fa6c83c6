"""SQL in normal form: without comments, aliases and the tables of columns; a comparison is one token, the smaller side first."""

from __future__ import annotations

import re
from collections.abc import Iterable

from galen.evals.forms import Form

_SQL = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|`[^`]*`|\d+(?:\.\d+)?|[^\W\d]\w*|<>|[<>=!]=|\|\||[^\w\s]")
_KEYWORDS = frozenset([
    "select", "from", "where", "group", "by", "order", "having", "limit", "offset", "join", "inner", "left", "right",
    "full", "outer", "cross", "natural", "on", "using", "and", "or", "not", "in", "is", "null", "like", "glob",
    "between", "distinct", "as", "case", "when", "then", "else", "end", "union", "all", "except", "intersect", "asc",
    "desc", "exists", "with", "over", "partition", "recursive", "cast",
])  # fmt: skip
_NEUTRAL = frozenset([
    "select", "from", "where", "and", "as", "on", "using", "with", "join", "in", "exists", "=", "(", ")", ",", "*", ".",
])  # fmt: skip
_AGGREGATES = ("count", "sum", "avg", "min", "max", "total")
_SAME = {"!=": "<>", "==": "="}
_TURNED = {">": "<", ">=": "<="}


def sql(query: str) -> Form:
    tokens = tuple(sql_tokens(query))
    words = {word for token in tokens for word in token.split(" ")}
    meaning = frozenset({*tokens, *words} - {t for t in tokens if _joins(t)}) - _NEUTRAL
    return Form(tokens, meaning, tables=tables(tokens), queries=frozenset((meaning,)))


def _joins(token: str) -> bool:
    """Whether a comparison is of one column in two tables, as `in` and `exists` compare it too."""
    left, equal, right = token.partition(" = ")
    return bool(equal) and left == right


def sql_tokens(query: str) -> list[str]:
    """A comparison is one token, the smaller side first; aliases, the columns' tables and words that change nothing go."""
    text = re.sub(r"--.*|/\*(?s:.*?)\*/", " ", query)
    tokens = [_SAME.get(t := _spelled(token), t) for token in _SQL.findall(text)]
    tokens = [t for t in _without_names(tokens) if t not in (";", "inner", "outer", "asc")]
    joined = " ".join(tokens)
    for pattern, same in (
        (r"\b(?:count|sum) \( 1 \)", "count ( * )"),
        (r"\bselect 1 from", "select * from"),
        (r"(\S+) between (\S+) and (\S+)", r"\1 >= \2 and \1 <= \3"),
        (r"\bin \( ([^\s(,]+) \)", r"= \1"),
        (r"\b1 = 1 and | (?:and|where) 1 = 1\b", " "),
        (r"\blike '([^']*)'", lambda found: found[0].lower()),
    ):
        joined = re.sub(pattern, same, joined)
    joined = re.sub(r" limit \d+$", "", joined)  # it did not matter where the answer is the same
    if re.match(rf"select (?:{'|'.join(_AGGREGATES)}) \(", joined) and " group by " not in joined:
        joined = re.sub(r" order by\b[^()]*$", "", joined)  # one row has no order
    return _compared(_SQL.findall(joined))


def _spelled(token: str) -> str:
    """Names in lower case and without quotes, a quoted number as a number; other strings as they are."""
    if token.startswith("'"):
        return token[1:-1] if re.fullmatch(r"'\d+(?:\.\d+)?'", token) else " ".join(token.split())
    return token.strip('"`').lower()


def _without_names(tokens: list[str]) -> list[str]:
    """Without the names that the query gives to columns and tables, and without `table.` before a column."""
    kept: list[str] = []
    own: set[str] = set()
    for i, token in enumerate(tokens):
        before, after = tokens[i - 1] if i else "", tokens[i + 1] if i + 1 < len(tokens) else ""
        is_name = re.fullmatch(r"[^\W\d]\w*", token) is not None and token not in _KEYWORDS
        is_value = before == ")" or (re.fullmatch(r"\w+", before) is not None and before not in _KEYWORDS)
        if is_name and (before == "as" or is_value or (after == "as" and before in ("with", ","))):
            own |= {token} - set(kept)  # what was there before it was given is a column's name too
        elif not (is_name and after == ".") and token not in (".", "as"):
            kept.append(token)
    return [token for token in kept if token not in own]


def _compared(tokens: list[str]) -> list[str]:
    """Each comparison of two simple sides as one token."""
    found: list[str] = []
    i = 0
    while i < len(tokens):
        token = tokens[i]
        if token not in ("=", "<>", "<", "<=", ">", ">=") or not found or i + 1 == len(tokens):
            found.append(token)
            i += 1
            continue
        start = len(found) - 1
        if found[start] == ")":
            while start and found[start] != "(":
                start -= 1
            start = max(start - 1, 0)
        left, right = " ".join(found[start:]), tokens[i + 1]
        i += 2
        if right == "-" and i < len(tokens):
            right, i = f"-{tokens[i]}", i + 1
        if token in _TURNED or (token in ("=", "<>") and right < left):
            left, right = right, left
        found[start:] = [f"{left} {_TURNED.get(token, token)} {right}"]
    return found


def tables(tokens: Iterable[str]) -> frozenset[str]:
    """The tables that a query names."""
    clauses = re.findall(r"\b(?:from|join) ((?:\w+)(?: , \w+)*)", " ".join(tokens))
    return frozenset(name for clause in clauses for name in clause.split(" , ")) - _KEYWORDS
