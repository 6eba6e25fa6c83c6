"""BioCoder's statistical functions, against scipy and statsmodels."""

import math
import random

import numpy as np
import pytest
from scipy import stats
from statsmodels.duration.survfunc import SurvfuncRight, survdiff
from statsmodels.stats.multitest import multipletests

from data_prep.biocoder.functions.assays import exposure, half_dose, permutation_p, well_scores
from data_prep.biocoder.functions.enrichment import (
    _ranked,
    adjust_p_values,
    combine_p_values,
    over_representation,
    running_enrichment,
)
from data_prep.biocoder.functions.expression import correlation, normalise_counts, quantile_normalise
from data_prep.biocoder.functions.populations import fixation_index, hardy_weinberg, linkage, sequence_diversity
from data_prep.biocoder.functions.survival import compare_survival, survival_curve, survival_time

SEEDS = pytest.mark.parametrize("seed", range(12))


@SEEDS
def test_over_representation_is_fishers_test(seed):
    rng = random.Random(seed)
    background = [f"g{i}" for i in range(15)]
    genes, pathway = rng.sample(background, 6), rng.sample(background, 5)
    a = len(set(genes) & set(pathway))
    table = [[a, 6 - a], [5 - a, 15 - 6 - 5 + a]]
    for tail, alternative in (("over", "greater"), ("under", "less"), ("two", "two-sided")):
        p = over_representation(genes, pathway, background, tail=tail, outside="error", result="p")
        assert p == pytest.approx(stats.fisher_exact(table, alternative)[1])


@SEEDS
def test_adjusted_and_combined_p_values(seed):
    p = np.random.default_rng(seed).uniform(0.001, 0.99, 7).tolist()
    for method, name in (("bh", "fdr_bh"), ("by", "fdr_by"), ("holm", "holm"), ("bonferroni", "bonferroni")):
        found = adjust_p_values(p, method=method, missing="skip", result="values")
        assert found == pytest.approx(multipletests(p, method=name)[1].tolist())
    for method, name in (("fisher", "fisher"), ("stouffer", "stouffer"), ("smallest", "tippett")):
        found = combine_p_values(p, method=method, zero="keep", missing="skip", none="none")
        assert found == pytest.approx(stats.combine_pvalues(p, name).pvalue)


@SEEDS
def test_the_unweighted_running_sum_is_the_kolmogorov_smirnov_statistic(seed):
    ranked, _ = _ranked(random.Random(seed))
    genes = [gene for gene, _ in ranked][::2]
    score = running_enrichment(ranked, genes, order="given", weight="one", peak="far", result="score")
    places = {gene: i for i, (gene, _) in enumerate(ranked)}
    inside, outside = ([i for g, i in places.items() if (g in genes) == wanted] for wanted in (True, False))
    assert abs(score) == pytest.approx(stats.ks_2samp(inside, outside).statistic)


@SEEDS
def test_hardy_weinberg_and_linkage(seed):
    rng = np.random.default_rng(seed)
    genotypes = [0, 1, 2, *rng.integers(0, 3, 20).tolist()]
    counts = np.array([genotypes.count(i) for i in range(3)])
    q = (counts[1] + 2 * counts[2]) / 46
    expected = 23 * np.array([(1 - q) ** 2, 2 * q * (1 - q), q * q])
    p = hardy_weinberg(genotypes, test="chi", missing="error", result="p", fixed="none")
    assert p == pytest.approx(stats.chisquare(counts, expected, ddof=1).pvalue)
    first, second = [0, 1, *rng.integers(0, 2, 20).tolist()], [0, 1, *rng.integers(0, 2, 20).tolist()]
    r = np.corrcoef(first, second)[0, 1]
    assert linkage(first, second, measure="r2", missing="error", fixed="none") == pytest.approx(r * r)
    assert linkage(first, first, measure="prime", missing="error", fixed="none") == pytest.approx(1)
    assert linkage(first, [1 - a for a in first], measure="prime", missing="error", fixed="none") == pytest.approx(-1)


def test_the_exact_equilibrium_test_by_shuffled_alleles():
    """The chance of each number of heterozygotes, counted over all pairings of 6 alleles 0 and 4 alleles 1."""
    genotypes = [0, 0, 0, 2, 2]
    alleles = np.array([0] * 6 + [1] * 4)
    rng = np.random.default_rng(1)
    none = sum((rng.permutation(alleles).reshape(5, 2).sum(1) == 1).sum() == 0 for _ in range(20000)) / 20000
    p = hardy_weinberg(genotypes, test="exact", missing="error", result="p", fixed="none")
    assert p == pytest.approx(none, abs=0.005)


