"""A run's folder for tests of what is made from it, and what is inside the viewer's page."""

import base64
import gzip
import json
import re
from contextlib import closing

from fakes import BASE

from galen.agent.loop import Setting
from galen.oracles.grader import Grader
from galen.policy.scripted import ScriptedPolicy
from galen.rollout.sampler import Sampler
from galen.rollout.store import EpisodeStore
from galen.tasks.store import GoldStore


def play(data, template, backend, tasks, *, slip, wrong):
    """An episode of each task, by a scripted policy with such habits."""
    gold, by_id = GoldStore(data), {t.id: t for t in tasks}
    policy = ScriptedPolicy(lambda i: gold.get(by_id[i]), template, slip, wrong)
    with closing(Grader(data)) as grader:
        sampler = Sampler(Setting(data, template, backend, "compact", 640, 160, 0.0, 6), grader, 8)
        return [g.episodes[0] for g in sampler.sample(tasks, policy)]


def run_of(folder, data, stores):
    """A run's folder as the road leaves it, with `stores` of episodes."""
    folder.mkdir(parents=True)
    model = {"name": "tiny", "path": str(BASE)}
    config = {"method": "grpo", "model": model, "recipe": {}, "seed": 0, "data": str(data), "template": "t"}
    (folder / "config.json").write_text(json.dumps(config))
    for name, episodes in stores.items():
        with EpisodeStore(folder / name) as store:
            for episode in episodes:
                store.append(episode)
    return folder


def blocks(path):
    """The page's data by name, and the page without it."""
    text = path.read_text()
    found = re.findall(r'<script type="application/gzip" id="([\w-]+)">([^<]*)</script>', text)
    data = {name: json.loads(gzip.decompress(base64.b64decode(raw))) for name, raw in found}
    return data, re.sub(r'<script type="application/gzip".*', "", text)
