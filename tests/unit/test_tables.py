"""The paper's tables from stored episodes: what a cell says, what may stand together, what is claimed."""

import csv
import json
import lzma
import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from galen.agent.loop import Setting
from galen.config import load, validate
from galen.errors import UserError
from galen.evals.summary import summaries
from galen.oracles.grader import Grader
from galen.paths import CONFIGS
from galen.policy.scripted import ScriptedPolicy, block
from galen.presets import model_preset
from galen.report import manifest, seeds, table
from galen.report.tables import agreement
from galen.report.tables import make as tables
from galen.report.tables import runs as stored
from galen.report.tables.agreement import alike
from galen.report.tables.cells import cells
from galen.report.tables.claims import claims
from galen.report.tables.runs import index
from galen.report.tables.spec import TableSpec
from galen.rollout.sampler import Sampler
from galen.rollout.store import EpisodeStore, read
from galen.sweep.pack import pack
from galen.sweep.run import RECORD
from galen.tasks.store import GoldStore, read_tasks
from galen.types import ActionKind, Result, RunManifest

FAMILIES = ("medcalc", "mimic_iii")
SPEC = {
    "title": "Two policies", "place": "Table 4", "block": "id", "smallest": 10,
    "columns": [
        {"name": "MedCalc", "families": "medcalc"}, {"name": "MIMIC", "families": "mimic_iii"},
        {"name": "average", "families": [*FAMILIES]}, {"name": "EHRSHOT", "families": "ehrshot"},
    ],
    "rows": [
        {"name": "base", "runs": {"policy": "base"}, "paper": [25.91, 13.08, None, 5.42]},
        {"name": "GRPO", "runs": {"policy": "grpo"}, "paper": [92.33, 68.21, 62.17, 33.18], "against": "base"},
        {"name": "PPO", "runs": {"policy": "ppo"}},
    ],
}  # fmt: skip


@pytest.fixture(autouse=True)
def _cache_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setattr("galen.evals.summary.CACHE", tmp_path / "cache")


@pytest.fixture(scope="module")
def runs(data, template, backend, tmp_path_factory):
    """A base that is often wrong, and GRPO's policies of two seeds that seldom are: real episodes, with manifests."""
    root = tmp_path_factory.mktemp("runs")
    test = [t for f in FAMILIES for t in read_tasks(data, f, "test") if t.distribution == "id"]
    gold, by_id = GoldStore(data), {t.id: t for t in test}
    grader = Grader(data)
    for policy, seed, wrong in (("base", 0, 0.9), ("grpo", 0, 0.0), ("grpo", 1, 0.1)):
        run = root / f"{policy}-s{seed}"
        player = ScriptedPolicy(lambda i: gold.get(by_id[i]), template, 0.0, wrong)
        with EpisodeStore(run / "eval" / f"{policy}.jsonl") as store:
            Sampler(Setting(data, template, backend, "compact", 640, 160, 0.0, 5), grader, 8).sample(
                test, player, seed=seed, store=store
            )
        write_manifest(run, data, template, policy, seed)
    grader.close()
    return root


def write_manifest(run: Path, data, template, policy, seed, more=None, **conditions):
    played = manifest.conditions(
        model_preset("tiny"), template, **{"max_turns": 5, "temperature": 0.0, "feedback": "none"} | conditions
    )
    result = Result(
        store=f"eval/{policy}.jsonl", model="tiny", policy=policy, split="test", samples=1, conditions=played
    )
    config = {"recipe": {"share": 100}, "seed": seed} | (more or {})
    made = manifest.make(policy, config, [seed], data, [], [result])
    (run / "manifest.json").write_text(made.model_dump_json())


class Heeds(ScriptedPolicy):
    """Mends its slips where they are explained to it, and gives up where debugging is not allowed."""

    def _reply(self, context):
        refused = context.turn and "not allowed in this task" in context.messages[-1].content
        return block("submit", "unknown") if refused else super()._reply(context)


