"""Assays: half-maximal doses, exposure over time, scores of wells, a permutation test."""

from __future__ import annotations

import itertools
import math
import random

from data_prep.biocoder.contexts.assays import by_dose, line, mean, median, splits, spread
from data_prep.biocoder.function import Function

CATEGORY = "statistics"


def half_dose(rows: list[list[float]], *, replicates: str, goal: str, scale: str, crossing: str) -> float | None:
    curve = by_dose(rows)
    if not curve:
        return None
    points = [(dose, mean(rs) if replicates == "mean" else median(rs)) for dose, rs in curve]
    values = [r for _, r in points]
    if goal == "fifty":
        level = 50.0
    elif goal == "range":
        level = (max(values) + min(values)) / 2
    else:
        level = (values[0] + values[-1]) / 2
    found = None
    for (dose, a), (other, b) in itertools.pairwise(points):
        if a == b or not min(a, b) <= level <= max(a, b):
            continue
        if scale == "log":
            place = 10 ** line(level, (a, math.log10(dose)), (b, math.log10(other)))
        else:
            place = line(level, (a, dose), (b, other))
        if crossing == "first":
            return place
        found = place
    return found


def exposure(rows: list[list], *, falling: str, missing: str, start: str, tail: str) -> float:
    if any(a[0] >= b[0] for a, b in itertools.pairwise(rows)):
        raise ValueError("times that do not ascend")
    points = [(t, 0.0 if c is None else c) for t, c in rows if c is not None or missing == "zero"]
    if start == "zero" and points and points[0][0] > 0:
        points = [(0.0, 0.0), *points]
    total = 0.0
    for (t, c), (u, d) in itertools.pairwise(points):
        if falling == "log" and 0 < d < c:
            total += (c - d) * (u - t) / math.log(c / d)
        else:
            total += (c + d) / 2 * (u - t)
    if tail == "on":
        last = [point for point in points if point[1] > 0][-2:]
        if len(last) < 2 or last[0][1] <= last[1][1]:
            raise ValueError("no decline at the end")
        if points[-1] == last[1]:
            total += last[1][1] * (last[1][0] - last[0][0]) / math.log(last[0][1] / last[1][1])
    return total


def well_scores(plate: list[list], *, score: str, edge: str, hits: str, flat: str) -> list:
    height, width = len(plate), len(plate[0]) if plate else 0
    if any(len(row) != width for row in plate):
        raise ValueError("rows of different length")
    kept = {}
    for i, row in enumerate(plate):
        for j, value in enumerate(row):
            outer = i in (0, height - 1) or j in (0, width - 1)
            if value is not None and not (edge == "drop" and outer):
                kept[f"{chr(65 + i)}{j + 1}"] = float(value)
    if not kept:
        return []
    values = list(kept.values())
    if score == "z":
        middle, width_of = mean(values), spread(values)
    else:
        middle = median(values)
        width_of = 1.4826 * median([abs(v - middle) for v in values])
    if width_of < 1e-12:
        if flat == "error":
            raise ValueError("wells without spread")
        scores = dict.fromkeys(kept, 0.0)
    else:
        scores = {well: (v - middle) / width_of for well, v in kept.items()}
    if hits == "all":
        return [[well, value] for well, value in scores.items()]
    return sorted(well for well, value in scores.items() if (value < -1.5 if hits == "low" else abs(value) > 1.5))


def permutation_p(first: list, second: list, *, statistic: str, tail: str, missing: str, observed: str) -> float:
    a, b = [v for v in first if v is not None], [v for v in second if v is not None]
    if missing == "error" and len(a) + len(b) < len(first) + len(second):
        raise ValueError("a value that is not known")
    if not a or not b:
        raise ValueError("a group without values")
    middle = mean if statistic == "mean" else median
    seen = middle(a) - middle(b)
    values = [middle(x) - middle(y) for x, y in splits(a + b, len(a))]
    if tail == "greater":
        n = sum(value >= seen - 1e-9 for value in values)
    elif tail == "less":
        n = sum(value <= seen + 1e-9 for value in values)
    else:
        n = sum(abs(value) >= abs(seen) - 1e-9 for value in values)
    return (n - 1) / (len(values) - 1) if observed == "others" else n / len(values)


