"""Law 8: a setting that would have no effect stops the run before it starts."""

import json

import pytest

from galen.errors import UserError
from galen.pipeline.recipe import recipe
from galen.pipeline.road import Road
from galen.presets import model_preset


@pytest.mark.parametrize(
    ("method", "override"),
    [("sft", "grpo.rollouts=3"), ("grpo", "ppo.rollouts=3"), ("ppo", "dpo.beta=1"), ("all", "verifier.tasks=3")],
)
def test_settings_of_a_method_that_does_not_run_stop_the_run(method, override):
    with pytest.raises(UserError, match=rf"{override}: has no effect, `{method}` runs no"):
        recipe(method, model_preset("tiny"), [override])


@pytest.mark.parametrize("model", ["tiny", "qwen2.5-14b"])
@pytest.mark.parametrize("method", ["sft", "dpo", "ppo", "grpo", "verifier", "all"])
def test_every_method_has_a_recipe_for_every_model(method, model):
    followers = recipe(method, model_preset(model), []).methods
    assert followers == {"all": ["dpo", "ppo", "grpo"], "sft": [], "verifier": []}.get(method, [method])


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("grpo.rollout=3", "did you mean 'rollouts'"),
        ("sft.epochs=none", "sft.epochs"),
        ("grpo.groups=5", "do not divide"),
    ],
)
def test_unknown_and_impossible_settings_stop_the_run(override, said):
    with pytest.raises(UserError, match=said):
        recipe("grpo", model_preset("tiny"), [override])


def test_a_run_folder_belongs_to_one_configuration(data, tmp_path):
    few = ["demonstrations=20", "eval.test=4"]
    Road("grpo", model_preset("tiny"), data, 0, tmp_path / "run", few)
    Road("grpo", model_preset("tiny"), data, 0, tmp_path / "run", few)
    with pytest.raises(UserError, match=r"another seed \(0, now 1\)"):
        Road("grpo", model_preset("tiny"), data, 1, tmp_path / "run", few)
    with pytest.raises(UserError, match=r"another recipe\.grpo\.kl \(0\.0, now 0\.5\)"):
        Road("grpo", model_preset("tiny"), data, 0, tmp_path / "run", [*few, "grpo.kl=0.5"])


def test_a_run_begun_before_a_setting_existed_goes_on_with_its_default(data, tmp_path):
    few = ["demonstrations=20", "eval.test=4"]
    Road("grpo", model_preset("tiny"), data, 0, tmp_path / "run", few)
    path = tmp_path / "run" / "config.json"
    config = json.loads(path.read_text())
    assert config["recipe"]["eval"].pop("base") and config["recipe"].pop("feedback") == "none"
    path.write_text(json.dumps(config))
    Road("grpo", model_preset("tiny"), data, 0, tmp_path / "run", few)
    with pytest.raises(UserError, match=r"another recipe\.eval\.base \(True, now False\)"):
        Road("grpo", model_preset("tiny"), data, 0, tmp_path / "run", [*few, "eval.base=false"])


def test_an_unknown_method_writes_nothing(data, tmp_path):
    with pytest.raises(UserError, match=r"unknown method 'gpro'; did you mean 'grpo'"):
        Road("gpro", model_preset("tiny"), data, 0, tmp_path / "run", [])
    assert not (tmp_path / "run").exists()
