"""EHR-SeqSQL instances: one for each turn of a drawn chain, with the turns before it as context."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from data_prep.databases import in_memory
from data_prep.ehrsql.build import in_test
from data_prep.ehrsql.laws import Fairness, grams
from data_prep.ehrsql.times import NOW
from data_prep.seqsql.chains import Chain, Drawer
from data_prep.seqsql.operations import CONTRACTS
from data_prep.wordings import Part, blocks
from galen.types import ActionKind, Gold, Limits, OracleSpec, Privacy, Resource, Task, TaskPrompt

RESOURCE = Resource(kind="sqlite", path="resources/mimic_iii.sqlite", mount="/data/mimic_iii.sqlite")
ACTIONS = tuple(ActionKind)
ANSWER_TYPES = {"flag": "bool", "time": "time", "number": "number", "mean": "number", "extreme": "number"}
PATIENCE = 3000  # chains in a row without a new instance, after which the database is taken to have no more
INDEXES = (
    "chartevents(hadm_id)", "labevents(itemid, hadm_id)", "prescriptions(drug, hadm_id)", "prescriptions(subject_id)",
    "diagnoses_icd(subject_id)", "microbiologyevents(spec_type_desc)", "admissions(hadm_id)",
)  # fmt: skip


def build(
    database: Path, n_train: int, n_test: int, n_ood: int, seed: int, *, demonstrations: int = 0,
    privacy: str = "synthetic",
) -> Iterator[tuple[Task, Gold]]:  # fmt: skip
    """Turns with gold over the MIMIC-III view: train, test (the random split) and test/ood (the compositional one).

    The random split's test side has its own patients, cohorts and wordings. The compositional one moreover joins
    operations that never follow each other in training (`HELD_OUT`); of its chains only the turns from the first such pair
    on are instances. `metadata` says both splits, the whole question, and the back-references of each turn so far.
    """
    maker = _Maker(database, seed, Privacy(privacy))
    for part, block, first, n in blocks(n_train, n_test, n_ood, demonstrations):
        yield from maker.make(part, block, n, first)


def document(turn: int, question: str, sql: str) -> str:
    """How an earlier turn stands in the prompt."""
    return f"turn {turn}: {question}\nsql: {sql}"


class _Maker:
    def __init__(self, database: Path, seed: int, privacy: Privacy) -> None:
        self._db = in_memory(database, INDEXES)
        self._drawer = Drawer(self._db)
        self._seed, self._privacy = seed, privacy
        self._seen: set[tuple[str, ...]] = set()
        self._trained: set[tuple[str, ...] | str] = set()

    def make(self, part: Part, block: str, n: int, first: int) -> Iterator[tuple[Task, Gold]]:
        """`n` instances numbered from `first`; fewer where the database has no more."""
        rng = random.Random(f"ehr_seqsql/{self._seed}/{part}/{block}")
        fairness = Fairness()
        made = misses = 0
        truth = True
        while made < n and misses < PATIENCE:
            chain = self._chain(rng, part, block == "ood", truth)
            misses += 1
            if chain is None:
                continue
            for pair in self._instances(chain, fairness, part, block, first + made):
                truth = truth if pair[0].answer_type != "bool" else not pair[1].answer[0][0]
                misses = 0
                made += 1
                yield pair
                if made == n:
                    return

    def _chain(self, rng: random.Random, part: Part, held: bool, truth: bool) -> Chain | None:
        opening = self._drawer.opening(rng)
        if opening is None or in_test(opening.subject) != (part is Part.TEST):
            return None
        chain = self._drawer.chain(rng, part, opening, held, truth)
        if chain is None or (chain.first_held is not None) is not held:
            return None
        said = {g for t in chain.turns for g in (*grams(t.question), t.sql.lower())}
        if part is not Part.TEST:
            self._trained |= said
        return None if part is Part.TEST and not said.isdisjoint(self._trained) else chain

    def _instances(
        self, chain: Chain, fairness: Fairness, part: Part, block: str, first: int
    ) -> Iterator[tuple[Task, Gold]]:
        """The chain's turns that are new: same question after the same turns is the same instance."""
        index = first
        for i, turn in enumerate(chain.turns):
            documents = tuple(document(j, t.question, t.sql) for j, t in enumerate(chain.turns[:i], 1))
            key = (*documents, turn.question)
            boolean = turn.operation.gives == "flag"
            if key in self._seen or (chain.first_held or 0) > i or not fairness.admits(turn.rows, boolean):
                continue
            self._seen.add(key)
            id_ = f"ehr_seqsql/{part.task_split}-{block}/{index:06d}"
            index += 1
            task = Task(
                id=id_, family="ehr_seqsql", category=turn.operation.category, split=part.task_split, distribution=block,  # type: ignore[arg-type]
                cluster=chain.subject, prompt=TaskPrompt(question=turn.question, documents=documents, contract=CONTRACTS[turn.operation.gives]),
                resources=(RESOURCE,), now=NOW, actions=ACTIONS, limits=Limits(), answer_type=ANSWER_TYPES.get(turn.operation.gives, "list"),
                oracle=OracleSpec(kind="rows", params={"boolean": boolean}), privacy=self._privacy,
                metadata={
                    "seed_question": chain.whole, "turn": i + 1, "turns": len(chain.turns),
                    "operations": [t.operation.name for t in chain.turns[: i + 1]], "tokens": turn.tokens,
                    "seqsql": [t.seqsql for t in chain.turns[:i]], "random_split": part.task_split,
                    "compositional_split": "test" if block == "ood" else "train",
                },
            )  # fmt: skip
            yield task, Gold(id=id_, answer=turn.rows, solution=turn.sql, lang="sql")
