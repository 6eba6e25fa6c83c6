"""Generated BioDSBench tasks: analyses dealt over studies, the gold computed by running each reference program.

Studies of the test are not trained on, and the analyses of its ood block neither. Each task is one analysis of one study
with its genes, columns and limits; none is like another.
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any, NamedTuple

from data_prep.biodsbench import cohort, handin, tables
from data_prep.biodsbench.analyses import ANALYSES, Analysis
from data_prep.biodsbench.analyses.base import Slots
from data_prep.biodsbench.running import outputs
from data_prep.biodsbench.studies import STUDIES, Study
from data_prep.wordings import Part, blocks
from galen.errors import UserError
from galen.types import ActionKind, Gold, OracleSpec, Privacy, Resource, Task, TaskPrompt

ACTIONS = (ActionKind.CODE_EXECUTION, ActionKind.TERMINAL, ActionKind.DEBUGGING, ActionKind.SUBMIT)
FOLDER = "biodsbench"  # in resources/
HELPER = Resource(kind="file", path=f"resources/{FOLDER}/handin.py", mount=f"{tables.MOUNT}/handin.py")
IMPORT = f'import sys\n\nsys.path.append("{tables.MOUNT}")\nfrom handin import hand_in\n'
TRIES = 40


class Place(NamedTuple):
    """Where a task stands: its part, its block, and its number there."""

    part: Part
    block: str
    number: int


@dataclass(frozen=True)
class Drawn:
    """One analysis of one study, before it is run."""

    analysis: Analysis
    study: Study
    slots: Slots
    place: Place

    def fill(self, text: str) -> str:
        return Template(text).substitute(self.slots)

    @property
    def key(self) -> tuple:
        return self.analysis.name, self.study.id, *sorted(self.slots.items())

    @property
    def names(self) -> list[str]:
        return [out.name for out in self.analysis.outs]

    @property
    def earlier(self) -> str:
        """The code that the task builds on, as it is shown; empty for none."""
        code = self.analysis.earlier
        return f"{tables.reads(self.study, self.analysis.tables)}\n{self.fill(code)}" if code else ""

    @property
    def program(self) -> str:
        start = self.earlier or tables.reads(self.study, self.analysis.tables)
        return f"{start}\n{self.fill(self.analysis.body)}"

    @property
    def solution(self) -> str:
        """The whole reference program."""
        return f"{self.program}\n{hand_over(self.names)}"

    @property
    def checked(self) -> str:
        """The reference, failing where its answer hangs on a rounding error."""
        return f"{self.program}\nassert {self.fill(self.analysis.sound)}\n{hand_over(self.names)}"


def hand_over(names: Sequence[str]) -> str:
    """The end of a program that hands in the variables `names`."""
    return f"{IMPORT}\nhand_in({', '.join(f'{name}={name}' for name in names)})"


def contract(lines: Sequence[str], names: Sequence[str], tolerance: float) -> str:
    """What has to be handed in, and how."""
    told = "\n".join(f"- {line}" for line in lines)
    return (
        f"the variables\n{told}\nFloats are not rounded (a relative error of {tolerance:g} is allowed); an int is a whole number, a "
        f"share is a float. A DataFrame has exactly the columns that are named, in any order. Hand them in from Python, in a "
        f'program that prints nothing else: `import sys; sys.path.append("{tables.MOUNT}"); from handin import hand_in`, then '
        f"`hand_in({', '.join(f'{name}={name}' for name in names)})`, which prints them as one line; submit `@last`"
    )


def build(
    resources: Path, n_train: int, n_test: int, n_ood: int, seed: int, *, demonstrations: int = 0
) -> Iterator[tuple[Task, Gold]]:
    """Tasks with gold; the studies' files are written below `resources`.

    Raises:
        UserError: more tasks are asked for than there are different ones.
    """
    root = resources / FOLDER
    taken: set[tuple] = set()
    drawn = [
        _draw(Place(part, block, first + i), seed, taken)
        for part, block, first, n in blocks(n_train, n_test, n_ood, demonstrations)
        for i in range(n)
    ]
    documents = _write(root, seed)
    for one, answer in _answered(drawn, root, seed, taken):
        yield _pair(one, answer, documents[one.study.id])


def _write(root: Path, seed: int) -> dict[str, str]:
    """The files of every study and the helper; what there is to know of each study's files."""
    documents = {}
    for study in STUDIES:
        made = cohort.draw(study, seed)
        tables.write(study, made, root / study.id)
        documents[study.id] = tables.describe(study, made)
    shutil.copyfile(handin.__file__, root / "handin.py")
    return documents


