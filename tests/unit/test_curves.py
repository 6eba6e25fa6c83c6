"""The learning curves of a run."""

import json

import pytest

from galen.errors import UserError
from galen.report import curves


@pytest.fixture
def run(tmp_path):
    """Two rollouts of PPO, the second walked twice, and a round of DPO."""
    (tmp_path / "config.json").write_text(
        json.dumps({"recipe": {"ppo": {"group_size": 2}, "dpo": {"group_size": 8}, "sft": {}}})
    )
    ppo = [
        {"step": 0, "groups": 5, "reward": 0.25, "kl": 0.0, "turns": 2.0},
        {"step": 2, "groups": 7, "reward": 0.1, "kl": None, "turns": 3.0},
        {"step": 2, "groups": 7, "reward": 0.5, "kl": 0.1, "turns": 3.0},
    ]
    trained = [{"step": 1, "loss": 0.5}]  # SFT has no rollouts and no curve here
    checked = [{"step": 0, "episodes": 0, "success": 0.3}, {"step": 4, "episodes": 24, "success": 0.6}]
    for name, lines in (
        ("ppo/log", ppo),
        ("ppo/validation", checked),
        ("dpo/validation", checked[:1]),
        ("sft/log", trained),
    ):
        path = tmp_path / f"{name}.jsonl"
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return tmp_path


def test_points_stand_at_the_episodes_played_before_and_a_step_counts_once(run):
    found = curves.read(run)
    assert list(found) == ["dpo", "ppo"]
    assert [(p["episodes"], p["reward"]) for p in found["ppo"] if "reward" in p] == [(0, 0.25), (10, 0.5)]
    assert [(p["episodes"], p["success"]) for p in found["ppo"] if "success" in p] == [(0, 0.3), (24, 0.6)]
    assert [p["success"] for p in found["dpo"]] == [0.3]


def test_the_picture_shows_what_was_logged(run):
    curves.plot(run, run / "docs" / "curves.svg")
    text = (run / "docs" / "curves.svg").read_text()
    for name in curves.PANELS:
        assert (f"<!-- {curves.PANELS[name]} -->" in text) == (name in ("reward", "success", "kl", "turns"))
    assert "<!-- ppo -->" in text and "<!-- dpo -->" in text


def test_a_run_without_curves_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"no log.jsonl or validation.jsonl of a method"):
        curves.read(tmp_path)
