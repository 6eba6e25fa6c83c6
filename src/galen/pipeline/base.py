"""The tiny base: a hospital of its own, unlabelled text, a tokenizer, and pre-training. `galen pretrain` runs it."""

from __future__ import annotations

import hashlib
import itertools
import json
import tempfile
from pathlib import Path

from data_prep import corpus, ehrsql, medcalc
from data_prep.hospital.generate import generate
from data_prep.mimic_iii.view import write_sqlite
from galen.report import manifest
from galen.train.pretrain import PretrainSettings, pretrain
from galen.train.tiny import new_model, train_tokenizer

PATIENTS = 3000
TEXTS = 3000
HOSPITAL_SEED = 1_000_000  # never the seed of a task folder: the base has not seen the tasks' patients


def make_base(out: Path, settings: PretrainSettings) -> float:
    """Make the tiny base in `out`; returns its last loss in nats a token. The same command goes on if interrupted."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        database = Path(scratch) / "hospital.sqlite"
        write_sqlite(generate(PATIENTS, HOSPITAL_SEED + settings.seed), database)
        pairs = itertools.chain(
            ehrsql.build(database, TEXTS, 0, 0, HOSPITAL_SEED), medcalc.build(TEXTS, 0, 0, HOSPITAL_SEED)
        )
        tasks = [task for task, _ in pairs]
        if not (out / "config.json").exists():
            sample = list(itertools.islice(corpus.documents(database, tasks, settings.seed + 1), 8000))
            train_tokenizer(sample, out)
            new_model(out, seed=settings.seed)
        loss = pretrain(out, corpus.documents(database, tasks, settings.seed), settings)
    made = {
        "commit": manifest.commit(), "patients": PATIENTS, "texts": TEXTS, "hospital_seed": HOSPITAL_SEED + settings.seed,
        "loss": loss, "settings": settings.model_dump(),
        "sha256": {n: hashlib.sha256((out / n).read_bytes()).hexdigest() for n in ("model.safetensors", "tokenizer.json")},
    }  # fmt: skip
    (out / "manifest.json").write_text(json.dumps(made, indent=1) + "\n")
    return loss
