"""Two processes give the update of one: DDP and FSDP2 over gloo, and DeepSpeed where it is installed, on a CPU."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from distributed import RUNS, kept
from fakes import BASE, scripted, tiny, tiny_lora
from safetensors.torch import load_file

from galen.agent.loop import Setting
from galen.errors import UserError
from galen.oracles.grader import Grader
from galen.paths import ROOT
from galen.policy.scripted import ScriptedPolicy
from galen.rollout.sampler import Sampler
from galen.tasks.store import GoldStore
from galen.train import device, world
from galen.train.agent import AgentSettings, accumulation
from galen.train.models import save_model
from galen.train.ppo import PPOSettings, check_critic

TRAINED = {
    "ddp": ("sft", "dpo", "dpo_lora", "grpo", "lora", "ppo"), "zero2": ("sft", "dpo", "grpo", "lora", "ppo"),
    "zero3": ("dpo", "dpo_lora", "grpo", "lora", "ppo"), "fsdp": ("sft", "dpo", "dpo_lora", "grpo", "lora", "ppo"),
}  # fmt: skip
ZERO = ("zero2", "zero3")
DEEPSPEED = ROOT / ".cache" / "deepspeed"  # where scripts/deepspeed.sh puts it
TIMEOUT = int(os.environ.get("GALEN_TEST_TIMEOUT", "1200"))  # of a launch, on a machine however busy: a hang ends here


def launch(preset: str, *words: str) -> subprocess.CompletedProcess[str]:
    """`words` under Python in two processes, as a preset says but in float32; their output together."""
    command = [
        sys.executable, "-m", "accelerate.commands.launch", "--config_file", str(ROOT / "configs" / "accelerate" / f"{preset}.yaml"),
        "--num_processes", "2", "--mixed_precision", "no", "--main_process_port", "0", *words,
    ]  # fmt: skip
    path = [ROOT / "src", ROOT, ROOT / "tests", *([DEEPSPEED] if preset in ZERO else [])]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, path))}
    with subprocess.Popen(
        command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as launcher:
        try:
            out, _ = launcher.communicate(timeout=TIMEOUT)
        finally:  # a test that ran out of time leaves no process that would write where the next one reads
            with contextlib.suppress(ProcessLookupError):
                os.killpg(launcher.pid, signal.SIGKILL)
    return subprocess.CompletedProcess(command, launcher.returncode, out)


class Alone(NamedTuple):
    """A run in this process: the weights before and after, and the norms of its gradients."""

    before: dict[str, torch.Tensor]
    after: dict[str, torch.Tensor]
    norms: list[float]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("distributed")


@pytest.fixture(scope="module")
def alone(data, template, backend, tasks, folder) -> Iterator[dict[str, Alone]]:
    """Each run in this process; their episodes are kept in `folder / "episodes"`."""
    grader = Grader(data)
    sampler = Sampler(Setting(data, template, backend, "compact", 640, 160, 0.0, 6), grader, 8)
    gold, by_id = GoldStore(data), {t.id: t for t in tasks}

    def policy(slip: float, wrong: float) -> ScriptedPolicy:
        return ScriptedPolicy(lambda i: gold.get(by_id[i]), template, slip, wrong)

    done = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(device, "fast_bf16", lambda: False)
        for name, run in RUNS.items():
            out = folder / "alone" / name
            samples = 1 if name in ("sft", "ppo") else 4
            torch.manual_seed(0)
            trained = run(out, tasks, kept(folder / "episodes", name, scripted(sampler, policy, samples)))
            save_model(trained, BASE, out / "final")
            save_model(tiny_lora() if "lora" in name else tiny(), BASE, out / "start")
            done[name] = Alone(weights(out / "start"), weights(out / "final"), norms(out))
    yield done
    grader.close()


@pytest.fixture(scope="module")
def together(data, alone, folder) -> Callable[[str], Path]:
    """Gives the folder with what two processes trained under a preset; a preset is launched once, whatever the tests' order."""

    @cache
    def launched(preset: str) -> subprocess.CompletedProcess[str]:
        words = [ROOT / "tests" / "distributed.py", data, folder / "episodes", folder / preset, *TRAINED[preset]]
        return launch(preset, *map(str, words))

    def trained(preset: str) -> Path:
        if preset in ZERO and not (DEEPSPEED.exists() or importlib.util.find_spec("deepspeed")):
            pytest.skip("the package deepspeed is not installed; scripts/deepspeed.sh does it")
        done = launched(preset)
        assert done.returncode == 0, done.stdout[-6000:]
        return folder / preset

    return trained


def weights(folder: Path) -> dict[str, torch.Tensor]:
    [path] = folder.glob("*.safetensors")
    return load_file(path)


def norms(out: Path) -> list[float]:
    """The gradients' norms that the last checkpoint's log has: Adam's steps do not show a wrong scale."""
    last = max(out.glob("checkpoint-*"), key=lambda p: int(p.name.rpartition("-")[2]))
    history = json.loads((last / "trainer_state.json").read_text())["log_history"]
    return [line["grad_norm"] for line in history if "grad_norm" in line]


