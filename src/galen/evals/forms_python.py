"""Python in normal form: without comments, layout, labels of an output and rounding; variables that are bound once replaced by
their value, the others numbered; operands, comparisons, keywords and keys in one order; queries in their own normal form.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections import Counter
from collections.abc import Iterable
from copy import deepcopy

from galen.evals.forms import Form
from galen.evals.forms_sql import sql, sql_tokens

BUDGET = 500  # variables that are replaced by their value, of one program: a chain of doublings would have no end
_TOKEN = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|\d+(?:\.\d+)?|[^\W\d]\w*|[<>=!]=|\*\*|//|[^\w\s]")
_JOINED = "joined"  # what stands for an f-string: its own syntax knows quotes that a value may not have
_OWN = re.compile(r"v\d+")
# Structure, presentation and ways to fetch what was asked for.
_NEUTRAL = frozenset("()[]{},.:=;") | frozenset([
    "print", "import", "from", "as", "def", "return", "with", "lambda", "pass", "list", "tuple", "cursor", "fetchone",
    "fetchall", "params",
])  # fmt: skip


def python(program: str) -> Form:
    """A program that does not parse, or is nested too deep, is read token by token, without comments."""
    tree = parsed(program)
    try:
        return _flat_form(program) if tree is None else _form(program, tree)
    except RecursionError:
        return _flat_form(program)


def _form(program: str, tree: ast.Module) -> Form:
    normal = _Normal(tree)
    tokens = tuple(_TOKEN.findall(_unnamed(normal.visit(deepcopy(tree)), normal.chosen)))
    meaning = frozenset(t for t in tokens if t not in _NEUTRAL and not _OWN.fullmatch(t))
    queries = [sql(text) for text in normal.queries]
    named = frozenset[str]().union(*(query.tables for query in queries))
    return Form(tokens, meaning, program, named, tuple(normal.labels), frozenset(query.meaning for query in queries))


def _flat_form(program: str) -> Form:
    tokens = tuple(_TOKEN.findall(re.sub(r"(?m)#.*$", "", program)))
    return Form(tokens, frozenset(tokens) - _NEUTRAL, program)


def expressions(program: str, line: int | None, kinds: tuple[type[ast.AST], ...]) -> frozenset[str]:
    """The expressions of `kinds` in the statement at `line` (in all of them without a line), variables replaced by what
    they stand for; the line itself where the program does not parse. None of a statement that raises or asserts: that is a
    test, not what fails.
    """
    tree = parsed(program)
    if tree is None:
        lines = [text.strip() for text in program.splitlines()]
        return frozenset(lines if line is None else lines[line - 1 : line]) - {""}
    try:
        return _expressions(tree, line, kinds)
    except RecursionError:  # nested too deep
        return frozenset()


def _expressions(tree: ast.Module, line: int | None, kinds: tuple[type[ast.AST], ...]) -> frozenset[str]:
    normal = _Normal(tree)
    statements = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    if line is not None:
        at = [node for node in statements if node.lineno <= line <= (node.end_lineno or node.lineno)]
        statements = [max(at, key=lambda node: node.lineno)] if at else []
    found: set[str] = set()
    for statement in statements:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            found.add(ast.unparse(statement))
        elif not isinstance(statement, ast.Raise | ast.Assert):
            for part in _parts(statement):
                found |= {ast.unparse(x) for x in ast.walk(normal.visit(deepcopy(part))) if isinstance(x, kinds)}
    return frozenset(found)


def _parts(statement: ast.stmt) -> list[ast.expr]:
    """The expressions of a statement itself, without the statements in it."""
    parts = [node for node in ast.iter_child_nodes(statement) if isinstance(node, ast.expr)]
    return parts + [item.context_expr for item in getattr(statement, "items", [])]


def parsed(program: str) -> ast.Module | None:
    """A program's tree; None where it is no Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the agent's code: invalid escapes and the like
            return ast.parse(program)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # what `ast.parse` is documented to raise
        return None


