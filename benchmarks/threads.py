"""How OpenMP's threads should wait where the cores are few: a training step of the tiny model, alone and beside others.

    python benchmarks/threads.py [--steps 4] [--repeats 3]

Each cell is the median and the worst of `repeats` x `steps` steps, forward and backward over 64 rows; the ways to wait take
turns, each in a process of its own. Beside it run as many busy processes as the column says: what the sandboxes and the
policy's server are to a trainer.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.table import Table

WAYS = {
    "spinning (OpenMP's default)": {"OMP_WAIT_POLICY": "active"},
    "sleeping (Galen's)": {"OMP_WAIT_POLICY": "passive"},
    "one thread": {"OMP_NUM_THREADS": "1"},
}
BESIDE = (0, 1, 2)
ROWS, CHUNK, LONGEST = 64, 8, 400  # rows of a step, of one pass, and tokens of the longest


def step_seconds(steps: int) -> Iterator[float]:
    """Train the tiny model on rows of random tokens; the first step, which warms up, is not counted."""
    import torch

    from galen.data.rows import IGNORED
    from galen.presets import local_folder, model_preset
    from galen.train.logprobs import score_rows
    from galen.train.models import load_model

    preset = model_preset("tiny")
    model = load_model(str(local_folder(preset)), preset)
    draw = torch.Generator().manual_seed(0)
    for number in range(steps + 1):
        begun = time.perf_counter()
        for chunk in range(ROWS // CHUNK):
            tokens = LONGEST * (chunk + 2) // (ROWS // CHUNK + 1)
            ids = torch.randint(5, model.config.vocab_size, (CHUNK, tokens), generator=draw)
            labels = ids.clone()
            labels[:, : tokens // 2] = IGNORED
            scored = score_rows(model, input_ids=ids, attention_mask=torch.ones_like(ids), labels=labels)
            assert scored.log_probs is not None  # it is where labels are
            (-scored.log_probs.mean()).backward()
        model.zero_grad()
        if number:
            yield time.perf_counter() - begun


@contextmanager
def busy(processes: int) -> Iterator[None]:
    """So many processes that compute and never wait."""
    spinning = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(processes)]
    try:
        yield
    finally:
        for process in spinning:
            process.kill()
            process.wait()


def measure(way: dict[str, str], steps: int) -> list[float]:
    """Seconds of each step in a process whose threads wait that way."""
    words = [sys.executable, __file__, "--one", "--steps", str(steps)]
    done = subprocess.run(words, env=os.environ | way, stdout=subprocess.PIPE, text=True, check=True)
    return [float(line) for line in done.stdout.split()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        for seconds in step_seconds(args.steps):
            print(seconds)
        return
    found: dict[tuple[str, int], list[float]] = {}
    for others in BESIDE:
        with busy(others):
            for _ in range(args.repeats):
                for name, way in WAYS.items():
                    found.setdefault((name, others), []).extend(measure(way, args.steps))
    table = Table(title=f"seconds a step, median (worst), {os.cpu_count()} cores")
    for column in ("threads that wait are", *(f"{n} busy beside" if n else "alone" for n in BESIDE)):
        table.add_column(column)
    for name in WAYS:
        cells = [found[name, others] for others in BESIDE]
        table.add_row(name, *(f"{statistics.median(c):.2f} ({max(c):.2f})" for c in cells))
    Console().print(table)


if __name__ == "__main__":
    main()
