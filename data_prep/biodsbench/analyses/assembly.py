"""Cohort assembly (merge, choose, count) and descriptive tables."""

from __future__ import annotations

import random

from data_prep.biodsbench.analyses import base as b
from data_prep.biodsbench.analyses.base import Analysis, Out
from data_prep.biodsbench.studies import Study

ASSEMBLY, DESCRIPTION = "cohort assembly", "description of a cohort"


def _flow(rng: random.Random, study: Study) -> b.Slots:
    return {
        "age": str(rng.choice((40, 45, 50, 55))),
        "purity": str(rng.choice((20, 25, 30))),
        "gene": b.gene(rng, study, 0.15, 0.9),
    }


def _two(rng: random.Random, study: Study) -> b.Slots | None:
    names = sorted([*study.groups, "STAGE", "RACE"])
    row, column = rng.sample(names, 2)
    return {"row": row, "column": column}


ANALYSES = (
    Analysis(
        "one sample a patient", ASSEMBLY,
        ("Choose one sample for each patient of the sample table: a $first sample before any other, then the higher TUMOR_PURITY (a missing one comes last), then the SAMPLE_ID that is first in the alphabet.",
         "Reduce the sample table to a single sample a patient. SAMPLE_TYPE $first is preferred; among those left the highest TUMOR_PURITY wins (missing is lowest), then the alphabetically first SAMPLE_ID."),
        (Out("chosen", "DataFrame with one row a patient and the columns PATIENT_ID (str), SAMPLE_ID (str), SAMPLE_TYPE (str)", ("PATIENT_ID",)), Out("dropped", "int, samples that were not chosen")), ("clinical_sample",),
        """ranked = samples.assign(other=samples["SAMPLE_TYPE"] != "$first").sort_values(
    ["other", "TUMOR_PURITY", "SAMPLE_ID"], ascending=[True, False, True], na_position="last"
)
chosen = ranked.drop_duplicates("PATIENT_ID")[["PATIENT_ID", "SAMPLE_ID", "SAMPLE_TYPE"]].reset_index(drop=True)
dropped = len(samples) - len(chosen)
""", lambda rng, study: {"first": rng.choice(("Primary", "Metastasis"))},
    ),
    Analysis(
        "inclusion flow", ASSEMBLY,
        ("Count the patients that are left after each step of this selection, one upon the other: all in the patient table; with a sample; AGE known and at least $age; STAGE known; with a sample of TUMOR_PURITY $purity or more; mutated in $gene.",
         "A study includes, step by step: every patient of the patient table, of these those with a sample, then AGE of $age or more, then a known STAGE, then any sample with TUMOR_PURITY at or above $purity, and last a mutation in $gene. How many remain after each?"),
        (Out("flow", 'dict with the keys "all", "sampled", "age", "stage", "purity", "mutated" and ints'),), b.PER_PATIENT,
        """left = patients
flow = {"all": len(left)}
left = left[left["PATIENT_ID"].isin(samples["PATIENT_ID"])]
flow["sampled"] = len(left)
left = left[left["AGE"] >= $age]
flow["age"] = len(left)
left = left[left["STAGE"].notna()]
flow["stage"] = len(left)
left = left[left["PATIENT_ID"].isin(samples.loc[samples["TUMOR_PURITY"] >= $purity, "PATIENT_ID"])]
flow["purity"] = len(left)
hit = mutations[(mutations["Hugo_Symbol"] == "$gene") & (mutations["Variant_Classification"] != "Silent")]
owners = samples.loc[samples["SAMPLE_ID"].isin(hit["Tumor_Sample_Barcode"]), "PATIENT_ID"]
flow["mutated"] = int(left["PATIENT_ID"].isin(owners).sum())
""", _flow, (b.MUTATED,),
    ),
    Analysis(
        "missing values", ASSEMBLY,
        ("How much is missing in the patient table? Of each column give the number of empty cells, and their share among the patients that have a sample.",
         "Audit the patient table for missing data: empty cells a column over all patients, and the share of patients with a sample whose cell is empty."),
        (Out("missing", "DataFrame with one row a column of the patient table and the columns column (str), empty (int, over all patients), share (float, 0 to 1, over the patients with a sample)", ("column",)),), ("clinical_patient", "clinical_sample"),
        """sampled = patients[patients["PATIENT_ID"].isin(samples["PATIENT_ID"])]
missing = pd.DataFrame({
    "column": list(patients.columns), "empty": patients.isna().sum().to_numpy(), "share": sampled.isna().mean().to_numpy()
})
""", lambda rng, study: {},
    ),
    Analysis(
        "merged cohort", ASSEMBLY,
        ("Join the sample table to the patient table and keep the $kind samples of patients with $column = $value. How many samples and patients are these, and what is their mean TUMOR_PURITY?",
         "Select the samples of SAMPLE_TYPE $kind whose patient has $column = $value; count samples and patients and average TUMOR_PURITY over the samples."),
        (Out("n_samples", "int"), Out("n_patients", "int"), Out("mean_purity", "float, over samples with a known value")), ("clinical_patient", "clinical_sample"),
        """merged = samples.merge(patients, on="PATIENT_ID")
merged = merged[(merged["SAMPLE_TYPE"] == "$kind") & (merged["$column"] == "$value")]
n_samples, n_patients = len(merged), merged["PATIENT_ID"].nunique()
mean_purity = float(merged["TUMOR_PURITY"].mean())
""", lambda rng, study: (lambda g: {"kind": rng.choice(("Primary", "Metastasis")), "column": g["column"], "value": g["a"]})(b.binary(rng, study)),
    ),
    Analysis(
        "several samples", ASSEMBLY,
        ("How many samples do patients have, and which patients have both a Primary and a Metastasis sample?",),
        (Out("distribution", "Series whose index is the number of samples (int, from 0) and whose values are the numbers of patients of the patient table (int); numbers that no patient has are left out"), Out("both", "list of PATIENT_IDs in alphabetical order")), ("clinical_patient", "clinical_sample"),
        """counts = samples["PATIENT_ID"].value_counts().reindex(patients["PATIENT_ID"], fill_value=0)
distribution = counts.value_counts().sort_index()
kinds = samples.groupby("PATIENT_ID")["SAMPLE_TYPE"].agg(set)
both = sorted(kinds.index[kinds.map(lambda found: {"Primary", "Metastasis"} <= found)])
""", lambda rng, study: {}, (), unseen=True,
    ),
    Analysis(
        "quartiles by group", DESCRIPTION,
        ("Describe AGE in each group of $column: number of patients with a known AGE, first quartile, median and third quartile.",
         "Tabulate AGE by $column as n, lower quartile, median, upper quartile."),
        (Out("ages", "DataFrame with one row a group and the columns group (str), n (int), q1, median, q3 (floats)", ("group",)),), ("clinical_patient",),
        """rows = []
for value, part in patients.dropna(subset=["AGE"]).groupby("$column"):
    q1, median, q3 = part["AGE"].quantile([0.25, 0.5, 0.75])
    rows.append({"group": value, "n": len(part), "q1": q1, "median": median, "q3": q3})
ages = pd.DataFrame(rows)
""", lambda rng, study: b.any_group(rng, study), (b.KNOWN, "Quartiles are interpolated linearly, as numpy and pandas do by default."),
    ),
    Analysis(
        "cross table", DESCRIPTION,
        ("Cross $row with $column over patients: counts, and percentages within each value of $row.",
         "Make a contingency table of $row by $column with the percentage that each count is of its $row total."),
        (Out("table", "DataFrame with one row for each pair of values that occurs and the columns $row (str), $column (str), n (int), percent (float, 0 to 100)", ("$row", "$column")),), ("clinical_patient",),
        """table = patients.dropna(subset=["$row", "$column"]).groupby(["$row", "$column"]).size().rename("n").reset_index()
table["percent"] = 100 * table["n"] / table.groupby("$row")["n"].transform("sum")
""", _two, ("Patients with either missing are left out.",),
    ),
    Analysis(
        "age bands", DESCRIPTION,
        ("Put patients into the age bands below 50, 50-59, 60-69 and 70 or more, and give the number of patients, the number of deaths and the share that died in each.",
         "By age band (under 50; 50 to 59; 60 to 69; 70 and over): how many patients, how many have died, and what share is that?"),
        (Out("bands", "DataFrame with one row a band, from the youngest to the oldest, and the columns band (str: <50, 50-59, 60-69, 70+), n (int), deaths (int), share (float, 0 to 1)", "order"),), ("clinical_patient",),
        """known = patients.dropna(subset=["AGE", "OS_STATUS"])
band = pd.cut(known["AGE"], [0, 50, 60, 70, 200], right=False, labels=["<50", "50-59", "60-69", "70+"]).astype(str)
died = known["OS_STATUS"].str.startswith("1")
bands = pd.DataFrame([
    {"band": name, "n": int((band == name).sum()), "deaths": int(died[band == name].sum()), "share": died[band == name].mean()}
    for name in ("<50", "50-59", "60-69", "70+")
])
""", lambda rng, study: {}, ("Deaths are OS_STATUS 1:DECEASED; patients whose AGE or OS_STATUS is missing are left out.",),
    ),
    Analysis(
        "samples by type", DESCRIPTION,
        ("For each CANCER_TYPE_DETAILED and SAMPLE_TYPE give the number of samples, and mean and standard deviation of $measure.",
         "Summarise $measure (mean, standard deviation) and count samples by CANCER_TYPE_DETAILED and SAMPLE_TYPE."),
        (Out("summary", "DataFrame with one row for each pair that occurs and the columns CANCER_TYPE_DETAILED (str), SAMPLE_TYPE (str), n (int, all samples), mean (float), sd (float, divisor n - 1)", ("CANCER_TYPE_DETAILED", "SAMPLE_TYPE")),), ("clinical_sample",),
        """summary = samples.groupby(["CANCER_TYPE_DETAILED", "SAMPLE_TYPE"])["$measure"].agg(n="size", mean="mean", sd="std").reset_index()
""", lambda rng, study: {"measure": rng.choice(("TUMOR_PURITY", "TMB_NONSYNONYMOUS", "FRACTION_GENOME_ALTERED"))}, ("Mean and standard deviation are over the samples with a known value.",),
    ),
)  # fmt: skip
