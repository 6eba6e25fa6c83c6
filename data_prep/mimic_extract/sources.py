"""Where the frames come from: MIMIC-Extract's own file, raw MIMIC-III, or the generated hospital."""

from __future__ import annotations

from pathlib import Path

from data_prep.mimic_extract import h5, raw
from data_prep.mimic_extract.frames import Frames
from data_prep.mimic_extract.generate import generate


def frames(mimic: Path | None, file: Path | None, patients: int, seed: int) -> Frames:
    """The frames of `patients` people: of MIMIC-Extract's `file` if it is given, else of the PhysioNet folder `mimic`."""
    if file:
        return h5.load(file, patients, seed)
    return raw.load(mimic, patients, seed) if mimic else generate(patients, seed)
