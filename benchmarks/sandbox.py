"""How fast a sandbox is: latency, actions a second, start, reset and idle memory, beside floors and peers in one run.

    python benchmarks/sandbox.py [--only NAME …] [--seconds 3] [--json]

Every answer is compared with the right one: what is broken is not fast. Peers are those that are installed in this
environment; the others are listed with the reason. Read the ratios: machines differ.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from contestants import CONTESTANTS, Contestant, Slot
from rich.console import Console
from rich.table import Table

ROWS = 10_000
THINK_S = 0.03  # an agent's next action waits for its policy at least that long
AT_ONCE = (1, 8, 32)
PYTHON = {
    "pass": "pass",
    "pandas": "import pandas as pd\nd = pd.read_csv('{data}/t.csv')\n"
    "print(round(d.groupby('k')[['a', 'b', 'c']].mean().sum().sum(), 3))",
    "sqlite": "import sqlite3\nc = sqlite3.connect('file:{data}/t.db?mode=ro&immutable=1', uri=True)\n"
    "print(round(sum(r[0] for r in c.execute('select avg(t.a) from t join k using (k) group by k.name')), 3))",
}


def make_data(folder: Path) -> dict[str, str]:
    """A table of 10,000 rows as CSV and SQLite; returns what each action must print."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(ROWS, 4)), columns=list("abcd"))
    table["k"] = rng.integers(0, 20, ROWS)
    table.to_csv(folder / "t.csv", index=False)
    with sqlite3.connect(folder / "t.db") as database:
        table.to_sql("t", database, index=False)
        pd.DataFrame({"k": range(20), "name": [f"n{i}" for i in range(20)]}).to_sql("k", database, index=False)
    means = table.groupby("k")[["a", "b", "c"]].mean()
    return {
        "pass": "",
        "pandas": str(round(means.sum().sum(), 3)),
        "sqlite": str(round(means["a"].sum(), 3)),
        "echo": "hi",
    }


def actions(slot: Slot, data: str, right: dict[str, str]) -> dict[str, Callable[[], None]]:
    """Each action of the benchmark in `slot`; one raises when its answer is wrong."""

    def checked(name: str, run: Callable[[], str]) -> None:
        if (said := run().strip()) != right[name]:
            raise RuntimeError(f"{name}: said {said[-300:]!r}, not {right[name]!r}")

    found = {
        name: (lambda name=name, code=code: checked(name, lambda: slot.python(code.replace("{data}", data))))
        for name, code in PYTHON.items()
    }
    if slot.shell:
        found["echo"] = lambda: checked("echo", lambda: slot.shell("echo hi"))
    return found


def latencies(run: Callable[[], None], seconds: float) -> list[float]:
    """Milliseconds of an action, again and again for about so many seconds, each after the time an agent thinks."""
    run()
    end, taken = time.perf_counter() + seconds, []
    while time.perf_counter() < end or len(taken) < 3:
        time.sleep(THINK_S)
        start = time.perf_counter()
        run()
        taken.append((time.perf_counter() - start) * 1e3)
    return taken


def after(slot: Slot, code: str, run: Callable[[], Any], times: int = 20) -> list[float]:
    """Milliseconds of `run`, each time after an action, as at an episode's end."""
    taken = []
    for _ in range(times):
        time.sleep(THINK_S)
        slot.python(code)
        time.sleep(THINK_S)
        start = time.perf_counter()
        run()
        taken.append((time.perf_counter() - start) * 1e3)
    return taken


def throughput(runs: list[Callable[[], None]], seconds: float) -> float:
    """Actions a second with all `runs` at once."""

    def work(run: Callable[[], None]) -> int:
        done = 0
        while time.perf_counter() < end:
            run()
            done += 1
        return done

    for run in runs[:1]:
        run()
    start = time.perf_counter()
    end = start + seconds
    with ThreadPoolExecutor(len(runs)) as pool:
        done = sum(pool.map(work, runs))
    return done / (time.perf_counter() - start)


