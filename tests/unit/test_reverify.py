"""`galen reverify`: another oracle on stored episodes; the store itself stays byte for byte as it was."""

import json

import pytest
from test_agent import Replies

from galen.cli_proofs import reverify as command
from galen.errors import UserError
from galen.oracles import KINDS
from galen.policy.scripted import block
from galen.proofs.reverify import printed, reverify, stores, task_folder
from galen.rollout.store import EpisodeStore, read
from galen.types import Fault, Owner, StopReason, Verdict


@pytest.fixture
def run(data, sampler, teacher, tasks, tmp_path):
    """A run's folder with one store of 12 episodes, the first of them under an older verdict of its own."""
    folder = tmp_path / "run"
    episodes = [g.episodes[0] for g in sampler.sample(tasks[:6] + tasks[40:46], teacher(slip=0.0, wrong=0.0))]
    assert all(e.success for e in episodes)
    old = Verdict(reward=0.0, passed=False, checks={"rows": 9, "gold_rows": 1}, oracle="rows", version=1)
    fault = {"fault": Fault(owner=Owner.SANDBOX, message="lost"), "stop": StopReason.FAULT, "verdict": None}
    ungraded = {"fault": Fault(owner=Owner.TASK, message="cannot be graded"), "stop": StopReason.FAULT, "verdict": None}
    changed = [{"verdict": old}, fault, ungraded, {"task_id": "mimic_iii/train-id/gone"}]
    episodes[:4] = [e.model_copy(update=u) for e, u in zip(episodes, changed, strict=False)]
    with EpisodeStore(folder / "eval" / "sft.jsonl") as store:
        for episode in episodes:
            store.append(episode)
    (folder / "log.jsonl").write_text('{"step": 1}\n')
    (folder / "config.json").write_text(json.dumps({"data": str(data)}))
    return folder


def test_verdicts_that_flip_are_listed_with_their_reason(run, data, tasks):
    store = run / "eval" / "sft.jsonl"
    before = store.read_bytes()
    found = {r.family: r for r in reverify(run, data, "present")}
    assert store.read_bytes() == before and found["medcalc"].changes == []
    mimic = found["mimic_iii"]
    assert (mimic.episodes, mimic.passed_before, mimic.passed_after) == (4, 2, 4)
    assert mimic.skipped == {"fault of the sandbox": 1, "its task is not in this task folder": 1}
    flipped, ungraded = mimic.changes
    assert flipped["task_id"] == tasks[0].id and flipped["why"].startswith("rows 1 → rows 2, rows 9 → ")
    assert "no verdict before" in ungraded["why"]


def test_every_verdict_is_written_beside_the_store(run, data):
    list(reverify(run / "eval" / "sft.jsonl", data, "present"))
    lines = [json.loads(line) for line in (run / "eval" / "sft.present.jsonl").read_text().splitlines()]
    assert len(lines) == 10 and sum(line["flipped"] for line in lines) == 2
    assert lines[0]["before"]["version"] == 1 and lines[0]["after"]["passed"]
    assert stores(run) == [run / "eval" / "sft.jsonl"], "what it wrote is no store of episodes"


def test_both_verdicts_side_by_side(data, sampler, template, tasks, tmp_path):
    with EpisodeStore(tmp_path / "cheats.jsonl") as store:
        cheat = Replies(template, block("python", "print(25)"), block("submit", "@last"))
        sampler.sample(tasks[40:50], cheat, store=store)
    [found] = reverify(tmp_path / "cheats.jsonl", data, "paper")
    assert found.passed_before == 0 and found.passed_after >= 7
    assert all("decimal" in c["why"] or "integer" in c["why"] for c in found.changes)
    assert all(" failed " in c["why"] and "paper 1 passed" in c["why"] for c in found.changes)
    assert all(printed(e) == ["25"] for e in read(tmp_path / "cheats.jsonl"))


def test_a_new_version_of_an_oracle_shows(run, data, monkeypatch):
    def strict(submission, gold, params):
        return Verdict(reward=0.0, passed=False, checks={"strict": True}, oracle="rows", version=99)

    monkeypatch.setitem(KINDS, "rows", strict)
    mimic = next(r for r in reverify(run, data, "present") if r.family == "mimic_iii")
    assert mimic.passed_after == 0 and any(
        "rows 2 → rows 99" in c["why"] and "strict None → True" in c["why"] for c in mimic.changes
    )


def test_the_command_prints_both(run, capsys):
    command(run, oracle="paper")
    said = capsys.readouterr().out
    assert "passed-before" in said and "sft.jsonl" in said
    command(run, as_json=True)
    assert {r["family"] for r in json.loads(capsys.readouterr().out)} == {"mimic_iii", "medcalc"}
    with pytest.raises(UserError, match="unknown oracle 'papre'; did you mean 'paper'"):
        command(run, oracle="papre")


def test_bad_places_are_named(run, data, tmp_path):
    assert (
        task_folder(run / "eval" / "sft.jsonl", tmp_path) == data and task_folder(tmp_path / "x", tmp_path) == tmp_path
    )
    for path, said in ((tmp_path / "absent", "no such file"), (data / "tasks", "no episode store")):
        with pytest.raises(UserError, match=said):
            stores(path)
    with pytest.raises(UserError, match="no task folder"):
        list(reverify(run, tmp_path, "present"))
