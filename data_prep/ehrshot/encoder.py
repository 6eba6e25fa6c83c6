"""Generated visit embeddings: a stand-in for EHRSHOT's CLMBR vectors, 320 numbers a prediction.

What a pretrained encoder keeps of a record is here known: the values that it shows, and, each with noise, the log-odds of
the generated outcomes, in which values count together. Both, and as many dimensions of noise alone, are mixed by a random
rotation, so that no column means anything by itself.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from data_prep.ehrshot import concepts as c
from data_prep.ehrshot import mechanism as m
from data_prep.ehrshot.omop import Cdm
from data_prep.ehrshot.records import features

WIDTH = 320
NOISE = 0.3  # of each log-odds, in SDs: an encoder has not seen the outcomes
SEED = 20  # of the rotation: one encoder for every folder


def embed(cdm: Cdm, keys: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """float32, one row a row of `keys`."""
    known = {
        name: getattr(cdm, name)
        for name in ("person", "visit_occurrence", "measurement", "condition_occurrence", "drug_exposure")
    }
    shown = features(known, keys)
    odds = np.array([_odds(row) for row in shown.to_dict("records")])
    odds = _standard(odds) + NOISE * rng.standard_normal(odds.shape)
    values = _standard(shown[[f"last {x[4][0]}" for x in c.MEASURED.values()]].to_numpy())
    parts = np.hstack([_standard(odds), values])
    whole = np.hstack([parts, rng.standard_normal((len(parts), WIDTH - parts.shape[1]))])
    rotation = np.linalg.qr(np.random.default_rng(SEED).standard_normal((WIDTH, WIDTH)))[0]
    return (whole @ rotation).astype(np.float32)


def _standard(x: np.ndarray) -> np.ndarray:
    return np.nan_to_num((x - np.nanmean(x, 0)) / (np.nanstd(x, 0) + 1e-9)).clip(-4, 4)


def _odds(row: dict[str, float]) -> list[float]:
    k = m.Known(row["age"], bool(row["female"]), stays=int(row["stays"]))
    k.values = {
        name: row[f"last {x[4][0]}"]
        for name, x in c.MEASURED.items()
        if row[f"last {x[4][0]}"] == row[f"last {x[4][0]}"]
    }
    k.illnesses = {n for n, x in c.CHRONIC.items() if row.get(f"ever {x[0]}")} | {
        n for n, x in c.SYMPTOMS.items() if row.get(f"now {x[0]}")
    }
    k.drugs = {n for n, x in c.DRUGS.items() if row.get(f"now {x[0]}")}
    odds = [m.long_stay(k), m.intensive(k), m.readmission(k), *m.new_diagnoses(k).values(), *m.findings(k).values()]
    return odds + [m.next_value(k, lab) for lab in c.TARGETS]
