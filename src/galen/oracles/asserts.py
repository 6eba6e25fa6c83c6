"""Published asserts on named variables (BioDSBench, Wang et al. 2024), evaluated on data alone.

The variables are rebuilt from a submission's text (`galen.oracles.variables`), so that no object of the agent's takes part.
The asserts are not run as Python: an interpreter walks their syntax tree and knows no more than comparisons, arithmetic, a
few functions and pandas' reading methods. What else a test needs is told by `refused` before it becomes a task. The
upstream tolerance of 1e-8 is too tight between versions of libraries; floats are equal within a relative 1e-6.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Iterator
from typing import Any

from galen.oracles.rebuilt import rebuilt
from galen.oracles.variables import Unreadable, parse
from galen.types import Verdict

VERSION = 1
TOLERANCE = 1e-6
SMALL = 1e-3  # abs(x - y) below this asks for equality
MAX_STEPS = 20_000
MODULES = ("np", "numpy", "pd", "pandas", "math")
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": abs, "all": all, "any": any, "bool": bool, "dict": dict, "float": float, "int": int, "isinstance": isinstance, "len": len,
    "list": list, "max": max, "min": min, "round": round, "set": set, "sorted": sorted, "str": str, "sum": sum, "tuple": tuple,
}  # fmt: skip
MODULE_FUNCTIONS = (
    "DataFrame", "Series", "abs", "allclose", "array", "float64", "floating", "int64", "integer", "isclose", "isfinite", "isinf",
    "isna", "isnan", "isnull", "mean", "median", "nan", "inf", "ndarray", "notna", "notnull", "round", "sum",
)  # fmt: skip
READING = (
    "T", "abs", "all", "any", "astype", "at", "columns", "copy", "count", "dropna", "dtype", "dtypes", "empty", "endswith", "equals", "fillna",
    "get", "head", "iat", "idxmax", "idxmin", "iloc", "index", "isin", "isna", "isnull", "issubset", "item", "items", "keys", "loc", "lower", "max",
    "mean", "median", "min", "name", "names", "ndim", "notna", "notnull", "nunique", "quantile", "reset_index", "round", "set_index",
    "shape", "size", "sort_index", "sort_values", "squeeze", "startswith", "std", "strip", "sum", "tail", "to_dict", "to_list", "to_numpy",
    "tolist", "unique", "upper", "value_counts", "values", "var",
)  # fmt: skip
ARITHMETIC: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Div: operator.truediv, ast.Mod: operator.mod, ast.Mult: operator.mul,
    ast.BitAnd: operator.and_, ast.BitOr: operator.or_,
}  # fmt: skip
COMPARISONS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Eq: lambda x, y: equal(x, y), ast.NotEq: lambda x, y: not_equal(x, y), ast.Lt: operator.lt, ast.LtE: operator.le,
    ast.Gt: operator.gt, ast.GtE: operator.ge, ast.In: lambda x, y: x in y, ast.NotIn: lambda x, y: x not in y,
    ast.Is: operator.is_, ast.IsNot: operator.is_not,
}  # fmt: skip
KNOWN = (
    ast.Module, ast.Assert, ast.Assign, ast.For, ast.Import, ast.alias, ast.Expr, ast.Name, ast.Constant, ast.Attribute, ast.Subscript,
    ast.Slice, ast.Call, ast.keyword, ast.Compare, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.UAdd, ast.Invert, ast.BinOp,
    ast.List, ast.Tuple, ast.Set, ast.Dict, ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.comprehension, ast.Load, ast.Store,
    ast.JoinedStr, ast.FormattedValue, *ARITHMETIC, *COMPARISONS,
)  # fmt: skip


def judge(submission: str, gold: dict[str, Any], params: dict[str, Any]) -> Verdict:
    """Pass iff every assert of `gold["tests"]` holds of the submitted variables, which are those of `gold["names"]`."""
    try:
        found = parse(submission)
        if found.keys() != set(gold["names"]):
            raise Unreadable(f"has the variables {', '.join(list(found)[:20])}")
        names = {name: rebuilt(value) for name, value in found.items()}
    except Exception as error:  # noqa: BLE001 - whatever pandas raises on a submission fails that submission
        return _verdict(False, {"unreadable": f"{type(error).__name__}: {error}"[:200]})
    said = _Reader(names).run(ast.parse(gold["tests"]))
    return _verdict(said == "", {"failed": said} if said else {})


def _verdict(passed: bool, checks: dict[str, Any]) -> Verdict:
    return Verdict(reward=float(passed), passed=passed, checks=checks, oracle="asserts", version=VERSION)


def names(tests: str) -> list[str]:
    """The variables that tests ask for, in their order."""
    tree = ast.parse(tests)
    own = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    used = [n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
    return list(dict.fromkeys(n for n in used if n not in own and n not in FUNCTIONS and n not in MODULES))


def refused(tests: str) -> str:
    """Why tests cannot be read here; nothing where they can."""
    try:
        tree = ast.parse(tests)
    except (SyntaxError, ValueError) as error:
        return f"its tests are no Python: {error}"
    if not any(isinstance(node, ast.Assert) for node in ast.walk(tree)):
        return "its tests assert nothing"
    return next(filter(None, map(_strange, ast.walk(tree))), "")


def _strange(node: ast.AST) -> str:
    if isinstance(node, ast.Import) and any(alias.name.split(".")[0] not in MODULES for alias in node.names):
        return f"its tests import {node.names[0].name}"
    if (
        isinstance(node, ast.Attribute)
        and node.attr not in (*READING, *MODULE_FUNCTIONS)
        and node.attr.startswith(("_", "to_"))
    ):
        return f"its tests use .{node.attr}"
    if isinstance(node, ast.Call):
        called = node.func
        if isinstance(called, ast.Name) and called.id not in FUNCTIONS:
            return f"its tests call {called.id}"
        if isinstance(called, ast.Attribute) and called.attr not in (*READING, *MODULE_FUNCTIONS):
            return f"its tests call .{called.attr}"
    return "" if isinstance(node, KNOWN) else f"its tests have a {type(node).__name__}"


def equal(x: Any, y: Any) -> Any:
    """Python's equality, but for floats, also within lists and dicts."""
    if isinstance(x, dict) and isinstance(y, dict):
        return x.keys() == y.keys() and all(equal(x[key], y[key]) for key in y)
    if isinstance(x, list | tuple) and type(x) is type(y):
        return len(x) == len(y) and all(map(equal, x, y))
    if isinstance(x, float) or isinstance(y, float):
        return close(x, y, 0.0) if _numbers(x, y) else x == y
    return x == y


