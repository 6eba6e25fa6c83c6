"""Parsed variables as Python and pandas know them: made from text alone, for the tests of `galen.oracles.asserts`."""

from __future__ import annotations

from typing import Any

from galen.oracles.variables import labels


def rebuilt(value: Any) -> Any:
    """A variable as Python and pandas know it, from its parsed form."""
    import pandas as pd  # half a second, which graders of other answers do without

    if isinstance(value, list):
        return [rebuilt(one) for one in value]
    if not isinstance(value, dict):
        return value
    [(kind, held)] = value.items()
    if kind == "float":
        return float(held)
    if kind == "dict":
        return {_key(key): rebuilt(one) for key, one in held}
    if kind == "series":
        return pd.Series([rebuilt(v) for v in held["values"]], index=_index(held, held["values"]))
    if kind == "frame":
        columns = pd.Index([_key(c) for c in held["columns"]], tupleize_cols=True)
        data = [[rebuilt(cell) for cell in row] for row in held["data"]]
        return pd.DataFrame(data, columns=columns, index=_index(held, data))
    raise ValueError(f"{kind} is nothing that hand_in writes")


def _key(value: Any) -> Any:
    return tuple(map(_key, value)) if isinstance(value, list) else rebuilt(value)


def _index(held: dict[str, Any], values: list[Any]) -> Any:
    import pandas as pd

    found = pd.Index([_key(one) for one in labels(held["index"], values)])
    return found.set_names(held["names"]) if "names" in held else found
