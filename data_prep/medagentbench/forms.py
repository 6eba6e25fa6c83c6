"""MedAgentBench's ten tasks, and one unseen variant of each: whom they can be asked of, the right answer and the right writes."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from data_prep.medagentbench import orders
from data_prep.medagentbench import phrases as p
from data_prep.medagentbench import programs as text
from data_prep.medagentbench.chart import Chart, Person, age

NOBODY = "Patient not found"
NEAR = timedelta(minutes=5)  # no value that decides lies so near a window's edge
TOLERANCE = 0.1  # of a mean, as in MedAgentBench's grader

Resource = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """One question: what its wording names, the right answer and writes, and a program that gives both."""

    slots: dict[str, str]
    answer: list[Any]
    writes: list[Resource]
    program: str


@dataclass(frozen=True)
class Form:
    """A way to ask. `label` says of a person which outcome they would have ("" for one who cannot be asked about); the
    outcomes take turns as in `turns`. `ask` makes the question of one outcome.
    """

    task: str
    name: str
    answer: str
    turns: tuple[str, ...]
    label: Callable[[Person, Chart], str]
    ask: Callable[[random.Random, Person, Chart, str], Asked | None]
    params: dict[str, Any] = field(default_factory=dict)


def _anyone(person: Person, chart: Chart) -> str:
    return "asked"


def _alive(person: Person, chart: Chart) -> str:
    return "asked" if person.living else ""


def _by_birth(rng: random.Random, person: Person, chart: Chart, outcome: str) -> Asked | None:
    """Of nobody: a person's name with another birth date."""
    birth, answer = person.birth, person.mrn
    if outcome == "nobody":
        birth, answer = birth.replace(year=birth.year + rng.choice((-10, -1, 1, 10)), day=rng.randrange(1, 29)), NOBODY
    same = [q for q in chart.people if (q.name, q.birth) == (person.name, birth)]
    return by_birth(chart, person.given, person.family, birth, answer) if len(same) == (outcome == "asked") else None


def by_birth(chart: Chart, given: str, family: str, birth: date, answer: str) -> Asked:
    """Whose record number it is, or that it is nobody's."""
    query = {"given": given, "family": family, "birthdate": birth.isoformat()}
    slots = {"name": f"{given} {family}", "birth": birth.isoformat()}
    return Asked(slots, [answer], [], text.written(text.MRN, now=chart.now.isoformat(), query=query))


def _by_phone(rng: random.Random, person: Person, chart: Chart, outcome: str) -> Asked | None:
    if not person.phone or sum((q.name, q.phone) == (person.name, person.phone) for q in chart.people) != 1:
        return None
    query = {"given": person.given, "family": person.family, "telecom": person.phone}
    slots = {"name": person.name, "phone": person.phone}
    return Asked(slots, [person.mrn], [], text.written(text.MRN, now=chart.now.isoformat(), query=query))


def _age_now(rng: random.Random, person: Person, chart: Chart, outcome: str) -> Asked:
    return _age(person, chart, chart.now.date(), {"mrn": person.mrn})


def _age_then(rng: random.Random, person: Person, chart: Chart, outcome: str) -> Asked:
    day = person.birth + timedelta(days=rng.randrange(6000, (chart.now.date() - person.birth).days))
    return _age(person, chart, day, {"mrn": person.mrn, "day": day.isoformat()})


def _age(person: Person, chart: Chart, day: Any, slots: dict[str, str]) -> Asked:
    program = text.written(text.AGE, now=chart.now.isoformat(), mrn=person.mrn, day=day.isoformat())
    return Asked(slots, [age(person.birth, day)], [], program)


def _pressure(rng: random.Random, person: Person, chart: Chart, outcome: str) -> Asked:
    systolic = rng.randrange(92, 190)
    return vital(person, chart, "BP", f"{systolic}/{round(systolic * rng.uniform(0.5, 0.7))} mmHg")


def _heart_rate(rng: random.Random, person: Person, chart: Chart, outcome: str) -> Asked:
    return vital(person, chart, "HR", f"{rng.randrange(44, 148)} /min")


def vital(person: Person, chart: Chart, flowsheet: str, said: str) -> Asked:
    """A vital sign to record as it is said."""
    now = chart.now.isoformat()
    program = text.written(text.ORDERS, text.VITAL, now=now, mrn=person.mrn, flowsheet=flowsheet, text=said)
    return Asked({"mrn": person.mrn, "text": said}, [], [orders.vital(person.id, flowsheet, said, now)], program)