def test_the_debugging_ablation_comes_from_two_runs_of_one_policy(data, template, backend, tmp_path):
    """As the tiny study leaves them: GRPO's own evaluation in the training, and one without the action."""
    test = [t for f in FAMILIES for t in read_tasks(data, f, "test") if t.distribution == "id"]
    gold, by_id = GoldStore(data), {t.id: t for t in test}
    player = Heeds(lambda i: gold.get(by_id[i]), template, 0.6, 0.0)
    for name, without in (("methods-s0", ()), ("without_debugging-s0", (ActionKind.DEBUGGING,))):
        store = tmp_path / "runs" / name / "eval" / "grpo.jsonl"
        left = [t.model_copy(update={"actions": tuple(a for a in t.actions if a not in without)}) for t in test]
        with EpisodeStore(store) as file, closing(Grader(data)) as grader:
            setting = Setting(data, template, backend, "compact", 640, 160, 0.0, 5)
            Sampler(setting, grader, 8).sample(left, player, store=file)
        settings = {"settings": {"without": [*without]}} if without else {}
        write_manifest(store.parents[1], data, template, "grpo", 0, more=settings, without=without)
    [path] = tables.make(["debugging_tiny"], tmp_path / "runs", data, tmp_path / "out")
    with path.with_suffix(".csv").open() as file:
        found = {(r["row"], r["column"]): r for r in csv.DictReader(file)}
    whole, left = (float(found[row, "average"]["we got"]) for row in ("all actions", "without debugging"))
    assert whole == 100 and left < 75
    assert float(found["without debugging", "average"]["n"]) == 80
    assert path.with_suffix(".svg").exists() and "without debugging" in path.read_text()
    assert "The rows differ in without: debugging; nothing." in path.read_text()


def spec(**changes) -> TableSpec:
    return validate(SPEC | changes, TableSpec, "test")


def write(monkeypatch, tmp_path, runs, data, table=SPEC, apart=False) -> Path:
    room = tmp_path / "configs" / "tables"
    room.mkdir(parents=True, exist_ok=True)
    (room / "two.yaml").write_text(yaml.safe_dump(table))
    with monkeypatch.context() as patched:
        patched.setattr("galen.config.CONFIGS", tmp_path / "configs")
        tables.make(["two"], runs, data, tmp_path / "out", apart=apart)
    return tmp_path / "out"


def rows_of(out: Path) -> dict[tuple[str, str], dict[str, str]]:
    with (out / "two.csv").open() as file:
        return {(r["row"], r["column"]): r for r in csv.DictReader(file)}


def test_a_cell_has_both_numbers_their_difference_its_interval_and_its_manifest(monkeypatch, tmp_path, runs, data):
    rows = rows_of(write(monkeypatch, tmp_path, runs, data))
    cell = rows["base", "MedCalc"]
    episodes = [e for e in read(runs / "base-s0" / "eval" / "base.jsonl") if e.family == "medcalc"]
    success = 100 * sum(e.success for e in episodes) / len(episodes)
    assert float(cell["we got"]) == pytest.approx(success, abs=0.005) and cell["paper said"] == "25.91"
    assert float(cell["difference"]) == pytest.approx(success - 25.91, abs=0.011)
    assert float(cell["low"]) < success < float(cell["high"])
    assert (cell["n"], cell["clusters"], cell["seeds"]) == ("40", "40", "0")
    RunManifest.model_validate_json(Path(cell["manifest"]).read_text())


def test_a_cell_without_a_run_or_a_published_number_says_so(monkeypatch, tmp_path, runs, data):
    out = write(monkeypatch, tmp_path, runs, data)
    rows = rows_of(out)
    for cell in (rows["base", "EHRSHOT"], rows["PPO", "MedCalc"]):
        assert cell["we got"] == "not run" and cell["difference"] == "–" and not cell["low"] and not cell["manifest"]
    assert rows["base", "average"]["paper said"] == rows["PPO", "average"]["paper said"] == "not published"
    assert "| PPO | not run / not published |" in (out / "two.md").read_text()
    assert r"not run (not published)" in (out / "two.tex").read_text()


def test_several_seeds_are_one_cell_with_one_manifest(monkeypatch, tmp_path, runs, data):
    cell = rows_of(write(monkeypatch, tmp_path, runs, data))["GRPO", "MedCalc"]
    assert (cell["seeds"], cell["n"], cell["clusters"]) == ("0 1", "80", "40")
    assert float(cell["between seeds"]) > 0
    made = RunManifest.model_validate_json(Path(cell["manifest"]).read_text())
    assert made.seeds == [0, 1] and len(made.parents) == 2 and all(Path(p).exists() for p in made.parents)


def test_the_average_weighs_families_alike_and_needs_all_of_them(runs):
    [line, *_] = cells("two", spec(), index(runs))
    first, second, average, _ = (c.estimate for c in line)
    assert first and second and average
    assert average.value == pytest.approx((first.value + second.value) / 2) and average.n == 80
    partial = spec(columns=[{"name": "a", "families": ["medcalc", "ehrshot"]}], rows=[SPEC["rows"][0] | {"paper": []}])
    assert cells("two", partial, index(runs))[0][0].estimate is None