class _Normal(ast.NodeTransformer):
    """Rewrites a tree into the normal form. `chosen` are the names that stay variables, `labels` and `queries` are filled."""

    def __init__(self, tree: ast.Module) -> None:
        nodes = list(ast.walk(tree))
        stored = [n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
        named = [n.name for n in nodes if isinstance(n, ast.FunctionDef | ast.ClassDef)]
        arguments = [n.arg for n in nodes if isinstance(n, ast.arg)]
        bound = Counter([*stored, *named, *arguments])
        values = {name: value for n in nodes for name, value in _given(n)}
        self._loaded = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
        self._once = {name: value for name, value in values.items() if bound[name] == 1}
        self._modules: dict[str, str] = {}
        for n in nodes:
            if isinstance(n, ast.Import):
                self._modules |= {a.asname: a.name for a in n.names if a.asname}
            elif isinstance(n, ast.ImportFrom):
                self._modules |= {a.asname or a.name: f"{n.module}.{a.name}" for a in n.names}
        self.chosen = set(bound) - set(self._once)
        self.labels: list[str] = []
        self.queries: list[str] = []
        self._open: set[str] = set()
        self._budget = BUDGET

    def visit_Name(self, node: ast.Name) -> ast.expr:
        value = self._once.get(node.id) if isinstance(node.ctx, ast.Load) else None
        if value is None or node.id in self._open or not self._budget:
            return ast.Name(self._modules.get(node.id, node.id), node.ctx)
        self._budget -= 1
        self._open.add(node.id)
        result = self.visit(deepcopy(value))
        self._open.discard(node.id)
        return result

    def visit_Import(self, node: ast.Import) -> ast.AST | None:
        kept = [ast.alias(a.name) for a in node.names if (a.asname or a.name).partition(".")[0] not in self._loaded]
        return ast.Import(kept) if kept else None

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        kept = [ast.alias(a.name) for a in node.names if (a.asname or a.name) not in self._loaded]
        return ast.ImportFrom(node.module, kept, node.level) if kept else None

    def visit_Assign(self, node: ast.Assign | ast.AnnAssign) -> ast.AST | None:
        names = [name for name, _ in _given(node)]
        if not names or not self._once.keys() >= set(names):
            return self.generic_visit(node)
        return None if self._loaded >= set(names) or not node.value else ast.Expr(self.visit(node.value))

    visit_AnnAssign = visit_Assign

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.expr:
        """Its parts without layout; one text where all of them are known."""
        parts = [self.visit(p.value) if isinstance(p, ast.FormattedValue) else p for p in node.values]
        known = [str(part.value) for part in parts if isinstance(part, ast.Constant)]
        if len(known) == len(parts):
            return self.visit_Constant(ast.Constant("".join(known)))
        return ast.Call(ast.Name(_JOINED, ast.Load()), [self.visit(p) if _is_text(p) else p for p in parts], [])

    def visit_With(self, node: ast.With) -> list[ast.stmt] | ast.AST:
        if not all(isinstance(i.optional_vars, ast.Name) and i.optional_vars.id in self._once for i in node.items):
            return self.generic_visit(node)
        return _flat(self.visit(statement) for statement in node.body)

    def visit_If(self, node: ast.If) -> list[ast.stmt] | ast.AST:
        if ast.unparse(node.test) in ("__name__ == '__main__'", "True", "1"):
            return _flat(self.visit(statement) for statement in node.body)
        return self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            return None
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.arg:
        return ast.arg(node.arg)  # without its type

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        node.returns = None
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if not isinstance(node.value, str):
            return node
        if re.match(r"\s*(?:select|with)\s", node.value, re.IGNORECASE):
            self.queries.append(node.value)
            return ast.Name(" ".join(sql_tokens(node.value)), ast.Load())
        if re.fullmatch(r"[\w/:.]+\?[\w=&.:-]+", node.value):  # an address with its parameters
            return ast.Tuple([ast.Constant(part) for part in re.split("[?&=]", node.value)], ast.Load())
        return ast.Constant(" ".join(node.value.split()))

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        if len(node.ops) != 1:
            return node
        [op], left, [right] = node.ops, node.left, node.comparators
        turned = {ast.Gt: ast.Lt, ast.GtE: ast.LtE}.get(type(op))
        if turned or (isinstance(op, ast.Eq | ast.NotEq) and ast.unparse(right) < ast.unparse(left)):
            return ast.Compare(right, [turned() if turned else op], [left])
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.Add | ast.Mult) and ast.unparse(node.right) < ast.unparse(node.left):
            return ast.BinOp(node.right, node.op, node.left)
        return node

    def visit_Dict(self, node: ast.Dict) -> ast.AST:
        self.generic_visit(node)
        items = sorted(zip(node.keys, node.values, strict=True), key=lambda item: ast.unparse(item[0] or item[1]))
        return ast.Dict([key for key, _ in items], [value for _, value in items])

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        keywords = sorted(node.keywords, key=lambda k: k.arg or "")
        if isinstance(node.func, ast.Name) and node.func.id == "dict" and not node.args:
            return ast.Dict([ast.Constant(k.arg) if k.arg else None for k in keywords], [k.value for k in keywords])
        if not (isinstance(node.func, ast.Name) and node.func.id == "print"):
            return ast.Call(node.func, node.args, keywords)
        shown = [part for arg in node.args for part in self._shown(arg)]
        return ast.Call(node.func, shown or node.args, [])

    def _shown(self, arg: ast.expr) -> list[ast.expr]:
        """What `print(arg)` says that is not its own label, without rounding and layout."""
        match arg:
            case ast.Constant(value=str(text)):
                self.labels.append(text)
                return []
            case ast.Call(func=ast.Name(id=name), args=parts) if name == _JOINED:
                return [x for part in parts for x in self._shown(part)]
            case ast.Call(func=ast.Name(id="round" | "str" | "repr" | "format" | "float"), args=[value, *_]):
                return self._shown(value) or [value]
            case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format"), args=values):
                self.labels += re.split(r"\{[^}]*\}", text)
                return [x for value in values for x in self._shown(value)]
            case ast.Subscript(value=ast.Call(func=ast.Attribute(attr="fetchone" | "fetchall")) as value):
                return [value]
            case ast.BinOp(left=left, op=ast.Add(), right=right) if _is_text(left) or _is_text(right):
                return self._shown(left) + self._shown(right)
            case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Mod(), right=right):
                self.labels += re.split(r"%[-.\d]*[a-z]", text)
                return [x for v in (right.elts if isinstance(right, ast.Tuple) else [right]) for x in self._shown(v)]
        return [arg]


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _given(node: ast.AST) -> list[tuple[str, ast.expr]]:
    """The names that an assignment or an item of `with` binds, with their values."""
    match node:
        case (
            ast.Assign(targets=[ast.Name(id=name)], value=value)
            | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
        ):
            return [(name, value)]
        case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)) if len(names) == len(values):
            return [(n.id, v) for n, v in zip(names, values, strict=True) if isinstance(n, ast.Name)]
        case ast.withitem(context_expr=value, optional_vars=ast.Name(id=name)):
            return [(name, value)]
    return []


def _flat(visited: Iterable[ast.AST | list[ast.stmt] | None]) -> list[ast.stmt]:
    return [s for v in visited if v is not None for s in (v if isinstance(v, list) else [v])]  # type: ignore[misc]


def _unnamed(tree: ast.AST, chosen: set[str]) -> str:
    """The program, its chosen names numbered in the order in which they come."""
    numbers: dict[str, str] = {}

    def number(found: re.Match[str]) -> str:
        return numbers.setdefault(found[0], f"v{len(numbers)}") if found[0] in chosen else found[0]

    return re.sub(r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"|[^\W\d]\w*", number, ast.unparse(tree))
