"""The hidden course of a generated stay, hour by hour: severity, the organs that fail with it, and what is done.

The hospital says who is ill with what, how long a stay lasts and how it ends; the course is drawn to fit. Severity falls
to nothing until the discharge of a survivor, and rises until the death of the others, from a level that age and the end
weigh on, with smooth noise of some hours' length. It strikes the organs of the patient's diagnoses in full and the
others in part; each organ wanders on its own too. A vasopressor is given while the circulation fails, a ventilator while
lungs or brain do. Both begin above one level and end below a lower one, hours after the organ has reached it, so that what
was measured says what will be done.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter1d

from data_prep.mimic_extract.frames import HOURS
from data_prep.mimic_extract.stays import ORGANS, Traits

LASTS, NOISE = 6.0, 0.20  # hours, and deviation, of severity's noise
ORGAN_LASTS, ORGAN_NOISE = 6.0, 0.55
PART = (0.35, 0.75)  # of severity, in organs that no diagnosis names
BEGINS, ENDS = 1.3, 0.95  # the level of a failing organ at which an intervention begins, and ends
LATE = 7  # hours after the organ: failure shows before it is treated, and recovery before treatment ends
RECOVERY = 5.0  # hours on a ventilator after an operation, on average


@dataclass(frozen=True)
class Course:
    """One row for each hour of each stay, as in the frames: the stay's number, the hour, how far each organ fails (about 0
    to 3; rows by organs), and whether a vasopressor and a ventilator are on.
    """

    stay: np.ndarray
    hour: np.ndarray
    organs: np.ndarray
    vaso: np.ndarray
    vent: np.ndarray


def course(rng: np.random.Generator, statics: pd.DataFrame, traits: Traits) -> Course:
    """The courses of the stays of `statics`."""
    n = len(statics)
    severity = _level(rng, statics, traits)[:, :, None] + _wandering(rng, (n, 1), LASTS, NOISE)
    weight = np.where(traits.struck > 0, 1.0, rng.uniform(*PART, (n, len(ORGANS))))
    organs = severity * weight[:, None, :] + _wandering(rng, (n, len(ORGANS)), ORGAN_LASTS, ORGAN_NOISE)
    circulation, lungs, brain = (organs[:, :, ORGANS.index(name)] for name in ("circulation", "lungs", "brain"))
    held = np.where(traits.operated & (rng.random(n) < 0.6), rng.exponential(RECOVERY, n) + 2, 0.0)
    vent = _hysteresis(np.maximum(lungs, 0.85 * brain)) | (np.arange(HOURS)[None, :] < held[:, None])
    stay, hour = np.nonzero(np.arange(HOURS)[None, :] <= statics["max_hours"].to_numpy()[:, None])
    return Course(stay, hour, organs[stay, hour], _hysteresis(circulation)[stay, hour], vent[stay, hour])


def _level(rng: np.random.Generator, statics: pd.DataFrame, traits: Traits) -> np.ndarray:
    """Severity without noise, (n, hours)."""
    hours = np.arange(HOURS)[None, :]
    lasts = np.maximum(statics["los_icu"].to_numpy() * 24, 1.0)[:, None]
    age = (statics["age"].to_numpy()[:, None] - 63) / 15
    dies = np.isfinite(traits.death)[:, None]
    start = (
        0.9 + 0.12 * age + 0.7 * np.log(lasts / 48) * ~dies + 0.65 * dies + 0.25 * rng.normal(size=(len(statics), 1))
    )
    share = np.where(dies, hours / np.maximum(np.where(dies, traits.death[:, None], 1.0), 1.0), hours / lasts)
    falls = start * np.clip(1 - share, 0, None) ** 0.8
    rises = start + 1.5 * np.clip(share, 0, 1) ** 0.7
    return np.where(dies, rises, falls)


def _wandering(rng: np.random.Generator, shape: tuple[int, int], lasts: float, deviation: float) -> np.ndarray:
    """Smooth noise, (n, hours, k) for `shape` (n, k): white noise under a Gaussian of `lasts` hours."""
    edge = int(4 * lasts)
    white = rng.normal(size=(shape[0], HOURS + 2 * edge, shape[1]))
    smooth = gaussian_filter1d(white, lasts, axis=1)[:, edge : edge + HOURS]
    return deviation * smooth * np.sqrt(2 * lasts * np.sqrt(np.pi))


def _hysteresis(level: np.ndarray) -> np.ndarray:
    """On from `BEGINS` until below `ENDS`, each `LATE` hours after the level is there."""
    on = np.zeros(level.shape, bool)
    for hour in range(LATE, level.shape[1]):
        seen = level[:, hour - LATE]
        on[:, hour] = (seen > BEGINS) | (on[:, hour - 1] & (seen > ENDS))
    return on
