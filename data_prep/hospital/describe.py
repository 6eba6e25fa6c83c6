"""What a hospital looks like in numbers: its people, their stays, their illnesses, and what follows from these.

Every number is counted from the one patient model, so the generated hospital and one read from elsewhere compare.

    python -m data_prep.hospital.describe OUT_FOLDER [--patients 1200] [--seed 0] [--fhir PATH]
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from data_prep.hospital import catalog
from data_prep.hospital.fhir import from_fhir
from data_prep.hospital.generate import generate
from data_prep.hospital.links import Given, Incidence, Pair, Share, Shift, drugs, labs, normal_range, pairs
from data_prep.hospital.model import NOW, Admission, Hospital
from galen.errors import UserError

LEAST, LEAST_SHARE = 3, 0.005  # stays that must have what is shown: the larger of a number and a share of all
SHOWN = 12
ADULT, HEIGHTS = 21, (catalog.HEIGHT, "body height")
AGE, STAYS, LENGTH, ICU_LENGTH = "age at admission, years", "stays a patient", "length of stay, days", "ICU stay, days"
ILL, COST, REPEATS = "diagnoses a stay", "cost of a stay, dollars", "values of one lab in a stay that has it"


@dataclass(frozen=True)
class Description:
    """`shares` and `samples` (one number a person, stay or lab) by what they are; `events` are rows a stay by table.

    `diagnoses` are the most frequent, by their share of stays; `drugs` follow the most frequent diagnoses; `pairs` and
    `labs` start with the strongest.
    """

    source: str
    patients: int
    stays: int
    shares: dict[str, Share]
    samples: dict[str, np.ndarray]
    events: dict[str, np.ndarray]
    diagnoses: dict[str, Share]
    pairs: tuple[Pair, ...]
    drugs: tuple[Given, ...]
    labs: tuple[Shift, ...]


def describe(hospital: Hospital) -> Description:
    """Count a hospital of at least one stay."""
    stays = [a for p in hospital.patients for a in p.admissions]
    least = max(LEAST, round(LEAST_SHARE * len(stays)))
    frequent = Counter(title for a in stays for title in {d.title for d in a.diagnoses})
    ill = Incidence(stays, [title for title, n in sorted(frequent.items(), key=lambda x: (-x[1], x[0])) if n >= least])
    events = {
        "diagnoses": [len(a.diagnoses) for a in stays], "procedures": [len(a.procedures) for a in stays],
        "drugs": [len(a.drugs) for a in stays], "labs": [len(a.labs) for a in stays],
        "cultures": [len(a.cultures) for a in stays], "transfers": [len(a.transfers) for a in stays],
        "vitals": [sum(len(s.vitals) for s in a.icu) for a in stays],
        "fluids": [sum(len(s.inputs) + len(s.outputs) for s in a.icu) for a in stays],
    }  # fmt: skip
    return Description(
        hospital.source, len(hospital.patients), len(stays), _shares(hospital), _samples(hospital),
        {table: np.array(rows) for table, rows in events.items()},
        {title: Share(int(ill.rows[i].sum()), len(stays)) for i, title in enumerate(ill.titles[:SHOWN])},
        tuple(pairs(ill, least)[:SHOWN]), tuple(drugs(stays, ill, least))[:SHOWN], tuple(labs(stays, ill, least)[:SHOWN]),
    )  # fmt: skip


def _share(flags: Iterable[bool]) -> Share:
    counted = list(flags)
    return Share(sum(counted), len(counted))


def _shares(hospital: Hospital) -> dict[str, Share]:
    people = hospital.patients
    stays = [(p, a) for p in people for a in p.admissions]
    icu = [s for _, a in stays for s in a.icu]
    measured = [(m, normal_range(m.item)) for _, a in stays for m in a.labs]
    ranged = [(m.value, normal) for m, normal in measured if m.value is not None and normal]
    gaps = [b.start - a.end for p in people for a, b in zip(p.admissions, p.admissions[1:], strict=False) if a.end]
    return {
        "women": _share(p.sex == "f" for p in people),
        "emergencies": _share(a.kind == "emergency" for _, a in stays),
        "stays with intensive care": _share(bool(a.icu) for _, a in stays),
        "stays with two intensive-care stays or more": _share(len(a.icu) > 1 for _, a in stays),
        "stays still open": _share(a.end is None for _, a in stays),
        "deaths in a stay": _share(p.death is not None and a.start <= p.death <= (a.end or NOW) for p, a in stays),
        "people who die after their last stay": Share(
            sum(p.death > p.admissions[-1].end for p in people if p.death and p.admissions[-1].end), len(people)
        ),
        "stays that begin after death": _share(p.death is not None and a.start > p.death for p, a in stays),
        "next stay within 30 days": _share(gap <= timedelta(days=30) for gap in gaps),
        "stays with a diagnosis listed twice": _share(
            len({d.code for d in a.diagnoses}) < len(a.diagnoses) for _, a in stays
        ),
        "ICU stays still open": _share(s.end is None for s in icu),
        "lab values missing": _share(m.value is None for m, _ in measured),
        "lab values outside the usual range": _share(not low <= v <= high for v, (low, high) in ranged),
        "labs taken again in the stay": _share(n > 1 for n in _repeats(hospital)),
        "lab values of the same minute as another": _share(n > 1 for _, a in stays for n in _drawn_together(a)),
        "cultures with growth": _share(c.organism is not None for _, a in stays for c in a.cultures),
        "stays of unknown language": _share(a.language is None for _, a in stays),
        "stays of unknown marital status": _share(a.marital is None for _, a in stays),
    }  # fmt: skip


def _days(start, end) -> float:
    return (end - start).total_seconds() / 86400


def _samples(hospital: Hospital) -> dict[str, np.ndarray]:
    stays = [a for p in hospital.patients for a in p.admissions]
    priced = [(*a.diagnoses, *a.procedures, *a.labs, *a.drugs) for a in stays]
    return {
        AGE: np.array([a.age for a in stays]),
        STAYS: np.array([len(p.admissions) for p in hospital.patients]),
        LENGTH: np.array([_days(a.start, a.end) for a in stays if a.end]),
        ICU_LENGTH: np.array([_days(s.start, s.end) for a in stays for s in a.icu if s.end]),
        ILL: np.array([len(a.diagnoses) for a in stays]),
        COST: np.array([sum(x.cost for x in things) for things in priced]),
        REPEATS: np.array(_repeats(hospital)),
        "lab values a day of a stay": np.array([len(a.labs) / _days(a.start, a.end) for a in stays if a.end]),
        "times with bedside values a day of an ICU stay": np.array(
            [len({m.time for m in s.vitals}) / _days(s.start, s.end) for a in stays for s in a.icu if s.end]
        ),
        "heights of one adult, largest difference in cm": np.array(_height_ranges(hospital)),
    }  # fmt: skip


def _repeats(hospital: Hospital) -> list[int]:
    return [n for p in hospital.patients for a in p.admissions for n in Counter(m.item for m in a.labs).values()]


def _drawn_together(a: Admission) -> list[int]:
    """For each lab value, how many are of its minute."""
    at = Counter(m.time.replace(second=0) for m in a.labs)
    return [at[m.time.replace(second=0)] for m in a.labs]


def _height_ranges(hospital: Hospital) -> list[float]:
    measured = [
        [
            m.value
            for a in p.admissions
            if a.age >= ADULT
            for s in a.icu
            for m in s.vitals
            if m.item in HEIGHTS and m.value
        ]
        for p in hospital.patients
    ]
    return [max(values) - min(values) for values in measured if len(values) > 1]


def main(
    out: Annotated[Path, typer.Argument(help="The folder to write to.")],
    patients: Annotated[int, typer.Option(min=1, help="Patients to generate.")] = 1200,
    seed: Annotated[int, typer.Option(help="Seed of the generated hospital.")] = 0,
    fhir: Annotated[Path | None, typer.Option(help="FHIR R4 bundles to compare with: a zip or a folder.")] = None,
) -> None:
    """Write hospital-stays.svg, hospital-illnesses.svg and hospital-tables.md; print the tables."""
    from data_prep.hospital import plots, tables

    try:
        others = [from_fhir(fhir)] if fhir else []
    except UserError as error:
        raise SystemExit(str(error)) from None
    described = [describe(hospital) for hospital in (generate(patients, seed), *others)]
    out.mkdir(parents=True, exist_ok=True)
    plots.stays(described, out / "hospital-stays.svg")
    plots.illnesses(described, out / "hospital-illnesses.svg")
    text = tables.markdown(described)
    (out / "hospital-tables.md").write_text(text)
    typer.echo(text)


if __name__ == "__main__":
    typer.run(main)
