"""Kaplan-Meier estimates, log-rank tests and Cox models, by lifelines."""

from __future__ import annotations

import random

from data_prep.biodsbench.analyses import base as b
from data_prep.biodsbench.analyses.base import Analysis, Out
from data_prep.biodsbench.studies import Study

KM, LOGRANK, COX = "Kaplan-Meier estimate", "log-rank test", "Cox regression"
NOT_AT_HALF = (  # where a curve is at 0.5 but for the last bit, programs disagree on its median
    'all(abs(KaplanMeierFitter().fit(p["$time"], p["event"]).survival_function_ - 0.5).min().min() > 1e-9 for {parts})'
)
ITERATED = 1e-4  # two implementations stop at slightly different maxima


def _group(rng: random.Random, study: Study) -> b.Slots:
    return b.any_group(rng, study) | b.endpoint(rng, study)


def _several(rng: random.Random, study: Study) -> b.Slots:
    return b.several(rng, study) | b.endpoint(rng, study)


def _gene(rng: random.Random, study: Study) -> b.Slots:
    return {"gene": b.gene(rng, study)} | b.endpoint(rng, study)


def _times(rng: random.Random, study: Study) -> b.Slots:
    early = rng.choice([m for m in (6, 12, 18, 24, 36) if m <= study.survival * 0.7])
    return _gene(rng, study) | {"early": str(early), "late": str(2 * early)}


def _tau(rng: random.Random, study: Study) -> b.Slots:
    return b.binary(rng, study) | b.endpoint(rng, study) | {"tau": str(rng.choice((12, 18, 24)))}


def _measure(rng: random.Random, study: Study) -> b.Slots:
    return b.endpoint(rng, study) | {"measure": rng.choice(("TMB_NONSYNONYMOUS", "FRACTION_GENOME_ALTERED"))}


FIT = """from lifelines import CoxPHFitter

cohort["age10"] = cohort["AGE"] / 10
cohort["late"] = cohort["STAGE"].map({"STAGE I": 0, "STAGE II": 0, "STAGE III": 1, "STAGE IV": 1})
cohort["mutated"] = cohort["mutated"].astype(int)
"""