def fork_floor(seconds: float) -> dict[str, Any]:
    """What the kernel takes to fork and end a process that has numpy and pandas loaded: no fresh process costs less."""

    def fork() -> None:
        if (pid := os.fork()) == 0:
            os._exit(0)
        os.waitpid(pid, 0)

    gc.freeze()
    taken = latencies(fork, seconds)
    return {
        "contestant": "fork alone", "what": "pass", "value": round(statistics.median(taken), 3), "unit": "ms",
        "p95": round(float(np.percentile(taken, 95)), 3), "n": len(taken),
    }  # fmt: skip


def measure(contestant: Contestant, folder: Path, right: dict[str, str], seconds: float) -> list[dict[str, Any]]:
    """The rows of one contestant."""
    rows: list[dict[str, Any]] = []

    def note(what: str, value: float, unit: str, **more: Any) -> None:
        rows.append({"contestant": contestant.name, "what": what, "value": round(value, 3), "unit": unit, **more})

    assert contestant.open, f"{contestant.name} has no way to be opened and gave no reason"
    with ExitStack() as stack:
        start = time.perf_counter()
        opened = contestant.open(folder)
        stack.callback(opened.close)
        note("first start", (time.perf_counter() - start) * 1e3, "ms")
        started = []
        for _ in range(5):
            start = time.perf_counter()
            slot = opened.slot()
            started.append((time.perf_counter() - start) * 1e3)
            slot.close()
        note("start", statistics.median(started), "ms")
        slots = [opened.slot()]
        stack.callback(lambda: [slot.close() for slot in slots])
        if slots[0].reset:
            for what, code in (("reset", "pass"), ("reset after a file", "open('f', 'w').write('x')")):
                note(what, statistics.median(after(slots[0], code, slots[0].reset)), "ms")
        if opened.idle_mb:
            note("idle memory", opened.idle_mb(), "MB")
        mine = actions(slots[0], opened.data, right)
        for name, run in mine.items():
            taken = latencies(run, seconds)
            note(name, statistics.median(taken), "ms", p95=round(float(np.percentile(taken, 95)), 3), n=len(taken))
        for count in AT_ONCE:
            slots += [opened.slot() for _ in range(count - len(slots))]
            for name in ("pass", "pandas", "sqlite"):
                runs = [actions(slot, opened.data, right)[name] for slot in slots]
                note(f"{name}, {count} at once", throughput(runs, seconds), "/s")
    return rows


def show(rows: list[dict[str, Any]], skipped: dict[str, str]) -> None:
    """One line a measure, one column a contestant."""
    names = list(dict.fromkeys(row["contestant"] for row in rows))
    table = Table("measure", "unit", *names)
    for what, unit in dict.fromkeys((row["what"], row["unit"]) for row in rows):
        cells = {r["contestant"]: f"{r['value']:.1f}" for r in rows if r["what"] == what}
        table.add_row(what, unit, *[cells.get(name, "–") for name in names])
    Console(width=40 + 16 * len(names)).print(table)
    for name, reason in skipped.items():
        print(f"skipped {name}: {reason}")


def main() -> None:
    """Run, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=[], choices=[c.name for c in CONTESTANTS])
    parser.add_argument("--seconds", type=float, default=2.0, help="of each measurement")
    parser.add_argument("--json", action="store_true")
    wanted = parser.parse_args()
    rows = [fork_floor(wanted.seconds)]  # before any thread is there
    skipped: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        right = make_data(folder)
        for contestant in CONTESTANTS:
            if wanted.only and contestant.name not in wanted.only:
                continue
            if reason := contestant.missing():
                skipped[contestant.name] = reason
                continue
            if not wanted.json:
                print(f"{contestant.name} …", flush=True)
            try:
                rows += measure(contestant, folder, right, wanted.seconds)
            except Exception as error:  # noqa: BLE001 - a peer that fails is part of the result
                skipped[contestant.name] = f"failed: {type(error).__name__}: {str(error)[:300]}"
    if wanted.json:
        print(json.dumps({"rows": rows, "skipped": skipped}))
    else:
        show(rows, skipped)


if __name__ == "__main__":
    main()