def _clear(person: Person, item: str, edge: datetime | None) -> bool:
    """Whether the latest value is one, and none lies on the edge of the window."""
    found = person.values[item]
    tied = len(found) > 1 and found[-1].time == found[-2].time
    return person.living and not tied and (edge is None or all(abs(v.time - edge) > NEAR for v in found))


def _labelled(item: str, hours: int | None, bands: Callable[[float], str]) -> Callable[[Person, Chart], str]:
    """By the latest value of `item` in the last `hours`: its band, or none."""

    def label(person: Person, chart: Chart) -> str:
        start = chart.now - timedelta(hours=hours) if hours else None
        if not _clear(person, item, start):
            return ""
        last = person.last(item, start)
        return "none" if last is None else bands(last.value)

    return label


def _latest(item: str, hours: int | None) -> Callable[..., Asked]:
    def ask(rng: random.Random, person: Person, chart: Chart, outcome: str) -> Asked:
        last = person.last(item, chart.now - timedelta(hours=hours) if hours else None)
        program = text.written(
            text.LOOKS, text.LATEST, now=chart.now.isoformat(), mrn=person.mrn, item=item, window=text.window(hours)
        )
        return Asked({"mrn": person.mrn}, [last.value if last else -1], [], program)

    return ask


def _summary(item: str, hours: int, summary: Callable[[list[float]], float], said: str) -> Callable[..., Asked]:
    def ask(rng: random.Random, person: Person, chart: Chart, outcome: str) -> Asked:
        found = [v.value for v in person.since(item, chart.now - timedelta(hours=hours))]
        program = text.written(
            text.LOOKS,
            text.SUMMARY,
            now=chart.now.isoformat(),
            mrn=person.mrn,
            item=item,
            window=text.window(hours),
            summary=said,
        )
        return Asked({"mrn": person.mrn}, [summary(found) if found else -1], [], program)

    return ask


def _magnesium(hours: int) -> Callable[..., Asked]:
    def ask(rng: random.Random, person: Person, chart: Chart, outcome: str) -> Asked:
        now, last = chart.now.isoformat(), person.last("MG", chart.now - timedelta(hours=hours))
        order = orders.magnesium(person.id, last.value, now) if last else None
        program = text.written(text.CHECKS, text.MAGNESIUM, now=now, mrn=person.mrn, window=text.window(hours))
        return Asked({"mrn": person.mrn}, [last.value if last else -1], [order] if order else [], program)

    return ask


def _potassium(days: int, hour: int) -> Callable[..., Asked]:
    """With a level drawn in so many `days` at `hour`."""

    def ask(rng: random.Random, person: Person, chart: Chart, outcome: str) -> Asked:
        now, last = chart.now.isoformat(), person.last("K")
        recheck = (chart.now + timedelta(days=days)).replace(hour=hour, minute=0).isoformat()
        order = orders.potassium(person.id, last.value, now) if last else None
        level = orders.service(person.id, orders.LOINC, orders.POTASSIUM_LEVEL, now, occurrenceDateTime=recheck)
        program = text.written(text.CHECKS, text.POTASSIUM, now=now, mrn=person.mrn, recheck=recheck)
        return Asked({"mrn": person.mrn}, [last.value if last else -1], [order, level] if order else [], program)

    return ask


def _a1c(days: int) -> tuple[Callable[[Person, Chart], str], Callable[..., Asked]]:
    def label(person: Person, chart: Chart) -> str:
        edge = chart.now - timedelta(days=days)
        last = person.last("A1C")
        if not _clear(person, "A1C", edge):
            return ""
        return "none" if last is None else "recent" if last.time > edge else "old"

    def ask(rng: random.Random, person: Person, chart: Chart, outcome: str) -> Asked:
        now, last = chart.now.isoformat(), person.last("A1C")
        order = orders.service(person.id, orders.LOINC, orders.A1C_LEVEL, now)
        program = text.written(text.CHECKS, text.A1C, now=now, mrn=person.mrn, days=days)
        answer = [last.value, last.text] if last else [-1]
        return Asked({"mrn": person.mrn}, answer, [] if outcome == "recent" else [order], program)

    return label, ask


def _referral(code: str, service: str, cases: tuple[tuple[str, str, str], ...]) -> Callable[..., Asked]:
    def ask(rng: random.Random, person: Person, chart: Chart, outcome: str) -> Asked:
        words = {
            "side": rng.choice(p.SIDES), "grade": rng.choice(("I", "II", "III")), "day": rng.randrange(2, 20), "percent": rng.randrange(20, 40),
        }  # fmt: skip
        case = (part.format(**words) for part in rng.choice(cases))
        note = p.SBAR.format(service=service, **dict(zip(("situation", "background", "assessment"), case, strict=True)))
        return referral(person, chart, code, note)

    return ask