def test_bold_is_better_than_every_other_row_after_holm_over_all_pairs(runs):
    grid = cells("two", spec(), index(runs))
    made = claims(spec(), grid)
    assert made.best == {(1, 0), (1, 1), (1, 2)} and made.tests == 6  # three columns of two rows, and three changes
    assert [c.after.column.name for c in made.changes] == ["MedCalc", "MIMIC", "average"]
    assert all(c.p_value < 0.05 and c.difference.low > 0 for c in made.changes)


def test_too_few_clusters_claim_nothing(monkeypatch, tmp_path, runs, data):
    out = write(monkeypatch, tmp_path, runs, data, SPEC | {"smallest": 100})
    text = (out / "two.md").read_text()
    assert "**" not in text and "†" in text and "Fewer than 100 clusters" in text
    assert rows_of(out)["GRPO", "MedCalc"]["low"]


def test_equal_policies_have_no_best(runs):
    twice = spec(rows=[{"name": "a", "runs": {"policy": "base"}}, {"name": "b", "runs": {"policy": "base"}}])
    made = claims(twice, cells("two", twice, index(runs)))
    assert not made.best and made.tests == 3


@pytest.mark.parametrize(
    ("conditions", "told"),
    [
        ({"max_turns": 15}, "max_turns: 5 in .*base.jsonl, 15 in .*ppo.jsonl"),
        ({"feedback": "oracle"}, "feedback: none in"), ({"temperature": 0.6}, "temperature: 0.0"),
        ({"without": (ActionKind.DEBUGGING,)}, "without: nothing in .*base.jsonl, debugging in .*ppo.jsonl"),
    ],
)  # fmt: skip
def test_results_that_were_played_otherwise_are_refused_or_shown_apart(
    monkeypatch, tmp_path, runs, data, template, conditions, told
):
    mixed = copied(runs, tmp_path)
    write_manifest(other(mixed), data, template, "ppo", 0, **conditions)
    with pytest.raises(UserError, match=f"two: its results differ in {told}"):
        write(monkeypatch, tmp_path, mixed, data)
    [(field, value)] = conditions.items()
    assert write(monkeypatch, tmp_path, mixed, data, SPEC | {"may_differ": [field]})
    text = (write(monkeypatch, tmp_path, mixed, data, apart=True) / "two.md").read_text()
    assert "part 1 of 2" in text and "part 2 of 2" in text and f"{field} {agreement.plain(value)}" in text


def copied(runs: Path, tmp_path: Path) -> Path:
    """The base's run alone, in a folder of its own."""
    mixed = tmp_path / "mixed"
    for path in ("base-s0/manifest.json", "base-s0/eval/base.jsonl"):
        (mixed / path).parent.mkdir(parents=True, exist_ok=True)
        (mixed / path).write_bytes((runs / path).read_bytes())
    return mixed


def other(mixed: Path) -> Path:
    """A run of PPO's with the same episodes."""
    store = mixed / "ppo-s0" / "eval" / "ppo.jsonl"
    store.parent.mkdir(parents=True)
    store.write_bytes((mixed / "base-s0" / "eval" / "base.jsonl").read_bytes())
    return mixed / "ppo-s0"


def test_other_tasks_and_oracles_of_one_family_are_refused(monkeypatch, tmp_path, runs, data, template):
    mixed = copied(runs, tmp_path)
    run = other(mixed)
    write_manifest(run, data, template, "ppo", 0)
    made = json.loads((run / "manifest.json").read_text())
    (run / "manifest.json").write_text(json.dumps(made | {"tasks": made["tasks"] | {"medcalc/test": "another"}}))
    with pytest.raises(UserError, match="differ in tasks of medcalc: .*test another"):
        write(monkeypatch, tmp_path, mixed, data)
    write_manifest(run, data, template, "ppo", 0)
    store = run / "eval" / "ppo.jsonl"
    with_version_2 = [
        e.model_copy(update={"verdict": e.verdict and e.verdict.model_copy(update={"version": 99})})
        for e in read(store)
    ]
    store.unlink()
    with EpisodeStore(store) as stored:
        for e in with_version_2:
            stored.append(e)
    forget()
    with pytest.raises(UserError, match="differ in oracle of medcalc"):
        write(monkeypatch, tmp_path, mixed, data)


def forget():
    """What was read of the stores: a new process would not know it."""
    stored._split.cache_clear()
    agreement._oracle_versions.cache_clear()


