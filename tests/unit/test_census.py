"""What a task folder holds: counted from its files, thinned evenly, and published without what must stay."""

from __future__ import annotations

import hashlib
import json
from collections import Counter

import pytest
import yaml
from datasets import load_dataset

from data_prep.export import CARDS, export
from data_prep.settings import DataSettings, Kept
from data_prep.thin import thin
from galen.config import load, validate
from galen.errors import UserError
from galen.paths import CONFIGS
from galen.report.census import ONCE, census, markdown, total_categories
from galen.tasks.base import families
from galen.tasks.store import GoldStore, read_tasks
from galen.types import Privacy, Task


def paper(name: str) -> DataSettings:
    return load(CONFIGS / "tasks" / f"{name}.yaml", DataSettings)


@pytest.mark.parametrize(("name", "instances"), [("paper", 72_413), ("light", 11_997)])
def test_a_folder_of_the_papers_sizes_has_the_papers_count(name, instances):
    """Table 2's totals, in which families whose training and test tasks are the same count once."""
    settings = paper(name)
    counts = {}
    for family in families():
        size = getattr(settings, family)
        train, test = size.train + size.valid, size.test + getattr(size, "ood", 0)
        if family in settings.keep:
            train, test = settings.keep[family].train, settings.keep[family].test
        counts[family] = train + (0 if family in ONCE else test)
    assert sum(counts.values()) == instances, counts


def test_the_light_subset_is_of_the_papers_size():
    assert paper("light").model_copy(update={"keep": {}}) == paper("paper")


def test_a_folder_is_counted_from_its_files(data):
    found = {c.family: c for c in census(data)}
    tasks = [t for split in ("train", "valid", "test") for t in read_tasks(data, "medcalc", split)]
    medcalc = found["medcalc"]
    assert medcalc.instances == len(tasks)
    assert medcalc.unseen == sum(t.distribution == "ood" for t in tasks)
    assert medcalc.categories == dict(sorted(Counter(t.category for t in tasks).items()))
    assert f"| medcalc | {len(medcalc.categories)} | {medcalc.train:,} |" in markdown(list(found.values()))
    assert total_categories(list(found.values())) <= sum(len(c.categories) for c in found.values())


def test_thinning_keeps_each_categorys_share_and_the_order(data):
    store = GoldStore(data)
    pairs = [(t, store.get(t)) for split in ("train", "valid", "test") for t in read_tasks(data, "mimic_iii", split)]
    kept = thin(pairs, Kept(train=100, test=20), seed=0)
    assert [t.id for t, _ in kept] == [t.id for t, _ in pairs if t.id in {k.id for k, _ in kept}]
    assert Counter(t.split == "test" for t, _ in kept) == {False: 100, True: 20}
    assert thin(pairs, Kept(train=100, test=20), seed=0) == kept != thin(pairs, Kept(train=100, test=20), seed=1)
    before = Counter(t.category for t, _ in pairs if t.split != "test")
    after = Counter(t.category for t, _ in kept if t.split != "test")
    share = 100 / before.total()
    assert all(abs(after[c] - n * share) < 1 for c, n in before.items())


def test_more_than_there_is_cannot_be_kept(data):
    store = GoldStore(data)
    pairs = [(t, store.get(t)) for t in read_tasks(data, "medcalc", "test")]
    with pytest.raises(UserError, match=r"keep\.medcalc\.test = 10000, but \d+ are made"):
        thin(pairs, Kept(train=0, test=10_000), seed=0)
    with pytest.raises(UserError, match=r"keep\.eicu: no family of this folder"):
        validate({"keep": {"eicu": {"train": 1, "test": 1}}}, DataSettings, "x.yaml")


def test_every_family_has_a_card():
    assert set(yaml.safe_load(CARDS.read_text())) == set(families())


@pytest.mark.slow
def test_an_export_loads_and_is_what_its_card_says(data, tmp_path):
    cards = {path.parent.name: path for path in export(data, tmp_path / "out")}
    folder = cards["mimic_iii"].parent
    text = cards["mimic_iii"].read_text()
    head = yaml.safe_load(text.split("---")[1])
    for config in head["configs"]:
        files = {f["split"]: str(folder / f["path"]) for f in config["data_files"]}
        loaded = load_dataset("parquet", data_files=files, cache_dir=str(tmp_path / "cache"))
        assert {s: len(rows) for s, rows in loaded.items()} == {
            s: len(read_tasks(data, "mimic_iii", s)) for s in ("train", "valid", "test")
        }
        if config["config_name"] == "tasks":
            tasks = [Task.model_validate_json(row["task"]) for row in loaded["test"]]
            assert tasks == read_tasks(data, "mimic_iii", "test")
            assert [t.content_hash for t in tasks] == loaded["test"]["content_sha256"]
            assert all((folder / r.path).exists() for t in tasks for r in t.resources)
        for path in files.values():
            assert hashlib.sha256(open(path, "rb").read()).hexdigest() in text  # noqa: SIM115, PTH123


def test_credentialed_tasks_are_not_exported(data, tmp_path):
    copy = tmp_path / "data"
    (copy / "tasks" / "medcalc").mkdir(parents=True)
    task = read_tasks(data, "medcalc", "test")[0].model_copy(update={"privacy": Privacy.CREDENTIALED})
    (copy / "tasks" / "medcalc" / "test.jsonl").write_text(task.model_dump_json() + "\n")
    (copy / "dataset.json").write_text(
        json.dumps({"seed": 0, "source": "x", "counts": {"medcalc/test": 1}, "sha256": {}})
    )
    with pytest.raises(UserError, match="medcalc are made of credentialed rows, which never leave the machine"):
        export(copy, tmp_path / "out")
    assert not (tmp_path / "out").exists() and not list(tmp_path.glob("*.partial"))
