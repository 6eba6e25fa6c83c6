"""How long the viewer's page takes to open with many episodes, in headless Chromium.

    python benchmarks/viewer.py [--episodes 10000] [--long 1] [--repeats 3] [--json]

The episodes are those of tests/data/failures.jsonl again and again, with the tiny model's tokens of what they said and
drawn log-probabilities. Opening is until the list is drawn and filters work; first is a click until an episode's turns are
shown; filter is a choice until the list is drawn again.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from galen.evals import labelled
from galen.paths import ROOT
from galen.policy.template import ChatTemplate
from galen.report.viewer.page import write
from galen.rollout.store import EpisodeStore
from galen.tasks.store import write_tasks
from galen.types import Episode, Gold, OracleSpec, Privacy, Task, TaskPrompt

FILE = ROOT / "tests/data/failures.jsonl"
BASE = ROOT / "models" / "tiny-base"
CHROMIUM = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")


def many(n: int, long: int, template: ChatTemplate) -> Iterator[Episode]:
    """`n` episodes with tokens, each with a key of its own and replies `long` times as long."""
    rng = random.Random(0)
    for i, row in enumerate(islice(cycle(labelled.read(FILE)), n)):
        turns = []
        for turn in row.episode.turns:
            own = template.reply_ids(turn.text * long)
            after = template.observation_ids(turn.observation.text) if turn.observation else []
            ids = [*own, *after]
            logprobs = [-rng.expovariate(3) for _ in own] + [0.0] * len(after)
            mask = [1] * len(own) + [0] * len(after)
            turns.append(turn.model_copy(update={"token_ids": ids, "loss_mask": mask, "logprobs": logprobs}))
        prompt = template.encode(f"Question {i % 500}: " + "what was the last weight of this patient? " * 20)
        yield row.episode.model_copy(
            update={"key": f"{i:024x}", "turns": tuple(turns), "prompt_ids": prompt, "template": template.fingerprint}
        )


def folder(path: Path, episodes: list[Episode]) -> None:
    """A task folder that knows the episodes' tasks."""
    ids = {e.task_id: e for e in episodes}
    tasks = [
        Task(
            id=id_, family=e.family, category=e.category, split="test", cluster="", actions=(), answer_type="text",
            prompt=TaskPrompt(question="?", contract=""), oracle=OracleSpec(kind="none"), privacy=Privacy.SYNTHETIC,
        )
        for id_, e in ids.items()
    ]  # fmt: skip
    write_tasks(path, [(t, Gold(id=t.id, answer=None, solution="", lang="sql")) for t in tasks], seed=0, source="")


def opened(page: Page, path: Path) -> dict[str, float]:
    """Seconds of one opening."""
    start = time.monotonic()
    page.goto(path.as_uri(), wait_until="commit")
    page.wait_for_selector("html[data-ready]")
    ready = time.monotonic()
    page.wait_for_load_state("load")
    whole = time.monotonic()
    page.click(".row >> nth=3")
    page.wait_for_selector("#detail .turn")
    first = time.monotonic()
    page.select_option("#by-kind", "loop")
    page.wait_for_function("document.querySelector('#count').textContent.match(/^\\d+/)[0] < 9000")
    return {
        "open": ready - start, "whole file": whole - start, "first episode": first - whole,
        "filter": time.monotonic() - first,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--episodes", type=int, default=10_000)
    parser.add_argument("--long", type=int, default=1, help="how many times each reply is said")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    program = next(p for p in CHROMIUM if Path(p).exists())
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        store, data, out = Path(scratch) / "many.jsonl", Path(scratch) / "data", Path(scratch) / "many.html"
        episodes = list(many(args.episodes, args.long, ChatTemplate(BASE)))
        with EpisodeStore(store) as file:
            for episode in episodes:
                file.append(episode)
        folder(data, episodes)
        start = time.monotonic()
        write([store], out, data, str(BASE))
        written = time.monotonic() - start
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        runs = [opened(browser.new_page(), out) for _ in range(args.repeats)]
        browser.close()
        tokens = sum(len(e.prompt_ids) + len(e.completion_ids) for e in episodes) / len(episodes)
        result = {
            "episodes": args.episodes,
            "tokens an episode": tokens,
            "MB": out.stat().st_size / 1e6,
            "write s": written,
        } | {f"{name} s": statistics.median(r[name] for r in runs) for name in runs[0]}
    print(json.dumps(result) if args.json else "\n".join(f"{k}: {v:.2f}" for k, v in result.items()))


if __name__ == "__main__":
    main()
