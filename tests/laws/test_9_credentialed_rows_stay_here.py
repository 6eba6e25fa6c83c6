"""Law 9: credentialed rows never leave the machine."""

import io
import json
import re
from contextlib import closing, redirect_stderr, redirect_stdout

import pytest
import torch
from fakes import run_dpo, run_grpo, run_ppo, run_sft, run_verifier
from markers import ROWS, SLOT, leaks, plant, told
from matplotlib.figure import Figure
from pages import blocks, run_of
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch.utils.tensorboard import SummaryWriter

from data_prep.export import export
from galen import cli_report
from galen.agent.loop import Setting
from galen.errors import UserError
from galen.oracles.grader import Grader
from galen.pipeline.evaluate import Evaluation, EvaluationSettings
from galen.pipeline.subject import subject
from galen.policy.openai import Endpoint, OpenAIPolicy
from galen.policy.scripted import ScriptedPolicy
from galen.report import census, findings
from galen.report import run as report
from galen.report.tables.make import make
from galen.report.tables.runs import index
from galen.report.viewer import page
from galen.rollout.sampler import Sampler
from galen.tasks.store import GoldStore, read_tasks, write_tasks
from galen.train import trackers
from galen.types import Fault, Gold, Owner, Privacy


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://127.0.0.1:8000/v1", True), ("http://localhost/v1", True), ("http://[::1]:1/v1", True),
        ("https://api.example.com/v1", False), ("http://127.0.0.1.example.com/v1", False), ("http://10.0.0.5:8000/v1", False),
    ],
)  # fmt: skip
def test_only_loopback_is_this_machine(url, local):
    assert Endpoint(url=url, model="m").local is local


def test_a_remote_policy_never_sees_a_credentialed_task(sampler, tasks, template):
    secret = tasks[0].model_copy(update={"privacy": Privacy.CREDENTIALED})
    policy = OpenAIPolicy(Endpoint(url="https://api.example.com/v1", model="m"), template)
    policy.generate = lambda *_, **__: pytest.fail("the prompt was sent")
    with pytest.raises(UserError, match="never leave the machine"):
        sampler.sample([tasks[1], secret], policy)


@pytest.fixture(scope="module")
def gated(data, tmp_path_factory):
    """A folder of credentialed tasks, 40 on a database and 40 on notes, whose every row has a marker."""
    folder = tmp_path_factory.mktemp("gated") / "data"
    found = read_tasks(data, "mimic_iii", "train")[:40] + read_tasks(data, "medcalc", "train")[:40]
    return folder, plant(data, found, folder)


@pytest.fixture
def gated_sampler(gated, template, backend):
    folder, _ = gated
    with closing(Grader(folder)) as grader:
        yield Sampler(Setting(folder, template, backend, "compact", 640, 160, 0.0, 6), grader, 8)


@pytest.fixture
def gated_teacher(gated, template):
    folder, tasks = gated
    gold, by_id = GoldStore(folder), {t.id: t for t in tasks}
    return lambda slip=0.15, wrong=0.08: ScriptedPolicy(lambda i: gold.get(by_id[i]), template, slip, wrong)


@pytest.fixture(scope="module")
def evaluated(gated, tmp_path_factory):
    """The scripted policy on the gated folder: the folder of runs, and what was printed."""
    runs, told = tmp_path_factory.mktemp("kept") / "runs", io.StringIO()
    settings = EvaluationSettings(split="train", tasks=5, samples=2, ks=(1, 2), concurrency=4)
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(told), redirect_stderr(told):
        patch.setattr("galen.evals.summary.CACHE", runs.parent / "cache")
        Evaluation(subject("scripted"), gated[0], settings, 0, runs / "eval-scripted-s0").walk()
    return runs, told.getvalue()


def test_nothing_that_an_evaluation_leaves_carries_a_row(gated, evaluated, monkeypatch, capfd):
    """Scores, page, report, tables with their figures, findings, what is printed: numbers alone. A dataset for others is
    refused, and leaves nothing.
    """
    folder, (runs, printed) = gated[0], evaluated
    run, kept = runs / "eval-scripted-s0", runs.parent
    monkeypatch.setattr("galen.evals.summary.CACHE", kept / "cache")
    cli_report.view([run], kept / "page.html")
    cli_report.report(run)
    ours = "{model: scripted, policy: scripted, samples: 2}"
    columns = "columns=[{name: solved, families: [mimic_iii, medcalc], metric: success}]"
    rows = f"rows=[{{name: scripted, runs: {ours}}}]"
    for name, changed in {"action_mix": [f"runs={ours}"], "failures": [columns, rows]}.items():
        make([name], runs, folder, kept / "tables", overrides=changed)
        assert "eval-scripted-s0" in (kept / "tables" / f"{name}.csv").read_text()
    assert list((kept / "tables").glob("failures*.svg"))
    (kept / "findings.md").write_text(findings.markdown(findings.findings(index(runs))))
    with pytest.raises(UserError, match="never leave the machine"):
        export(folder, kept / "export")
    print(census.markdown(census.census(folder)))
    assert {path.name for path in kept.iterdir()} == {"cache", "runs", "page.html", "tables", "findings.md"}
    stored = (run / "eval" / "scripted.jsonl").read_text()
    assert set(told(stored)) == {*ROWS} - {SLOT}, "the episodes themselves, which stay, are full of them"
    assert leaks(kept) == {} and told(printed + "".join(capfd.readouterr())) == []


