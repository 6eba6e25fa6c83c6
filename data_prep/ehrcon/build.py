"""EHRCon tasks: notes of the hospital's stays, and for an entity of a note the claims that the database contradicts.

The answer of a task is what its reference solution prints. Where that is not what was planted, the note can be read in
two ways, and the entity is not asked of it; with the generated hospital's names this does not happen.
"""

from __future__ import annotations

import csv
import random
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from data_prep.databases import read_only
from data_prep.ehrcon.checker import MOUNT, Asked, mentions, program, run
from data_prep.ehrcon.claims import Claim, Rates
from data_prep.ehrcon.forms import forms
from data_prep.ehrcon.hand import Note
from data_prep.ehrcon.record import GROUPS, Names, read_names, read_stay
from data_prep.ehrcon.view import keep_only, write_sqlite
from data_prep.ehrcon.writer import DISCHARGE, NURSING, PHYSICIAN, write
from data_prep.ehrsql.build import in_test
from data_prep.ehrsql.laws import grams
from data_prep.published import Refusals
from data_prep.wordings import Part, pick
from galen.errors import UserError
from galen.tasks.ehrcon import CONTRACT, ENTITY_TYPES
from galen.types import ActionKind, Gold, OracleSpec, Privacy, Resource, Task, TaskPrompt

Split = Literal["train", "valid", "test"]
KINDS = (DISCHARGE, NURSING, PHYSICIAN)
TITLES = {DISCHARGE: "discharge summary", NURSING: "nursing progress note", PHYSICIAN: "physician progress note"}
RATES = Rates()
PER_NOTE, EXISTENCE, STRINGS = 8, 3, 2  # entities asked of a note, and how many of them of EHRCon's types 2 and 3
QUESTIONS = (
    'Does note {note} agree with the database on the {noun} "{name}"?',
    'Check what note {note} says of the {noun} "{name}" against the database.',
    'Compare note {note} with the database: which of its claims about the {noun} "{name}" are wrong?',
    'Verify each claim of note {note} on the {noun} "{name}".',
    'Find where note {note} and the database differ on the {noun} "{name}".',
    'Audit note {note} for the {noun} "{name}": is all of it in the database?',
)
ABOUT = (
    "It is a {kind}, charted {charted}, of admission {hadm}, begun {admitted}. Written as: {forms}.",
    "The {kind} was charted on {charted} in admission {hadm} (start {admitted}) and may write {forms}.",
    "Charted: {charted}, a {kind}. Admission {hadm} started at {admitted}. Look for {forms}.",
    "Admission {hadm} began at {admitted}; this {kind} dates from {charted}. In the text: {forms}.",
)
COLUMNS = (
    "ROW_ID", "SUBJECT_ID", "HADM_ID", "CHARTDATE", "CHARTTIME", "STORETIME", "CATEGORY", "DESCRIPTION", "CGID", "ISERROR",
    "TEXT", "ADMITTIME",
)  # fmt: skip
RESOURCES = (
    Resource(kind="sqlite", path="resources/ehrcon.sqlite", mount=MOUNT),
    Resource(kind="file", path="resources/clinical_notes.csv", mount="/data/clinical_notes.csv"),
)


@dataclass(frozen=True)
class _Question:
    """One entity of one note; `claims` is what the note says of it, by line, and `answer` what `solution` printed."""

    split: Split
    id: int
    note: Note
    asked: Asked
    claims: dict[int, Claim]
    solution: str
    answer: list[list[Any]]


