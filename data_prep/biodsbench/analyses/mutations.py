"""Mutation frequencies and kinds, co-occurrence of genes, and mutational burden."""

from __future__ import annotations

import random

from data_prep.biodsbench.analyses import base as b
from data_prep.biodsbench.analyses.base import Analysis, Out
from data_prep.biodsbench.genome import GENES
from data_prep.biodsbench.studies import Study

FREQUENCY, TOGETHER, BURDEN = "mutation frequency", "co-occurrence of genes", "mutational burden"
TRUNCATING = "Truncating are Nonsense_Mutation, Frame_Shift_Del, Frame_Shift_Ins and Splice_Site."


def _hotspot(rng: random.Random, study: Study) -> b.Slots:
    return {"gene": rng.choice([g for g, rate in study.genes.items() if rate > 0.04 and GENES[g].hotspots])}


def _many(n: int):
    return lambda rng, study: b.named(b.genes(rng, study, n))


def _rates(rng: random.Random, study: Study) -> b.Slots:
    return b.named(b.genes(rng, study, 6)) | b.binary(rng, study)


ANALYSES = (
    Analysis(
        "most mutated genes", FREQUENCY,
        ("Which $n genes are mutated in the most patients? Give them in order, with numbers of patients and shares among the patients with a sample.",
         "List the top $n genes by number of mutated patients, with that number and the frequency among sampled patients."),
        (Out("top", "DataFrame with $n rows, from the most to the least often mutated (of equal ones the alphabetically first comes first), and the columns gene (str), n (int), frequency (float, 0 to 1)", "order"),), b.PER_PATIENT,
        b.COHORT + """counts = nonsilent.groupby("Hugo_Symbol")["PATIENT_ID"].nunique().rename("n").rename_axis("gene").reset_index()
top = counts.sort_values(["n", "gene"], ascending=[False, True]).head($n).reset_index(drop=True)
top["frequency"] = top["n"] / len(cohort)
""", lambda rng, study: {"n": str(rng.choice((5, 8, 10, 12)))}, (b.MUTATED,),
    ),
    Analysis(
        "kinds of mutations of a gene", FREQUENCY,
        ("Of the non-silent mutations of $gene, what share has each Variant_Classification?",
         "Break the non-silent $gene mutations down by Variant_Classification, as shares."),
        (Out("shares", "Series whose index is Variant_Classification and whose values are floats that sum to 1; kinds that do not occur are left out"), Out("n", "int, the mutations")), ("mutations",),
        """own = mutations[(mutations["Hugo_Symbol"] == "$gene") & (mutations["Variant_Classification"] != "Silent")]
n = len(own)
shares = own["Variant_Classification"].value_counts(normalize=True)
""", lambda rng, study: {"gene": b.gene(rng, study, 0.08, 0.9)}, ("Each row of the mutation table is one mutation.",),
    ),
    Analysis(
        "hotspot", FREQUENCY,
        ("What is the most frequent protein change (HGVSp_Short) of $gene, by the number of patients that have it, and what share of the patients with mutated $gene is that? Go on from `cohort` and `nonsilent` of the earlier code.",
         "Find the hotspot of $gene: the HGVSp_Short that occurs in most patients, their number, and their share among those with a non-silent $gene mutation. `cohort` and `nonsilent` are those of the earlier code."),
        (Out("change", "str (of equally frequent ones the alphabetically first)"), Out("n", "int, patients"), Out("share", "float, 0 to 1")), b.PER_PATIENT,
        """own = nonsilent[nonsilent["Hugo_Symbol"] == "$gene"]
counts = own.groupby("HGVSp_Short")["PATIENT_ID"].nunique().rename("n").reset_index().sort_values(["n", "HGVSp_Short"], ascending=[False, True])
change, n = str(counts["HGVSp_Short"].iloc[0]), int(counts["n"].iloc[0])
share = n / own["PATIENT_ID"].nunique()
""", _hotspot, (b.SILENT,), b.COHORT,
    ),
    Analysis(
        "truncating mutations", FREQUENCY,
        ("For each of $genes, how many patients have a truncating mutation, how many are mutated at all, and what is the ratio? Go on from `nonsilent` of the earlier code.",
         "From `nonsilent` of the earlier code: count the patients with any and with a truncating mutation in each of $genes, and divide."),
        (Out("truncated", "DataFrame with one row a gene and the columns gene (str), truncating (int), mutated (int), share (float)", ("gene",)),), b.PER_PATIENT,
        """ends = nonsilent["Variant_Classification"].isin(["Nonsense_Mutation", "Frame_Shift_Del", "Frame_Shift_Ins", "Splice_Site"])
rows = []
for gene in $gene_list:
    own = nonsilent["Hugo_Symbol"] == gene
    few, all_ = nonsilent.loc[own & ends, "PATIENT_ID"].nunique(), nonsilent.loc[own, "PATIENT_ID"].nunique()
    rows.append({"gene": gene, "truncating": few, "mutated": all_, "share": few / all_})
truncated = pd.DataFrame(rows)
""", _many(6), (TRUNCATING,), b.COHORT,
    ),
    Analysis(
        "base substitutions", FREQUENCY,
        ("What share of the single-base substitutions of $kind samples is each of C>A, C>G, C>T, T>A, T>C and T>G, the strand being that of the pyrimidine?",
         "Give the six-class substitution spectrum (pyrimidine strand) of the $kind samples' single-base substitutions, as shares."),
        (Out("spectrum", 'dict with the keys "C>A", "C>G", "C>T", "T>A", "T>C", "T>G" and floats that sum to 1'),), ("clinical_sample", "mutations"),
        """chosen = samples.loc[samples["SAMPLE_TYPE"] == "$kind", "SAMPLE_ID"]
single = mutations[(mutations["Variant_Type"] == "SNP") & mutations["Tumor_Sample_Barcode"].isin(chosen)]
other = dict(zip("ACGT", "TGCA"))
pairs = [
    f"{r}>{a}" if r in "CT" else f"{other[r]}>{other[a]}"
    for r, a in zip(single["Reference_Allele"], single["Tumor_Seq_Allele2"])
]
shares = pd.Series(pairs).value_counts(normalize=True)
spectrum = {name: float(shares.get(name, 0.0)) for name in ("C>A", "C>G", "C>T", "T>A", "T>C", "T>G")}
""", lambda rng, study: {"kind": rng.choice(("Primary", "Metastasis"))}, ("Rows with Variant_Type SNP count, silent ones too; the change is Reference_Allele to Tumor_Seq_Allele2, and A or G as the reference is written as its complement.",),
    ),
    Analysis(
        "frequency by group", FREQUENCY,
        ("Compare how often $genes are mutated where $column is $a and where it is $b: both frequencies and their difference. Go on from `cohort` and `nonsilent` of the earlier code.",
         "Give the mutation frequencies of $genes in patients with $column = $a and with $column = $b, and the differences. `cohort` and `nonsilent` are those of the earlier code."),
        (Out("rates", "DataFrame with one row a gene and the columns gene (str), rate_a (float, 0 to 1, where $column is $a), rate_b (float, where it is $b), difference (float, rate_a - rate_b)", ("gene",)),), b.PER_PATIENT,
        """rows = []
for gene in $gene_list:
    hit = cohort["PATIENT_ID"].isin(nonsilent.loc[nonsilent["Hugo_Symbol"] == gene, "PATIENT_ID"])
    a, b = (hit[cohort["$column"] == value].mean() for value in ("$a", "$b"))
    rows.append({"gene": gene, "rate_a": a, "rate_b": b, "difference": a - b})
rates = pd.DataFrame(rows)
""", _rates, (b.MUTATED, b.KNOWN), b.COHORT,
    ),
    Analysis(
        "allele fractions", FREQUENCY,
        ("What is the median variant allele fraction of the non-silent mutations of each of $genes, and what share of them has a fraction of 0.3 or more?",),
        (Out("fractions", "DataFrame with one row a gene and the columns gene (str), n (int, mutations), median (float), high (float, share with 0.3 or more)", ("gene",)),), ("mutations",),
        """own = mutations[mutations["Variant_Classification"] != "Silent"].copy()
own["fraction"] = own["t_alt_count"] / (own["t_alt_count"] + own["t_ref_count"])
rows = []
for gene in $gene_list:
    found = own.loc[own["Hugo_Symbol"] == gene, "fraction"]
    rows.append({"gene": gene, "n": len(found), "median": found.median(), "high": (found >= 0.3).mean()})
fractions = pd.DataFrame(rows)
""", _many(6), ("The fraction is t_alt_count / (t_alt_count + t_ref_count); each row of the mutation table is one mutation.",), unseen=True,
    ),
    Analysis(
        "pairs of genes", TOGETHER,
        ("Which pairs of $genes are mutated together, or exclude each other? Test each pair by Fisher's exact test over patients. Go on from `mutated` of the earlier code.",
         "Test every pair among $genes for co-occurrence in `mutated` of the earlier code (Fisher's exact test, adjusted)."),
        (Out("pairs", "DataFrame with one row a pair and the columns first (str), second (str; first comes before second in the alphabet), both (int, patients with both mutated), log2_odds (float), p_value (float, two-sided), q_value (float)", ("first", "second")),), b.PER_PATIENT,
        """from itertools import combinations

from scipy.stats import fisher_exact
from statsmodels.stats.multitest import multipletests

rows = []
for one, two in combinations(sorted($gene_list), 2):
    x, y = mutated[one], mutated[two]
    n = [[int((x & y).sum()), int((x & ~y).sum())], [int((~x & y).sum()), int((~x & ~y).sum())]]
    odds = (n[0][0] + 0.5) * (n[1][1] + 0.5) / ((n[0][1] + 0.5) * (n[1][0] + 0.5))
    rows.append({"first": one, "second": two, "both": n[0][0], "log2_odds": np.log2(odds), "p_value": fisher_exact(n)[1]})
pairs = pd.DataFrame(rows)
pairs["q_value"] = multipletests(pairs["p_value"], method="fdr_bh")[1]
""", _many(5), ("log2_odds is the base 2 logarithm of the table's odds ratio after 0.5 is added to each of its four cells; the test is of the table as it is.", b.BH), b.MATRIX,
    ),
    Analysis(
        "co-mutation matrix", TOGETHER,
        ("Count, for each two of $genes, the patients in whom both are mutated, and on the diagonal those with that gene mutated.",
         "Make the symmetric matrix of co-mutation counts of $genes over patients; its diagonal holds the numbers of mutated patients."),
        (Out("together", "DataFrame whose index and columns are the gene symbols, of ints", "index"),), b.PER_PATIENT,
        b.COHORT + """genes = $gene_list
hit = pd.DataFrame({g: cohort["PATIENT_ID"].isin(nonsilent.loc[nonsilent["Hugo_Symbol"] == g, "PATIENT_ID"]).astype(int) for g in genes})
together = hit.T @ hit
""", _many(6), (b.MUTATED,),
    ),
    Analysis(
        "most frequent partner", TOGETHER,
        ("Among the patients with mutated $gene, which other gene is mutated most often, in how many of them, and how many of the $gene-mutated patients have none of the study's other genes mutated? Go on from `cohort` and `nonsilent` of the earlier code.",
         "Given a $gene mutation, find the gene most often mutated beside it, the number of such patients, and the number of patients with $gene as their only mutated gene. `cohort` and `nonsilent` are those of the earlier code."),
        (Out("partner", "str (of equally frequent ones the alphabetically first)"), Out("n", "int, patients with both"), Out("alone", "int, patients in whom $gene is the only mutated gene")), b.PER_PATIENT,
        """owners = nonsilent.loc[nonsilent["Hugo_Symbol"] == "$gene", "PATIENT_ID"].unique()
beside = nonsilent[nonsilent["PATIENT_ID"].isin(owners) & (nonsilent["Hugo_Symbol"] != "$gene")]
counts = beside.groupby("Hugo_Symbol")["PATIENT_ID"].nunique().rename("n").reset_index().sort_values(["n", "Hugo_Symbol"], ascending=[False, True])
partner, n = str(counts["Hugo_Symbol"].iloc[0]), int(counts["n"].iloc[0])
alone = len(owners) - beside["PATIENT_ID"].nunique()
""", lambda rng, study: {"gene": b.gene(rng, study)}, (b.MUTATED,), b.COHORT,
    ),
    Analysis(
        "exclusive genes", TOGETHER,
        ("How many patients have none, exactly one, and more than one of $genes mutated? Of those with any, what share has exactly one?",),
        (Out("counts", 'dict with the keys "none", "one", "more" and ints'), Out("exclusive", "float, 0 to 1")), b.PER_PATIENT,
        b.COHORT + """own = nonsilent[nonsilent["Hugo_Symbol"].isin($gene_list)]
n = own.groupby("PATIENT_ID")["Hugo_Symbol"].nunique().reindex(cohort["PATIENT_ID"], fill_value=0)
counts = {"none": int((n == 0).sum()), "one": int((n == 1).sum()), "more": int((n > 1).sum())}
exclusive = counts["one"] / (counts["one"] + counts["more"])
""", _many(4), (b.MUTATED,), unseen=True,
    ),
    Analysis(
        "burden from mutations", BURDEN,
        ("Compute the mutational burden of every sample as non-silent mutations per megabase, $panel Mb having been sequenced. Give the quartiles over all samples and the samples with $limit or more per megabase.",
         "The panel covers $panel Mb. What are the quartiles of non-silent mutations per Mb over the samples of the sample table, and which samples reach $limit per Mb?"),
        (Out("quartiles", "list of three floats: first quartile, median, third quartile"), Out("high", "list of SAMPLE_IDs in alphabetical order")), ("clinical_sample", "mutations"),
        """own = mutations[mutations["Variant_Classification"] != "Silent"]
burden = own["Tumor_Sample_Barcode"].value_counts().reindex(samples["SAMPLE_ID"], fill_value=0) / $panel
quartiles = [float(x) for x in burden.quantile([0.25, 0.5, 0.75])]
high = sorted(burden.index[burden >= $limit])
""", lambda rng, study: {"panel": str(study.panel_mb), "limit": str(rng.choice((20, 30, 40)))},
        (b.SILENT, "Samples of the sample table without any mutation have a burden of 0. Quartiles are interpolated linearly, as numpy and pandas do by default."),
    ),
    Analysis(
        "high burden by group", BURDEN,
        ("What share of patients has a high mutational burden (TMB_NONSYNONYMOUS of 10 or more in any sample) where $column is $a and where it is $b, and do the shares differ by Fisher's exact test?",
         "Call a patient TMB-high if any sample has TMB_NONSYNONYMOUS >= 10. Compare the share of such patients between $column = $a and $column = $b (Fisher's exact test)."),
        (Out("shares", 'dict with the keys "$a" and "$b" and floats (0 to 1)'), Out("p_value", "float, two-sided")), ("clinical_patient", "clinical_sample"),
        """from scipy.stats import fisher_exact

highest = samples.groupby("PATIENT_ID")["TMB_NONSYNONYMOUS"].max().dropna()
high = highest >= 10
group = patients.set_index("PATIENT_ID")["$column"].reindex(highest.index)
shares = {value: float(high[group == value].mean()) for value in ("$a", "$b")}
p_value = float(fisher_exact([[int((high & (group == v)).sum()), int((~high & (group == v)).sum())] for v in ("$a", "$b")])[1])
""", lambda rng, study: b.binary(rng, study), (b.KNOWN, "Patients without a known TMB_NONSYNONYMOUS are left out."),
    ),
    Analysis(
        "most mutated samples", BURDEN,
        ("Which $n samples have the most rows in the mutation table, and what share of all its rows do they hold?",
         "Rank samples by their number of mutations (all rows): name the first $n and the share of all mutations that is theirs."),
        (Out("ranked", "list of $n SAMPLE_IDs, from the most mutations to fewer (of equal ones the alphabetically first comes first)"), Out("share", "float, 0 to 1"), Out("median", "float, median number of mutations over all samples of the sample table, 0 for those without")), ("clinical_sample", "mutations"),
        """counts = mutations["Tumor_Sample_Barcode"].value_counts().reindex(samples["SAMPLE_ID"], fill_value=0)
counts = counts.rename_axis("sample").rename("n").reset_index().sort_values(["n", "sample"], ascending=[False, True])
ranked = counts["sample"].head($n).tolist()
share = float(counts["n"].head($n).sum() / len(mutations))
median = float(counts["n"].median())
""", lambda rng, study: {"n": str(rng.choice((5, 6, 8, 10)))}, (),
    ),
)  # fmt: skip
