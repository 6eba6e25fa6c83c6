"""The whole road in miniature on real parts (jails, grader, vLLM, all trainers): killed on the way, then continued."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from data_prep.build import build
from data_prep.settings import DataSettings, FamilySize, MedCalcSize, MimicSize
from galen.pipeline.evaluate import Evaluation, EvaluationSettings
from galen.pipeline.subject import subject
from galen.report import curves
from galen.report.evaluation import MEAN
from galen.report.tables.make import make
from galen.rollout.store import read

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
SIZE = FamilySize(train=40, valid=4, test=6, ood=2)
POLICIES = ("base", "sft", "dpo", "ppo", "grpo")
FEW = (
    "demonstrations=16", "concurrency=16", "sft.epochs=1", "sft.batch_size=8", "grpo.rollouts=1", "grpo.groups=2",
    "grpo.group_size=4", "grpo.minibatches=1", "grpo.micro_batch=8", "ppo.rollouts=1", "ppo.groups=2", "ppo.group_size=4",
    "ppo.minibatches=1", "ppo.micro_batch=8", "ppo.value_warmup=0", "dpo.rounds=1", "dpo.tasks=24", "dpo.batch_size=4",
    "dpo.micro_batch=4", "eval.test=6", "eval.ood=2", "eval.curve=4", "eval.every=1",
    "report_to=tensorboard",
)  # fmt: skip


def command(data: Path, out: Path, *more: str) -> list[str]:
    sets = [word for item in (*FEW, *more) for word in ("--set", item)]
    return [sys.executable, "-m", "galen.cli", "train", "all", "--data", str(data), "--out", str(out), *sets]


def servers(mark: str) -> list[str]:
    """Process ids of the vLLM servers with `mark` in their environment, as all that the test started have it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            served = b"vllm.entrypoints.openai" in (process / "cmdline").read_bytes()
            if served and mark.encode() in (process / "environ").read_bytes():
                found.append(process.name)
    return found


@pytest.fixture(scope="module")
def gym(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("gym") / "data"
    build(
        out,
        3,
        DataSettings(patients=60, mimic_iii=MimicSize(**SIZE.model_dump()), medcalc=MedCalcSize(**SIZE.model_dump())),
    )
    return out


def test_killed_on_the_way_the_same_command_ends_in_a_table(gym, server, tmp_path, monkeypatch):
    out, mark = tmp_path / "run", f"killed={tmp_path}"
    monkeypatch.setenv("GALEN_TEST", mark)
    first = subprocess.Popen(command(gym, out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 400
    while not (out / "sft" / "final").exists():
        assert first.poll() is None and time.monotonic() < deadline, "the road ended before SFT did"
        time.sleep(0.2)
    assert servers(mark)
    first.send_signal(signal.SIGKILL)
    first.wait()
    kept = (out / "eval" / "base.jsonl").read_text()
    second = subprocess.run(command(gym, out), capture_output=True, text=True, timeout=400, check=False)
    assert second.returncode == 0, second.stdout + second.stderr
    assert servers(mark) == [], "a server outlived its owner"
    assert (out / "eval" / "base.jsonl").read_text() == kept
    _check_results(out)
    _check_tables(gym, server, out)
    other = subprocess.run(command(gym, out, "sft.epochs=2"), capture_output=True, text=True, check=False)
    assert other.returncode == 1 and "another recipe" in other.stderr and "Traceback" not in other.stderr


def _check_tables(gym: Path, server: str, out: Path) -> None:
    """The run's policies are in the table, and `galen eval` of a checkpoint plays what the road played with it."""
    [table] = make(["training_tiny"], out.parent, gym, out.parent / "tables")
    assert "15 of 15 cells are run" in table.read_text()
    who = subject(str(out / "grpo" / "final"), overrides=[f"serve.url={server}"])
    rows = Evaluation(who, gym, EvaluationSettings(concurrency=16), 0, out.parent / "eval").walk()
    assert {r["family"] for r in rows} == {"mimic_iii", "medcalc", "all", MEAN}
    theirs = {e.task_id: e.submission for e in read(out / "eval" / "grpo.jsonl")}
    ours = {e.task_id: e.submission for e in read(out.parent / "eval" / "eval" / "grpo.jsonl")}
    assert ours.keys() == theirs.keys()
    # Greedy, and the same weights: but for ties that another order of the batch may break.
    assert sum(ours[t] == theirs[t] for t in ours) >= len(ours) - 1


def _check_results(out: Path) -> None:
    table = json.loads((out / "table.json").read_text())
    assert {(r["policy"], r["family"]) for r in table} == {
        (p, f) for p in POLICIES for f in ("mimic_iii", "medcalc", "all")
    }
    assert all(r["valid"] == r["n"] for r in table)
    for name in POLICIES:
        episodes = list(read(out / "eval" / f"{name}.jsonl"))
        assert len({e.key for e in episodes}) == len(episodes) == 2 * (6 + 2)
        assert {e.policy for e in episodes} == {name}
    for name in ("ppo", "grpo"):
        report = json.loads((out / name / "report.json").read_text())
        assert report["changed_tokens"] == 0 < report["trained_tokens"]
        assert 0 <= report["parity_mean"] < 0.01
        [line] = [json.loads(text) for text in (out / name / "log.jsonl").read_text().splitlines()]
        assert line["valid"] == 1 and {"reward/mimic_iii", "reward/medcalc"} < line.keys()
        assert all(line[f"time/{phase}"] > 0 for phase in ("rollout", "evaluation", "sync", "check", "score", "train"))
    assert json.loads((out / "dpo" / "report.json").read_text())["rounds"][0]["pairs"] > 0
    for trainer in ("sft", "dpo/round-0", "ppo", "grpo"):
        assert (out / trainer / "log.jsonl").read_text() and any((out / trainer / "tensorboard").iterdir())
    points = curves.read(out)
    assert all(len([p for p in points[name] if "success" in p]) == 2 for name in ("dpo", "ppo", "grpo"))
    assert {r["against"] for r in table} == {None, "base", "sft"}
    told = (out / "report.md").read_text()
    assert (out / "report.html").exists() and all(f"| eval/{p} | 16 |" in told for p in POLICIES)
    assert "(episodes.html)" in told and (out / "episodes.html").stat().st_size > 10_000
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["seeds"] == [0] and manifest["config"]["method"] == "all" and manifest["lock_sha256"]
    assert "vs sft" in (out / "table.md").read_text()


def test_bad_input_is_one_line_and_writes_nothing(gym, tmp_path):
    for more, said in (
        (["--model", "qwen2.5-8b"], "unknown model preset 'qwen2.5-8b'; did you mean 'qwen2.5-"),
        (["--set", "grpo.learning_rat=1"], "did you mean 'learning_rate'"),
        (["--data", str(tmp_path / "none")], "no task folder"),
    ):
        args = [
            sys.executable,
            "-m",
            "galen.cli",
            "train",
            "grpo",
            "--data",
            str(gym),
            "--out",
            str(tmp_path / "run"),
            *more,
        ]
        done = subprocess.run(args, capture_output=True, text=True, check=False, env=os.environ)
        assert done.returncode == 1 and said in done.stderr and len(done.stderr.strip().splitlines()) == 1, done.stderr
        assert not (tmp_path / "run").exists()
