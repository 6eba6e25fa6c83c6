"""MIMIC-Extract's variables (its LEVEL2 names, lower-case): which items are read, in what unit, and what is an outlier.

Source: Wang et al. 2020 and the project's resources. `variable_ranges.csv` is theirs (MIT). `items.csv` names the items that
their map marks as ready; of body fluids only blood, where theirs has eosinophils of pleura and liquor, and a pH of ascites.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

_HERE = Path(__file__).parent
ITEMS = pd.read_csv(_HERE / "items.csv", keep_default_na=False)
VARIABLES = tuple(sorted(ITEMS["variable"].unique()))
CODES = {name: code for code, name in enumerate(VARIABLES)}
POUND = 0.45359237  # kg


def _limits() -> pd.DataFrame:
    """Outlier and valid limits by variable, infinite where the project has none."""
    table = pd.read_csv(_HERE / "variable_ranges.csv")
    table = table.assign(LEVEL2=table["LEVEL2"].str.lower()).drop_duplicates("LEVEL2").set_index("LEVEL2")
    limits = table[["OUTLIER LOW", "VALID LOW", "VALID HIGH", "OUTLIER HIGH"]]
    whole = limits.loc[limits.notna().all(axis=1)].reindex(VARIABLES)
    return pd.DataFrame(whole).fillna({name: -np.inf if name.endswith("LOW") else np.inf for name in whole.columns})


LIMITS = _limits()
_OUTLIER_LOW, _LOW, _HIGH, _OUTLIER_HIGH = LIMITS.to_numpy().T


def limited(codes: np.ndarray, values: np.ndarray) -> np.ndarray:
    """`values` of the variables `codes`: NaN beyond the outlier limits, else clipped to the valid range."""
    kept = (values >= _OUTLIER_LOW[codes]) & (values <= _OUTLIER_HIGH[codes])
    return np.where(kept, np.clip(values, _LOW[codes], _HIGH[codes]), np.nan)


def converted(codes: np.ndarray, values: np.ndarray, units: pd.Series) -> np.ndarray:
    """`values` in the unit of the ranges (°C, kg, cm, fraction of oxygen, percent of saturation).

    `units` is the item's unit, or else the row's own text, lower-case. A temperature above 79 is taken for °F, a fraction
    above 1 for a percentage and a saturation of at most 1 for a fraction, as MIMIC-Extract does.
    """
    of = {name: codes == CODES[name] for name in ("temperature", "weight", "height", "fraction inspired oxygen", "oxygen saturation")}  # fmt: skip
    says = {text: units.str.contains(text, regex=False).to_numpy() for text in ("f", "lb", "oz", "in")}
    cases = [
        of["temperature"] & (says["f"] | (values > 79)), of["weight"] & says["lb"], of["weight"] & says["oz"],
        of["height"] & says["in"], of["fraction inspired oxygen"] & (values > 1), of["oxygen saturation"] & (values <= 1),
    ]  # fmt: skip
    results = [(values - 32) * 5 / 9, values * POUND, values / 16 * POUND, values * 2.54, values / 100, values * 100]
    return np.select(cases, results, values)
