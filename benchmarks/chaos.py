"""Episodes under fire: sampler, supervisors, containers and the engine are killed at random while episodes are played.

    python benchmarks/chaos.py [--episodes 10000] [--backend local] [--kills 20] [--restart-engine COMMAND] [--json]

A killed sampler is started again with the same command until every episode is stored. At the end it counts what must
be nothing: episodes lost, episodes stored twice, processes and containers left behind. `--kills` is kills a minute;
`--restart-engine` is a shell command that kills a Docker engine and starts it again, and is only run when given.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import psutil

from data_prep.build import build
from data_prep.settings import DataSettings, FamilySize, MedCalcSize, MimicSize
from galen.agent.loop import Setting
from galen.oracles.grader import Grader
from galen.paths import ROOT
from galen.policy.scripted import ScriptedPolicy
from galen.policy.template import ChatTemplate
from galen.rollout.sampler import Sampler
from galen.rollout.store import EpisodeStore, read
from galen.sandbox import owners
from galen.sandbox.choose import open_backend, plain
from galen.tasks.store import GoldStore, read_tasks

TASKS = 100
CONCURRENCY = 16
STORE = "episodes.jsonl"
TEMPLATE = bytes(ROOT / "sandbox" / "runtime" / "template.py")  # of this checkout: others may run beside


def play(folder: Path, backend: str, episodes: int) -> None:
    """The sampler that is killed: plays what the store does not hold yet."""
    data = folder / "data"
    tasks = read_tasks(data, "mimic_iii", "train")[: TASKS // 2] + read_tasks(data, "medcalc", "train")[: TASKS // 2]
    gold, by_id = GoldStore(data), {task.id: task for task in tasks}
    template = ChatTemplate(ROOT / "models" / "tiny-base")
    policy = ScriptedPolicy(lambda name: gold.get(by_id[name]), template)
    opened, grader = open_backend(plain(backend), CONCURRENCY, str(folder)), Grader(data)
    try:
        setting = Setting(data, template, opened, "compact", 640, 160, 0.0, 6)
        with EpisodeStore(folder / STORE) as store:
            Sampler(setting, grader, CONCURRENCY).sample(tasks, policy, samples=episodes // TASKS, store=store)
    finally:
        grader.close()
        opened.close()


class Siege:
    """Runs the sampler in `folder` and kills what belongs to it."""

    def __init__(self, folder: Path, wanted: argparse.Namespace) -> None:
        self.folder, self.wanted = folder, wanted
        self.kills: Counter[str] = Counter()
        self.samplers: list[int] = []
        self._rng = random.Random(0)

    def run(self) -> None:
        """Until a sampler ends by itself with every episode stored."""
        sampler, at = self._start(), time.monotonic() + self._pause()
        said = time.monotonic()
        while True:
            time.sleep(0.05)
            if sampler.poll() is not None:
                if sampler.returncode == 0:
                    return
                sampler = self._start()
            if time.monotonic() >= at:
                self._strike(sampler)
                at = time.monotonic() + self._pause()
            if time.monotonic() - said > 15 and not self.wanted.json:
                said = time.monotonic()
                print(f"{self.stored()} of {self.wanted.episodes} episodes, kills {dict(self.kills)}", flush=True)

    def _pause(self) -> float:
        return self._rng.expovariate(self.wanted.kills / 60)

    def _start(self) -> subprocess.Popen:
        command = [sys.executable, __file__, "--play", str(self.folder), "--backend", self.wanted.backend]
        with (self.folder / "sampler.log").open("a") as log:
            started = subprocess.Popen([*command, "--episodes", str(self.wanted.episodes)], stdout=log, stderr=log)
        self.samplers.append(started.pid)
        return started

    def _strike(self, sampler: subprocess.Popen) -> None:
        targets = ["sampler", *["supervisor"] * 3]
        if self.wanted.backend == "docker":
            targets = ["sampler", *["container"] * 3, *(["engine"] if self.wanted.restart_engine else [])]
        target = self._rng.choice(targets)
        if target == "sampler":
            sampler.kill()
        elif target == "engine":
            subprocess.run(self.wanted.restart_engine, shell=True, check=True)
        elif target == "container" and (found := self.containers()):
            subprocess.run(["docker", "kill", self._rng.choice(found)], capture_output=True, check=False)
        elif target == "supervisor" and (found := templates_below(sampler.pid)):
            self._kill(self._rng.choice(sorted(found)))
        else:
            return
        self.kills[target] += 1

    def _kill(self, pid: int) -> None:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return

    def containers(self) -> list[str]:
        """Containers of any of our samplers."""
        form = f'{{{{.ID}}}} {{{{.Label "{owners.OWNER}"}}}}'
        command = ["docker", "ps", "-a", "--filter", f"label={owners.MARK}", "--format", form]
        lines = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
        pids = {str(pid) for pid in self.samplers}
        return [line.split()[0] for line in lines if line.split()[1].split(":")[1] in pids]

    def stored(self) -> int:
        """Lines in the store."""
        path = self.folder / STORE
        return path.read_bytes().count(b"\n") if path.exists() else 0


def templates_below(pid: int) -> set[int]:
    """Templates, supervisors and what they run, below a sampler."""
    try:
        return {p.pid for p in psutil.Process(pid).children(recursive=True) if _runs_template(p.pid)}
    except psutil.NoSuchProcess:
        return set()


def _runs_template(pid: int) -> bool:
    try:
        return TEMPLATE in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def count(siege: Siege, before: set[int], seconds: float) -> dict:
    """What must be nothing, and what happened on the way."""
    time.sleep(2)
    episodes = list(read(siege.folder / STORE))
    templates = {int(p.name) for p in Path("/proc").glob("[0-9]*") if _runs_template(int(p.name))}
    return {
        "backend": siege.wanted.backend, "episodes": len(episodes), "seconds": round(seconds, 1),
        "kills": dict(siege.kills), "samplers": len(siege.samplers),
        "lost": siege.wanted.episodes - len({e.key for e in episodes}),
        "doubled": len(episodes) - len({e.key for e in episodes}),
        "processes left": len(templates - before), "containers left": len(siege.containers()) if _docker() else 0,
        "stored with a fault": sum(e.fault is not None for e in episodes),
        "wrongly zero": sum(e.fault is not None and e.reward is not None for e in episodes),
    }  # fmt: skip


def _docker() -> bool:
    return subprocess.run(["docker", "version"], capture_output=True, check=False).returncode == 0


def main() -> None:
    """Run, print, and fail if anything was lost, doubled or left behind."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--episodes", type=int, default=10_000, help=f"rounded down to a multiple of {TASKS}")
    parser.add_argument("--backend", default="local", choices=("local", "docker"))
    parser.add_argument("--kills", type=float, default=20.0, help="a minute")
    parser.add_argument("--restart-engine", default="")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--play", type=Path, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    wanted.episodes = wanted.episodes // TASKS * TASKS
    if wanted.play:
        play(wanted.play, wanted.backend, wanted.episodes)
        return
    before = {int(p.name) for p in Path("/proc").glob("[0-9]*") if _runs_template(int(p.name))}
    with tempfile.TemporaryDirectory() as name:
        size = FamilySize(train=TASKS, demonstrations=TASKS // 2, valid=1, test=1, ood=1)
        build(
            Path(name) / "data",
            0,
            DataSettings(
                patients=120, mimic_iii=MimicSize(**size.model_dump()), medcalc=MedCalcSize(**size.model_dump())
            ),
        )
        siege, start = Siege(Path(name), wanted), time.monotonic()
        siege.run()
        result = count(siege, before, time.monotonic() - start)
    print(json.dumps(result) if wanted.json else "\n".join(f"{key}: {value}" for key, value in result.items()))
    if any(result[key] for key in ("lost", "doubled", "processes left", "containers left", "wrongly zero")):
        sys.exit("chaos: something was lost, doubled or left behind")


if __name__ == "__main__":
    main()
