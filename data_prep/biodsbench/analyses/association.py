"""Tests of categories and of measurements between groups, with corrections for many tests."""

from __future__ import annotations

import random

from data_prep.biodsbench.analyses import base as b
from data_prep.biodsbench.analyses.base import Analysis, Out
from data_prep.biodsbench.studies import Study

CATEGORIES, MEASUREMENTS = "association of categories", "comparison of measurements"
HIGHEST = "A patient's value is the highest of the patient's samples; patients without one are left out."
PROFILE = 'hit = cohort["PATIENT_ID"].isin(nonsilent.loc[nonsilent["Hugo_Symbol"] == "$gene", "PATIENT_ID"])\n'


def _several(rng: random.Random, study: Study) -> b.Slots:
    return {"gene": b.gene(rng, study)} | b.several(rng, study)


def _binary(rng: random.Random, study: Study) -> b.Slots:
    return {"gene": b.gene(rng, study)} | b.binary(rng, study)


def _screen(rng: random.Random, study: Study) -> b.Slots:
    return b.named(b.genes(rng, study, 7)) | b.binary(rng, study)


def _measured(rng: random.Random, study: Study) -> b.Slots:
    return b.several(rng, study) | {
        "measure": rng.choice(("FRACTION_GENOME_ALTERED", "TMB_NONSYNONYMOUS", "TUMOR_PURITY"))
    }


