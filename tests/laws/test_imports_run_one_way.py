"""The house's arrows (architecture, Rooms): imports run one way, and only `train` needs torch."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from galen.paths import ROOT

ORDER = [
    ("types", "errors", "paths", "fhir"), ("config", "presets"), ("plan",), ("oracles", "sandbox", "policy"), ("tasks",), ("agent",),
    ("rollout",), ("data", "evals", "proofs"), ("train",), ("report",), ("pipeline",), ("sweep",),
    ("cli_sandbox", "cli_proofs", "cli_fhir", "cli_report", "cli_evals", "cli_sweep"),
    ("cli",),
]  # fmt: skip
RANK = {room: i for i, rooms in enumerate(ORDER) for room in rooms}
IN_THE_SERVER = ("worker_ext.py", "lora_cpu.py")  # modules that vLLM loads
SOURCES = sorted((ROOT / "src" / "galen").rglob("*.py"))


def room(path: Path) -> str:
    return path.relative_to(ROOT / "src" / "galen").parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{a.name}" for a in node.names)}
        elif isinstance(node, ast.Import):
            names |= {a.name for a in node.names}
    return names


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT / "src")))
def test_no_arrow_runs_back(path):
    if room(path) in ("__init__", "__main__"):
        return
    assert room(path) in RANK, f"{path}: a room the map does not know"
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "galen" and len(parts) > 1 and parts[1] in RANK:
            assert RANK[parts[1]] <= RANK[room(path)], f"{path.name} imports {name}: the arrow runs back"
        if parts[0] in ("torch", "trl", "transformers", "peft", "accelerate"):
            allowed = room(path) in ("train", "pipeline") or path.name in IN_THE_SERVER
            assert allowed, f"{path.name} imports {name}: only train may"


def test_all_before_train_works_without_torch():
    code = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "trl", "transformers", "peft", "accelerate"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
import galen.evals.scores, galen.evals.best_of, galen.evals.verifier, galen.data.pairs, galen.data.verifier
import galen.evals.failures, galen.evals.code_quality, galen.report.run, galen.report.viewer.page
import galen.evals.summary, galen.report.evaluation, galen.report.tables.make
import galen.report.best_of, galen.report.table, galen.rollout.sampler, galen.rollout.store, galen.agent.loop
import galen.sandbox.local, galen.policy.vllm, galen.policy.scripted, galen.tasks.mimic_iii, galen.tasks.medcalc
import galen.plan.plan, galen.proofs.validate, galen.proofs.hack, galen.proofs.reverify
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