def test_populations_by_hand():
    assert fixation_index([[4, 4]], [[0, 6]], estimator="hudson", mean="sites", least=1) == pytest.approx(1)
    assert fixation_index([[1, 4]], [[3, 4]], estimator="nei", mean="sums", least=1) == pytest.approx(
        (0.5 - 0.375) / 0.5
    )
    rows = ["ACGT", "ACGA", "TCGA"]
    assert sequence_diversity(rows, measure="pi", gaps="drop", per="total", few="none") == pytest.approx(4 / 3)
    assert sequence_diversity(rows, measure="theta", gaps="drop", per="site", few="none") == pytest.approx(2 / 1.5 / 4)


@SEEDS
def test_survival(seed):
    rng = np.random.default_rng(seed)
    times, events = rng.integers(1, 9, 14).astype(float).tolist(), [1, *rng.integers(0, 2, 13).tolist()]
    curve = survival_curve(times, events, estimate="product", ties="events", rows="events", start="no")
    theirs = SurvfuncRight(times, events)
    assert [t for t, _ in curve] == theirs.surv_times.tolist()
    assert [s for _, s in curve] == pytest.approx(theirs.surv_prob.tolist())
    median = survival_time(times, events, 0.5, level="first", never="last", estimate="product")
    expected = theirs.quantile(0.5)
    assert median == (max(times) if math.isnan(expected) else pytest.approx(expected)) or 0.5 in theirs.surv_prob
    groups = [1, 2] * 7
    for weight, kind in (("none", None), ("gehan", "gb"), ("tarone", "tw")):
        chi, p = survdiff(np.array(times), np.array(events), np.array(groups), weight_type=kind)
        assert compare_survival(times, events, groups, weight=weight, result="chi", empty="error") == pytest.approx(chi)
        assert compare_survival(times, events, groups, weight=weight, result="p", empty="error") == pytest.approx(p)


@SEEDS
def test_correlations_and_permutations(seed):
    rng = np.random.default_rng(seed)
    x, y = [0, 1, *rng.integers(0, 6, 8).tolist()], [0, 2, *rng.integers(0, 6, 8).tolist()]
    for measure, theirs in (("pearson", stats.pearsonr), ("spearman", stats.spearmanr), ("kendall", stats.kendalltau)):
        assert correlation(x, y, measure=measure, missing="error", constant="none") == pytest.approx(
            theirs(x, y).statistic
        )
    for tail, alternative in (("greater", "greater"), ("less", "less")):
        p = stats.permutation_test(
            (x[:4], y[:4]), lambda a, b: np.mean(a) - np.mean(b), n_resamples=np.inf, alternative=alternative
        ).pvalue
        assert permutation_p(
            x[:4], y[:4], statistic="mean", tail=tail, observed="all", missing="error"
        ) == pytest.approx(p)


def test_tables_by_hand():
    """The worked example of quantile normalisation, and factors that undo a sample's depth."""
    table = {"a": [5, 4, 3], "b": [2, 1, 4], "c": [3, 4, 6], "d": [4, 2, 8]}
    found = quantile_normalise(table, reference="mean", ties="least", genes_of="all")
    assert found["a"] == pytest.approx([17 / 3, 14 / 3, 2]) and found["b"] == pytest.approx([2, 2, 3])
    counts = {f"g{i}": [n, 3 * n] for i, n in enumerate((4, 9, 30, 100))}
    lengths = dict.fromkeys(counts, 1000)
    for method in ("cpm", "tpm", "quartile", "ratios"):
        rows = normalise_counts(counts, lengths, method=method, log="no", empty="error").values()
        assert all(a == pytest.approx(b) for a, b in rows)
    assert sum(
        row[0] for row in normalise_counts(counts, lengths, method="tpm", log="no", empty="error").values()
    ) == pytest.approx(1e6)


def test_assays_by_hand():
    rows = [[1.0, 90.0], [100.0, 10.0]]
    assert half_dose(rows, replicates="mean", goal="fifty", scale="log", crossing="first") == pytest.approx(10)
    decline = [[t, 8 * math.exp(-t / 3)] for t in (0.0, 1.0, 4.0)]
    assert exposure(decline, falling="log", missing="skip", start="given", tail="on") == pytest.approx(24)
    plate = [[1.0, 2.0, 4.0, 9.0]]
    scores = [value for _, value in well_scores(plate, score="z", edge="keep", flat="zero", hits="all")]
    assert scores == pytest.approx(stats.zscore(plate[0], ddof=1).tolist())
    robust = [value for _, value in well_scores(plate, score="robust", edge="keep", flat="zero", hits="all")]
    mad = stats.median_abs_deviation(plate[0], scale=1 / 1.4826)
    assert robust == pytest.approx(((np.array(plate[0]) - 3) / mad).tolist())
