"""The paper's five findings: the right verdict whichever way the episodes fall."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from galen.evals.failures import FailureKind
from galen.evals.summary import Summary
from galen.report.findings import Comparison, findings, markdown
from galen.types import ActionKind

WITHOUT = (ActionKind.DEBUGGING,)


def summary(i: int, success: bool, block: str, failure: str | None, family: str) -> Summary:
    return Summary(
        key=f"{family}{i}", task_id=f"{family}/{i}", family=family, category="c", cluster=f"{family}{i}", distribution=block,
        seed=0, stop="submitted", fault=None, reward=float(success), success=success, oracle="rows 2", submission="s",
        turns=1, actions={}, read_tokens=1, sent_tokens=1, output_tokens=1, seconds=1.0,
        failure=None if success else failure, programs=0, code={},
    )  # fmt: skip


class Result:
    """A stored result of 200 tasks in each block, of which the first `wins` (by block) succeeded."""

    def __init__(
        self, policy: str, wins: dict[str, int], without: tuple = (), failure: str = "loop", trained: bool = True,
        share: int = 100,
    ):  # fmt: skip
        self.result = SimpleNamespace(policy=policy, samples=1, conditions=SimpleNamespace(without=without))
        config = {"recipe": {"families": ["medcalc"], "share": share}} if trained else {}
        self.manifest: Any = SimpleNamespace(config=config)
        self._episodes = [
            summary(i + (1000 if b == "ood" else 0), i < n, b, failure, "medcalc")
            for b, n in wins.items()
            for i in range(200)
        ]

    families = frozenset({"medcalc"})

    def episodes(self, family: str, block: str) -> list[Summary]:
        assert (family, block) == ("medcalc", "all")
        return self._episodes


def verdicts(**wins: tuple[int, int]) -> list[str]:
    entries = [Result(policy, {"id": held, "ood": unseen}) for policy, (held, unseen) in wins.items()]
    return [f.verdict for f in findings(entries)]  # type: ignore[arg-type]


def test_what_the_paper_says_is_supported_where_it_is_so():
    found = verdicts(base=(10, 5), sft=(80, 20), dpo=(100, 20), ppo=(130, 40), grpo=(160, 60))
    assert found[:3] == ["supported"] * 3


def test_policies_of_a_share_of_the_demonstrations_are_on_no_side():
    wins = {"base": 10, "sft": 80, "dpo": 100, "ppo": 130, "grpo": 160}
    whole = [Result(policy, {"id": n, "ood": n // 4}) for policy, n in wins.items()]
    shares = [Result("sft", {"id": 0, "ood": 0}, share=share, failure=FailureKind.RUNTIME) for share in (25, 50, 75)]
    assert findings([*whole, *shares]) == findings(whole)  # type: ignore[list-item]


def test_the_opposite_is_not_supported():
    found = verdicts(base=(90, 5), sft=(40, 60), dpo=(150, 90), ppo=(100, 40), grpo=(60, 20))
    assert found[:3] == ["not supported"] * 3


def test_small_differences_are_undecided():
    found = verdicts(base=(78, 5), sft=(80, 20), dpo=(80, 20), ppo=(81, 21), grpo=(82, 22))
    assert found[:3] == ["undecided"] * 3


def test_what_was_not_run_is_said():
    found = findings([Result("base", {"id": 10}), Result("sft", {"id": 90})])  # type: ignore[list-item]
    assert [f.verdict for f in found][:4] == ["supported", "not run", "not run", "not run"]
    assert "no episodes of grpo (id), ppo (id), dpo (id)" in markdown(found)


@pytest.mark.parametrize(
    ("with_it", "without", "verdict"), [(160, 100, "supported"), (100, 160, "not supported"), (100, 101, "undecided")]
)
def test_debugging_is_judged_on_the_same_tasks_both_ways(with_it, without, verdict):
    found = findings([Result("grpo", {"id": with_it}), Result("grpo", {"id": without}, WITHOUT, trained=False)])  # type: ignore[list-item]
    assert found[3].verdict == verdict


@pytest.mark.parametrize(
    ("loops", "others", "verdict"), [(150, 50, "supported"), (50, 150, "not supported"), (100, 100, "undecided")]
)
def test_loops_are_held_against_the_next_kind(loops, others, verdict):
    entries = [Result("base", {"id": 200 - loops}), Result("sft", {"id": 200 - others}, failure=FailureKind.RUNTIME)]
    for shift, entry in enumerate(entries):  # other tasks, so that the signs of one do not cancel the other's
        entry._episodes = [
            summary(i + 5000 * shift, e.success, "id", e.failure, "medcalc") for i, e in enumerate(entry._episodes)
        ]
    assert findings(entries)[4].verdict == verdict  # type: ignore[arg-type]


def test_p_values_are_corrected_for_all_that_is_asked():
    """Of eight comparisons, all loops is the surest; the next one's p-value is seven times McNemar's."""
    [first, *_] = findings([Result("base", {"id": 10}), Result("sft", {"id": 16})])  # type: ignore[list-item]
    [comparison] = first.comparisons
    assert isinstance(comparison, Comparison)
    assert comparison.p_value == pytest.approx(7 * 2 * 0.5**6)
