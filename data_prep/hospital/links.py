"""What comes together in a hospital's stays: diagnoses with each other, drugs and lab values with diagnoses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from data_prep.hospital import catalog
from data_prep.hospital.model import Admission

# Synthea's names of labs whose usual ranges and units are the catalog's (mmol/l of sodium, potassium … is meq/l)
SAME_LAB = {
    "leukocytes [#/volume] in blood by automated count": "white blood cells",
    "hemoglobin [mass/volume] in blood": "hemoglobin",
    "hematocrit [volume fraction] of blood by automated count": "hematocrit",
    "platelets [#/volume] in blood by automated count": "platelet count",
    "total cholesterol": "cholesterol",
    "hemoglobin a1c/hemoglobin.total in blood": "hemoglobin a1c",
    "carbon dioxide": "bicarbonate",
}


@dataclass(frozen=True)
class Share:
    """`part` of `whole`; not a number where `whole` is 0."""

    part: int
    whole: int

    def __float__(self) -> float:
        return self.part / self.whole if self.whole else float("nan")

    def __str__(self) -> str:
        return f"{float(self):.1%} ({self.part:,} of {self.whole:,})" if self.whole else "none"


@dataclass(frozen=True)
class Pair:
    """Two diagnoses in `together` stays, `lift` times as many as if they were independent."""

    first: str
    second: str
    together: int
    lift: float


@dataclass(frozen=True)
class Given:
    """The drug whose share of stays rises most with a diagnosis: its share with it and without it."""

    diagnosis: str
    drug: str
    present: Share
    absent: Share


@dataclass(frozen=True)
class Shift:
    """A lab and the diagnosis that moves its median most, counted in interquartile ranges of the other stays' values.

    `present` and `absent` are the quartiles of its values with and without the diagnosis; `normal` the usual range.
    """

    lab: str
    unit: str
    diagnosis: str
    normal: tuple[float, float]
    present: tuple[float, float, float]
    absent: tuple[float, float, float]


class Incidence:
    """Which stay has which diagnosis: `rows` is bool, diagnoses × stays."""

    def __init__(self, stays: list[Admission], titles: list[str]) -> None:
        self.titles = titles
        have = [{d.title for d in a.diagnoses} for a in stays]
        self.rows = np.array([[title in titles for titles in have] for title in titles], bool).reshape(-1, len(stays))


def normal_range(lab: str) -> tuple[float, float] | None:
    """The usual adult range of a lab by either source's name; None where the catalog has none."""
    known = catalog.LABS.get(SAME_LAB.get(lab, lab))
    return known and known[:2]


def pairs(ill: Incidence, least: int) -> list[Pair]:
    """All pairs of at least `least` stays, the highest lift first."""
    counts = ill.rows.sum(axis=1)
    together = ill.rows.astype(int) @ ill.rows.T.astype(int)
    found = [
        Pair(a, b, int(together[i, j]), float(together[i, j] * ill.rows.shape[1] / (counts[i] * counts[j])))
        for i, a in enumerate(ill.titles)
        for j, b in enumerate(ill.titles[:i])
        if together[i, j] >= least
    ]
    return sorted(found, key=lambda pair: (-pair.lift, pair.first, pair.second))


def drugs(stays: list[Admission], ill: Incidence, least: int) -> Iterator[Given]:
    """For each diagnosis, in its order, the drug that rises most; none if fewer than `least` stays have both."""
    names = sorted({d.name for a in stays for d in a.drugs})
    given = [{d.name for d in a.drugs} for a in stays]
    rows = np.array([[name in those for those in given] for name in names], bool).reshape(-1, len(stays))
    for title, has in zip(ill.titles, ill.rows, strict=True):
        present, absent = rows[:, has].sum(axis=1), rows[:, ~has].sum(axis=1)
        with_, without = int(has.sum()), int((~has).sum())
        rise = present / with_ - absent / max(without, 1)
        best = int(np.argmax(np.where(present >= least, rise, -1))) if names else 0
        if names and present[best] >= least:
            yield Given(title, names[best], Share(int(present[best]), with_), Share(int(absent[best]), without))


def labs(stays: list[Admission], ill: Incidence, least: int) -> list[Shift]:
    """For each lab with a usual range its strongest shift, the largest first; both sides have `least` values or more."""
    units = {m.item: m.unit for a in stays for m in a.labs}
    found = []
    for lab in sorted(units):
        normal = normal_range(lab)
        taken = [(i, m.value) for i, a in enumerate(stays) for m in a.labs if m.item == lab and m.value is not None]
        at, values = np.array([i for i, _ in taken], int), np.array([v for _, v in taken])
        if normal:
            found += _strongest(Shift(lab, units[lab], "", normal, (0, 0, 0), (0, 0, 0)), at, values, ill, least)
    return [shift for _, shift in sorted(found, key=lambda x: (-x[0], x[1].lab))]


def _strongest(
    blank: Shift, at: np.ndarray, values: np.ndarray, ill: Incidence, least: int
) -> list[tuple[float, Shift]]:
    """The diagnosis that shifts `values`, measured in stays `at`, most, and by how much; none with too few of them."""
    found = []
    for title, has in zip(ill.titles, ill.rows, strict=True):
        present, absent = values[has[at]], values[~has[at]]
        if min(len(present), len(absent)) >= least:
            a, b = _quartiles(present), _quartiles(absent)
            strength = abs(a[1] - b[1]) / max(b[2] - b[0], 1e-9)
            found.append((strength, replace(blank, diagnosis=title, present=a, absent=b)))
    return sorted(found, key=lambda x: (-x[0], x[1].diagnosis))[:1]


def _quartiles(values: np.ndarray) -> tuple[float, float, float]:
    low, middle, high = np.quantile(values, (0.25, 0.5, 0.75))
    return float(low), float(middle), float(high)