def referral(person: Person, chart: Chart, code: str, note: str) -> Asked:
    """A referral with a free text."""
    now = chart.now.isoformat()
    program = text.written(text.ORDERS, text.REFERRAL, now=now, mrn=person.mrn, code=code, note=note)
    order = orders.service(person.id, orders.SNOMED, code, now, note=[{"text": note}])
    return Asked({"mrn": person.mrn, "note": note}, [], [order], program)


def _dose(level: float) -> str:
    return "enough" if level > 1.9 else "mild" if level >= 1.5 else "moderate" if level >= 1 else "severe"


MEASURED = lambda value: "measured"  # noqa: E731
LEVEL = "[the level], or [-1] where there is none"
CHECKED = "[the level that you checked], or [-1] where there is none"
RENEWED = "[value, time as the server writes it], or [-1] where there is none"
OFTEN = ("measured", "measured", "measured", "none")
DOSES = ("mild", "moderate", "none", "severe", "enough")
LOW = lambda level: "low" if level < orders.TARGET else "enough"  # noqa: E731
LOWS = ("low", "enough", "low", "none", "low", "enough")
NAMED = f'["MRN"], or ["{NOBODY}"]'


def _forms(test: bool) -> tuple[Form, ...]:
    year_label, year = _a1c(365)
    return (
        Form("task1", "mrn by name and birth date", NAMED, ("asked", "asked", "asked", "asked", "nobody"), _anyone, _by_birth),
        Form("task2", "age now", "[years], rounded down", ("asked",), _alive, _age_now),
        Form("task3", "record blood pressure", "[]", ("asked",), _alive, _pressure),
        Form("task4", "magnesium of the last day", LEVEL, OFTEN, _labelled("MG", 24, MEASURED), _latest("MG", 24)),
        Form("task5", "replace magnesium", CHECKED, DOSES, _labelled("MG", 24, _dose), _magnesium(24)),
        Form(
            "task6", "mean glucose", f"[the mean in mg/dL, right within {TOLERANCE}], or [-1] where there is no value", OFTEN,
            _labelled("GLU", 24, MEASURED), _summary("GLU", 24, lambda v: round(sum(v) / len(v), 2), "round(sum(found) / len(found), 2)"),
            {"tolerance": TOLERANCE},
        ),
        Form("task7", "last glucose", LEVEL, (*OFTEN[:3], *OFTEN), _labelled("GLU", None, MEASURED), _latest("GLU", None)),
        Form(
            "task8", "refer to orthopedics", "[]", ("asked",), _alive,
            _referral(orders.ORTHOPEDICS, "Orthopedic", p.TEST_INJURIES if test else p.INJURIES),
        ),
        Form("task9", "replace potassium", CHECKED, LOWS, _labelled("K", None, LOW), _potassium(1, 8)),
        Form("task10", "renew a1c", RENEWED, ("old", "recent", "none", "old", "recent"), year_label, year),
    )  # fmt: skip


FORMS = {False: _forms(False), True: _forms(True)}
"""By whether they are the test split's."""
HALF_LABEL, HALF = _a1c(180)
UNSEEN = (
    Form("task1", "mrn by name and phone", NAMED, ("asked",), _anyone, _by_phone),
    Form("task2", "age on a day", "[years], rounded down", ("asked",), _alive, _age_then),
    Form("task3", "record heart rate", "[]", ("asked",), _alive, _heart_rate),
    Form("task4", "lowest magnesium", LEVEL, OFTEN, _labelled("MG", 72, MEASURED), _summary("MG", 72, min, "min(found)")),
    Form("task5", "replace magnesium of two days", CHECKED, DOSES, _labelled("MG", 48, _dose), _magnesium(48)),
    Form("task6", "highest glucose", LEVEL, OFTEN, _labelled("GLU", 24, MEASURED), _summary("GLU", 24, max, "max(found)")),
    Form("task7", "last potassium", LEVEL, (*OFTEN[:3], *OFTEN), _labelled("K", None, MEASURED), _latest("K", None)),
    Form("task8", "refer to cardiology", "[]", ("asked",), _alive, _referral(orders.CARDIOLOGY, "Cardiology", p.HEARTS)),
    Form("task9", "replace potassium, recheck tonight", CHECKED, LOWS, _labelled("K", None, LOW), _potassium(0, 20)),
    Form("task10", "renew a1c of half a year", RENEWED, ("old", "recent", "none"), HALF_LABEL, HALF),
)  # fmt: skip
