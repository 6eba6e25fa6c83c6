"""Frames of the generated hospital: its stays, with courses and values of a random stream of their own."""

from __future__ import annotations

import numpy as np
import pandas as pd

from data_prep.hospital.generate import generate as hospital
from data_prep.hospital.model import Hospital
from data_prep.mimic_extract.bedside import measured
from data_prep.mimic_extract.courses import course
from data_prep.mimic_extract.frames import Frames, hour_index, wide
from data_prep.mimic_extract.stays import of_hospital
from galen.types import Privacy

STREAM = 7401  # apart from those of the hospital


def generate(patients: int, seed: int) -> Frames:
    """The frames of the generated hospital of `patients` people; the same numbers give the same frames.

    Its first people are those of a smaller one, so that they are also in the other families' hospital.
    """
    return frames_of(hospital(patients, seed), seed)


def frames_of(people: Hospital, seed: int) -> Frames:
    """The frames of the hospital `people`; the same people and seed give the same frames."""
    statics, traits = of_hospital(people)
    rng = np.random.default_rng([seed, STREAM])
    seen = course(rng, statics, traits)
    index = hour_index(statics)
    hourly = wide(
        index, {name: tuple(x.astype("float32") for x in found) for name, found in measured(rng, traits, seen).items()}
    )
    interventions = pd.DataFrame({"vent": seen.vent.astype("int8"), "vaso": seen.vaso.astype("int8")}, index=index)
    return Frames(statics, hourly, interventions, people.source, Privacy.SYNTHETIC)
