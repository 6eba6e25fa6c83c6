"""MedAgentGym's own N-PowerAI rows (data/npowerai/*_tasks.jsonl): twelve questions, each repeated with one number changed.

The numbers are read out of a question and the label computed from them. Where the stored label is not that, ours is kept
and the difference told, with the mistake that explains it where one does. The questions leave part of their convention
unsaid, so the answer form says it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NamedTuple

from data_prep.npowerai import calculators as c
from data_prep.npowerai.build import ACTIONS, CONTRACTS, ORACLES
from data_prep.npowerai.plans import FORMS
from data_prep.npowerai.programs import ANOVA, CHI, COX, INDEPENDENCE, TTEST, TWO, power_program, size_program
from data_prep.published import Refusals, json_rows, split_of, text_of
from data_prep.sources.medagentgym import Difference, tell
from galen.errors import UserError
from galen.oracles import judge
from galen.types import Gold, Privacy, Task, TaskPrompt

Values = dict[str, Any]
Pair = tuple[Task, Gold]
TESTS = dict(enumerate(FORMS, 1))  # by the release's task_id
_N = r"\d+(?:\.\d+)?"
N, LIST = f"({_N})", f"({_N}(?:(?:, and |, | and ){_N})*)"


class Kind(NamedTuple):
    """One of the six tests as the release asks it: where the numbers stand in a question, and how they give a power."""

    patterns: dict[str, str]
    convention: str
    power: Callable[[Values, int], float]
    imports: str
    setup: str
    call: str


ONE_GROUP = "TTestPower().power(d, n, {alpha}, alternative={alternative})"
KINDS = {
    1: Kind(
        {"known": rf"in general is {N}", "mean": rf"sample to be {N}", "sd": rf"standard deviation of {N}", "n": rf"recruited {N}"},
        "noncentral t distribution",
        lambda v, n: c.t_power((v["mean"] - v["known"]) / v["sd"], n, v["alpha"], v["sides"]),
        TTEST, "d = abs({mean} - {known}) / {sd}", ONE_GROUP,
    ),
    2: Kind(
        {"difference": rf"group will be {N}", "first": rf"diet A to be {N}", "second": rf"diet B to be {N}", "n": rf"has {N} patients"},
        "two-sided at 0.05, patients in each of two equal groups, the common SD being the root of the mean variance, noncentral t distribution",
        lambda v, n: c.two_sample_power(v["difference"] / c.pooled_sd(v["first"], v["second"]), n, v["alpha"], v["sides"]),
        TWO, "d = {difference} / (({first} ** 2 + {second} ** 2) / 2) ** 0.5",
        "TTestIndPower().power(d, n, {alpha}, alternative={alternative})",
    ),
    3: Kind(
        {"difference": rf"levels {N} units", "sd": rf"standard deviation of {N}", "n": rf"sample of {N}"},
        "one-sided, the SD being that of the changes, noncentral t distribution",
        lambda v, n: c.t_power(v["difference"] / v["sd"], n, v["alpha"], v["sides"]),
        TTEST, "d = {difference} / {sd}", ONE_GROUP,
    ),
    4: Kind(
        {"means": rf"each group will be {LIST}", "sd": rf"value of {N}", "n": rf"group of {N}"},
        "students in each group, Cohen's f with the SD of the group means of divisor k (ddof 0), noncentral F distribution",
        lambda v, n: c.anova_power(c.cohen_f(v["means"], v["sd"], v.get("ddof", 0)), n, len(v["means"]), v["alpha"]),
        f"from statistics import pstdev\n{ANOVA}", "f = pstdev({means}) / {sd}",
        "FTestAnovaPower().power(f, n * {k}, {alpha}, k_groups={k})",
    ),
    5: Kind(
        {"first": rf"will be {LIST} in females", "second": rf"will be {LIST} in males", "n": rf"sample of {N}"},
        "students in all, half of them of each gender, no continuity correction, noncentrality N w²",
        lambda v, n: c.chi_square_power(
            c.cohen_w([[x / 2 for x in v[row]] for row in ("first", "second")]), n, len(v["first"]) - 1, v["alpha"]
        ),
        CHI, "p = np.array([{first}, {second}]) / 2\n" + INDEPENDENCE,
        "GofChisquarePower().power(w, n, {alpha}, n_bins={k})",
    ),
    6: Kind(
        {"risk": rf"groups E and C are {N}", "control_risk": rf"groups E and C are {N} and {N}", "hazard": rf"assumed to be {N}", "n": rf"having {N} person"},
        "participants in each group, events in both groups by Freedman's formula ((HR + 1) / (HR - 1))² (z + z_power)², expected events unrounded",
        lambda v, n: c.freedman_power(v["hazard"], n * (v["risk"] + v["control_risk"]), v["alpha"], v["sides"]),
        COX, "d = abs({hazard} - 1) / ({hazard} + 1)", "norm.cdf((n * ({risk} + {control_risk})) ** 0.5 * d - norm.isf({alpha} / {sides}))",
    ),
}  # fmt: skip
# What explains a label: the numbers that give it in place of the question's.
MISTAKES: dict[tuple[int, str], tuple[str, Values]] = {
    (2, "size"): ("contradicts its question: it is the size for a difference of 10", {"difference": 10.0}),
    (3, "power"): ("contradicts its question: it is the power of 42 patients", {"n": 42}),
    (4, "size"): ("follows another convention: the variance in Cohen's f has divisor k - 1", {"ddof": 1}),
    (4, "power"): ("contradicts its question: it is the power of 41 students a group", {"n": 41}),
    (6, "power"): ("contradicts its question: it is the power at a hazard ratio of 0.7", {"hazard": 0.7}),
}


def read(file: Path) -> tuple[list[Pair], Refusals, list[Difference]]:
    """The file's rows as tasks, what was refused, and where the stored label is not ours; both are printed.

    Raises:
        UserError: no JSONL of N-PowerAI (named by row and field), or no row is usable.
    """
    pairs: list[Pair] = []
    account, differences = Refusals(str(file)), []
    said: set[str] = set()
    for place, row in json_rows(file):
        number, target, question, label = _row(file, place, row)
        values = _values(number, target, question)
        ours = values if isinstance(values, str) else _answer(number, target, values)
        if isinstance(values, str) or isinstance(ours, str) or question in said:
            account.refuse(ours if isinstance(ours, str) else "it says the same as an earlier row", place)
            continue
        said.add(question)
        if not _agrees(target, label, ours):
            why = _why(number, target, values, label)
            account.note(f"{TESTS[number]}, {target}: ours is kept, for the label {why}")
            differences.append(Difference(place, label, ours, why))
        account.used += 1
        pairs.append(_pair(file, place, number, target, question, values, ours))
    tell(file, differences)
    account.close(pairs)
    return pairs, account, differences


def _row(file: Path, place: str, row: dict[str, Any]) -> tuple[int, str, str, float]:
    number, target, label = row.get("task_id"), row.get("estimate_target"), row.get("answer")
    for field, good, due in (
        ("task_id", isinstance(number, int) and number in TESTS, "a whole number from 1 to 6"),
        ("estimate_target", isinstance(target, str) and target in ORACLES, "'size' or 'power'"),
        ("answer", isinstance(label, int | float) and not isinstance(label, bool), "a number"),
    ):
        if not good:
            raise UserError(f"{file}: {place}: {field}: {row.get(field)!r} is not {due}. No row was used.")
    return row["task_id"], row["estimate_target"], text_of(file, place, row, "question"), row["answer"]


def _values(number: int, target: str, question: str) -> Values | str:
    """What a question states, or what it fails to."""
    values: Values = {
        "alpha": 0.05,
        "sides": 1 if "one-sided" in question or "detecting a reduction" in question else 2,
    }
    wanted = {
        "alpha": rf"level of {N}",
        **({"goal": rf"(?:achieve|power of) {N}%"} if target == "size" else {}),
        **KINDS[number].patterns,
    }
    for name, pattern in wanted.items():
        found = re.search(pattern, question)
        if found:
            text = found.groups()[-1]
            parts = [float(x) for x in re.findall(N, text)]
            values[name] = parts if pattern.count(LIST) else parts[0]
        elif name != "alpha" and (name != "n" or target == "power"):
            return f"its question does not state {name!r} where the release's does"
    if target == "size":
        values["goal"] /= 100
    rows = [values[x] for x in ("first", "second") if isinstance(values.get(x), list)]
    if rows and (len(rows[0]) != len(rows[1]) or any(abs(sum(row) - 1) > 0.001 for row in rows)):
        return "its proportions do not sum to one"
    return values


def _answer(number: int, target: str, values: Values) -> float | str:
    """The size or power, or why there is none."""
    power = KINDS[number].power
    try:
        if target == "size":
            return c.smallest(lambda n: power(values, n), values["goal"])
        found = power(values, int(values["n"]))
    except (ValueError, ZeroDivisionError) as error:
        return f"its numbers give no {target}: {error}"
    return found if math.isfinite(found) else f"its numbers give no {target}"


def _agrees(target: str, label: float, ours: float) -> bool:
    return judge(ORACLES[target], repr(label), ours).passed


def _why(number: int, target: str, values: Values, label: float) -> str:
    why, changed = MISTAKES.get((number, target), ("", {}))
    other = _answer(number, target, values | changed)
    if changed and not isinstance(other, str) and _agrees(target, label, other):
        return why
    return "contradicts its question for no reason that is known"


def _pair(file: Path, place: str, number: int, target: str, question: str, values: Values, answer: float) -> Pair:
    split: Literal["train", "valid", "test"] = split_of(file)
    id_ = f"npowerai/{split}-medagentgym/{place.removeprefix('row ')}"
    kind = KINDS[number]
    task = Task(
        id=id_, family="npowerai", category=TESTS[number], split=split, cluster=f"{TESTS[number]}, {target}",
        prompt=TaskPrompt(question=question, contract=f"{CONTRACTS[target]}; {kind.convention}"), actions=ACTIONS,
        answer_type=ORACLES[target].kind, oracle=ORACLES[target], privacy=Privacy.NONE,
        metadata={"task_id": number, "estimate_target": target, "source": file.name},
    )  # fmt: skip
    return task, Gold(id=id_, answer=answer, solution=_program(kind, target, values), lang="python")


def _program(kind: Kind, target: str, values: Values) -> str:
    k = len(values.get("means", values.get("first") if isinstance(values.get("first"), list) else ()))
    slots = {**values, "alternative": "'larger'" if values["sides"] == 1 else "'two-sided'", "k": k}
    setup, call = kind.setup.format(**slots), kind.call.format(**slots)
    if target == "size":
        return size_program(kind.imports, setup, call, str(values["goal"]))
    return power_program(kind.imports, setup, call, int(values["n"]))
