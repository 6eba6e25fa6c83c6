"""What a recipe may say: contradictions and settings without effect are one line that tells the fix."""

import pytest

from galen.config import load, preset
from galen.data.filters import FilterSettings
from galen.errors import UserError
from galen.pipeline.recipe import Recipe, recipe
from galen.plan.recipe import workload
from galen.presets import model_preset

TINY = model_preset("tiny")
LOCAL = ["teacher.url=http://127.0.0.1:8000/v1", "teacher.model=m"]


def test_by_default_every_success_is_trained_on_once():
    made = recipe("sft", TINY, [])
    assert (made.filters, made.share, made.demonstration_samples, made.teacher) == (FilterSettings(), 100, 1, None)
    assert made.sft is not None and made.sft.micro_batch is None and not made.sft.packing


@pytest.mark.parametrize(
    ("method", "overrides", "said"),
    [
        ("sft", ["share=30"], "share: .*25, 50, 75 or 100.*got 30"),
        ("sft", ["filters.max_turn=3"], "did you mean 'max_turns'"),
        ("sft", ["sft.batch_size=8", "sft.micro_batch=3"], r"sft.yaml: sft: batch_size = 8 .* micro_batch = 3 rows$"),
        ("sft", ["sft=null"], "leaves nothing to train"),
        ("grpo", ["sft.epochs=2", "sft=null"], "sft.epochs=2: has no effect"),
        ("sft", ["demonstration_temperature=0.5"], "no effect on the scripted teacher; set teacher"),
        ("sft", [*LOCAL, "demonstration_samples=4", "demonstration_temperature=0"], "one and the same"),
        ("grpo", ["sft=null", "grpo.ptx=0", "share=50"], "filters and share have no effect"),
        ("grpo", ["sft=null", "grpo.ptx=0", "filters.max_turns=3"], "filters and share have no effect"),
        ("grpo", ["sft=null", "grpo.ptx=0", "demonstration_samples=2"], "nothing uses demonstrations"),
        ("dpo", ["dpo.source=teacher", "dpo.rounds=1"], "set demonstration_samples to 2"),
        ("dpo", ["dpo.source=teacher", "demonstration_samples=2", "dpo.rounds=2"], "set source = both"),
        ("dpo", ["dpo.source=teacher", "demonstration_samples=2", "dpo.rounds=1", "dpo.tasks=9"], "dpo.tasks=9: has no eff"),
        ("dpo", ["dpo.pairs=score"], "set verifier"),
        ("sft", ["demonstrations=0"], "demonstrations: .*give 1 or more.*got 0"),
        ("sft", ["demonstrations={medcalc: 5}"], "one number for each of families: mimic_iii, medcalc"),
        ("sft", ["demonstrations={medcalc: 5, mimic_iii: 0}"], "demonstrations: give 1 or more"),
    ],
)  # fmt: skip
def test_contradictions_and_settings_without_effect_are_refused(method, overrides, said):
    with pytest.raises(UserError, match=said) as error:
        recipe(method, TINY, overrides)
    assert len(str(error.value)) < 300


@pytest.mark.parametrize("method", ["dpo", "ppo", "grpo", "verifier", "all"])
def test_every_method_may_start_from_the_base(method):
    made = recipe(method, TINY, ["sft=null"])
    assert made.start == "base" and made.sft is None
    assert recipe(method, TINY, []).start == "sft"


def test_a_recipe_file_may_leave_sft_out(tmp_path):
    text = preset("train", "dpo").read_text().replace("sft: {", "sft: null # {")
    (path := tmp_path / "alone.yaml").write_text(text)
    assert load(path, Recipe).start == "base"


def test_demonstrations_are_played_where_something_uses_them():
    alone = ["sft=null", "dpo.rounds=1"]
    made = recipe("dpo", TINY, alone)
    assert not made.trains_demonstrations and not made.pairs_demonstrations
    offline = recipe("dpo", TINY, [*alone, "dpo.source=teacher", "demonstration_samples=4"])
    assert not offline.trains_demonstrations and offline.pairs_demonstrations
    assert recipe("grpo", TINY, ["sft=null"]).trains_demonstrations  # the tiny model's ptx


def test_a_teacher_is_an_endpoint_or_the_policy():
    assert recipe("sft", TINY, LOCAL).teacher.model == "m"
    assert recipe("sft", TINY, ["teacher=policy", "demonstration_samples=8"]).teacher == "policy"
    with pytest.raises(UserError, match="teacher"):
        recipe("sft", TINY, ["teacher=gpt"])


def test_the_plan_counts_samples_shares_and_a_road_without_sft():
    full, *_ = workload("sft", TINY, []).stages
    shared, *_ = workload("sft", TINY, ["demonstration_samples=4", "share=25", "sft.micro_batch=8"]).stages
    assert (shared.rows, shared.micro_batch, shared.batch) == (full.rows, 8, full.batch)
    assert [s.name for s in workload("dpo", TINY, ["sft=null"]).stages] == ["dpo"]
    with pytest.raises(UserError, match="nothing to plan"):
        workload("sft", TINY, ["sft=null"])
