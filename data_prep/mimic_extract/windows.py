"""What is asked of a stay: an outcome, from its first hours; or what is done next, from six hours anywhere in it.

Source: Wang et al. 2020, section 4. Outcomes: the first `window` hours of stays longer than `window` and `gap`. Next: six
hours of history, a gap of six, and four hours in which an intervention goes on, begins, ends or stays away.
"""

# pyright: basic, reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false

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
    return stays[asked] if isinstance(asked, str) else (stays["los_icu"] > asked).astype(int)


def windows(frames: Frames, task: str, rng: np.random.Generator) -> pd.DataFrame:
    """`first` (the first hour), `label` (of `CLASSES`) by stay ids and window_idx: up to `MOST` windows a stay.

    The windows of one stay begin within `STEP * (MOST - 1)` hours, so that none of them shows what another one asks. A
    window is passed over if the intervention changes within its gap. `onset` and `wean`: it is off (on) in the gap, and is
    not in some hour of the four; MIMIC-Extract does not count a change in the first of them.
    """
    assert STEP * (MOST - 1) <= GAP
    state = frames.interventions[NEXT[task]]
    rows = []
    for ids, values in state.groupby(level=["subject_id", "hadm_id", "icustay_id"], sort=False):
        on = values.to_numpy()
        last = len(on) - 1 - (HISTORY + GAP + AHEAD)  # the hour that has only begun is not asked about
        if last < 0:
            continue
        begin = int(rng.integers(0, max(last - STEP * (MOST - 1), 0) + 1))
        for i, first in enumerate(range(begin, min(begin + STEP * MOST, last + 1), STEP)):
            gap = on[first + HISTORY : first + HISTORY + GAP]
            ahead = on[first + HISTORY + GAP : first + HISTORY + GAP + AHEAD]
            if gap.min() == gap.max():
                changes = bool((ahead != gap[-1]).any())
                rows.append((*ids, i, first, CLASSES.index(("wean" if changes else "on") if gap[-1] else ("onset" if changes else "control"))))
    found = pd.DataFrame(rows, columns=["subject_id", "hadm_id", "icustay_id", "window_idx", "first", "label"])
    return found.set_index(["subject_id", "hadm_id", "icustay_id", "window_idx"])
