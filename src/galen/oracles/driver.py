"""What runs inside the grader's jail: it puts a submission into its context, makes the hidden calls, and reports what came out.

Its source text is sent in; standard library only. Nothing that it reports is trusted: the calls' right outcomes never come
here, and the comparison is made outside.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import math
import os
import sys
import types
from collections.abc import Sequence
from typing import Any

MARKER = "<<insert solution here>>"
STATEMENTS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)


def encode(value: Any) -> Any:
    """A value as JSON: tuples and arrays as lists, dictionaries and sets without their order, what is no data by its type."""
    if value is None or isinstance(value, bool | str | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"float": repr(float(value))}
    if isinstance(value, list | tuple):
        return [encode(item) for item in value]
    if isinstance(value, dict):
        return {
            "dict": sorted(([encode(k), encode(v)] for k, v in value.items()), key=lambda pair: json.dumps(pair[0]))
        }
    if isinstance(value, set | frozenset):
        return {"set": sorted(map(encode, value), key=json.dumps)}
    if hasattr(value, "tolist"):
        return encode(value.tolist())
    return {"object": type(value).__name__}


def outcome(function: Any, arguments: list[Any]) -> dict[str, Any]:
    """What a call gives: `value`, or the names of the exception's classes in `raises`."""
    try:
        return {"value": encode(function(*arguments))}
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the outcome
        return {"raises": [kind.__name__ for kind in type(error).__mro__]}


def fault(text: str, name: str) -> str:
    """Why a submission is none: it must be imports, assignments, classes and functions, `name` once among these."""
    tree = ast.parse(text)
    for i, node in enumerate(tree.body):
        if not isinstance(node, STATEMENTS) and not (i == 0 and ast.get_docstring(tree) is not None):
            return f"line {node.lineno}: neither an import, an assignment, a class nor a function"
    found = sum(isinstance(node, ast.FunctionDef) and node.name == name for node in tree.body)
    return "" if found == 1 else f"defines {name} {found} times"


def printed(program: str) -> dict[str, Any]:
    """What a program prints: `printed`, or the names of the exception's classes in `raises`."""
    out = io.StringIO()
    module = sys.modules["solution"] = types.ModuleType("solution")
    module.__dict__["__name__"] = "__main__"
    try:
        with contextlib.redirect_stdout(out):
            exec(compile(program, "solution.py", "exec", dont_inherit=True), module.__dict__)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the outcome
        return {"raises": [kind.__name__ for kind in type(error).__mro__], "message": str(error)[:200]}
    return {"printed": out.getvalue()}


def report(text: str, name: str, context: str = "", calls: Sequence[str] = (), programs: Sequence[str] = ()) -> dict:
    """The outcomes of `calls` of the function in its context, each a JSON list of arguments, and of `programs`, each a
    context of its own; or the fault of the submission.
    """
    if why := fault(text, name):
        return {"fault": why}
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        outcomes = [printed(program.replace(MARKER, text)) for program in programs]
        if calls:
            module = sys.modules["solution"] = types.ModuleType("solution")
            before, _, after = context.partition(MARKER)
            for part in (before, text, after):
                exec(compile(part, "solution.py", "exec", dont_inherit=True), module.__dict__)
            function = getattr(module, name)
            outcomes += [outcome(function, json.loads(call)) for call in calls]
    return {"outcomes": outcomes}


def main(asked: str) -> None:
    """Run the request `asked`, and write its report to standard output, which the submission does not print to."""
    out = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    answer = json.dumps(report(**json.loads(asked))).encode()
    while answer:
        answer = answer[os.write(out, answer) :]
