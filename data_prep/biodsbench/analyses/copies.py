"""Copy number, fusions and the alteration matrix (oncoprint)."""

from __future__ import annotations

import random

from data_prep.biodsbench.analyses import base as b
from data_prep.biodsbench.analyses.base import Analysis, Out
from data_prep.biodsbench.studies import Study

COPIES = "copy number and alterations"
CODES = "In the copy number table 2 is an amplification and -2 a deep deletion."
LONG = """long = cna.drop(columns="Entrez_Gene_Id").melt("Hugo_Symbol", var_name="SAMPLE_ID", value_name="copies").dropna()
"""
ALL = ("clinical_patient", "clinical_sample", "mutations", "cna")


def _genes(n: int):
    def draw(rng: random.Random, study: Study) -> b.Slots:
        known = [g for g in study.copies if g in study.genes] + list(study.genes)[:8]
        return b.named(sorted(rng.sample(sorted(set(known)), n)))

    return draw


def _event(rng: random.Random, study: Study) -> b.Slots:
    gene = rng.choice([g for g, (up, down) in study.copies.items() if max(up, down) >= 0.07])
    up = study.copies[gene][0] >= 0.07
    return b.binary(rng, study) | {
        "gene": gene,
        "code": "2" if up else "-2",
        "what": "amplified" if up else "deeply deleted",
    }


