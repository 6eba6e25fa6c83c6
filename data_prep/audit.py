"""What the test split shares with what is trained on: n-grams, patients, notes, templates and values. All must be zero.

Train and valid are one side (the paper merges them, C.4), test is the other. A patient, a note or a template is found by
what tasks say of themselves: `Task.cluster` ("patient 17", "admission 100007", "note 3"), and in `metadata`, or in its
`slots`, the names in `PATIENT` and `TEMPLATE`.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from galen.tasks.store import GoldStore, read_tasks, splits
from galen.types import Gold, Task

N = 10
REPEATED = 0.8
WORDING = 10
PATIENT = ("patient_id", "subject_id", "hadm_id", "icustay_id", "uniquepid", "patientunitstayid", "note_id")
TEMPLATE = ("q_tag", "template", "operations", "calculator_id", "task_type")
CLUSTERS = ("patient ", "admission ", "note ")
WORD = re.compile(r"\w+(?:[.:/-]\w+)*")
EXAMPLES = 5

Pair = tuple[Task, Gold | None]
Gram = tuple[str, ...]


@dataclass
class Leaks:
    """Test instances of one family that training shares something with, by kind, and some of each as examples."""

    family: str
    train: int
    test: int
    ngram: int = 0
    duplicate: int = 0
    note: int = 0
    patient: int = 0
    value: int = 0
    template: int = 0
    examples: dict[str, list[str]] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return self.ngram + self.duplicate + self.note + self.patient + self.value + self.template


def audit(data: Path, families: Sequence[str] = ()) -> Iterator[Leaks]:
    """One report a family. Each kind counts test instances, but `duplicate`, which counts instances of any split:

    * `ngram`: one training instance repeats at least 80 % of its value-bearing 10-grams. A 10-gram of question and
      documents bears values if one of its words holds a digit or is of a slot, and if it is not wording: one that more
      than ten clusters of training have is, whatever it holds. A template's sentence with other values is no leak; a
      note with a number changed, or within a longer one, is. A question without documents is measured against all the
      10-grams of both (Jaccard), for a question that says more is another question.
    * `duplicate`: question and documents are those of another instance, case and spaces aside.
    * `note`: one of its documents is a training instance's, and no wording as above.
    * `patient`: its patient, admission or note is trained on.
    * `value`: its reference SQL is a training instance's: the same question in whatever words.
    * `template`: it is of the unseen block (`distribution` ood), and its template is trained on.

    Raises:
        UserError: no task folder, an unknown family, or a broken row.
    """
    store = GoldStore(data)
    for family in dict.fromkeys(name for name, _ in splits(data, families)):
        sides: dict[bool, list[Pair]] = {True: [], False: []}
        for _, split in splits(data, [family]):
            sides[split == "test"] += [(task, store.find(task)) for task in read_tasks(data, family, split)]
        yield _compare(family, sides[False], sides[True])


def _compare(family: str, train: list[Pair], test: list[Pair]) -> Leaks:
    leaks = Leaks(family, len(train), len(test))
    texts = Counter(_flat(read(task)) for task, _ in [*train, *test])
    found = {
        "ngram": _repeated([t for t, _ in train], [t for t, _ in test]),
        "duplicate": [task.id for task, _ in [*train, *test] if texts[_flat(read(task))] > 1],
        "note": _notes([t for t, _ in train], [t for t, _ in test]),
        "patient": _shared(train, test, lambda task, _: patients(task)),
        "value": _shared(train, test, _query),
        "template": _shared(train, [p for p in test if p[0].distribution == "ood"], lambda task, _: templates(task)),
    }
    for kind, ids in found.items():
        setattr(leaks, kind, len(ids))
        if ids:
            leaks.examples[kind] = ids[:EXAMPLES]
    return leaks


def read(task: Task) -> str:
    """What the agent reads that is the task's own."""
    return "\n".join((*task.prompt.documents, task.prompt.question))


def _flat(text: str) -> str:
    return " ".join(text.lower().split())


def _shared(train: Iterable[Pair], test: Iterable[Pair], keys: Any) -> list[str]:
    """The ids of test instances with a key that a training instance has too."""
    trained = {key for task, gold in train for key in keys(task, gold)}
    return [task.id for task, gold in test if any(key in trained for key in keys(task, gold))]


def _notes(train: list[Task], test: list[Task]) -> list[str]:
    """The ids of test instances with a document that a few clusters of training have too."""
    clusters: dict[str, set[str]] = defaultdict(set)
    for task in train:
        for document in task.prompt.documents:
            clusters[_flat(document)].add(task.cluster)
    few = {document for document, known in clusters.items() if len(known) <= WORDING}
    return [task.id for task in test if any(_flat(d) in few for d in task.prompt.documents)]


def _named(task: Task, names: Sequence[str]) -> set[str]:
    slots = task.metadata.get("slots")
    known = task.metadata | (slots if isinstance(slots, dict) else {})
    return {f"{name} {known[name]}" for name in names if known.get(name) not in (None, "")}


def patients(task: Task) -> set[str]:
    """The patients, admissions and notes that a task is about."""
    return _named(task, PATIENT) | ({task.cluster} if task.cluster.startswith(CLUSTERS) else set())


def templates(task: Task) -> set[str]:
    """The template that a task was made from; nothing where its family has none."""
    return _named(task, TEMPLATE)


def _query(task: Task, gold: Gold | None) -> set[str]:
    return {_flat(gold.solution)} if gold is not None and gold.lang == "sql" and gold.solution else set()


def grams(task: Task) -> set[Gram]:
    """The 10-grams of what the agent reads that bear a value of the instance."""
    words = WORD.findall(read(task).lower())
    slots = task.metadata.get("slots")
    values = set(WORD.findall(" ".join(map(str, slots.values())).lower())) if isinstance(slots, dict) else set()
    bears = [word in values or any(c.isdigit() for c in word) for word in words]
    return {tuple(words[i : i + N]) for i in range(len(words) - N + 1) if any(bears[i : i + N])}


def _repeated(train: list[Task], test: list[Task]) -> list[str]:
    """The ids of test instances that one training instance repeats by `REPEATED` of the value-bearing 10-grams."""
    owners: dict[Gram, list[int]] = defaultdict(list)
    for i, task in enumerate(test):
        for gram in grams(task):
            owners[gram].append(i)
    numbers = {gram: n for n, gram in enumerate(owners)}
    clusters: list[set[str]] = [set() for _ in numbers]
    found: list[tuple[int, list[int]]] = []  # of a training instance: how many grams, and which of them the test has
    for task in train:
        theirs = grams(task)
        common = [numbers[gram] for gram in theirs if gram in numbers]
        found += [(len(theirs), common)] if common else []
        for n in common:
            if len(clusters[n]) <= WORDING:
                clusters[n].add(task.cluster)
    wording = [len(known) > WORDING for known in clusters]
    of = [[] if wording[n] else ids for n, ids in enumerate(owners.values())]
    own = Counter(i for ids in of for i in ids)
    leaked: set[int] = set()
    for size, common in found:
        rest = size - sum(wording[n] for n in common)
        for i, shared in Counter(i for n in common for i in of[n]).items():
            whole = own[i] if test[i].prompt.documents else own[i] + rest - shared
            if shared >= REPEATED * whole:
                leaked.add(i)
    return [test[i].id for i in sorted(leaked)]