@pytest.mark.parametrize("kind", ["page", "dataset", "log", "weights", "tracker", "figure", "tokens"])
def test_the_search_finds_a_row_in_every_kind_of_file(kind, gated, evaluated, data, template, tmp_path):
    """A leak on purpose: were the tasks open, their rows would be found where the law keeps them from."""
    out, opened = tmp_path / "kept", tmp_path / "opened"
    if kind in ("page", "dataset"):
        plant(data, gated[1], opened, Privacy.OPEN)
    if kind == "page":
        store = evaluated[0] / "eval-scripted-s0" / "eval" / "scripted.jsonl"
        page.write([store], out / "page.html", opened, "tiny")
    elif kind == "dataset":
        export(opened, out)
    else:
        out.mkdir()
        leak(kind, template, out)
    assert leaks(out)


def leak(kind, template, out):
    if kind == "log":
        (out / "log.jsonl").write_text(json.dumps({"step": 1, "loss": ROWS[0]}) + "\n")
    elif kind == "weights":
        torch.save({"rows": [ROWS[1]]}, out / "optimizer.pt")
    elif kind == "tracker":
        with closing(SummaryWriter(str(out))) as writer:
            writer.add_text("row", ROWS[2])
    elif kind == "figure":
        figure = Figure()
        figure.suptitle(ROWS[3])
        figure.savefig(out / "curves.svg")
    else:
        (out / "rows.json").write_text(json.dumps({"input_ids": template.reply_ids(f"select {ROWS[4]}")}, indent=1))


@pytest.mark.slow
@pytest.mark.parametrize("run", [run_sft, run_dpo, run_ppo, run_grpo, run_verifier])
def test_nothing_that_a_training_leaves_carries_a_row(
    run, gated, gated_sampler, gated_teacher, tmp_path, monkeypatch, capfd
):
    """Logs, checkpoints, and TensorBoard's files, which, read back, hold the numbers of log.jsonl and the settings."""
    monkeypatch.setattr("galen.train.observe.trackers", lambda _, *args: trackers.trackers(["tensorboard"], *args))
    run(tmp_path, gated_sampler, gated_teacher, gated[1], stops=[2])
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    stored = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    expected = {
        k: [line[k] for line in lines if line.get(k) is not None] for line in lines for k in line if k != "step"
    }
    found = {tag.removeprefix("train/"): [e.value for e in stored.Scalars(tag)] for tag in stored.Tags()["scalars"]}
    assert found.keys() == {k for k, values in expected.items() if values}
    for key, values in found.items():
        assert values == pytest.approx(expected[key], rel=1e-6), key
    files = b"".join(path.read_bytes() for path in (tmp_path / "tensorboard").iterdir())
    assert b"output_dir" in files and b'"learning_rate": ' in files
    assert list(tmp_path.glob("checkpoint-2/*")) and leaks(tmp_path) == {}
    assert told("".join(capfd.readouterr())) == []
    assert not list(tmp_path.rglob("*.parquet")), "TRL writes completions"


def test_neither_the_viewer_nor_the_report_carries_a_row(sampler, teacher, tasks, data, tmp_path):
    """Of a folder whose tasks are credentialed, and of tasks that it does not know, no text and no token is written."""
    played = [g.episodes[0] for g in sampler.sample(tasks[:12], teacher())]
    fault = Fault(owner=Owner.HARNESS, message="broke at patient 4242424242")
    played.append(played[0].model_copy(update={"key": "f", "fault": fault, "verdict": None}))
    secret = tmp_path / "secret"
    known = [t.model_copy(update={"privacy": Privacy.CREDENTIALED}) for t in tasks[:6]]
    write_tasks(secret, [(t, Gold(id=t.id, answer=0, solution="", lang="sql")) for t in known], seed=0, source="")
    run = run_of(tmp_path / "run", secret, {"eval/sft.jsonl": played, "grpo/episodes/000000.jsonl": played[:3]})
    keys = [{"key": e.key, "logprobs": [-1.5] * sum(e.completion_mask)} for e in played[:3]]
    (run / "grpo" / "parity.jsonl").write_text("".join(json.dumps(line) + "\n" for line in keys))
    out = tmp_path / "page.html"
    assert page.write([run], out).withheld == len(played) + 3
    found, rest = blocks(out)
    assert found["tokens"] == {} and len(found["index"]["rows"]["key"]) == len(played) + 3
    shown = json.dumps(found) + rest + "".join(p.read_text() for p in (report.write(run), run / "report.html"))
    turns = [t for e in played for t in e.turns]
    rows = (
        [t.prompt.question for t in tasks[:12]]
        + [t.text for t in turns]
        + [t.observation.text for t in turns if t.observation]
    )
    rows += [e.submission for e in played if e.submission] + [fault.message]
    pieces = {line for text in rows for line in text.splitlines() if len(line) > 9}
    assert len(pieces) > 20 and not [piece for piece in pieces if piece in shown]
    assert not {"logprobs", "checks", "prompt"} & set(re.findall(r'"(\w+)":', json.dumps(found)))
