"""Read depth: bedGraph rows, breadth, poorly covered regions, windows, peaks."""

from __future__ import annotations

import random

from data_prep.biocoder.contexts.coverage import depths, join, mean, median, runs, usable
from data_prep.biocoder.function import Function

CATEGORY = "intervals"


def depth_runs(reads: list[list[int]], length: int, *, zero: str, least: int, copies: str, places: str) -> list[list]:
    reads = usable(reads, least)
    if copies == "once":
        kept: list[list[int]] = []
        for read in reads:
            if all(read[:2] != other[:2] for other in kept):
                kept.append(read)
        reads = kept
    found = runs(depths(reads, length))
    if zero == "omit":
        found = [row for row in found if row[2] > 0]
    if places == "closed":
        return [[start + 1, end, value] for start, end, value in found]
    return found


def coverage_breadth(
    reads: list[list[int]], length: int, levels: list[int], *, bound: str, margin: int, unit: str, empty: str
) -> list[float]:
    values = depths(reads, length)
    if margin:
        values = values[margin : max(margin, length - margin)]
    if not values:
        if empty == "error":
            raise ValueError("no place counts")
        return [0.0] * len(levels)
    shares = []
    for level in levels:
        n = sum(value > level if bound == "above" else value >= level for value in values)
        shares.append(100 * n / len(values) if unit == "percent" else n / len(values))
    return shares


def poor_regions(
    reads: list[list[int]], length: int, least: int, *, gap: int, shortest: int, when: str, value: str
) -> list[list]:
    profile = depths(reads, length)
    found = [[start, end] for start, end, poor in runs([d < least for d in profile]) if poor]
    if when == "before":
        found = [r for r in found if r[1] - r[0] >= shortest]
    found = join(found, gap)
    if when == "after":
        found = [r for r in found if r[1] - r[0] >= shortest]
    rows = []
    for start, end in found:
        inside = profile[start:end]
        rows.append([start, end, mean(inside) if value == "mean" else min(inside)])
    return rows


def window_depths(profile: list[int], size: int, step: int, *, last: str, statistic: str, scale: str) -> list[float]:
    if size < 1 or step < 1:
        raise ValueError("no window")
    found = []
    for start in range(0, len(profile), step):
        window = profile[start : start + size]
        if len(window) < size:
            if last == "drop":
                continue
            if last == "pad":
                window = window + [0] * (size - len(window))
        if statistic == "mean":
            found.append(mean(window))
        elif statistic == "median":
            found.append(median(window))
        else:
            found.append(float(min(window)))
    if scale == "mean":
        whole = mean(profile)
        return [value / whole if whole else 0.0 for value in found]
    return found