def build(
    database: Path, resources: Path, n_train: int, n_test: int, seed: int, *, n_valid: int = 0,
    rates: Rates = RATES, privacy: str = "synthetic",
) -> Iterator[tuple[Task, Gold]]:  # fmt: skip
    """Tasks with gold for train, valid and test, whose patients are disjoint; test notes use words of their own.

    `database` is the MIMIC-III view; `ehrcon.sqlite` and `clinical_notes.csv` are written into the folder `resources`.
    Entities of foreign hospitals that cannot be asked (see above) are counted and printed.
    `rates` says how often an entity is contradicted in each way. All tasks are out of distribution, as in the paper.

    Raises:
        UserError: the hospital has too few stays for so many tasks.
    """
    ours, account = resources / "ehrcon.sqlite", Refusals("ehrcon")
    questions = list(
        _questions(database, ours, {"train": n_train, "valid": n_valid, "test": n_test}, seed, rates, account)
    )
    account.used = len(questions)
    if account.refused:
        print(account.report())
    notes = {q.id: q.note for q in questions}
    keep_only(ours, {n.stay.hadm for n in notes.values()})
    _write_notes(resources / "clinical_notes.csv", notes)
    counts: dict[Split, int] = {}
    for q in questions:
        index = counts.get(q.split, 0)
        counts[q.split] = index + 1
        yield _pair(q, index, seed, Privacy(privacy))


def _questions(
    database: Path, ours: Path, wanted: dict[Split, int], seed: int, rates: Rates, account: Refusals
) -> Iterator[_Question]:  # fmt: skip
    """The questions of each split; `ours` is written with all stays, since which are asked depends on the answers."""
    db = read_only(database)
    names = read_names(db)
    write_sqlite(database, ours, (row[0] for row in db.execute("select hadm_id from admissions")))
    rng = random.Random(f"ehrcon/{seed}")
    id_, trained = 0, set()
    for split, stays in _sides(db, wanted, rng).items():
        made = 0
        for note in _notes(rng, db, stays, names, split == "test", rates):
            if made == wanted[split]:
                break
            words = grams(note.text.lower())
            if split != "test":
                trained |= words
            elif not trained.isdisjoint(words):
                continue
            id_ += 1
            for q in _asked(rng, split, id_, note, ours, account)[: wanted[split] - made]:
                made += 1
                yield q
        if made < wanted[split]:
            raise UserError(
                f"ehrcon: the hospital gives {made} of {wanted[split]} tasks for {split}; raise `patients` or ask for fewer"
            )
    db.close()


def _notes(
    rng: random.Random, db: sqlite3.Connection, stays: list[int], names: Names, held_out: bool, rates: Rates
) -> Iterator[Note]:  # fmt: skip
    """A note of each stay in turn, kind by kind: many patients rather than many notes of each."""
    for turn in range(len(KINDS)):
        for i, hadm in enumerate(stays):
            note = write(rng, read_stay(db, hadm), KINDS[(i + turn) % len(KINDS)], names, held_out, rates)
            if note:
                yield note


