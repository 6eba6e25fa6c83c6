"""`galen eval`: the scripted policy and a served one on real tasks, jails and graders."""

import json
import math

import pytest

from galen.config import load, preset
from galen.errors import UserError
from galen.evals.summary import summaries, summarise
from galen.pipeline.evaluate import Evaluation, EvaluationSettings
from galen.pipeline.subject import subject
from galen.policy.template import ChatTemplate
from galen.presets import local_folder
from galen.report import seeds
from galen.report.evaluation import MEAN, Prices
from galen.report.evaluation import rows as scored
from galen.rollout.store import read
from galen.types import Action, ActionKind, RunManifest

SETTINGS = EvaluationSettings(tasks=6, concurrency=4)
SCRIPTED = subject("scripted")


def play(data, out, settings=SETTINGS, who=SCRIPTED, seed=0):
    return Evaluation(who, data, settings, seed, out).walk()


@pytest.fixture(scope="module")
def played(data, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "eval-scripted"
    return out, play(data, out)


def test_every_family_and_block_is_scored_and_stored(played):
    out, rows = played
    kinds = [(r["block"], r["family"], r["n"]) for r in rows]
    assert kinds == [
        (b, f, n) for b in ("id", "ood") for f, n in (("medcalc", 6), ("mimic_iii", 6), ("all", 12), (MEAN, 12))
    ]  # fmt: skip
    assert json.loads((out / "scores.json").read_text()) == rows
    assert len(list(read(out / "eval" / "scripted.jsonl"))) == 24


def test_the_manifest_says_what_was_played(played, data, template):
    made = RunManifest.model_validate_json((played[0] / "manifest.json").read_text())
    [result] = made.results
    assert (made.name, result.model, result.split, result.samples) == ("eval", "scripted", "test", 1)
    assert result.conditions.template == template.fingerprint and result.conditions.max_turns == 5
    assert set(made.tasks) >= {"medcalc/test", "mimic_iii/test"}


def test_the_same_command_plays_nothing_again_and_another_setting_is_refused(played, data):
    out, rows = played
    store = out / "eval" / "scripted.jsonl"
    whole = store.read_bytes()
    store.write_bytes(b"".join(whole.splitlines(keepends=True)[:10]))  # killed after ten episodes
    again = play(data, out)
    assert [(r["family"], r["success"]) for r in again] == [(r["family"], r["success"]) for r in rows]
    assert store.read_bytes().startswith(whole[:1000]) and len(list(read(store))) == 24
    before = store.read_bytes()
    play(data, out)
    assert store.read_bytes() == before
    with pytest.raises(UserError, match=r"holds a run with another settings.tasks \(\d+, now 7\)"):
        play(data, out, SETTINGS.model_copy(update={"tasks": 7}))


def test_several_samples_make_pass_at_k(data, tmp_path, capsys):
    settings = EvaluationSettings(families=("medcalc",), tasks=4, samples=4, ks=(1, 4, 8), concurrency=4)
    play(data, tmp_path, settings)
    told = capsys.readouterr().out
    points = json.loads((tmp_path / "best_of.json").read_text())["best_of"]["points"]
    assert {(p["k"], p["method"]) for p in points} == {(k, m) for k in (1, 4) for m in ("pass", "majority", "random")}
    assert "pass @ K" in told and "best @ K" not in told


def test_left_out_actions_are_told_to_nobody_and_done_by_nobody(data, tmp_path):
    full = subject("scripted", overrides=["profile=full", "context=4096"])
    settings = EvaluationSettings(families=("mimic_iii",), tasks=10, without=(ActionKind.DEBUGGING,), concurrency=4)
    play(data, tmp_path, settings, full)
    episodes = list(read(tmp_path / "eval" / "scripted.jsonl"))
    kinds = {t.action.kind for e in episodes for t in e.turns if isinstance(t.action, Action)}
    assert ActionKind.SUBMIT in kinds and ActionKind.DEBUGGING not in kinds
    prompt = ChatTemplate(local_folder(full.model)).decode(episodes[0].prompt_ids)
    assert "request_info" in prompt and "explains the last error" not in prompt


def test_tokens_seconds_and_cost_of_a_solved_task(played):
    out, rows = played
    episodes = list(read(out / "eval" / "scripted.jsonl"))
    one = summarise(episodes[0])
    sent = [
        len(episodes[0].prompt_ids) + sum(len(t.token_ids) for t in episodes[0].turns[:i]) for i in range(one.turns)
    ]
    assert one.sent_tokens == sum(sent)
    assert one.read_tokens + one.output_tokens == len(episodes[0].prompt_ids) + len(episodes[0].completion_ids)
    [priced] = [r for r in scored([one], Prices(input=2.0, output=8.0))]
    assert priced["cost"] == pytest.approx((2 * one.sent_tokens + 8 * one.output_tokens) / 1e6)
    assert rows[0]["cost"] is None and rows[0]["seconds_per_solved"] > 0


def test_a_store_is_parsed_once_until_it_changes(played, tmp_path, monkeypatch):
    monkeypatch.setattr("galen.evals.summary.CACHE", tmp_path / "cache")
    store = tmp_path / "e.jsonl"
    lines = (played[0] / "eval" / "scripted.jsonl").read_text().splitlines(keepends=True)
    store.write_text("".join(lines[:3]))
    first = summaries(store)
    assert first == [summarise(e) for e in read(store)]
    monkeypatch.setattr("galen.evals.summary.read", lambda _: pytest.fail("parsed again"))
    assert summaries(store) == first
    monkeypatch.undo()
    monkeypatch.setattr("galen.evals.summary.CACHE", tmp_path / "cache")
    store.write_text("".join(lines[:5]))
    assert len(summaries(store)) == 5


def test_whoever_is_named_is_found_or_refused(tmp_path):
    assert subject("Qwen/Qwen3-8B").model.path == "Qwen/Qwen3-8B"
    assert subject("tiny").policy == "base"
    served = subject("http://127.0.0.1:9/v1", name="frontier", model="tiny")
    assert (served.name, served.model.name, served.endpoint and served.endpoint.local) == ("frontier", "tiny", True)
    for given, options, told in (
        ("no-such", {}, "unknown model preset"), ("http://127.0.0.1:9/v1", {}, "Give --name"),
        ("tiny", {"name": "x"}, "--name: has no effect"), ("tiny", {"model": "tiny"}, "--model: has no effect"),
    ):  # fmt: skip
        with pytest.raises(UserError, match=told):
            subject(given, **options)


def test_a_checkpoint_is_played_as_its_run_was_trained(tmp_path):
    run = tmp_path / "grpo-tiny-s3"
    (run / "grpo" / "final").mkdir(parents=True)
    trained = {
        "method": "grpo",
        "model": subject("tiny").model.model_dump(mode="json"),
        "recipe": {"max_turns": 4},
        "seed": 3,
    }
    (run / "config.json").write_text(json.dumps(trained))
    who = subject(str(run / "grpo" / "final"))
    assert (who.name, who.policy, who.model.profile, who.trained) == ("tiny", "grpo", "compact", trained)
    assert who.model.path == str(run / "grpo" / "final") and who.weights is None
    (run / "grpo" / "final" / "adapter_config.json").write_text("{}")
    assert subject(str(run / "grpo" / "final")).weights == run / "grpo" / "final"
    with pytest.raises(UserError, match="those of this run are grpo/final"):
        subject(str(run / "grpo"))
    with pytest.raises(UserError, match="played as it was trained"):
        subject(str(run / "grpo" / "final"), overrides=["context=128"])


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (["verifier=x"], "set samples"), (["without=[submit]"], "no way to answer"),
        (["tsks=3"], "did you mean 'tasks'"),
    ],
)  # fmt: skip
def test_settings_without_effect_are_refused(settings, told):
    with pytest.raises(UserError, match=told):
        load(preset("eval", "default"), EvaluationSettings, settings)


def test_what_cannot_be_played_is_refused_before_anything_is_written(data, tmp_path):
    out = tmp_path / "out"
    for settings, who, told in (
        ({"temperature": 0.7}, SCRIPTED, "no effect on the scripted policy"),
        ({"samples": 2}, subject("tiny"), "one and the same at temperature=0"),
        ({"families": ("medcal",)}, SCRIPTED, "did you mean 'medcalc'"),
        ({"verifier": str(tmp_path), "samples": 2}, SCRIPTED, "holds no model"),
        ({"families": ("medcalc",), "without": (ActionKind.REQUEST_INFO,)}, SCRIPTED, "no task allows it"),
    ):
        with pytest.raises(UserError, match=told):
            Evaluation(who, data, EvaluationSettings(**settings), 0, out)
    assert not out.exists()


def test_an_evaluation_is_no_run_to_compare(played):
    with pytest.raises(UserError, match="galen tables"):
        seeds.rows([played[0]])


def test_without_a_valid_episode_there_is_no_score(played):
    episode = next(read(played[0] / "eval" / "scripted.jsonl")).model_copy(update={"verdict": None})
    [row] = scored([summarise(episode)])
    assert math.isnan(row["success"]) and row["all_success"] == 0.0