ANALYSES = (
    Analysis(
        "median survival by group", KM,
        ("Estimate $end by Kaplan-Meier for each value of $column: how many patients, how many events, and the median survival time?",
         "Compare the groups of $column by their Kaplan-Meier curves of $end; report group size, number of events and median survival."),
        (Out("survival", "DataFrame with one row a group and the columns group (str), n (int), events (int), median (float, months; infinity where the curve stays above 0.5)", ("group",)),),
        ("clinical_patient",),
        b.SURVIVAL + """from lifelines import KaplanMeierFitter

rows = []
for value, part in cohort.groupby("$column"):
    curve = KaplanMeierFitter().fit(part["$time"], part["event"])
    rows.append({"group": value, "n": len(part), "events": int(part["event"].sum()), "median": curve.median_survival_time_})
survival = pd.DataFrame(rows)
""", _group, (b.ENDPOINT, b.KNOWN, "The median is the first time at which the estimate is 0.5 or less."),
        sound=NOT_AT_HALF.format(parts='_, p in cohort.groupby("$column")'),
    ),
    Analysis(
        "survival at two times", KM,
        ("What is the Kaplan-Meier estimate of $end at $early and at $late months, of patients with mutated $gene and of those without?",
         "Split the patients by $gene (mutated, wild type) and read the Kaplan-Meier curve of $end in each part at months $early and $late."),
        (Out("probabilities", 'dict with the keys "mutated" and "wild type", each a list of two floats (at $early, at $late months)'),),
        b.PER_PATIENT,
        b.GENE_SURVIVAL + """from lifelines import KaplanMeierFitter

probabilities = {}
for name, part in (("mutated", cohort[cohort["mutated"]]), ("wild type", cohort[~cohort["mutated"]])):
    curve = KaplanMeierFitter().fit(part["$time"], part["event"])
    probabilities[name] = [float(curve.predict(month)) for month in ($early, $late)]
""", _times, (b.MUTATED, b.ENDPOINT),
    ),
    Analysis(
        "survival with its interval", KM,
        ("Estimate $end of the whole cohort at $early months by Kaplan-Meier, with a 95 % confidence interval.",
         "Over all patients, give the probability of $end beyond $early months (Kaplan-Meier) and the limits of its 95 % interval."),
        (Out("estimate", "float"), Out("lower", "float"), Out("upper", "float")), ("clinical_patient",),
        b.SURVIVAL + """from lifelines import KaplanMeierFitter

curve = KaplanMeierFitter().fit(cohort["$time"], cohort["event"])
estimate = float(curve.predict($early))
limits = curve.confidence_interval_
lower, upper = (float(x) for x in limits[limits.index <= $early].iloc[-1])
""", _times, (b.ENDPOINT, "The interval is Greenwood's on the log(-log) scale."),
    ),
    Analysis(
        "median follow-up", KM,
        ("What is the median follow-up of this study by the reverse Kaplan-Meier method, and how many patients are still alive at their last contact?",
         "Give the potential follow-up (reverse Kaplan-Meier: being alive at last contact is the event, death censors) as a median, and the number of patients not known to be dead."),
        (Out("followup", "float, months"), Out("alive", "int")), ("clinical_patient",),
        b.SURVIVAL + """from lifelines import KaplanMeierFitter

followup = float(KaplanMeierFitter().fit(cohort["$time"], ~cohort["event"]).median_survival_time_)
alive = int((~cohort["event"]).sum())
""", lambda rng, study: {"time": "OS_MONTHS", "status": "OS_STATUS", "event": "1:DECEASED"},
        (b.ENDPOINT, "For the follow-up the event and censoring change places; the median is the first time at which the estimate is 0.5 or less."),
        sound=NOT_AT_HALF.format(parts="p in [cohort.assign(event=~cohort['event'])]"),
    ),
    Analysis(
        "restricted mean survival", KM,
        ("What is the restricted mean of $end up to $tau months in each group of $column, and the difference of the two?",),
        (Out("restricted", "dict from each of the two values to a float (months)"), Out("difference", 'float: that of "$a" minus that of "$b"')), ("clinical_patient",),
        b.SURVIVAL + """from lifelines import KaplanMeierFitter

restricted = {}
for value, part in cohort.groupby("$column"):
    steps = KaplanMeierFitter().fit(part["$time"], part["event"]).survival_function_["KM_estimate"]
    steps = steps[steps.index < $tau]
    ends = np.append(steps.index[1:], $tau)
    restricted[value] = float((steps.to_numpy() * (ends - steps.index.to_numpy())).sum())
difference = restricted["$a"] - restricted["$b"]
""", _tau, (b.ENDPOINT, b.KNOWN, "The restricted mean is the area under the group's Kaplan-Meier curve from 0 to $tau months."), unseen=True,
    ),
    Analysis(
        "log-rank, one gene", LOGRANK,
        ("Do patients with mutated $gene differ in $end from the others? Give statistic and p value of the log-rank test. `cohort` and `nonsilent` are those of the earlier code.",
         "Test by log-rank whether $gene status goes with $end; go on from `cohort` and `nonsilent` of the earlier code."),
        (Out("statistic", "float, chi-squared with one degree of freedom"), Out("p_value", "float")), b.PER_PATIENT,
        b.GENE + """cohort = cohort.dropna(subset=["$time", "$status"])
from lifelines.statistics import logrank_test

hit = cohort["mutated"]
event = cohort["$status"].str.startswith("1")
test = logrank_test(cohort.loc[hit, "$time"], cohort.loc[~hit, "$time"], event[hit], event[~hit])
statistic, p_value = float(test.test_statistic), float(test.p_value)
""", _gene, ("A patient is mutated if `nonsilent` has a row of the patient with that gene.", b.ENDPOINT), b.COHORT,
    ),
    Analysis(
        "log-rank, several groups", LOGRANK,
        ("Is there any difference in $end between the groups of $column? Use one log-rank test over all of them.",
         "Compare $end across the values of $column with a single (k-sample) log-rank test."),
        (Out("statistic", "float"), Out("degrees", "int, degrees of freedom"), Out("p_value", "float")), ("clinical_patient",),
        b.SURVIVAL + """from lifelines.statistics import multivariate_logrank_test

cohort = cohort.dropna(subset=["$column"])
test = multivariate_logrank_test(cohort["$time"], cohort["$column"], cohort["event"])
statistic, p_value = float(test.test_statistic), float(test.p_value)
degrees = cohort["$column"].nunique() - 1
""", _several, (b.ENDPOINT, b.KNOWN),
    ),
    Analysis(
        "log-rank, pairs of groups", LOGRANK,
        ("Compare $end between each two groups of $column by the log-rank test, and adjust the p values by Holm's method.",
         "Run pairwise log-rank tests of $end over $column with Holm's correction."),
        (Out("pairs", "DataFrame with one row a pair and the columns first (str), second (str; first comes before second in the alphabet), p_value (float), p_holm (float)", ("first", "second")),), ("clinical_patient",),
        b.SURVIVAL + """from itertools import combinations

from lifelines.statistics import logrank_test
from statsmodels.stats.multitest import multipletests

rows = []
for one, two in combinations(sorted(cohort["$column"].dropna().unique()), 2):
    x, y = (cohort[cohort["$column"] == value] for value in (one, two))
    rows.append({"first": one, "second": two, "p_value": logrank_test(x["$time"], y["$time"], x["event"], y["event"]).p_value})
pairs = pd.DataFrame(rows)
pairs["p_holm"] = multipletests(pairs["p_value"], method="holm")[1]
""", _several, (b.ENDPOINT, b.KNOWN),
    ),
    Analysis(
        "log-rank, split at the median", LOGRANK,
        ("Split the patients at the median of $measure and compare $end of the high and the low half by the log-rank test.",
         "Dichotomise $measure at its median; does $end differ between high and low (log-rank)?"),
        (Out("cutoff", "float, the median"), Out("n_high", "int"), Out("p_value", "float")), ("clinical_patient", "clinical_sample"),
        b.SURVIVAL + """from lifelines.statistics import logrank_test

highest = samples.groupby("PATIENT_ID")["$measure"].max().rename("highest").reset_index().dropna()
cohort = cohort.merge(highest, on="PATIENT_ID")
cutoff = float(cohort["highest"].median())
high = cohort["highest"] > cutoff
n_high = int(high.sum())
x, y = cohort[high], cohort[~high]
p_value = float(logrank_test(x["$time"], y["$time"], x["event"], y["event"]).p_value)
""", _measure, (b.ENDPOINT, "A patient's value is the highest of the patient's samples; patients without one are left out. The median is over the patients that are compared, and high is above it."),
    ),
    Analysis(
        "log-rank, screen of genes", LOGRANK,
        ("For which of the genes $genes does $end differ between mutated and wild-type patients? Test each by log-rank and adjust for the number of genes.",),
        (Out("screen", "DataFrame with one row a gene and the columns gene (str), n_mutated (int), p_value (float), q_value (float)", ("gene",)),), b.PER_PATIENT,
        b.COHORT + """from lifelines.statistics import logrank_test
from statsmodels.stats.multitest import multipletests

cohort = cohort.dropna(subset=["$time", "$status"])
cohort["event"] = cohort["$status"].str.startswith("1")
rows = []
for gene in $gene_list:
    hit = cohort["PATIENT_ID"].isin(nonsilent.loc[nonsilent["Hugo_Symbol"] == gene, "PATIENT_ID"])
    x, y = cohort[hit], cohort[~hit]
    p = logrank_test(x["$time"], y["$time"], x["event"], y["event"]).p_value
    rows.append({"gene": gene, "n_mutated": int(hit.sum()), "p_value": p})
screen = pd.DataFrame(rows)
screen["q_value"] = multipletests(screen["p_value"], method="fdr_bh")[1]
""", lambda rng, study: b.named(b.genes(rng, study, 6)) | b.endpoint(rng, study), (b.MUTATED, b.ENDPOINT, b.BH), unseen=True,
    ),
    Analysis(
        "Cox, one gene", COX,
        ("What is the hazard ratio of $end for patients with mutated $gene against the others, in a Cox model with this covariate alone? Go on from `cohort` and `nonsilent` of the earlier code.",
         "Fit a univariable Cox model of $end on $gene mutation; report the hazard ratio with its 95 % interval and the Wald p value. Use `cohort` and `nonsilent` of the earlier code."),
        (Out("hazard_ratio", "float, mutated against wild type"), Out("lower", "float, 95 % limit"), Out("upper", "float, 95 % limit"), Out("p_value", "float, Wald")), b.PER_PATIENT,
        b.GENE_ENDPOINT + FIT + """model = CoxPHFitter().fit(cohort[["$time", "event", "mutated"]], "$time", "event")
row = model.summary.loc["mutated"]
hazard_ratio, p_value = float(row["exp(coef)"]), float(row["p"])
lower, upper = float(row["exp(coef) lower 95%"]), float(row["exp(coef) upper 95%"])
""", _gene, (b.MUTATED, b.ENDPOINT, "Ties are handled by Efron's method."), b.COHORT, tolerance=ITERATED,
    ),
    Analysis(
        "Cox, several covariates", COX,
        ("Fit a Cox model of $end with age (per ten years), late stage and $gene mutation as covariates, and report each hazard ratio.",
         "Which of age, late stage and $gene mutation predict $end in one multivariable Cox model?"),
        (Out("model", "DataFrame with one row a covariate and the columns covariate (str: age10 for age in tens of years, late, mutated), hazard_ratio, lower, upper (95 % limits), p_value (floats)", ("covariate",)), Out("n", "int, patients in the model")), b.PER_PATIENT,
        b.GENE_SURVIVAL + FIT + """fitted = cohort[["$time", "event", "age10", "late", "mutated"]].dropna()
n = len(fitted)
summary = CoxPHFitter().fit(fitted, "$time", "event").summary
model = pd.DataFrame({
    "covariate": list(summary.index), "hazard_ratio": summary["exp(coef)"].to_numpy(), "lower": summary["exp(coef) lower 95%"].to_numpy(),
    "upper": summary["exp(coef) upper 95%"].to_numpy(), "p_value": summary["p"].to_numpy(),
})
""", _gene, (b.MUTATED, b.ENDPOINT, b.LATE), tolerance=ITERATED,
    ),
    Analysis(
        "Cox, discrimination", COX,
        ("How well do age (per ten years) and late stage tell patients with early events apart? Fit a Cox model of $end on both and give Harrell's concordance and the AIC of the partial likelihood.",
         "Report the concordance index and the partial AIC of a Cox model of $end on age in tens of years and late stage."),
        (Out("concordance", "float"), Out("aic", "float, 2 × 2 covariates - 2 log partial likelihood")), ("clinical_patient",),
        b.SURVIVAL + 'cohort["mutated"] = False\n' + FIT + """fitted = cohort[["$time", "event", "age10", "late"]].dropna()
model = CoxPHFitter().fit(fitted, "$time", "event")
concordance, aic = float(model.concordance_index_), float(model.AIC_partial_)
""", lambda rng, study: b.endpoint(rng, study), (b.ENDPOINT, b.LATE), tolerance=ITERATED,
    ),
    Analysis(
        "Cox, likelihood ratio", COX,
        ("Does $gene mutation add to a Cox model of $end that has age (per ten years) and late stage already? Compare the two models by the likelihood ratio test.",),
        (Out("statistic", "float, twice the difference of the log partial likelihoods"), Out("p_value", "float")), b.PER_PATIENT,
        b.GENE_SURVIVAL + FIT + """from scipy.stats import chi2

fitted = cohort[["$time", "event", "age10", "late", "mutated"]].dropna()
small = CoxPHFitter().fit(fitted.drop(columns="mutated"), "$time", "event").log_likelihood_
large = CoxPHFitter().fit(fitted, "$time", "event").log_likelihood_
statistic = float(2 * (large - small))
p_value = float(chi2.sf(statistic, 1))
""", _gene, (b.MUTATED, b.ENDPOINT, b.LATE, "Both models are fitted to the same patients."), tolerance=ITERATED, unseen=True,
    ),
    Analysis(
        "Cox, stratified", COX,
        ("What is the hazard ratio of $end for $gene mutation in a Cox model that is stratified by $column?",
         "Let each value of $column have its own baseline hazard: what is the hazard ratio of mutated $gene for $end?"),
        (Out("hazard_ratio", "float, mutated against wild type"), Out("p_value", "float, Wald"), Out("n", "int, patients in the model")), b.PER_PATIENT,
        b.GENE_SURVIVAL + FIT + """fitted = cohort[["$time", "event", "mutated", "$column"]].dropna()
n = len(fitted)
row = CoxPHFitter().fit(fitted, "$time", "event", strata=["$column"]).summary.loc["mutated"]
hazard_ratio, p_value = float(row["exp(coef)"]), float(row["p"])
""", lambda rng, study: _gene(rng, study) | b.any_group(rng, study), (b.MUTATED, b.ENDPOINT, b.KNOWN, "Ties are handled by Efron's method."), tolerance=ITERATED,
    ),
)  # fmt: skip