def test_two_results_of_one_seed_are_refused_unless_they_are_the_same(monkeypatch, tmp_path, runs, data, template):
    mixed = copied(runs, tmp_path)
    run = other(mixed)
    (run / "eval" / "ppo.jsonl").rename(run / "eval" / "base.jsonl")
    write_manifest(run, data, template, "base", 0)
    assert write(monkeypatch, tmp_path, mixed, data)
    lines = (run / "eval" / "base.jsonl").read_text().splitlines(keepends=True)
    (run / "eval" / "base.jsonl").write_text("".join(lines[1:]))
    forget()
    with pytest.raises(UserError, match=r"row base: .*base-s0.* and .*ppo-s0.* both fit, with seed 0; say more"):
        write(monkeypatch, tmp_path, mixed, data)


def test_results_are_found_by_their_settings(runs):
    def found(**pattern):
        table = spec(rows=[{"name": "a", "runs": pattern}])
        return cells("two", table, index(runs))[0][0].seeds

    assert found(policy="grpo", where={"recipe.share": 100}) == [0, 1]
    assert found(policy="grpo", where={"recipe.share": 25}) == found(policy="grpo", where={"recipe.none": None}) == []
    assert found(policy="grpo", unless={"recipe.share": 100}) == []
    assert found(policy="grpo", seed=1, model=["tiny", "x"]) == [1] and found(samples=16) == []


def test_groups_of_alike_results_hold_each_result_once(runs):
    entries = index(runs)
    other = entries[0].result.conditions.model_copy(update={"profile": "full"})
    changed = replace(entries[0], result=entries[0].result.model_copy(update={"conditions": other}))
    assert [len(g) for g in alike([*entries, changed], [])] == [3, 1]
    assert [len(g) for g in alike([*entries, changed], ["profile"])] == [4]


def test_actions_failures_code_and_tokens_have_cells_too(runs):
    names = ("actions.code_execution", "failures.wrong_answer", "turns", "output_tokens", "pass@1", "code.lloc")
    table = spec(
        columns=[{"name": n, "families": "medcalc", "metric": n} for n in names],
        rows=[{"name": "base", "runs": {"policy": "base"}}],
    )
    [line] = cells("two", table, index(runs))
    values = {c.metric: c.estimate for c in line}
    mine = [e for e in summaries(runs / "base-s0" / "eval" / "base.jsonl") if e.family == "medcalc"]
    failed = [e for e in mine if not e.success]
    acted = [sum(n for kind, n in e.actions.items() if kind not in ("submit", "unparsed")) for e in mine]
    for name, expected in {
        "turns": sum(e.turns for e in mine) / 40, "output_tokens": sum(e.output_tokens for e in mine) / 40,
        "failures.wrong_answer": sum(e.failure == "wrong_answer" for e in failed) / len(failed),
        "pass@1": sum(e.success for e in mine) / 40, "actions.code_execution": sum(e.actions.get("code_execution", 0) for e in mine) / sum(acted),
        "code.lloc": sum(e.code["lloc"] for e in mine) / sum(e.programs for e in mine),
    }.items():  # fmt: skip
        found = values[name]
        assert found and found.value == pytest.approx(expected), name


def test_every_table_of_the_repository_is_whole_and_writes_without_runs(tmp_path, data):
    names = tables.known()
    assert {"benchmark", "training", "out_of_distribution", "debugging", "verifier", "data_scaling", "self_improvement",
            "action_mix", "failures", "code_quality", "token_cost", "dataset"} <= set(names)  # fmt: skip
    written = tables.make(names, tmp_path / "none", data, tmp_path / "out")
    for path in written:
        text = path.read_text()
        assert path.with_suffix(".tex").exists() and path.with_suffix(".csv").exists()
        assert path.stem == "dataset" or "0 of " in text
        with path.with_suffix(".csv").open() as file:
            assert path.stem == "dataset" or {r["we got"] for r in csv.DictReader(file)} == {"not run"}
    assert (tmp_path / "out" / "verifier.svg").exists()


def test_the_papers_averages_are_the_means_of_its_columns():
    """A slip in copying a row would break its mean. The paper's own slips are the rows that are named."""
    printed_otherwise = {
        ("benchmark", "Qwen2.5-7B-Instruct"), *(("out_of_distribution", n) for n in ("gpt-4o-mini", "gpt-4o", "gpt-4.1-mini", "gpt-4.1", "o4-mini", "Qwen3-32B")),
    }  # fmt: skip
    for name in ("benchmark", "training", "out_of_distribution"):
        for row in load(CONFIGS / "tables" / f"{name}.yaml", TableSpec).rows:
            *columns, average = row.paper
            known = [c for c in columns if c is not None]
            if len(known) == len(columns) and average is not None:
                off = abs(sum(known) / len(known) - average) > 0.011
                assert off == ((name, row.name) in printed_otherwise), (name, row.name, sum(known) / len(known))