def depth_peaks(profile: list[int], low: int, high: int, *, bound: str, summit: str, gap: int) -> list[list[int]]:
    if high < low:
        raise ValueError("thresholds the wrong way round")
    above = [value > low if bound == "above" else value >= low for value in profile]
    peaks = []
    for start, end in join([[s, e] for s, e, inside in runs(above) if inside], gap):
        height = max(profile[start:end])
        if height < high or (bound == "above" and height == high):
            continue
        tops = [place for place in range(start, end) if profile[place] == height]
        if summit == "first":
            top = tops[0]
        elif summit == "last":
            top = tops[-1]
        else:
            top = tops[(len(tops) - 1) // 2]
        peaks.append([start, end, top, height])
    return peaks


def _reads(rng: random.Random) -> tuple[list[list[int]], int]:
    reads = []
    for _ in range(rng.randint(1, 8)):
        start = rng.randint(0, 30)
        reads.append([start, start + rng.randint(3, 14), rng.choice([0, 5, 10, 20, 30, 60])])
    if rng.random() < 0.6:
        reads.append([*rng.choice(reads)[:2], rng.choice([10, 60])])
    return (reads, rng.randint(25, 45))


def _levels(rng: random.Random) -> tuple[list[list[int]], int, list[int]]:
    return (*_reads(rng), [rng.randint(0, 4) for _ in range(rng.randint(1, 4))])


def _least(rng: random.Random) -> tuple[list[list[int]], int, int]:
    reads, length = _reads(rng)
    return (reads, length + 12, rng.randint(1, 3))


def _profile(rng: random.Random) -> list[int]:
    """Depths that rise and fall, with flat tops and short dips."""
    found: list[int] = []
    for _ in range(rng.randint(3, 12)):
        found += [rng.randint(0, 9)] * rng.choice([1, 1, 2, 3])
    return found


def _windows(rng: random.Random) -> tuple[list[int], int, int]:
    return (_profile(rng), rng.randint(2, 6), rng.randint(1, 5))


def _bounds(rng: random.Random) -> tuple[list[int], int, int]:
    low = rng.randint(1, 4)
    return (_profile(rng), low, low + rng.randint(0, 4))


NOWHERE: list[list[int]] = []
DEPTHS = "The depth of a place is the number of reads that hold it (as `depths` counts them), of a reference of `length` bases."

FUNCTIONS = (
    Function(
        depth_runs,
        says=DEPTHS
        + """ {least} {copies} The result is that depth as rows [start, end, depth], from left to right, each as long as
        neighbouring places have the same depth. {zero} {places}""",
        options={
            "least": {
                0: "All reads count, whatever their mapping quality.",
                10: "Only reads with a mapping quality of at least 10 count.",
                30: "Only reads with a mapping quality of at least 30 count.",
            },
            "copies": {
                "all": "Reads with equal start and end all count.",
                "once": "Of the reads that count and have equal start and equal end, only one counts.",
            },
            "zero": {"keep": "Stretches of depth 0 have rows too.", "omit": "Stretches of depth 0 have no row."},
            "places": {
                "open": "Starts are 0-based and ends are not part of the row's stretch.",
                "closed": "Starts and ends are 1-based, and both are part of the row's stretch.",
            },
        },
        edges=(
            (NOWHERE, 10),
            (NOWHERE, 0),
            ([[2, 5, 10], [2, 5, 60], [5, 8, 30]], 10),
            ([[2, 5, 9], [2, 5, 29], [5, 8, 0]], 10),
            ([[-3, 4, 60], [8, 20, 60], [8, 20, 5]], 10),
        ),
        draw=_reads,
    ),
    Function(
        coverage_breadth,
        says=DEPTHS
        + """ {margin} For each of `levels`, in their order, the result has the {unit} of the places that count whose
        depth is {bound}. Reads count whatever their mapping quality. {empty}""",
        options={
            "margin": {
                0: "All places of the reference count.",
                3: "The first 3 and the last 3 places of the reference do not count.",
                8: "The first 8 and the last 8 places of the reference do not count.",
            },
            "unit": {"share": "share (0 to 1)", "percent": "percentage (0 to 100)"},
            "bound": {"least": "at least the level", "above": "greater than the level"},
            "empty": {
                "zero": "When no place counts, each of them is 0.0.",
                "error": "When no place counts, a ValueError is raised.",
            },
        },
        edges=(
            (NOWHERE, 0, [0, 1]),
            (NOWHERE, 6, [0, 1]),
            (NOWHERE, 20, [0, 1]),
            ([[0, 30, 60], [8, 12, 60]], 30, [1, 2, 3]),
            ([[-5, 3, 60], [17, 25, 0]], 20, [0, 1]),
        ),
        draw=_levels,
    ),
    Function(
        poor_regions,
        says=DEPTHS
        + """ The result is the regions in which it is below `least`, from left to right, as rows [start, end, {value}]. {gap}
        {when} {shortest} Reads count whatever their mapping quality.""",
        options={
            "value": {
                "mean": "mean depth of all places from start to end",
                "min": "smallest depth of all places from start to end",
            },
            "gap": {
                1: "Regions with exactly 1 place between them are joined, and that place belongs to the region then.",
                4: "Regions with at most 4 places between them are joined, and the places between belong to the "
                "region then.",
            },
            "when": {
                "before": "Short regions are left out before any joining.",
                "after": "Short regions are left out after all joining.",
            },
            "shortest": {3: "Short means fewer than 3 places.", 6: "Short means fewer than 6 places."},
        },
        edges=(
            (NOWHERE, 10, 1),
            (NOWHERE, 10, 0),
            ([[2, 4, 60], [6, 8, 60], [10, 14, 60]], 20, 1),
            ([[4, 7, 60], [9, 11, 60], [5, 6, 60]], 16, 2),
            ([[0, 4, 60], [6, 10, 60], [14, 18, 60], [24, 27, 60]], 30, 1),
            ([[2, 4, 9], [6, 8, 9], [10, 12, 9], [14, 16, 9], [18, 24, 9]], 24, 1),
            ([[4, 9, 9], [14, 17, 9], [3, 4, 9], [9, 10, 9]], 22, 1),
        ),
        draw=_least,
    ),
    Function(
        window_depths,
        says="""The {statistic} depth of each window of `profile` (the depth of each place). Windows hold `size` places
        and start at 0, `step`, 2 * `step` and so on, as long as the start is a place of the profile. {last} {scale} A
        `size` or `step` below 1 raises a ValueError.""",
        options={
            "statistic": {"mean": "mean", "median": "median", "min": "least"},
            "last": {
                "drop": "A window that runs past the end is left out.",
                "short": "A window that runs past the end counts with the places that it has.",
                "pad": "A window that runs past the end counts with a depth of 0 for each place that it lacks.",
            },
            "scale": {
                "none": "The values are depths.",
                "mean": "Each value is then divided by the mean of the whole profile; when that is 0, all values are "
                "0.0.",
            },
        },
        edges=(
            ([], 3, 1),
            ([4, 5], 3, 1),
            ([1, 2, 3, 4, 5, 6, 7], 3, 3),
            ([0, 0, 0, 0], 2, 2),
            ([1, 2], 0, 1),
            ([1, 2], 1, 0),
        ),
        draw=_windows,
    ),
    Function(
        depth_peaks,
        says="""The peaks of `profile` (the depth of each place), from left to right, as rows [start, end, summit,
        height]. {bound} Regions are as long as possible. {gap} Height is the greatest depth of the region. {summit} A
        `high` below `low` raises a ValueError.""",
        options={
            "bound": {
                "least": "A peak is a region [start, end) of depths of at least `low`, one of which is at least "
                "`high`.",
                "above": "A peak is a region [start, end) of depths greater than `low`, one of which is greater than "
                "`high`.",
            },
            "gap": {
                0: "Two regions are never joined, however near they are.",
                2: "Before it is asked how high they are, regions with at most 2 places between them are joined, and "
                "the places between "
                "belong to the region then.",
            },
            "summit": {
                "first": "The summit is the first place with that depth.",
                "last": "The summit is the last place with that depth, wherever in the region that is.",
                "middle": "The summit is the middle one of all the region's places with that depth, the left one of "
                "the two in the middle when "
                "their number is even.",
            },
        },
        edges=(
            ([], 1, 2),
            ([3, 3, 0, 3, 5, 5, 5, 0, 0, 0, 4], 3, 5),
            ([3, 4, 1, 1, 6, 2, 6, 6, 6], 2, 5),
            ([2, 2, 2], 2, 2),
            ([5, 5], 6, 5),
            ([7, 0, 7, 0, 0, 7, 7, 7, 0, 0, 0, 6, 6], 4, 6),
        ),
        draw=_bounds,
    ),
)