def _doses(rng: random.Random) -> tuple[list[list[float]]]:
    rows, level = [], 95.0
    for dose in sorted(rng.sample([0.01, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0], rng.randint(2, 6))):
        for _ in range(rng.choice([1, 1, 2, 3])):
            rows.append([dose, round(level + rng.uniform(-14, 14), 1)])
        level = max(4.0, level - rng.choice([3, 15, 30, -25]))
    rng.shuffle(rows)
    return (rows,)


def _times(rng: random.Random) -> tuple[list[list]]:
    times = sorted(rng.sample([0.0, 0.5, 1.0, 2.0, 4.0, 6.0, 8.0, 12.0, 24.0], rng.randint(3, 7)))
    peak = rng.randint(0, 2)
    rows: list[list] = [[t, round(20 * 2.0 ** -abs(i - peak) * rng.uniform(0.7, 1.3), 2)] for i, t in enumerate(times)]
    if rng.random() < 0.5:
        rows[rng.choice([-1, -1, 1])][1] = None
    return (rows,)


def _plate(rng: random.Random) -> tuple[list[list]]:
    height, width = rng.randint(3, 4), rng.randint(4, 6)
    pool: list = [98, 99, 100, 101, 103, 104, 96, 97.5, 102, 105, 20, 55, None, 150]
    plate = [[rng.choice(pool) for _ in range(width)] for _ in range(height)]
    return ([[7] * 3 for _ in range(3)] if rng.random() < 0.1 else plate,)


def _two(rng: random.Random) -> tuple[list, list]:
    first: list = [float(rng.choice([1, 2, 3, 5, 7, 8, 12])) for _ in range(rng.randint(2, 5))]
    second: list = [float(rng.choice([1, 3, 4, 6, 9, 11, 15])) for _ in range(rng.randint(2, 5))]
    if rng.random() < 0.25:
        first.append(None)
    return (first, second)


HALF = [[1.0, 90.0], [10.0, 50.0], [10.0, 50.0], [100.0, 10.0]]
FALL = [[1.0, 8.0], [2.0, 4.0], [4.0, 1.0]]