def _draw(place: Place, seed: int, taken: set[tuple], again: int = 0) -> Drawn:
    """The task at a place, unlike those `taken`; `again` counts the draws that were no good."""
    part, block, number = place
    side = "test" if part is Part.TEST else "train"
    studies = [s for s in STUDIES if s.part == side]
    known = [a for a in ANALYSES if a.unseen == (block == "ood")]
    random.Random(f"biodsbench/{seed}/{side}/{block}").shuffle(known)
    rng = random.Random(f"biodsbench/{seed}/{side}/{block}/{number}/{again}")
    for attempt in range(TRIES):
        analysis = known[(number + attempt // 8) % len(known)]
        study = studies[(number + number // len(known) + attempt) % len(studies)]
        if (slots := _slots(analysis, study, rng)) is not None:
            drawn = Drawn(analysis, study, slots, place)
            if drawn.key not in taken:
                taken.add(drawn.key)
                return drawn
    raise UserError(f"biodsbench: {side} {block} has no {number + 1} different tasks; ask for fewer")


def _slots(analysis: Analysis, study: Study, rng: random.Random) -> Slots | None:
    """The slots of a draw; None where the study has no gene or column that the analysis needs."""
    try:
        return analysis.draw(rng, study)
    except IndexError:  # a choice among nothing
        return None


def _answered(drawn: list[Drawn], root: Path, seed: int, taken: set[tuple]) -> Iterator[tuple[Drawn, str]]:
    """Each task with what its reference hands in; those whose answer would not do are drawn again."""
    answers: dict[int, str] = {}
    for again in range(1, TRIES):
        due = [i for i in range(len(drawn)) if i not in answers]
        if not due:
            break
        for i, (text, error) in zip(due, outputs([drawn[i].checked for i in due], root), strict=True):
            if error and not error.startswith("AssertionError"):
                raise ValueError(f"the reference of {drawn[i].key} fails: {error}")
            if not error and sound(json.loads(text)):
                answers[i] = text
            else:
                drawn[i] = _draw(drawn[i].place, seed, taken, again)
    else:
        raise ValueError(
            f"no sound answer after {TRIES} draws: {[one.key for i, one in enumerate(drawn) if i not in answers]}"
        )
    return zip(drawn, (answers[i] for i in range(len(drawn))), strict=True)


def sound(answer: Any) -> bool:
    """Whether an answer holds something, and nothing that is missing or no number (a median may be infinite)."""
    if isinstance(answer, dict) and "frame" in answer:
        return bool(answer["frame"]["data"]) and sound(answer["frame"]["data"])
    if isinstance(answer, dict) and "series" in answer:
        return bool(answer["series"]["values"]) and sound(answer["series"]["values"])
    if isinstance(answer, dict):
        return answer != {"float": "nan"} and all(map(sound, answer.values()))
    if isinstance(answer, list):
        return all(map(sound, answer))
    return answer is not None


def _pair(one: Drawn, answer: str, document: str) -> tuple[Task, Gold]:
    part, block, number = one.place
    id_ = f"biodsbench/{part.task_split}-{block}/{number:06d}"
    analysis, study = one.analysis, one.study
    rng = random.Random(id_)
    ask = analysis.asks[-1] if part is Part.TEST else rng.choice(analysis.asks[:-1])
    question = " ".join(one.fill(text) for text in (ask, *analysis.terms))
    earlier = [f"Earlier code:\n{one.earlier.rstrip()}"] if one.earlier else []
    frames = {
        out.name: list(map(one.fill, out.rows)) if isinstance(out.rows, tuple) else out.rows
        for out in analysis.outs
        if out.rows
    }
    task = Task(
        id=id_, family="biodsbench", category=analysis.category, split=part.task_split, distribution=block,  # type: ignore[arg-type]
        cluster=f"study {study.id}",
        prompt=TaskPrompt(
            question=question, documents=(document, *earlier),
            contract=contract([one.fill(out.told()) for out in analysis.outs], one.names, analysis.tolerance),
        ),
        resources=(
            Resource(kind="csv_dir", path=f"resources/{FOLDER}/{study.id}", mount=f"{tables.MOUNT}/{study.id}"), HELPER,
        ),
        actions=ACTIONS, answer_type="variables",
        oracle=OracleSpec(kind="variables", params={"rows": frames, "tolerance": analysis.tolerance}), privacy=Privacy.SYNTHETIC,
        metadata={"template": analysis.name, "study": study.id, "slots": one.slots},
    )  # fmt: skip
    return task, Gold(id=id_, answer=answer, solution=one.solution, lang="python")
