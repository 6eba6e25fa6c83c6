"""From a search's parameters to SQL (https://hl7.org/fhir/R4/search.html). A parameter that is not known is refused, not ignored."""

from typing import Any, NamedTuple

from . import dates
from .outcome import FhirError
from .parameters import PARAMETERS, TARGETS, Parameter, plain, target

COUNT, MAX_COUNT = 50, 1000
LAST = chr(0x10FFFF)
MODIFIERS = {
    "token": ("not", "missing"), "string": ("exact", "contains", "missing"), "date": ("missing",), "reference": ("Patient", "Encounter", "missing"),
}  # fmt: skip
RANK = {"reference": 0, "string": 1, "date": 2, "token": 3}  # which clause leads: the one that leaves the fewest
SELECTIVE = ("_id", "identifier", "telecom")
Pairs = list[tuple[str, str]]


class Clause(NamedTuple):
    """One condition: SQL on the columns of `table`. `negated` where there must be no such row."""

    rank: int
    table: str
    name: str
    sql: str
    arguments: list[Any]
    negated: bool = False


class Search(NamedTuple):
    """One search, ready to run on a store; `pairs` are the parameters but `_offset`, for links."""

    sql: str
    arguments: list[Any]
    descending: tuple[bool, ...]
    limit: int
    offset: int
    pairs: Pairs


def parse(kind: str, pairs: Pairs, now: float) -> Search:
    """The search of `pairs` over resources of type `kind`; raises FhirError (400) that names what is wrong."""
    known = PARAMETERS[kind]
    count, offset, sort, clauses = COUNT, 0, "", []
    for name, value in pairs:
        if name == "_count":
            count = min(_whole(name, value), MAX_COUNT)
        elif name == "_offset":
            offset = _whole(name, value)
        elif name == "_sort":
            sort = value
        elif name == "_summary":
            count = 0 if _one_of(name, value, ("count", "false")) == "count" else count
        elif name == "_format":
            _one_of(name, value.replace(" ", "+"), ("json", "application/json", "application/fhir+json"))
        elif name not in ("_pretty", "_total"):
            clauses.append(_clause(kind, known, name, value, now))
    sorts, descending = _sorts(known, sort)
    sql, arguments = _joined(kind, clauses, sorts)
    return Search(sql, arguments, descending, count, offset, [p for p in pairs if p[0] != "_offset"])


def _whole(name: str, value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        raise FhirError(400, "invalid", f"{name}={value}: expected a whole number")
    return int(value)


def _one_of(name: str, value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise FhirError(400, "not-supported", f"{name}={value}: known values: {', '.join(known)}")
    return value


def _clause(kind: str, known: dict[str, Parameter], said: str, value: str, now: float) -> Clause:
    name, _, modifier = said.partition(":")
    if name not in known:
        raise FhirError(400, "not-supported", f"{kind} has no search parameter {name!r}; known: {', '.join(known)}")
    parameter = known[name]
    if modifier and modifier not in MODIFIERS[parameter.kind]:
        raise FhirError(
            400, "not-supported", f"{said}: no such modifier; {name} has {', '.join(MODIFIERS[parameter.kind])}"
        )
    if not value.strip():
        raise FhirError(400, "invalid", f"{said}: its value is empty")
    table = "token" if parameter.kind == "reference" else parameter.kind
    rank = -1 if name in SELECTIVE else RANK[parameter.kind]
    if modifier == "missing":
        absent = _one_of(said, value, ("true", "false")) == "true"
        return Clause(rank, table, name, "1", [], negated=absent)
    parts, arguments = [], []
    for one in _alternatives(value):
        try:
            sql, found = _condition(parameter.kind, name, modifier, one, now)
        except (ValueError, OverflowError) as error:
            raise FhirError(400, "invalid", f"{said}: {error}") from None
        parts.append(sql)
        arguments += found
    return Clause(rank, table, name, f"({' or '.join(parts)})", arguments, negated=modifier == "not")


def _alternatives(value: str) -> list[str]:
    """The values between commas; a comma after a backslash is one of the value's own."""
    parts = value.replace("\\,", "\0").split(",")
    return [p.replace("\0", ",").replace("\\|", "|").replace("\\$", "$").replace("\\\\", "\\") for p in parts]


def _condition(kind: str, name: str, modifier: str, value: str, now: float) -> tuple[str, list[Any]]:
    if kind == "date":
        return dates.condition(value.strip(), now)
    if kind == "reference":
        return "code = ?", [target(value, modifier or TARGETS[name])]
    if kind == "token":
        system, bar, code = value.rpartition("|")
        if not bar:
            return "code = ?", [value]
        return ("code = ? and system = ?", [code, system]) if code else ("system = ?", [system])
    if modifier == "exact":
        return "raw = ?", [value]
    wanted = plain(value)
    if modifier == "contains":
        return "instr(plain, ?) > 0", [wanted]
    return "(plain >= ? and plain < ?)", [wanted, wanted + LAST]


def _sorts(known: dict[str, Parameter], sort: str) -> tuple[list[tuple[str, str]], tuple[bool, ...]]:
    """(SQL of a resource's value, parameter) for each key of `_sort`, and which of them descend."""
    found, descending = [], []
    for part in filter(None, sort.split(",")):
        name = part.removeprefix("-")
        if name not in known:
            raise FhirError(400, "not-supported", f"_sort={part}: no such parameter; known: {', '.join(known)}")
        table = "token" if known[name].kind == "reference" else known[name].kind
        column = {"token": "code", "string": "plain", "date": "low"}[table]
        found.append((f"(select min(s.{column}) from {table} s where s.key = l.key and s.name = ?)", name))
        descending.append(part != name)
    return found, tuple(descending)


def _joined(kind: str, clauses: list[Clause], sorts: list[tuple[str, str]]) -> tuple[str, list[Any]]:
    """One statement that gives keys and sort values: the leading clause is looked up, the others are tested for each of its rows."""
    ranked = sorted(clauses, key=lambda c: (c.negated, c.rank))
    lead = ranked.pop(0) if ranked and not ranked[0].negated else None
    columns = "".join(f", {sql}" for sql, _ in sorts)
    arguments: list[Any] = [name for _, name in sorts]
    sql = f"select distinct l.key{columns} from {lead.table if lead else 'resource'} l where l.type = ?"
    arguments.append(kind)
    if lead:
        sql += f" and l.name = ? and {lead.sql}"
        arguments += [lead.name, *lead.arguments]
    for clause in ranked:
        sql += f" and {'not ' * clause.negated}exists (select 1 from {clause.table} t where t.key = l.key and t.name = ? and {clause.sql})"
        arguments += [clause.name, *clause.arguments]
    return f"{sql} order by l.key", arguments
