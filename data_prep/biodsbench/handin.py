"""Put beside a study's files in the sandbox: `hand_in(name=value, …)` prints the named variables as one line of JSON.

Only data leave: numbers, text, booleans, missing values, lists, dicts, Series and DataFrames. `galen.oracles.variables`
reads the line; nothing of the program that made it is run there.
"""

import json
import math

import numpy as np
import pandas as pd


def hand_in(**variables):
    """Print the variables. The program prints nothing else, for its whole output is the submission."""
    print(json.dumps({name: encode(value) for name, value in variables.items()}, separators=(",", ":")))


def encode(value):
    """`value` as JSON; raises TypeError for what is no plain data.

    Objects with one key tell what JSON has no word for: {"float": "nan"}, {"dict": [[key, value], …]},
    {"series": {"index": […], "values": […], "names": […]}}, {"frame": {"columns": […], "data": [row, …], "index": […],
    "names": […]}}. The index is null where it is 0, 1, 2 …; its names are left out where it has none.
    """
    if isinstance(value, pd.DataFrame):
        rows = [_list(row) for row in value.itertuples(index=False, name=None)]
        return {"frame": {"columns": _list(value.columns), "data": rows, **_index(value.index)}}
    if isinstance(value, pd.Series):
        return {"series": {"values": _list(value), **_index(value.index)}}
    if isinstance(value, dict):
        return {"dict": [[encode(key), encode(one)] for key, one in value.items()]}
    if isinstance(value, (list, tuple, np.ndarray, pd.Index, pd.api.extensions.ExtensionArray)):
        return _list(value)
    return _scalar(value)


def _scalar(value):
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else {"float": repr(float(value))}
    if isinstance(value, str):
        return str(value)
    raise TypeError(
        f"{type(value).__name__} cannot be handed in: convert it to a number, text, a boolean, a list, a dict, a Series or "
        "a DataFrame (a set to a sorted list)"
    )


def _list(values):
    return [encode(value) for value in values]


def _index(index):
    labels = None if index.equals(pd.RangeIndex(len(index))) else _list(index)
    named = any(name is not None for name in index.names)
    return {"index": labels, "names": _list(index.names)} if named else {"index": labels}