def parities(out: Path) -> list[float]:
    """What the trainer's log-probabilities were from the sampler's before each rollout was trained on."""
    return [json.loads(line)["parity"] for line in (out / "log.jsonl").read_text().splitlines()]


def differ(one: dict[str, torch.Tensor], two: dict[str, torch.Tensor]) -> float:
    assert one.keys() == two.keys()
    return sum((one[k] - two[k]).square().sum().item() for k in one) ** 0.5


@pytest.mark.slow
@pytest.mark.timeout(TIMEOUT)
@pytest.mark.parametrize(("preset", "name"), [(p, n) for p in TRAINED for n in TRAINED[p]])
def test_two_processes_train_as_one(together, preset, name, alone, folder):
    """Their weights agree to two thousandths of what training changed, and their gradients in size: a wrong scale is off by
    halves, while sums in another order (a wrapped model is scored by TRL's head) have drifted by 1.5e-3 at the fourth step.
    """
    one, out = alone[name], together(preset) / name
    moved = differ(one.before, one.after)
    assert moved > 0
    assert differ(one.after, weights(out / "final")) < 2e-3 * moved
    assert norms(out) == pytest.approx(one.norms, rel=5e-3)
    if name in ("grpo", "lora"):  # parts of a model are called for it, beside its own pass
        assert parities(out) == pytest.approx(parities(folder / "alone" / name), rel=1e-3)


@pytest.mark.slow
@pytest.mark.timeout(TIMEOUT)
@pytest.mark.parametrize(("preset", "names"), [("zero3", ("grpo", "ppo", "lora")), ("fsdp", ("sft", "grpo", "lora"))])
def test_what_is_finished_and_started_again_stays_as_it_is(together, data, folder, preset, names):
    """Weights that are whole, and under ZeRO-3 after one trainer in a process those of the next, which are split."""
    out = together(preset)
    before = {name: weights(out / name / "final") for name in names}
    done = launch(preset, *map(str, [ROOT / "tests" / "distributed.py", data, folder / "episodes", out, *before]))
    assert done.returncode == 0, done.stdout[-6000:]
    for name, was in before.items():
        assert differ(was, weights(out / name / "final")) == 0, name


@pytest.mark.slow
@pytest.mark.timeout(TIMEOUT)
def test_a_failure_of_the_main_process_ends_the_others_with_its_reason(tmp_path):
    script = tmp_path / "fails.py"
    script.write_text(
        "from galen.errors import UserError\n"
        "from galen.train.world import once\n"
        "def fail(): raise UserError('the disk is full')\n"
        "print('found', once(lambda: once(lambda: 7)), flush=True)\n"
        "once(fail)\n"
    )
    done = launch("ddp", str(script))
    assert done.returncode != 0
    assert done.stdout.count("found 7") == 1, "the main process alone speaks"
    assert "UserError: the disk is full" in done.stdout
    assert "process 1 stopped with the main one: the disk is full" in done.stdout


ENDS = {"pass": (0, ""), "sys.exit(3)": (3, ""), "sys.exit('full')": (1, "full"), "1 / 0": (1, "ZeroDivisionError")}


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("end", ENDS)
def test_a_process_of_several_ends_as_one_does_but_is_not_finalized(processes, end):
    script = (
        "import atexit, os, sys\n"
        "from galen.train.world import leave_after\n"
        "class Held:\n"
        "    def __del__(self, write=os.write): write(1, b'finalized')\n"
        "held = Held()\n"
        "atexit.register(print, 'left')\n"
        "def run():\n"
        f"    print('ran')\n    {end}\n"
        "leave_after(run)\n"
    )
    env = os.environ | {"WORLD_SIZE": str(processes), "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True)
    status, said = ENDS[end]
    assert (done.returncode, done.stdout) == (status, "ran\nleft\n" + "finalized" * (processes == 1))
    assert said in done.stderr


def test_what_does_not_divide_is_refused(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "3")
    assert accumulation("grpo", AgentSettings(groups=6, group_size=8, micro_batch=4)) == 4
    with pytest.raises(UserError, match=r"128 rows .* micro_batch = 8 rows on each of 3 processes"):
        accumulation("grpo", AgentSettings())
    with pytest.raises(UserError, match="batch_size = 8 does not divide by 3 processes"):
        world.share(8, "batch_size")


@pytest.mark.parametrize(("name", "value"), [("FSDP_VERSION", "1"), ("FSDP_CPU_RAM_EFFICIENT_LOADING", "true")])
def test_fsdp_with_other_settings_is_refused(monkeypatch, name, value):
    for key, needed in ({"ACCELERATE_USE_FSDP": "true"} | world.FSDP | {name: value}).items():
        monkeypatch.setenv(key, needed)
    with pytest.raises(UserError, match=rf"{name.lower()} is {value}, and must be .*fsdp\.yaml"):
        world.join()


def test_a_critic_of_its_own_is_refused_where_weights_are_split(monkeypatch):
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    with pytest.raises(UserError, match="not split by ZeRO-3 or FSDP"):
        check_critic(PPOSettings(critic="separate"))