def _sides(db: sqlite3.Connection, wanted: dict[Split, int], rng: random.Random) -> dict[Split, list[int]]:
    """The stays of each split: a patient is of one split only; train and valid share theirs by their sizes."""
    people: dict[int, list[int]] = {}
    for subject, hadm in db.execute("select subject_id, hadm_id from admissions order by subject_id, hadm_id"):
        people.setdefault(subject, []).append(hadm)
    order = sorted(people)
    rng.shuffle(order)
    rest = [p for p in order if not in_test(f"patient {p}")]
    n = wanted["train"] + wanted["valid"]
    cut = len(rest) - (-(-len(rest) * wanted["valid"] // n) if n else 0)
    sides: dict[Split, list[int]] = {"train": rest[:cut], "valid": rest[cut:]}
    sides["test"] = [p for p in order if in_test(f"patient {p}")]
    return {split: [hadm for p in chosen for hadm in people[p]] for split, chosen in sides.items()}


def _asked(
    rng: random.Random, split: Split, id_: int, note: Note, database: Path, account: Refusals
) -> list[_Question]:  # fmt: skip
    found = []
    for asked, claims in _entities(rng, note):
        read = list(mentions(note.text, asked, note.stay.admitted, str(note.charted)))
        solution = program(asked, note.stay.hadm, read)
        answer = run(solution, database)
        planted = {line: ",".join(sorted(c.planted)) or "ok" for line, c in claims.items()}
        if {line: columns for line, columns, _ in answer} == planted:
            found.append(_Question(split, id_, note, asked, claims, solution, answer))
        else:
            account.refuse("what the note says of the entity can be read in two ways", f"note {id_} {asked.name!r}")
    return found


def _entities(rng: random.Random, note: Note) -> list[tuple[Asked, dict[int, Claim]]]:
    """Up to `PER_NOTE` entities of a note, with their claims by line.

    Of diagnoses and procedures, most of which are as recorded, no more sound ones are asked than false ones, and one.
    """
    by_entity: dict[tuple[str, str], dict[int, Claim]] = {}
    for line, claims in note.claims.items():
        for c in claims:
            by_entity.setdefault((c.group, c.name), {})[line] = c
    found = sorted(by_entity)
    rng.shuffle(found)
    of = {k: [e for e in found if GROUPS[e[0]].entity_type == k] for k in (1, 2, 3)}
    false = [e for e in of[2] if any(c.planted for c in by_entity[e].values())]
    sound = [e for e in of[2] if e not in false][: len(false) + rng.randint(0, 1)]
    exist = rng.sample(false + sound, min(EXISTENCE, len(false + sound)))
    asked = (exist + of[3][:STRINGS] + of[1])[:PER_NOTE]
    return [(Asked(g, n, forms(g, n)), by_entity[g, n]) for g, n in asked]


def _pair(q: _Question, index: int, seed: int, privacy: Privacy) -> tuple[Task, Gold]:
    stay, group = q.note.stay, GROUPS[q.asked.group]
    id_ = f"ehrcon/{q.split}-ood/{index:06d}"
    part = Part.TEST if q.split == "test" else Part.TRAIN
    rng = random.Random(f"ehrcon/{seed}/{id_}")
    question = f"{pick(rng, QUESTIONS, part)} {pick(rng, ABOUT, part)}".format(
        note=q.id, noun=group.noun, name=q.asked.name, kind=TITLES[q.note.kind], charted=q.note.charted, hadm=stay.hadm,
        admitted=stay.admitted, forms=" or ".join(_written(q.asked)),
    )  # fmt: skip
    task = Task(
        id=id_, family="ehrcon", category=ENTITY_TYPES[group.entity_type], split=q.split, distribution="ood",
        cluster=f"patient {stay.subject}",
        prompt=TaskPrompt(
            question=question, documents=(q.note.text,), contract=CONTRACT
        ),
        resources=RESOURCES, actions=tuple(ActionKind), answer_type="table", oracle=OracleSpec(kind="rows"),
        privacy=privacy,
        metadata={
            "note_id": q.id, "note_kind": q.note.kind, "hadm_id": stay.hadm, "entity": q.asked.name, "group": q.asked.group,
            "entity_type": group.entity_type, "times": sorted({c.when.kind for c in q.claims.values()}),
        },
    )  # fmt: skip
    return task, Gold(id=id_, answer=q.answer, solution=q.solution, lang="python")


def _written(asked: Asked) -> list[str]:
    """How the note may write the entity; a blood pressure also as one number of the pair."""
    nth = "first" if "[systolic]" in asked.name else "second" if "[diastolic]" in asked.name else ""
    return [*asked.forms, f"bp's {nth} number"] if nth else list(asked.forms)


def _write_notes(path: Path, notes: dict[int, Note]) -> None:
    """The notes in MIMIC-III's NOTEEVENTS columns, with ADMITTIME, as MedAgentGym's `clinical_notes.csv` has them."""
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(COLUMNS)
        for id_, n in notes.items():
            out.writerow(
                (
                    id_,
                    n.stay.subject,
                    n.stay.hadm,
                    n.charted,
                    n.time or "",
                    n.time or "",
                    n.kind,
                    "Report",
                    "",
                    "",
                    n.text,
                    n.stay.admitted,
                )
            )
