"""Law 5: gold is in another process; it is never mounted, printed, or placed in an environment variable."""

import json
import subprocess
import sys

from galen.agent.loop import Setting
from galen.sandbox.base import Mount, SandboxSpec
from galen.tasks.base import family
from galen.tasks.store import GoldStore

SEARCH = """
import os
found = []
for folder, _, files in os.walk("/"):
    if folder.startswith(("/proc", "/sys", "/usr", "/lib")): continue
    for name in files:
        if name.endswith(".jsonl"): found.append(folder + "/" + name)
print(found, {v for v in os.environ.values() if "gold" in v})
"""


def test_no_gold_in_prompt(data, tasks):
    gold = GoldStore(data)
    for task in tasks:
        text = "\n".join(m.content for p in ("full", "compact") for m in family(task.family).pose(task, p))
        assert gold.get(task).solution not in text
        assert "gold" not in json.dumps(task.model_dump(mode="json"))


def test_no_gold_in_the_sandbox(data, tasks, backend):
    task = tasks[0]
    mounts = tuple(Mount(data / r.path, r.mount) for r in task.resources)
    sandbox = backend.create(SandboxSpec(mounts=mounts))
    assert sandbox.run(SEARCH, lang="python", timeout_s=60).stdout.strip() == "[] set()"
    assert sandbox.run(f"ls {data}", lang="shell", timeout_s=5).exit_code != 0
    sandbox.close()


def test_a_rollout_never_reads_gold_itself(data, template, backend):
    """With gold files unreadable by import order: the sampler's process imports no gold store."""
    code = "import sys, galen.rollout.sampler, galen.agent.loop; sys.exit('galen.tasks.store' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert "gold" not in Setting.__dataclass_fields__