ANALYSES = (
    Analysis(
        "amplified and deleted genes", COPIES,
        ("For each gene of the copy number table, what share of the samples with a known value is amplified and what share deeply deleted?",
         "Give, gene by gene, the frequencies of amplification and of deep deletion over the samples with a value in the copy number table."),
        (Out("events", "DataFrame with one row a gene and the columns gene (str), n (int, samples with a known value), amplified (float, 0 to 1), deleted (float, 0 to 1)", ("gene",)),), ("cna",),
        LONG + """found = long.groupby("Hugo_Symbol")["copies"]
events = found.agg(n="size", amplified=lambda x: (x == 2).mean(), deleted=lambda x: (x == -2).mean()).reset_index().rename(columns={"Hugo_Symbol": "gene"})
""", lambda rng, study: {}, (CODES,),
    ),
    Analysis(
        "altered genes", COPIES,
        ("In what share of patients is each of $genes altered, by a non-silent mutation or by an amplification or deep deletion, in any sample? How many patients have both kinds?",
         "Combine mutations with amplifications and deep deletions: for each of $genes give the share of altered patients, and the number altered in both ways."),
        (Out("altered", "DataFrame with one row a gene and the columns gene (str), share (float, of the patients with a sample), both (int, patients with a mutation and a copy number event of that gene)", ("gene",)),), ALL,
        b.COHORT + LONG + """owner = samples.set_index("SAMPLE_ID")["PATIENT_ID"]
rows = []
for gene in $gene_list:
    by_mutation = set(nonsilent.loc[nonsilent["Hugo_Symbol"] == gene, "PATIENT_ID"])
    by_copies = set(owner[long.loc[(long["Hugo_Symbol"] == gene) & (long["copies"].abs() == 2), "SAMPLE_ID"]])
    rows.append({"gene": gene, "share": len(by_mutation | by_copies) / len(cohort), "both": len(by_mutation & by_copies)})
altered = pd.DataFrame(rows)
""", _genes(5), (CODES, b.MUTATED, "A missing copy number counts as no event. The two kinds may be in different samples of a patient."),
    ),
    Analysis(
        "changed genes a sample", COPIES,
        ("Count in each sample the genes of the copy number table whose value is not 0, and give Spearman's correlation of that number with FRACTION_GENOME_ALTERED.",
         "How closely does the number of genes with a copy number other than 0 follow FRACTION_GENOME_ALTERED over samples (Spearman)?"),
        (Out("rho", "float"), Out("p_value", "float, two-sided, by the t distribution"), Out("mean_changed", "float, the mean number of changed genes over all samples of the copy number table")), ("clinical_sample", "cna"),
        LONG + """from scipy.stats import spearmanr

changed = (long["copies"] != 0).groupby(long["SAMPLE_ID"]).sum()
mean_changed = float(changed.mean())
known = samples.dropna(subset=["FRACTION_GENOME_ALTERED"])
rho, p_value = (float(x) for x in spearmanr(changed.reindex(known["SAMPLE_ID"]), known["FRACTION_GENOME_ALTERED"]))
""", lambda rng, study: {}, ("A missing copy number counts as no change; samples without FRACTION_GENOME_ALTERED are left out of the correlation.",),
    ),
    Analysis(
        "copy number event by group", COPIES,
        ("Is $gene $what more often where $column is $a than where it is $b? Count patients with such a sample, and use Fisher's exact test.",
         "Compare the share of patients in whom $gene is $what in any sample between $column = $a and $column = $b (Fisher's exact test)."),
        (Out("shares", 'dict with the keys "$a" and "$b" and floats (0 to 1)'), Out("odds_ratio", 'float, "$a" against "$b" (cross product)'), Out("p_value", "float, two-sided")), ("clinical_patient", "clinical_sample", "cna"),
        LONG + """from scipy.stats import fisher_exact

hits = long.loc[(long["Hugo_Symbol"] == "$gene") & (long["copies"] == $code), "SAMPLE_ID"]
cohort = patients[patients["PATIENT_ID"].isin(samples["PATIENT_ID"])]
hit = cohort["PATIENT_ID"].isin(samples.loc[samples["SAMPLE_ID"].isin(hits), "PATIENT_ID"])
shares = {value: float(hit[cohort["$column"] == value].mean()) for value in ("$a", "$b")}
table = [[int((hit & (cohort["$column"] == v)).sum()), int((~hit & (cohort["$column"] == v)).sum())] for v in ("$a", "$b")]
odds_ratio, p_value = (float(x) for x in fisher_exact(table))
""", _event, (CODES, "Patients without a sample and patients whose $column is missing are left out; a missing copy number counts as no event."),
    ),
    Analysis(
        "oncoprint", COPIES,
        ("Make the oncoprint of $genes for the $n samples with the most altered genes among these. A cell holds MUT for a non-silent mutation, AMP or HOMDEL for the copy number, joined by a semicolon in alphabetical order where there are two, or an empty text.",
         "Lay out $genes against the $n samples in which most of them are altered: each cell is an empty text, or AMP, HOMDEL and MUT as they apply, in alphabetical order and joined by a semicolon."),
        (Out("oncoprint", "DataFrame whose index is the gene symbol and whose columns are the $n SAMPLE_IDs, of str", "index"),), ("clinical_sample", "mutations", "cna"),
        LONG + """genes = $gene_list
events = pd.concat([
    mutations.loc[mutations["Variant_Classification"] != "Silent", ["Hugo_Symbol", "Tumor_Sample_Barcode"]].set_axis(["gene", "sample"], axis=1).assign(kind="MUT"),
    long.loc[long["copies"] == 2, ["Hugo_Symbol", "SAMPLE_ID"]].set_axis(["gene", "sample"], axis=1).assign(kind="AMP"),
    long.loc[long["copies"] == -2, ["Hugo_Symbol", "SAMPLE_ID"]].set_axis(["gene", "sample"], axis=1).assign(kind="HOMDEL"),
])
events = events[events["gene"].isin(genes)].drop_duplicates()
altered = events.groupby("sample")["gene"].nunique().rename("n").reset_index().sort_values(["n", "sample"], ascending=[False, True])
chosen = altered["sample"].head($n).tolist()
cells = events.groupby(["gene", "sample"])["kind"].agg(lambda kinds: ";".join(sorted(kinds)))
oncoprint = cells.unstack().reindex(index=genes, columns=chosen).fillna("")
""", lambda rng, study: _genes(6)(rng, study) | {"n": str(rng.choice((8, 10, 12)))}, (CODES.replace("an amplification", "AMP").replace("a deep deletion", "HOMDEL"), "Of samples with equally many altered genes the alphabetically first come first."),
    ),
    Analysis(
        "two hits", COPIES,
        ("In how many patients has $gene two hits: a non-silent mutation and a copy number below 0 in the same sample? What share of the patients with mutated $gene is that?",
         "Count patients with a sample in which $gene is both mutated (non-silent) and lost (copy number -1 or -2), and relate them to all with mutated $gene."),
        (Out("two_hits", "int, patients"), Out("share", "float, 0 to 1")), ("clinical_sample", "mutations", "cna"),
        LONG + """owner = samples.set_index("SAMPLE_ID")["PATIENT_ID"]
hit = set(mutations.loc[(mutations["Hugo_Symbol"] == "$gene") & (mutations["Variant_Classification"] != "Silent"), "Tumor_Sample_Barcode"])
lost = set(long.loc[(long["Hugo_Symbol"] == "$gene") & (long["copies"] < 0), "SAMPLE_ID"])
two_hits = len({owner[sample] for sample in hit & lost})
share = two_hits / len({owner[sample] for sample in hit})
""", lambda rng, study: {"gene": rng.choice(list(study.genes)[:8])}, ("A missing copy number counts as none.",),
    ),
    Analysis(
        "fusions", COPIES,
        ("Which pairs of genes are fused, in how many patients each, and how many of the events join two chromosomes?",),
        (Out("fused", "DataFrame with one row a pair and the columns pair (str: the two symbols in alphabetical order joined by a hyphen), patients (int), events (int, rows of the table)", ("pair",)), Out("between", "int, events whose two sites lie on different chromosomes")), ("clinical_sample", "sv"),
        """named = sv.merge(samples[["SAMPLE_ID", "PATIENT_ID"]], left_on="Sample_Id", right_on="SAMPLE_ID")
named["pair"] = ["-".join(sorted(two)) for two in zip(named["Site1_Hugo_Symbol"], named["Site2_Hugo_Symbol"])]
fused = named.groupby("pair")["PATIENT_ID"].agg(patients="nunique", events="size").reset_index()
between = int((sv["Site1_Chromosome"].astype(str) != sv["Site2_Chromosome"].astype(str)).sum())
""", lambda rng, study: {}, (), unseen=True,
    ),
)  # fmt: skip
