"""BioDSBench's stand-in: studies as cBioPortal ships them, analyses that state all, and references beside other libraries."""

import ast
import json
import re
from collections import Counter
from pathlib import Path
from string import Template

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.duration.hazard_regression import PHReg
from statsmodels.duration.survfunc import SurvfuncRight, survdiff

from data_prep import biodsbench
from data_prep.biodsbench import cohort, tables
from data_prep.biodsbench.analyses import ANALYSES
from data_prep.biodsbench.build import sound
from data_prep.biodsbench.genome import GENES, PASSENGERS
from data_prep.biodsbench.running import outputs
from data_prep.biodsbench.studies import STUDIES
from galen.agent.loop import Setting, run_episode
from galen.errors import UserError
from galen.oracles import judge
from galen.oracles.variables import parse
from galen.policy.scripted import ScriptedPolicy
from galen.tasks import biodsbench as family


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    root = tmp_path_factory.mktemp("bio") / "data"
    return root, list(biodsbench.build(root / "resources", 50, 37, 12, 0))


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """The first tasks of each block, which are those of `made`."""
    root = tmp_path_factory.mktemp("few") / "data"
    return root, list(biodsbench.build(root / "resources", 5, 2, 1, 0))


@pytest.fixture(scope="module")
def brca():
    study = next(s for s in STUDIES if s.prefix == "ALD")
    drawn = {name: pd.DataFrame(rows) for name, rows in cohort.draw(study, 0).items()}
    return study, drawn


def asked(made, name, split="train"):
    """The task and answer of an analysis, and a reader of its study's tables."""
    root, pairs = made
    task, gold = next((t, g) for t, g in pairs if t.metadata["template"] == name and t.split == split)
    folder = root / task.resources[0].path

    def read(table):
        [file] = folder.glob(f"data_{table}.*")
        return pd.read_csv(file) if file.suffix == ".csv" else pd.read_csv(file, sep="\t", comment="#")

    return task.metadata["slots"], {k: v for k, v in parse(gold.answer).items()}, read


def test_twelve_studies_of_which_half_are_for_the_test():
    assert len({s.id for s in STUDIES}) == 12 and Counter(s.part for s in STUDIES) == {"train": 6, "test": 6}
    for study in STUDIES:
        named = {*study.genes, *study.copies, *PASSENGERS, *(g for pair in study.fusions for g in pair[:2])}
        assert named <= GENES.keys() and {c for _, c, _, _ in study.linked} <= study.groups.keys()
        assert all(name in study.genes or name.split("=")[0] in study.groups for name in study.effects)


def test_a_study_is_as_a_study_is(brca):
    study, t = brca
    patients, samples, mutations = t["data_clinical_patient"], t["data_clinical_sample"], t["data_mutations"]
    assert set(samples["PATIENT_ID"]) < set(patients["PATIENT_ID"]) and samples["SAMPLE_ID"].is_unique
    assert set(mutations["Tumor_Sample_Barcode"]) <= set(samples["SAMPLE_ID"])
    assert set(t["data_cna"].columns[2:]) == set(samples["SAMPLE_ID"])
    assert samples["PATIENT_ID"].value_counts().max() > 1 and patients.isna().any().sum() >= 5
    changed = mutations[mutations["Variant_Classification"] != "Silent"].groupby("Tumor_Sample_Barcode").size()
    known = samples.dropna(subset=["TMB_NONSYNONYMOUS"]).set_index("SAMPLE_ID")["TMB_NONSYNONYMOUS"]
    assert np.allclose(known, changed.reindex(known.index, fill_value=0) / study.panel_mb, atol=1e-4)
    owner = samples.set_index("SAMPLE_ID")["PATIENT_ID"]
    for gene, column, value, factor in study.linked:
        share = dict(study.groups[column])[value]
        due = study.genes[gene] * (1 - share + share * factor)
        owners = owner.loc[mutations.loc[mutations["Hugo_Symbol"] == gene, "Tumor_Sample_Barcode"]]
        assert owners.nunique() / owner.nunique() == pytest.approx(due, abs=0.08)
    day = t["data_timeline_treatment"].merge(
        t["data_timeline_status"].groupby("PATIENT_ID")["START_DATE"].max().rename("last"), on="PATIENT_ID"
    )
    assert (day["START_DATE"] < day["last"]).all() and (
        day["STOP_DATE"].isna() | (day["STOP_DATE"] <= day["last"])
    ).all()


def test_survival_depends_on_stage_and_is_censored(brca):
    patients = brca[1]["data_clinical_patient"].dropna(subset=["OS_MONTHS", "STAGE"])
    event = patients["OS_STATUS"] == "1:DECEASED"
    assert 0.3 < event.mean() < 0.9
    assert survdiff(patients["OS_MONTHS"], event, patients["STAGE"])[1] < 0.01


