"""What a resource must be to be created: R4's elements, types, cardinalities and required value sets, told where they fail.

One object where R4 has a list is taken as a list of one, as HAPI's lenient parser does: MedAgentBench's own description of
ServiceRequest writes `note` so. Invariants, slices and terminologies beyond required value sets are not checked.
"""

import re
from functools import cache
from typing import Any

from .dates import DATE, span
from .elements import CREATABLE, TYPES
from .outcome import FhirError

TIMED = re.compile(r".*T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?")
ANY = {"id": "string", "extension": "any*"}
DEPTH = 20
LARGEST = 1e30  # of a decimal: what a float holds with room


def checked(resource: Any, kind: str) -> dict[str, Any]:
    """A copy of `resource`, of type `kind`, with lists where R4 has them; its own `id` is dropped, for the server gives one.

    Raises:
        FhirError: 400 for what is no resource, 422 with the element's path for what R4 does not allow.
    """
    if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
        raise FhirError(400, "structure", "the body is no FHIR resource: a JSON object with a resourceType")
    if resource["resourceType"] != kind:
        raise FhirError(400, "invalid", f"the body is a {resource['resourceType']}, the address says {kind}")
    if kind not in CREATABLE:
        raise FhirError(405, "not-supported", f"{kind} cannot be created here; these can: {', '.join(CREATABLE)}")
    return _element({name: value for name, value in resource.items() if name != "id"}, kind, kind, 0)


def _fail(where: str, text: str, code: str = "value") -> FhirError:
    return FhirError(422, code, f"{where}: {text}", where)


def _element(value: Any, kind: str, where: str, depth: int) -> Any:
    if kind == "any":
        return _small(value, where, depth)
    if kind not in TYPES:
        return _primitive(value, kind, where)
    if not isinstance(value, dict):
        raise _fail(where, f"expected an object ({kind})", "structure")
    if not value:
        raise _fail(where, "is empty", "structure")
    known, choices = _known(kind)
    made: dict[str, Any] = {}
    for name, child in value.items():
        if name not in known:
            raise _fail(
                f"{where}.{name}",
                f"{kind} has no such element; known: {', '.join(n for n in known if n not in ANY)}",
                "structure",
            )
        made[name] = _children(child, known[name], f"{where}.{name}", depth + 1)
    for name, type_ in known.items():
        if type_.endswith("!") and name not in made:
            raise _fail(f"{where}.{name}", "is missing; it is required", "required")
    for choice, names in choices.items():
        given = [name for name in names if name in made]
        if len(given) > 1:
            raise _fail(where, f"has {' and '.join(given)}; only one of them is allowed", "structure")
        if choice.endswith("!") and not given:
            raise _fail(where, f"has none of {', '.join(names)}; one is required", "required")
    return made


@cache
def _known(kind: str) -> tuple[dict[str, str], dict[str, list[str]]]:
    """The elements of a type, choices written out, and the names of each choice."""
    known, choices = dict(ANY), {}
    for name, type_ in TYPES[kind].items():
        if isinstance(type_, tuple):
            stem = name.partition("[")[0]
            choices[name] = [stem + one[0].upper() + one[1:] for one in type_]
            known |= dict(zip(choices[name], type_, strict=True))
        else:
            known[name] = type_
    return known, choices


def _children(value: Any, type_: str, where: str, depth: int) -> Any:
    type_ = type_.removesuffix("!")
    if not type_.endswith("*"):
        return _element(value, type_, where, depth)
    items = value if isinstance(value, list) else [value]
    if not items:
        raise _fail(where, "is an empty list; leave it out", "structure")
    return [_element(item, type_[:-1], f"{where}[{i}]", depth) for i, item in enumerate(items)]


def _primitive(value: Any, type_: str, where: str) -> Any:
    name, _, codes = type_.partition("(")
    if name == "boolean":
        good = isinstance(value, bool)
    elif name == "integer":
        good = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**31
    elif name == "decimal":
        good = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < LARGEST
    else:
        good = isinstance(value, str) and bool(value.strip())
    if not good:
        raise _fail(where, f"{value!r:.60} is no {name}")
    if isinstance(value, str):
        _text(value, name, codes.rstrip(")"), where)
    return value


def _text(value: str, name: str, codes: str, where: str) -> None:
    if codes and value not in codes.split("|"):
        known = codes.replace("|", ", ")
        raise _fail(where, f"{value!r:.60} is not in its value set; known: {known}", "code-invalid")
    if name in ("uri", "code") and value != value.strip():
        raise _fail(where, f"{value!r:.60} has spaces around it")
    if name == "time" and not TIME.fullmatch(value):
        raise _fail(where, f"{value!r:.60} is no time: write 08:00:00")
    if name in ("dateTime", "instant"):
        _date(value, name, where)


def _date(value: str, name: str, where: str) -> None:
    try:
        span(value)
    except (ValueError, OverflowError) as error:
        raise _fail(where, str(error)) from None
    timed = bool(TIMED.fullmatch(value))
    if not timed and ("T" in value or name == "instant" or not DATE.fullmatch(value)):
        raise _fail(where, f"{value!r:.60}: a time has seconds and a zone, such as 2023-11-13T10:15:00+00:00")


def _small(value: Any, where: str, depth: int) -> Any:
    """A value whose elements are not looked at, unless it is too deep to be stored."""
    if depth > DEPTH:
        raise _fail(where, f"is nested more than {DEPTH} deep", "structure")
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _small(child, where, depth + 1)
    return value