FUNCTIONS = (
    Function(
        half_dose,
        says="""The dose at which the response of `rows` [dose, response] is at half height, by interpolation.
        {replicates} The level looked for is {goal}. It is met between two neighbouring doses whose responses differ,
        when it lies between these or is one of them; there the dose is interpolated {scale}. {crossing} None when it is
        nowhere met; a dose that is not above 0 raises a ValueError.""",
        options={
            "replicates": {
                "mean": "A dose's response is the mean of all its responses.",
                "median": "A dose's response is the median of all its responses.",
            },
            "goal": {
                "fifty": "50",
                "range": "the mean of the greatest and the smallest response of a dose",
                "ends": "the mean of the responses of the smallest and the greatest dose",
            },
            "scale": {
                "log": "along a straight line of the response over the logarithm of the dose",
                "linear": "along a straight line of the response over the dose",
            },
            "crossing": {
                "first": "Of several such pairs of doses the one with the smallest doses counts.",
                "last": "Of several such pairs of doses the one with the greatest doses counts.",
            },
        },
        edges=(
            ([],),
            ([[1.0, 50.0]],),
            (HALF,),
            ([[1.0, 90.0], [10.0, 40.0], [100.0, 70.0], [1000.0, 10.0]],),
            ([[1.0, 50.0], [10.0, 50.0]],),
            ([[0.0, 90.0], [1.0, 10.0]],),
            ([[1.0, 100.0], [3.0, 90.0], [3.0, 20.0], [3.0, 80.0], [9.0, 5.0], [27.0, 20.0]],),
        ),
        draw=_doses,
    ),
    Function(
        exposure,
        says="""The area under the curve of the concentrations `rows` [time, concentration] (no concentration is
        negative), over the time from the first point to the last. {missing} {start} Between neighbouring points
        {falling} {tail} Times that do not ascend strictly raise a ValueError.""",
        options={
            "missing": {
                "skip": "A concentration of None (below the limit of detection) is left out with its time.",
                "zero": "A concentration of None (below the limit of detection) is 0.",
            },
            "start": {
                "given": "Nothing is added at the start.",
                "zero": "When the first point left is later than 0, the point of concentration 0 at time 0 is put "
                "before it.",
            },
            "falling": {
                "linear": "the linear trapezoidal rule is used.",
                "log": "the linear trapezoidal rule is used, but where the concentration falls to a value above 0 the "
                "logarithmic one, (c - d) * (u - t) / ln(c / d) from c at time t to d at "
                "time u.",
            },
            "tail": {
                "off": "0.0 without two points.",
                "on": "When the last point is above 0, the area after it is added: its concentration over the rate "
                "ln(c / d) / (u - t) of the decline between the last two points above 0. When "
                "there are not two points above 0, or the last of them is not smaller than the one before, a "
                "ValueError is raised, whatever the last point is.",
            },
        },
        edges=(
            ([],),
            ([[0.0, 5.0]],),
            (FALL,),
            ([*FALL, [6.0, None]],),
            ([[0.0, None], [1.0, 3.0], [2.0, 6.0], [5.0, 6.0]],),
            ([[2.0, 4.0], [1.0, 8.0]],),
            ([[0.0, 4.0], [1.0, 0.0], [3.0, 2.0]],),
        ),
        draw=_times,
    ),
    Function(
        well_scores,
        says="""The score of each well of `plate`, rows of measured values (None: nothing measured; rows of different
        length raise a ValueError). A well's name is the letter of its row, from A on, and the number of its column,
        from 1 on. Wells without a value do not count. {edge} A well's score is its value less {score}, both of all
        wells that count. {flat} {hits}""",
        options={
            "edge": {
                "keep": "Wells at the edge of the plate count.",
                "drop": "Wells in the first or last row or column do not count.",
            },
            "score": {
                "z": "the mean, divided by the sample standard deviation (n - 1)",
                "robust": "the median, divided by 1.4826 times the median of the absolute differences from the median",
            },
            "flat": {
                "zero": "When the divisor is 0 (less than 1e-12), all scores are 0.0.",
                "error": "When the divisor is 0 (less than 1e-12) and a well counts, a ValueError is raised.",
            },
            "hits": {
                "all": "The result is the list of [well, score], row by row.",
                "low": "The result is the list of the names of the wells with a score below -1.5, sorted as texts.",
                "both": "The result is the list of the names of the wells with a score below -1.5 or above 1.5, "
                "sorted as texts.",
            },
        },
        edges=(
            ([],),
            ([[5]],),
            ([[1, 2], [3]],),
            ([[3, 3, 3, 3], [3, 3, 9, 3], [3, 3, 3, 3]],),
            ([[1, 2, 3, 2], [2, 30, 2.5, 3], [1, 2, 1, None], [-40, 2, 3, 3]],),
            ([[None] * 3] * 3,),
            ([[9, 9, 9, 9, 9, 9], [9, 1, 5, 5.5, 6, 9], [9, 5, 6, 4.5, 5, 9], [9, 9, 9, 9, 40, 9]],),
        ),
        draw=_plate,
    ),
    Function(
        permutation_p,
        says="""The exact p-value of the permutation test of `first` against `second`: of all ways to choose as many of
        all the values as there are in `first` (by place, so that equal values are different ones), the share for which
        the {statistic} of the chosen values less that of the others is {tail} Differences up to 1e-9 do not count.
        {observed} {missing} A group without values raises a ValueError.""",
        options={
            "statistic": {"mean": "mean", "median": "median"},
            "tail": {
                "greater": "at least as great as the one observed.",
                "less": "at most as great as the one observed.",
                "two": "at least as great in absolute value as the one observed.",
            },
            "observed": {
                "all": "The groups as they are observed are one of these ways.",
                "others": "The groups as they are observed are not one of these ways, which thus are one fewer (there "
                "is always another one).",
            },
            "missing": {
                "skip": "Values that are None are left out beforehand.",
                "error": "A None raises a ValueError.",
            },
        },
        edges=(
            ([], [1.0]),
            ([1.0, 2.0], [3.0, 4.0]),
            ([5.0, 5.0], [5.0, 5.0]),
            ([9.0, None, 7.0], [3.0, 4.0]),
            ([1.0], [2.0, 9.0, 4.0]),
            ([None], [2.0]),
        ),
        draw=_two,
    ),
)
