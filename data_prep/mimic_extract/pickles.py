"""Data frames that pandas has pickled, read without running what is in the file: only a frame's own parts are built."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from data_prep.sources import pickles
from galen.errors import UserError

_INDEXES = ("Index", "MultiIndex", "RangeIndex", "DatetimeIndex")
ALLOWED = {
    *pickles.NUMPY,
    *(("pandas", name) for name in ("DataFrame", "StringDtype", *_INDEXES)), ("pandas.core.frame", "DataFrame"),
    *((f"pandas.core.indexes.{module}", name) for module, name in (
        ("base", "_new_Index"), ("base", "Index"), ("multi", "MultiIndex"), ("range", "RangeIndex"), ("datetimes", "DatetimeIndex"),
        ("datetimes", "_new_DatetimeIndex"), ("frozen", "FrozenList"),
    )),
    ("pandas.core.internals.managers", "BlockManager"), ("pandas._libs.internals", "_unpickle_block"),
    ("pandas._libs.arrays", "__pyx_unpickle_NDArrayBacked"), ("pandas.arrays", "DatetimeArray"), ("pandas.arrays", "ArrowStringArray"),
    ("pandas.core.arrays.datetimes", "DatetimeArray"), ("pyarrow.lib", "_restore_array"), ("pyarrow.lib", "py_buffer"),
    ("pyarrow.lib", "type_for_alias"), ("builtins", "slice"), ("builtins", "bytearray"), ("__builtin__", "slice"),
    ("__builtin__", "bytearray"), ("_codecs", "encode"),
}  # fmt: skip


def read(path: Path) -> pd.DataFrame:
    """The frame in `path`; UserError where there is none, or the file does anything but hold one."""
    if not path.is_file():
        raise UserError(f"{path}: no such file; MedAgentGym's data folder has it once it is prepared")
    try:
        found = pickles.load(path, ALLOWED, "a data frame")
    except Exception as error:  # noqa: BLE001 - a damaged pickle raises anything
        raise UserError(
            f"{path}: no pickled data frame that this pandas reads ({type(error).__name__}: {error}); write it again with pandas 2 or newer"
        ) from None
    if not isinstance(found, pd.DataFrame):
        raise UserError(f"{path}: holds {type(found).__name__}, not a data frame")
    return found