def test_the_papers_dataset_adds_up():
    rows = {r.name: r.paper[-1] or 0 for r in load(CONFIGS / "tables" / "dataset.yaml", TableSpec).rows}
    names = list(rows)
    for whole, parts in (("internal", names[:8]), ("external", names[9:13]), ("overall", ["internal", "external"])):
        assert rows[whole] == sum(rows[name] for name in parts)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"metric": "sucess"}, "unknown metric 'sucess'"),
        ({"may_differ": ["profiles"]}, "may_differ: unknown profiles"),
        ({"rows": [{"name": "a", "paper": [1.0]}]}, "1 numbers for 4 columns"),
        ({"rows": [{"name": "a", "against": "b"}]}, "no row 'b'"),
        ({"metric": "pass@K"}, "unknown metric 'pass@K'"),
        ({"rows": [{"name": "a"}, {"name": "a"}]}, "two rows are called a"),
    ],
)  # fmt: skip
def test_a_broken_table_is_named(change, told):
    with pytest.raises(UserError, match=told):
        spec(**change)


def test_packed_runs_make_the_same_tables_and_hold_no_text(runs, tmp_path):
    packed = tmp_path / "packed"
    assert pack(runs, packed) == [packed / run.name for run in sorted(runs.iterdir())]
    theirs, ours = cells("two", spec(), index(packed)), cells("two", spec(), index(runs))
    assert [[c.estimate for c in line] for line in theirs] == [[c.estimate for c in line] for line in ours]
    assert any(c.estimate for line in theirs for c in line)
    for mine in index(runs):
        assert summaries(packed / mine.store.relative_to(runs)) == summaries(mine.store)
        said = {e.submission for e in read(mine.store) if e.submission and len(e.submission) > 8}
        text = lzma.decompress((packed / mine.store.relative_to(runs)).with_suffix(".packed.jsonl.xz").read_bytes())
        assert said and not [word for word in said if word.encode() in text]
    assert pack(packed, tmp_path / "again"), "what is packed can be packed"


def test_packed_runs_are_compared_as_whole_ones_are(runs, tmp_path):
    study, packed = tmp_path / "study", tmp_path / "packed"
    shutil.copytree(runs, study)
    played = {name: list(read(runs / f"{name}-s0" / "eval" / f"{name}.jsonl")) for name in ("base", "grpo")}
    table.write(study / "grpo-s0", table.rows(played, {"grpo": "base"}))
    pack(study, packed)
    ours, theirs = (seeds.rows([folder / "grpo-s0"]) for folder in (study, packed))
    assert ours and [r | {"run": ""} for r in ours] == [r | {"run": ""} for r in theirs]


def test_studies_of_several_seeds_are_packed_into_one_record(runs, tmp_path):
    attempts = [f'{{"job": "sft-s{seed}", "step": "sft", "status": 0, "seconds": 60.0}}\n' for seed in range(3)]
    for number, lines in enumerate((attempts[:2], attempts[2:], attempts[2:])):
        study = tmp_path / str(number)
        shutil.copytree(runs, study)
        (study / RECORD).write_text("".join(lines))
        pack(study, tmp_path / "packed")
    assert (tmp_path / "packed" / RECORD).read_text() == "".join(attempts)


def test_what_cannot_be_packed_or_read_again_is_named(runs, tmp_path):
    with pytest.raises(UserError, match="lies in the folder that is packed"):
        pack(runs, runs / "packed")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="no finished run in it"):
        pack(tmp_path / "empty", tmp_path / "packed")
    pack(runs, tmp_path / "packed")
    file = tmp_path / "packed" / "base-s0" / "eval" / "base.packed.jsonl.xz"
    whole = file.read_bytes()
    file.write_bytes(whole[:-40])
    with pytest.raises(UserError, match=r"base\.packed\.jsonl\.xz: broken or cut off"):
        summaries(file.with_name("base.jsonl"))
    lines = lzma.decompress(whole).splitlines(keepends=True)
    file.write_bytes(lzma.compress(b"".join([b'{"version": 1}\n', *lines[1:]])))
    with pytest.raises(UserError, match="summaries of version 1, this is"):
        summaries(file.with_name("base.jsonl"))
