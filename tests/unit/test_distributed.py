"""Two processes give the update of one: DDP over gloo, and DeepSpeed where it is installed, on a CPU."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from distributed import RUNS, grpo
from fakes import BASE, tiny, tiny_lora
from safetensors.torch import load_file

from galen.errors import UserError
from galen.paths import ROOT
from galen.train import device, world
from galen.train.agent import AgentSettings, accumulation
from galen.train.models import save_model

TRAINED = {
    "ddp": ("sft", "grpo", "dapo", "resumed", "lora", "ppo"),
    "zero2": ("sft", "grpo", "ppo"),
    "zero3": ("sft", "grpo", "lora", "ppo"),
}
DEEPSPEED = ROOT / ".cache" / "deepspeed"  # where scripts/deepspeed.sh puts it
TIMEOUT = 900  # of a launch, on a machine however busy: a hang ends here


def launch(preset: str, *words: str) -> subprocess.CompletedProcess[str]:
    """`words` under Python in two processes, as a preset says but in float32; their output together."""
    command = [
        sys.executable, "-m", "accelerate.commands.launch", "--config_file", str(ROOT / "configs" / "accelerate" / f"{preset}.yaml"),
        "--num_processes", "2", "--mixed_precision", "no", "--main_process_port", "0", *words,
    ]  # fmt: skip
    path = [ROOT / "src", ROOT, ROOT / "tests", *([] if preset == "ddp" else [DEEPSPEED])]
    return subprocess.run(
        command, env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=TIMEOUT, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def together(request, data, tmp_path_factory) -> Path:
    """A folder with what two processes trained under the preset `request.param`."""
    preset = request.param
    if preset != "ddp" and not (DEEPSPEED.exists() or importlib.util.find_spec("deepspeed")):
        pytest.skip("the package deepspeed is not installed; scripts/deepspeed.sh does it")
    out = tmp_path_factory.mktemp(preset)
    done = launch(preset, str(ROOT / "tests" / "distributed.py"), str(data), str(out), *TRAINED[preset])
    assert done.returncode == 0, done.stdout[-6000:]
    return out


@pytest.fixture
def alone(sampler, teacher, tasks, tmp_path, monkeypatch):
    """Train a run in this process; returns its weights as they were saved."""

    def run(name: str) -> dict[str, torch.Tensor]:
        monkeypatch.setattr(device, "fast_bf16", lambda: False)
        torch.manual_seed(0)
        train = RUNS[name] if name != "resumed" else lambda *args: grpo(*args, stops=(4,))
        save_model(train(tmp_path, sampler, teacher, tasks), BASE, tmp_path / "final")
        return weights(tmp_path / "final")

    return run


def weights(folder: Path) -> dict[str, torch.Tensor]:
    [path] = folder.glob("*.safetensors")
    return load_file(path)


def start(name: str, folder: Path) -> dict[str, torch.Tensor]:
    """The weights that run `name` begins with, as `folder` names them."""
    model = tiny_lora() if name == "lora" else tiny()
    save_model(model, BASE, folder)
    return weights(folder)


def differ(one: dict[str, torch.Tensor], two: dict[str, torch.Tensor]) -> float:
    assert one.keys() == two.keys()
    return sum((one[k] - two[k]).square().sum().item() for k in one) ** 0.5


@pytest.mark.slow
@pytest.mark.timeout(TIMEOUT)
@pytest.mark.parametrize(("together", "name"), [(p, n) for p in TRAINED for n in TRAINED[p]], indirect=["together"])
def test_two_processes_train_as_one(together, name, alone, tmp_path):
    """Their weights agree to a thousandth of what training changed."""
    one, two = alone(name), weights(together / name / "final")
    moved = differ(one, start(name, tmp_path / "start"))
    assert moved > 0
    assert differ(one, two) < 1e-3 * moved


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


def test_what_does_not_divide_is_refused(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "3")
    assert accumulation("grpo", AgentSettings(groups=6, group_size=8, micro_batch=4)) == 4
    with pytest.raises(UserError, match=r"128 rows .* micro_batch = 8 rows on each of 3 processes"):
        accumulation("grpo", AgentSettings())
    with pytest.raises(UserError, match="batch_size = 8 does not divide by 3 processes"):
        world.share(8, "batch_size")


def test_fsdp_is_refused(monkeypatch):
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    with pytest.raises(UserError, match=r"zero3\.yaml"):
        world.join()
