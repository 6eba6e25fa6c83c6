"""How a question is said: an opening, the effect, the rule of the test, and what is asked. The last wording is the test's.

Every question states its convention: the sides, the alpha, what the size counts, the divisor of a variance, the formula.
"""

from __future__ import annotations

OPENINGS = {
    "one-sample t-test": (
        "A clinic plans a study of {outcome} in {population} on {treatment}, compared with the value known for such people.",
        "{outcome} will be measured once in a single sample of {population} who get {treatment}, against a known mean.",
        "Does {treatment} change {outcome}? One sample of {population} is to be held against a fixed reference mean.",
        "We have one cohort: {population}, all given {treatment}; their mean {outcome} meets a published norm.",
    ),
    "two-sample t-test": (
        "A trial randomises {population} to {treatment} or to standard care and compares mean {outcome}.",
        "Two independent groups of {population}, one on {treatment} and one without it, are compared by {outcome}.",
        "An investigator wants to know whether {treatment} alters {outcome} in {population}, with a parallel control group.",
        "In our parallel-arm experiment some of the {population} receive {treatment}, the remainder a placebo; {outcome} decides.",
    ),
    "paired t-test": (
        "{outcome} is measured in the same {population} before and after {treatment}.",
        "Each of a number of {population} has {outcome} taken twice: at baseline, and again after {treatment}.",
        "A before-and-after study follows {population} through {treatment}; the endpoint is the change in {outcome}.",
        "Every participant ({population}) serves as their own control: {outcome} now, then once more following {treatment}.",
    ),
    "one-way ANOVA": (
        "A trial compares {k} {arms} by mean {outcome} in {population}, with equally many patients in each group.",
        "{population} are randomised to {k} equal groups that get different {arms}; mean {outcome} is compared by one-way ANOVA.",
        "Which of {k} {arms} is best for {population}? A balanced study looks at mean {outcome} in all {k} groups.",
        "We weigh up {k} {arms} head to head among {population}, balanced arms, endpoint {outcome}.",
    ),
    "chi-square test of independence": (
        "A researcher studies {population} and asks whether {topic} are related.",
        "In a survey of {population}, the question is whether there is an association between {topic}.",
        "A registry of {population} is used to see if {topic} depend on each other.",
        "Are {topic} independent among {population}? That is our question.",
    ),
    "Cox proportional hazards": (
        "A trial in {population} compares {treatment} with {control}; the endpoint is the time to {event}.",
        "{population} are randomised to {treatment} or {control}, and a Cox model estimates the hazard ratio of {event}.",
        "Does {treatment} delay {event} in {population}, as against {control}? A proportional hazards model is planned.",
        "Time until {event} is our endpoint: {population}, {treatment} versus {control}, analysed by Cox regression.",
    ),
}
TOPICS = {
    "rates": "{arms} and {event}",
    "w": "{arms} and {grades}",
    "grades": "{grades} and being one of the {a} or {b}",
}
EFFECTS = {
    ("one-sample t-test", "means"): (
        "The known mean is {before} {unit}; a mean of {after} {unit} is expected, with a standard deviation of {sd} {unit}.",
        "The reference is {before} {unit}, the expected mean {after} {unit}, the standard deviation {sd} {unit}.",
        "Expected: {after} {unit} on average (SD {sd} {unit}) instead of {before} {unit}.",
        "Norm {before} {unit}. Anticipated average {after} {unit}. Spread between people (SD) {sd} {unit}.",
    ),
    ("one-sample t-test", "variance"): (
        "The mean is expected to differ from the known one by {difference} {unit}, and the variance is {variance} (squared {unit}).",
        "A difference of {difference} {unit} from the reference is worth finding; the variance between patients is {variance}.",
        "The variance of the outcome is {variance}, in the square of {unit}; the expected shift is {difference} {unit}.",
        "Anticipated shift: {difference} {unit}. Variance among individuals: {variance}, being SD squared.",
    ),
    ("one-sample t-test", "standard error"): (
        "Norm {before} {unit}. A pilot of {pilot} people averaged {after} {unit} with a standard error of {error} {unit} for that "
        "mean; take its mean as true, and the SD as the standard error times the square root of {pilot}.",
    ),
    ("two-sample t-test", "means"): (
        "The expected means are {treated} {unit} on the treatment and {control} {unit} without it; the standard deviation is {sd} {unit} in both groups.",
        "With the treatment a mean of {treated} {unit} is expected, else {control} {unit}, with a common SD of {sd} {unit}.",
        "Assume a common standard deviation of {sd} {unit}, a control mean of {control} {unit} and a treated mean of {treated} {unit}.",
        "Anticipated averages: treated {treated}, untreated {control} ({unit}); either arm's SD is {sd}.",
    ),
    ("two-sample t-test", "two sds"): (
        "A difference in means of {difference} {unit} is expected. The standard deviations are {first} and {second} {unit}; "
        "their common value is the square root of the mean of the two variances.",
        "The SD is {first} {unit} in one group and {second} {unit} in the other (pool them as the root of the average variance), "
        "and the means differ by {difference} {unit}.",
        "Means should differ by {difference} {unit}. For the effect size, divide by sqrt((SD1² + SD2²) / 2) with SD1 = {first} and SD2 = {second}.",
        "Anticipated gap {difference} {unit}; SDs {first} and {second}, combined by averaging both variances and taking the root.",
    ),
    ("two-sample t-test", "allocation"): (
        "Anticipated averages: treated {treated}, untreated {control} ({unit}); either arm's SD is {sd}. Allocation is exactly "
        "{ratio}:1, so {ratio} untreated for each one treated, and the total is a multiple of their sum.",
    ),
    ("paired t-test", "differences"): (
        "The expected mean change is {difference} {unit}, and the standard deviation of the changes is {sd} {unit}.",
        "The changes should have a mean of {difference} {unit} and a standard deviation of {sd} {unit}.",
        "Assume that the differences within patients have an SD of {sd} {unit} around a mean of {difference} {unit}.",
        "Anticipated shift within a person {difference} {unit}; SD of those shifts {sd} {unit}.",
    ),
    ("paired t-test", "variance"): (
        "The mean change is expected to be {difference} {unit}, and the variance of the changes is {variance} (squared {unit}).",
        "A mean change of {difference} {unit} should be found; the changes have a variance of {variance}.",
        "The changes within patients vary with a variance of {variance}, in the square of {unit}, around {difference} {unit}.",
        "Anticipated shift: {difference} {unit}. Variance of the shifts themselves: {variance}, being SD squared.",
    ),
    ("paired t-test", "correlation"): (
        "Anticipated shift {difference} {unit}. SD at the first visit {first}, at the second {second} {unit}, and both visits correlate "
        "with r = {correlation}, from which the SD of the shifts follows.",
    ),
    ("one-way ANOVA", "means"): (
        "The expected group means are {means} {unit}, and the standard deviation within each group is {sd} {unit}.",
        "Means of {means} {unit} are expected, with an SD of {sd} {unit} inside every group.",
        "Assume a within-group standard deviation of {sd} {unit} and true means of {means} {unit}.",
        "Anticipated averages: {means} ({unit}). SD inside any arm: {sd}.",
    ),
    ("one-way ANOVA", "f"): (
        "The expected effect size is Cohen's f = {f}.",
        "The group means are expected to spread with a Cohen's f of {f}.",
        "An effect of f = {f} (Cohen) is worth finding.",
        "Anticipated effect: f {f}, in Cohen's sense.",
    ),
    ("one-way ANOVA", "eta"): (
        "Anticipated effect: arms explain a share of {eta} of the variance (eta squared), whence f² = eta² / (1 - eta²).",
    ),
    ("chi-square test of independence", "rates"): (
        "There are {k} groups of equal size, and {event} is expected in {rates} of them, in this order.",
        "In the {k} equally large groups the expected proportions with {event} are {rates}.",
        "Assume {k} groups with the same number of patients each, of whom {rates} will have {event}.",
        "Anticipated: {event} in {rates} across {k} arms, each arm being an equal share of everybody.",
    ),
    ("chi-square test of independence", "w"): (
        "The table has {rows} rows and {columns} columns, and the expected effect size is Cohen's w = {w}.",
        "An effect of w = {w} (Cohen) is expected in a table of {rows} by {columns}.",
        "Data form a {rows} x {columns} contingency table with an assumed Cohen's w of {w}.",
        "Anticipated effect: w {w}, in Cohen's sense, over {rows} rows times {columns} columns.",
    ),
    ("chi-square test of independence", "grades"): (
        "Anticipated shares of the {k} grades: {first} among {a}, {second} among {b}; each side is half of everybody.",
    ),
    ("Cox proportional hazards", "patients"): (
        "The hazard ratio is expected to be {hazard}; by the end of follow-up {event} has probability {risk} with {treatment} and {control_risk} with {control}. "
        "Groups are equal. Use Freedman's formula: events in both groups together = ((HR + 1) / (HR - 1))² (z + z_power)².",
        "Assume HR = {hazard}, and event probabilities of {risk} ({treatment}) and {control_risk} ({control}) over the study, with equal groups. "
        "Freedman (1982) applies: total events D = ((1 + HR) / (1 - HR))² (z + z_power)².",
        "With {treatment} the probability of an event during the study is {risk}, else {control_risk}; HR is {hazard}; groups have one size. "
        "By Freedman's method (z + z_power)² ((HR + 1) / (HR - 1))² events are needed overall.",
        "Anticipated HR {hazard}; an event befalls a share of {risk} under the new regimen, {control_risk} under the old, both arms alike in size. "
        "Events follow Freedman: (z + z_power)² times ((HR + 1) / (HR - 1))², summed over arms.",
    ),
    ("Cox proportional hazards", "events"): (
        "The hazard ratio is expected to be {hazard}, with equal groups. Use Schoenfeld's formula: "
        "events in both groups together = 4 (z + z_power)² / (ln HR)².",
        "Assume HR = {hazard} and equal groups. Schoenfeld (1983) applies: total events D = 4 (z + z_power)² / (ln HR)².",
        "HR is {hazard}; groups have one size. By Schoenfeld's method 4 (z + z_power)² / (ln HR)² events are needed overall.",
        "Anticipated HR {hazard}, both arms alike in size. Events follow Schoenfeld: (z + z_power)² times 4, over (ln HR)², summed over arms.",
    ),
    ("Cox proportional hazards", "share"): (
        "Anticipated HR {hazard}; an event befalls a share of {risk} under the new regimen, {control_risk} under the old. Of all "
        "patients {percent}% get the new one (group sizes need not be whole). Events follow Schoenfeld: (z + z_power)² / (s (1 - s) (ln HR)²), summed over arms, with s that share.",
    ),
}
T_RULES = (
    "It is analysed by a {sides} {name} at a significance level of {alpha}{direction}. Power is exact, from the noncentral t distribution.",
    "The {name} is {sides}{direction}, with alpha = {alpha}. Use the noncentral t distribution, no normal approximation.",
    "Plan for a {sides} {name}{direction} (alpha {alpha}, noncentral t distribution).",
    "Testing: {sides} {name}{direction}, type one error {alpha}, power by the noncentral t.",
)
RULES = {
    "one-sample t-test": T_RULES,
    "two-sample t-test": T_RULES,
    "paired t-test": T_RULES,
    "one-way ANOVA": (
        "The F-test has a significance level of {alpha}. In Cohen's f the variance of the group means has divisor {k} (not {k} - 1), and the noncentrality is f² times all patients.",
        "Test at alpha = {alpha} with the noncentral F distribution of parameter N f², N being all patients; f is the SD of the {k} means (ddof 0) over the SD within.",
        "Alpha is {alpha}. Use the noncentral F; Cohen's f takes the population SD of the means (divide by {k}), and lambda = f² N with N in all groups together.",
        "Testing: one-way ANOVA F at type one error {alpha}, noncentral with f² times everybody enrolled; f has the means' spread with divisor {k}.",
    ),
    "chi-square test of independence": (
        "The chi-square test has a significance level of {alpha} and no continuity correction; its noncentrality is N w², with N patients in all.",
        "Test at alpha = {alpha}, uncorrected, with the noncentral chi-square distribution of parameter N w² (Cohen's w, total N).",
        "Alpha is {alpha}. Use the noncentral chi-square without Yates' correction; lambda = N w² where N counts every patient.",
        "Testing: Pearson chi-square, type one error {alpha}, uncorrected, noncentral with w² times everybody enrolled.",
    ),
    "Cox proportional hazards": (
        "The test is {sides} at a significance level of {alpha}, so z is the normal quantile of 1 - {tail} and z_power that of the power; the other tail is neglected.",
        "Here z is the standard normal quantile of 1 - {tail}, z_power that of the power, for a {sides} test with alpha = {alpha}; neglect rejection on the wrong side.",
        "For the {sides} test (alpha {alpha}) z is the normal quantile at 1 - {tail}, z_power the one at the power, and only the side of the effect counts.",
        "Testing: {sides}, type one error {alpha}, normal quantiles z at 1 - {tail} and z_power at the power, far side ignored.",
    ),
}
EXPECTED = (
    "The expected number of events, patients times probability, is not rounded.",
    "Do not round expected events (patients times probability).",
    "Events are expected values, unrounded: patients in a group times its probability.",
    "Leave expected events (headcount times probability) unrounded.",
)
SIZES = (
    "What is the smallest {counted} that gives a power of at least {power}?",
    "Find the minimum {counted} for which the power reaches {power}.",
    "To have at least {power} power, what {counted} is needed at the least?",
    "Give the least {counted} with power {power} or more.",
)
POWERS = (
    "With {enrolled}, what is the power?",
    "What power does the study have with {enrolled}?",
    "If there are {enrolled}, how large is the power?",
    "Give the power for {enrolled}.",
)
COUNTED = {
    "patients": "number of patients", "pairs": "number of patients (each measured twice)", "group": "number of patients per group",
    "total": "total number of patients in {parts} equal groups", "split": "total number of patients",
    "all": "total number of patients (groups need not be whole)",
    "events": "whole number of events in both groups together",
}  # fmt: skip
ENROLLED = {
    "patients": "{n} patients", "pairs": "{n} patients, each measured twice", "group": "{n} patients in each group",
    "total": "{n} patients in total over {parts} equal groups", "split": "{n} patients in total",
    "all": "{n} patients in total",
    "events": "{n} events in both groups together",
}  # fmt: skip