def not_equal(x: Any, y: Any) -> Any:
    """The opposite of `equal`."""
    same = equal(x, y)
    return not same if isinstance(same, bool) else x != y


def close(x: Any, y: Any, small: float) -> bool:
    """Whether two numbers are equal within the tolerance, or within `small`."""
    return math.isclose(x, y, rel_tol=TOLERANCE, abs_tol=small)


def _numbers(*values: Any) -> bool:
    return all(isinstance(v, int | float) or (hasattr(v, "dtype") and not getattr(v, "shape", ())) for v in values)


class _Stop(Exception):
    """An assert that failed, or a test that asks for what is not known here."""


class _Reader:
    """Walks tests over `names`; what goes wrong in them is a failed test, never an error of the grader's."""

    def __init__(self, names: dict[str, Any]) -> None:
        self._names, self._steps = dict(names), 0

    def run(self, tree: ast.Module) -> str:
        """The first assert that does not hold; nothing where all do."""
        node: ast.stmt | None = None
        try:
            for node in tree.body:
                self._statement(node)
        except Exception as error:  # noqa: BLE001 - whatever pandas raises on a submission fails that submission
            what = "" if isinstance(error, _Stop) else f" ({type(error).__name__})"
            return f"{ast.unparse(node)[:160]}{what}" if node else type(error).__name__
        return ""

    def _statement(self, node: ast.stmt) -> None:
        if isinstance(node, ast.Assert):
            if not self._value(node.test):
                raise _Stop
        elif isinstance(node, ast.Assign):
            value = self._value(node.value)
            for target in node.targets:
                self._bind(target, value)
        elif isinstance(node, ast.For):
            for value in self._value(node.iter):
                self._bind(node.target, value)
                for inner in node.body:
                    self._statement(inner)
        elif not isinstance(node, ast.Import | ast.Expr):
            raise _Stop

    def _bind(self, target: ast.expr, value: Any) -> None:
        if isinstance(target, ast.Tuple):
            for one, part in zip(target.elts, value, strict=True):
                self._bind(one, part)
        elif isinstance(target, ast.Name):
            self._names[target.id] = value
        else:
            raise _Stop

    def _value(self, node: ast.expr) -> Any:
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise _Stop
        return getattr(self, f"_{type(node).__name__.lower()}")(node)

    def _constant(self, node: ast.Constant) -> Any:
        return node.value

    def _joinedstr(self, node: ast.JoinedStr) -> str:
        return ""  # a message

    def _name(self, node: ast.Name) -> Any:
        return self._names[node.id] if node.id in self._names else FUNCTIONS[node.id]

    def _list(self, node: ast.List) -> list:
        return [self._value(one) for one in node.elts]

    def _tuple(self, node: ast.Tuple) -> tuple:
        return tuple(self._list(node))  # type: ignore[arg-type]

    def _set(self, node: ast.Set) -> set:
        return set(self._list(node))  # type: ignore[arg-type]

    def _dict(self, node: ast.Dict) -> dict:
        return {self._value(k): self._value(v) for k, v in zip(node.keys, node.values, strict=True) if k}

    def _slice(self, node: ast.Slice) -> slice:
        return slice(*(self._value(part) if part else None for part in (node.lower, node.upper, node.step)))

    def _subscript(self, node: ast.Subscript) -> Any:
        return self._value(node.value)[self._value(node.slice)]

    def _attribute(self, node: ast.Attribute) -> Any:
        import numpy
        import pandas

        if isinstance(node.value, ast.Name) and node.value.id in MODULES and node.value.id not in self._names:
            home = {"np": numpy, "numpy": numpy, "pd": pandas, "pandas": pandas, "math": math}[node.value.id]
            if node.attr not in MODULE_FUNCTIONS:
                raise _Stop
            return getattr(home, node.attr)
        held = self._value(node.value)
        if isinstance(held, pandas.DataFrame) and node.attr in held.columns:
            return held[node.attr]
        if node.attr not in READING:
            raise _Stop
        return getattr(held, node.attr)

    def _call(self, node: ast.Call) -> Any:
        keywords = {k.arg: self._value(k.value) for k in node.keywords if k.arg}
        return self._value(node.func)(*map(self._value, node.args), **keywords)

    def _boolop(self, node: ast.BoolOp) -> bool:
        parts: Iterator[bool] = (bool(self._value(one)) for one in node.values)
        return all(parts) if isinstance(node.op, ast.And) else any(parts)

    def _unaryop(self, node: ast.UnaryOp) -> Any:
        value = self._value(node.operand)
        return {ast.Not: operator.not_, ast.USub: operator.neg, ast.Invert: operator.invert, ast.UAdd: operator.pos}[
            type(node.op)
        ](value)

    def _binop(self, node: ast.BinOp) -> Any:
        x, y = self._value(node.left), self._value(node.right)
        if isinstance(node.op, ast.Mult | ast.Mod) and not _numbers(x, y):
            raise _Stop  # text and lists grow by it
        return ARITHMETIC[type(node.op)](x, y)

    def _compare(self, node: ast.Compare) -> Any:
        if (pair := self._difference(node)) is not None:
            return close(*pair)
        left, result = self._value(node.left), True
        for op, other in zip(node.ops, node.comparators, strict=True):
            right = self._value(other)
            result = COMPARISONS[type(op)](left, right)
            if len(node.ops) > 1 and not result:
                return False
            left = right
        return result

    def _difference(self, node: ast.Compare) -> tuple[Any, Any, float] | None:
        """x, y and the limit of `abs(x - y) < limit` with a small limit, which asks for equality."""
        call, limit = node.left, node.comparators[0]
        if (
            isinstance(node.ops[0], ast.Lt | ast.LtE) and isinstance(call, ast.Call) and isinstance(limit, ast.Constant)
            and ast.unparse(call.func) in ("abs", "np.abs") and len(call.args) == 1 and isinstance(call.args[0], ast.BinOp)
            and isinstance(call.args[0].op, ast.Sub) and isinstance(limit.value, float) and limit.value <= SMALL
        ):  # fmt: skip
            return self._value(call.args[0].left), self._value(call.args[0].right), limit.value
        return None

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> list:
        [loop] = node.generators
        found = []
        for value in self._value(loop.iter):
            self._bind(loop.target, value)
            if all(self._value(test) for test in loop.ifs):
                found.append(self._value(node.elt))
        return found

    _listcomp = _generatorexp = _comprehension

    def _setcomp(self, node: ast.SetComp) -> set:
        return set(self._comprehension(node))