ANALYSES = (
    Analysis(
        "chi-squared, gene by group", CATEGORIES,
        ("Is $gene mutation associated with $column? Use Pearson's chi-squared test on the table of patients, mutated or not against $column.",
         "Cross the mutation status of $gene with $column over patients and test independence by chi-squared."),
        (Out("statistic", "float"), Out("degrees", "int, degrees of freedom"), Out("p_value", "float"), Out("smallest_expected", "float, the smallest expected count")), b.PER_PATIENT,
        b.COHORT + PROFILE + """from scipy.stats import chi2_contingency

found = chi2_contingency(pd.crosstab(hit, cohort["$column"]), correction=False)
statistic, p_value, degrees = float(found.statistic), float(found.pvalue), int(found.dof)
smallest_expected = float(found.expected_freq.min())
""", _several, (b.MUTATED, b.KNOWN, "No continuity correction."),
    ),
    Analysis(
        "Fisher, gene by group", CATEGORIES,
        ("Is $gene mutated more often where $column is $a than where it is $b? Give the 2 × 2 table, the odds ratio and Fisher's exact two-sided p value.",
         "Compare the frequency of $gene mutations between $column = $a and $column = $b by Fisher's exact test."),
        (Out("table", "list of two lists of two ints: [[mutated, wild type] where $column is $a, [mutated, wild type] where it is $b]"), Out("odds_ratio", "float, that of the table (cross product)"), Out("p_value", "float, two-sided")), b.PER_PATIENT,
        b.COHORT + PROFILE + """from scipy.stats import fisher_exact

table = [[int((hit & (cohort["$column"] == v)).sum()), int((~hit & (cohort["$column"] == v)).sum())] for v in ("$a", "$b")]
odds_ratio, p_value = (float(x) for x in fisher_exact(table))
""", _binary, (b.MUTATED, b.KNOWN),
    ),
    Analysis(
        "Fisher, screen of genes", CATEGORIES,
        ("Which of $genes are mutated at different rates where $column is $a and where it is $b? Test each gene by Fisher's exact test and adjust. Go on from `cohort` and `mutated` of the earlier code.",
         "Using `cohort` and `mutated` of the earlier code, screen $genes for a difference between $column = $a and $column = $b (Fisher's exact test, adjusted)."),
        (Out("screen", "DataFrame with one row a gene and the columns gene (str), share_a (float, share of mutated patients where $column is $a), share_b (float, where it is $b), p_value (float, two-sided), q_value (float)", ("gene",)), Out("significant", "list of the genes with a q value below 0.1, in alphabetical order")), b.PER_PATIENT,
        """from scipy.stats import fisher_exact
from statsmodels.stats.multitest import multipletests

group = cohort.set_index("PATIENT_ID")["$column"]
rows = []
for gene in $gene_list:
    a, b = (mutated.loc[group == value, gene] for value in ("$a", "$b"))
    p = fisher_exact([[a.sum(), (~a).sum()], [b.sum(), (~b).sum()]])[1]
    rows.append({"gene": gene, "share_a": a.mean(), "share_b": b.mean(), "p_value": p})
screen = pd.DataFrame(rows)
screen["q_value"] = multipletests(screen["p_value"], method="fdr_bh")[1]
significant = sorted(screen.loc[screen["q_value"] < 0.1, "gene"])
""", _screen, (b.KNOWN, b.BH), b.MATRIX,
    ),
    Analysis(
        "trend over stages", CATEGORIES,
        ("Does the share of patients with mutated $gene rise or fall with STAGE? Use the Cochran-Armitage test for trend with the scores 1, 2, 3 and 4 for STAGE I to IV.",),
        (Out("z", "float, positive where the share rises"), Out("p_value", "float, two-sided, normal")), b.PER_PATIENT,
        b.COHORT + PROFILE + """from scipy.stats import norm

score = cohort["STAGE"].map({"STAGE I": 1, "STAGE II": 2, "STAGE III": 3, "STAGE IV": 4})
known = score.notna()
z = float(np.corrcoef(score[known], hit[known].astype(int))[0, 1] * np.sqrt(known.sum()))
p_value = float(2 * norm.sf(abs(z)))
""", lambda rng, study: {"gene": b.gene(rng, study)},
        (b.MUTATED, "Patients whose STAGE is missing are left out. z is √N times Pearson's correlation of score and mutation (0, 1) over the N patients."), unseen=True,
    ),
    Analysis(
        "Mann-Whitney, age by gene", MEASUREMENTS,
        ("Are patients with mutated $gene older or younger than the others? Use the Mann-Whitney test. Go on from `cohort` and `nonsilent` of the earlier code.",
         "Compare AGE between $gene-mutated and wild-type patients by the Mann-Whitney U test, from `cohort` and `nonsilent` of the earlier code."),
        (Out("medians", 'dict with the keys "mutated" and "wild type": median AGE (float)'), Out("u", "float, U of the mutated patients"), Out("p_value", "float, two-sided")), b.PER_PATIENT,
        PROFILE + """from scipy.stats import mannwhitneyu

x, y = cohort.loc[hit, "AGE"].dropna(), cohort.loc[~hit, "AGE"].dropna()
medians = {"mutated": float(x.median()), "wild type": float(y.median())}
test = mannwhitneyu(x, y, alternative="two-sided", method="asymptotic")
u, p_value = float(test.statistic), float(test.pvalue)
""", lambda rng, study: {"gene": b.gene(rng, study)}, (b.MUTATED, "Patients whose AGE is missing are left out. The p value is the normal approximation with correction for ties and continuity (scipy's asymptotic method)."), b.COHORT,
    ),
    Analysis(
        "Kruskal-Wallis over groups", MEASUREMENTS,
        ("Does $measure differ between the groups of $column? Use the Kruskal-Wallis test over patients.",
         "Test $measure across the values of $column by Kruskal-Wallis, one value a patient."),
        (Out("medians", "dict from each value of $column to the median (float)"), Out("h", "float"), Out("p_value", "float")), ("clinical_patient", "clinical_sample"),
        """from scipy.stats import kruskal

highest = samples.groupby("PATIENT_ID")["$measure"].max().rename("highest").reset_index().dropna()
groups = patients.merge(highest, on="PATIENT_ID").groupby("$column")["highest"]
medians = {value: float(part.median()) for value, part in groups}
h, p_value = (float(x) for x in kruskal(*(part for _, part in groups)))
""", _measured, (HIGHEST, b.KNOWN),
    ),
    Analysis(
        "Welch, mutational burden", MEASUREMENTS,
        ("Compare log10(TMB_NONSYNONYMOUS + 1) of patients between $column = $a and $column = $b by Welch's t-test.",
         "Is the mutational burden, as log10(TMB_NONSYNONYMOUS + 1), different where $column is $a and where it is $b (t-test without equal variances)?"),
        (Out("difference", "float, mean where $column is $a minus mean where it is $b"), Out("t", "float, of the same sign"), Out("degrees", "float, Welch-Satterthwaite"), Out("p_value", "float, two-sided")), ("clinical_patient", "clinical_sample"),
        """from scipy.stats import ttest_ind

highest = samples.groupby("PATIENT_ID")["TMB_NONSYNONYMOUS"].max().dropna()
group = patients.set_index("PATIENT_ID")["$column"].reindex(highest.index)
x, y = (np.log10(highest[group == value] + 1) for value in ("$a", "$b"))
test = ttest_ind(x, y, equal_var=False)
difference = float(x.mean() - y.mean())
t, degrees, p_value = float(test.statistic), float(test.df), float(test.pvalue)
""", lambda rng, study: b.binary(rng, study), (HIGHEST, b.KNOWN),
    ),
    Analysis(
        "Mann-Whitney, screen of genes", MEASUREMENTS,
        ("For each of $genes, compare FRACTION_GENOME_ALTERED of mutated and wild-type patients by the Mann-Whitney test and adjust for the number of genes. Use `mutated` of the earlier code.",
         "With `mutated` of the earlier code: which of $genes go with FRACTION_GENOME_ALTERED (Mann-Whitney, adjusted)?"),
        (Out("screen", "DataFrame with one row a gene and the columns gene (str), median_mutated (float), median_wild_type (float), p_value (float, two-sided), q_value (float)", ("gene",)),), b.PER_PATIENT,
        """from scipy.stats import mannwhitneyu
from statsmodels.stats.multitest import multipletests

altered = samples.groupby("PATIENT_ID")["FRACTION_GENOME_ALTERED"].max().reindex(mutated.index)
known = altered.notna()
rows = []
for gene in $gene_list:
    x, y = altered[known & mutated[gene]], altered[known & ~mutated[gene]]
    p = mannwhitneyu(x, y, alternative="two-sided", method="asymptotic").pvalue
    rows.append({"gene": gene, "median_mutated": x.median(), "median_wild_type": y.median(), "p_value": p})
screen = pd.DataFrame(rows)
screen["q_value"] = multipletests(screen["p_value"], method="fdr_bh")[1]
""", lambda rng, study: b.named(b.genes(rng, study, 6)), (HIGHEST, "p values are the normal approximation with correction for ties and continuity (scipy's asymptotic method).", b.BH), b.MATRIX,
    ),
    Analysis(
        "rank correlation", MEASUREMENTS,
        ("How do TMB_NONSYNONYMOUS and FRACTION_GENOME_ALTERED go together over the samples of SAMPLE_TYPE $kind? Give Spearman's correlation.",),
        (Out("rho", "float"), Out("p_value", "float, two-sided, by the t distribution"), Out("n", "int, samples with both values")), ("clinical_sample",),
        """from scipy.stats import spearmanr

known = samples[samples["SAMPLE_TYPE"] == "$kind"].dropna(subset=["TMB_NONSYNONYMOUS", "FRACTION_GENOME_ALTERED"])
n = len(known)
rho, p_value = (float(x) for x in spearmanr(known["TMB_NONSYNONYMOUS"], known["FRACTION_GENOME_ALTERED"]))
""", lambda rng, study: {"kind": rng.choice(("Primary", "Metastasis"))}, (), unseen=True,
    ),
    Analysis(
        "paired samples", MEASUREMENTS,
        ("In patients with both a primary and a metastasis, does FRACTION_GENOME_ALTERED differ between the two? Use the paired t-test.",),
        (Out("n_pairs", "int"), Out("mean_difference", "float, metastasis minus primary"), Out("t", "float, of the same sign"), Out("p_value", "float, two-sided")), ("clinical_sample",),
        """from scipy.stats import ttest_rel

means = samples.pivot_table(index="PATIENT_ID", columns="SAMPLE_TYPE", values="FRACTION_GENOME_ALTERED", aggfunc="mean").dropna()
n_pairs = len(means)
mean_difference = float((means["Metastasis"] - means["Primary"]).mean())
t, p_value = (float(x) for x in ttest_rel(means["Metastasis"], means["Primary"]))
""", lambda rng, study: {}, ("Of several samples of one SAMPLE_TYPE the patient has the mean of the known values; patients without a known value of both types are left out.",), unseen=True,
    ),
)  # fmt: skip
