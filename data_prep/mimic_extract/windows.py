"""What is asked of a stay: an outcome, from its first hours; or what is done next, from six hours anywhere in it.

Source: Wang et al. 2020, section 4. Outcomes: the first `window` hours of stays longer than `window` and `gap`. Next: six
hours of history, a gap of six, and four hours in which an intervention goes on, begins, ends or stays away.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from data_prep.mimic_extract.frames import Frames

OUTCOMES = {"mort_icu": "mort_icu", "mort_hosp": "mort_hosp", "los_3": 3, "los_7": 7}
NEXT = {"vasopressor": "vaso", "ventilation": "vent"}
CLASSES = ("control", "on", "onset", "wean")
HISTORY, GAP, AHEAD = 6, 6, 4  # hours, of what is done next
STEP, MOST = 3, 3  # hours between the windows of one stay, and how many of them


def outcomes(frames: Frames, task: str, window: int, gap: int) -> pd.Series:
    """The label (0/1) of each stay that is still in the unit `gap` hours after its first `window` hours."""
    stays = frames.statics[frames.statics["max_hours"] > window + gap]
    asked = OUTCOMES[task]
    return pd.Series(stays[asked] if isinstance(asked, str) else (stays["los_icu"] > asked).astype(int))


def windows(frames: Frames, task: str, rng: np.random.Generator) -> pd.DataFrame:
    """`first` (the first hour), `label` (of `CLASSES`) by stay ids and window_idx: up to `MOST` windows a stay.

    The windows of one stay begin within `STEP * (MOST - 1)` hours, so that none of them shows what another one asks. A
    window is passed over if the intervention changes within its gap. `onset` and `wean`: it is off (on) in the gap, and is
    not in some hour of the four; MIMIC-Extract does not count a change in the first of them.
    """
    assert STEP * (MOST - 1) <= GAP
    assert frames.interventions is not None
    state = frames.interventions[NEXT[task]].to_numpy()
    ends = np.cumsum(frames.statics["max_hours"].to_numpy() + 1)
    rows = []
    for ids, end, hours in zip(frames.statics.index, ends, frames.statics["max_hours"], strict=True):
        # The last hour, which only has begun, is not asked about.
        last = hours - (HISTORY + GAP + AHEAD)
        if last < 0:
            continue
        on = state[end - hours - 1 : end]
        begin = int(rng.integers(0, max(last - STEP * (MOST - 1), 0) + 1))
        for i, first in enumerate(range(begin, min(begin + STEP * MOST, last + 1), STEP)):
            if (label := _class(on[first + HISTORY :])) is not None:
                rows.append((*ids, i, first, label))
    found = pd.DataFrame(rows, columns=["subject_id", "hadm_id", "icustay_id", "window_idx", "first", "label"])
    return found.set_index(["subject_id", "hadm_id", "icustay_id", "window_idx"])


def _class(on: np.ndarray) -> int | None:
    """The class of hours that begin with the gap; None where the gap has a change."""
    gap, ahead = on[:GAP], on[GAP : GAP + AHEAD]
    if gap.min() != gap.max():
        return None
    if (ahead == gap[0]).all():
        return CLASSES.index("on" if gap[0] else "control")
    return CLASSES.index("wean" if gap[0] else "onset")