def test_files_have_the_published_headers(few):
    root, _ = few
    text = (root / "resources/biodsbench/brca_alder_2016/data_clinical_patient.txt").read_text().splitlines()
    assert [line[0] for line in text[:4]] == ["#"] * 4 and text[4].startswith("PATIENT_ID\tSEX\tAGE")
    assert len({line.count("\t") for line in text[:5]}) == 1
    maf = (root / "resources/biodsbench/luad_harbor_2019/data_mutations.csv").read_text().splitlines()[0]
    assert {"Hugo_Symbol", "Variant_Classification", "Tumor_Sample_Barcode", "HGVSp_Short", "t_alt_count"} <= set(
        maf.split(",")
    )


@pytest.mark.slow
def test_no_two_tasks_are_alike_and_all_categories_are_asked(made):
    pairs = made[1]
    assert len(pairs) == 99 and Counter(t.split for t, _ in pairs) == {"train": 50, "test": 49}
    assert len({(t.prompt.question, t.prompt.documents) for t, _ in pairs}) == len({g.answer for _, g in pairs}) == 99
    for split in ("train", "test"):
        assert len({t.category for t, _ in pairs if t.split == split}) == 12
    assert len(ANALYSES) >= 60 and len({a.name for a in ANALYSES}) == len(ANALYSES)


@pytest.mark.slow
def test_the_test_has_studies_analyses_and_wordings_of_its_own(made):
    sides = {split: [t for t, _ in made[1] if t.split == split] for split in ("train", "test")}
    studies = {split: {t.cluster for t in found} for split, found in sides.items()}
    assert studies["train"].isdisjoint(studies["test"]) and len(studies["test"]) == 6
    unseen = {t.metadata["template"] for t in sides["test"] if t.distribution == "ood"}
    assert unseen == {a.name for a in ANALYSES if a.unseen} and unseen.isdisjoint(
        t.metadata["template"] for t in sides["train"]
    )
    for analysis in (a for a in ANALYSES if not a.unseen):
        assert len(analysis.asks) > 1 and len(set(analysis.asks)) == len(analysis.asks)


@pytest.mark.slow
def test_a_question_states_its_whole_contract(made):
    for task, gold in made[1]:
        said = f"{task.prompt.question} {task.prompt.contract}"
        assert "$" not in said and all(f"`{name}`" in task.prompt.contract for name in parse(gold.answer))
        [analysis] = [a for a in ANALYSES if a.name == task.metadata["template"]]
        used = set(Template(analysis.body).get_identifiers()) - {"gene_list", "code"}
        assert all(task.metadata["slots"][name] in said for name in used)
        for profile in ("full", "compact"):
            user = family.pose(task, profile)[1].content
            assert task.prompt.question in user and task.prompt.contract in user and task.prompt.documents[0] in user
        for value in parse(gold.answer).values():
            if isinstance(value, dict) and "frame" in value:
                frame = value["frame"]
                assert all(str(c) in said for c in frame["columns"]) or "SAMPLE_ID" in said or "gene symbol" in said


@pytest.mark.slow
def test_code_that_a_task_builds_on_is_shown_and_begins_its_reference(made):
    built = [(t, g) for t, g in made[1] if len(t.prompt.documents) > 1]
    assert len(built) >= 10
    for task, gold in built:
        code = task.prompt.documents[1].removeprefix("Earlier code:\n")
        ast.parse(code)
        assert gold.solution.startswith(code) and "earlier code" in task.prompt.question


@pytest.mark.slow
def test_the_same_seed_gives_the_same_tasks(few, tmp_path):
    again = list(biodsbench.build(tmp_path / "resources", 5, 2, 1, 0))
    assert [(t.content_hash, g) for t, g in again] == [(t.content_hash, g) for t, g in few[1]]
    file = Path("biodsbench/skcm_cedar_2017/data_mutations.txt")
    assert (tmp_path / "resources" / file).read_bytes() == (few[0] / "resources" / file).read_bytes()
    assert cohort.draw(STUDIES[0], 1) != cohort.draw(STUDIES[0], 0)
    assert not list(few[0].rglob("*.pyc")), "bytes that a run decides"


def test_more_tasks_than_there_are_is_an_error(tmp_path):
    with pytest.raises(UserError, match="ask for fewer"):
        list(biodsbench.build(tmp_path / "resources", 0, 0, 400, 0))


@pytest.mark.slow
def test_medians_and_log_rank_are_those_of_statsmodels(made):
    slots, answer, read = asked(made, "median survival by group")
    known = read("clinical_patient").dropna(subset=[slots["time"], slots["status"], slots["column"]])
    for group, n, events, median in answer["survival"]["frame"]["data"]:
        part = known[known[slots["column"]] == group]
        event = part[slots["status"]] == slots["event"]
        assert (n, events) == (len(part), event.sum())
        assert median == pytest.approx(SurvfuncRight(part[slots["time"]], event).quantile(0.5))
    slots, answer, read = asked(made, "log-rank, several groups")
    known = read("clinical_patient").dropna(subset=[slots["time"], slots["status"], slots["column"]])
    statistic, p = survdiff(known[slots["time"]], known[slots["status"]] == slots["event"], known[slots["column"]])
    assert (answer["statistic"], answer["p_value"]) == (pytest.approx(statistic), pytest.approx(p))


