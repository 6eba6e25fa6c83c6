"""Law 8: a setting that would have no effect stops the run before it starts."""

import pytest

from galen.errors import UserError
from galen.pipeline.road import Road, recipe
from galen.presets import model_preset


def test_grpo_settings_stop_an_sft_run():
    with pytest.raises(UserError, match=r"grpo.rollouts=3: has no effect"):
        recipe("sft", model_preset("tiny"), ["grpo.rollouts=3"])


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
    with pytest.raises(UserError, match="another seed"):
        Road("grpo", model_preset("tiny"), data, 1, tmp_path / "run", few)


def test_an_unknown_method_writes_nothing(data, tmp_path):
    with pytest.raises(UserError, match=r"unknown method 'gppo'; did you mean 'grpo'"):
        Road("gppo", model_preset("tiny"), data, 0, tmp_path / "run", [])
    assert not (tmp_path / "run").exists()
