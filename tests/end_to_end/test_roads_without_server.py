"""Recipes that change the road, walked to their table on real parts, with a scripted policy where vLLM would serve."""

import json

import pytest
from fakes import narrow

from data_prep.build import build
from data_prep.settings import DataSettings, FamilySize, MedCalcSize, MimicSize
from galen.data.filters import FilterSettings, choose
from galen.errors import UserError
from galen.pipeline.road import Road
from galen.policy.scripted import ScriptedPolicy
from galen.presets import model_preset
from galen.rollout.store import read
from galen.tasks.store import GoldStore

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
SIZE = FamilySize(train=24, valid=2, test=3, ood=1)
FEW = (
    "demonstrations=8", "concurrency=8", "eval.test=3", "eval.ood=1", "eval.curve=2", "eval.every=1", "dpo.rounds=1",
    "dpo.batch_size=4", "dpo.micro_batch=2",
)  # fmt: skip


class Served(ScriptedPolicy):
    """What the road asks of its server, where weights change nothing."""

    url = "nowhere"

    def refresh(self, folder):
        assert (folder / "model.safetensors").exists()

    def sleep(self):
        """A server on a processor never does."""


@pytest.fixture(scope="module")
def gym(tmp_path_factory):
    out = tmp_path_factory.mktemp("gym") / "data"
    build(
        out,
        3,
        DataSettings(patients=60, mimic_iii=MimicSize(**SIZE.model_dump()), medcalc=MedCalcSize(**SIZE.model_dump())),
    )
    return out


@pytest.fixture
def walk(gym, tmp_path, monkeypatch):
    def serve(road, stack):
        gold, known = GoldStore(gym), {t.id: t for t in [*road.demos, *road.pool, *road.valid, *road.test]}
        road.policy = Served(lambda i: gold.get(known[i]), road.template, slip=0.3, wrong=0.4)
        road.policy.name = "base"

    monkeypatch.setattr(Road, "_serve_base", serve)

    def go(method, *overrides):
        few = [item for item in FEW if method == "dpo" or not item.startswith("dpo.")]
        model = model_preset("tiny").model_copy(update={"path": narrow()})
        road = Road(method, model, gym, 0, tmp_path / "run", [*few, *overrides])
        return road.walk(), tmp_path / "run"

    return go


def against(table):
    return {r["policy"]: r["against"] for r in table}


def test_dpo_alone_on_the_teachers_pairs_then_the_policys(walk):
    settings = ["sft=null", "dpo.source=both", "demonstration_samples=6", "dpo.tasks=8", "dpo.group_size=4"]
    table, out = walk("dpo", *settings)
    assert against(table) == {"base": None, "dpo": "base"} and not (out / "sft").exists()
    [played] = json.loads((out / "dpo" / "report.json").read_text())["rounds"]
    shown, own = (list(read(out / p)) for p in ("demonstrations.jsonl", "dpo/episodes/000000.jsonl"))
    assert len(shown) == 16 * 6 and len(own) == 8 * 4 and played["episodes"] == 16 * 6 + 8 * 4
    assert not {e.task_id for e in shown} & {e.task_id for e in own} and played["pairs"] > 0
    assert "Demonstrations" not in (out / "table.md").read_text()
    assert walk("dpo", *settings)[0] == table


def test_pairs_by_the_score_of_a_verifier(walk, tmp_path):
    settings = ["sft=null", "dpo.source=teacher", "demonstration_samples=4", "dpo.pairs=score"]
    with pytest.raises(UserError, match=r"dpo.verifier=/nowhere: holds no model"):
        walk("dpo", *settings, "dpo.verifier=/nowhere")
    assert not (tmp_path / "run").exists()
    _, out = walk("dpo", *settings, f"dpo.verifier={narrow()}")  # any model says YES or NO
    [played] = json.loads((out / "dpo" / "report.json").read_text())["rounds"]
    assert played["pairs"] > played["tasks"] // 2 and not (out / "dpo" / "episodes").exists()


def test_the_policy_teaches_itself_and_a_share_of_what_passes_is_trained_on(walk):
    settings = [
        "teacher=policy", "demonstration_samples=4", "demonstration_temperature=0.8", "share=50", "filters.per_task=2",
        "sft.packing=true", "sft.epochs=1", "sft.batch_size=4", "sft.micro_batch=2",
    ]  # fmt: skip
    table, out = walk("sft", *settings)
    assert against(table) == {"base": None, "sft": "base"}
    shown = list(read(out / "demonstrations.jsonl"))
    assert len(shown) == 16 * 4 and {e.policy for e in shown} == {"base"}
    chosen, report = choose(shown, FilterSettings(per_task=2), 50, seed=0)
    counts = json.loads((out / "demonstrations.json").read_text())
    assert counts == vars(report) and counts["dropped"].keys() == {"failed", "per_task", "share"}
    trained = json.loads((out / "sft" / "report.json").read_text())
    assert trained["rows"] == len(chosen) > trained["packs"] and trained["too_long"] == 0
    notes = (out / "table.md").read_text()
    assert f"Demonstrations: 64 episodes, {len(chosen)} kept" in notes and f"SFT: {len(chosen)} rows" in notes


def test_a_base_that_another_run_evaluates_is_left_out(walk):
    table, out = walk("sft", "eval.base=false", "sft.epochs=1", "sft.batch_size=4")
    assert against(table) == {"sft": None} and not (out / "eval" / "base.jsonl").exists()
    assert [r["policy"] for r in json.loads((out / "manifest.json").read_text())["results"]] == ["sft"]
