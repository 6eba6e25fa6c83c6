import json
import math

import pytest

from galen.errors import UserError
from galen.evals.scores import compare, mean_change, score
from galen.report import seeds
from galen.report.table import markdown, rows, write
from galen.types import Episode, Fault, Owner, StopReason, Verdict


def episode(task: str, reward: float | None, family: str = "medcalc", block: str = "id") -> Episode:
    verdict = Verdict(reward=reward, passed=reward == 1.0, oracle="decimal", version=1)
    fault = Fault(owner=Owner.PROVIDER, message="server gone") if reward is None else None
    return Episode(
        key=task, task_id=task, family=family, category="c", cluster=task, distribution=block, seed=0,
        policy="p", policy_version=0, template="t", sandbox_tier="namespaces", prompt_ids=[1], turns=(),
        stop=StopReason.FAULT if fault else StopReason.SUBMITTED, fault=fault, verdict=verdict,
    )  # fmt: skip


def test_a_fault_is_left_out_and_never_counts_as_failure():
    result = score("p", "f", [episode("a", 1.0), episode("b", None)])
    assert (result.n, result.valid, result.success) == (2, 1, 1.0)
    assert math.isnan(score("p", "f", [episode("a", None)]).success)
    assert result.all_success == 0.5 and result.all_high < 1.0


def test_several_episodes_of_a_task_are_one_pair_and_a_cluster_is_one_vote():
    def several(wins):
        return [
            episode(str(t), float(i < w)).model_copy(update={"key": f"{t}/{i}", "cluster": f"patient {t // 2}"})
            for t, w in enumerate(wins)
            for i in range(4)
        ]

    found = compare(several([0, 1, 2, 2]), several([1, 3, 2, 2]))
    assert (found.n, found.gained, found.lost, found.clusters) == (4, 2, 0, 2)
    assert found.delta == pytest.approx((0.25 + 0.5) / 4) and found.low == 0.0
    assert (found.p_value, found.p_cluster) == (0.5, 1.0)


def test_the_mean_change_weighs_families_alike():
    before = [episode(f"m{i}", 0.0) for i in range(30)] + [
        episode(f"q{i}", float(i < 5), "mimic_iii") for i in range(10)
    ]
    after = [episode(f"m{i}", float(i < 15)) for i in range(30)] + before[30:]
    change, p_value = mean_change(before, after)
    assert change.value == pytest.approx(0.25) and change.low > 0 and p_value < 0.001
    assert mean_change(before, before)[1] == 1.0


def test_mcnemar_counts_discordant_pairs_only():
    before = [episode(str(i), float(i < 5)) for i in range(20)]
    after = [episode(str(i), float(i < 13)) for i in range(20)]
    result = compare(before, after)
    assert (result.gained, result.lost, result.delta) == (8, 0, 0.4)
    assert result.p_value == pytest.approx(2 * 0.5**8)
    assert compare(before, before).p_value == 1.0


def test_pairs_need_both_sides_valid():
    assert compare([episode("a", None), episode("b", 0.0)], [episode("a", 1.0), episode("b", 1.0)]).n == 1


def test_table_pairs_each_policy_with_its_parent(tmp_path):
    runs = {
        "base": [episode("a", 0.0), episode("b", 0.0, "mimic_iii"), episode("c", 0.0, block="ood")],
        "sft": [episode("a", 1.0), episode("b", None, "mimic_iii"), episode("c", 0.0, block="ood")],
    }
    table = rows(runs, {"sft": "base"})
    pooled = [r for r in table if r["family"] == "all"]
    assert [(r["policy"], r["valid"], r["against"]) for r in pooled] == [
        ("base", 2, None),
        ("sft", 1, "base"),
    ]
    assert {r["block"] for r in table} == {"id", "ood"}
    write(tmp_path, table)
    assert json.loads((tmp_path / "table.json").read_text())[0]["policy"] == "base"
    assert "provider 1" in markdown(table)


def finished(folder, **wins):
    """A run whose `sft` solves a quarter of 40 tasks, and whose other policies start there and solve `wins` of them."""
    solved = {"base": 0, "sft": 10, **wins}
    runs = {name: [episode(str(i), float(i < n)) for i in range(40)] for name, n in solved.items()}
    write(folder, rows(runs, {"sft": "base", **dict.fromkeys(wins, "sft")}))
    return folder


def test_runs_are_compared_by_their_last_step(tmp_path):
    found = seeds.rows([finished(tmp_path / "a", grpo=30), finished(tmp_path / "b", grpo=10)])
    assert [(r["before"], r["success"], r["delta"]) for r in found] == [
        (0.25, 0.75, 0.5), (0.25, 0.25, 0.0), (0.25, 0.5, 0.25),
    ]  # fmt: skip
    assert (found[-1]["better"], found[-1]["worse"], found[-1]["n"]) == (1, 0, 80)
    assert "| held-out | medcalc | grpo | mean of 2 | 80 | 0.250 | 0.500 | +0.250 | p < 0.05: better 1, worse 0 |" in (
        seeds.markdown(found)
    )


def test_methods_of_one_run_are_each_compared_with_where_they_started(tmp_path):
    found = seeds.rows([finished(tmp_path / "a", dpo=20, grpo=30), finished(tmp_path / "b", dpo=10, grpo=20)])
    means = {r["policy"]: r["delta"] for r in found if r["run"] == "mean of 2"}
    assert means == {"dpo": 0.125, "grpo": 0.375}
    assert {r["against"] for r in found} == {"sft"}


def test_unfinished_and_unlike_runs_are_refused(tmp_path):
    one = finished(tmp_path / "a", grpo=30)
    with pytest.raises(UserError, match=r"b/table.json: there is none; finish the run"):
        seeds.rows([one, tmp_path / "b"])
    write(tmp_path / "sft", rows({"base": [episode("a", 0.0)], "sft": [episode("a", 1.0)]}, {"sft": "base"}))
    with pytest.raises(UserError, match=r"end differently \(grpo; sft\)"):
        seeds.rows([one, tmp_path / "sft"])
