"""A MedCalc-Bench row's `Relevant Entities`, in the units of our calculators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

MOLAR = {  # g/mol of what our calculators take in mg/dL
    "creatinine": 113.12, "pre-operative creatinine": 113.12, "urine creatinine": 113.12, "glucose": 180.16,
    "bilirubin": 584.66, "calcium": 40.08, "total cholesterol": 386.65, "triglycerides": 885.7,
    "high-density lipoprotein cholesterol": 386.65, "blood urea nitrogen (bun)": 28.014,
}  # fmt: skip
MASS = {"mg/dl": 1.0, "g/dl": 1000.0, "mg/l": 0.1, "g/l": 100.0, "µg/dl": 0.001, "mg/ml": 100.0}
MOLES = {"mol/l": 100.0, "mmol/l": 0.1, "µmol/l": 1e-4, "nmol/l": 1e-7}  # times g/mol is mg/dL
GRAMS = {"albumin", "hemoglobin"}  # in g/dL
CELLS = {"platelet count", "white blood cell count"}  # in 10^3/µL
COUNTS = {
    "µl": 1e-3, "/µl": 1e-3, "count/µl": 1e-3, "mm^3": 1e-3, "/mm^3": 1e-3, "l": 1e-9, "ml": 1e-6, "10^9/l": 1.0,
    "10^3/µl": 1.0, "k/µl": 1.0,
}  # fmt: skip
AGES = {"months": 1 / 12, "weeks": 7 / 365.25, "days": 1 / 365.25}  # of a year
OTHERS = {  # factor and offset to cm, kg, degrees C, mm Hg, uIU/mL, ms
    "in": (2.54, 0.0), "ft": (30.48, 0.0), "m": (100.0, 0.0), "mm": (0.1, 0.0), "lbs": (0.45359237, 0.0),
    "lb": (0.45359237, 0.0), "g": (0.001, 0.0), "oz": (0.028349523, 0.0), "degrees fahrenheit": (5 / 9, -160 / 9),
    "kpa": (7.50062, 0.0), "pmol/l": (1 / 6, 0.0), "s": (1000.0, 0.0), "sec": (1000.0, 0.0),
}  # fmt: skip


class Entities:
    """A row's entities by name, whatever its case; numbers come in the calculators' units."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self.raw = {_plain(name): value for name, value in raw.items()}

    def n(self, name: str, default: float | None = None) -> float:
        """A number. KeyError without it or a default, ValueError for a unit that is not known to fit."""
        value = self.raw.get(_plain(name), default)
        if value is None:
            raise KeyError(name)
        if isinstance(value, int | float | str):
            return float(value)
        parts = list(zip(value[::2], value[1::2], strict=True)) if len(value) > 1 else [(value[0], "")]
        return sum(_converted(_plain(name), float(amount), _plain(str(unit))) for amount, unit in parts)

    def has(self, name: str) -> bool:
        """Whether the row states it."""
        return _plain(name) in self.raw

    def text(self, name: str, default: str = "") -> str:
        """A choice of words, in lower case."""
        return str(self.raw.get(_plain(name), default)).lower()

    def yes(self, name: str, default: bool = False) -> bool:
        """A finding; `default` where the row does not state it."""
        return bool(self.raw.get(_plain(name), default))

    def any(self, *names: str) -> bool:
        """Whether one of the findings is present."""
        return any(map(self.yes, names))

    def count(self, names: Sequence[str]) -> int:
        """How many of the findings are present."""
        return sum(map(self.yes, names))

    @property
    def female(self) -> bool:
        """KeyError without a sex."""
        return str(self.raw["sex"]).lower() == "female"


def _plain(text: str) -> str:
    return text.strip().lower().replace("₂", "2").replace("μ", "µ")


def _converted(name: str, value: float, unit: str) -> float:
    if name in MOLAR:
        return value * _known(name, unit, MASS | {u: f * MOLAR[name] for u, f in MOLES.items()})
    if name in GRAMS:
        return value * _known(name, unit, MASS) / 1000
    if name in CELLS:
        return value * _known(name, unit, COUNTS)
    if name == "age":
        return value * AGES.get(unit, 1.0)
    if name == "fio2" and value <= 1:
        return 100 * value
    factor, offset = OTHERS.get(unit, (1.0, 0.0))
    return value * factor + offset


def _known(name: str, unit: str, factors: dict[str, float]) -> float:
    if unit not in factors:
        raise ValueError(f"{name}: unit {unit!r} is not known")
    return factors[unit]
