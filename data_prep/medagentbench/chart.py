"""What a base file says of each patient that tasks ask about, read from its rows and not by searching: gold is made of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from galen.fhir.store import Store

ITEMS = ("MG", "K", "GLU", "A1C")
DAY = timedelta(hours=24)


@dataclass(frozen=True)
class Value:
    """A measured value and when; `text` is the time as the server shows it."""

    time: datetime
    value: float
    text: str


@dataclass
class Person:
    """A patient: the server's id, the record number, name, birth, phone, and values by item, oldest first."""

    id: str
    mrn: str
    given: str
    family: str
    birth: date
    phone: str
    living: bool
    values: dict[str, list[Value]] = field(default_factory=lambda: {item: [] for item in ITEMS})

    @property
    def name(self) -> str:
        return f"{self.given} {self.family}"

    def since(self, item: str, start: datetime) -> list[Value]:
        """The values of `item` from `start` on."""
        return [v for v in self.values[item] if v.time >= start]

    def last(self, item: str, start: datetime | None = None) -> Value | None:
        """The latest value of `item`, from `start` on if one is given."""
        found = self.values[item] if start is None else self.since(item, start)
        return found[-1] if found else None


@dataclass(frozen=True)
class Chart:
    """Everyone in a base file, and its clock."""

    people: tuple[Person, ...]
    now: datetime


def read(path: Path) -> Chart:
    """The chart of the base file at `path`; values without a number are none."""
    store = Store.open(path)
    people = {
        person.id: person
        for person in map(_person, _bodies(store, "select body from resource where type = 'Patient' order by key"))
        if person
    }
    sql = "select body from resource where key in (select key from token where type = 'Observation' and name = 'code' and code in (?, ?, ?, ?)) order by key"
    for body in _bodies(store, sql, ITEMS):
        person = people.get(str(body.get("subject", {}).get("reference", "")).rpartition("/")[2])
        number = body.get("valueQuantity", {}).get("value")
        text = body.get("effectiveDateTime")
        item = next((c["code"] for c in body["code"].get("coding", ()) if c.get("code") in ITEMS), None)
        if person and item and text and number is not None:
            person.values[item].append(Value(datetime.fromisoformat(text), number, text))
    for person in people.values():
        for found in person.values.values():
            found.sort(key=lambda v: v.time)
    now = datetime.fromisoformat(store.about["now"])
    store.close()
    return Chart(tuple(people.values()), now)


def _bodies(store: Store, sql: str, arguments: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    return [json.loads(body) for (body,) in store.rows(sql, arguments)]


def _person(body: dict[str, Any]) -> Person | None:
    """Nothing where a name, a whole birth date or a record number is missing: such a patient is not asked about."""
    name = next(iter(body.get("name", ())), {})
    numbers = [i["value"] for i in body.get("identifier", ()) if _is_record(i)]
    birth = str(body.get("birthDate", ""))
    if not name.get("given") or not name.get("family") or not numbers or len(birth) != 10:
        return None
    phone = next((t.get("value", "") for t in body.get("telecom", ()) if t.get("system") == "phone"), "")
    living = "deceasedDateTime" not in body and not body.get("deceasedBoolean")
    return Person(
        body["id"], numbers[0], " ".join(name["given"]), name["family"], date.fromisoformat(birth), phone, living
    )


def _is_record(identifier: dict[str, Any]) -> bool:
    """A record number: by its type, or by how MedAgentBench writes one, without a type."""
    kinds = [c.get("code") for c in identifier.get("type", {}).get("coding", ())]
    return "value" in identifier and ("MR" in kinds or not identifier.get("type"))


def age(birth: date, day: date) -> int:
    """In whole years."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
