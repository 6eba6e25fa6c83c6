"""When a patient was ventilated or had a vasopressor, from charted events, by hour.

The items and rules are those of the mimic-code concepts that MIMIC-Extract reads (ventilation_classification and
ventilation_durations, vasopressor_durations; Johnson et al. 2018, https://doi.org/10.1093/jamia/ocx084).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from data_prep.mimic_extract.cohort import HOUR
from data_prep.mimic_extract.frames import INTERVENTIONS, hour_index

SETTINGS = frozenset((  # whatever value they have, a ventilator is at work
    223849, 445, 448, 449, 450, 1340, 1486, 1600, 224687, 639, 654, 681, 682, 683, 684, 224685, 224684, 224686, 218, 436, 535,
    444, 224697, 224695, 224696, 224746, 224747, 221, 1, 1211, 1655, 2000, 226873, 224738, 224419, 224750, 227187, 543, 5865,
    5866, 224707, 224709, 224705, 224706, 60, 437, 505, 506, 686, 220339, 224700, 3459, 501, 502, 503, 224702, 223, 667, 668,
    669, 670, 671, 672, 224701,
))  # fmt: skip
VENTILATOR_TYPES = {720: "other/remarks", 223848: "other"}  # at work unless they say this
DEVICES = frozenset((467, 226732))
OXYGEN = frozenset((  # devices that a patient breathes by alone
    "nasal cannula", "cannula", "face tent", "aerosol-cool", "trach mask", "high flow neb", "hi flow neb", "non-rebreather",
    "venti mask", "medium conc mask", "t-piece", "high flow nasal cannula", "ultrasonic neb", "vapomist", "vapotherm", "hood",
    "hut", "transtrachealcat", "heated neb",
))  # fmt: skip
EXTUBATED, EXTUBATIONS = 640, frozenset((227194, 225468, 225477))  # charted; procedures of MetaVision
CHARTED = SETTINGS | VENTILATOR_TYPES.keys() | DEVICES | {EXTUBATED}
PRESSORS_CV = frozenset((30047, 30120, 30044, 30119, 30309, 30127, 30128, 30051, 30043, 30307, 30042, 30306, 30125))
PRESSORS_MV = frozenset((221906, 221289, 221749, 222315, 221662, 221653, 221986))
GAP = 8 * HOUR  # without a setting: another episode

Interval = tuple[int, pd.Timestamp, pd.Timestamp]
"""Stay, start, end."""


def signs(charted: pd.DataFrame) -> pd.DataFrame:
    """What charted rows (icustay_id, charttime, itemid, value) say: `vent`, `oxygen` and `out`, as booleans."""
    said = charted["value"].fillna("").str.strip().str.lower()
    item = pd.Series(charted["itemid"])
    vent = item.isin(SETTINGS) | ((item == 467) & (said == "ventilator"))
    for type_, other in VENTILATOR_TYPES.items():
        vent |= (item == type_) & (said != other)
    return pd.DataFrame({
        "icustay_id": charted["icustay_id"], "time": charted["charttime"], "vent": vent & (said != ""),
        "oxygen": item.isin(DEVICES) & said.isin(OXYGEN),
        "out": (item == EXTUBATED) & said.isin(("extubated", "self extubation")),
    })  # fmt: skip


def ventilated(found: pd.DataFrame) -> Iterator[Interval]:
    """Episodes of `signs`: from the first to the last sign, or to the extubation. Oxygen or eight hours without end one."""
    moments = found.groupby(["icustay_id", "time"])[["vent", "oxygen", "out"]].any()
    stays: Any = moments.groupby(level=0)  # its keys are whole numbers
    for stay, rows in stays:
        start: Any = None
        end: Any = None
        for (_, time), vent, oxygen, out in rows.itertuples(name=None):
            if start is not None and ((vent and time - end > GAP) or (oxygen and not vent)):
                yield stay, start, end
                start = None
            if vent or (out and start is not None):
                start, end = (time if start is None else start), time
            if out and start is not None:
                yield stay, start, end
                start = None
        if start is not None:
            yield stay, start, end


def pressors_cv(rows: pd.DataFrame) -> Iterator[Interval]:
    """CareVue's drips (icustay_id, itemid, charttime, rate, stopped): from a rate above 0 until 0, stopped, or the last row.

    A row without a rate goes on with the one before.
    """
    ordered = rows.sort_values("charttime", kind="stable")
    drips: Any = ordered.groupby(["icustay_id", "itemid"])  # its keys are pairs
    for (stay, _), drip in drips:
        rate = drip["rate"].ffill().fillna(0)
        said = drip["stopped"].fillna("").str.lower()
        off = said.eq("stopped") | said.str.startswith("d/c") | (rate == 0)
        start: Any = None
        last: Any = None
        for time, ended in zip(drip["charttime"], off, strict=True):
            last = time
            if start is None and not ended:
                start = time
            elif start is not None and ended:
                yield stay, start, time
                start = None
        if start is not None:
            yield stay, start, last


def hours_of(intervals: dict[str, list[Interval]], statics: pd.DataFrame) -> pd.DataFrame:
    """The interventions of the stays of `statics` (with `intime` and `outtime`), 1 in each hour that an interval touches.

    As MIMIC-Extract does, intervals that begin or end outside of the stay, or last no time, are passed over.
    """
    index = hour_index(statics)
    first = dict(
        zip(statics.index.get_level_values("icustay_id"), np.cumsum([0, *statics["max_hours"][:-1] + 1]), strict=True)
    )
    times = statics.reset_index().set_index("icustay_id").loc[:, ["intime", "outtime"]].to_dict("index")
    made = {}
    for name in INTERVENTIONS:
        on = np.zeros(len(index), "int8")
        for stay, start, end in intervals[name]:
            known = times.get(stay)
            if known and known["intime"] <= start < end <= known["outtime"]:
                a, b = (int((time - known["intime"]) / HOUR) for time in (start, end))
                on[first[stay] + a : first[stay] + b + 1] = 1
        made[name] = on
    return pd.DataFrame(made, index=index)
