"""What a question says: the task, its stays, its window, and from which AUROC on it is solved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from data_prep.mimic_extract.cases import Case
from data_prep.mimic_extract.windows import AHEAD, CLASSES

ASKED = {
    "mort_icu": (
        "who dies in the intensive-care unit", "which stays end with death in the unit", "whether a patient dies before leaving the unit",
        "death in the intensive-care unit",
    ),
    "mort_hosp": (
        "who dies in the hospital", "which hospital stays end with death", "whether a patient dies before leaving the hospital",
        "death in the hospital",
    ),
    "los_3": (
        "whose stay in the unit lasts more than 3 days", "which stays are longer than 3 days", "whether a stay in the unit exceeds 3 days",
        "a length of stay in the unit above 3 days",
    ),
    "los_7": (
        "whose stay in the unit lasts more than 7 days", "which stays are longer than 7 days", "whether a stay in the unit exceeds 7 days",
        "a length of stay in the unit above 7 days",
    ),
    "vasopressor": (
        "what becomes of vasopressors", "the use of vasopressors", "whether vasopressors are begun, kept or stopped", "vasopressor therapy",
    ),
    "ventilation": (
        "what becomes of mechanical ventilation", "the use of a ventilator", "whether mechanical ventilation is begun, kept or stopped",
        "mechanical ventilation",
    ),
}  # fmt: skip
OPENINGS = (
    "Predict {asked}.",
    "Train a model that predicts {asked}.",
    "Estimate {asked}.",
    "Give probabilities of {asked}.",
)
OUTCOME = (
    "Known are the first {window} hours in the unit; the stays last more than {gap} hours longer.",
    "You see hours 0 to {last}; every stay goes on for more than {gap} hours after them.",
    "The first {window} hours are given, of stays that are not over {gap} hours later.",
    "What was measured in the first {window} hours is given; {gap} hours after that every patient is still in the unit.",
)
NEXT = (
    "Known are {window} hours; after a gap of {gap} hours in which nothing changes come the {ahead} hours to predict: control (off "
    "throughout), on (on throughout), onset (off, then begun), wean (on, then stopped).",
    "From {window} hours say what happens in {ahead} hours that begin {gap} hours after them: it stays off (control), stays on (on), is begun "
    "(onset) or stopped (wean). In the {gap} hours between it does not change.",
    "Each row is {window} hours of a stay, a gap of {gap} hours without a change follows, then {ahead} hours of one class: control, off all the "
    "time; on, on all the time; onset, begun; wean, stopped.",
    "{window} hours are given, and the class of the {ahead} hours after the next {gap}, during which the state is steady: control or on if it "
    "stays off or on, onset or wean if it is begun or stopped.",
)  # fmt: skip
STAYS = (
    "Of {cohort}, {labelled} {rows} have labels and {hidden} wait for yours.",
    "The {rows} are of {cohort}: {labelled} with a label, {hidden} without.",
    "There are {labelled} labelled {rows} of {cohort}, and {hidden} to predict.",
    "Cohort: {cohort}; {labelled} {rows} to learn from, {hidden} to predict.",
)
GIVEN = (
    "Given are {variables}, with {statistics} of each hour.", "The hours have {variables} ({statistics}).",
    "Measured: {variables}; {statistics} an hour.", "The columns are {variables}, as {statistics}.",
)  # fmt: skip
SOLVED = (
    "It is solved from an AUROC{mean} of {threshold} on; {little} or luck may reach {baseline}.",
    "An AUROC{mean} of {threshold} or more on them solves it ({baseline} may be reached by {little} or luck).",
    "Solved means an AUROC{mean} of at least {threshold}; up to {baseline} comes from {little} or luck.",
    "The AUROC{mean} has to be {threshold} or higher, where {little} or luck get up to {baseline}.",
)
LITTLE = {True: "admission data, the present state", False: "admission data"}


def question(choose: Callable[[Sequence[str]], str], case: Case, params: dict[str, Any]) -> str:
    """All of it but the form of the answer."""
    spec = case.spec
    slots = {
        "asked": choose(ASKED[spec.task]), "window": spec.window, "last": spec.window - 1, "gap": spec.gap, "ahead": AHEAD, "cohort": spec.cohort,
        "labelled": len(case.train), "hidden": len(case.test), "rows": "windows" if spec.windows else "stays", "variables": spec.variables,
        "statistics": spec.statistics, "mean": " (mean of the classes, each against the rest)" if spec.windows else "",
        "little": LITTLE[spec.windows], "threshold": f"{params['threshold']:.3f}", "baseline": f"{params['baseline']:.3f}",
    }  # fmt: skip
    sentences = (OPENINGS, NEXT if spec.windows else OUTCOME, STAYS, GIVEN, SOLVED)
    return " ".join(choose(options).format(**slots) for options in sentences)


def contract(windows: bool, rows: int) -> str:
    """The form of the answer."""
    if windows:
        return (
            f"CSV with the header subject_id,window_idx,{','.join(CLASSES)} and one line for each of the {rows} rows of test.csv, in any "
            "order: the row's keys, then the probabilities of the four classes, numbers between 0 and 1 that sum to 1"
        )  # fmt: skip
    return (
        f"CSV with the header subject_id,probability and one line for each of the {rows} rows of test.csv, in any order: the probability "
        "of label 1 is a number between 0 and 1"
    )  # fmt: skip