@pytest.mark.slow
def test_hazard_ratios_are_those_of_statsmodels(made):
    slots, answer, read = asked(made, "Cox, several covariates")
    patients, samples, mutations = read("clinical_patient"), read("clinical_sample"), read("mutations")
    own = mutations[(mutations["Hugo_Symbol"] == slots["gene"]) & (mutations["Variant_Classification"] != "Silent")]
    owners = samples.loc[samples["SAMPLE_ID"].isin(own["Tumor_Sample_Barcode"]), "PATIENT_ID"]
    known = patients[patients["PATIENT_ID"].isin(samples["PATIENT_ID"])].dropna(
        subset=["AGE", "STAGE", slots["time"], slots["status"]]
    )
    x = pd.DataFrame(
        {
            "age10": known["AGE"] / 10,
            "late": known["STAGE"].isin(["STAGE III", "STAGE IV"]) * 1.0,
            "mutated": known["PATIENT_ID"].isin(owners) * 1.0,
        }
    )
    fit = PHReg(
        known[slots["time"]], x, status=(known[slots["status"]] == slots["event"]).astype(int), ties="efron"
    ).fit()
    theirs = dict(zip(x.columns, np.exp(fit.params), strict=True))
    assert answer["n"] == len(known)
    for covariate, ratio, lower, upper, _ in answer["model"]["frame"]["data"]:
        assert ratio == pytest.approx(theirs[covariate], rel=1e-4) and lower < ratio < upper


@pytest.mark.slow
def test_frequencies_and_tests_are_those_of_plain_python(made):
    slots, answer, read = asked(made, "Fisher, gene by group")
    patients, samples, mutations = read("clinical_patient"), read("clinical_sample"), read("mutations")
    owner = dict(zip(samples["SAMPLE_ID"], samples["PATIENT_ID"], strict=True))
    hit = {
        owner[m.Tumor_Sample_Barcode]
        for m in mutations.itertuples()
        if m.Hugo_Symbol == slots["gene"] and m.Variant_Classification != "Silent"
    }
    group = {
        p: g for p, g in zip(patients["PATIENT_ID"], patients[slots["column"]], strict=True) if p in set(owner.values())
    }
    table = [
        [sum(group[p] == v and (p in hit) is m for p in group) for m in (True, False)] for v in (slots["a"], slots["b"])
    ]
    assert answer["table"] == table and answer["p_value"] == pytest.approx(stats.fisher_exact(table).pvalue)
    slots, answer, read = asked(made, "most mutated genes")
    mutations, samples = read("mutations"), read("clinical_sample")
    owner = dict(zip(samples["SAMPLE_ID"], samples["PATIENT_ID"], strict=True))
    pairs = {
        (m.Hugo_Symbol, owner[m.Tumor_Sample_Barcode])
        for m in mutations.itertuples()
        if m.Variant_Classification != "Silent"
    }
    counts = Counter(gene for gene, _ in pairs)
    top = sorted(counts, key=lambda g: (-counts[g], g))[: int(slots["n"])]
    assert [row[:2] for row in answer["top"]["frame"]["data"]] == [[g, counts[g]] for g in top]


def test_answers_hold_something():
    assert sound(
        json.loads('{"a": 1, "b": {"frame": {"columns": ["x"], "data": [[1]], "index": null}}, "c": {"float": "inf"}}')
    )
    for text in (
        '{"a": null}',
        '{"a": {"float": "nan"}}',
        '{"a": {"frame": {"columns": ["x"], "data": [], "index": null}}}',
        '{"a": [1, null]}',
    ):
        assert not sound(json.loads(text))


def test_references_run_apart_and_name_their_errors(tmp_path):
    (tmp_path / "x.csv").write_text("a\n1\n")
    found = outputs([f'print(open("{tables.MOUNT}/x.csv").read())', "1 / 0", "assert 1 > 2"], tmp_path)
    assert found == [("a\n1", ""), ("", "ZeroDivisionError: division by zero"), ("", "AssertionError: ")]


def test_an_episode_hands_in_what_the_reference_computes(few, template, backend):
    root, pairs = few
    task, gold = pairs[1]
    policy = ScriptedPolicy(lambda _: gold, template, 0.0, 0.0)
    setting = Setting(root, template, backend, "full", 100_000, 8_000, 0.0, 4)
    episode = run_episode(task, policy, setting, seed=0, key="k", grade=lambda *_: None)  # type: ignore[arg-type]
    assert judge(task.oracle, episode.submission, gold.answer).passed
    other = re.sub(r"\d+", "9", gold.answer)
    assert not judge(task.oracle, other, gold.answer).passed
