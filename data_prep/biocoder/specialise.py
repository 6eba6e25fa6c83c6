"""One variant of a reference as the function that would be handed in: its parameters of behaviour fixed, dead branches cut."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import cache
from typing import Any

from data_prep.biocoder.function import source_of

LEAVES = (ast.Return, ast.Raise, ast.Continue, ast.Break)


def solution(reference: Callable[..., Any], values: dict[str, Any], source: str) -> str:
    """The variant `values` of `reference` as source text, below those imports of its module (`source`) that it needs.

    What it needs beside those is in its context.
    """
    tree = ast.parse(source_of(reference))
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    function.args.kwonlyargs, function.args.kw_defaults = [], []
    function.body = _Fixed(values).block(function.body)
    text = ast.unparse(ast.fix_missing_locations(function))
    return "\n".join([*_imports(source, text), "", "", text]).lstrip("\n") + "\n"


def _imports(source: str, text: str) -> list[str]:
    used = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    lines = []
    for node in _all_imports(source):
        names = [alias for alias in node.names if (alias.asname or alias.name) in used]
        if names:
            kept = ast.Import(names) if isinstance(node, ast.Import) else ast.ImportFrom(node.module, names, node.level)
            lines.append(ast.unparse(kept))
    return lines


@cache
def _all_imports(source: str) -> list[ast.Import | ast.ImportFrom]:
    """Those of a module that are not of this project's."""
    body = ast.parse(source).body
    return [
        n for n in body if isinstance(n, ast.Import) or (isinstance(n, ast.ImportFrom) and _foreign(n.module or ""))
    ]


def _foreign(module: str) -> bool:
    return module != "__future__" and not module.startswith("data_prep")


class _Fixed(ast.NodeTransformer):
    """Puts constants in place of names, and follows what they decide."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values

    def block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """The statements that can be reached."""
        kept: list[ast.stmt] = []
        for statement in body:
            found = self.visit(statement)
            kept += found if isinstance(found, list) else [found]
            if kept and isinstance(kept[-1], LEAVES):
                break
        return kept

    def generic_visit(self, node: ast.AST) -> ast.AST:
        for name in ("body", "orelse", "finalbody"):
            inner = getattr(node, name, None)
            if isinstance(inner, list):
                setattr(node, name, self.block(inner) or ([ast.Pass()] if name == "body" else []))
        for name, value in ast.iter_fields(node):
            if isinstance(value, ast.AST):
                setattr(node, name, self.visit(value))
            elif isinstance(value, list) and name not in ("body", "orelse", "finalbody"):
                value[:] = [self.visit(item) if isinstance(item, ast.AST) else item for item in value]
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        known = node.id in self._values and isinstance(node.ctx, ast.Load)
        return ast.Constant(self._values[node.id]) if known else node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        parts = [node.left, *node.comparators]
        literal = all(_literal(part) for part in parts)
        return ast.Constant(eval(ast.unparse(node), {"__builtins__": {}})) if literal else node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.Not) and isinstance(node.operand, ast.Constant):
            return ast.Constant(not node.operand.value)
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        decides = isinstance(node.op, ast.Or)
        known = [
            value.value for value in node.values if isinstance(value, ast.Constant) and isinstance(value.value, bool)
        ]
        kept = [
            value for value in node.values if not (isinstance(value, ast.Constant) and isinstance(value.value, bool))
        ]
        if decides in known or not kept:
            return ast.Constant(decides if decides in known else not decides)
        return ast.BoolOp(node.op, kept) if len(kept) > 1 else kept[0]

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.test, ast.Constant):
            return node.body if node.test.value else node.orelse
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        self.generic_visit(node)
        node.ifs = [test for test in node.ifs if not (isinstance(test, ast.Constant) and test.value is True)]
        return node

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        node.test = self.visit(node.test)
        if isinstance(node.test, ast.Constant):
            return self.block(node.body if node.test.value else node.orelse)
        return self.generic_visit(node)


def _literal(node: ast.expr) -> bool:
    """Whether it is a constant, or a tuple of constants."""
    return isinstance(node, ast.Constant) or (isinstance(node, ast.Tuple) and all(map(_literal, node.elts)))
